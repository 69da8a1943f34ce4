#!/usr/bin/python3
# (leak check: yes)
"""A little of everything, then the end: what is not freed is found where the leak checker looks on."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab


@tap.case("chat, a bounce, a cut, a refused certificate, logins and logouts leave nothing behind")
def everything():
    with Lab(refusals=True) as lab:
        line = lab.relay("imaps")
        alice, bob = lab.client("alice", imap=line.port).login(), lab.client("bob").login()
        alice.do(do="buddy-add", account=alice.address, who=bob.address)
        alice.says(bob, "Hello")
        bob.hears(alice, "Hello")
        bob.says(alice, "Hello yourself")
        alice.hears(bob, "Hello yourself")
        line.cut()
        bob.says(alice, "Across the cut")
        alice.hears(bob, "Across the cut", timeout=30)
        for _ in range(2):
            alice.logout()
            alice.login()
        lab.settled(alice, bob)
        lab.leave(alice, bob)


tap.run()
