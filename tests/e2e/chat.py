#!/usr/bin/python3
"""Two of our users chat, both ways, over every kind of connection. (thread sanitizer: yes)"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab


def conversation(security, **how):
    with Lab(**how) as lab:
        alice = lab.client("alice", security=security).login()
        bob = lab.client("bob", security=security).login()
        alice.says(bob, "Hello Bob!")
        bob.hears(alice, "Hello Bob!")
        bob.says(alice, "Hello Alice, <b>how</b> are you?\n  I'm fine. 😀")
        alice.hears(bob, "Hello Alice, <b>how</b> are you?\n  I'm fine. 😀")
        alice.says(bob, "Me too.")
        bob.hears(alice, "Me too.")
        lab.holds("alice", INBOX=1, Sent=2)
        lab.holds("bob", INBOX=2, Sent=1)
        lab.leave(alice, bob)


@tap.case("Alice and Bob chat over TLS")
def over_tls():
    conversation("tls")


@tap.case("Alice and Bob chat over STARTTLS")
def over_starttls():
    conversation("starttls")


@tap.case("on this computer they may chat without TLS")
def over_loopback():
    conversation("none", cleartext=True)


@tap.case("a hundred messages in one go: all of them, each once, in the order of the mailbox")
def in_order():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        texts = [f"line {n}" for n in range(100)]
        for text in texts:
            alice.types(bob, text)
        for text in texts:
            alice.echoed(bob, text)
        for text in texts:
            bob.hears(alice, text, timeout=60)
        # Mail servers may let one message overtake another; whoever sorts is the mailbox.
        arrived = [mail.get_content().strip() for mail in lab.mailbox("bob").mails()]
        tap.same(sorted(arrived), sorted(texts), "what arrived")
        tap.same(bob.heard(), arrived, "what Bob saw, in order")
        lab.holds("alice", Sent=100, timeout=60)
        lab.leave(alice, bob)


tap.run()
