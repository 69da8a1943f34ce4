#!/usr/bin/python3
"""Where chat messages live on the server: the question, its answers, the option; and whom Bob blocks."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import tap
from lab import Lab

CAROL = "carol@example.net"


def asked(person, words="they are moved"):
    """The question about the folder, which explains itself in these words; returns its number."""
    question = person.expect("request")
    tap.same(question["choices"], ["Accept", "Cancel"], "answers")
    tap.require(person.address in question["primary"], f"whose messages: {question}")
    tap.require(words in question["secondary"], f"what it means: {question}")
    return question["id"]


def answers(person, choice, *words):
    person.do(do="answer", id=asked(person, *words), choice=choice)
    person.expect("request-closed")


def leave(lab, *everybody):
    """Own copies may still be under way."""
    lab.settled(*everybody)
    lab.leave(*everybody)


def a_line(lab, alice, bob, text, **expected):
    alice.says(bob, text)
    bob.hears(alice, text)
    lab.holds("bob", **expected)


@tap.case("asked at the first login, and accepted: chat gets its folder, mail stays in the inbox; never asked again")
def accepted():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options={"filter": "ask"}).login()
        answers(bob, "Accept")
        a_line(lab, alice, bob, "Where will this go?", **{"COI/Chats": 1})
        lab.deliver(mailclient.compose(CAROL, bob.address, "A letter"))
        lab.holds("bob", **{"COI/Chats": 1, "INBOX": 1})
        bob.again().login()
        a_line(lab, alice, bob, "And this?", **{"COI/Chats": 2, "INBOX": 1})
        leave(lab, alice, bob)


@tap.case("declined: everything stays in the inbox; never asked again")
def declined():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options={"filter": "ask"}).login()
        answers(bob, "Cancel")
        a_line(lab, alice, bob, "Where will this go?", INBOX=1)
        bob.again().login()
        a_line(lab, alice, bob, "And this?", INBOX=2)
        tap.require("COI/Chats" not in lab.mailbox("bob").folders(), "a folder nobody wanted")
        leave(lab, alice, bob)


@tap.case("not answered: withdrawn at logout, asked again at the next login, nothing moved meanwhile")
def unanswered():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options={"filter": "ask"}).login()
        asked(bob)
        a_line(lab, alice, bob, "Have you decided?", INBOX=1)
        bob.logout()
        bob.expect("request-closed")
        bob.login()
        answers(bob, "Accept")
        lab.holds("bob", **{"COI/Chats": 1})
        leave(lab, alice, bob)


@tap.case("nobody to ask: everything stays in the inbox; asked as soon as somebody can be")
def nobody():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options={"filter": "ask"})
        bob.do(do="ui", requests=False)
        bob.login()
        a_line(lab, alice, bob, "Where will this go?", INBOX=1)
        bob.nothing_else()
        bob.again().login()
        answers(bob, "Cancel")
        leave(lab, alice, bob)


@tap.case("chosen in the account's options: no question")
def chosen():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options={"filter": "active"}).login()
        a_line(lab, alice, bob, "Where will this go?", **{"COI/Chats": 1})
        leave(lab, alice, bob)


@tap.case("chosen to be moved once read: stays until Bob has looked")
def once_read():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options={"filter": "seen"}).login()
        a_line(lab, alice, bob, "Read me!", INBOX=1)
        bob.looks_at(alice)
        lab.holds("bob", **{"COI/Chats": 1})
        tap.same(["\\Seen" in flags for flags in lab.mailbox("bob").flags("COI/Chats")], [True], "read")
        leave(lab, alice, bob)


@tap.case("a COI server: asked, told that the server does it, and accepted: the server sorts; never asked again")
def coi_accepted():
    with Lab(coi=True) as lab:
        bob = lab.client("bob", options={"filter": "ask"}).login()
        answers(bob, "Accept", "the mail server puts them")
        tap.eventually(lambda: lab.coi.settings(bob.address) == {"enabled": "yes", "message-filter": "active"},
                       "the server knows")
        alice = lab.client("alice").login()
        a_line(lab, alice, bob, "Where will this go?", **{"COI/Chats": 1})
        bob.again().login()
        a_line(lab, alice, bob, "And this?", **{"COI/Chats": 2})
        tap.same(len(lab.coi.writes), 1, "settings written")
        leave(lab, alice, bob)


@tap.case("a COI server that refuses: its words are told, once, and everything stays in the inbox")
def coi_refuses():
    with Lab(coi=True, coi_refuses=True) as lab:
        bob = lab.client("bob", options={"filter": "ask"}).login()
        answers(bob, "Accept", "the mail server puts them")
        told = bob.expect("notify", lambda one: "as you chose" in one["primary"])
        tap.require("“[SERVERBUG] Internal error" in told["secondary"], f"the server's words: {told}")
        alice = lab.client("alice").login()
        a_line(lab, alice, bob, "Where will this go?", INBOX=1)
        bob.again().login()
        a_line(lab, alice, bob, "And this?", INBOX=2)
        leave(lab, alice, bob)


@tap.case("who is blocked is not shown and filed away, also after a restart; unblocked, they are heard again")
def blocked():
    with Lab(users=("alice", "bob", "carol")) as lab:
        alice, bob, carol = [lab.client(user).login() for user in ("alice", "bob", "carol")]
        bob.blocks(carol)
        bob.sync()
        carol.says(bob, "Hear me!")
        lab.holds("bob", Blocked=1)
        bob.again().login()
        carol.says(bob, "Hear me now!")
        lab.holds("bob", Blocked=2)
        a_line(lab, alice, bob, "How quiet it is.", INBOX=1, Blocked=2)
        tap.same(bob.heard(), ["How quiet it is."], "what Bob heard")
        bob.unblocks(carol)
        bob.sync()
        a_line(lab, carol, bob, "Hear me at last!", INBOX=2, Blocked=2)
        leave(lab, alice, bob, carol)


tap.run()
