#!/usr/bin/python3
# (product build: yes)
"""The lab's own servers, without any program of ours: the COI stand-in does what a real COI server was seen to do."""
import os
import pathlib
import re
import select
import smtplib
import socket
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab

ROOT = "/private/vendor/vendor.dovecot/coi/config"
PUSH = "/private/vendor/vendor.dovecot/webpush/subscriptions"
ID = "<chat$9b1c2d3e4f5061728394a5b6c7d8e9f0@example.net>"


class Imap:
    """One connection, line by line; literals stand in the lines as they came."""

    def __init__(self, lab, user=None):
        plain = socket.create_connection(("127.0.0.1", lab.ports["imaps"]), timeout=tap.patience(20))
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._socket = context.wrap_socket(plain)
        self._buffer = b""
        self._number = 0
        self.greeting = self._line()
        lab.at_end(self._socket.close)
        if user:
            self.ok(f'LOGIN {lab.address(user)} "{lab.password(user)}"')

    def _more(self):
        data = self._socket.recv(65536)
        tap.require(data, f"the server hung up after {self._buffer!r}")
        self._buffer += data

    def _take(self, length):
        while len(self._buffer) < length:
            self._more()
        data, self._buffer = self._buffer[:length], self._buffer[length:]
        return data

    def _line(self):
        line = b""
        while True:
            while b"\n" not in self._buffer:
                self._more()
            line += self._take(self._buffer.index(b"\n") + 1)
            literal = re.search(rb"\{(\d+)\}\r\n\Z", line)
            if not literal:
                return line[:-2].decode("utf-8", "replace")
            line += self._take(int(literal[1]))

    def ask(self, command):
        """(untagged lines, the tagged answer without its tag)"""
        self._number += 1
        tag = f"a{self._number}"
        self._socket.sendall(f"{tag} {command}\r\n".encode())
        lines = []
        while not (line := self._line()).startswith(tag + " "):
            lines.append(line)
        return lines, line[len(tag) + 1:]

    def ok(self, command):
        lines, answer = self.ask(command)
        tap.require(answer.startswith("OK"), f"{command}: {lines} {answer}")
        return lines

    def no(self, command):
        lines, answer = self.ask(command)
        tap.require(answer.startswith("NO"), f"{command}: {lines} {answer}")
        return answer

    def capability(self):
        return set(self.ok("CAPABILITY")[0].split()[2:])

    def append(self, folder, flags, raw):
        self._number += 1
        self._socket.sendall(f"a{self._number} APPEND {folder} ({flags}) {{{len(raw)}+}}\r\n".encode() + raw + b"\r\n")
        while not (line := self._line()).startswith(f"a{self._number} "):
            pass
        tap.require(" OK" in line, line)

    def idle(self):
        self._socket.sendall(b"i IDLE\r\n")
        self._line()

    def hears(self, seconds, until=None):
        """The lines that arrive meanwhile, without those that only keep the connection alive."""
        end, lines = time.monotonic() + seconds, []
        while (left := end - time.monotonic()) > 0 and until not in lines:
            if b"\n" in self._buffer or self._socket.pending() or select.select([self._socket], [], [], left)[0]:
                try:
                    lines.append(self._line())
                except tap.Failure:  # it hung up
                    break
        return [line for line in lines if "Still here" not in line]

    def config(self):
        """COI's settings as the server lists them, in its order."""
        lines = self.ok(f'GETMETADATA (DEPTH 1) "" ({ROOT})')
        return re.findall(rf"{ROOT}/(\S+) \{{\d+\}}\r\n(.*?)(?= {ROOT}|\)\Z)", lines[0]) if lines else []

    def set(self, name, value):
        return self.ask(f'SETMETADATA "" ({ROOT}/{name} {value})')[1]

    def folders(self, command="LIST"):
        """Folder name → its attributes."""
        found = {}
        for line in self.ok(f'{command} "" "*"'):
            match = re.match(r'\* \w+ \((.*?)\) "." "?(.*?)"?\Z', line)
            found[match[2]] = set(match[1].split())
        return found

    def flags(self, folder):
        """Subject → flags."""
        self.ok(f"SELECT {folder}")
        if self.ok("SEARCH ALL")[0] == "* SEARCH":
            return {}
        lines = self.ok("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return {re.search(r"Subject: (.*?)\r", line)[1]: set(re.search(r"FLAGS \((.*?)\)", line)[1].split()) - {"\\Recent"}
                for line in lines if "Subject: " in line}


def mail(subject, *headers, to="bob"):
    """With just these headers, and a Message-ID of the ordinary kind unless one is given."""
    if not any(header.startswith("Message-ID") for header in headers):
        headers += (f"Message-ID: <{os.urandom(6).hex()}@example.net>",)
    lines = ["From: carol@example.net", f"To: {to}@example.org", f"Subject: {subject}", *headers, "", subject, ""]
    return "\r\n".join(lines).encode()


def arrive(lab, users, *mails):
    """Handed to the mail store as Postfix does it; returns when all of them are there."""
    with smtplib.LMTP(os.path.join(lab.directory, lab.imap_server, "lmtp"), local_hostname="client.invalid") as lmtp:
        for one in mails:
            for user in users:
                lmtp.sendmail("carol@example.net", [lab.address(user)], one)


@tap.case("COI stand-in: capabilities after login; a fresh user; what is refused; what enabling makes")
def settings():
    with Lab(users=["bob"], coi=True) as lab:
        imap = Imap(lab)
        tap.require(not {"COI", "WEBPUSH"} & imap.capability() and "COI" not in imap.greeting, "COI shows before login")
        imap.ok(f"LOGIN bob@example.org {lab.password('bob')}")
        tap.require({"COI", "WEBPUSH", "METADATA"} <= imap.capability(), "COI shows after login")
        tap.same(imap.ok("NAMESPACE"), ['* NAMESPACE (("" "/")) NIL NIL'], "namespace")
        tap.same(imap.ok(f'GETMETADATA (DEPTH 1) "" ({ROOT})'), [f'* METADATA "" ({ROOT}/mailbox-root {{3}}\r\nCOI)'],
                 "a fresh user's settings")
        for name, value in (("mailbox-root", "Talk"), ("enabled", "true"), ("enabled", '""'), ("message-filter", "all"),
                            ("message-filter", "Active")):
            tap.require(imap.set(name, value).startswith("NO"), f"{name} {value} is refused")
        tap.same(imap.config(), [("mailbox-root", "COI")], "settings after the refusals")
        tap.require("COI" not in imap.folders(), "no folders yet")
        imap.ok(f'SETMETADATA "" ({ROOT}/message-filter active {ROOT}/enabled yes)')
        tap.same(imap.config(), [("enabled", "yes"), ("mailbox-root", "COI"), ("message-filter", "active")],
                 "in this order")
        folders = imap.folders()
        tap.require("\\Noselect" in folders["COI"] and {"COI/Chats", "COI/Contacts"} <= set(folders), f"folders: {folders}")
        tap.same(set(imap.folders("LSUB")), {"COI/Chats"}, "subscribed")
        tap.same(imap.set("enabled", "NIL")[:2], "OK", "switched off")
        tap.same(imap.config(), [("mailbox-root", "COI"), ("message-filter", "active")], "settings when off")
        tap.require({"COI/Chats", "COI/Contacts"} <= set(imap.folders()), "the folders stay")
        tap.same(lab.coi.writes[-2:], [("bob@example.org", {"message-filter": "active", "enabled": "yes"}),
                                       ("bob@example.org", {"enabled": None})], "what the lab saw")


@tap.case("COI stand-in: where chat and other mail is delivered, by filter")
def delivery():
    chat = {"version": ("Chat-Version: 1.0",), "empty version": ("Chat-Version:",), "id": (f"Message-ID: {ID}",),
            "folded reply": (f"References:\r\n {ID}\r\n <2@example.net>",), "reply": (f"References: {ID} <2@example.net>",)}
    other = {"ordinary": (), "second": (f"References: <1@example.net> {ID}",), "in reply": (f"In-Reply-To: {ID}",),
             "capitals": ("Message-ID: <CHAT$9b1c2d3e4f@example.net>",), "inside": ("Message-ID: <x.chat$1@example.net>",)}
    users = ["off", "none", "unset", "seen", "active"]
    with Lab(users=users, coi=True) as lab:
        for user in users[1:]:
            lab.coi.switch(lab.address(user), user)
        arrive(lab, users, *(mail(subject, *headers) for subject, headers in {**chat, **other}.items()))
        ordinary = {subject: set() for subject in other}
        marked = {subject: {"$Chat"} for subject in chat}
        for user in users:
            imap = Imap(lab, user)
            inbox = {**ordinary, **(marked if user in ("none", "unset", "seen") else {}),
                     **({subject: set() for subject in chat} if user == "off" else {})}
            tap.same(imap.flags("INBOX"), inbox, f"INBOX with the filter {user}")
            if user != "off":
                tap.same(imap.flags("COI/Chats"), marked if user == "active" else {}, f"Chats with the filter {user}")


@tap.case("COI stand-in, active: INBOX's IDLE stays silent for chat mail")
def silent():
    with Lab(users=["bob"], coi=True, coi_enabled="active") as lab:
        inbox, chats = Imap(lab, "bob"), Imap(lab, "bob")
        inbox.ok("SELECT INBOX")
        chats.ok("SELECT COI/Chats")
        inbox.idle()
        chats.idle()
        arrive(lab, ["bob"], mail("chat", "Chat-Version: 1.0"))
        tap.require("* 1 EXISTS" in chats.hears(tap.patience(10), until="* 1 EXISTS"), "Chats tells of the message")
        tap.same(inbox.hears(0.2), [], "INBOX")


@tap.case("COI stand-in, seen: whatever sets \\Seen on $Chat in INBOX moves the message to Chats")
def seen():
    with Lab(users=["bob"], coi=True, coi_enabled="seen") as lab:
        arrive(lab, ["bob"], *(mail(f"chat {number}", "Chat-Version: 1.0") for number in range(1, 7)), mail("ordinary"))
        imap = Imap(lab, "bob")
        imap.ok("SELECT INBOX")
        lines, answer = imap.ask("UID STORE 1 +FLAGS (\\Seen \\Flagged)")
        tap.require("* 1 EXPUNGE" in lines and "COPYUID" not in answer, f"STORE: {lines} {answer}")
        tap.require("* 1 EXPUNGE" in imap.ok("UID STORE 2 +FLAGS.SILENT (\\Seen)"), "STORE.SILENT")
        tap.require("* 1 EXPUNGE" in imap.ok("UID FETCH 3 (BODY[])"), "FETCH of BODY[]")
        tap.require("EXPUNGE" not in "".join(imap.ok("STORE 1 +FLAGS (\\Seen)")), "a sequence STORE says it later")
        tap.require("* 1 EXPUNGE" in imap.ok("NOOP"), "the next command")
        imap.ok("UID STORE 5 -FLAGS ($Chat)")
        tap.require("EXPUNGE" not in "".join(imap.ok("UID STORE 5,7 +FLAGS (\\Seen)")), "without the keyword it stays")
        imap.append("INBOX", "$Chat", mail("marked by hand"))
        uid = re.search(r"SEARCH (\d+)", imap.ok("UID SEARCH KEYWORD $Chat UID 8:*")[0])[1]
        tap.require("EXPUNGE" in "".join(imap.ok(f"UID STORE {uid} +FLAGS (\\Seen)")), "the keyword decides")
        moved = {subject: {"\\Seen", "$Chat"} for subject in ("chat 2", "chat 3", "chat 4", "marked by hand")}
        tap.same(imap.flags("COI/Chats"), {"chat 1": {"\\Seen", "\\Flagged", "$Chat"}, **moved}, "Chats")
        imap.ok("ENABLE QRESYNC")
        imap.ok("SELECT INBOX")
        tap.require("* VANISHED 6" in imap.ok("UID STORE 6 +FLAGS (\\Seen)"), "with QRESYNC")
        tap.same(imap.flags("INBOX"), {"chat 5": {"\\Seen"}, "ordinary": {"\\Seen"}}, "INBOX at last")


@tap.case("COI stand-in: a session keeps the filter that it first saw; a new one has the new one")
def stubborn():
    with Lab(users=["bob"], coi=True, coi_enabled="none") as lab:
        arrive(lab, ["bob"], *(mail(f"chat {number}", "Chat-Version: 1.0") for number in (1, 2, 3)))
        imap = Imap(lab, "bob")
        imap.ok("SELECT INBOX")
        imap.ok("UID STORE 1 +FLAGS (\\Seen)")
        imap.ok(f'SETMETADATA "" ({ROOT}/message-filter seen)')
        tap.require("EXPUNGE" not in "".join(imap.ok("UID STORE 2 +FLAGS (\\Seen)")), "the old session does as before")
        other = Imap(lab, "bob")
        other.ok("SELECT INBOX")
        tap.require("* 3 EXPUNGE" in other.ok("UID STORE 3 +FLAGS (\\Seen)"), "the new session moves")


@tap.case("COI stand-in: APPEND stores as given; CREATE and DELETE of Chats switch; renaming into Trash, too")
def folders():
    with Lab(users=["bob"], coi=True) as lab:
        imap, other = Imap(lab, "bob"), Imap(lab, "bob")
        imap.ok("CREATE COI/Chats")
        tap.same(imap.config(), [("enabled", "yes"), ("mailbox-root", "COI")], "CREATE enables")
        tap.eventually(lambda: "COI/Contacts" in imap.folders(), "and makes Contacts")
        tap.same(imap.folders("LSUB"), {}, "subscribes nothing")
        imap.append("INBOX", "\\Seen", mail("appended", "Chat-Version: 1.0"))
        tap.same((imap.flags("INBOX"), imap.flags("COI/Chats")), ({"appended": {"\\Seen"}}, {}), "APPEND")
        imap.ok("SELECT INBOX")
        other.ok("SELECT COI/Chats")
        other.idle()
        imap.ok("DELETE COI/Chats")
        tap.require(any(line.startswith("* BYE") for line in other.hears(tap.patience(1.5))), "who had it open gets BYE")
        tap.same(imap.config(), [("mailbox-root", "COI")], "DELETE disables")
        imap.set("enabled", "yes")
        imap.ok("RENAME COI/Chats Trash/Chats")
        tap.same(imap.config(), [("mailbox-root", "COI")], "so does renaming into Trash")
        imap.ok("CREATE COI/Chats")
        imap.ok("RENAME COI Talk")
        tap.same(imap.config()[0], ("enabled", "yes"), "renaming COI is allowed and changes nothing")


@tap.case("COI stand-in: web push subscriptions")
def webpush():
    device = '{"client":"Messenger","device":"Phone","msgtype":"any","resource":{"endpoint":"https://push.example.net/1"}}'
    with Lab(users=["bob"], coi=True) as lab:
        imap = Imap(lab, "bob")
        def subscribe(number):
            text = device.replace("Phone", f"Phone {number}")
            return imap.ask(f'SETMETADATA "" ({PUSH}/subscription-{number} {{{len(text)}+}}\r\n{text})')[1][:2]
        tap.same([subscribe(number) for number in range(11)], ["OK"] * 10 + ["NO"], "eleven subscriptions")
        listed = imap.ok(f'GETMETADATA "" ({PUSH}/subscription-3)')[0]
        tap.require(re.search(r'\{"created": ?"\S+\+00:00", ?"validated": ?false,.*Phone 3', listed), f"listed: {listed}")
        for number in (3, 3, 10):
            imap.ok(f'SETMETADATA "" ({PUSH}/subscription-{number} NIL)')
        left = imap.ok(f'GETMETADATA (DEPTH 1) "" ({PUSH})')[0]
        tap.same(len(re.findall("subscription-", left)), 9, "subscriptions left")


@tap.case("COI stand-in: a root of its own; refused; below INBOX. with dots; without announcing METADATA")
def variants():
    with Lab(users=["bob"], coi=True, coi_root="Talk", coi_refuses=True) as lab:
        imap = Imap(lab, "bob")
        tap.same(imap.config(), [("mailbox-root", "Talk")], "root")
        tap.same(imap.set("enabled", "yes")[:2], "NO", "refused")
        tap.same(imap.config(), [("mailbox-root", "Talk")], "settings after the refusal")
        tap.require("Talk" not in imap.folders(), "no folders after the refusal")
        lab.coi.refuses = False
        imap.ok(f'SETMETADATA "" ({ROOT}/message-filter active {ROOT}/enabled yes)')
        arrive(lab, ["bob"], mail("chat", "Chat-Version: 1.0"))
        tap.same(imap.flags("Talk/Chats"), {"chat": {"$Chat"}}, "Talk/Chats")
    with Lab(users=["bob"], coi=True, coi_enabled="active", separator=".", prefix="INBOX.",
             capabilities_without=["METADATA"]) as lab:
        imap = Imap(lab, "bob")
        tap.same({"COI", "METADATA"} & imap.capability(), {"COI"}, "capabilities")
        tap.require(("mailbox-root", "INBOX.COI") in imap.config(), "root")
        arrive(lab, ["bob"], mail("chat", "Chat-Version: 1.0"), mail("ordinary"))
        tap.same((imap.flags("INBOX.COI.Chats"), imap.flags("INBOX")), ({"chat": {"$Chat"}}, {"ordinary": set()}), "filed")


@tap.case("Dovecot with all folders below INBOX. and dots, announcing less; what clients sent")
def reduced():
    without = ["MOVE", "UIDPLUS", "CONDSTORE", "IDLE", "NOTIFY", "METADATA", "SPECIAL-USE", "LITERAL+"]
    with Lab(users=["bob"], separator=".", prefix="INBOX.", capabilities_without=without, rawlog=True) as lab:
        imap = Imap(lab)
        tap.same(imap.capability() & {*without, "QRESYNC", "COI"}, set(), "announced before login, too much")
        imap.ok(f"LOGIN bob@example.org {lab.password('bob')}")
        tap.same(imap.capability() & {*without, "QRESYNC", "COI"}, set(), "announced after login, too much")
        tap.require({"IMAP4rev1", "NAMESPACE", "ESEARCH"} <= imap.capability(), "the rest is there")
        tap.same(imap.ok("NAMESPACE"), ['* NAMESPACE (("INBOX." ".")) NIL NIL'], "namespace")
        imap.ok("CREATE INBOX.COI.Chats")
        tap.same(set(imap.folders()) - {"INBOX", "INBOX.Sent", "INBOX.Trash"}, {"INBOX.COI", "INBOX.COI.Chats"}, "folders")
        imap.no("CREATE Outside")
        arrive(lab, ["bob"], mail("ordinary"))
        tap.same(imap.flags("INBOX"), {"ordinary": set()}, "INBOX")
        sent = tap.eventually(lambda: [log for log in lab.rawlog("bob") if "CREATE Outside" in log], "the log of commands")
        tap.require("FETCH 1:* (FLAGS" in sent[0] and "LOGIN" not in sent[0], f"the log of commands: {sent[0]}")


@tap.case("Cyrus: mail by Postfix and by APPEND, METADATA in its own way")
def cyrus():
    with Lab(users=["bob"], imap_server="cyrus", rawlog=True) as lab:
        imap = Imap(lab, "bob")
        tap.require({"METADATA", "MOVE", "UIDPLUS", "QRESYNC", "IDLE"} <= imap.capability(), "announced")
        tap.require('* NAMESPACE (("" "/"))' in imap.ok("NAMESPACE")[0], "namespace")
        tap.same(set(imap.folders()), {"INBOX", "Sent", "Trash"}, "folders")
        tap.same(imap.ok(f'GETMETADATA (DEPTH 1) "" ({ROOT})'), [f'* METADATA "" ("{ROOT}" NIL)'], "COI's settings")
        tap.require(imap.ask('SETMETADATA "" (/private/comment word)')[1].startswith("BAD"), "a value must be quoted")
        imap.ok('SETMETADATA "" (/private/comment "word")')
        tap.same(imap.ok('GETMETADATA "" (/private/comment)'), ['* METADATA "" ("/private/comment" "word")'], "quoted")
        imap.ok("SELECT INBOX")
        imap.idle()
        lab.deliver(mail("by Postfix", "Chat-Version: 1.0"), "carol@example.net", ["bob@example.org"])
        tap.require("* 1 EXISTS" in imap.hears(tap.patience(10), until="* 1 EXISTS"), "IDLE tells of it")
        other = Imap(lab, "bob")
        other.append("INBOX", "\\Seen $Chat", mail("by APPEND"))
        tap.same(other.flags("INBOX"), {"by Postfix": set(), "by APPEND": {"\\Seen", "$Chat"}}, "INBOX")
        tap.require(any("APPEND INBOX (\\Seen $Chat)" in log for log in lab.rawlog("bob")), "the log of commands")
        tap.same(lab.counts("bob"), {"INBOX": 2}, "counted by the lab")


@tap.case("Cyrus below INBOX. with dots, announcing less")
def cyrus_reduced():
    without = {"MOVE", "UIDPLUS", "CONDSTORE", "QRESYNC", "IDLE", "METADATA"}
    with Lab(users=["bob"], imap_server="cyrus", separator=".", prefix="INBOX.", capabilities_without=without) as lab:
        imap = Imap(lab, "bob")
        tap.same(imap.capability() & without, set(), "announced, too much")
        tap.require('* NAMESPACE (("INBOX." "."))' in imap.ok("NAMESPACE")[0], "namespace")
        imap.ok("CREATE INBOX.COI.Chats")
        tap.same(set(imap.folders()), {"INBOX", "INBOX.Sent", "INBOX.Trash", "INBOX.COI", "INBOX.COI.Chats"}, "folders")
        arrive(lab, ["bob"], mail("ordinary"))
        tap.same(imap.flags("INBOX"), {"ordinary": set()}, "INBOX")


if os.environ.get("COI_BUILD", "").endswith("-asan"):
    print("1..0 # SKIP no program of ours runs here")
    sys.exit()
tap.run()
