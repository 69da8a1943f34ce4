#!/usr/bin/python3
"""Measures what a login costs, against a real Dovecot: the first one with years of mail in INBOX beside the same with an empty
one, and a later one after many chat messages came in."""
import fcntl
import pathlib
import random
import smtplib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import tap
from bench import ALLOWED_STALL_MS, HOST, Wire, verdict
from lab import Lab

OLD_MAILS = 20_000
LOGINS = 9          # first logins of each kind
NEW_MESSAGES = 2_000
SENDERS = 20
LATER_LOGINS = 3    # of each kind
ALLOWED_RATIO = 1.3
ALLOWED_RATE = 1_000
YEARS = 3 * 365 * 86400
SEED = 4

WORDS = ("the of and a to in is you that it he was for on are as with his they I at be this have from or one had by word but"
         " not what all were we when your can said there use an each which she do how their if").split()


def internal_date(when):
    return time.strftime('"%d-%b-%Y %H:%M:%S +0000"', time.gmtime(when))


def header_date(when):
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(when))


class Filler:
    """Puts mails into a mailbox by the thousand: MULTIAPPEND (RFC 3502) with literals that nobody waits for."""

    BATCH = 500

    def __init__(self, lab, user):
        self.wire = Wire(lab.ports["imaps"])
        self.wire.line()
        self.run(f"LOGIN {lab.address(user)} {lab.password(user)}".encode())

    def run(self, command):
        self.wire.send(b"a " + command + b"\r\n")
        while not (line := self.wire.line()).startswith(b"a "):
            pass
        tap.require(line.startswith(b"a OK"), f"{command[:60]}: {line}")

    def append(self, folder, mails):
        """mails: (flags, seconds, bytes) each."""
        mails = list(mails)
        for at in range(0, len(mails), self.BATCH):
            parts = [b"APPEND " + folder.encode()]
            for flags, when, mail in mails[at:at + self.BATCH]:
                parts.append(f" ({flags}) {internal_date(when)} {{{len(mail)}+}}\r\n".encode() + mail)
            self.run(b"".join(parts))

    def remove_after(self, folder, count):
        """Only the first count mails stay."""
        self.run(b"SELECT " + folder.encode())
        self.run(b"STORE %d:* +FLAGS.SILENT (\\Deleted)" % (count + 1))
        self.run(b"EXPUNGE")
        self.run(b"UNSELECT")


class World:
    """Makes mails as they come from the world: letters, newsletters, notices of machines, and chats that were read."""

    def __init__(self, dice, owner):
        self.dice = dice
        self.owner = owner
        self.number = 0
        self.people = [f"person{n}@place{n % 40}.example" for n in range(300)]

    def text(self, words):
        lines = []
        while words > 0:
            lines.append(" ".join(self.dice.choices(WORDS, k=min(words, 13))))
            words -= 13
        return "\r\n".join(lines) + "\r\n"

    def secret(self, length):
        return f"{self.dice.getrandbits(length * 4):0{length}x}"

    def trace(self, sender, when):
        host = sender.partition("@")[2]
        received = "".join(f"Received: from mx{hop}.{host} (mx{hop}.{host} [192.0.2.{hop + 7}])\r\n"
                           f"\tby mail.example.org (Postfix) with ESMTPS id {self.secret(10)}\r\n"
                           f"\tfor <{self.owner}>; {header_date(when)}\r\n" for hop in range(3))
        signature = "\r\n\t".join(self.secret(64) for _ in range(6))
        return (f"Return-Path: <{sender}>\r\nDelivered-To: {self.owner}\r\n{received}"
                f"Authentication-Results: mail.example.org; dkim=pass header.d={host}; spf=pass smtp.mailfrom={sender}\r\n"
                f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={host}; s=mail;\r\n"
                f"\th=from:to:subject:date:message-id; bh={self.secret(43)};\r\n\tb={signature}\r\n")

    def chat(self, sender, text, when):
        self.number += 1
        unique = f"chat${self.secret(32)}@{sender.partition('@')[2]}"
        return (f"Return-Path: <{sender}>\r\nReceived: from client by mail.example.org; {header_date(when)}\r\n"
                f"Date: {header_date(when)}\r\nFrom: {sender}\r\nTo: {self.owner}\r\nSubject: Chat: {text[:40]}\r\n"
                f"Message-ID: <{unique}>\r\nReferences: <{unique}>\r\nX-Microsoft-Original-Message-ID: <{unique}>\r\n"
                "Chat-Version: 1.0\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\n"
                f"Content-Transfer-Encoding: 7bit\r\n\r\n{text}\r\n").encode()

    def letter(self, when):
        sender = self.dice.choice(self.people)
        return (f"{self.trace(sender, when)}{self.common(sender, when)}"
                f"User-Agent: Mozilla Thunderbird\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"
                f"{self.text(self.dice.randint(20, 400))}").encode()

    def newsletter(self, when):
        sender = f"news@shop{self.dice.randrange(40)}.example"
        boundary = self.secret(24)
        return (f"{self.trace(sender, when)}{self.common(sender, when)}"
                f"List-Id: <news.{sender.partition('@')[2]}>\r\nList-Unsubscribe: <https://shop.example/{self.secret(40)}>\r\n"
                f"Precedence: bulk\r\nContent-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n"
                f"--{boundary}\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n{self.text(300)}"
                f"--{boundary}\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n<html><body><p>{self.text(700)}</p></body>"
                f"</html>\r\n--{boundary}--\r\n").encode()

    def notice(self, when):
        sender = f"noreply@service{self.dice.randrange(20)}.example"
        return (f"{self.trace(sender, when)}{self.common(sender, when)}Auto-Submitted: auto-generated\r\n"
                f"Content-Type: text/html; charset=UTF-8\r\n\r\n<p>{self.text(150)}</p>\r\n").encode()

    def common(self, sender, when):
        self.number += 1
        return (f"Date: {header_date(when)}\r\nFrom: {sender}\r\nTo: {self.owner}\r\n"
                f"Subject: {' '.join(self.dice.choices(WORDS, k=6))}\r\n"
                f"Message-ID: <{self.number}.{self.secret(20)}@{sender.partition('@')[2]}>\r\nMIME-Version: 1.0\r\n")

    def old_mail(self, when):
        """A mail with its flags. Ordinary mail is read or not; a chat is read, for an unread one would be news."""
        kind = self.dice.random()
        if kind < 0.05:
            return "\\Seen $Chat", when, self.chat(self.dice.choice(self.people), self.text(10).strip(), when)
        maker = self.letter if kind < 0.4 else self.newsletter if kind < 0.75 else self.notice
        return self.dice.choice(["\\Seen", "\\Seen", "\\Seen \\Answered", ""]), when, maker(when)


def years_of_mail(lab, user, count):
    """Fills the user's INBOX; says how long that took."""
    world, filler, now = World(random.Random(SEED), lab.address(user)), Filler(lab, user), time.time()
    begin = time.monotonic()
    for at in range(0, count, 2000):
        some = range(at, min(at + 2000, count))
        filler.append("INBOX", (world.old_mail(now - YEARS * (count - n) / count) for n in some))
    return filler, time.monotonic() - begin


def ready(lab, user, profile):
    """A client whose main loop never waits for the reader of this process, and that has no resolver to fork."""
    person = lab.client(user, host=HOST, profile=lab.profile(profile), variables={"PATH": "/usr/bin:/bin"})
    fcntl.fcntl(person.process.stdout.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)
    person.stats()
    return person


def lines(person, start=0):
    return [one for one in person.history[start:] if one["event"] == "line"]


def wait_for_lines(person, start, count, timeout=120):
    """Looks now and then only: the reader needs a processor that the programs under test could use."""
    end = time.monotonic() + tap.patience(timeout)
    while len(person.history) < start + count or len(lines(person, start)) < count:
        tap.require(time.monotonic() < end, f"only {len(lines(person, start))} of {count} lines were shown")
        tap.require(person.process.poll() is None, f"the client ended: {person.report()}")
        time.sleep(0.005)
    return lines(person, start)


class FirstLogins:
    """First logins to one mailbox, each with a new profile; between them the mailbox becomes again what it was."""

    def __init__(self, lab, user, filler, count):
        self.lab, self.user, self.filler, self.count = lab, user, filler, count
        self.runs = {"waiting": [], "arriving": []}
        self.connected = []
        self.stalls = []
        self.world = World(random.Random(), lab.address(user))
        self.lmtp = smtplib.LMTP(str(pathlib.Path(lab.directory, "dovecot", "lmtp")))

    def run(self, kind):
        """waiting: the unread message lies there already; arriving: it is delivered the moment that all is connected."""
        person = ready(self.lab, self.user, f"{self.user}-{kind}-{len(self.runs[kind])}")
        now = time.time()
        mail = self.world.chat("new@example.org", f"news {len(self.runs[kind])}", now)
        if kind == "waiting":
            self.filler.append("INBOX", [("", now, mail)])
        begin = time.monotonic()
        person.do(do="login", account=person.address)
        self.connected.append(person.expect("connected", timeout=60)["at"] - begin)
        if kind == "arriving":
            self.lmtp.sendmail("new@example.org", [person.address], mail)
        shown = wait_for_lines(person, 0, 1)
        self.runs[kind].append(shown[-1]["at"] - begin)
        self.stalls.append(person.stats()["longest_own_stall_ms"])
        person.close()
        self.filler.remove_after("INBOX", self.count)

    def median(self, kind):
        return statistics.median(self.runs[kind]) * 1000


def first_logins(lab, count):
    full_filler, seconds = years_of_mail(lab, "alice", count)
    full = FirstLogins(lab, "alice", full_filler, count)
    empty = FirstLogins(lab, "bob", Filler(lab, "bob"), 0)
    for _ in range(tap.scale(LOGINS, 3)):
        turns = [(box, kind) for box in (full, empty) for kind in full.runs]
        random.shuffle(turns)
        for box, kind in turns:
            box.run(kind)
    print(f"First login with {count} old mails in INBOX (filled in {seconds:.1f} s) and with an empty one,"
          f" n={len(full.connected) // 2} each:")
    medians = [statistics.median(box.connected) * 1000 for box in (full, empty)]
    print(f"  login → connected                          full {medians[0]:7.1f} ms   empty {medians[1]:7.1f} ms")
    titles = {"waiting": "login → the unread message that lay there", "arriving": "login → the first that came thereafter"}
    # Dovecot holds an IDLE's notice back for half a second, which a link that is still busy is spared.
    for kind, title in titles.items():
        values = full.median(kind), empty.median(kind)
        ratio = values[0] / values[1]
        print(f"  {title:<43}full {values[0]:7.1f} ms   empty {values[1]:7.1f} ms   ratio {ratio:.2f}"
              f"   (allowed: {ALLOWED_RATIO})   {verdict(ratio <= ALLOWED_RATIO)}")
    stall = max(full.stalls + empty.stalls)
    print(f"  longest own stall of the main loop       {stall:.2f} ms   (allowed: {ALLOWED_STALL_MS})"
          f"   {verdict(stall <= ALLOWED_STALL_MS)}")


def later_logins(lab, user, folder, count):
    """Logins after `count` chat messages from SENDERS people came into the folder, dated seconds apart until now."""
    filler, world = Filler(lab, user), World(random.Random(SEED), lab.address(user))
    person = ready(lab, user, user)
    person.login()
    time.sleep(tap.patience(1))  # connected is not yet caught up: who leaves before has not been here
    person.quit()
    rates, stalls = [], []
    for turn in range(tap.scale(LATER_LOGINS)):
        now = time.time()
        filler.append(folder, [("", now - count + n, world.chat(f"sender{n % SENDERS}@example.org", f"turn {turn}, {n}",
                                                                 now - count + n)) for n in range(count)])
        person.again()
        fcntl.fcntl(person.process.stdout.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)
        person.stats()
        start = len(person.history)
        begin = time.monotonic()
        person.do(do="login", account=person.address)
        shown = wait_for_lines(person, start, count)
        texts = [client.plain(one["text"]) for one in shown]
        tap.same(texts, [f"turn {turn}, {n}" for n in range(count)], "the lines in their order")
        rates.append(count / (shown[-1]["at"] - begin))
        stalls.append(person.stats()["longest_own_stall_ms"])
        first = shown[0]["at"] - begin
        print(f"  {folder:<10} turn {turn}: first line after {first * 1000:.0f} ms, all {count} after"
              f" {(shown[-1]['at'] - begin) * 1000:.0f} ms")
        lab.settled(person)
        person.forget()
        person.quit()
    rate, stall = statistics.median(rates), max(stalls)
    print(f"  {folder:<10} login → last line: {rate:.0f} messages/s   (allowed: at least {ALLOWED_RATE})"
          f"   {verdict(rate >= ALLOWED_RATE)}")
    print(f"  {folder:<10} longest own stall of the main loop {stall:.2f} ms   (allowed: {ALLOWED_STALL_MS})"
          f"   {verdict(stall <= ALLOWED_STALL_MS)}")


def main():
    with Lab(users=["alice", "bob", "carol", "dave"]) as lab:
        first_logins(lab, tap.scale(OLD_MAILS))
        count = tap.scale(NEW_MESSAGES)
        print(f"Later login after {count} new chat messages from {SENDERS} people:")
        later_logins(lab, "carol", "INBOX", count)
        lab.mailbox("dave").create("COI/Chats")
        later_logins(lab, "dave", "COI/Chats", count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
