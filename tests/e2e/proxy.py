#!/usr/bin/python3
"""The user's proxy carries everything, and nothing goes around it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import proxies
import tap
from lab import Lab

IMAP, SMTP = "imap.lab.invalid", "smtp.lab.invalid"


def through(kind, security, user=None, password=None):
    with Lab() as lab:
        ports = {"tls": ("imaps", "smtps"), "starttls": ("imap", "submission")}[security]
        # Names that only the proxy knows: whoever asks a resolver for them, or goes there directly, gets nowhere.
        proxy = kind({IMAP: lab.ports[ports[0]], SMTP: lab.ports[ports[1]]}, user, password)
        lab.at_end(proxy.close)
        alice = lab.client("alice", security=security, proxy=proxy.settings(), host=IMAP, options={
            "smtp_server": SMTP, "imap_port": 993, "smtp_port": 465})
        trust_both(lab, alice)
        bob = lab.client("bob").login()
        alice.login()
        alice.says(bob, "Can you hear me through the wall?")
        bob.hears(alice, "Can you hear me through the wall?")
        bob.says(alice, "Loud and clear.")
        alice.hears(bob, "Loud and clear.")
        lab.holds("alice", INBOX=1, Sent=1)
        tap.require((IMAP, 993) in proxy.log and (SMTP, 465) in proxy.log, f"what went through the proxy: {proxy.log}")
        tap.same(proxy.refused, [], "what else was asked of the proxy")
        for secret in (lab.password("alice").encode(), b"wall?"):
            tap.require(secret not in proxy.received, "the proxy can read what it carries")
        lab.leave(alice, bob)


def trust_both(lab, person):
    import client
    for host in (IMAP, SMTP):
        client.trust(person.profile, host, lab.certificate[0])


@tap.case("through a SOCKS5 proxy, over TLS")
def socks():
    through(proxies.Socks5, "tls")


@tap.case("through a SOCKS5 proxy that wants a password, over STARTTLS")
def socks_password():
    through(proxies.Socks5, "starttls", "alice", "sesame")


@tap.case("through an HTTP proxy, over TLS")
def http():
    through(proxies.HttpConnect, "tls")


@tap.case("through an HTTP proxy that wants a password, over STARTTLS")
def http_password():
    through(proxies.HttpConnect, "starttls", "alice", "sesame")


@tap.case("a proxy that is down: an error, and nobody goes there directly")
def proxy_down():
    with Lab() as lab:
        proxy = proxies.Socks5({})
        settings = proxy.settings()
        proxy.close()
        relay = lab.relay("imaps")
        alice = lab.client("alice", proxy=settings, imap=relay.port)
        alice.do(do="login", account=alice.address)
        alice.fails(reason="network", fatal=False)
        tap.same(len(relay.connections), 0, "connections around the proxy")
        lab.leave(alice)


@tap.case("a proxy that refuses: an error, and nobody goes there directly")
def proxy_refuses():
    for kind in (proxies.Socks5, proxies.HttpConnect):
        with Lab() as lab:
            proxy = kind({}, "alice", "sesame")
            lab.at_end(proxy.close)
            trap = proxies.Trap("127.0.0.9", lab.ports["imaps"] + 1)
            lab.at_end(trap.close)
            settings = dict(proxy.settings(), password="wrong")
            alice = lab.client("alice", proxy=settings, host="127.0.0.9", imap=lab.ports["imaps"] + 1)
            alice.do(do="login", account=alice.address)
            alice.fails(reason="network", fatal=False)
            tap.same(trap.visits, 0, "connections around the proxy")
            tap.require(proxy.unauthorized > 0, "the proxy was asked")
            alice.forget()  # libpurple may have its own words about the proxy
            lab.leave(alice)


@tap.case("Tor: the name is resolved by the proxy, and everything goes through it")
def tor():
    with Lab() as lab:
        proxy = proxies.Socks5({IMAP: lab.ports["imaps"], SMTP: lab.ports["smtps"]})
        lab.at_end(proxy.close)
        alice = lab.client("alice", proxy=dict(proxy.settings(), type="tor"), host=IMAP, options={
            "smtp_server": SMTP, "imap_port": 993, "smtp_port": 465})
        trust_both(lab, alice)
        alice.login()
        alice.says("bob@example.org", "Hidden.")
        lab.holds("bob", INBOX=1)
        lab.holds("alice", Sent=1)
        lab.leave(alice)


tap.run()
