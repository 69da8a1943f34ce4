#!/usr/bin/python3
"""Measures a live exchange on a COI server: a message and its answer, each from its sender's hands to the other's eye, beside what bare
sockets need that wait by IDLE for the same."""
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from bench import HOST, BareReceiver, BareSender, Series, sample_mail, verdict
from lab import Lab

EXCHANGES = 40
ALLOWED = 0.4   # of what bare sockets need


class Bare:
    def __init__(self, lab, user):
        self.address = lab.address(user)
        self.sender, self.receiver = BareSender(lab, user), BareReceiver(lab, user, "COI/Chats")

    def leg(self, other, number):
        """Seconds until the server has taken a mail to the other, and from then on until it has been fetched."""
        begin, accepted = self.sender.mail(other.address, sample_mail(self.address, other.address, number))
        done = other.receiver.message()
        return accepted - begin, done - accepted


class Ours:
    def __init__(self, lab, user):
        # The conversation is before the user, and a message of their own is sent from here.
        self.client = lab.client(user, host=HOST, variables={"PATH": "/usr/bin:/bin"}, options={"filter": "ask"}).login()
        self.address = self.client.address

    def leg(self, other, number):
        """Seconds until the server has taken a message to the other, and from then on until it is shown there."""
        text = f"number {number}"
        self.client.do(do="send", account=self.address, to=other.address, text=text, stamp=True)
        # From libpurple to libpurple: what lies between this process and the clients is no time of ours.
        shown = other.client.hears(self.client, text)["mono"]
        typed = self.client.expect("typed")["mono"]
        sent = self.client.expect("signal", state="sent")["mono"]
        self.client.forget()
        return (sent - typed) / 1e6, (shown - sent) / 1e6


def measure(lab):
    """Whole exchanges, then the two parts of a single message: ours, bare."""
    pairs = [[Ours(lab, "alice"), Ours(lab, "bob")], [Bare(lab, "carol"), Bare(lab, "dave")]]
    for one, other in (pairs[0], reversed(pairs[0])):
        one.client.looks_at(other.address)
    results = [[Series(), Series(), Series()] for _ in pairs]

    def exchange(which, number):
        one, other = pairs[which]
        legs = []
        for sender, receiver in ((one, other), (other, one)):
            time.sleep(0.1 + random.random() * 0.3)  # people don't write to the beat of programs
            legs.append(sender.leg(receiver, f"{which}.{number}"))
        results[which][0].add(sum(map(sum, legs)))
        for taken, shown in legs:
            results[which][1].add(taken)
            results[which][2].add(shown)

    for which in (0, 1, 0, 1):
        exchange(which, 0)
    for series in results[0] + results[1]:
        series.values.clear()
    for number in range(1, tap.scale(EXCHANGES) + 1):
        for which in random.sample((0, 1), 2):
            exchange(which, number)
    for one in pairs[0]:
        lab.settled(one.client)
        one.client.quit()
    return results


def main():
    with Lab(users=["alice", "bob", "carol", "dave"], coi=True, coi_enabled="active") as lab:
        ours, bare = measure(lab)
    print("A live exchange (a message and its answer), the conversation before both, warm links, the stand-in for a COI server:")
    for title, mine, floor in zip(("whole exchange", "a message, until the server has taken it", "… and until it is shown, or fetched"),
                                  ours, bare):
        print(f"  {title:<42} ours  {mine.describe()}")
        print(f"  {'':<42} bare  {floor.describe()}")
    share = ours[0].median() / bare[0].median()
    print(f"  ours, of what bare sockets in IDLE need    {share:.2f}   (allowed: {ALLOWED})   {verdict(share <= ALLOWED)}")
    return 0 if share <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
