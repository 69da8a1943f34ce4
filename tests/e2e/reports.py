#!/usr/bin/python3
"""What others' programs and servers tell Alice of her messages: receipts and delivery reports, true ones and forged ones."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import store
import tap
from lab import Lab

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.org"


def report(sender, kind, fields, original=None, **headers):
    """A multipart/report: kind "disposition-notification" or "delivery-status", its fields, the mail's id in a third part."""
    parts = ["Content-Type: text/plain\n\nA report.\n", f"Content-Type: message/{kind}\n\n{fields}\n"]
    if original:
        parts.append(f"Content-Type: text/rfc822-headers\n\nMessage-ID: {original}\n")
    lines = [f"From: {sender}", f"To: {ALICE}", "Subject: A report", "Date: Tue, 24 Nov 2026 10:00:00 +0000",
             f"Message-ID: <{abs(hash((sender, fields, original))):x}@reports.example>", "MIME-Version: 1.0",
             f"Content-Type: multipart/report; report-type={kind}; boundary=x",
             *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    body = "".join(f"\n--x\n{part}" for part in parts)
    return ("\n".join(lines) + "\n" + body + "\n--x--\n").encode()


def mdn(sender, about, disposition="displayed", **headers):
    return report(sender, "disposition-notification", f"Final-Recipient: rfc822;{sender}\nOriginal-Message-ID: {about}\n"
                  f"Disposition: manual-action/MDN-sent-manually; {disposition}", **headers)


def dsn(recipient, about, action, status, words):
    return report("MAILER-DAEMON@mx.example.net", "delivery-status",
                  f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\n"
                  f"Status: {status}\nDiagnostic-Code: smtp; {words}", about)


def arrives(lab, raw, sender=None):
    """Receipts come from people here, delivery reports from <>, as they do."""
    lab.deliver(raw, sender if sender is not None else "" if b"delivery-status" in raw else "someone@example.net", [ALICE])


def last_id(alice):
    return f"<{store.outbox(alice.profile, ALICE)[-1]['message_id']}>"


def state(alice, about, word, timeout=15):
    return alice.expect("signal", name="coi-message-state", message_id=about[1:-1], state=word, timeout=timeout)


def nothing_of_it(lab, alice, mark):
    """Behind a mail that is shown nothing else is on its way."""
    lab.deliver(mailclient.compose(BOB, ALICE, mark, Chat_Version="1.0"))
    alice.hears(BOB, mark)
    alice.sync()


@tap.case("Bob's receipt: read, said once; delivered before; forged ones, of other people and about other mail, change nothing")
def receipts():
    with Lab() as lab:
        alice, box = lab.client("alice", options={"send_receipts": "seen"}).login(), lab.mailbox("alice")
        alice.says(BOB, "One.")
        alice.says(BOB, "Two.")
        one, two = (f"<{mail['message_id']}>" for mail in store.outbox(alice.profile, ALICE))
        tap.eventually(lambda: len(alice.seen("signal", state="sent")) == 2, "both are sent")

        arrives(lab, mdn(CAROL, two))
        arrives(lab, mdn(BOB, "<unknown@example.org>"))
        arrives(lab, mdn(BOB, two, "deleted"))
        arrives(lab, dsn(BOB, "<unknown@example.org>", "failed", "5.1.1", "550 backscatter"))
        arrives(lab, dsn(BOB, two, "relayed", "2.0.0", "250 ok"))
        arrives(lab, dsn(BOB, two, "failed", "5.1.1", "550 a person says so"), "mallory@example.net")
        arrives(lab, dsn("forwarded@example.net", two, "delivered", "2.0.0", "250 ok"))
        arrives(lab, dsn(BOB, two, "delivered", "2.0.0", "250 ok"))
        state(alice, two, "delivered")
        alice.do(do="command", account=ALICE, to=BOB, text="receipt")
        alice.is_told("is in the mailbox of", BOB)

        arrives(lab, mdn(BOB, one, Disposition_Notification_To=BOB, Chat_Version="1.0"))
        state(alice, one, "read")
        arrives(lab, mdn(BOB, two))
        state(alice, two, "read")
        alice.is_told("^Read ", BOB)
        arrives(lab, mdn(BOB, two) + b"again")
        arrives(lab, dsn(BOB, two, "failed", "5.1.1", "550 forged"))
        nothing_of_it(lab, alice, "Three.")
        tap.require(not alice.seen("signal", where=lambda it: it["state"] in ("failed", "read", "delivered")), "no further state")
        alice.do(do="command", account=ALICE, to=BOB, text="receipt")
        alice.is_told("has read your latest message", BOB)

        alice.looks_at(BOB)
        alice.says(BOB, "Four.")
        tap.same(store.query(alice.profile, ALICE, "SELECT 1 FROM outbox WHERE conversation LIKE 'receipt:%'"), [], "receipts for receipts")
        known = store.query(alice.profile, ALICE, "SELECT show, seen, expires - internal_date AS kept FROM messages WHERE sender <> ?"
                            " AND text IS NULL", ALICE)
        tap.require(known and all(row["show"] == 0 and row["seen"] for row in known), f"reports are never shown: {known}")
        tap.eventually(lambda: sum("\\Seen" in flags for flags in box.flags()) >= len(known), "reports are read on the server")
        lab.leave(alice)


@tap.case("a bounce is said where the message stands, with the reason in words, and stays; a delay is said, too")
def failures():
    with Lab() as lab:
        alice, box = lab.client("alice").login(), lab.mailbox("alice")
        alice.says(BOB, "Slow.")
        slow = last_id(alice)
        state(alice, slow, "sent")
        arrives(lab, dsn(BOB, slow, "delayed", "4.4.1", "connect to mail.example.net: Connection refused"))
        alice.is_told("“Slow.” has not been delivered yet.*Connection refused", BOB)
        letter = pathlib.Path(__file__).parent.parent.joinpath("samples/reports/letter-qmail.eml").read_bytes()
        letter = letter.replace(b"<chat$4f1d2c3b@example.org>", slow.encode()).replace(b"bob@example.net", BOB.encode())
        lab.deliver(letter, "", [ALICE])
        alice.is_told("“Slow.” came back.*no mailbox here by that name.*Check the address", BOB)
        state(alice, slow, "failed")

        alice.says(BOB, "To a forwarder.")
        forwarded = last_id(alice)
        state(alice, forwarded, "sent")
        arrives(lab, dsn("bob@elsewhere.example", forwarded, "failed", "5.2.2", "552 full"))
        alice.is_told("“To a forwarder.” came back.*552 full", BOB)

        alice.says("nobody@example.org", "Is anybody there?")
        alice.is_told("not delivered.*", "nobody@example.org")
        alice.do(do="command", account=ALICE, to=BOB, text="receipt")
        alice.is_told("was not delivered", BOB)
        kept = store.query(alice.profile, ALICE, "SELECT count(*) AS n FROM messages WHERE sender LIKE 'mailer-daemon%'"
                           " AND expires = 0 AND show = 0")[0]["n"]
        tap.require(kept >= 1, "the failure is kept")
        tap.require(len(box.uids()) >= 2, "and stays on the server")
        lab.leave(alice)


def of_another_device(text, message_id, **headers):
    """The copy of a message of Alice's that another device of hers has sent."""
    mail = mailclient.compose(ALICE, BOB, text, Message_ID=message_id, Chat_Version="1.0", **headers)
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


@tap.case("a receipt that comes before the message's own copy, or that names an id which only the server knows, is not lost")
def early():
    with Lab() as lab:
        alice, box = lab.client("alice").login(), lab.mailbox("alice")
        alice.says(BOB, "Sent here.")
        here = last_id(alice)
        state(alice, here, "sent")
        arrives(lab, mdn(BOB, "<late@example.org>", Chat_Version="1.0"))
        arrives(lab, mdn(BOB, "<servers-own@mx.example.org>"))
        arrives(lab, mdn(CAROL, "<not-to-her@example.org>"))
        nothing_of_it(lab, alice, "Behind them.")
        tap.require(not alice.seen("signal", state="read"), "nothing is known to be read yet")
        box.append(of_another_device("Sent there.", "<late@example.org>"), "Sent", "\\Seen")
        alice.expect("line", lambda one: one["text"] == "Sent there.", conversation=BOB)
        state(alice, "<late@example.org>", "read")
        alice.is_told("^Read ", BOB)
        box.append(of_another_device("Sent here.", "<servers-own@mx.example.org>", X_Microsoft_Original_Message_ID=here), "Sent", "\\Seen")
        state(alice, here, "read")
        box.append(of_another_device("Not to Carol.", "<not-to-her@example.org>"), "Sent", "\\Seen")
        alice.expect("line", lambda one: one["text"] == "Not to Carol.", conversation=BOB)
        alice.sync()
        tap.require(not alice.seen("signal", state="read"), "Carol can't have read it")
        lab.leave(alice)


tap.run()
