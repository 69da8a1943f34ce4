#!/usr/bin/python3
"""Measures in one run, against real servers: how long a message takes from one client to the other's eye beside what bare
sockets need for the same, and how long the plugin keeps the client's main loop."""
import base64
import fcntl
import pathlib
import random
import re
import socket
import ssl
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab

PAIRS = 60      # measured messages of each kind
TRAFFIC = 300   # messages during which stalls are looked for
ALLOWED_LATENCY_MS = 10
# An address: for a name libpurple forks a resolver, which alone takes a process of this size many milliseconds.
HOST = "127.0.0.1"
ALLOWED_STALL_MS = 5


class Wire:
    """A TLS connection with lines and literals, and nothing else that could cost time."""

    def __init__(self, port):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        while b"\r\n" not in self.buffer:
            self._more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the server hung up")
        self.buffer += data


class BareSender:
    """Logged in to SMTP, sends as few packets as the protocol allows (PIPELINING)."""

    def __init__(self, lab, user):
        self.sender = lab.address(user)
        self.wire = Wire(lab.ports["smtps"])
        self.reply()
        self.command(b"EHLO [127.0.0.1]")
        secret = base64.b64encode(b"\0" + self.sender.encode() + b"\0" + lab.password(user).encode())
        self.command(b"AUTH PLAIN " + secret)

    def reply(self):
        while (line := self.wire.line())[3:4] == b"-":
            pass
        if line[:1] not in b"23":
            raise RuntimeError(f"SMTP: {line}")

    def command(self, line):
        self.wire.send(line + b"\r\n")
        self.reply()

    def mail(self, recipient, mail):
        """Times of the first byte sent and of the server's acceptance."""
        begin = time.monotonic()
        self.wire.send(f"MAIL FROM:<{self.sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
        for _ in range(3):
            self.reply()
        self.wire.send(mail + b"\r\n.\r\n")
        self.reply()
        return begin, time.monotonic()


class BareReceiver:
    """Sits in IDLE and fetches what is announced."""

    def __init__(self, lab, user, mailbox="INBOX"):
        self.wire = Wire(lab.ports["imaps"])
        self.wire.line()
        self.run(b"a LOGIN " + lab.address(user).encode() + b" " + lab.password(user).encode())
        self.run(b"a SELECT " + mailbox.encode())
        self.idle()

    def run(self, command):
        self.wire.send(command + b"\r\n")
        while not self.wire.line().startswith(b"a "):
            pass

    def idle(self):
        self.wire.send(b"i IDLE\r\n")
        self.wire.line()

    def message(self):
        """The time when the next message has been fetched whole."""
        while not (found := re.match(rb"\* (\d+) EXISTS", self.wire.line())):
            pass
        self.wire.send(b"DONE\r\nf FETCH " + found[1] + b" (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n")
        while not (line := self.wire.line()).startswith(b"f "):
            if literal := re.search(rb"\{(\d+)\}$", line):
                self.wire.exactly(int(literal[1]))
        done = time.monotonic()
        self.idle()
        return done


def sample_mail(sender, recipient, number):
    """As many headers and bytes as a mail of ours."""
    unique = f"chat${random.getrandbits(128):032x}@example.org"
    return "\r\n".join([
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}", f"From: {sender}", f"To: {recipient}",
        f"Subject: Chat: bare {number}", f"Message-ID: <{unique}>", f"References: <{unique}> <{unique}>",
        f"X-Microsoft-Original-Message-ID: <{unique}>", "Chat-Version: 1.0", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8; format=flowed", "Content-Transfer-Encoding: 7bit", "", f"bare {number}",
        ""]).encode()


class Series:
    def __init__(self):
        self.values = []

    def add(self, seconds):
        self.values.append(seconds * 1000)

    def median(self):
        return statistics.median(self.values)

    def describe(self):
        ordered = sorted(self.values)
        p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
        return f"median {self.median():7.1f} ms   p95 {p95:7.1f} ms   least {ordered[0]:7.1f} ms   n={len(ordered)}"


def latency(lab, alice, bob):
    """Ours and bare, one after the other in random order, with everything warm."""
    sender, receiver = BareSender(lab, "carol"), BareReceiver(lab, "dave")
    ours, from_begin, from_accept = Series(), Series(), Series()

    def one_of_ours(number):
        text = f"ours {number}"
        alice.do(do="send", account=alice.address, to=bob.address, text=text, stamp=True)
        # From libpurple to libpurple: what lies between this process and the clients is no time of ours.
        shown = bob.hears(alice, text)["mono"]
        ours.add((shown - alice.expect("typed")["mono"]) / 1e6)
        alice.forget()

    def one_bare(number):
        begin, accepted = sender.mail(lab.address("dave"), sample_mail(sender.sender, lab.address("dave"), number))
        done = receiver.message()
        from_begin.add(done - begin)
        from_accept.add(done - accepted)

    for kind in (one_of_ours, one_bare):
        kind("warm")
    for series in (ours, from_begin, from_accept):
        series.values.clear()
    for number in range(tap.scale(PAIRS)):
        kinds = [one_of_ours, one_bare]
        random.shuffle(kinds)
        for kind in kinds:
            # The own copy is made meanwhile, and neither has the other's rhythm.
            time.sleep(0.2 + random.random() * 0.1)
            kind(number)
    return ours, from_begin, from_accept


def stalls(lab, alice, bob):
    """Longest stalls during TRAFFIC messages: the sender's and the receiver's."""
    alice.stats()
    bob.stats()
    count = tap.scale(TRAFFIC)
    for number in range(count):
        alice.types(bob, f"traffic {number}")
    for number in range(count):
        bob.hears(alice, f"traffic {number}", timeout=120)
    lab.settled(alice, timeout=120)
    return alice.stats(), bob.stats()


def verdict(good):
    return "good" if good else "TOO MUCH"


def main():
    with Lab(users=["alice", "bob", "carol", "dave"]) as lab:
        logins = []
        people = []
        for user in ("alice", "bob"):
            person = lab.client(user, host=HOST, variables={"PATH": "/usr/bin:/bin"})
            # The reader of this process must not be what the client's main loop waits for.
            fcntl.fcntl(person.process.stdout.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)
            person.stats()
            person.login()
            logins.append(person.stats())
            people.append(person)
        ours, from_begin, from_accept = latency(lab, *people)
        sent, received = stalls(lab, *people)
        print("From one client to the other's eye, warm links, real Dovecot and Postfix:")
        print(f"  ours, typed → shown                      {ours.describe()}")
        print(f"  bare sockets, MAIL FROM → FETCH done     {from_begin.describe()}")
        print(f"  bare sockets, accepted (250) → FETCH     {from_accept.describe()}")
        above_begin, above = ours.median() - from_begin.median(), ours.median() - from_accept.median()
        print(f"  ours above the bare transaction          {above_begin:+.1f} ms")
        print(f"  ours above accept → IDLE → FETCH         {above:+.1f} ms   (allowed: {ALLOWED_LATENCY_MS})"
              f"   {verdict(above <= ALLOWED_LATENCY_MS)}")
        print("Longest time that a callback of the plugin kept the main loop (in brackets: with the time in which other"
              " programs had the processors):")
        parts = [("Alice's login", logins[0]), ("Bob's login", logins[1]),
                 (f"{tap.scale(TRAFFIC)} messages sent", sent), (f"{tap.scale(TRAFFIC)} messages received", received)]
        for title, stats in parts:
            print(f"  {title:<38}   {stats['longest_own_stall_ms']:.2f} ms   ({stats['longest_stall_ms']:.2f} ms)")
        longest = max(stats["longest_own_stall_ms"] for _, stats in parts)
        print(f"  longest of all                           {longest:.2f} ms   (allowed: {ALLOWED_STALL_MS})"
              f"   {verdict(longest <= ALLOWED_STALL_MS)}")
        for person in people:
            person.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
