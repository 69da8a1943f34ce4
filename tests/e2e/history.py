#!/usr/bin/python3
"""A conversation's past: /history and /search, from what is known here and from the server."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import mailclient
import tap
from lab import Lab

ALICE, BOB = "alice@example.org", "bob@example.org"
HEADS = re.compile("^(History: the latest|Looking|Searching|Found|Around)")


def asks(person, peer, text):
    """Types a command and reads the listing that comes of it: (who, text) of each line, and the last word."""
    person.sync()
    start = len(person.history)
    person.do(do="command", account=person.address, to=client.address_of(peer), text=text)
    end = person.is_told("^(end of|history: there|not found|no such|found: )")
    for one in person.seen("line", lambda one: "system" in one["flags"]):
        tap.require(HEADS.match(client.plain(one["text"])), f"an unexpected word: {one}")
        person.events.remove(one)
    listed = [one for one in person.history[start:] if one["event"] == "line" and "system" not in one["flags"]]
    for one in listed:
        tap.require("no-log" in one["flags"], f"is not logged again: {one}")
        tap.require("delayed" in one["flags"], f"is no news: {one}")
        person.events.remove(one)
    return [("me" if "send" in one["flags"] else "they", client.plain(one["text"])) for one in listed], client.plain(end["text"])


@tap.case("Alice sees the latest lines of a conversation again, in order, and only these")
def local():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        alice.says(bob, "One & one?")
        bob.hears(alice, "One & one?")
        bob.says(alice, "<b>Two</b>.")
        alice.hears(bob, "<b>Two</b>.")
        alice.says(bob, "Three.")
        bob.hears(alice, "Three.")
        lines = [("me", "One & one?"), ("they", "<b>Two</b>."), ("me", "Three.")]
        tap.same(asks(alice, bob, "history")[0], lines, "all")
        listed, end = asks(alice, bob, "history 2")
        tap.same(listed, lines[1:], "two")
        tap.require("older" in end, end)
        lab.leave(alice, bob)



tap.run()
