#!/usr/bin/python3
"""Who is writing: told to those who want to know, and to nobody else. Typing mails are never shown, never unread, and gone from the server
after their time, unlike everything else."""
import email.utils
import pathlib
import re
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


def typing(text, ahead, value="purple-coi.typing; state=composing", sender=BOB, to=ALICE, **headers):
    """A typing mail that expires so many seconds from now."""
    headers.setdefault("Expires", email.utils.formatdate(time.time() + ahead))
    return mailclient.compose(sender, to, text, Chat_Version="1.0", Chat_Content=value, Auto_Submitted="auto-generated", **headers)


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


CHATS, MALLORY = "COI/Chats", "mallory@example.net"
ACTIVE = {"filter": "active"}
MALFORMED = ["purple-coi.typing", "purple-coi.typing;", "purple-coi.typing; state", "purple-coi.typing; state=", "purple-coi.typing; state=dances",
             "purple-coi.typing ;;=;; state==composing", 'purple-coi.typing; state="composing', "purple-coi.typing; state=composing2",
             "purple-coi.typing2; state=composing", "PURPLE-COI.; state=composing"]


def sent_to(lab, address):
    """How many mails the server has delivered to somebody."""
    return len(re.findall(rf"to=<{re.escape(address)}>.*status=sent", lab.log("postfix")))


def stays(count, of, what, seconds=2):
    """Nothing more comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        tap.same(of(), count, what)
        time.sleep(0.1)


def typing_mails(box, folder=CHATS):
    return [(mail, flags) for mail, flags in zip(box.mails(folder), box.flags(folder)) if mail["Chat-Content"]]


def looks_right(mail, flags):
    tap.same(mail["Chat-Content"], "purple-coi.typing; state=composing", "Chat-Content")
    tap.same(mail["Auto-Submitted"], "auto-generated", "Auto-Submitted")
    date, expires = (email.utils.parsedate_to_datetime(mail[name]) for name in ("Date", "Expires"))
    tap.same((expires - date).total_seconds(), 60, "seconds until it expires")
    tap.same([name for name in mail.keys() if "Disposition-Notification" in name], [], "receipts asked for")
    tap.same(mail["Return-Path"], "<>", "Return-Path")
    tap.require("\\Seen" in flags, f"flags {flags}")
    tap.require("writing" in mail.get_content(), "a text for people")


def makes_friends(alice, *bobs):
    """Everybody learns what the other's program can do."""
    bobs[0].says(alice, "Hello Alice")
    alice.hears(bobs[0], "Hello Alice")
    alice.says(bobs[0], "Hello Bob")
    for bob in bobs:
        bob.hears(alice, "Hello Bob")


def one_way(lab, alice, desk, phone, box):
    """Alice writes, and both devices of Bob's show it: one mail, whatever her client says meanwhile. When it was sent."""
    before = sent_to(lab, BOB)
    tap.same(alice.typing(BOB), 25, "seconds until it is to be told again")
    for device in (desk, phone):
        device.sees_typing(ALICE)
    begun = time.monotonic()
    tap.eventually(lambda: [1 for _, flags in typing_mails(box) if "\\Seen" in flags], "\\Seen at once")
    looks_right(*typing_mails(box)[0])
    for state in ("typed", "typing", "stopped", "typing"):
        alice.typing(BOB, state)
    alice.says(desk, "What I wrote")
    alice.typing(BOB, "stopped")
    for device in (desk, phone):
        device.sees_typing(ALICE, "stopped")
        device.hears(ALICE, "What I wrote")
    stays(before + 2, lambda: sent_to(lab, BOB), "mails to Bob: one that she writes, one message, nothing that she has stopped", 4)
    return begun


def nobody_else(lab, alice, box):
    """Who can't take it learns nothing, and Alice keeps no copy."""
    before = sent_to(lab, "carol@example.org")
    carols = mailclient.compose("carol@example.org", ALICE, "Hello from a mail program", Chat_Version="1.0")
    lab.deliver(carols)
    alice.hears("carol@example.org", "Hello from a mail program")
    alice.typing("carol@example.org"), alice.typing("dave@example.org")
    stays(before, lambda: sent_to(lab, "carol@example.org") + sent_to(lab, "dave@example.org"), "mails to Carol and Dave")
    tap.same(typing_mails(lab.mailbox("alice")), [], "typing mails in Alice's mailbox")
    tap.same(box.mails(), [], "Bob's INBOX")


def received(lab, desk, phone, box):
    """What comes by hand."""
    lab.deliver(typing("pauses", 60, "purple-coi.typing; state=PAUSED", ALICE, BOB))
    for device in (desk, phone):
        device.sees_typing(ALICE, "typed")
    lab.deliver(typing("goes on", 60, 'purple-coi.typing;x=y; State="composing"', ALICE, BOB, Expires="never"))
    lab.deliver(typing("gave up", 4, "purple-coi.typing; state=done", ALICE, BOB))
    for device in (desk, phone):
        device.sees_typing(ALICE)
        device.sees_typing(ALICE, "stopped")
    for number, value in enumerate(MALFORMED):
        lab.deliver(typing(f"malformed {number}", 5, value, ALICE, BOB))
    for device in (desk, phone):
        device.blocks(MALLORY)
        device.sync()
    lab.deliver(typing("of somebody blocked", 5, sender=MALLORY, to=BOB))
    box.append(typing("stale", 60, sender=ALICE, to=BOB).as_bytes(), CHATS, when=time.time() - 90)
    box.append(typing("our own", 5, sender=BOB, to=ALICE).as_bytes(), CHATS)
    lab.deliver(mailclient.compose(ALICE, BOB, "Last", Chat_Version="1.0; typing=1"))
    for device in (desk, phone):
        device.hears(ALICE, "Last")
        device.sync()
        tap.same(device.seen("typing"), [], "shown as typing")


def goes_from_chats(box):
    tap.eventually(lambda: not {"gave up", "malformed 0", "malformed 7", "our own"} & set(texts(box, CHATS)), "removed after its time", 20)
    tap.same(set(box.counts()), {CHATS}, "Bob's mailboxes with anything in it")


def again(alice):
    """A new login knows nothing of the 25 seconds."""
    alice.logout()
    alice.login()


def limits(lab, alice, desk):
    """Nothing goes to a mailbox that would ring, nothing beyond a day's budget, nothing from who is invisible."""
    def tells(count, what):
        before = sent_to(lab, BOB)
        alice.typing(BOB)
        if count:
            tap.eventually(lambda: sent_to(lab, BOB) == before + count, what)
        else:
            stays(before, lambda: sent_to(lab, BOB), what, 1)

    lab.coi.switch(BOB, "seen")
    again(desk)
    desk.says(alice, "My inbox would ring")
    alice.hears(desk, "My inbox would ring")
    again(alice)
    tells(0, "mails to Bob, whose filter is not active")
    lab.coi.switch(BOB, "active")
    again(desk)
    desk.says(alice, "Mine no more")
    alice.hears(desk, "Mine no more")
    alice.do(do="status", invisible=True)
    tells(0, "mails to Bob from Alice who is invisible")
    alice.do(do="status")
    tells(1, "mails to Bob")
    again(alice)
    before = sent_to(lab, BOB)
    lab.stop("postfix")
    alice.typing(BOB)
    alice.types(BOB, "The server is back")
    alice.is_told("will be sent when")
    lab.start("postfix")
    desk.hears(ALICE, "The server is back", timeout=30)
    stays(before + 1, lambda: sent_to(lab, BOB), "mails to Bob: the message, nothing that had found no server", 1)
    lab.settled(alice)
    alice.quit()
    store.change(alice.profile, ALICE, "UPDATE facts SET value = substr(value, 1, instr(value, ' ')) || '100 100' WHERE key = 'automatic-mail'")
    alice.start().login()
    tells(0, "mails to Bob after the day's budget")


@tap.case("Alice writes: two devices of Bob's show it, one mail in 25 s, none to others; nothing is left of it")
def both_ways():
    with Lab(users=("alice", "bob", "carol", "dave"), coi=True, coi_enabled="active") as lab:
        alice, desk = lab.client("alice", options=ACTIVE).login(), lab.client("bob", options=ACTIVE).login()
        phone, box = lab.client("bob", options=ACTIVE, profile=lab.profile("phone")).login(), lab.mailbox("bob")
        makes_friends(alice, desk, phone)
        begun = one_way(lab, alice, desk, phone, box)
        nobody_else(lab, alice, box)
        received(lab, desk, phone, box)
        before = sent_to(lab, BOB)
        while time.monotonic() < begun + 24:
            alice.typing(BOB)
            time.sleep(0.5)
        tap.same(sent_to(lab, BOB), before, "mails to Bob within 24 s of the first")
        tap.eventually(lambda: alice.typing(BOB) and sent_to(lab, BOB) == before + 1, "she still writes")
        alice.typing(BOB, "stopped")
        for device in (desk, phone):
            device.sees_typing(ALICE)
            device.sees_typing(ALICE, "stopped")
        tap.same(sent_to(lab, BOB), before + 2, "mails to Bob: that she writes, that she has stopped")
        goes_from_chats(box)
        phone.logout()
        limits(lab, alice, desk)
        for person in (alice, desk, phone):
            person.nothing_else(lambda one: one["event"] == "line" and "send" in one["flags"])


tap.run()
