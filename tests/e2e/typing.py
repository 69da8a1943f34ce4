#!/usr/bin/python3
"""Typing mails: never shown, never unread, and gone from the server after their time, unlike everything else."""
import email.utils
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import refuser
import store
import tap
from lab import Lab

ALICE, BOB = "alice@example.org", "bob@example.org"
WEEK = 7 * 86400


def typing(text, ahead, value="purple-coi.typing; state=composing", **headers):
    """A typing mail of Bob's that expires so many seconds from now."""
    return mailclient.compose(BOB, ALICE, text, Chat_Version="1.0", Chat_Content=value, Auto_Submitted="auto-generated",
                              Expires=email.utils.formatdate(time.time() + ahead), **headers)


def letter(text, **headers):
    return mailclient.compose(BOB, ALICE, text, Chat_Version="1.0", **headers)


def receipt(text):
    """A receipt of Bob's for a message that nobody knows."""
    mail = letter(text)
    mail.replace_header("Content-Type", 'multipart/report; report-type=disposition-notification; boundary="x"')
    mail.replace_header("Content-Transfer-Encoding", "7bit")
    mail.set_payload(f"--x\n\n{text}\n\n--x\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;{BOB}\n"
                     "Original-Message-ID: <unknown@example.org>\n"
                     "Disposition: manual-action/MDN-sent-manually; displayed\n\n--x--\n")
    return mail


def texts(box, folder="INBOX"):
    """text → flags of what lies in the folder and isn't about to be expunged."""
    found = {}
    for mail, flags in zip(box.mails(folder), box.flags(folder)):
        if "\\Deleted" not in flags:
            part = next(one for one in mail.walk() if not one.is_multipart())
            found[part.get_content().strip()] = flags
    return found


def machine_rows(person):
    return [row["message_id"] for row in store.query(person.profile, person.address, "SELECT message_id FROM messages WHERE expires <> 0")]


def arrive(lab, box, alice):
    """What must stay and what must go."""
    same = letter("the real one")
    forged = typing("forged before", 5)
    forged.replace_header("Message-ID", same["Message-ID"])
    stays = [letter("a letter", Expires=email.utils.formatdate(time.time() - 3600)),
             mailclient.compose(BOB, ALICE, "ignored", Chat_Version="1.0", Chat_Content="ignore",
                                Expires=email.utils.formatdate(time.time() - 3600)),
             typing("of a later version", -9, "purple-coi.dance"), typing("lasts", 300)]
    for mail in (*stays, typing("expires", 5), typing("no date", 5, Date="never"), forged):
        lab.deliver(mail)
    alice.hears(BOB, "a letter")
    tap.eventually(lambda: "forged before" in texts(box), "delivered")
    lab.deliver(same)
    alice.hears(BOB, "the real one")
    return same


def goes(box, *gone):
    tap.eventually(lambda: not set(gone) & set(texts(box)), f"removed after its time: {gone}", 20)


STAYS = ["a letter", "ignored", "lasts", "of a later version", "the real one"]


@tap.case("what expires while we are there, and what has expired while we were not; on two devices")
def expires():
    with Lab() as lab:
        alice, phone = lab.client("alice").login(), lab.client("alice", profile=lab.profile("phone")).login()
        box = lab.mailbox("alice")
        same = arrive(lab, box, alice)
        tap.eventually(lambda: "\\Seen" in texts(box).get("lasts", ()), "\\Seen at once")
        tap.same("\\Seen" in texts(box)["of a later version"], True, "\\Seen of what a later version means")
        alice.has_unseen(BOB, 2)
        goes(box, "expires", "no date", "forged before")
        again = typing("forged after", 1, Message_ID=same["Message-ID"])
        lab.deliver(again)
        tap.eventually(lambda: "forged after" in texts(box), "delivered")
        goes(box, "forged after")
        tap.same(sorted(texts(box)), STAYS, "INBOX")
        for device in (alice, phone):
            lab.settled(device)
            tap.eventually(lambda: len(machine_rows(device)) == 1, "only what lasts is remembered")
        phone.hears(BOB, "a letter"), phone.hears(BOB, "the real one")
        phone.nothing_else()
        alice.logout()
        phone.logout()
        away(lab, box, alice)


def away(lab, box, alice):
    """What came while nobody was there; then what takes the id of a receipt that is gone."""
    twin = letter("a twin", Message_ID="<twin@example.org>")
    box.append(typing("long over", -90).as_bytes(), when=time.time() - 150)
    box.append(letter("a real one").as_bytes())
    old = receipt("an old receipt")
    old.replace_header("Message-ID", "<twin@example.org>")
    box.append(old.as_bytes(), when=time.time() - WEEK - 5)
    box.append(receipt("a receipt").as_bytes(), when=time.time() - WEEK + 3600)
    alice.login()
    alice.hears(BOB, "a real one")
    lab.deliver(twin)
    alice.hears(BOB, "a twin")
    goes(box, "long over", "an old receipt")
    tap.same(sorted(texts(box)), sorted([*STAYS, "a receipt", "a real one", "a twin"]), "INBOX")
    tap.eventually(lambda: len(machine_rows(alice)) == 2, "only what lasts is remembered")
    alice.nothing_else()


@tap.case("where there is no UIDPLUS it is only marked; a server that refuses is asked more and more rarely, and the rest goes on")
def marked():
    with Lab(capabilities_without=["UIDPLUS"], cleartext=True) as lab:
        server, box = refuser.Refuser(lab.ports["imap"]), lab.mailbox("alice")
        alice = lab.client("alice", security="none", imap=server.port).login()
        server.refuse(r"UID STORE .*Deleted", "NO [INUSE] Not now")
        arrive(lab, box, alice)
        tap.eventually(lambda: server.refused > 1, "refused, and asked again", 20)
        lab.deliver(typing("while it is refused", 300))
        tap.eventually(lambda: "\\Seen" in texts(box).get("while it is refused", ()), "\\Seen all the same")
        tap.require(server.refused <= 5, f"asked {server.refused} times")
        server.relent()
        goes(box, "expires", "no date", "forged before")
        tap.same(sorted(texts(box)), sorted([*STAYS, "while it is refused"]), "INBOX")
        tap.same(len(box.mails()), len(STAYS) + 4, "mails in INBOX, marked ones too")
        alice.nothing_else()


tap.run()
