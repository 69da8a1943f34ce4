"""Whether several devices of one user agree: what they showed and keep, beside what was written and what the server has.

What is compared, and why that is fair:
- Shown: a device that was there when a line came shows it, once. One that was away shows what is unread when it comes back;
  own lines of other devices and what was read meanwhile it may leave to the history (DESIGN section 4): its store has them.
- Order: a line sent here is echoed before it reaches the server, and two lines written at the same moment have no order that
  all could know. So a line must stand below another one of its conversation wherever its writer had that one before him (for
  a second at least, as a human needs), or wrote it before. And the times that every later listing goes by are equal. A device
  that left at once copies its line when it comes back: others may have shown answers to it by then.
- Read: what was looked at on any device, answered, or marked by webmail is \\Seen on the server and seen in every store; the
  rest is neither. What came while somebody was just looking up or away may be both, but the same everywhere.
- Doubled: two devices may move a mail in the same moment, and only who made the second copy takes it away again (DESIGN section 4).
  If that one leaves before it knows of the other, it does so when it comes back.
- What lay in a mailbox when that was deleted may be missing on a device that was away.
"""
import imaplib
import re
import time

import store
import tap

REACTION = 1.0  # seconds that a writer has had a line before him when he answers it
TOKEN = re.compile(r"line (\d{4})")
QUOTE = re.compile(r"<i>&gt; .*?</i><br>")


def number_in(text):
    """A reply quotes other lines below its own, or is shown with the quote before it."""
    found = TOKEN.search(QUOTE.sub("", text))
    return int(found[1]) if found else None


class Line:
    """What somebody wrote, as the test knows it."""

    def __init__(self, number, conversation, own, writer, before):
        self.number, self.conversation, self.own, self.writer = number, conversation, own, writer
        self.before = before     # numbers of the lines of the conversation that its writer knew
        self.written = time.monotonic()
        self.message_id = None
        self.settled = False     # every device that was there has it
        self.read = own          # None: that depends on the moment
        self.late = False        # its device left before the copy for the others was made
        self.deleted = False     # no copy is left on the server
        self.excused = set()     # devices that were away when it was deleted

    def text(self):
        return f"line {self.number:04d} by {self.writer}"


class Reader:
    """Somebody with a client: which lines stand in which conversation, in the order of showing."""

    def __init__(self, name, person):
        self.name, self.person = name, person
        self.shown = {}    # conversation → (number, when, own)
        self.known = {}    # number → when
        self.doubled = []
        self._at = 0

    def take(self):
        """Takes note of what was shown meanwhile."""
        events = self.person.history
        while self._at < len(events):
            event = events[self._at]
            self._at += 1
            if event.get("event") != "line" or not {"send", "recv"} & set(event["flags"]):
                continue
            number = number_in(event["text"])
            if number in self.known:
                self.doubled.append(number)
            self.known[number] = event["at"]
            self.shown.setdefault(event["conversation"], []).append((number, event["at"], "send" in event["flags"]))
        return self

    def knows(self, conversation):
        """What the user has had before him for long enough to answer it."""
        latest = time.monotonic() - tap.patience(REACTION)
        return {number for number, at, _ in self.take().shown.get(conversation, []) if at <= latest}


class Device(Reader):
    """A client of the user whose devices are compared."""

    def __init__(self, name, person):
        super().__init__(name, person)
        self.online = False
        self.since = 0
        self.focus = None
        self.focus_since = 0

    def arrive(self):
        if not self.person.process:
            self.person.start()
        self.person.login()
        self.online, self.since = True, time.monotonic()

    def leave(self, ends):
        """The program ends, or the account alone is disabled."""
        if ends:
            self.person.quit()
        else:
            self.look_at(None)
            self.person.logout()
        self.online, self.focus = False, None

    def look_at(self, conversation):
        """This conversation comes before the user's eyes, or none."""
        if conversation:
            self.person.looks_at(conversation)
        elif self.focus:
            self.person.looks_away()
        self.focus, self.focus_since = conversation, time.monotonic()

    def has_shown(self, line):
        """Since it came back: a window that a restart emptied proves nothing."""
        return self.take().known.get(line.number, 0) > self.since

    def rows(self, ids):
        """Number of the line → what the store of this device says of it."""
        found = {}
        for row in store.query(self.person.profile, self.person.address, "SELECT * FROM messages"):
            number = ids.get(row["message_id"], number_in(row["text"] or ""))
            if number is not None:
                found[number] = row
        return found

    def busy(self):
        """What it still has to do: mails, copies, lines, chores on the server for what lies there."""
        chores = store.query(self.person.profile, self.person.address, "SELECT count(*) AS n FROM chores"
                             " WHERE message IN (SELECT message FROM places)")[0]["n"]
        return store.unfinished(self.person.profile, self.person.address) + (chores,)

    def copied(self):
        """Numbers of its lines that others can have. The last one typed may still be on its way into its store."""
        return {number_in(mail["text"]) for mail in store.outbox(self.person.profile, self.person.address)
                if mail["state"] != "queued" and mail["copy"] != "wanted"}

    def unsent(self):
        """Numbers of the lines that others can't have yet."""
        return {number_in(mail["text"]) for mail in store.outbox(self.person.profile, self.person.address)
                if mail["state"] == "queued" or mail["copy"] == "wanted"}


class Ledger:
    """All that was written in this test, and the devices that should agree on it."""

    def __init__(self, devices, connect):
        self.devices, self._connect = devices, connect
        self.mailbox = connect()
        self.lines = []
        self.ids = {}  # Message-ID → number, for stores that keep no text of what they don't show

    def write(self, conversation, own, writer, before=(), chat=True):
        """A new line; its writer knows what he wrote there before. Only chat programs refer to that in their next line: two
        ordinary mails of the same second have no order."""
        latest = time.monotonic() - (0 if chat else tap.patience(REACTION))
        before = set(before) | {line.number for line in self.lines if line.conversation == conversation
                                and line.writer == writer and line.written <= latest}
        line = Line(len(self.lines), conversation, own, writer, before)
        self.lines.append(line)
        return line

    def name(self, number, message_id):
        self.lines[number].message_id = message_id
        self.ids[message_id] = number

    def there(self):
        return [device for device in self.devices if device.online]

    def received(self, conversation):
        return [line for line in self.lines if line.conversation == conversation and not line.own]

    def on_server(self):
        """Number of the line, folder, UID and flags of each of the user's mails."""
        found = []
        for folder in self.mailbox.folders():
            # Dovecot may take a folder that was just made anew for the deleted one.
            answer = tap.eventually(lambda folder=folder: self._fetch(folder), f"{folder} can be read")
            for part in answer[0]:
                if isinstance(part, tuple):
                    uid, flags = re.search(rb"UID (\d+)", part[0]), re.search(rb"FLAGS \((.*?)\)", part[0])
                    found.append((number_in(part[1].decode()), folder, int(uid[1]), set(flags[1].decode().split())))
        return found

    def _fetch(self, folder):
        """(answer,), or None after a refusal."""
        try:
            if not self.mailbox.select(folder):
                return ([],)
            status, answer = self.mailbox.imap.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[TEXT]<0.60>)")
            return (answer,) if status == "OK" else None
        except tap.Failure:
            return None
        except imaplib.IMAP4.abort:
            self.mailbox = self._connect()
            return None

    def missing(self, waiting):
        """(device, line) of what is not yet where it must be; waiting: lines that have not been sent."""
        found = []
        for device in self.there():
            rows = device.take().rows(self.ids)
            for line in self.lines:
                if line.number in waiting or (device.name in line.excused and line.number not in rows):
                    continue
                if line.number not in rows or (self._must_show(device, line) and line.number not in device.known):
                    found.append((device.name, line.number))
        return found

    @staticmethod
    def _must_show(device, line):
        if device.name in line.excused:
            return False
        wrote_it = line.own and line.writer == device.name
        return wrote_it or device.since < line.written or line.read is False

    def differences(self):
        """What is wrong, by kind."""
        server = {}
        for number, folder, _, flags in self.on_server():
            server.setdefault(number, []).append((folder, flags))
        stores = {device.name: device.rows(self.ids) for device in self.there()}
        all_there = len(stores) == len(self.devices)
        wrong = {"doubled on the server": [(number, copies) for number, copies in server.items() if all_there and len(copies) > 1],
                 "lost on the server": [line.number for line in self.lines
                                        if line.settled and not line.deleted and line.number not in server],
                 "shown twice": [(device.name, device.doubled) for device in self.devices if device.doubled],
                 "in the wrong place": self._misplaced(), "in the wrong order": self._disordered(),
                 "of different times": self._unequal(stores, "internal_date") + self._unequal(stores, "time"),
                 "of different read state": self._unlike(server, stores)}
        return {kind: found[:10] for kind, found in wrong.items() if found}

    def _misplaced(self):
        return [(device.name, number, conversation, own) for device in self.devices
                for conversation, shown in device.take().shown.items() for number, _, own in shown
                if number is None or (self.lines[number].conversation, self.lines[number].own) != (conversation, own)]

    def _disordered(self):
        found = []
        for device in self.devices:
            rows = None
            for shown in device.shown.values():
                place = {number: index for index, (number, _, _) in enumerate(shown) if number is not None}
                for number, other in ((number, other) for number in place for other in self.lines[number].before
                                      if place.get(other, -1) > place[number]):
                    rows = rows or device.rows(self.ids)
                    late = self.lines[other].late and self.lines[other].writer != device.name
                    if not late and not self._nobody_can_tell(rows.get(number), rows.get(other)):
                        found.append(f"{device.name}: {number} above {other}")
        return found

    @staticmethod
    def _nobody_can_tell(one, other):
        """Two mails of one second, one of which was found in another mailbox after a time away: each may name as the one before it
        what the writer had just heard."""
        return (one is not None and other is not None and one["internal_date"] == other["internal_date"]
                and one["mailbox"] != other["mailbox"] and (one["delayed"] or other["delayed"]))

    def _unequal(self, stores, column):
        found = []
        for line in self.lines:
            values = {name: rows[line.number][column] for name, rows in stores.items() if line.number in rows}
            if line.settled and len(set(values.values())) > 1:
                found.append((line.number, column, values))
        return found

    def _unlike(self, server, stores):
        found = []
        for line in self.lines:
            if line.own or line.deleted or not line.settled:
                continue  # what is gone from the server can't be told by it
            states = {name: bool(rows[line.number].get("seen")) for name, rows in stores.items() if line.number in rows}
            if line.number in server:
                states["server"] = "\\Seen" in server[line.number][0][1]
            values = set(states.values())
            if len(values) > 1 or (line.read is not None and values - {line.read}):
                found.append((line.number, f"must be {line.read}", states))
        return found

    def describe(self):
        """What each device has shown and when, what the server has: for a failure."""
        for device in self.devices:
            yield f"{device.name}, {'there' if device.online else 'away'}, looks at {device.focus}:"
            for conversation, shown in device.shown.items():
                yield f"  {conversation}: " + " ".join(f"{number}@{at:.2f}" for number, at, _ in shown)
            for number, row in device.rows(self.ids).items():
                yield f"  {number}: {row}"
            yield from (f"  to do: {row}" for row in store.query(
                device.person.profile, device.person.address,
                "SELECT c.*, m.text, p.mailbox, p.uid FROM chores c JOIN messages m ON m.id = c.message"
                " LEFT JOIN places p ON p.message = c.message"))
        yield from (f"server: {copy}" for copy in self.on_server())

    def decide(self):
        """What depended on the moment has been decided now."""
        server = {number: flags for number, _, _, flags in self.on_server()}
        away = [device.rows(self.ids) for device in self.devices if not device.online]
        for line in self.lines:
            if line.read is None and line.settled and line.number in server:
                read = "\\Seen" in server[line.number]
                # Who went before it could tell the server tells it when it comes back.
                if read or not any(rows.get(line.number, {}).get("seen") for rows in away):
                    line.read = read
