#!/usr/bin/python3
"""Servers that refuse or die for a while: what they hold back is neither lost nor asked for without end."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import refuser
import store
import tap
from lab import Lab


def chat(text, to="alice@example.org"):
    return mailclient.compose("erin@example.net", to, text, Chat_Version="1.0")


@tap.case("texts are refused for a while: the message comes when the refusal has passed")
def texts_refused():
    with Lab(cleartext=True) as lab:
        server = refuser.Refuser(lab.ports["imap"])
        alice = lab.client("alice", security="none", imap=server.port).login()
        server.refuse(r"UID FETCH.*BODY\.PEEK\[\]", "NO [UNAVAILABLE] Storage is down for a moment")
        lab.deliver(chat("While storage is down"))
        tap.eventually(lambda: server.refused > 0, "the refusal")
        server.relent()
        alice.hears("erin@example.net", "While storage is down", timeout=30)
        alice.nothing_else()


@tap.case("the chat folder is refused once: it is followed soon after")
def chats_refused():
    with Lab(cleartext=True, mailboxes=["COI/Chats"], active=True) as lab:
        server = refuser.Refuser(lab.ports["imap"])
        server.refuse(r'SELECT "?COI/Chats', "NO [INUSE] Mailbox is locked")
        alice = lab.client("alice", security="none", imap=server.port).login()
        tap.eventually(lambda: server.refused > 0, "the refusal")
        server.relent()
        lab.deliver(chat("Into Chats"))
        alice.hears("erin@example.net", "Into Chats", timeout=30)
        alice.nothing_else()


@tap.case("a server that dies of a mail is not called without end, and the user is told")
def dies_of_a_mail():
    with Lab(cleartext=True) as lab:
        server = refuser.Refuser(lab.ports["imap"])
        alice = lab.client("alice", security="none", imap=server.port).login()
        server.refuse(r"UID FETCH.*BODY\.PEEK\[", None)
        before = server.connections
        lab.deliver(chat("Poison"))
        error = alice.fails("network", fatal=False, timeout=60)
        calls = server.connections - before
        # Half a minute of doubling waits, and visits to other mailboxes; without waits these would be hundreds.
        tap.require(calls <= 20, f"{calls} connections until the user was told: {error['text']}")
        server.relent()
        alice.login()
        alice.hears("erin@example.net", "Poison")


@tap.case("an older state of the mailbox is restored: what comes then is shown")
def older_state():
    with Lab() as lab:
        alice = lab.client("alice").login()
        lab.deliver(chat("Before"))
        alice.hears("erin@example.net", "Before")
        alice.quit()
        store.change(alice.profile, alice.address, "UPDATE folders SET next_uid = next_uid + 1000")
        alice.start().login()
        lab.deliver(chat("After"))
        alice.hears("erin@example.net", "After")
        time.sleep(1)
        alice.nothing_else()


tap.run()
