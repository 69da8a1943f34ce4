#!/usr/bin/python3
# (product build: yes)
"""Folders that vanish, servers that forget, clocks that are wrong: nothing is lost, nothing is shown twice."""
import email.utils
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import tap
from lab import Lab

SORTED = {"filter": "active"}


def a_line(alice, bob, text):
    alice.says(bob, text)
    bob.hears(alice, text)


@tap.case("Chats is deleted by a mail program: it is made again, and what comes is shown")
def deleted():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options=SORTED).login()
        a_line(alice, bob, "One.")
        lab.holds("bob", **{"COI/Chats": 1})
        lab.mailbox("bob").imap.delete("COI/Chats")
        a_line(alice, bob, "Two.")
        lab.holds("bob", **{"COI/Chats": 1})
        bob.says(alice, "Three.")
        alice.hears(bob, "Three.")
        lab.holds("bob", **{"COI/Chats": 2})
        box = lab.mailbox("bob")  # what comes into the new folder by itself is followed, too
        box.append(mailclient.compose(alice.address, bob.address, "Four.", Chat_Version="1.0").as_bytes(), "COI/Chats")
        bob.hears(alice, "Four.", timeout=30)
        lab.leave(alice, bob)


@tap.case("a COI server, Chats is deleted elsewhere: COI is off, and only the user's word switches it on again")
def switched_off():
    with Lab(coi=True, coi_enabled="active") as lab:
        alice, bob = lab.client("alice", options={"filter": "ask"}).login(), lab.client("bob", options={"filter": "ask"})
        bob.login()
        a_line(alice, bob, "One.")
        lab.holds("bob", **{"COI/Chats": 1})
        before = len(lab.coi.writes)
        lab.mailbox("bob").imap.delete("COI/Chats")
        question = bob.expect("request", timeout=30)
        a_line(alice, bob, "Two.")
        bob.says(alice, "Three.")
        alice.hears(bob, "Three.")
        lab.settled(bob)
        lab.holds("bob", INBOX=1, Sent=1)
        tap.same(lab.coi.settings(bob.address).get("enabled"), None, "COI of Bob's")
        tap.same(len(lab.coi.writes), before, "writes of settings")
        bob.do(do="answer", id=question["id"], choice="Accept")
        tap.eventually(lambda: lab.coi.settings(bob.address).get("enabled") == "yes", "it is on again", timeout=20)
        a_line(alice, bob, "Four.")
        lab.holds("bob", Sent=1, **{"COI/Chats": 2})
        lab.leave(alice, bob)


@tap.case("the server has forgotten the UIDs of Chats: nothing is shown twice, nothing is missed")
def other_validity():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob", options=SORTED).login()
        for text in ("One.", "Two."):
            a_line(alice, bob, text)
        lab.holds("bob", **{"COI/Chats": 2})
        bob.logout()
        kept = lab.mailbox("bob").raw("COI/Chats")
        box = lab.mailbox("bob")
        box.imap.delete("COI/Chats")
        box.create("COI/Chats")
        for raw in kept:
            box.append(raw, "COI/Chats")
        alice.says(bob, "Three.")
        lab.settled(alice)
        bob.login()
        bob.hears(alice, "Three.")
        lab.holds("bob", **{"COI/Chats": 3})
        lab.leave(alice, bob)


@tap.case("what webmail answered while Bob was away stands between what is unread, and nowhere else")
def between():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        a_line(alice, bob, "Before.")
        bob.says(alice, "Yes?")
        alice.hears(bob, "Yes?")
        lab.settled(bob)
        bob.logout()
        bob.forget()

        def web(text):
            time.sleep(1.1)  # INTERNALDATE has seconds
            lab.mailbox("bob").append(mailclient.compose(bob.address, alice.address, text, In_Reply_To=f"<{first}>").as_bytes(),
                                      "Sent", "\\Seen")
            time.sleep(1.1)

        alice.says(bob, "One.")
        first = alice.expect("signal", state="sent", timeout=20)["message_id"]
        lab.settled(alice)
        web("Webmail.")
        alice.says(bob, "Two.")
        lab.settled(alice)
        lab.holds("bob", INBOX=3, Sent=2)
        web("Webmail, the last word.")
        bob.login()
        bob.hears(alice, "Two.")
        shown = [(one["text"], "send" in one["flags"]) for one in bob.history
                 if one["event"] == "line" and one["conversation"] == alice.address][-3:]
        tap.same(shown, [("One.", False), ("<i>&gt; Before.</i><br>Webmail.", True), ("Two.", False)], "lines")
        bob.forget()
        alice.forget()
        lab.leave(alice, bob)


@tap.case("clocks that are wrong: nothing is shown as of tomorrow")
def wrong_clocks():
    with Lab() as lab:
        bob = lab.client("bob").login()
        now = time.time()
        for text, date in (("from the future", now + 10 * 365 * 86400), ("from the past", now - 3 * 86400), ("nonsense", None)):
            mail = mailclient.compose("alice@example.net", bob.address, text, Chat_Version="1.0")
            del mail["Date"]
            if date:
                mail["Date"] = email.utils.formatdate(date)
            lab.deliver(mail)
            line = bob.hears("alice@example.net", text)
            expected = date if date and date < now else now
            tap.require(abs(line["time"] - expected) < 30, f"{text}: {line['time'] - now} s from now")
        lab.leave(bob)


@tap.case("a server without IDLE: asked in between, and soon while people write")
def polled():
    with Lab(capabilities_without=["IDLE", "CONDSTORE", "NOTIFY", "MOVE", "UIDPLUS"]) as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        alice.says(bob, "Hello?")
        bob.hears(alice, "Hello?", timeout=40)
        begin = time.monotonic()
        bob.says(alice, "Here I am.")
        alice.hears(bob, "Here I am.", timeout=40)
        alice.says(bob, "Good.")
        bob.hears(alice, "Good.", timeout=40)
        tap.note(f"an answer and its answer took {time.monotonic() - begin:.1f} s")
        tap.require(time.monotonic() - begin < tap.patience(20), "too slow for a conversation")
        lab.leave(alice, bob)


tap.run()
