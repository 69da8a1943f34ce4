#!/usr/bin/python3
"""Passwords and tokens that a program of the user's gives; servers that take nothing but tokens (XOAUTH2)."""
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab

BOB = "bob@example.org"


class Vault:
    """A file with what the program says, and one that counts how often it was asked."""

    def __init__(self, lab, says):
        self.path = os.path.join(lab.directory, "vault")
        self.program = os.path.join(lab.directory, "ask vault")
        with open(self.program, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\necho asked >>"{self.path}.log"\ncat "{self.path}"\n')
        os.chmod(self.program, 0o755)
        self.says(says)

    def says(self, text):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(f"\n  {text} \nsecond line\n")

    def asked(self):
        try:
            with open(self.path + ".log", encoding="ascii") as file:
                return len(file.readlines())
        except FileNotFoundError:
            return 0


def person(lab, front, command, **options):
    """Alice, with a password in her account that is good for nothing."""
    return lab.client("alice", imap=front.imap, smtp=front.smtp, password="good for nothing",
                      options={"token_command": command, **options})


def fails(alice, *words):
    alice.do(do="login", account=alice.address)
    error = alice.fails("authentication-failed", fatal=True)
    for word in words:
        tap.require(re.search(word, error["text"]), f"{word!r} in the text of {error}")


@tap.case("XOAUTH2 by the program's token, for both servers, and nothing else is tried")
def xoauth2():
    with Lab() as lab:
        front = lab.front("gmail", mechanisms=["XOAUTH2"])
        vault = Vault(lab, front.tokens["alice@example.org"])
        alice, bob = person(lab, front, f'"{vault.program}"', auth="xoauth2").login(), lab.client("bob").login()
        alice.says(bob, "By token.")
        bob.hears(alice, "By token.")
        lab.settled(alice)
        tap.same({(protocol, mechanism, good) for protocol, mechanism, _, good in front.logins},
                 {("imap", "XOAUTH2", True), ("smtp", "XOAUTH2", True)}, "logins")
        lab.leave(alice, bob)
        tap.require(front.tokens[alice.address] not in alice.errors(), "the token was logged")


@tap.case("a token that has expired: the program is asked anew, once, and nobody notices")
def expired():
    with Lab() as lab:
        front = lab.front("outlook", mechanisms=["XOAUTH2"])
        vault = Vault(lab, front.tokens["alice@example.org"])
        alice, bob = person(lab, front, f'"{vault.program}"', auth="xoauth2").login(), lab.client("bob").login()
        vault.says(front.expire(alice.address))
        before = len(front.logins)
        front.bye("Session invalidated - AccessTokenExpired")
        tap.eventually(lambda: front.living("alice") > 0, "she is back")
        bob.says(alice, "Still there?")
        alice.hears(bob, "Still there?")
        alice.says(bob, "Yes.")
        bob.hears(alice, "Yes.")
        lab.settled(alice, bob)
        refused = [login for login in front.logins[before:] if not login[3]]
        tap.require(len(refused) <= front.most, f"refused logins: {refused}")
        lab.leave(alice, bob)


@tap.case("a token that is refused, also when asked anew: fatal, its own sentence, no third try")
def refused():
    with Lab() as lab:
        front = lab.front("gmail", mechanisms=["XOAUTH2"])
        vault = Vault(lab, "not-a-token")
        alice = person(lab, front, f'"{vault.program}"', auth="xoauth2")
        fails(alice, "program", "Invalid credentials")
        tap.same((len(front.logins), vault.asked()), (1, 2), "logins tried, times asked")
        # Two different ones, as a program gives that refreshes what is good for nothing.
        tick = os.path.join(lab.directory, "ticks")
        alice.do(do="option", account=alice.address, name="token_command", value=f'echo x >>{tick}; wc -l <{tick}')
        fails(alice, "Invalid credentials")
        tap.same(len(front.logins), 3, "logins tried")
        # The user has got new permission.
        vault.says(front.tokens[alice.address])
        alice.do(do="option", account=alice.address, name="token_command", value=f'"{vault.program}"')
        alice.login()
        lab.leave(alice)


@tap.case("a program that fails or says nothing: fatal, and it says how; nothing is sent")
def program_fails():
    with Lab() as lab:
        front = lab.front("gmail")
        alice = person(lab, front, "false")
        # Where the client takes every child's status for itself, as some do, only the silence shows.
        fails(alice, "program", "status 1|says nothing")
        for command, words in (("/no/such/program", "No such file"), ("true", "says nothing"), ("yes", "says too much"),
                               ("kill -9 $$", "killed|says nothing"), ('echo "', "understood")):
            alice.do(do="option", account=alice.address, name="token_command", value=command)
            fails(alice, words)
        tap.same(front.logins, [], "logins tried")
        lab.leave(alice)


@tap.case("a password by a program, with and without a shell")
def password():
    with Lab() as lab:
        front = lab.front("outlook", mechanisms=["PLAIN"])
        word = lab.password("alice")
        for command in (f"printf %s {word}", f"echo {word} | cat", f"sh -c 'echo {word}'"):
            alice = person(lab, front, command).login()
            alice.quit()
        tap.require(all(good for *_, good in front.logins), f"logins: {front.logins}")


@tap.case("a program that takes its time keeps neither the client nor the logout waiting")
def slow():
    with Lab() as lab:
        front = lab.front("gmail")
        alice = person(lab, front, "sleep 30; echo late")
        alice.do(do="login", account=alice.address)
        alice.expect("progress", lambda one: "Logging in" in one["text"])
        alice.sync()
        alice.do(do="logout", account=alice.address)
        alice.quit(timeout=5)
        tap.same(front.logins, [], "logins tried")


@tap.case("a server that takes only tokens, where a password was chosen: fatal, and it says what to choose")
def only_tokens():
    with Lab() as lab:
        front = lab.front("gmail", mechanisms=["XOAUTH2"])
        alice = lab.client("alice", imap=front.imap, smtp=front.smtp)
        alice.do(do="login", account=alice.address)
        error = alice.fails("authentication-impossible", fatal=True)
        tap.require("way to log in" in error["text"], f"text of {error}")
        lab.leave(alice)


tap.run()
