#!/usr/bin/python3
"""Our users and people with ordinary mail programs."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import mailclient
import tap
from lab import Lab

ALICE, CAROL, DAVE = "alice@example.org", "carol@example.org", "dave@example.org"


def answer(mail, text, sender):
    """What a mail program makes of "Reply"."""
    quoted = "\n".join("> " + line for line in mail.get_content().strip().splitlines())
    return mailclient.compose(sender, ALICE, f"{text}\n\nOn some day, Alice wrote:\n{quoted}\n", f"Re: {mail['Subject']}",
                              In_Reply_To=mail["Message-ID"], References=f"{mail['References']} {mail['Message-ID']}")


def chat_with_a_mail_program(security):
    with Lab(users=["alice", "carol"]) as lab:
        alice = lab.client("alice", security=security).login()
        inbox = lab.mailbox("carol")

        alice.says(CAROL, "Lunch at noon?")
        tap.eventually(inbox.uids, "Carol's mail program finds Alice's mail")
        first = inbox.mails()[0]
        tap.same(first.get_content().strip(), "Lunch at noon?", "text that Carol reads")
        tap.same(first["Subject"], "Chat: Lunch at noon?", "subject that Carol reads")
        tap.same(first["From"], ALICE, "sender that Carol reads")

        lab.submit(answer(first, "Yes, gladly.", CAROL), "carol")
        answered = alice.expect("line", lambda one: "recv" in one["flags"], conversation=CAROL, timeout=15)
        tap.same(client.plain(answered["text"]).splitlines()[0], "Yes, gladly.", "first line that Alice reads")

        alice.says(CAROL, "See you there.")
        tap.eventually(lambda: len(inbox.uids()) == 2, "Carol finds the second mail")
        second = inbox.mails()[1]
        tap.require(first["Message-ID"] in second["References"], "both mails are one thread for Carol's program")

        lab.holds("alice", INBOX=1, Sent=2)
        lab.holds("carol", INBOX=2)
        lab.leave(alice)


@tap.case("Alice chats with Carol, who has a mail program, over TLS")
def over_tls():
    chat_with_a_mail_program("tls")


@tap.case("Alice chats with Carol, who has a mail program, over STARTTLS")
def over_starttls():
    chat_with_a_mail_program("starttls")


@tap.case("our answers stand in the threads of Carol's mail program; her answer to an older one is shown with what it answers")
def threads():
    with Lab(users=["alice", "carol"]) as lab:
        alice = lab.client("alice", options={"ordinary_mail": "all"}).login()
        inbox = lab.mailbox("carol")

        def carol_has(count):
            tap.eventually(lambda: len(inbox.uids()) == count, f"Carol finds mail {count}")
            return inbox.mails()[-1]

        letter = mailclient.compose(CAROL, ALICE, "When do we leave?", "AW: Re: The trip", In_Reply_To="<two@example.net>",
                                    References="<one@example.net> <two@example.net>")
        lab.submit(letter, "carol")
        alice.expect("line", lambda one: "When do we leave?" in client.plain(one["text"]), conversation=CAROL)
        alice.says(CAROL, "At noon.")
        first = carol_has(1)
        alice.says(CAROL, "By train.")
        second = carol_has(2)
        for mail, before in ((first, letter), (second, first)):
            tap.same(mail["Subject"], "Re: The trip", "subject")
            tap.same(mail["In-Reply-To"], before["Message-ID"], "what it answers")
            tap.same(mail["References"].split(), ["<one@example.net>", before["Message-ID"]], "thread")
            tap.same(mail["Chat-Version"], "1.0", "Chat-Version")

        lab.submit(answer(first, "Too early.", CAROL), "carol")
        alice.expect("line", lambda one: client.plain(one["text"]).startswith("> At noon.\nToo early."), conversation=CAROL)
        alice.says(CAROL, "At two.")
        tap.same(carol_has(3)["Subject"], "Re: The trip", "subject of the next")
        lab.submit(mailclient.compose(CAROL, ALICE, "Something else.", "", References="<three@example.net>"), "carol")
        alice.expect("line", lambda one: "Something else." in client.plain(one["text"]), conversation=CAROL)
        alice.says(CAROL, "What?")
        third = carol_has(4)
        tap.same((third["Subject"], third["References"].split()[0]), ("Chat: What?", "<three@example.net>"), "another thread")
        lab.submit(mailclient.compose(CAROL, ALICE, "By chat.", "Chat", Chat_Version="1.0"), "carol")
        alice.hears(CAROL, "By chat.")
        alice.says(CAROL, "Hello, chat!")
        tap.same((carol_has(5)["Subject"], carol_has(5)["In-Reply-To"]), ("Chat: Hello, chat!", None), "chat is no thread")
        lab.leave(alice)


def first_mail(option, buddy):
    """Carol writes to Alice out of the blue; gives what Alice was shown and the mail's flags afterwards."""
    with Lab(users=["alice", "carol"]) as lab:
        alice = lab.client("alice", options={"ordinary_mail": option}).login()
        if buddy:
            alice.do(do="buddy-add", account=ALICE, who=CAROL)
            alice.sync()
        lab.submit(mailclient.compose(CAROL, ALICE, "I found your address.", "Good day"), "carol")
        # A chat message behind it tells when the first one has been dealt with.
        lab.submit(mailclient.compose(CAROL, ALICE, "And now by chat.", Chat_Version="1.0"), "carol")
        alice.hears(CAROL, "And now by chat.")
        shown = [text for text in alice.heard() if "I found your address." in text]
        for text in shown:
            alice.hears(CAROL, text)
        flags = lab.mailbox("alice").flags()
        lab.holds("alice", INBOX=2)
        lab.leave(alice)
        return shown, flags[0]


@tap.case("ordinary mail of a stranger stays where it is, untouched")
def from_a_stranger():
    shown, flags = first_mail("contacts", buddy=False)
    tap.same((shown, flags), ([], set()), "shown, and flags")


@tap.case("ordinary mail of a buddy is shown")
def from_a_buddy():
    tap.same(len(first_mail("contacts", buddy=True)[0]), 1, "lines shown")


@tap.case("with the option all, every mail is shown; with none, not even a buddy's")
def by_option():
    tap.same(len(first_mail("all", buddy=False)[0]), 1, "lines shown with all")
    tap.same(first_mail("none", buddy=True), ([], set()), "shown, and flags, with none")


@tap.case("html only mail of a buddy: its formatting, no more; what was left out is shown by /full, and what is too long in pieces")
def readable():
    html = ("<html><body><script>steal()</script><p onclick='steal()'>Yes, <b>gladly</b>. <a href='javascript:steal()'>Where</a>? "
            "<a href='https://evil.example/'>https://bank.example/</a></p><img src='https://evil.example/seen.gif'>"
            "<div class='gmail_quote'><div class='gmail_attr'>On Tue, Nov 24, 2026 at 11:58 AM Alice &lt;alice@example.org&gt; wrote:<br>"
            "</div><blockquote class='gmail_quote'>Lunch?</blockquote></div></body></html>")
    with Lab(users=["alice", "carol"]) as lab:
        alice = lab.client("alice", options={"ordinary_mail": "contacts"}).login()

        def full(lines):
            alice.do(do="command", account=ALICE, to=CAROL, text="full")
            if lines:
                alice.is_told("^all of the latest message")
            for where in lines:
                line = alice.expect("line", where=where, conversation=CAROL)
                tap.require({"recv", "delayed"} <= set(line["flags"]), f"it is no news: {line['flags']}")
            alice.is_told("^end of this message" if lines else "^no message of this conversation was shortened")

        alice.do(do="buddy-add", account=ALICE, who=CAROL)
        alice.sync()
        full([])
        letter = mailclient.compose(CAROL, ALICE, html, "Re: Lunch", In_Reply_To="<unknown@example.org>")
        letter.set_content(html, subtype="html")
        lab.submit(letter, "carol")
        shown = alice.expect("line", lambda one: "gladly" in one["text"], conversation=CAROL)
        tap.same(shown["text"].lower(), '<b>re: lunch</b><br>yes, <b>gladly</b>. where? <a href="https://evil.example/">https://bank.example/</a>'
                                        " (https://evil.example/)", "markup")
        full([lambda one: client.plain(one["text"]).endswith("wrote:\n> Lunch?")])
        lab.submit(mailclient.compose(CAROL, ALICE, "\n".join(f"{n} {'x' * 60}" for n in range(1500)), "Chat", Chat_Version="1.0"), "carol")
        alice.expect("line", lambda one: client.plain(one["text"]).endswith("(This message goes on: /full shows all of it.)"), conversation=CAROL)
        full([lambda one: one["text"].startswith("0 x"), lambda one: client.plain(one["text"]).endswith("\n1499 " + "x" * 60)])
        lab.leave(alice)
        logs = "".join(path.read_text(encoding="utf-8") for path in pathlib.Path(alice.profile, "logs").rglob("*.html"))
        tap.same((logs.count("gladly"), logs.count("Lunch?")), (1, 0), "what is shown again is not logged again")


@tap.case("whoever claims to be Alice is not shown as Alice")
def forged():
    with Lab(users=["alice", "bob"]) as lab:
        alice = lab.client("alice").login()
        lab.deliver(mailclient.compose(ALICE, ALICE, "I owe Mallory money.", Chat_Version="1.0"))
        lab.deliver(mailclient.compose("bob@example.org", ALICE, "All well?", Chat_Version="1.0"))
        alice.hears("bob@example.org", "All well?")
        own = [one for one in alice.history if one["event"] == "line" and "send" in one["flags"]]
        tap.same(own, [], "lines shown as Alice's own")
        alice.forget()
        lab.leave(alice)


tap.run()
