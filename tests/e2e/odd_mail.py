#!/usr/bin/python3
"""Mails that are whole in an unusual way, and mailboxes in which other programs work."""
import email.mime.application
import email.mime.multipart
import email.mime.text
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import tap
from lab import Lab

OLD = "from x by y; Mon, 01 Jan 2018 10:00:00 +0000"


@tap.case("a mail whose subject says it all, and one with its text behind a large attachment")
def subject_only():
    with Lab() as lab:
        alice = lab.client("alice").login()
        alice.do(do="buddy-add", account=alice.address, who="bob@example.org")
        alice.sync()
        lab.submit(mailclient.compose("bob@example.org", alice.address, "", subject="Train is late"), "bob")
        alice.hears("bob@example.org", "Train is late")
        mail = email.mime.multipart.MIMEMultipart()
        mail["From"], mail["To"], mail["Subject"] = "bob@example.org", alice.address, "photo"
        mail["Message-ID"], mail["Date"] = "<big1@example.org>", "Mon, 01 Jan 2024 10:00:00 +0000"
        photo = email.mime.application.MIMEApplication(os.urandom(300000))
        photo.add_header("Content-Disposition", "attachment", filename="p.jpg")
        mail.attach(photo)
        mail.attach(email.mime.text.MIMEText("text behind it"))
        lab.deliver(mail.as_bytes(), "bob@example.org", [alice.address])
        alice.hears("bob@example.org", "photo\n[p.jpg]\n[…]")


@tap.case("what another program moves into INBOX is no news when it is old and read")
def moved_in():
    with Lab() as lab:
        alice = lab.client("alice").login()
        box = lab.mailbox("alice")
        for n in range(3):
            mail = mailclient.compose("dave@example.net", alice.address, f"old {n}", Chat_Version="1.0", Received=OLD)
            box.append(mail.as_bytes(), "INBOX", r"\Seen", 1514800000)
        lab.deliver(mailclient.compose("dave@example.net", alice.address, "new", Chat_Version="1.0"))
        alice.hears("dave@example.net", "new")
        alice.nothing_else()


@tap.case("what says it is from Alice and went through the mail is shown where it belongs, but not as hers")
def not_proven():
    with Lab() as lab:
        alice = lab.client("alice").login()
        mail = mailclient.compose(alice.address, "bob@example.org", "from my other program", Chat_Version="1.0")
        mail["Cc"] = alice.address
        lab.deliver(mail, alice.address, [alice.address])
        line = alice.expect("line", where=lambda e: "from my other program" in e["text"])
        tap.same(line["conversation"], "bob@example.org", "conversation")
        tap.require("send" not in line["flags"] and "nothing proves" in line["text"], f"{line}")


@tap.case("a chat folder that appears later is followed")
def chats_appear():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        box = lab.mailbox("alice")
        box.create("COI/Chats")
        alice.says(bob, "Now there is one.")
        bob.hears(alice, "Now there is one.")
        lab.settled(alice)
        mail = mailclient.compose("erin@example.net", alice.address, "by way of Chats", Chat_Version="1.0", Received=OLD)
        box.append(mail.as_bytes(), "COI/Chats")
        alice.hears("erin@example.net", "by way of Chats")


tap.run()
