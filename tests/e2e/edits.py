#!/usr/bin/python3
"""Messages about other messages: edits, deletions, reactions. Nobody's line is changed by them; each is a line of its own."""
import pathlib
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import mailclient
import store
import tap
from lab import Lab

ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.org"
SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "samples" / "deltachat"
ASKED = " (The other side is asked to delete it, but may still have it.)"


def command(person, to, text):
    person.do(do="command", account=person.address, to=client.address_of(to), text=text)


def is_told_state(person, state, message_id):
    person.expect("signal", state=state, message_id=message_id)


def from_bob(text, sender=BOB, **headers):
    """A chat message of another program's."""
    return mailclient.compose(sender, ALICE, text, "Chat", Chat_Version="1.0", **headers)


def about(mail, content, text, **headers):
    """A request of the same author about one of his mails."""
    return from_bob(text, headers.pop("sender", mail["From"]), Chat_Content=content, In_Reply_To=mail["Message-ID"], **headers)


@tap.case("two devices of Alice's edit a message in turns, over a restart, and delete it; Bob is told each time")
def ours():
    with Lab(mailboxes=["COI/Chats"]) as lab:
        desk, phone = (lab.client("alice", profile=lab.profile(name), options={"filter": "active"}).login()
                       for name in ("desk", "phone"))
        bob = lab.client("bob").login()
        everybody = [(desk, phone), (phone, desk)]

        def said(writer, text, result):
            command(writer, bob, text)
            writer.echoed(bob, result)
            dict(everybody)[writer].echoed(bob, result)
            bob.hears(ALICE, result.replace(ASKED, ""))

        desk.says(bob, "See you at six.")
        bob.hears(ALICE, "See you at six.")
        phone.echoed(bob, "See you at six.")
        said(desk, "edit See you at seven, & not before.",
             "Edited: See you at seven, & not before. (before: “See you at six.”)")
        said(phone, "edit At eight.", "Edited: At eight. (before: “See you at seven, & not before.”)")
        lab.settled(desk)
        desk.again().login()
        said(desk, "edit At <b>nine</b>.", "Edited: At <b>nine</b>. (before: “At eight.”)")
        said(phone, "delete", "Deleted: “At <b>nine</b>.”" + ASKED)

        mails = lab.mailbox("bob").mails()
        ids = [mail["Message-ID"] for mail in mails]
        tap.same([mail["In-Reply-To"] for mail in mails], [None] + ids[:4], "each names the version before it")
        tap.same([mail["Chat-Content"] for mail in mails], [None] + ["editrequest"] * 3 + ["deleterequest"], "requests")
        tap.same([mail["Subject"] for mail in mails],
                 ["Chat: See you at six.", "Edited: See you at seven, & not before.", "Edited: At eight.",
                  "Edited: At <b>nine</b>.", "Chat: I have deleted a message that I sent to…"], "what a mail program lists")
        tap.same([mail.get_content().strip() for mail in mails],
                 ["See you at six.", "See you at seven, & not before.", "At eight.", "At <b>nine</b>.",
                  "I have deleted a message that I sent to you. Please take no notice of it."], "what a mail program shows")
        for person in (bob, phone):
            for state, message_id in zip(["edited"] * 3 + ["deleted"], ids):
                is_told_state(person, state, message_id.strip("<>"))

        for text in ("edit Too late.", "delete"):
            command(desk, bob, text)
            desk.is_told("no message of yours")
        tap.same(len(store.query(bob.profile, BOB, "SELECT id FROM messages WHERE text = 'See you at six.'")), 1,
                 "the first text, which Bob's store keeps")
        lab.leave(desk, phone, bob)


@tap.case("what Alice could not send is not asked to be changed: an edit goes as a message, a deletion goes nowhere")
def never_sent():
    with Lab(refusals=True) as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        lab.policy.refuse(BOB, "550 5.7.1 Not today")
        alice.says(bob, "Helo Bob.")
        alice.is_told("Not today")
        lab.policy.allow(BOB)
        command(alice, bob, "edit Hello Bob.")
        alice.echoed(bob, "Hello Bob.")
        bob.hears(alice, "Hello Bob.")
        lab.policy.refuse(BOB, "550 5.7.1 Not today")
        alice.says(bob, "I owe you money.")
        alice.is_told("Not today")
        command(alice, bob, "delete")
        alice.echoed(bob, "Deleted: “I owe you money.” (It had not been sent.)")
        lab.policy.allow(BOB)
        command(alice, bob, "retry")
        alice.is_told("no message here that waits")
        command(alice, bob, "edit Hello, Bob!")
        alice.echoed(bob, "Edited: Hello, Bob! (before: “Hello Bob.”)")
        bob.hears(alice, "Edited: Hello, Bob! (before: “Hello Bob.”)")
        lab.holds("bob", INBOX=2)
        lab.leave(alice, bob)


@tap.case("others' requests count where they are the author's own, in the conversation, about what is known; else they are messages")
def theirs():
    with Lab(users=["alice", "bob", "carol"], mailboxes=["COI/Chats"]) as lab:
        alice = lab.client("alice", options={"filter": "active", "ordinary_mail": "all"}).login()
        box, lines = lab.mailbox("alice"), []
        letter = mailclient.compose(BOB, ALICE, "The old plan\nis a long one, longer than what is quoted of a message that is long.",
                                    "Plan")
        lab.deliver(letter)
        alice.expect("line", lambda one: "The old plan" in client.plain(one["text"]), conversation=BOB)

        def arrives(mail, line=None, sender=BOB):
            box.append(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")))
            if line:
                lines.append((sender, line))
            return mail

        first = arrives(about(letter, "editrequest", "The new plan."),
                        "Edited: The new plan. (before: “The old plan is a long one, longer than what is quoted of a…”)")
        arrives(about(letter, "editrequest", "Carol's plan.", sender=CAROL), "Carol's plan.", CAROL)
        arrives(about(letter, "deleterequest", "Away with it!", sender=CAROL), "Away with it!", CAROL)
        second = arrives(about(first, "edit; foo=bar", "The newest plan."), "Edited: The newest plan. (before: “The new plan.”)")
        arrives(about(letter, "editrequest", "By the first id."),
                "Edited: By the first id. (before: “The old plan is a long one, longer than what is quoted of a…”)")
        arrives(about(second, "deleterequest", "gone"), "Deleted: “The newest plan.”")
        arrives(about(first, "editrequest", "Back again."), "Edited: Back again.")
        arrives(about(letter, "deleterequest", "gone for the second time"))
        unknown = from_bob("x")
        arrives(about(unknown, "editrequest", "Of a message nobody has."), "Of a message nobody has.")
        arrives(about(unknown, "deleterequest", "Please forget it."), "Please forget it.")
        other = arrives(from_bob("Away with this."), "Away with this.")
        arrives(about(other, "editrequest", ""), "Deleted: “Away with this.”")
        for sender, line in lines:
            alice.hears(sender, line)
        alice.expect("signal", state="deleted", message_id=other["Message-ID"].strip("<>"))
        told = [(one["state"], one["message_id"]) for one in alice.history if one["event"] == "signal"]
        tap.same(told, [(state, mail["Message-ID"].strip("<>")) for state, mail in
                        (("edited", letter), ("edited", first), ("edited", letter), ("deleted", second), ("edited", first),
                         ("deleted", other))], "what companions are told")

        # A device of ours, but to somebody else; and who only says so.
        alice.says(BOB, "To Bob.")
        inbox = lab.mailbox("bob")
        tap.eventually(inbox.uids, "Bob has the message")
        to_bob = inbox.mails()[0]
        stray = mailclient.compose(ALICE, CAROL, "To Carol.", "Chat", Chat_Version="1.0", Chat_Content="editrequest",
                                   In_Reply_To=to_bob["Message-ID"])
        box.append(stray.as_bytes(policy=stray.policy.clone(linesep="\r\n")), "COI/Chats", "\\Seen")
        alice.echoed(CAROL, "To Carol.")
        forged = mailclient.compose(ALICE, BOB, "I hate you.", "Chat", Chat_Version="1.0", Chat_Content="editrequest",
                                    In_Reply_To=to_bob["Message-ID"])
        lab.deliver(forged.as_bytes(policy=forged.policy.clone(linesep="\r\n")), BOB, [ALICE])
        alice.hears(BOB, "(says it is from you, which nothing proves) I hate you.")
        lab.leave(alice)


@tap.case("reactions and edits as Delta Chat writes them; what Delta Chat needs to understand Quinn's edit")
def delta_chat():
    with Lab(domain="example.net", users=["quinn"]) as lab:
        quinn = lab.client("quinn").login()
        pat = "pat@example.org"

        def arrives(name, line):
            lab.deliver((SAMPLES / f"plain-{name}.eml").read_bytes(), pat, [quinn.address])
            quinn.hears(pat, line)

        arrives("first", "Hello Quinn, plain first message")
        sent = mailclient.compose(quinn.address, pat, "Plain reply from Quinn", "Chat", Chat_Version="1.0",
                                  Message_ID="<83c3e737-8a6e-4caf-9041-fe9d4e5a37e8@localhost>")
        lab.mailbox("quinn").append(sent.as_bytes(policy=sent.policy.clone(linesep="\r\n")), "INBOX", "\\Seen")
        quinn.echoed(pat, "Plain reply from Quinn")
        arrives("reaction", "reacts with 👍 to “Plain reply from Quinn”")
        arrives("editbase", "edit me")
        arrives("edit", "Edited: edited text (before: “edit me”)")
        is_told_state(quinn, "edited", "d15baf4e-f4a0-4fb8-ab9d-1513df8f46dc@localhost")

        def answers(text, message_id):
            return mailclient.compose(pat, quinn.address, text, "Re: Message from Pat", Chat_Version="1.0", In_Reply_To=message_id,
                                      Message_ID=f"<{uuid.uuid4()}@localhost>")

        latest = answers("> Plain reply from\n> Quinn\n\nReally? > indeed.", "<83c3e737-8a6e-4caf-9041-fe9d4e5a37e8@localhost>")
        for mail, line in ((latest, "> Plain reply from Quinn\nReally? > indeed."),
                           (answers("> Really?\n\nYes, really.", latest["Message-ID"]), "Yes, really."),
                           (answers("> Never heard\n> <of>\n\nNor I.", "<nobody@has.this>"), "> Never heard <of>\nNor I."),
                           (answers("> only a quote", "<nobody@has.this>"), "> only a quote")):
            lab.deliver(mail)
            quinn.hears(pat, line)

        quinn.says(pat, "frist")
        for old, new in (("frist", "first"), ("first", "First!")):
            command(quinn, pat, f"edit {new}")
            quinn.echoed(pat, f"Edited: {new} (before: “{old}”)")
        mails = [store.query(quinn.profile, quinn.address, "SELECT message_id FROM messages WHERE kind = 1 ORDER BY id"),
                 store.query(quinn.profile, quinn.address, "SELECT bytes FROM mails ORDER BY id")]
        first = mails[0][0]["message_id"]
        last = mails[1][-1]["bytes"].decode()
        head, _, body = last.partition("\r\n\r\n")
        tap.require("Content-Type: multipart/mixed" in head and f"Chat-Edit: <{first}>\r\nContent-Type: text/plain" in
                    body.replace("\r\n ", " "), f"the first version's id in the first part:\n{last}")
        tap.require(f"In-Reply-To: <{mails[0][1]['message_id']}>" in head.replace("\r\n ", " "),
                    f"the last version's id in the header:\n{last}")
        tap.require("Chat-Content: editrequest" in head, f"COI's own request:\n{last}")
        quinn.forget()


tap.run()
