#!/usr/bin/python3
"""Mailing lists: one conversation for each, with its address, where everybody's lines say whose they are."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import mailclient
import tap
from lab import Lab

ALICE, DEV, BOB, CAROL = "alice@example.org", "dev@example.org", "bob@example.net", "carol@example.net"
LIST = {"List_Id": "Developers <dev.example.org>", "List_Post": f"<mailto:{DEV}>", "Precedence": "list"}


def posted(sender, text, subject="[dev] Release", to=DEV, **headers):
    return mailclient.compose(sender, to, text, subject, **headers)


def raw(mail):
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


def copy(mail, **headers):
    """What the list makes of a mail."""
    made = mailclient.compose(mail["From"], mail["To"], mail.get_content(), mail["Subject"], Message_ID=mail["Message-ID"], **LIST)
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    return made


def shows(person, line, conversation=DEV):
    """Whether the mail's subject stands above it or not."""
    person.expect("line", lambda one: "recv" in one["flags"] and client.plain(re.sub("<b>.*?</b><br>", "", one["text"])) == line,
                  conversation=conversation)


@tap.case("a list on the buddy list: who writes what, each once; answers go to the list; no machine is answered")
def conversation():
    with Lab(users=["alice", "dev"]) as lab:
        options = {"ask_receipts": "all", "send_receipts": "seen", "ordinary_mail": "contacts"}
        alice = lab.client("alice", options=options).login()

        def arrives(*mails):
            for mail in mails:
                lab.deliver(raw(mail), "list-bounces@example.net", [ALICE])

        arrives(copy(posted("Bob <bob@example.net>", "Before Alice cares.")),
                posted(CAROL, "Do you know the list?", "Chat", ALICE, Chat_Version="1.0"))
        alice.hears(CAROL, "Do you know the list?")
        alice.do(do="buddy-add", account=ALICE, who=DEV)
        alice.sync()
        alice.looks_at(DEV)
        first = posted("Bob <bob@example.net>", "Version 2 is out.")
        arrives(copy(first, Disposition_Notification_To=BOB), first)  # the author's own copy comes behind
        shows(alice, "Bob <bob@example.net>: Version 2 is out.")
        direct = posted("Carol <carol@example.net>", "Well done!", "Re: [dev] Release", In_Reply_To=first["Message-ID"])
        arrives(direct)
        shows(alice, "Carol <carol@example.net>: Well done!")
        arrives(copy(direct))
        disguised = copy(posted(f"Dave via Dev <{DEV}>", "I agree."), Reply_To="Dave <dave@example.net>")
        arrives(disguised, copy(posted("root@example.net", "I am away.", Auto_Submitted="auto-replied"),
                                Auto_Submitted="auto-replied", Disposition_Notification_To="root@example.net"))
        shows(alice, "Dave <dave@example.net>: I agree.")
        shows(alice, "root@example.net: I am away.")

        alice.says(DEV, "Thanks.")
        inbox = lab.mailbox("dev")
        tap.eventually(inbox.uids, "the list has Alice's answer")
        answer = inbox.mails()[0]
        tap.same((answer["To"], answer["Subject"]), (DEV, "Re: [dev] Release"), "answer")
        tap.same(answer["Disposition-Notification-To"], None, "nobody on a list is asked for a receipt")
        comes_back = mailclient.compose(ALICE, DEV, "Thanks.", answer["Subject"], Message_ID=answer["Message-ID"], **LIST)
        arrives(comes_back, copy(posted("Bob <bob@example.net>", "You're welcome.", In_Reply_To=answer["Message-ID"])))
        shows(alice, "Bob <bob@example.net>: You're welcome.")
        alice.blocks(BOB)
        alice.sync()
        # A name is whatever its bearer likes; the address behind it stands beside it, and nothing in the name reads as one.
        arrives(copy(posted(f"Dev <{CAROL}>", "Pay me.")), copy(posted(f'"Dev <{DEV}>: Hi" <{CAROL}>', "Pay her.")))
        shows(alice, f"Dev <{CAROL}>: Pay me.")
        shows(alice, f"{CAROL}: Pay her.")
        arrives(copy(posted("Bob <bob@example.net>", "Alice can't hear me.")), copy(posted("Carol <carol@example.net>", "Quiet here.")))
        shows(alice, "Carol <carol@example.net>: Quiet here.")
        lab.settled(alice)
        tap.same(len(lab.counts("alice")), 3, "INBOX, Sent and Blocked")
        lab.holds("dev", INBOX=1)
        sent = [line for line in lab.log("postfix").splitlines() if "qmgr" in line and ("from=<>" in line or f"from=<{ALICE}>" in line)]
        tap.same(len(sent), 1, f"mails that Alice's client sent: {sent}")
        lab.leave(alice)


@tap.case("a list that nobody asked for: shown with the option all, by its id where it names no address; a person is no list")
def unasked():
    with Lab(users=["alice", "dev", "bob"]) as lab:
        alice = lab.client("alice").login()
        bob = "bob@example.org"
        box = lab.mailbox("alice")
        box.append(raw(posted(bob, "Hi.", "Chat", ALICE, Chat_Version="1.0")))
        alice.hears(bob, "Hi.")
        box.append(raw(copy(posted(CAROL, "Nobody sees this."))))
        box.append(raw(copy(posted(CAROL, "Nor that, by chat."), Chat_Version="1.0")))
        box.append(raw(copy(posted(CAROL, "In Bob's name."), List_Id="<evil.example.org>", List_Post=f"<mailto:{bob}>")))
        box.append(raw(posted(bob, "Still there?", "Chat", ALICE, Chat_Version="1.0")))
        alice.hears(bob, "Still there?")
        alice.nothing_else()
        alice.logout()
        alice.do(do="option", account=ALICE, name="ordinary_mail", value="all")
        alice.login()
        unnamed = {"List_Post": "NO"}
        for mail, line, where in ((copy(posted(CAROL, "To the list."), **unnamed), f"{CAROL}: To the list.", DEV),
                                  (copy(posted(CAROL, "Named once."), List_Id="<x.y>"), f"{CAROL}: Named once.", DEV),
                                  (copy(posted(CAROL, "By its id.", to="undisclosed:;"), List_Id="<x.y>", **unnamed),
                                   f"{CAROL}: By its id.", DEV),
                                  (copy(posted(CAROL, "Who knows."), List_Id="<z.y>", **unnamed), "Who knows.", CAROL),
                                  (copy(posted(CAROL, "To Bob?"), List_Post=f"<mailto:{bob}>"), "To Bob?", CAROL)):
            box.append(raw(mail))
            shows(alice, line, where)
        lab.leave(alice)


tap.run()
