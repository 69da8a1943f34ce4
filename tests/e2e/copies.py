#!/usr/bin/python3
"""The own copy for other devices: once, read, where it belongs."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import store
import tap
from lab import Lab

ALICE, BOB = "alice@example.org", "bob@example.org"
SORTED = {"filter": "active"}


def copies(folder, **how):
    with Lab(**how) as lab:
        alice = lab.client("alice", options=SORTED if folder == "COI/Chats" else None).login()
        for text in ("One.", "Two."):
            alice.says(BOB, text)
        lab.settled(alice)
        lab.holds("alice", **{folder: 2})
        box = lab.mailbox("alice")
        tap.same(box.flags(folder), [{"\\Seen", "$Chat"}] * 2, "flags of the copies")
        sent = [mail["message_id"] for mail in store.outbox(alice.profile, ALICE)]
        tap.same([mail["Message-ID"].strip("<>") for mail in box.mails(folder)], sent, "ids of the copies")
        tap.same(sorted(box.raw(folder)), sorted(strip_trace(raw) for raw in lab.mailbox("bob").raw(
            "COI/Chats" if how.get("active") else "INBOX")), "the copies are what was sent")
        lab.leave(alice)


def strip_trace(raw):
    """Without what the servers put in front."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = head.replace(b"\r\n\t", b"\0\t").replace(b"\r\n ", b"\0 ").split(b"\r\n")
    kept = [field for field in fields if not field.lower().startswith((b"received:", b"return-path:", b"delivered-to:"))]
    return b"\r\n".join(kept).replace(b"\0", b"\r\n") + b"\r\n\r\n" + body


@tap.case("in Sent, where there is no chat folder")
def in_sent():
    copies("Sent")


@tap.case("in COI/Chats, which is made, where chat is sorted")
def in_new_chats():
    copies("COI/Chats")


@tap.case("in COI/Chats, where there is one and chat is sorted")
def in_chats():
    copies("COI/Chats", mailboxes=["COI/Chats"])


@tap.case("in COI/Chats of a server that sorts; Bob's chat is found there")
def in_active():
    copies("COI/Chats", active=True, mailboxes=["COI/Chats"])


@tap.case("chat that the server sorts into COI/Chats is received at once")
def received_in_chats():
    with Lab(active=True, mailboxes=["COI/Chats"]) as lab:
        alice, bob = lab.client("alice", options=SORTED).login(), lab.client("bob", options=SORTED).login()
        alice.says(bob, "Where does this go?")
        bob.hears(alice, "Where does this go?")
        bob.says(alice, "To COI/Chats.")
        alice.hears(bob, "To COI/Chats.")
        lab.holds("alice", **{"COI/Chats": 2})
        lab.holds("bob", **{"COI/Chats": 2})
        lab.leave(alice, bob)


@tap.case("none, when the user wants none")
def none():
    with Lab() as lab:
        alice, bob = lab.client("alice", options={"own_copy": "none"}).login(), lab.client("bob").login()
        alice.says(bob, "Leave no trace.")
        bob.hears(alice, "Leave no trace.")
        lab.holds("alice")
        lab.leave(alice, bob)


@tap.case("the copy fails for a while: the message is not sent again, the copy comes later")
def later():
    with Lab() as lab:
        imap = lab.relay("imaps")
        alice, bob = lab.client("alice", imap=imap.port).login(), lab.client("bob").login()
        imap.down()
        alice.says(bob, "Half a link.")
        bob.hears(alice, "Half a link.")
        imap.up()
        lab.holds("alice", Sent=1, timeout=40)
        lab.holds("bob", INBOX=1)
        alice.forget()  # it may have said that it waits
        lab.leave(alice, bob)


@tap.case("a second device of Alice's shows what she writes on the first, as her own line")
def second_device():
    with Lab(mailboxes=["COI/Chats"], active=True) as lab:
        desk = lab.client("alice", profile=lab.profile("desk"), options=SORTED).login()
        couch = lab.client("alice", profile=lab.profile("couch"), options=SORTED).login()
        bob = lab.client("bob", options=SORTED).login()
        desk.says(bob, "I write at my desk.")
        bob.hears(desk, "I write at my desk.")
        line = couch.expect("line", conversation=BOB, timeout=20)
        tap.require("send" in line["flags"] and line["text"] == "I write at my desk.", f"on the couch: {line}")
        bob.says(desk, "I see.")
        desk.hears(bob, "I see.")
        couch.hears(bob, "I see.")
        lab.holds("alice", **{"COI/Chats": 2})
        lab.settled(bob)
        lab.leave(desk, couch, bob)


tap.run()
