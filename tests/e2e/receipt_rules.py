#!/usr/bin/python3
"""Receipts that Bob owes: on the wire, after a crash, beyond the day's ration; of several devices; on servers that keep no keywords."""
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import mdncheck
import store
import tap
from lab import Lab

BOB, CAROL, DAVE, ERIN = (f"{name}@example.org" for name in ("bob", "carol", "dave", "erin"))


def asking(sender, text):
    """A chat message from somebody's program that asks for a receipt."""
    return mailclient.compose(sender, BOB, text, f"Chat: {text}", Disposition_Notification_To=sender, Chat_Version="1.0")


def send(lab, mail):
    lab.submit(mail, mail["From"].partition("@")[0])
    return mail["Message-ID"]


def receipts(box):
    return [mdncheck.check(raw) for raw in box.raw() if b"report-type=disposition-notification" in raw.replace(b"\r\n ", b" ")]


def told(box):
    """The ids of the messages that are said to be read, in the order of arrival."""
    return [fields["original-message-id"][0] for _, fields in receipts(box)]


def arrives(lab, person, text, sender=CAROL):
    """A message that asks comes and is shown; its id."""
    name = send(lab, asking(sender, text))
    person.hears(sender, text)
    return name


def no_chores(*people):
    for person in people:
        tap.eventually(lambda: not store.query(person.profile, BOB, "SELECT 1 FROM chores"), "nothing left to be told")


def settle(lab, *people):
    lab.settled(*people)
    no_chores(*people)


def becomes_seen(person, text):
    """The client has noticed that it was looked at."""
    seen = "SELECT 1 FROM messages WHERE text = ? AND seen = 1"
    tap.eventually(lambda: store.query(person.profile, person.address, seen, text), f"seen: {text}")


def envelopes(relay):
    """Who said what of whom: (MAIL, RCPT) of each mail."""
    text = b"".join(bytes(one.up) for one in relay.connections).decode("latin-1")
    return re.findall(r"^MAIL FROM:(.*?)\r\nRCPT TO:(.*?)\r\n", text, re.MULTILINE)


@tap.case("on the wire: no report is asked for a receipt, it comes from nobody, or from Bob where nobody may send")
def wire():
    with Lab(users=("bob", "carol"), refusals=True, cleartext=True) as lab:
        relay = lab.relay("submission")
        carol, box = lab.mailbox("carol"), lab.mailbox("bob")
        bob = lab.client("bob", security="none", smtp=relay.port, options={"send_receipts": "seen", "delivery_receipts": True}).login()
        bob.says(CAROL, "I am Bob.")
        bob.looks_at(CAROL)
        own = store.outbox(bob.profile, BOB)[0]["message_id"]
        names = [arrives(lab, bob, "One.")]
        tap.eventually(lambda: told(carol) == names, "a receipt")
        lab.policy.refuse_sender("", "553 5.7.1 <>: not owned by user bob")
        names.append(arrives(lab, bob, "Two."))
        tap.eventually(lambda: told(carol) == names, "a receipt in spite of it")
        tap.same([header["return-path"] for header, _ in receipts(carol)], [["<>"], [f"<{BOB}>"]], "envelope senders")
        mail, receipt, refused, again = envelopes(relay)
        tap.require(mail[0].startswith(f"<{BOB}> ") and mail[0].endswith(f" RET=HDRS ENVID={own}"), f"of a message: {mail}")
        tap.same(mail[1], f"<{CAROL}> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;{CAROL}", "of its recipient")
        for one, sender in ((receipt, ""), (refused, ""), (again, BOB)):
            tap.require(one[0].startswith(f"<{sender}> ") and "RET" not in one[0] and "ENVID" not in one[0], f"of a receipt: {one}")
            tap.same(one[1], f"<{CAROL}> NOTIFY=NEVER ORCPT=rfc822;{CAROL}", "of its recipient")

        relay.down()
        names.append(arrives(lab, bob, "Three."))
        tap.eventually(lambda: len(store.outbox(bob.profile, BOB)) == 4, "a third receipt waits, on disk")
        tap.require("$MDNSent" in box.flags()[2], "no other device will send it")
        bob.kill()
        relay.up()
        bob.start().login()
        tap.eventually(lambda: told(carol) == names, "it leaves after the crash")
        bob.quit()

        store.change(bob.profile, BOB, f"UPDATE facts SET value = '{int(time.time()) // 86400} 300 0' WHERE key = 'automatic-mail'")
        bob.again().login()
        bob.looks_at(CAROL)
        arrives(lab, bob, "Four.")
        tap.eventually(lambda: "\\Seen" in box.flags()[3], "it is read")
        settle(lab, bob)
        tap.same(told(carol), names, "receipts when the day's ration is used up")
        bob.says(CAROL, "That is all.")
        lab.leave(bob)


@tap.case("answered is what Bob has seen here, once, to people whom he knows: not what another device, or nobody, has seen")
def whom():
    with Lab(users=("bob", "carol", "dave", "erin")) as lab:
        carol, dave, erin, box = (lab.mailbox(name) for name in ("carol", "dave", "erin", "bob"))
        silent = lab.client("bob", profile=lab.profile("bob-silent")).login()
        bob = lab.client("bob", options={"send_receipts": "seen"}).login()
        for person in (CAROL, DAVE):
            bob.says(person, "I am Bob.")
        bob.do(do="buddy-add", account=BOB, who=ERIN)

        arrives(lab, bob, "Read on the other device.")
        silent.hears(CAROL, "Read on the other device.")
        bob.has_unseen(CAROL, 1)
        silent.looks_at(CAROL)
        bob.has_unseen(CAROL, 0)
        silent.quit()
        box.append(asking(CAROL, "Answered already.").as_bytes(), flags="$MDNSent")
        bob.hears(CAROL, "Answered already.")
        bob.looks_at(CAROL)
        becomes_seen(bob, "Answered already.")
        forged = mailclient.compose(BOB, CAROL, "I, Bob, ask.", Disposition_Notification_To=BOB, Chat_Version="1.0")
        lab.deliver(forged.as_bytes(policy=forged.policy.clone(linesep="\r\n")), BOB, [BOB])
        bob.expect("line", lambda one: "I, Bob, ask." in one["text"], conversation=CAROL)
        becomes_seen(bob, "I, Bob, ask.")
        bob.looks_away()

        arrives(lab, bob, "In a window that is closed.")
        bob.do(do="close", account=BOB, to=CAROL)
        new = arrives(lab, bob, "In a new window.")
        bob.looks_at(CAROL)
        tap.eventually(lambda: told(carol), "a receipt")
        known = arrives(lab, bob, "A contact asks.", ERIN)
        bob.looks_at(ERIN)
        tap.eventually(lambda: told(erin), "a receipt")
        arrives(lab, bob, "Somebody asks who is blocked now.", DAVE)
        bob.blocks(DAVE)
        bob.looks_at(DAVE)
        becomes_seen(bob, "Somebody asks who is blocked now.")
        settle(lab, bob)
        tap.same((told(carol), told(dave), told(erin), told(box)), ([new], [], [known], []), "messages that are said to be read")
        bob.says(CAROL, "Now I look at everything.")
        lab.leave(bob)


@tap.case("on a server without keywords that gives messages ids of its own: one receipt from two devices, and it is understood")
def without_keywords():
    with Lab(users=("bob", "carol")) as lab:
        front = lab.front("outlook", save_after=None)
        box = lab.mailbox("carol")
        carol = lab.client("carol", imap=front.imap, smtp=front.smtp, options={"ask_receipts": "all"}).login()
        bobs = [lab.client("bob", profile=lab.profile(f"bob-{n}"), imap=front.imap, smtp=front.smtp,
                           options={"send_receipts": "seen"}).login() for n in range(2)]
        bobs[0].says(CAROL, "I am Bob.")
        carol.hears(BOB, "I am Bob.")
        for bob in bobs:
            bob.do(do="buddy-add", account=BOB, who=CAROL)
            bob.looks_at(CAROL)
        for text in ("One.", "Two."):
            carol.says(BOB, text)
            for bob in bobs:
                bob.hears(CAROL, text)
        for _ in range(2):
            carol.expect("signal", name="coi-message-state", state="read")
        no_chores(*bobs)
        tap.require(all("$MDNSent" not in flags for flags in lab.mailbox("bob").flags()), "the server keeps no keywords")
        owed = "SELECT count(*) AS n FROM outbox WHERE conversation LIKE 'receipt:%'"
        tap.same(sum(store.query(bob.profile, BOB, owed)[0]["n"] for bob in bobs), 2, "receipts of both devices")
        tap.same(len(receipts(box)), 2, "receipts")
        carol.is_told("^Read ", BOB)


tap.run()
