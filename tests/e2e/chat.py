#!/usr/bin/python3
"""Two of our users chat, both ways, over every kind of connection. (thread sanitizer: yes, product build: yes)"""
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


@tap.case("a hundred messages in one go: all of them, each once, in the order they were written")
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
        # Servers let one message overtake another. What is fetched together is shown as written; only what the mailbox itself
        # has the wrong way round, in two fetches, may be shown the wrong way round.
        arrived = [mail.get_content().strip() for mail in lab.mailbox("bob").mails()]
        tap.same(sorted(arrived), sorted(texts), "what arrived")
        seen = bob.heard()
        tap.same(sorted(seen), sorted(texts), "what Bob saw")
        wrong = [(late, early) for n, late in enumerate(seen) for early in seen[n + 1:]
                 if texts.index(early) < texts.index(late) and arrived.index(early) < arrived.index(late)]
        tap.same(wrong, [], "shown in the wrong order though the mailbox had it right")
        tap.require(sum(a != b for a, b in zip(seen, texts)) <= 10, f"the order of what Bob saw: {seen}")
        lab.holds("alice", Sent=100, timeout=60)
        lab.leave(alice, bob)


tap.run()
