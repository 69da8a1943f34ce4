#!/usr/bin/python3
# (product build: yes)
"""Servers that restart, stand still or fall silent."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import time

import tap
from lab import Lab


@tap.case("servers restart: nobody is told, nothing is lost")
def restarts():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        texts = []
        for number in range(tap.scale(5, 2)):
            lab.restart("dovecot" if number % 2 == 0 else "postfix")
            text = f"After restart {number}."
            texts.append(text)
            alice.says(bob, text)
            bob.hears(alice, text, timeout=30)
            bob.says(alice, text)
            alice.hears(bob, text, timeout=30)
        lab.settled(alice, bob, timeout=60)
        tap.same((alice.heard(), bob.heard()), (texts, texts), "what both saw")

        def waiting(event):  # a message that had to wait may say so
            return event["event"] == "line" and "system" in event["flags"]
        alice.nothing_else(but=waiting)
        bob.nothing_else(but=waiting)
        for person in (alice, bob):
            person.forget()
        lab.leave(alice, bob)


@tap.case("servers stand still for some seconds, then go on: nobody is told, nothing is lost")
def frozen():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        alice.says(bob, "Warm.")
        bob.hears(alice, "Warm.")
        for server in ("dovecot", "postfix"):
            lab.freeze(server)
        alice.says(bob, "Into the ice.")
        time.sleep(3)
        for server in ("postfix", "dovecot"):
            lab.thaw(server)
        bob.hears(alice, "Into the ice.", timeout=30)
        lab.settled(alice, bob)
        lab.holds("alice", Sent=2)
        lab.leave(alice, bob)


@tap.case("a server that accepts and never answers: an error in time, not fatal; the client stays usable")
def black_hole():
    with Lab() as lab:
        imap = lab.relay("imaps")
        imap.stall()
        alice = lab.client("alice", imap=imap.port)
        start = time.monotonic()
        alice.do(do="login", account=alice.address)
        alice.fails("network", fatal=False, timeout=100)
        tap.note(f"given up after {time.monotonic() - start:.0f} s")
        imap.resume()
        alice.login()
        lab.leave(alice)


@tap.case("the connection is gone for more than half a minute: now the user is told, and what was written is not lost")
def gone_for_long():
    with Lab() as lab:
        imap, smtp = lab.relay("imaps"), lab.relay("smtps")
        alice, bob = lab.client("alice", imap=imap.port, smtp=smtp.port).login(), lab.client("bob").login()
        imap.down()
        smtp.down()
        start = time.monotonic()
        alice.says(bob, "Anyone?")
        alice.is_told("will be sent when")
        error = alice.fails("network", fatal=False, timeout=60)
        tap.require(time.monotonic() - start > 25, f"told before half a minute was over: {error}")
        imap.up()
        smtp.up()
        alice.login()
        bob.hears(alice, "Anyone?", timeout=30)
        lab.holds("alice", Sent=1)
        lab.leave(alice, bob)


@tap.case("a slow line: everything arrives, the client stays quick")
def slow():
    with Lab() as lab:
        imap, smtp = lab.relay("imaps"), lab.relay("smtps")
        imap.slow(3000)
        smtp.slow(3000)
        alice = lab.client("alice", imap=imap.port, smtp=smtp.port).login(timeout=60)
        bob = lab.client("bob").login()
        alice.stats()
        alice.says(bob, "S l o w l y .", timeout=2)
        bob.hears(alice, "S l o w l y .", timeout=60)
        bob.says(alice, "I have time.")
        alice.hears(bob, "I have time.", timeout=60)
        tap.note(f"longest stall: {alice.stats()['longest_stall_ms']:.2f} ms")
        imap.slow(None)
        smtp.slow(None)
        lab.settled(alice, bob, timeout=60)
        lab.leave(alice, bob)


tap.run()
