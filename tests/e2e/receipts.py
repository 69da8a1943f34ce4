#!/usr/bin/python3
"""Receipts that others ask Bob for: one leaves when he has seen the message, and none otherwise, whatever number of devices he has."""
import email.utils
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import mdncheck
import store
import tap
from lab import Lab

BOB, CAROL, DAVE = "bob@example.org", "carol@example.org", "dave@example.org"
NAMES = ("Disposition_Notification_To", "Chat_Disposition_Notification_To")


def asking(sender, text, to=None, **headers):
    """A chat message from Carol's or Dave's program that asks for a receipt."""
    asked = {"Disposition_Notification_To": to or sender, "Chat_Version": "1.0", **headers}
    return mailclient.compose(sender, BOB, text, f"Chat: {text}", **{name: value for name, value in asked.items() if value})


def receipts(box, sender=BOB):
    """The receipts that lie in this mailbox, every one of them looked at: (header, fields)."""
    return [mdncheck.check(raw) for raw in box.raw() if b"report-type=disposition-notification" in raw.replace(b"\r\n ", b" ")]


def told(box):
    """The ids of the messages that are said to be read."""
    return [fields["original-message-id"][0] for _, fields in receipts(box)]


def bob_of(lab, mode="seen", **options):
    bob = lab.client("bob", options={"send_receipts": mode, **options}).login()
    bob.says(CAROL, "I am Bob.")  # whom he has written to may know
    return bob


def send(lab, *mails):
    for mail in mails:
        lab.submit(mail, mail["From"].partition("@")[0])


def settle(lab, *people):
    lab.settled(*people)
    for person in people:
        tap.eventually(lambda: not store.query(person.profile, BOB, "SELECT 1 FROM chores"), "nothing left to be told")


@tap.case("Bob sees a message: one receipt, as RFC 8098 has it; before he looks, and for what may not be answered, none")
def conditions():
    with Lab(users=("alice", "bob", "carol", "dave")) as lab:
        bob, carol, dave = bob_of(lab), lab.mailbox("carol"), lab.mailbox("dave")
        good = asking(CAROL, "Good.")
        send(lab, good)
        bob.hears(CAROL, "Good.")
        bob.do(do="idle", account=BOB, seconds=600)
        bob.looks_at(CAROL)
        bad = [asking(CAROL, "Somebody else asks.", to=DAVE), asking(CAROL, "Two ask.", to=f"{CAROL}, {DAVE}"),
               asking(CAROL, "A machine asks.", Auto_Submitted="auto-generated"), asking(CAROL, "Bulk.", Precedence="bulk"),
               asking(CAROL, "A list.", List_Unsubscribe="<mailto:no@example.org>"), asking(DAVE, "A stranger asks."),
               asking(CAROL, "Nobody asks.", to=None, Disposition_Notification_To=None)]
        send(lab, *bad)
        foreign = asking(CAROL, "From elsewhere.")
        lab.deliver(foreign.as_bytes(policy=foreign.policy.clone(linesep="\r\n")), "bounces@lists.example.net", [BOB])
        for mail in [*bad, foreign]:
            bob.hears(mail["From"], mail.get_content().strip())
        tap.same(told(carol), [], "receipts while he is away")
        bob.do(do="idle", account=BOB, seconds=0)
        tap.eventually(lambda: told(carol), "the receipt is there")
        bob.looks_at(DAVE)
        settle(lab, bob)
        tap.same(told(carol), [good["Message-ID"]], "messages that are said to be read")
        header, fields = receipts(carol)[0]
        tap.same((header["from"], header["to"], header["auto-submitted"], header["chat-version"]), ([BOB], [CAROL], ["auto-replied"], ["1.0"]),
                 "header of the receipt")
        tap.require(header["message-id"][0].startswith("<chat$") and good["Message-ID"] in header["references"][0], "chat and thread")
        tap.same(header["return-path"], ["<>"], "envelope sender")
        tap.same(fields["final-recipient"], [f"rfc822; {BOB}"], "who has read it")
        tap.require("autocrypt" not in header and "$MDNSent" in lab.mailbox("bob").flags()[0], "claimed by the keyword")

        tap.same(told(dave), [], "receipts for a stranger")
        bob.says(DAVE, "Now you know me.")
        tap.eventually(lambda: told(dave), "answered, he may know")
        bob.says(CAROL, "Yes.")
        settle(lab, bob)
        tap.same(told(carol), [good["Message-ID"]], "still one")
        lab.leave(bob)


def devices(lab, *names, **options):
    return [lab.client("bob", profile=lab.profile(f"bob-{name}"), options={"send_receipts": "seen", **options}).login() for name in names]


def seen_by_several(count, **lab_options):
    """All of Bob's devices show and see each message at once; one receipt leaves for each."""
    with Lab(users=("bob", "carol"), **lab_options) as lab:
        everywhere, carol = devices(lab, *range(count)), lab.mailbox("carol")
        everywhere[0].says(CAROL, "I am Bob.")
        lab.settled(everywhere[0])
        for one in everywhere:
            one.do(do="buddy-add", account=BOB, who=CAROL)
            one.looks_at(CAROL)
        mails = [asking(CAROL, f"Message {n}.") for n in range(4)]
        for mail in mails:
            send(lab, mail)
            for one in everywhere:
                one.hears(CAROL, mail.get_content().strip())
        tap.eventually(lambda: len(told(carol)) >= len(mails), "a receipt for each")
        settle(lab, *everywhere)
        tap.same(sorted(told(carol)), sorted(mail["Message-ID"] for mail in mails), "one receipt for each")
        return [lab.rawlog("bob")] if lab.rawlogs else None


@tap.case("three devices see each message: one receipt for each, claimed by STORE UNCHANGEDSINCE")
def three_devices():
    log = "".join(seen_by_several(3, rawlog=True)[0])
    tap.require("UNCHANGEDSINCE" in log and "+FLAGS.SILENT (\\Seen $MDNSent)" in log, "the claim is one conditional STORE")


@tap.case("with CONDSTORE and without: a receipt leaves, and none for what was read elsewhere")
def read_elsewhere():
    for without in (["CONDSTORE"], []):
        with Lab(users=("bob", "carol"), capabilities_without=without, rawlog=True) as lab:
            bob, carol, box = bob_of(lab), lab.mailbox("carol"), lab.mailbox("bob")
            first, second = asking(CAROL, "One."), asking(CAROL, "Two.")
            send(lab, first)
            bob.hears(CAROL, "One.")
            send(lab, second)
            bob.hears(CAROL, "Two.")
            box.select("INBOX", readonly=False)
            box.imap.uid("STORE", "2", "+FLAGS.SILENT", "(\\Seen)")  # in a mail program
            bob.looks_at(CAROL)
            tap.eventually(lambda: told(carol), "the receipt is there")
            settle(lab, bob)
            tap.same(told(carol), [first["Message-ID"]], "messages that are said to be read")
            if without:
                tap.require("UNCHANGEDSINCE" not in "".join(lab.rawlog("bob")), "no condition where the server knows none")
            lab.leave(bob)


@tap.case("send_receipts: at an answer, and not before; never")
def modes():
    with Lab(users=("alice", "bob", "carol")) as lab:
        bob, carol = bob_of(lab, "reply"), lab.mailbox("carol")
        mail = asking(CAROL, "Answer me!")
        send(lab, mail)
        bob.hears(CAROL, "Answer me!")
        bob.looks_at(CAROL)
        box = lab.mailbox("bob")
        tap.eventually(lambda: "\\Seen" in box.flags()[0], "it is read")
        settle(lab, bob)
        tap.same(told(carol), [], "receipts before the answer")
        bob.says(CAROL, "Here I am.")
        tap.eventually(lambda: told(carol), "with the answer, the receipt")
        bob.quit()

        bob = lab.client("bob", profile=lab.profile("bob-silent"), options={"send_receipts": "never"}).login()
        send(lab, asking(CAROL, "And now?"))
        bob.hears(CAROL, "And now?")
        bob.looks_at(CAROL)
        bob.says(CAROL, "Nothing.")
        settle(lab, bob)
        tap.same(len(told(carol)), 1, "receipts")


@tap.case("between two of us: Alice asks, sees Read once for a run, and the receipt is nothing that she is shown")
def between_us():
    with Lab() as lab:
        alice = lab.client("alice", options={"ask_receipts": "all", "delivery_receipts": True}).login()
        bob = lab.client("bob", options={"send_receipts": "seen"}).login()
        bob.says(alice, "Hello.")
        alice.hears(bob, "Hello.")
        for text in ("One.", "Two.", "Three."):
            alice.says(bob, text)
            bob.hears(alice, text)
        mail = lab.mailbox("bob").mails()[0]
        tap.same([mail[name.replace("_", "-")] for name in NAMES], [alice.address] * 2, "both headers")
        for _ in range(3):
            alice.expect("signal", name="coi-message-state", state="delivered")
        bob.looks_at(alice)
        for _ in range(3):
            alice.expect("signal", name="coi-message-state", state="read")
        alice.is_told("^Read ", bob)
        tap.require("status=sent" in lab.log("postfix"), "the log is there")
        lab.leave(alice, bob)


tap.run()
