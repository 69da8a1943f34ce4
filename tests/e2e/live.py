#!/usr/bin/python3
"""While somebody writes before Bob's eyes his client asks Dovecot often instead of waiting until it tells; and at no other time."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab

WROTE = 10      # seconds after a message
COMPOSING = 30  # seconds after the word that somebody writes
PERIOD = 0.2    # between two questions, at least


def followers(lab, user):
    """The logs of the connections that follow a mailbox; others ask this and that besides."""
    return [log for log in lab.rawlog(user) if "IDLE" in log]


def asked(lab, user):
    """How often these have asked."""
    return [log.count("NOOP") for log in followers(lab, user)]


def asking(lab, user):
    """The log of the one connection that asks."""
    logs = [log for log in followers(lab, user) if "NOOP" in log]
    tap.require(len(logs) == 1, f"one connection of {user} asks, not {len(logs)}")
    return logs[0]


def never(lab, *users):
    for user in users:
        tap.same(sum(asked(lab, user)), 0, f"questions of {user}'s client")


def listens_again(lab, user, timeout):
    """It waits by IDLE after its last question; returns how many there were."""
    tap.eventually(lambda: "IDLE" in asking(lab, user).rpartition("NOOP")[2], "the client listens again", timeout)
    return asking(lab, user).count("NOOP")


def asks_for(lab, user, seconds, begin):
    """The client asks by the link of Chats, no longer and no more often than it may. How often it has."""
    tap.eventually(lambda: sum(asked(lab, user)) >= 1, f"{user}'s client asks")
    tap.require("SELECT \"COI/Chats\"" in asking(lab, user), "it is the link that chat comes by")
    count = listens_again(lab, user, seconds + 3)
    took = time.monotonic() - begin
    tap.require(count <= took / PERIOD + 2, f"{count} questions in {took:.1f} s")
    return count


@tap.case("a COI server: only in an exchange that is seen, only the link of Chats, 10 s after a message, 30 s while somebody writes; "
          "never without the option")
def exchange():
    with Lab(users=("alice", "bob", "carol"), coi=True, coi_enabled="active", rawlog=True) as lab:
        alice = lab.client("alice", options={"filter": "ask", "fast_replies": False}).login()
        bob, carol = (lab.client(user, options={"filter": "ask"}).login() for user in ("bob", "carol"))
        alice.looks_at(bob)
        alice.says(bob, "Not seen")
        bob.hears(alice, "Not seen")
        carol.says(alice, "I take typing mails")
        alice.hears(carol, "I take typing mails")
        time.sleep(1)
        never(lab, "alice", "bob", "carol")
        bob.looks_at(alice), carol.looks_at(alice)
        lab.settled(alice)
        alice.typing(carol)
        carol.sees_typing(alice)
        composing = time.monotonic()
        alice.says(bob, "Seen")
        bob.hears(alice, "Seen")
        count = asks_for(lab, "bob", WROTE, time.monotonic())
        bob.says(alice, "Answer")
        alice.hears(bob, "Answer")
        time.sleep(1)
        tap.same(sum(asked(lab, "bob")), count, "questions when only Bob has written")
        asks_for(lab, "carol", COMPOSING, composing)
        never(lab, "alice")
        lab.settled(alice, bob, carol)
        lab.leave(alice, bob, carol)


@tap.case("over at the first slow answer, and not begun anew at once; any other Dovecot: the inbox's link")
def slow():
    with Lab(rawlog=True) as lab:
        relay = lab.relay("imaps")
        alice, bob = lab.client("alice").login(), lab.client("bob", imap=relay.port).login()
        bob.looks_at(alice)
        alice.says(bob, "One")
        bob.hears(alice, "One")
        for _ in range(3):  # the first may meet another command
            relay.stall()
            time.sleep(1)
            relay.resume()
            time.sleep(0.3)
        count = listens_again(lab, "bob", WROTE)
        tap.require("SELECT \"INBOX\"" in asking(lab, "bob"), "it is the link that chat comes by")
        alice.says(bob, "Two")
        bob.hears(alice, "Two")
        time.sleep(1)
        tap.same(sum(asked(lab, "bob")), count, "questions after a slow answer")
        lab.settled(alice, bob)
        lab.leave(alice, bob)


tap.run()
