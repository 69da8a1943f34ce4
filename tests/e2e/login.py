#!/usr/bin/python3
"""What can go wrong at login: each its own sentence, and fatal only what trying again cannot mend."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import proxies
import tap
from lab import Lab
from peer import Peer


@tap.case("a wrong password is fatal and says so, once per try")
def wrong_password():
    with Lab() as lab:
        alice = lab.client("alice", password="not mine")
        alice.do(do="login", account=alice.address)
        error = alice.fails("authentication-failed", fatal=True)
        tap.require("password" in error["text"], f"text of {error}")
        tap.eventually(lambda: "auth failed" in lab.log("dovecot"), "Dovecot tells of the try")
        tap.same(lab.log("dovecot").count("auth failed"), 1, "tries with the wrong password")
        lab.leave(alice)


@tap.case("a server that isn't there: the text names what was tried, and it is not fatal")
def nobody_there():
    with Lab() as lab:
        relay = lab.relay("imaps")
        relay.down()
        alice = lab.client("alice", imap=relay.port)
        alice.do(do="login", account=alice.address)
        error = alice.fails("network", fatal=False)
        tap.require(f"localhost:{relay.port}" in error["text"], f"text of {error}")
        # The user connects again when it is there.
        relay.up()
        alice.login()
        lab.leave(alice)


@tap.case("without settings the usual names are tried, and the error names them")
def unknown_names():
    with Lab(domain="nowhere.invalid") as lab:
        alice = lab.client("alice", options={"imap_server": "", "imap_port": 0, "imap_security": "auto",
                                             "smtp_server": "", "smtp_port": 0, "smtp_security": "auto"})
        alice.do(do="login", account=alice.address)
        error = alice.fails("network", fatal=False)
        for name in ("imap.nowhere.invalid", "mail.nowhere.invalid"):
            tap.require(name in error["text"], f"{name} in the text of {error}")
        lab.leave(alice)


@tap.case("a server without a mechanism of ours: fatal, its own sentence")
def no_mechanism():
    with Lab(mechanisms="cram-md5") as lab:
        alice = lab.client("alice")
        alice.do(do="login", account=alice.address)
        alice.fails("authentication-impossible", fatal=True)
        lab.leave(alice)


@tap.case("no STARTTLS where it was asked for: fatal, and no password was sent")
def no_starttls():
    with Lab() as lab:
        peer = Peer([b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"], {b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN"},
                    no={b"STARTTLS": b"BAD Unknown command"})
        lab.at_end(peer.close)
        alice = lab.client("alice", security="starttls", imap=peer.port)
        alice.do(do="login", account=alice.address)
        alice.fails("encryption-error")
        tap.require(b"AUTH" not in peer.received and b"LOGIN" not in peer.received.replace(b"LOGOUT", b""),
                    f"sent in clear: {bytes(peer.received)}")
        lab.leave(alice)


@tap.case("what is slipped in behind STARTTLS is not believed, and no password is sent")
def injection():
    with Lab() as lab:
        peer = Peer([b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n"],
                    {b"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED"},
                    after={b"STARTTLS": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n* OK injected\r\n"})
        lab.at_end(peer.close)
        alice = lab.client("alice", security="starttls", imap=peer.port)
        alice.do(do="login", account=alice.address)
        alice.fails(reason="encryption-error")
        tap.require(lab.password("alice").encode() not in peer.received, "the password was sent")
        lab.leave(alice)


@tap.case("no TLS to a computer that isn't this one: refused before anything is sent")
def cleartext_abroad():
    with Lab() as lab:
        # An address for documentation (RFC 5737): the proxy would carry it, if it were tried.
        proxy = proxies.Socks5({"192.0.2.1": lab.ports["imap"]})
        lab.at_end(proxy.close)
        alice = lab.client("alice", security="none", host="192.0.2.1", proxy=proxy.settings())
        alice.do(do="login", account=alice.address)
        alice.fails("invalid-settings", fatal=True)
        tap.same(bytes(proxy.received), b"", "bytes sent in clear")
        lab.leave(alice)


@tap.case("something that is no mail server: not fatal, and it says that it was not understood")
def not_a_mail_server():
    with Lab() as lab:
        peer = Peer([b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"], {})
        lab.at_end(peer.close)
        alice = lab.client("alice", security="starttls", imap=peer.port)
        alice.do(do="login", account=alice.address)
        alice.fails("network", fatal=False)
        lab.leave(alice)


@tap.case("a server that is busy for now is not a wrong password")
def unavailable():
    with Lab(cleartext=True) as lab:
        peer = Peer([b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n"], {},
                    no={b"AUTHENTICATE": b"NO [UNAVAILABLE] Come back later"})
        lab.at_end(peer.close)
        alice = lab.client("alice", security="none", imap=peer.port)
        alice.do(do="login", account=alice.address)
        error = alice.fails("network", fatal=False)
        tap.require("Come back later" in error["text"], f"text of {error}")
        lab.leave(alice)


@tap.case("the same account in a second program: refused with a sentence, the first goes on")
def in_use():
    with Lab() as lab:
        alice = lab.client("alice").login()
        alice.do(do="buddy-add", account=alice.address, who="bob@example.org")
        alice.sync()
        second = lab.client("alice", profile=alice.profile)
        second.do(do="buddy-add", account=second.address, who="bob@example.org")
        second.do(do="login", account=second.address)
        error = second.fails("name-in-use", fatal=True)
        tap.require("in use" in error["text"] and str(alice.process.pid) in error["text"], f"text of {error}")
        second.nothing_else()
        second.quit()
        bob = lab.client("bob").login()
        bob.says(alice, "Still there?")
        alice.hears(bob, "Still there?")
        lab.holds("bob", Sent=1)
        alice.quit()
        # Now the directory is free.
        second.start().login()
        lab.leave(second, bob)


def with_mechanism(offered, used, **options):
    with Lab(mechanisms=offered, **options) as lab:
        for security in ("tls", "starttls"):
            alice, bob = (lab.client(name, security=security).login() for name in ("alice", "bob"))
            alice.says(bob, f"By {used} and {security}.")
            bob.hears(alice, f"By {used} and {security}.")
            lab.settled(alice)
            lab.leave(alice, bob)
        for server, words in (("dovecot", "method="), ("postfix", "sasl_method=")):
            found = set(re.findall(words + r"([A-Z0-9-]+)", lab.log(server)))
            tap.same(found, {used}, f"mechanisms in the log of {server}")


@tap.case("PLAIN, over TLS and STARTTLS")
def plain():
    with_mechanism("plain", "PLAIN")


@tap.case("LOGIN, over TLS and STARTTLS")
def login():
    with_mechanism("login", "LOGIN")


@tap.case("SCRAM-SHA-256, over TLS and STARTTLS")
def scram():
    with_mechanism("scram-sha-256", "SCRAM-SHA-256")


@tap.case("with all of them offered, the one that does not show the password is used")
def strongest():
    with_mechanism("plain login scram-sha-256", "SCRAM-SHA-256")


@tap.case("SCRAM-SHA-256 is offered, but the stored hash can't do it: the password is shown, inside TLS")
def hashed():
    with_mechanism("plain login scram-sha-256", "PLAIN", hashed=True)


@tap.case("a server that refused SCRAM once is not asked for it at every connection")
def remembered():
    with Lab(hashed=True) as lab:
        alice = lab.client("alice").login()
        alice.says("bob@example.org", "One")
        lab.settled(alice)
        for _ in range(3):
            alice.logout()
            alice.login()
        alice.says("bob@example.org", "Two")
        lab.settled(alice)
        refusals = lab.log("postfix").count("SCRAM-SHA-256 authentication failed")
        tap.same(refusals, 1, "SCRAM refused by the outgoing server")
        lab.leave(alice)


tap.run()
