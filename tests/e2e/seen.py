#!/usr/bin/python3
"""What Bob has read is \\Seen on the server, and nothing else is; what he reads elsewhere is no longer unread here."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import tap
from lab import Lab

CAROL = "carol@example.net"


def read(box, folder="INBOX"):
    """Which mails of the folder are read, in the order of arrival."""
    return ["\\Seen" in flags for flags in box.flags(folder)]


def becomes(box, *expected, timeout=2):
    tap.eventually(lambda: read(box) == list(expected), f"read on the server: {list(expected)}, not {read(box)}", timeout)


def stays(box, *expected):
    """Longer than the client may take to notice."""
    time.sleep(1.5)
    tap.same(read(box), list(expected), "read on the server")


def leave(lab, *everybody):
    """Own copies may still be under way."""
    lab.settled(*everybody)
    lab.leave(*everybody)


def people(lab):
    return lab.client("alice").login(), lab.client("bob").login(), lab.mailbox("bob")


@tap.case("what is not looked at is not read; looked at, it is within two seconds")
def looked_at():
    with Lab() as lab:
        alice, bob, box = people(lab)
        alice.says(bob, "Look here!")
        bob.hears(alice, "Look here!")
        bob.has_unseen(alice, 1)
        stays(box, False)
        bob.looks_at(alice)
        bob.has_unseen(alice, 0)
        becomes(box, True)
        bob.looks_away()
        alice.says(bob, "And here.")
        bob.hears(alice, "And here.")
        stays(box, True, False)
        leave(lab, alice, bob)


@tap.case("what arrives before Bob's eyes is read at once, and only in that conversation")
def before_his_eyes():
    with Lab(users=("alice", "bob", "carol")) as lab:
        alice, bob, box = people(lab)
        carol = lab.client("carol").login()
        bob.looks_at(alice)
        alice.says(bob, "Do you see me?")
        bob.hears(alice, "Do you see me?")
        becomes(box, True)
        carol.says(bob, "And me?")
        bob.hears(carol, "And me?")
        bob.has_unseen(carol, 1)
        stays(box, True, False)
        bob.looks_at(carol)
        becomes(box, True, True)
        tap.require(not bob.seen("unseen", conversation=alice.address), "Alice's line was never unseen")
        leave(lab, alice, bob, carol)


@tap.case("where the client does not know what is looked at, only writing counts")
def without_focus():
    with Lab() as lab:
        alice, bob, box = people(lab)
        bob.do(do="ui", focus=None)
        alice.says(bob, "Are you there?")
        bob.hears(alice, "Are you there?")
        stays(box, False)
        bob.says(alice, "I am.")
        becomes(box, True)
        alice.hears(bob, "I am.")
        alice.says(bob, "Good.")
        bob.hears(alice, "Good.")
        stays(box, True, False)
        bob.do(do="typing", account=bob.address, to=alice.address)
        becomes(box, True, True)
        leave(lab, alice, bob)


@tap.case("who is away has read nothing, whatever the window says")
def away():
    with Lab() as lab:
        alice, bob, box = people(lab)
        bob.looks_at(alice)
        bob.do(do="idle", account=bob.address, seconds=600)
        alice.says(bob, "One.")
        bob.hears(alice, "One.")
        stays(box, False)
        bob.do(do="idle", account=bob.address, seconds=0)
        becomes(box, True)
        bob.do(do="ui", input=61)
        alice.says(bob, "Two.")
        bob.hears(alice, "Two.")
        stays(box, True, False)
        bob.do(do="ui", input=1)
        alice.says(bob, "Three.")
        bob.hears(alice, "Three.")
        becomes(box, True, True, True)
        leave(lab, alice, bob)


@tap.case("to close the window, or the program, is not to read; to answer is")
def closed():
    with Lab() as lab:
        alice, bob, box = people(lab)
        alice.says(bob, "One.")
        bob.hears(alice, "One.")
        bob.do(do="close", account=bob.address, to=alice.address)
        bob.looks_at(alice)  # an empty window
        stays(box, False)
        bob.do(do="typing", account=bob.address, to=alice.address)
        becomes(box, True)
        bob.looks_away()
        alice.says(bob, "Two.")
        bob.hears(alice, "Two.")
        bob.again().login()
        bob.looks_at(alice)
        stays(box, True, False)
        bob.says(alice, "I am back.")
        becomes(box, True, True)
        alice.hears(bob, "I am back.")
        leave(lab, alice, bob)


@tap.case("read in a mail program: no longer unread here, and the next line is")
def read_elsewhere():
    with Lab() as lab:
        alice, bob, box = people(lab)
        for text in ("One.", "Two."):
            alice.says(bob, text)
            bob.hears(alice, text)
        bob.has_unseen(alice, 2)
        box.select("INBOX", readonly=False)
        box.imap.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Seen)")
        bob.has_unseen(alice, 0)
        alice.says(bob, "Three.")
        bob.hears(alice, "Three.")
        bob.has_unseen(alice, 1)
        stays(box, True, True, False)
        leave(lab, alice, bob)


@tap.case("read on one device: no longer unread on the other")
def two_devices():
    with Lab() as lab:
        alice = lab.client("alice").login()
        desk = lab.client("bob", profile=lab.profile("desk")).login()
        couch = lab.client("bob", profile=lab.profile("couch")).login()
        alice.says(desk, "Where are you?")
        for device in (desk, couch):
            device.hears(alice, "Where are you?")
            device.has_unseen(alice, 1)
        desk.looks_at(alice)
        couch.has_unseen(alice, 0)
        becomes(lab.mailbox("bob"), True)
        leave(lab, alice, desk, couch)


@tap.case("ordinary mail that was shown and read is read; what was not shown is left alone")
def ordinary():
    with Lab() as lab:
        bob = lab.client("bob").login()
        box = lab.mailbox("bob")
        bob.do(do="buddy-add", account=bob.address, who=CAROL)
        lab.deliver(mailclient.compose("shop@example.com", bob.address, "Buy!"))
        lab.deliver(mailclient.compose(CAROL, bob.address, "Dear Bob"))
        bob.expect("line", lambda one: "Dear Bob" in one["text"], conversation=CAROL)
        tap.eventually(lambda: len(read(box)) == 2, "both mails are there")
        stays(box, False, False)
        carols = ["Dear" in mail.get_content() for mail in box.mails()]
        bob.looks_at(CAROL)
        becomes(box, *carols)
        stays(box, *carols)
        leave(lab, bob)


tap.run()
