#!/usr/bin/python3
# (thread sanitizer: yes, product build: yes)
"""kill -9 of the receiver at random moments under traffic: every message is shown, at most the lines in flight twice."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import collections
import random
import threading
import time

import client
import tap
from lab import Lab

SEED = 13
UNACKNOWLEDGED = 20
LINES_A_LIFE = 16


class Chatter(threading.Thread):
    """Alice, who writes all the time."""

    def __init__(self, alice, bob):
        super().__init__(daemon=True)
        self.alice, self.bob = alice, bob
        self.said = []
        self.enough = 0  # how many lines for now, so that the servers keep up
        self.stop = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.stop.wait(0.03):
                if len(self.said) >= self.enough:
                    continue
                text = f"line {len(self.said)}"
                self.alice.says(self.bob, text, timeout=30)
                self.said.append(text)
        except tap.Failure as failure:
            self.failure = failure


def lines(events):
    return [client.plain(one["text"]) for one in events if one.get("event") == "line" and "recv" in one["flags"]]


KILLS = tap.scale(100)


def wait_for_death(bob, dice):
    """Until this life ends: somewhere in the login, somewhere in the traffic, just when a line is being shown, or with a
    main loop that has stood still for a while."""
    kind = dice.choice(["login", "traffic", "line", "stuck"])
    if kind == "traffic":
        tap.eventually(lambda: bob.seen("connected"), "Bob is connected", timeout=20)
        time.sleep(dice.random() * 0.8)
    elif kind == "login":
        time.sleep(dice.random() * 0.6)
    elif kind == "stuck":
        bob.hold()
        time.sleep(0.7 + dice.random() * 0.3)
    else:
        wanted, end = dice.randrange(1, 12), time.monotonic() + tap.patience(20)
        while len(bob.seen("line")) < wanted and time.monotonic() < end:
            time.sleep(0.0005)


@tap.case(f"{KILLS} x kill -9 of the receiver under traffic")
def kills():
    dice = random.Random(SEED)
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob")
        chatter = Chatter(alice, bob)
        chatter.start()
        worst = lives = 0
        for life in range(KILLS):
            chatter.enough = (life + 1) * LINES_A_LIFE
            if life:
                bob.start()
            start = len(bob.history)
            before = set(lines(bob.history))
            bob.do(do="login", account=bob.address)
            wait_for_death(bob, dice)
            bob.kill()
            lives += any(lines(bob.history[start:]))
            worst = max(worst, sum(text in before for text in lines(bob.history[start:])))
            bob.forget()
        chatter.stop.set()
        chatter.join(60)
        tap.require(chatter.failure is None, chatter.failure)
        bob.start().login()
        said = set(chatter.said)
        try:
            tap.eventually(lambda: said <= set(bob.heard()), "everything is shown", timeout=60)
        except tap.Failure:
            pass
        shown = collections.Counter(bob.heard())
        missing = said - set(shown)
        again = sum(count - 1 for count in shown.values())
        lab.settled(alice, bob, timeout=120)
        tap.note(f"counts: {KILLS} kills, {len(said)} echoed, {len(shown)} arrived, {len(missing)} missing, {again} lines"
                 f" written again (at most {worst} after one kill), 0 pending, {lives} lives with lines")
        tap.require(lives >= KILLS / 8, "hardly any traffic: this proves nothing")
        tap.same(sorted(missing)[:20], [], "echoed and missing")
        tap.require(set(shown) <= said, "Bob saw something that nobody typed")
        tap.require(worst <= UNACKNOWLEDGED, f"{worst} lines were written again after one kill")
        tap.same(len(lab.mailbox("bob").uids()), len(said), "mails in Bob's mailbox")
        lab.holds("alice", Sent=len(said))
        alice.forget()
        bob.forget()
        lab.leave(alice, bob)


tap.run()
