#!/usr/bin/python3
"""Servers that are set up in odd but legal ways, and accounts that are named so."""
import base64
import contextlib
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import dovecot
import tap
from lab import Lab


@contextlib.contextmanager
def setup(*changes, passwords=None, **how):
    """A lab whose Dovecot differs: (old, new) pieces of its configuration; passwords(user, password): a line's field."""
    config, configure = dovecot.CONFIG, dovecot.configure

    def configured(lab, directory, ports, accounts, users):
        description = configure(lab, directory, ports, accounts, users)
        if passwords:
            lines = [f"{user}:{passwords(password)}::::::\n" for user, password in users.items()]
            pathlib.Path(directory, "passwd").write_text("".join(lines), encoding="ascii")
        return description
    for old, new in changes:
        tap.require(old in dovecot.CONFIG, f"not in Dovecot's configuration: {old!r}")
        dovecot.CONFIG = dovecot.CONFIG.replace(old, new)
    dovecot.configure = configured
    try:
        with Lab(**how) as lab:
            yield lab
    finally:
        dovecot.CONFIG, dovecot.configure = config, configure


def setting(line):
    return ("verbose_proctitle = no", f"verbose_proctitle = no\n{line}")


DOTS = ("  separator = /\n", "  separator = .\n  prefix = INBOX.\n")


def conversation(lab, folder="Sent", counted=True, chats=None):
    """Both ways, once more after a new login, and the own copies; chats: the folder that all of it is sorted into."""
    options = {"filter": "active" if chats else "none"}
    alice, bob = (lab.client(name, options=options).login() for name in ("alice", "bob"))
    alice.says(bob, "Hello Bob.")
    bob.hears(alice, "Hello Bob.")
    bob.says(alice, "Hello Alice.")
    alice.hears(bob, "Hello Alice.")
    bob.logout()
    alice.says(bob, "Are you gone?")
    lab.settled(alice)
    bob.login()
    bob.hears(alice, "Are you gone?")
    if chats:
        lab.holds("alice", **{chats: 3})
        lab.holds("bob", **{chats: 3})
    elif counted:
        lab.holds("alice", INBOX=1, **{folder: 2})
        lab.holds("bob", INBOX=2, **{folder: 1})
    lab.leave(alice, bob)


@tap.case("all mailboxes below INBOX, with dots")
def below_inbox():
    with setup(DOTS) as lab:
        conversation(lab, "INBOX.Sent")


@tap.case("the same, and a folder for chat is there")
def chats_below_inbox():
    with setup(DOTS, mailboxes=["COI.Chats"]) as lab:
        conversation(lab, chats="INBOX.COI.Chats")


@tap.case("a server that has nothing but IMAP4rev1 and IDLE")
def bare():
    with setup(setting("imap_capability = IMAP4rev1 IDLE")) as lab:
        conversation(lab)


@tap.case("only the mechanism LOGIN, and nothing but IMAP4rev1 and IDLE")
def bare_login():
    with setup(setting("imap_capability = IMAP4rev1 IDLE"), mechanisms="login") as lab:
        conversation(lab, counted=False)  # the counting program can't log in here


def hashed(password):
    done = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True, check=True)
    return "{SHA512-CRYPT}" + done.stdout.strip()


@tap.case("passwords are hashed, SCRAM is offered all the same: it works by PLAIN")
def hashed_passwords():
    with setup(passwords=hashed) as lab:
        conversation(lab)
        for server in ("dovecot", "postfix"):
            tap.require("method=PLAIN" in lab.log(server), f"PLAIN in the log of {server}")


@tap.case("passwords with spaces, quotes, backslashes, any script, 200 characters; by every mechanism")
def passwords():
    odd = {"alice@example.org": "  a \"b'c\" d\\e\\\\f\\ pässwörd😀ß  ", "bob@example.org": "x" * 200}
    for mechanism in ("plain", "login", "scram-sha-256"):
        with setup(mechanisms=mechanism) as lab:
            lines = [f"{user}:{{PLAIN.b64}}{base64.b64encode(word.encode()).decode()}::::::\n" for user, word in odd.items()]
            pathlib.Path(lab.directory, "dovecot", "passwd").write_text("".join(lines), encoding="ascii")
            lab.restart("dovecot")
            lab.users = odd
            alice, bob = lab.client("alice").login(), lab.client("bob").login()
            alice.says(bob, "It fits.")
            bob.hears(alice, "It fits.")
            bob.says(alice, "Mine too.")
            alice.hears(bob, "Mine too.")
            lab.settled(alice, bob)
            lab.leave(alice, bob)


def spelled(lab, user, address, **options):
    """A client whose account's name is written so."""
    profile = lab.profile("spelled-" + user)
    client.trust(profile, "localhost", lab.certificate[0])
    made = client.Client(profile, address, lab.password(user), {**lab.options(), **options})
    lab.at_end(made.close)
    return made.start()


@tap.case("the account's name in capitals, a buddy's too: one account, one conversation")
def capitals():
    with setup() as lab:
        alice, bob = spelled(lab, "alice", "Alice@Example.ORG").login(), lab.client("bob").login()
        bob.says("alice@EXAMPLE.org", "Hello.")
        alice.hears(bob, "Hello.")
        alice.types("BOB@example.org", "Hello too.")
        alice.echoed(bob, "Hello too.")
        bob.hears("alice@EXAMPLE.org", "Hello too.")  # in the conversation that is open
        lab.holds("alice", INBOX=1, Sent=1)
        alice.nothing_else()
        alice.quit()
        lab.leave(bob)


@tap.case("a login name that is not the address")
def login_name():
    with setup(("args = username_format=%u", "args = username_format=%n"),
               ("home={mail}/%u", "home={mail}/%n allow_all_users=yes")) as lab:
        users = "".join(f"{user.partition('@')[0]}:{{PLAIN}}{word}::::::\n" for user, word in lab.users.items())
        pathlib.Path(lab.directory, "dovecot", "passwd").write_text(users, encoding="ascii")
        alice = spelled(lab, "alice", "alice@example.org", login="alice").login()
        bob = spelled(lab, "bob", "bob@example.org", login=" bob ").login()
        alice.says(bob, "By another name.")
        bob.hears(alice, "By another name.")
        lab.settled(alice)
        tap.require("sasl_username=alice\n" in lab.log("postfix"), "the login name in Postfix's log")
        lab.leave(alice, bob)


@tap.case("a plus sign in the address")
def plus():
    with setup(setting("auth_username_chars =\nrecipient_delimiter ="), users=["alice+coi", "bob"]) as lab:
        alice, bob = lab.client("alice+coi").login(), lab.client("bob").login()
        alice.says(bob, "Plus.")
        bob.hears(alice, "Plus.")
        bob.says(alice, "And back.")
        alice.hears(bob, "And back.")
        lab.holds("alice+coi", INBOX=1, Sent=1)
        alice.nothing_else()
        alice.quit()
        lab.leave(bob)


@tap.case("an international domain, typed as people write it and as DNS does")
def international():
    with setup(domain="xn--bcher-kva.example") as lab:
        alice, bob = spelled(lab, "alice", "alice@bücher.example").login(), lab.client("bob").login()
        bob.says("alice@bücher.example", "Hello.")
        alice.hears(bob, "Hello.")
        alice.types("bob@bücher.example", "Hello too.")
        alice.echoed(bob, "Hello too.")
        bob.hears("alice@bücher.example", "Hello too.")  # in the conversation that is open
        lab.holds("alice", INBOX=1, Sent=1)
        alice.nothing_else()
        alice.quit()
        lab.leave(bob)


tap.run()
