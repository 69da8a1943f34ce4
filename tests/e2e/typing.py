#!/usr/bin/python3
"""Typing mails of ours: never shown, never unread, and gone from the server after their time, unlike everything else."""
import email.utils
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import mailclient
import tap
from lab import Lab

BOB = "bob@example.org"


def typing(to, text, ahead):
    """A typing mail that expires so many seconds from now."""
    return mailclient.compose(BOB, to, text, Chat_Version="1.0", Chat_Content="purple-coi.typing; state=composing",
                              Auto_Submitted="auto-generated", Expires=email.utils.formatdate(time.time() + ahead))


def texts(box):
    """text → flags of what lies in INBOX and isn't about to be expunged."""
    return {mail.get_content().strip(): flags for mail, flags in zip(box.mails(), box.flags()) if "\\Deleted" not in flags}


def expires_alone(lab):
    alice, box = lab.client("alice").login(), lab.mailbox("alice")
    letter = mailclient.compose(BOB, alice.address, "a letter", Chat_Version="1.0",
                                Expires=email.utils.formatdate(time.time() - 3600))
    ignored = mailclient.compose(BOB, alice.address, "ignored", Chat_Version="1.0", Chat_Content="ignore",
                                 Expires=email.utils.formatdate(time.time() - 3600))
    for mail in (typing(alice.address, "lasts", 300), typing(alice.address, "expires", 6), ignored, letter):
        lab.deliver(mail)
    alice.hears(BOB, "a letter")
    tap.eventually(lambda: "\\Seen" in texts(box).get("lasts", ()), "\\Seen at once")
    tap.eventually(lambda: "expires" not in texts(box), "removed after its time", 20)
    alice.has_unseen(BOB, 1)
    alice.nothing_else()
    tap.same(sorted(texts(box)), ["a letter", "ignored", "lasts"], "INBOX")
    return alice, box


@tap.case("what expires while we are there, and what has expired while we were not")
def expires():
    with Lab() as lab:
        alice, box = expires_alone(lab)
        lab.settled(alice)
        alice.logout()
        box.append(typing(alice.address, "long over", -30).as_bytes())
        alice.login()
        tap.eventually(lambda: "long over" not in texts(box), "removed at login", 20)
        tap.same(sorted(texts(box)), ["a letter", "ignored", "lasts"], "INBOX")


@tap.case("where there is no UIDPLUS it is only marked")
def marked():
    with Lab(capabilities_without=["UIDPLUS"]) as lab:
        _, box = expires_alone(lab)
        tap.same(len(box.mails()), 4, "mails in INBOX, the marked one too")


tap.run()
