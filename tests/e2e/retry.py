#!/usr/bin/python3
"""The server refuses a message, for good or for now."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import store
import tap
from lab import Lab

BOB = "bob@example.org"


@tap.case("a 5xx is said at once, with the server's words; /retry sends it when the reason is gone")
def refused():
    with Lab(refusals=True) as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        lab.policy.refuse(BOB, "550 5.1.1 No such user here, really")
        alice.says(bob, "Anybody home?")
        alice.is_told("No such user here, really", conversation=bob)
        tap.same([mail["state"] for mail in store.outbox(alice.profile, alice.address)], ["failed"], "outbox")

        alice.do(do="command", account=alice.address, to=BOB, text="retry")
        alice.is_told("1 message", conversation=bob)
        alice.is_told("No such user here, really", conversation=bob)

        lab.policy.allow(BOB)
        alice.do(do="command", account=alice.address, to=BOB, text="retry")
        alice.is_told("1 message", conversation=bob)
        bob.hears(alice, "Anybody home?")
        lab.holds("alice", Sent=1)
        lab.holds("bob", INBOX=1)
        lab.leave(alice, bob)


@tap.case("a message that was refused stays refused over a restart, and /retry still knows it")
def refused_restart():
    with Lab(refusals=True) as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        lab.policy.refuse(BOB, "550 5.7.1 Not today")
        alice.says(bob, "Today?")
        alice.is_told("Not today", conversation=bob)
        lab.policy.allow(BOB)
        alice.again().login()
        alice.nothing_else()
        alice.do(do="command", account=alice.address, to=BOB, text="retry")
        alice.is_told("1 message", conversation=bob)
        bob.hears(alice, "Today?")
        lab.holds("alice", Sent=1)
        lab.leave(alice, bob)


@tap.case("other conversations pass while one waits for a 4xx; /retry tries at once")
def deferred():
    with Lab(users=["alice", "bob", "carol"], refusals=True) as lab:
        alice, bob, carol = (lab.client(name).login() for name in ("alice", "bob", "carol"))
        lab.policy.refuse(BOB, "450 4.2.0 Greylisted, come back")
        alice.says(bob, "First to Bob.")
        alice.is_told("Greylisted, come back", conversation=bob)
        alice.says(carol, "To Carol.")
        carol.hears(alice, "To Carol.")
        alice.says(bob, "Second to Bob.")
        lab.policy.allow(BOB)
        alice.do(do="command", account=alice.address, to=BOB, text="retry")
        alice.is_told("2 messages", conversation=bob)
        bob.hears(alice, "First to Bob.")
        bob.hears(alice, "Second to Bob.")
        lab.holds("alice", Sent=3)
        lab.leave(alice, bob, carol)


@tap.case("/retry with nothing to send says so")
def nothing():
    with Lab() as lab:
        alice = lab.client("alice").login()
        alice.do(do="command", account=alice.address, to=BOB, text="retry")
        alice.is_told("no message", conversation=BOB)
        lab.leave(alice)


@tap.case("a message too large for the server is refused; the next one passes")
def too_large():
    with Lab(message_size=20000) as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        large = "large " * 10000
        alice.says(bob, large.strip())
        alice.is_told("not delivered", conversation=bob)
        alice.says(bob, "Small.")
        bob.hears(alice, "Small.")
        lab.holds("alice", Sent=1)
        lab.leave(alice, bob)


tap.run()
