#!/usr/bin/python3
"""Whom to trust: every verdict on a server's certificate, and that no password leaves before it."""
import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import os
import subprocess

import certs
import tap
from lab import Lab

BOB = "bob@example.org"


def spies(lab, certificate):
    """Relays that end TLS themselves with this certificate: they see what a false server would see."""
    return lab.relay("imaps", tls=certificate), lab.relay("smtps", tls=certificate)


def forms(password):
    """The password as itself and as each mechanism would send it; three offsets of base64 have no bytes in common."""
    raw = password.encode()
    return [raw] + [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0:-4] for shift in range(3)]


def nothing_leaked(lab, user, *relays):
    """A server that was not trusted has seen not one byte of what would come inside TLS."""
    for relay in relays:
        seen = relay.recorded("up")
        for form in forms(lab.password(user)):
            tap.require(not any(form in data for data in seen), f"the password was sent: {seen}")
        tap.same(b"".join(seen), b"", "bytes sent inside TLS to a server that is not trusted")


def ask(person):
    """The question about the certificate."""
    question = person.expect("request", timeout=20)
    tap.require("Accept" in question["choices"] and "Reject" in question["choices"], f"choices of {question}")
    return question


def answer(person, question, choice):
    person.do(do="answer", id=question["id"], choice=choice)
    person.expect("request-closed", id=question["id"])


@tap.case("a certificate of an authority that the computer trusts needs no question")
def trusted_authority():
    with Lab() as lab:
        folder = os.path.join(lab.directory, "authorities")
        os.mkdir(folder)
        with open(os.path.join(folder, "lab.pem"), "w", encoding="ascii") as file:
            file.write(certs.leaf(lab.certificates.authority()[0]))
        # The computer's authorities, for this client alone.
        wrapper = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        if subprocess.run(wrapper + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
            raise tap.Skip("no mount namespaces here")
        wrapper += ["sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', folder]
        alice = lab.client("alice", trusted=False, wrapper=wrapper).login()
        bob = lab.client("bob").login()
        alice.says(bob, "Nobody asked me.")
        bob.hears(alice, "Nobody asked me.")
        lab.leave(alice, bob)


@tap.case("an unknown certificate is asked about once, then known")
def asked_and_accepted():
    with Lab() as lab:
        alice = lab.client("alice", trusted=False)
        alice.do(do="login", account=alice.address)
        answer(alice, ask(alice), "Accept")
        alice.expect("connected", timeout=20)
        alice.says(BOB, "I accepted.")
        lab.holds("bob", INBOX=1)
        lab.holds("alice", Sent=1)
        lab.leave(alice)
        alice.again().login()
        lab.leave(alice)


@tap.case("a question about a self-signed certificate over STARTTLS is accepted, too")
def self_signed_starttls():
    with Lab(tls="self") as lab:
        alice = lab.client("alice", security="starttls", trusted=False)
        alice.do(do="login", account=alice.address)
        answer(alice, ask(alice), "Accept")
        alice.expect("connected", timeout=20)
        alice.says(BOB, "I accepted.")
        lab.holds("bob", INBOX=1)
        lab.holds("alice", Sent=1)
        lab.leave(alice)


def refused(variant, choice="Reject"):
    with Lab() as lab:
        relays = spies(lab, getattr(lab.certificates, variant)())
        alice = lab.client("alice", trusted=False, imap=relays[0].port, smtp=relays[1].port)
        alice.do(do="login", account=alice.address)
        answer(alice, ask(alice), choice)
        error = alice.fails(fatal=True)
        tap.require(error["reason"].startswith("cert-"), f"reason of {error}")
        tap.require("password was not sent" in error["text"], f"text of {error}")
        nothing_leaked(lab, "alice", *relays)
        lab.leave(alice)


@tap.case("refused, of an unknown authority: not one byte of the password was sent")
def refuse_other():
    refused("other")


@tap.case("refused, of another server: not one byte of the password was sent")
def refuse_wrong_name():
    refused("wrong_name")


@tap.case("refused, expired: not one byte of the password was sent")
def refuse_expired():
    refused("expired")


@tap.case("refused, self-signed: not one byte of the password was sent")
def refuse_self_signed():
    refused("self_signed")


@tap.case("what no user could accept is refused without a question: not one byte of the password was sent")
def refuse_unusable():
    with Lab() as lab:
        relays = spies(lab, lab.certificates.unusable())
        alice = lab.client("alice", trusted=False, imap=relays[0].port, smtp=relays[1].port)
        alice.do(do="login", account=alice.address)
        alice.fails(fatal=True)
        alice.expect("notify")  # libpurple's own words
        nothing_leaked(lab, "alice", *relays)
        lab.leave(alice)


@tap.case("refused over STARTTLS: nothing but STARTTLS was said before, and no login was tried")
def refuse_starttls():
    with Lab(tls="self") as lab:
        relay = lab.relay("imap")
        alice = lab.client("alice", security="starttls", trusted=False, imap=relay.port)
        alice.do(do="login", account=alice.address)
        answer(alice, ask(alice), "Reject")
        alice.fails(fatal=True)
        for data in relay.recorded("up"):
            clear = data.split(b"\x16\x03")[0]
            tap.require(b"STARTTLS" in clear and b"AUTH" not in clear and b"LOGIN" not in clear, f"sent in clear: {clear}")
            for form in forms(lab.password("alice")):
                tap.require(form not in data, "the password was sent")
        tap.require("Login: user" not in lab.log("dovecot"), "somebody logged in")
        lab.leave(alice)


@tap.case("the question is withdrawn when the user logs out")
def withdrawn():
    with Lab() as lab:
        relays = spies(lab, lab.certificates.other())
        alice = lab.client("alice", trusted=False, imap=relays[0].port, smtp=relays[1].port)
        alice.do(do="login", account=alice.address)
        question = ask(alice)
        alice.do(do="logout", account=alice.address)
        alice.expect("request-closed", id=question["id"])
        alice.expect("disconnected")
        nothing_leaked(lab, "alice", *relays)
        lab.leave(alice)


@tap.case("a certificate that changed is asked about anew")
def changed():
    with Lab() as lab:
        alice = lab.client("alice").login()
        alice.logout()
        relays = spies(lab, lab.certificates.other())
        for name, relay in zip(("imap_port", "smtp_port"), relays):
            alice.do(do="option", account=alice.address, name=name, value=relay.port)
        alice.do(do="login", account=alice.address)
        answer(alice, ask(alice), "Reject")
        alice.fails(fatal=True)
        nothing_leaked(lab, "alice", *relays)
        alice.do(do="login", account=alice.address)
        answer(alice, ask(alice), "Accept")
        alice.expect("connected", timeout=20)
        lab.leave(alice)


@tap.case("a certificate that changes while connected is asked about when the connection comes back")
def changed_meanwhile():
    with Lab() as lab:
        good, false = lab.relay("imaps"), None
        alice = lab.client("alice", imap=good.port).login()
        good.down()
        false = lab.relay("imaps", tls=lab.certificates.other(), port=good.port)
        answer(alice, ask(alice), "Reject")
        alice.fails(fatal=True)
        nothing_leaked(lab, "alice", false)
        lab.leave(alice)


@tap.case("where nobody can be asked it says so with the fingerprint; with the pin set, it connects")
def nobody_to_ask():
    with Lab(tls="self") as lab:
        false = spies(lab, lab.certificates.other())
        alice = lab.client("alice", trusted=False)
        alice.do(do="ui", requests=False)
        alice.do(do="login", account=alice.address)
        error = alice.fails(fatal=True)
        tap.require(error["reason"].startswith("cert-"), f"reason of {error}")
        pin = certs.fingerprint(lab.certificate[0])
        tap.require(pin in error["text"].replace(":", "").lower(), f"fingerprint in {error['text']!r}")

        readable = ":".join(pin[n:n + 2] for n in range(0, len(pin), 2)).upper()
        alice.do(do="option", account=alice.address, name="pin", value=readable)
        alice.login()
        alice.says(BOB, "Pinned.")
        lab.holds("bob", INBOX=1)
        lab.holds("alice", Sent=1)
        lab.settled(alice)
        alice.logout()

        # The pin is for one certificate, not for any.
        alice.do(do="option", account=alice.address, name="imap_port", value=false[0].port)
        alice.do(do="login", account=alice.address)
        alice.fails(fatal=True)
        nothing_leaked(lab, "alice", *false)
        lab.leave(alice)


tap.run()
