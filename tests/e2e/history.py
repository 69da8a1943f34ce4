#!/usr/bin/python3
# (product build: yes)
"""A conversation's past: /history and /search, from what is known here and from the server."""
import email.utils
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import mailclient
import refuser
import store
import tap
from lab import Lab

ALICE, BOB = "alice@example.org", "bob@example.org"
DAY = 86400
HEADS = re.compile("^(History: the latest|Looking|Searching|Found|Around)")


def asks(person, peer, text):
    """Types a command and reads the listing that comes of it: (who, text) of each line, and the last word."""
    person.sync()
    start = len(person.history)
    person.do(do="command", account=person.address, to=client.address_of(peer), text=text)
    end = person.is_told("^(end of|history: there|not found|no such|looking no more|what words)")
    for one in person.seen("line", lambda one: "system" in one["flags"]):
        tap.require(HEADS.match(client.plain(one["text"])), f"an unexpected word: {one}")
        person.events.remove(one)
    listed = [one for one in person.history[start:] if one["event"] == "line" and "system" not in one["flags"]]
    for one in listed:
        tap.require("no-log" not in one["flags"], f"has its time and name in Pidgin: {one}")
        tap.require("delayed" in one["flags"], f"is no news: {one}")
        person.events.remove(one)
    return [("me" if "send" in one["flags"] else "they", client.plain(one["text"])) for one in listed], client.plain(end["text"])


@tap.case("Alice sees the latest lines of a conversation again, in order, and only these")
def local():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        alice.says(bob, "One & one?")
        bob.hears(alice, "One & one?")
        bob.says(alice, "<b>Two</b>.")
        alice.hears(bob, "<b>Two</b>.")
        alice.says(bob, "Three.")
        bob.hears(alice, "Three.")
        lines = [("me", "One & one?"), ("they", "<b>Two</b>."), ("me", "Three.")]
        tap.same(asks(alice, bob, "history")[0], lines, "all")
        listed, end = asks(alice, bob, "history 2")
        tap.same(listed, lines[1:], "two")
        tap.require("older" in end, end)
        lab.leave(alice, bob)
        logs = "".join(path.read_text(encoding="utf-8") for path in pathlib.Path(alice.profile, "logs").rglob("*.html"))
        tap.same([logs.count("One &amp; one?"), logs.count("Three.")], [1, 1], "what libpurple logged, each line once")



class Past:
    """Mails of the past, put where they would lie by now."""

    def __init__(self, lab):
        self.box, self.begin, self.number = lab.mailbox("alice"), int(time.time()) - 300 * DAY, 0

    def put(self, text, folder="INBOX", sender=BOB, recipient=ALICE, flags="\\Seen", subject="Hello", days=1, **headers):
        self.number += days
        when = self.begin + self.number * DAY
        mail = mailclient.compose(sender, recipient, text, subject, Date=email.utils.formatdate(when),
                                  Received="from there by here; " + email.utils.formatdate(when), **headers)
        if folder != "INBOX":
            del mail["Received"]
        self.box.append(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), folder, flags,
                        f'"{time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(when))}"')
        return mail

    def answer(self, text, **more):
        return self.put(text, "Sent", ALICE, BOB, **more)


@tap.case("what lies on the server comes from there: INBOX and Sent merged, once each, whatever was known before; then it is here")
def server():
    with Lab(users=["alice", "bob"]) as lab:
        past, lines = Past(lab), []
        for n in range(12):
            past.put(f"Question {n}")
            past.answer(f"Answer {n}")
            lines += [("they", f"Question {n}"), ("me", f"Answer {n}")]
        past.put("From another", sender="bob@example.organic")
        alice = lab.client("alice", options={"history_days": 0}).login()
        tap.require("no messages" in asks(alice, BOB, "history")[1], "ordinary mail of who is no buddy is no chat")
        alice.do(do="buddy-add", account=ALICE, who=BOB)
        listed, end = asks(alice, BOB, "history 9")
        tap.same([(who, text.splitlines()[-1]) for who, text in listed], lines[-9:], "the latest nine")
        tap.require("older" in end and "no older" not in end, end)
        listed, end = asks(alice, BOB, "history 100")
        tap.same([(who, text.splitlines()[-1]) for who, text in listed], lines, "all")
        tap.require("no older" in end, end)
        lab.stop("dovecot")
        listed, end = asks(alice, BOB, "history")
        tap.same(len(listed), 20, "known without the server")
        tap.require("not here" not in str(listed), listed)
        alice.close()


@tap.case("a search finds words whatever their case and charset, only in this conversation, and opens what it found")
def search():
    with Lab(users=["alice", "bob"]) as lab:
        past = Past(lab)
        for n in range(6):
            past.put(f"Filler {n}")
        past.put("Wir treffen uns in Köln am Dom.")
        past.put("Filler before")
        past.answer("Ich komme nach KÖLN, gern mit \"Gepäck\".")
        past.put("Filler behind")
        past.put("Встретимся в Москве.")
        past.put("Köln for others", sender="carol@example.org")
        alice = lab.client("alice", options={"ordinary_mail": "all"}).login()

        def finds(words):
            return [text.replace("Hello\n", "") for _, text in asks(alice, BOB, f"search {words}")[0]]

        tap.same(finds("köln"), ["#1 Wir treffen uns in Köln am Dom.", "#2 Ich komme nach KÖLN, gern mit \"Gepäck\"."], "Köln")
        around = [text for _, text in asks(alice, BOB, "history #1")[0]]
        tap.require("Filler before" in "\n".join(around) and "Köln am Dom" in "\n".join(around), around)
        tap.same(len(asks(alice, BOB, "history #3")[0]), 0, "a number that there isn't")
        tap.same(finds("Köln gepäck"), ["#1 Ich komme nach KÖLN, gern mit \"Gepäck\"."], "both words")
        tap.same(finds("\"Gepäck\""), ["#1 Ich komme nach KÖLN, gern mit \"Gepäck\"."], "quote marks are text")
        tap.same(finds("москве"), ["#1 Встретимся в Москве."], "Cyrillic")
        for attack in ('x" ALL', "x) ALL", "\\", '"" x', "{5+}", "{5}\r\na LOGOUT", "* OK", "%s%n", "ALL OR ALL", "x\u202ey", "\ud7ff", "é" * 300):
            tap.same([one for one in finds(attack) if "Filler" not in one], [], f"nothing for {attack!r}")
        told = asks(alice, BOB, "search")[1]
        tap.require("What words" in told, told)
        lab.leave(alice)


@tap.case("what lies in a folder that this login made is found, too")
def new_folder():
    with Lab() as lab:
        alice, bob = lab.client("alice", options={"filter": "active"}).login(), lab.client("bob").login()
        bob.says(alice, "See you at six.")
        alice.hears(bob, "See you at six.")
        lab.holds("alice", **{"COI/Chats": 1})
        tap.same(asks(alice, bob, "search six")[0], [("they", "#1 See you at six.")], "found")
        lab.leave(alice, bob)


@tap.case("what was read on another device while Alice was away has its text without being asked for, and stands in the history")
def read_elsewhere():
    with Lab(users=["alice", "bob"]) as lab:
        box, alice = lab.mailbox("alice"), lab.client("alice").login()
        lab.settled(alice)
        alice.again()
        for text in ("Read on the phone.", "This, too."):
            mail = mailclient.compose(BOB, ALICE, text, "Chat", Chat_Version="1.0")
            box.append(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), "INBOX", "\\Seen")
        alice.login()
        tap.eventually(lambda: len(store.query(alice.profile, ALICE, "SELECT 1 FROM messages WHERE text <> ''")) == 2,
                       "the texts are here")
        alice.nothing_else()
        lab.stop("dovecot")
        tap.same(asks(alice, BOB, "history 2")[0], [("they", "Read on the phone."), ("they", "This, too.")], "history")
        alice.close()


@tap.case("a search that takes long is given up when the user says so, and nothing else is lost by that")
def given_up():
    with Lab(users=["alice", "bob"]) as lab:
        past = Past(lab)
        past.put("The treasure lies under the oak.", Chat_Version="1.0")
        alice = lab.client("alice").login()
        lab.settled(alice)
        lab.freeze("dovecot")
        alice.do(do="command", account=ALICE, to=BOB, text="search treasure")
        alice.is_told("^Looking on the server")
        tap.require("no more" in asks(alice, BOB, "search")[1], "it is given up")
        lab.thaw("dovecot")
        lab.deliver(mailclient.compose(BOB, ALICE, "News.", "Chat", Chat_Version="1.0"))
        alice.hears(BOB, "News.")
        tap.same([text for _, text in asks(alice, BOB, "search oak treasure")[0]], ["#1 The treasure lies under the oak."], "found")
        lab.leave(alice)


@tap.case("a server that knows no charset is asked for the words it can find, and the rest is compared here")
def no_charset():
    with Lab(users=["alice", "bob"], cleartext=True, capabilities_without=["LITERAL+", "LITERAL-"]) as lab:
        past = Past(lab)
        for text in ("Am Dom in Köln.", "Am Dom in Aachen.", "In Köln am Rhein."):
            past.put(text, Chat_Version="1.0")
        server = refuser.Refuser(lab.ports["imap"])
        server.refuse("UID SEARCH CHARSET", "NO [BADCHARSET (US-ASCII)] Unknown charset")
        alice = lab.client("alice", security="none", imap=server.port).login()
        tap.same([text for _, text in asks(alice, BOB, "search dom KÖLN")[0]], ["#1 Am Dom in Köln."], "both words")
        tap.same([text for _, text in asks(alice, BOB, "search köln")[0]], ["#1 Am Dom in Köln.", "#2 In Köln am Rhein."], "one word")
        tap.require(server.refused >= 2, "the server was asked")
        lab.leave(alice)


@tap.case("where no command can be typed it is a line that begins with !coi, and each line of the listing says when and whose it is")
def bitlbee():
    with Lab() as lab:
        alice, bob = lab.client("alice", variables={"COI_LAB_UI": "BitlBee"}).login(), lab.client("bob").login()
        bob.says(alice, "Who reads this?")
        alice.hears(bob, "Who reads this?")
        alice.types(bob, "!coi history 5")
        alice.is_told(r"^\*\*\* COI: \[\d{4}-\d\d-\d\d \d\d:\d\d\] bob@example.org: Who reads this\?$")
        alice.is_told("no older messages")
        alice.types(bob, "!coi search reads")
        alice.is_told("!coi history #1")
        lab.holds("bob", Sent=1)
        alice.close()
        bob.close()


tap.run()
