#!/usr/bin/python3
"""Servers that save what we send by themselves, give it another id, or take only tokens: each message once on the server, each
line once before the user."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import store
import tap
from lab import Lab

ALICE, BOB = "alice@example.org", "bob@example.org"


def of(lab, front, user="alice", **more):
    """A client of this user behind the front."""
    return lab.client(user, imap=front.imap, smtp=front.smtp, **more)


def talk(alice, bob, *texts):
    for text in texts:
        alice.says(bob, text)
        bob.hears(alice, text)


@tap.case("Gmail saves what is sent: no copy of ours beside it, from the first message on")
def gmail():
    with Lab() as lab:
        front = lab.front("gmail")
        alice, bob = of(lab, front).login(), lab.client("bob").login()
        talk(alice, bob, "One.", "Two.", "Three.")
        front.settles("alice", {"[Gmail]/Sent Mail": 3})
        lab.settled(alice)
        bob.says(alice, "I got three.")
        alice.hears(bob, "I got three.")
        lab.settled(bob)
        alice.again().login()
        talk(alice, bob, "Four.")
        lab.settled(alice)
        front.settles("alice", {"[Gmail]/Sent Mail": 4, "INBOX": 1})
        tap.same([line for line in front.commands if " APPEND " in line], [], "copies that we made")
        lab.leave(alice, bob)


def filed(kind, folder):
    """Chat has its folder: what the server saved comes to lie there, once, and another device shows it as ours."""
    with Lab() as lab:
        front = lab.front(kind)
        desk = of(lab, front, profile=lab.profile("desk"), options={"filter": "active"}).login()
        couch = of(lab, front, profile=lab.profile("couch"), options={"filter": "active"}).login()
        bob = lab.client("bob").login()
        talk(desk, bob, "One.", "Two.")
        bob.says(desk, "Heard.")
        for device in (desk, couch):
            device.hears(bob, "Heard.")
        front.settles("alice", {folder: 3}, timeout=40)
        lab.settled(desk, bob)
        for text in ("One.", "Two."):
            couch.echoed(bob, text)
        # A device that was away finds them there, too, as lines of ours.
        phone = of(lab, front, profile=lab.profile("phone"), options={"filter": "active"}).login()
        phone.hears(bob, "Heard.")
        tap.eventually(lambda: len(kinds(phone)) == 3, "all lines are in the store of the new device")
        tap.same(sorted(kinds(phone)), [0, 2, 2], "two lines of ours, one of Bob's")
        lab.leave(desk, couch, phone, bob)


def kinds(person):
    return [row["kind"] for row in store.query(person.profile, person.address, "SELECT kind FROM messages ORDER BY id")]


@tap.case("Gmail with a folder for chat: what the server saved is moved there, and is ours on every device")
def gmail_filed():
    filed("gmail", "COI/Chats")


@tap.case("Outlook with a folder for chat: the same, under the ids that the server gave")
def outlook_filed():
    filed("outlook", "COI/Chats")


@tap.case("Outlook gives another id: learnt from the first message, answers of all kinds find their conversation")
def outlook():
    with Lab(users=["alice", "bob", "carol"]) as lab:
        front = lab.front("outlook", save_after=2)
        alice, bob = of(lab, front).login(), lab.client("bob").login()
        talk(alice, bob, "One.", "Two.")
        alice.says("carol@example.org", "Do you read mail?")
        front.settles("alice", {"Sent Items": 3})
        lab.settled(alice)
        mail = tap.eventually(lambda: lab.mailbox("carol").mails(), "Carol's mail")[0]
        tap.require(mail["Message-ID"].endswith("@front.outlook.invalid>"), f"the server's id: {mail['Message-ID']}")
        # Only the id that Carol has seen, as the worst of mail programs answers.
        lab.submit(mailclient.compose("carol@example.org", ALICE, "I do.", In_Reply_To=mail["Message-ID"]), "carol")
        alice.hears("carol@example.org", "I do.")
        bob.says(alice, "Me too.")
        alice.hears(bob, "Me too.")
        lab.settled(bob)
        front.settles("alice", {"Sent Items": 3, "INBOX": 2})
        lab.leave(alice, bob)


@tap.case("what is sent in webmail of Gmail is a line of ours; to oneself is no line at all")
def webmail():
    with Lab() as lab:
        front = lab.front("gmail")
        alice, bob = of(lab, front).login(), lab.client("bob").login()
        talk(alice, bob, "From here.")
        lab.settled(alice)
        reply = store.outbox(alice.profile, ALICE)[0]["message_id"]
        mail = mailclient.compose(ALICE, BOB, "From webmail.", In_Reply_To=f"<{reply}>", Message_ID="<web@mail.gmail.invalid>")
        front._save(ALICE, mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")))
        alice.echoed(bob, "From webmail.", timeout=80)
        alice.says(ALICE, "A note to myself.")
        front.settles("alice", {"[Gmail]/Sent Mail": 3})
        lab.settled(alice)
        lab.leave(alice, bob)


@tap.case("a server that saves nothing: our copy comes, and only the first one waits")
def nothing_saved():
    with Lab() as lab:
        front = lab.front("outlook", save_after=None)
        alice, bob = of(lab, front).login(), lab.client("bob").login()
        talk(alice, bob, "One.", "Two.")
        front.settles("alice", {"Sent Items": 2}, timeout=40)
        lab.settled(alice)
        talk(alice, bob, "Three.")
        front.settles("alice", {"Sent Items": 3}, timeout=3)
        lab.leave(alice, bob)


tap.run()
