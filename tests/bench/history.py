#!/usr/bin/python3
"""Measures what a long conversation costs, against a real Dovecot: 10,000 messages, of which the latest 500 are asked for, and a
search that finds all of them while a new one arrives."""
import pathlib
import random
import smtplib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from bench import ALLOWED_STALL_MS, verdict
from lab import Lab
from sync import YEARS, Filler, World, lines, ready

MESSAGES = 10_000
ASKED = 500
ALLOWED_ARRIVAL_MS = 1_000  # a message that comes during a search, from the server's hands to the client
BOB = "bob@example.net"


def listing(person, command, last_word):
    """Types the command: seconds until the end of its listing, the longest own stall in ms meanwhile, the lines."""
    person.stats()
    start, begin = len(person.history), time.monotonic()
    person.do(do="command", account=person.address, to=BOB, text=command)
    end = person.is_told(last_word, timeout=120)
    stats = person.stats()
    shown = [one for one in lines(person, start) if "system" not in one["flags"]]
    return end["at"] - begin, stats["longest_own_stall_ms"], shown


def report(title, seconds, stall, shown):
    print(f"  {title:<42} {seconds:6.2f} s   {len(shown):4} lines   longest own stall {stall:5.2f} ms"
          f"   (allowed: {ALLOWED_STALL_MS})   {verdict(stall <= ALLOWED_STALL_MS)}")
    return stall <= ALLOWED_STALL_MS


def arrival_during_search(lab, person, world):
    """Milliseconds until a message is shown that is delivered while the search is under way."""
    lmtp = smtplib.LMTP(str(pathlib.Path(lab.directory, "dovecot", "lmtp")))
    person.do(do="command", account=person.address, to=BOB, text="search number")
    begin = time.monotonic()
    lmtp.sendmail("new@example.org", [person.address], world.chat("new@example.org", "news", time.time()))
    shown = person.expect("line", lambda one: one["text"] == "news", timeout=60)["at"]
    end = person.is_told("^End of what was found", timeout=120)["at"]
    return (shown - begin) * 1000, end - begin


def main():
    count = tap.scale(MESSAGES, ASKED)
    with Lab(users=["alice"]) as lab:
        world, filler, now = World(random.Random(5), lab.address("alice")), Filler(lab, "alice"), time.time()
        filler.append("INBOX", (("\\Seen $Chat", when, world.chat(BOB, f"number {n} {world.text(12).strip()}", when))
                                for n in range(count) for when in [now - YEARS * (count - n) / count]))
        alice = ready(lab, "alice", "alice").login()
        lab.settled(alice)
        print(f"A conversation of {count} messages:")
        good = report(f"/history {ASKED}, from the server", *listing(alice, f"history {ASKED}", "^End of the history"))
        again = listing(alice, f"history {ASKED}", "^End of the history")
        good &= report(f"/history {ASKED}, from here", *again)
        good &= report("/search, which finds all", *listing(alice, "search number", "^End of what was found"))
        tap.require(len(again[2]) == ASKED, f"{len(again[2])} lines")
        numbers = [int(one["text"].split()[1]) for one in again[2]]
        tap.require(numbers == list(range(count - ASKED, count)), "the lines are the latest, in order")
        arrived, searched = arrival_during_search(lab, alice, world)
        print(f"  a message that comes during a search of {searched:.2f} s is shown after {arrived:.0f} ms"
              f"   (allowed: {ALLOWED_ARRIVAL_MS})   {verdict(arrived <= ALLOWED_ARRIVAL_MS)}")
        good &= arrived <= ALLOWED_ARRIVAL_MS
        alice.close()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
