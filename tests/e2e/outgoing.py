#!/usr/bin/python3
# (product build: yes)
"""Two hundred nasty texts: what leaves Alice is mail by the book, and Bob reads what she wrote."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import outgoing_check
import tap
from lab import Lab

SEED = 20
SHOWN = 60 * 1024  # a longer line is folded by the client; what comes first must be right


def typed(text):
    """What a client makes of the text: a carriage return alone is nothing in HTML."""
    return text.replace("\r\n", "\n").replace("\r", "")


def send(alice, bob, texts):
    """Sends the texts one by one; gives their message ids."""
    ids = []
    for text in texts:
        alice.types(bob, text)
        alice.expect("line", lambda one: "send" in one["flags"], conversation=bob.address)
        ids.append(alice.expect("signal", state="queued")["message_id"])
    return ids


def complaints_about(mails, ids, texts):
    found = []
    for number, (message_id, text) in enumerate(zip(ids, texts)):
        expect = {"text": typed(text), "sender": "alice@example.org", "to": ["bob@example.org"], "relayed": True,
                  "references": [ids[0], ids[number - 1]] if number > 1 else [ids[0]]}
        found += [f"text {number} ({text[:40]!r}…): {complaint}"
                  for complaint in outgoing_check.check(mails[message_id], expect)]
    return found


# They are sent, but what could turn the direction of what stands beside it is not shown.
OVERRIDES = re.compile("[\u202a-\u202e]")


def id_of(raw):
    head = raw.split(b"\r\n\r\n")[0].decode("latin-1").replace("\r\n ", " ").split("\r\n")
    return next(line.partition(":")[2].strip(" <>") for line in head if line.lower().startswith("message-id:"))


@tap.case(f"{tap.scale(200)} generated texts")
def texts():
    chosen = outgoing_check.generate_texts(SEED, tap.scale(200))
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        ids = send(alice, bob, chosen)
        tap.same(len(set(ids)), len(chosen), "different message ids")
        lines = {}
        for _ in chosen:
            line = bob.expect("line", lambda one: "recv" in one["flags"], timeout=60)
            lines.setdefault(client.plain(line["text"]), []).append(line)
        raw = lab.mailbox("bob").raw()
        mails = {id_of(mail): mail for mail in raw}
        tap.same((len(raw), set(mails)), (len(chosen), set(ids)), "mails in Bob's mailbox")
        found = complaints_about(mails, ids, chosen)
        shown = {text[:SHOWN] for text in lines}
        for number, text in enumerate(chosen):
            wanted = OVERRIDES.sub("", outgoing_check.arriving(typed(text))).rstrip("\n")[:SHOWN]
            if wanted not in shown:
                found.append(f"text {number} was not shown as it was written: {wanted[:60]!r}…")
        tap.note(f"counts: {len(chosen)} texts sent, {len(found)} complaints")
        tap.require(not found, "\n".join(found[:30]))
        lab.settled(alice, timeout=60)
        lab.holds("alice", Sent=len(chosen))
        lab.leave(alice, bob)


tap.run()
