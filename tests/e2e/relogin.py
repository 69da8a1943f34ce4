#!/usr/bin/python3
# (thread sanitizer: yes, product build: yes)
"""Logging out and in at any moment, and what is left of it: nothing."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import random
import time

import tap
from lab import Lab


# An address, since libpurple keeps resolver processes, and their pipes, for a while.
HOST = "127.0.0.1"


def leftovers(person):
    """Threads and descriptors, once the threads of the last logout had their time."""
    person.sync()
    return person.stats()


def back_to(person, before, timeout=10):
    """Threads, descriptors and connections are no more than before."""
    def few():
        now = leftovers(person)
        return all(now[name] <= before[name] for name in ("threads", "fds", "connections")) and now
    try:
        tap.eventually(few, "as few threads and descriptors as before", timeout)
    except tap.Failure as failure:
        raise tap.Failure(f"{failure}; before {before}, now {leftovers(person)}") from None


def first_round(person):
    """Once in and out, so that what libraries keep for good is there; gives what is then left."""
    person.login()
    person.says("bob@example.org", "Warming up.")
    person.expect("signal", state="sent")
    person.logout()
    time.sleep(1)
    return leftovers(person)


@tap.case("20 times out and in within a second: the last login stays, nothing is left of the others")
def within_a_second():
    with Lab() as lab:
        alice = lab.client("alice", host=HOST)
        alice.do(do="buddy-add", account=alice.address, who="bob@example.org")
        before = first_round(alice)
        for _ in range(tap.scale(3)):
            begin = time.monotonic()
            for _ in range(20):
                alice.do(do="login", account=alice.address)
                time.sleep(random.random() * 0.04)
                alice.do(do="logout", account=alice.address)
            alice.sync()
            tap.note(f"20 logins and logouts in {time.monotonic() - begin:.2f} s")
            alice.forget()
            alice.login()
            alice.says("bob@example.org", "I am back.")
            alice.expect("signal", state="sent")
            alice.logout()
            back_to(alice, before)
        tap.eventually(lambda: len(lab.mailbox("bob").uids()) == 1 + tap.scale(3), "all that was said arrives")
        alice.login()
        lab.settled(alice)
        lab.leave(alice)


@tap.case("logging out in the middle of everything: what was echoed arrives once, nothing is left")
def in_the_middle():
    with Lab() as lab:
        alice, bob = lab.client("alice", host=HOST), lab.client("bob").login()
        before = first_round(alice)
        bob.hears(alice, "Warming up.")
        dice, echoed = random.Random(3), ["Warming up."]
        for round in range(tap.scale(20, 5)):
            alice.do(do="login", account=alice.address)
            if round % 2 == 0:
                tap.eventually(lambda: alice.seen("connected"), "Alice is connected", timeout=20)
            else:
                time.sleep(dice.random() * 0.15)
            if alice.seen("connected"):
                for number in range(3):
                    alice.types(bob, f"Round {round}, {number}.")
                time.sleep(dice.random() * 0.05)
            alice.do(do="logout", account=alice.address)
            alice.sync()
            own = [one for one in alice.seen("line") if "send" in one["flags"]]
            echoed += [one["text"] for one in own]
            alice.forget()
        alice.login()
        for text in sorted(set(echoed)):
            if text not in bob.heard():
                bob.hears(alice, text)
        lab.settled(alice)
        alice.sync()
        echoed += [one["text"] for one in alice.seen("line") if "send" in one["flags"]]
        tap.same(len(echoed), len(set(echoed)), "lines echoed twice")
        heard = bob.heard()
        tap.note(f"counts: echoed {len(echoed)}, arrived {len(heard)}")
        tap.require(len(echoed) > 3, "hardly any traffic: this proves nothing")
        tap.same(sorted(heard), sorted(set(echoed)), "what arrived, each once")
        alice.forget()
        alice.logout()
        back_to(alice, before)
        bob.forget()
        lab.leave(alice, bob)


@tap.case("logging out ends at once, whatever the servers do")
def at_once():
    with Lab() as lab:
        imap, smtp = lab.relay("imaps"), lab.relay("smtps")
        alice = lab.client("alice", host=HOST, imap=imap.port, smtp=smtp.port)
        before = first_round(alice)
        for moment in ("connected", "connecting"):
            if moment == "connected":
                alice.login()
            imap.stall()
            smtp.stall()
            if moment == "connecting":
                alice.do(do="login", account=alice.address)
                alice.expect("progress", lambda one: "ecuring" in one["text"])
            else:
                alice.says("bob@example.org", "Nobody takes this now.")
            start = time.monotonic()
            alice.logout(timeout=2)
            tap.note(f"{moment}: logged out in {1000 * (time.monotonic() - start):.1f} ms")
            back_to(alice, before, timeout=15)
            imap.resume()
            smtp.resume()
        alice.login()
        lab.settled(alice)
        lab.holds("bob", INBOX=2)
        lab.leave(alice)


tap.run()
