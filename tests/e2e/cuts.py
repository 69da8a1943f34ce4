#!/usr/bin/python3
# (thread sanitizer: yes, product build: yes)
"""Connections cut at random bytes of both protocols, under traffic: nothing is lost, nothing comes twice, nobody hangs."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import random
import threading
import time

import store
import tap
from lab import Lab

PAIRS = [("alice", "bob"), ("carol", "dave"), ("erin", "frank"), ("grace", "heidi")]
SEED = 7
# A session's beginning (TLS, login, look) has about so many bytes each way; beyond is traffic.
BEGINNING = {"imaps": {"up": 1300, "down": 3600}, "smtps": {"up": 1000, "down": 2300}}
# Whoever cannot even begin for half a minute is told of it, and rightly so: between cuts there is time to come back.
PAUSE = 5


class Cutter:
    """Cuts every connection of a relay at a random byte: of the traffic, and now and then of the session's beginning."""

    def __init__(self, lab, server, seed):
        self.relay = lab.relay(server, record=False)
        self.dice = random.Random(seed)
        self.beginning = BEGINNING[server]
        self.last_early = 0
        self.active = False
        self.relay.plan = self.plan

    def plan(self):
        """Where the next connection is cut."""
        if not self.active:
            return None
        direction = self.dice.choice(["up", "down"])
        limit = self.beginning[direction]
        if time.monotonic() > self.last_early + PAUSE and self.dice.random() < 0.7:
            self.last_early = time.monotonic()
            return direction, self.dice.randrange(1, limit), self.dice.random() < 0.5
        return direction, self.dice.randrange(limit, limit * 3), self.dice.random() < 0.5


class Talker(threading.Thread):
    """One person who writes to another all the time."""

    def __init__(self, person, partner, stop):
        super().__init__(daemon=True)
        self.person, self.partner, self.stop = person, partner, stop
        self.said = []
        self.failure = None

    def run(self):
        try:
            while not self.stop.is_set():
                text = f"{self.person.address} {len(self.said)}"
                self.person.says(self.partner, text)
                self.said.append(text)
                self.stop.wait(0.1)
        except tap.Failure as failure:
            self.failure = failure


def cuts_so_far(cutters):
    return sum(cutter.relay.cuts for cutter in cutters)


CUTS = tap.scale(200)


@tap.case(f"{CUTS} cuts at random bytes of IMAP and SMTP, in both directions")
def cuts():
    pairs = PAIRS[:max(1, tap.scale(len(PAIRS)))]
    with Lab(users=[user for pair in pairs for user in pair]) as lab:
        people, cutters = {}, []
        for number, user in enumerate(user for pair in pairs for user in pair):
            own = [Cutter(lab, server, SEED * 100 + number * 2 + n) for n, server in enumerate(("imaps", "smtps"))]
            cutters += own
            # An address, since libpurple keeps resolver processes, and their pipes, for a while.
            people[user] = lab.client(user, host="127.0.0.1", imap=own[0].relay.port, smtp=own[1].relay.port).login()
        before = {}
        for one, other in [pair[::order] for pair in pairs for order in (1, -1)]:
            people[one].says(people[other], "All links are open now.")
            people[other].hears(people[one], "All links are open now.")
            lab.settled(people[one])
        for user, person in people.items():
            before[user] = person.stats()
        stop = threading.Event()
        talkers = []
        for one, other in pairs:
            talkers += [Talker(people[one], people[other], stop), Talker(people[other], people[one], stop)]
        for cutter in cutters:
            cutter.active = True
            cutter.relay.cut()
        for talker in talkers:
            talker.start()
        end = time.monotonic() + tap.patience(240)
        while cuts_so_far(cutters) < CUTS and time.monotonic() < end:
            time.sleep(0.1)
        for cutter in cutters:
            cutter.active = False
        stop.set()
        for talker in talkers:
            talker.join(30)
            tap.require(talker.failure is None, talker.failure)
        done = cuts_so_far(cutters)
        check(talkers, done, cutters)
        tap.require(done >= CUTS, f"only {done} cuts of {CUTS} happened in time")
        for user, person in people.items():
            lab.settled(person, timeout=90)
            person.sync()
            disconnects = person.seen("disconnected") + person.seen("error")
            tap.same(disconnects, [], f"what {user} was told of the cuts")
            back_to(person, before[user])
            person.forget()
        lab.leave(*people.values())


def back_to(person, before):
    """Threads and descriptors are no more than before."""
    def few():
        now = person.stats()
        return now["threads"] <= before["threads"] and now["fds"] <= before["fds"]
    tap.eventually(few, f"as few threads and descriptors of {person.address} as in {before}; now {person.stats()}")


def check(talkers, done, cutters):
    said = missing = doubled = 0

    def complete():
        return all(set(talker.said) <= set(talker.partner.heard()) for talker in talkers)
    try:
        tap.eventually(complete, "everything arrives", timeout=90)
    except tap.Failure:
        pass  # the counts say it
    for talker in talkers:
        heard = talker.partner.heard()
        said += len(talker.said)
        missing += len(set(talker.said) - set(heard))
        doubled += len(heard) - len(set(heard))
        if not set(talker.said) <= set(heard):
            tap.note(f"{talker.person.address}: {len(talker.said)} said, {len(heard)} heard by {talker.partner.address};"
                     f" left to send, copy, show: {store.unfinished(talker.person.profile, talker.person.address)},"
                     f" there: {store.unfinished(talker.partner.profile, talker.partner.address)}")
    by_server = {server: cuts_so_far(one for one in cutters if one.beginning is BEGINNING[server]) for server in BEGINNING}
    tap.note(f"counts: {done} cuts ({by_server['imaps']} of IMAP, {by_server['smtps']} of SMTP), {said} messages,"
             f" {missing} missing, {doubled} doubled")
    tap.same((missing, doubled), (0, 0), "missing and doubled")


tap.run()
