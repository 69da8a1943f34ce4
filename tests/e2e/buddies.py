#!/usr/bin/python3
"""The contact list."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab

BOB, CAROL = "bob@example.org", "carol@example.org"


def listed(person):
    person.do(do="buddies", account=person.address)
    return {one["name"]: one for one in person.expect("buddies")["buddies"]}


@tap.case("added, available, aliased, removed")
def life_of_a_buddy():
    with Lab() as lab:
        alice = lab.client("alice").login()
        alice.do(do="buddy-add", account=alice.address, who=" Bob@Example.ORG ")
        alice.sync()
        tap.same(list(listed(alice)), [BOB], "buddies, by their address")
        tap.require(listed(alice)[BOB]["online"], "Bob is available")
        alice.do(do="alias", account=alice.address, who=BOB, alias="Bobby")
        alice.sync()
        tap.same(listed(alice)[BOB]["alias"], "Bobby", "alias")

        # The alias is Alice's own affair.
        alice.says(BOB, "Hello Bobby's mailbox.")
        lab.holds("bob", INBOX=1)
        tap.require(b"Bobby <" not in lab.mailbox("bob").raw()[0] and b'"Bobby"' not in lab.mailbox("bob").raw()[0],
                    "the alias was sent")
        lab.settled(alice)

        alice.again().login()
        tap.require(listed(alice)[BOB]["online"] and listed(alice)[BOB]["alias"] == "Bobby", "Bob is still there")
        alice.do(do="buddy-remove", account=alice.address, who=BOB)
        alice.sync()
        tap.same(listed(alice), {}, "buddies")
        alice.again().login()
        tap.same(listed(alice), {}, "buddies after a restart")
        lab.leave(alice)


@tap.case("somebody unknown opens a conversation and is not put on the list")
def unknown_sender():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        bob.says(alice, "You don't know me.")
        alice.hears(bob, "You don't know me.")
        tap.same(listed(alice), {}, "buddies")
        lab.holds("bob", Sent=1)
        lab.leave(alice, bob)


@tap.case("a name that is no address is said to be none")
def no_address():
    with Lab() as lab:
        alice = lab.client("alice").login()
        alice.do(do="buddy-add", account=alice.address, who="Grandma")
        alice.expect("notify", lambda one: "Grandma" in one["primary"])
        lab.leave(alice)


@tap.case("added and removed while the connection is down: known when it is back")
def while_offline():
    with Lab(users=["alice", "bob", "carol"]) as lab:
        imap = lab.relay("imaps")
        alice = lab.client("alice", imap=imap.port).login()
        imap.down()
        alice.do(do="buddy-add", account=alice.address, who=CAROL)
        alice.sync()
        imap.up()
        tap.eventually(imap.living, "Alice's connection comes back", timeout=20)
        tap.require(listed(alice)[CAROL]["online"], "Carol is available")
        alice.quit()
        lab.leave(alice.start().login())


tap.run()
