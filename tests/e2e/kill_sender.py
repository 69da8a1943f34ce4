#!/usr/bin/python3
# (thread sanitizer: yes, product build: yes)
"""kill -9 of the sender at random moments under traffic: what was echoed arrives once, and nothing stays behind."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import collections
import random
import time

import client
import store
import tap
from lab import Lab

SEED = 11
UNACKNOWLEDGED = 20


def own_lines(person):
    return [client.plain(one["text"]) for one in person.history if one.get("event") == "line" and "send" in one["flags"]]


KILLS = tap.scale(100)


def until_death(alice, dice):
    """When this life ends: in half of them somewhere in the login, else in the traffic after it."""
    if dice.random() < 0.5:
        return time.monotonic() + dice.random() * 0.6
    tap.eventually(lambda: alice.seen("connected"), "Alice is connected", timeout=20)
    return time.monotonic() + dice.random() * 0.5


@tap.case(f"{KILLS} x kill -9 of the sender under traffic")
def kills():
    dice = random.Random(SEED)
    with Lab() as lab:
        alice, bob = lab.client("alice"), lab.client("bob").login()
        typed = set()
        worst = 0
        for life in range(KILLS):
            if life:
                alice.start()
            before = set(own_lines(alice))
            start = len(alice.history)
            alice.do(do="login", account=alice.address)
            moment = until_death(alice, dice)
            number = 0
            while time.monotonic() < moment:
                if alice.seen("connected"):
                    text = f"life {life}, line {number}"
                    typed.add(text)
                    alice.types(bob, text)
                    number += 1
                time.sleep(dice.random() * 0.02)
            alice.kill()
            now = [client.plain(one["text"]) for one in alice.history[start:]
                   if one.get("event") == "line" and "send" in one["flags"]]
            worst = max(worst, sum(text in before for text in now))
            alice.forget()
        alice.start().login()
        lab.settled(alice, timeout=120)
        alice.sync()
        echoed = collections.Counter(own_lines(alice))
        try:
            tap.eventually(lambda: set(echoed) <= set(bob.heard()), "everything arrives", timeout=60)
        except tap.Failure:
            pass
        arrived = collections.Counter(bob.heard())
        missing = set(echoed) - set(arrived)
        doubled = [text for text, count in arrived.items() if count > 1]
        pending = store.unfinished(alice.profile, alice.address)
        again = sum(count - 1 for count in echoed.values())
        copies = len(lab.mailbox("alice").uids("Sent"))
        mails = len(lab.mailbox("bob").uids())
        tap.note(f"counts: {KILLS} kills, {len(typed)} typed, {len(echoed)} echoed, {len(arrived)} arrived, {len(missing)} missing,"
                 f" {len(doubled)} doubled, {sum(pending)} pending, {again} own lines written again (at most {worst} after one"
                 f" kill), {mails} mails in Bob's mailbox, {copies} own copies")
        tap.require(len(echoed) >= KILLS, "hardly any traffic: this proves nothing")
        tap.same(sorted(missing)[:20], [], "echoed and missing")
        tap.same(doubled, [], "shown twice to Bob")
        tap.same(pending, (0, 0, 0), "pending")
        tap.require(worst <= UNACKNOWLEDGED, f"{worst} lines were written again after one kill")
        tap.require(set(arrived) <= typed, "Bob saw something that nobody typed")
        tap.same(copies, len(echoed), "own copies, one a message")
        alice.forget()
        bob.forget()
        lab.leave(alice, bob)


tap.run()
