#!/usr/bin/python3
# (product build: yes)
"""Three devices of Alice's on one mailbox, her webmail, Bob who chats and Carol who has a mail program, all doing things at
random: afterwards every device has the same lines in the same order and the same read state, and nothing is doubled.
tests/lab/agreement.py says what exactly is compared. COI_SEED=n repeats a run; COI_OPERATIONS=send,chat allows only these."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import os
import random
import time

import mailclient
import store
import tap
from agreement import REACTION, Device, Ledger, Reader, number_in
from lab import Lab

OPERATIONS = 500
SETTLE_EVERY = 25
ALICE, BOB, CAROL = "alice@example.org", "bob@example.org", "carol@example.org"
CHATS = "COI/Chats"
# (seed, filter, operations) of runs that failed once: another device's move overtook a line; the folder was deleted while others came.
FAILED_ONCE = [(1, "active", 40), (105, "seen", 40)]
WEIGHTS = {"send": 30, "chat": 25, "reply": 8, "letter": 4, "webmail": 5, "look": 12, "mark": 4, "toggle": 11, "folder": 1}


class World:
    def __init__(self, lab, seed, how, operations):
        self.lab, self.dice, self.operations = lab, random.Random(seed), operations
        self.log = []
        self.counts = dict.fromkeys(WEIGHTS, 0)
        self.devices = [Device(name, lab.client("alice", profile=lab.profile(name), options={"filter": how}))
                        for name in ("desk", "couch", "phone")]
        self.bob = Reader("bob", lab.client("bob").login())
        self.carol = lab.mailbox("carol")
        self.ledger = Ledger(self.devices, lambda: lab.mailbox("alice"))
        self.names = [name for name in os.environ.get("COI_OPERATIONS", "").split(",") if name] or list(WEIGHTS)

    @property
    def web(self):
        """Alice's webmail."""
        return self.ledger.mailbox

    # -- what can happen --

    def received(self, conversation, writer, before=(), chat=True):
        line = self.ledger.write(conversation, False, writer, before, chat)
        if any(device.focus == conversation for device in self.ledger.there()):
            line.read = None
        return line

    def do_send(self):
        device, to = self.dice.choice(self.ledger.there()), self.dice.choice([BOB, BOB, CAROL])
        line = self.ledger.write(to, True, device.name, device.knows(to))
        self.seen(device, to)
        device.person.types(to, line.text())
        return f"{device.name} writes {line.number} to {to}"

    def do_chat(self):
        line = self.received(BOB, "bob", self.bob.knows(ALICE))
        self.bob.person.types(ALICE, line.text())
        return f"bob writes {line.number}"

    def do_reply(self):
        """Carol's mail program answers one of the latest lines that Alice has sent her."""
        sent = [line for line in self.ledger.lines if line.own and line.conversation == CAROL and line.settled]
        if not sent:
            return self.do_letter()
        asked = self.dice.choice(sent[-3:])
        original = next((mail for mail in self.carol.mails() if number_in(mail.get_content()) == asked.number), None)
        tap.require(original is not None, f"Carol has not got line {asked.number}")
        line = self.received(CAROL, "carol", {asked.number}, chat=False)
        quoted = "".join(f"> {text}\n" for text in original.get_content().splitlines())
        return self.from_carol(line, f"{line.text()}\n\nAlice wrote:\n{quoted}", In_Reply_To=original["Message-ID"],
                               References=original["Message-ID"])

    def do_letter(self):
        line = self.received(CAROL, "carol", chat=False)
        return self.from_carol(line, line.text())

    def from_carol(self, line, text, **headers):
        mail = mailclient.compose(CAROL, ALICE, text, **headers)
        self.ledger.name(line.number, mail["Message-ID"].strip("<>"))
        self.lab.submit(mail, "carol")
        return f"carol writes {line.number}"

    def do_webmail(self):
        """Alice's webmail answers Carol, and keeps what it sent in Sent."""
        settled = [line.message_id for line in self.ledger.received(CAROL) if line.settled]
        line = self.ledger.write(CAROL, True, "webmail", chat=False)
        thread = {"In_Reply_To": f"<{settled[-1]}>", "References": f"<{settled[-1]}>"} if settled else {"Chat_Version": "1.0"}
        mail = mailclient.compose(ALICE, CAROL, line.text(), **thread)
        self.ledger.name(line.number, mail["Message-ID"].strip("<>"))
        self.lab.submit(mail, "alice")
        self.web.append(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), "Sent", "\\Seen")
        return f"webmail writes {line.number}"

    def do_look(self):
        """Another conversation comes before the user of a device, or none."""
        device, conversation = self.dice.choice(self.ledger.there()), self.dice.choice([BOB, CAROL, None])
        self.look_away(device)
        device.look_at(conversation)
        for line in self.ledger.received(conversation):
            line.read = line.read or None
        return f"{device.name} looks at {conversation}"

    def look_away(self, device):
        if device.focus and time.monotonic() - device.focus_since > tap.patience(REACTION):
            self.seen(device, device.focus)

    def seen(self, device, conversation):
        """What stands there has been read; what comes now may be."""
        latest = time.monotonic() - tap.patience(REACTION)
        for line in self.ledger.received(conversation):
            sure = device.has_shown(line) and device.known[line.number] < latest
            line.read = True if sure else line.read or None

    def do_mark(self):
        """Webmail shows all that came in a conversation."""
        conversation, count = self.dice.choice([BOB, CAROL]), 0
        wanted = {line.number: line for line in self.ledger.received(conversation) if line.settled}
        for number, folder, uid, flags in self.ledger.on_server():
            if number in wanted and "\\Seen" not in flags:
                self.web.select(folder, readonly=False)
                self.web.imap.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)")
                count += 1
                # A device that moves it at this moment moves it with its flags or without.
                wanted[number].read = True if folder == CHATS else None
        return f"webmail reads {count} of {conversation}"

    def do_toggle(self):
        """A device goes, or comes back; one always stays."""
        device, ends = self.dice.choice(self.devices), self.dice.random() < 0.5
        if not device.online:
            device.arrive()
            return f"{device.name} comes"
        if len(self.ledger.there()) == 1:
            return "nobody goes"
        self.look_away(device)
        device.leave(ends)
        copied = device.copied()
        for line in self.ledger.lines:
            line.late |= line.writer == device.name and line.number not in copied
        return f"{device.name} {'ends' if ends else 'logs out'}"

    def do_folder(self):
        """COI/Chats is deleted elsewhere, or made."""
        if CHATS not in self.web.folders():
            try:
                self.web.create(CHATS)
            except tap.Failure:  # a device was faster
                tap.require(CHATS in self.web.folders(), f"{CHATS} can be made")
            return f"{CHATS} is made"
        self.settle()
        places = {}
        for number, folder, _, _ in self.ledger.on_server():
            places.setdefault(number, set()).add(folder)
        self.web.imap.select("INBOX")
        tap.require(self.web.imap.delete(CHATS)[0] == "OK", f"{CHATS} can be deleted")
        # Dovecot tells those who have it open half a second later. If it is made anew before that, such a session takes it for the
        # old one, damaged, and "repairs" it: flags are lost, others go on with files that are no more. Nobody can agree then.
        time.sleep(tap.patience(1))
        lost = [self.ledger.lines[number] for number, folders in places.items() if folders == {CHATS}]
        for line in lost:
            line.deleted = True
            line.excused |= {device.name for device in self.devices if not device.online}
        return f"{CHATS} is deleted with {len(lost)} mails"

    # -- what must hold --

    def learn_ids(self):
        for reader in [self.bob] + self.devices:
            for mail in store.outbox(reader.person.profile, reader.person.address):
                self.ledger.name(number_in(mail["text"]), mail["message_id"])

    def settle(self):
        """Waits until everything has arrived, and looks whether all agree."""
        away = [device for device in self.devices if not device.online and device.since]
        waiting = {number for device in away for number in device.unsent()}

        def arrived():
            self.learn_ids()
            return not any(any(device.busy()) for device in self.ledger.there()) and not self.ledger.missing(waiting)

        self.wait(arrived, "not everything arrives", lambda: {
            "to do": {device.name: device.busy() for device in self.ledger.there()},
            "missing": self.ledger.missing(waiting)[:20]})
        for line in self.ledger.lines:
            line.settled = line.settled or line.number not in waiting
        for device in self.ledger.there():
            for line in self.ledger.received(device.focus):
                line.read = line.read or device.has_shown(line) or None
        self.wait(lambda: not self.ledger.differences(), "not all agree", self.ledger.differences)
        self.ledger.decide()

    def wait(self, condition, what, details):
        try:
            # That they agree is asked, not how soon: who was cut off from a deleted folder tries again more and more rarely.
            tap.eventually(condition, what, timeout=60)
        except tap.Failure:
            tap.note(*self.log, *self.ledger.describe())
            lines = "; ".join(f"{kind}: {found}" for kind, found in details().items())
            raise tap.Failure(f"{what} after {len(self.log)} operations: {lines}") from None

    # -- the run --

    def run(self):
        for device in self.devices:
            device.arrive()
            for who in (BOB, CAROL):
                device.person.do(do="buddy-add", account=ALICE, who=who)
            device.person.sync()
        for number in range(self.operations):
            name = self.dice.choices(self.names, [WEIGHTS[name] for name in self.names])[0]
            self.log.append(f"{number} {name}: {getattr(self, 'do_' + name)()}")
            self.counts[name] += 1
            time.sleep(self.dice.random() * 0.05)
            if number % SETTLE_EVERY == SETTLE_EVERY - 1:
                self.settle()
        for device in self.devices:
            if not device.online:
                device.arrive()
        self.settle()
        self.others_have_all()
        for person in [self.bob.person] + [device.person for device in self.devices]:
            person.quit()

    def others_have_all(self):
        """Bob and Carol got each line once."""
        expected = {who: [line.number for line in self.ledger.lines if line.own and line.conversation == who]
                    for who in (BOB, CAROL)}

        def got():
            heard = [number for number, _, own in self.bob.take().shown.get(ALICE, []) if not own]
            return {BOB: sorted(heard), CAROL: sorted(number_in(mail.get_content()) for mail in self.carol.mails())}

        self.wait(lambda: got() == expected, "not everybody got each line once", got)


def chaos(seed, how, operations):
    begin = time.monotonic()
    with Lab(users=["alice", "bob", "carol"]) as lab:
        world = World(lab, seed, how, operations)
        try:
            world.run()
        except Exception:
            tap.tell(f"COI_SEED={seed}, filter {how}: failed after {len(world.log)} of {operations} operations")
            raise
        done = ", ".join(f"{count} {name}" for name, count in world.counts.items())
        tap.note(f"counts: seed {seed}, filter {how}: {operations} operations ({done}), {len(world.ledger.lines)} lines,"
                 f" 0 missing, 0 doubled, 0 out of order in {time.monotonic() - begin:.0f} s")


SEED = int(os.environ.get("COI_SEED") or random.randrange(1_000_000))
tap.note(f"COI_SEED={SEED}")
for failed in FAILED_ONCE if "COI_SEED" not in os.environ else []:
    tap.case("again: seed {}, filter {}, {} operations".format(*failed))(lambda failed=failed: chaos(*failed))
for choice, part in (("active", 1), ("seen", 0.2), ("none", 0.1)):
    tap.case(f"three devices at random, filter {choice}")(
        lambda choice=choice, part=part: chaos(SEED, choice, tap.scale(OPERATIONS * part)))
tap.run()
