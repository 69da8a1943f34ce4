#!/usr/bin/python3
"""What is written to somebody who is away, and what somebody writes while the servers are away."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import time

import mailclient
import tap
from lab import Lab


@tap.case("received while away: in order, with the right time, once")
def while_away():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        alice.says(bob, "Before you leave.")
        bob.hears(alice, "Before you leave.")
        bob.logout()
        began = int(time.time())
        inbox = lab.mailbox("bob")
        texts = [f"You are away, {n}." for n in range(5)]
        for number, text in enumerate(texts):
            alice.says(bob, text)
            tap.eventually(lambda: len(inbox.uids()) == number + 2, "it lies in Bob's mailbox")
        ended = int(time.time())
        time.sleep(2)  # so that now and then are told apart
        bob.login()
        for text in texts:
            line = bob.hears(alice, text)
            tap.require(began <= line["time"] <= ended, f"time of {line}, written between {began} and {ended}")
            tap.require("delayed" in line["flags"], f"flags of {line}")
        tap.same(bob.heard(), ["Before you leave."] + texts, "all that Bob ever saw")
        lab.holds("alice", Sent=6)
        lab.leave(alice, bob)
        # Nothing comes twice: not in a new program either.
        bob.again().login()
        lab.leave(bob)


@tap.case("first login: unread chat of the last days is shown, in order; read and old mail is not")
def first_login():
    with Lab() as lab:
        inbox, now = lab.mailbox("bob"), time.time()

        def lies_there(text, days, flags="", **headers):
            mail = mailclient.compose("alice@example.org", "bob@example.org", text, **headers)
            mail.replace_header("Date", time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(now - days * 86400)))
            inbox.append(mail.as_bytes(), flags=flags, when=now - days * 86400)

        chat = {"Chat_Version": "1.0"}
        lies_there("Long ago.", 20, **chat)
        lies_there("Read elsewhere.", 3, flags="\\Seen", Message_ID="<chat$read@example.org>", **chat)
        lies_there("The day before yesterday.", 2, **chat)
        lies_there("An ordinary mail.", 1)
        lies_there("Yesterday.", 1, **chat)
        lies_there("An answer to what was read.", 0.5, In_Reply_To="<chat$read@example.org>",
                   References="<chat$read@example.org>")
        bob = lab.client("bob").login()
        for text, days in (("The day before yesterday.", 2), ("Yesterday.", 1), ("An answer to what was read.", 0.5)):
            line = bob.hears("alice@example.org", text)
            tap.require(abs(line["time"] - (now - days * 86400)) < 2, f"time of {line}")
        tap.same(bob.heard(), ["The day before yesterday.", "Yesterday.", "An answer to what was read."], "what Bob saw")
        lab.holds("bob", INBOX=6)
        lab.leave(bob)


@tap.case("sending while the servers are away: it says so, and all is sent when they are back")
def servers_away():
    with Lab() as lab:
        imap, smtp = lab.relay("imaps"), lab.relay("smtps")
        alice = lab.client("alice", imap=imap.port, smtp=smtp.port).login()
        bob = lab.client("bob").login()
        imap.down()
        smtp.down()
        texts = [f"Into the dark, {n}." for n in range(3)]
        for text in texts:
            alice.says(bob, text)
        alice.is_told("will be sent when", conversation=bob)
        imap.up()
        smtp.up()
        for text in texts:
            bob.hears(alice, text, timeout=30)
        lab.holds("alice", Sent=3, timeout=30)
        lab.holds("bob", INBOX=3)
        lab.leave(alice, bob)


@tap.case("the outgoing server alone is away: it says so, and logging out and in sends it")
def outgoing_away():
    with Lab() as lab:
        smtp = lab.relay("smtps")
        smtp.down()
        alice = lab.client("alice", smtp=smtp.port).login()
        bob = lab.client("bob").login()
        alice.says(bob, "Keep this for me.")
        alice.is_told("will be sent when", conversation=bob)
        alice.again()
        smtp.up()
        alice.login()
        bob.hears(alice, "Keep this for me.")
        lab.holds("alice", Sent=1)
        lab.leave(alice, bob)


tap.run()
