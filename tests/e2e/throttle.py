#!/usr/bin/python3
# (product build: yes)
"""Servers that want less of us: they are obeyed, the user is told once in plain words, and it mends by itself."""
import email.utils
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import tap
from lab import Lab

BOB = "bob@example.org"
# How long a server that asked for it is left alone at least, and at most the first time.
LEAST, MOST = 14, 40


def of(lab, front, user="alice", **more):
    return lab.client(user, imap=front.imap, smtp=front.smtp, **more)


def mail_throttled(when, answer):
    with Lab(users=["alice", "bob", "carol"]) as lab:
        front = lab.front("gmail")
        alice, bob, carol = of(lab, front).login(), lab.client("bob").login(), lab.client("carol").login()
        front.smtp_says(when, answer)
        begin = time.monotonic()
        alice.says(bob, "One.")
        told = alice.is_told("asks to be sent less", conversation=bob)
        tap.require(answer in told["text"], f"the server's words in {told}")
        alice.says(bob, "Two.")
        tries = len([login for login in front.logins if login[0] == "smtp"])
        front.relent()
        alice.says(carol, "Other people wait, too.")
        alice.is_told("asks to be sent less", conversation=carol)
        time.sleep(3)
        carol.nothing_else()
        bob.hears(alice, "One.", timeout=MOST)
        tap.require(time.monotonic() - begin > LEAST, "the server was left alone")
        bob.hears(alice, "Two.")
        carol.hears(alice, "Other people wait, too.")
        tap.require(len([login for login in front.logins if login[0] == "smtp"]) <= tries + 1, "calls")
        lab.settled(alice, timeout=40)
        front.settles("alice", {"[Gmail]/Sent Mail": 3}, timeout=40)
        lab.leave(alice, bob, carol)


@tap.case("421 4.7.0 as greeting: said once, nothing is sent for a while, then all of it, each once")
def greeting():
    mail_throttled("greeting", "421 4.7.0 Temporary system problem, try again later")


@tap.case("454 4.7.0 to the login is no wrong password")
def auth():
    mail_throttled("AUTH", "454 4.7.0 Too many login attempts, please try again later")


@tap.case("450 4.7.1 to a recipient")
def recipient():
    mail_throttled("RCPT", "450 4.7.1 You are sending too fast")


@tap.case("[LIMIT] at the first login: not fatal, told as such; the server is left alone, then it works")
def login_limited():
    with Lab() as lab:
        front = lab.front("outlook", connections=0)
        alice = of(lab, front)
        alice.do(do="login", account=alice.address)
        error = alice.fails("network", fatal=False)
        tap.require("too many connections" in error["text"].lower() and "wait" in error["text"], f"text of {error}")
        refused, begin = front.refused, time.monotonic()
        front.connections = None
        alice.login(timeout=MOST + 20)
        tap.require(time.monotonic() - begin > LEAST, "the server was left alone")
        tap.same(front.refused, refused, "calls meanwhile")
        lab.leave(alice)


@tap.case("thrown out for too much traffic: told once as that, never as a wrong password; later it works again")
def thrown_out():
    with Lab() as lab:
        front = lab.front("gmail")
        alice, bob = of(lab, front).login(), lab.client("bob").login()
        front.imap_says("AUTHENTICATE", "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)")
        front.bye("Account exceeded command or bandwidth limits.")
        bob.says(alice, "Meanwhile.")
        error = alice.fails("network", fatal=False, timeout=60)
        tap.require("bandwidth" in error["text"] and "wait" in error["text"], f"text of {error}")
        front.relent()
        alice.login(timeout=120)
        alice.hears(bob, "Meanwhile.")
        lab.settled(bob)
        lab.leave(alice, bob)


@tap.case("a fetch is refused with [THROTTLED]: the message comes later, the server is not asked again and again")
def fetch_throttled():
    with Lab() as lab:
        front = lab.front("outlook")
        alice, bob = of(lab, front).login(), lab.client("bob").login()
        front.imap_says(r"UID FETCH.*BODY\.PEEK\[\]", "NO [THROTTLED] Slow down")
        before = len(front.logins)
        bob.says(alice, "Held back.")
        time.sleep(10)
        # The one that was refused, and links to other mailboxes.
        tap.require(len(front.logins) - before <= 4, f"calls: {front.logins[before:]}")
        front.relent()
        alice.hears(bob, "Held back.", timeout=MOST)
        lab.settled(bob)
        lab.leave(alice, bob)


@tap.case("one connection and no more: no error, everything is sent, received, filed and copied all the same")
def one_connection():
    if tap.scale(10) < 10:
        raise tap.Skip("a connection handed round takes real time; too slow beside sanitizers")
    with Lab() as lab:
        front = lab.front("outlook", connections=1, save_after=None)
        box = lab.mailbox("alice")
        box.create("COI/Chats")
        alice = of(lab, front, options={"filter": "active"}).login(timeout=30)
        bob = lab.client("bob").login()
        alice.says(bob, "By one thread.")
        bob.hears(alice, "By one thread.")
        bob.says(alice, "Does it hold?")
        alice.hears(bob, "Does it hold?", timeout=30)
        front.settles("alice", {"COI/Chats": 2}, timeout=90)
        lab.settled(alice, bob, timeout=60)
        tap.same(front.most, 1, "connections at once")
        # What another device puts there is seen, too.
        mail = box.raw("COI/Chats")[0].replace(b"Does it hold?", b"From my phone").replace(b"chat$", b"chat$f")
        box.append(mail.replace(b"By one thread.", b"From my phone."), "COI/Chats", "\\Seen")
        # A typing mail is gone after its time, though nobody follows the folder then.
        box.append(mailclient.compose(bob.address, alice.address, "Writing", Chat_Version="1.0",
                                      Chat_Content="purple-coi.typing; state=composing",
                                      Expires=email.utils.formatdate(time.time() + 20)).as_bytes(), "COI/Chats")
        alice.expect("line", lambda one: "phone" in one["text"], timeout=100)
        front.settles("alice", {"COI/Chats": 3}, timeout=90)
        lab.leave(alice, bob)


@tap.case("two connections: the copies go by the second, nobody is told")
def two_connections():
    with Lab() as lab:
        front = lab.front("gmail", connections=2)
        box = lab.mailbox("alice")
        box.create("COI/Chats")
        alice = of(lab, front, options={"filter": "active"}).login(timeout=30)
        bob = lab.client("bob").login()
        for text in ("One.", "Two."):
            alice.says(bob, text)
            bob.hears(alice, text)
        bob.says(alice, "Three.")
        alice.hears(bob, "Three.", timeout=30)
        front.settles("alice", {"COI/Chats": 3}, timeout=90)
        lab.settled(alice, bob, timeout=60)
        tap.require(front.most <= 2, "connections at once")
        lab.leave(alice, bob)


tap.run()
