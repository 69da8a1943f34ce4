"""A lab: a real Dovecot and a real Postfix for one domain in a temporary directory, and whoever chats there."""
import atexit
import contextlib
import grp
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import certs
import client
import coiserver
import cyrus
import dovecot
import front
import mailclient
import policy
import ports
import postfix
import relay
import store
import tap

HERE = os.path.dirname(os.path.abspath(__file__))


def _accounts():
    """The users of the system that the servers run as."""
    try:
        nobody, mta = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
        drop, internal = grp.getgrnam("postdrop"), pwd.getpwnam("dovecot")
        pwd.getpwnam("dovenull")
    except KeyError as missing:
        raise RuntimeError(f"the packages dovecot-core and postfix make this user or group: {missing}") from None
    return {"mail_uid": nobody.pw_uid, "mail_gid": nobody.pw_gid, "mail_user": nobody.pw_name,
            "mail_group": grp.getgrgid(nobody.pw_gid).gr_name, "postfix": "postfix",
            "postfix_uid": mta.pw_uid, "postfix_gid": mta.pw_gid, "postdrop": "postdrop", "postdrop_gid": drop.gr_gid,
            "internal": "dovecot", "internal_group": grp.getgrgid(internal.pw_gid).gr_name, "untrusted": "dovenull"}


class Lab:
    """with Lab(users=["alice", "bob"]) as lab: … All servers are ended and all files removed at the end.

    tls           "good", "other" (authority), "wrong" (name), "expired" or "self": the certificate of the servers
    mechanisms    what Dovecot offers, "plain login scram-sha-256"
    hashed        passwords are stored as hashes that SCRAM can't use, as most servers of the world have them
    mailboxes     further mailboxes of everybody, such as "COI/Chats"
    active        chat mail is delivered to COI/Chats, as a COI server's filter "active" does
    cleartext     login is allowed without TLS
    refusals      `lab.policy` can refuse recipients
    imap_settings further lines of Dovecot's protocol imap {}
    separator     of folder names
    prefix        of the names of all folders but INBOX, such as "INBOX."
    capabilities_without  what the IMAP server doesn't announce; QRESYNC goes with CONDSTORE. The commands still work
    rawlog        `lab.rawlog(user)` is what the user's programs have sent over IMAP
    coi           `lab.coi` makes it a COI server (coiserver.py); coi_root: the folder, coi_refuses: SETMETADATA is answered
                  NO, coi_enabled: what everybody has chosen before: None, "none", "active", "seen" or "unset"
    imap_server   "dovecot", or "cyrus" (then Dovecot only checks passwords for Postfix), which heeds tls, cleartext,
                  message_size, capabilities_without, rawlog, separator and prefix (as "." and "INBOX.")
    """

    def __init__(self, domain="example.org", users=("alice", "bob"), tls="good", mechanisms="plain login scram-sha-256",
                 mailboxes=(), active=False, cleartext=False, refusals=False, imap_settings=(), format="sdbox",
                 message_size=20_000_000, hashed=False, separator="/", prefix="", capabilities_without=(), rawlog=False,
                 coi=False, coi_root=None, coi_refuses=False, coi_enabled=None, imap_server="dovecot"):
        self.domain = domain
        self.users = {f"{user}@{domain}": f"pa55-{user}-{os.urandom(6).hex()}" for user in users}
        self.tls = tls
        self.mechanisms = mechanisms
        self.hashed = hashed
        self.mailboxes = mailboxes
        self.active = active
        self.cleartext = cleartext
        self.policy = policy.Policy() if refusals else None
        self.imap_settings = imap_settings
        self.format = format
        self.message_size = message_size
        self.separator = separator
        self.prefix = prefix
        self.without = set(capabilities_without) | ({"QRESYNC"} if "CONDSTORE" in capabilities_without else set())
        self.rawlogs = rawlog
        self.coi = None
        self._coi = (coi_root or prefix + "COI", coi_refuses) if coi else None
        self._coi_enabled = coi_enabled
        self.imap_server = imap_server
        self._helpers = []  # of the servers, in this process
        self.directory = None
        self.certificates = None
        self.certificate = None
        self.ports = {}
        self._keeper = None
        self._ends = []
        self._logs = {}

    def __enter__(self):
        atexit.register(self.close)
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            for attempt in range(5):
                failure = self._start()
                if not failure:
                    return self
            raise RuntimeError(f"the lab's servers don't start: {failure}\n{self.tails()}")
        except BaseException:
            self.close()
            raise

    def _start(self):
        # The servers' own users must reach into it; the paths of sockets must stay short.
        self.directory = tempfile.mkdtemp(prefix="coi-")
        os.chmod(self.directory, 0o755)
        self.certificates = certs.Certificates(os.path.join(self.directory, "certs"), self.domain)
        make = {"good": "good", "other": "other", "wrong": "wrong_name", "expired": "expired", "self": "self_signed"}
        self.certificate = getattr(self.certificates, make[self.tls])()
        names = ["imap", "imaps", "smtp", "submission", "smtps"]
        self.ports = dict(zip(names, ports.free(len(names))))
        folders = {name: os.path.join(self.directory, name) for name in {"dovecot", "postfix", self.imap_server}}
        for folder in folders.values():
            os.mkdir(folder)
        if self.rawlogs:
            self.rawlogs = os.path.join(self.directory, "rawlogs")
        if self._coi:
            self.coi = coiserver.CoiServer(*self._coi)
            self._helpers.append(self.coi)
        servers = self._configure(folders, _accounts())
        self._logs = {name: server["log"] for name, server in servers.items()}
        command = [sys.executable, os.path.join(HERE, "keeper.py")]
        if os.geteuid() != 0:
            command = ["sudo", "-n"] + command
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True)
        answer = self._ask(do="start", directory=self.directory, servers=servers, timeout=tap.patience(20))
        failure = answer.get("error")
        if failure:
            failure += "\n" + self.tails()
            self._end_keeper()
        elif self._coi_enabled:
            for user in self.users:
                self.coi.switch(user, self._coi_enabled)
        return failure

    def _configure(self, folders, accounts):
        """Every server's description for the keeper."""
        servers = {}
        own, lmtp = self.ports, os.path.join(folders[self.imap_server], "lmtp")
        if self.imap_server == "cyrus":
            own = dict(zip(("imap", "imaps"), ports.free(2)))
            servers["cyrus"], passwords = cyrus.configure(self, folders["cyrus"], self.ports, accounts, self.users)
            self._helpers.append(passwords)
        servers["dovecot"] = dovecot.configure(self, folders["dovecot"], own, accounts, self.users)
        servers["postfix"] = postfix.configure(self, folders["postfix"], folders["dovecot"], lmtp, self.ports, accounts,
                                               self.users)
        return servers

    def _ask(self, **request):
        self._keeper.stdin.write(json.dumps(request) + "\n")
        self._keeper.stdin.flush()
        line = self._keeper.stdout.readline()
        if not line:
            raise RuntimeError("the keeper of the servers is gone (not root, and no sudo without a password?)")
        return json.loads(line)

    def _order(self, **request):
        answer = self._ask(**request)
        tap.require("error" not in answer, f"{request}: {answer.get('error')}\n{self.tails()}")

    def stop(self, server):
        """Ends "dovecot" or "postfix"; its port refuses connections until `start`."""
        self._order(do="stop", server=server)

    def start(self, server):
        self._order(do="again", server=server, timeout=tap.patience(20))

    def restart(self, server):
        self.stop(server)
        self.start(server)

    def freeze(self, server):
        """The server's processes stand still: connections stay, nothing is answered, until `thaw`."""
        self._order(do="signal", server=server, number=int(signal.SIGSTOP))

    def thaw(self, server):
        self._order(do="signal", server=server, number=int(signal.SIGCONT))

    def log(self, server):
        """What the server has logged so far."""
        try:
            with open(self._logs[server], encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError as error:
            return f"(no log: {error})"

    def tails(self, lines=15):
        """The last lines of every log, for a report."""
        return "\n".join(f"--- {name}\n" + "\n".join(self.log(name).splitlines()[-lines:]) for name in self._logs)

    def capability(self):
        """What the IMAP server is told to announce; empty: as it likes."""
        return [word for word in dovecot.ANNOUNCED if word not in self.without] if self.without else []

    def rawlog(self, user):
        """What the user's programs have sent after login, connection by connection, in the order of their beginning."""
        if self.imap_server == "cyrus":
            logs = os.path.join(self.directory, "cyrus", "data", "log", user)
            return [cyrus.sent(text) for text in self._texts(logs, "")]
        texts = self._texts(os.path.join(self.rawlogs, self.address(user)), ".in")
        return [re.sub(r"^[0-9]+\.[0-9]+ ", "", text, flags=re.MULTILINE) for text in texts]

    def _texts(self, folder, ending):
        answer = self._ask(do="read", folder=folder, ending=ending)
        tap.require("error" not in answer, f"{folder}: {answer.get('error')}")
        return answer["texts"]

    def address(self, user):
        return f"{user}@{self.domain}"

    def password(self, user):
        return self.users[self.address(user)]

    def at_end(self, function):
        """Called when the lab ends, the latest first."""
        self._ends.append(function)

    def mailbox(self, user):
        """The user's account over raw IMAP."""
        mailbox = mailclient.Mailbox(self.ports["imaps"], self.address(user), self.password(user))
        self.at_end(mailbox.close)
        return mailbox

    def counts(self, user):
        """Mailbox name → number of mails of this user, empty ones left out."""
        with mailclient.Mailbox(self.ports["imaps"], self.address(user), self.password(user)) as mailbox:
            return mailbox.counts()

    def deliver(self, mail, sender=None, recipients=None):
        """An ordinary mail from anywhere arrives."""
        mailclient.deliver(self.ports["smtp"], mail, sender, recipients)

    def submit(self, mail, user):
        """The user's ordinary mail program sends this."""
        mailclient.submit(self.ports["submission"], mail, self.address(user), self.password(user))

    def relay(self, server, **options):
        """A relay to a port of this lab: "imap", "imaps", "smtp", "submission" or "smtps"."""
        made = relay.Relay(self.ports[server], **options)
        self.at_end(made.close)
        return made

    def front(self, kind, **options):
        """A front (front.py) that makes the servers behave as "gmail" or "outlook" do; its ports are for `client`."""
        made = front.Front(self, kind, **options)
        self.at_end(made.close)
        return made

    def profile(self, name):
        """A new, empty user directory for a client."""
        path = os.path.join(self.directory, "profile-" + name)
        os.makedirs(path, exist_ok=True)
        return path

    def options(self, security="tls", imap=None, smtp=None, host="localhost"):
        """Account options that lead to this lab's servers; imap and smtp: other ports (of relays). Receipts, which are mails of their own,
        leave only where a test asks for them."""
        secure = {"tls": ("imaps", "smtps"), "starttls": ("imap", "submission"), "none": ("imap", "submission")}[security]
        return {"imap_server": host, "imap_port": imap or self.ports[secure[0]], "imap_security": security,
                "smtp_server": host, "smtp_port": smtp or self.ports[secure[1]], "smtp_security": security,
                "filter": "none", "send_receipts": "never"}

    def client(self, user, security="tls", imap=None, smtp=None, host="localhost", options=None, trusted=True,
               profile=None, password=None, **more):
        """A client of this user, started, its account added, not logged in. trusted: the servers' certificate was
        accepted in an earlier session."""
        directory = profile or self.profile(user)
        if trusted:
            client.trust(directory, host, self.certificate[0])
        everything = self.options(security, imap, smtp, host)
        everything.update(options or {})
        made = client.Client(directory, self.address(user), password or self.password(user), everything, **more)
        self.at_end(made.close)
        made.start()
        return made

    def holds(self, user, timeout=15, **expected):
        """The user's mailboxes come to hold just so many mails and no others: holds("bob", INBOX=2, Sent=1)."""
        with mailclient.Mailbox(self.ports["imaps"], self.address(user), self.password(user)) as mailbox:
            end = time.monotonic() + tap.patience(timeout)
            while (counts := mailbox.counts()) != expected and time.monotonic() < end:
                time.sleep(0.05)
        tap.same(counts, expected, f"mails of {user} on the server")

    def settled(self, *clients, timeout=20):
        """Waits until nothing is left to be sent, copied or shown for these people."""
        for person in clients:
            tap.eventually(lambda: store.unfinished(person.profile, person.address) == (0, 0, 0),
                           f"nothing left to do for {person.address}", timeout)

    def leave(self, *clients):
        """Everybody leaves, and nothing else was shown, nothing is left to be sent, copied or shown."""
        for person in clients:
            with contextlib.suppress(tap.Failure):  # said below, more precisely
                self.settled(person)
            person.nothing_else()
            person.quit()
            tap.same(store.unfinished(person.profile, person.address), (0, 0, 0),
                     f"mails to send, to copy, lines to show left by {person.address}")

    def close(self):
        """Ends everything, in whatever state it is. The files stay where COI_KEEP is set."""
        atexit.unregister(self.close)
        while self._ends:
            try:
                self._ends.pop()()
            except Exception as error:  # one thing that doesn't end must not keep the others alive
                tap.note(f"while ending the lab: {error!r}")
        self._end_keeper()
        if self.policy:
            self.policy.close()
            self.policy = None

    def _end_keeper(self):
        keep = bool(os.environ.get("COI_KEEP"))
        if self._keeper:
            try:
                self._keeper.stdin.write(json.dumps({"do": "finish", "keep": keep}) + "\n")
                self._keeper.stdin.close()
            except OSError:
                pass
            self._keeper.wait()
            self._keeper.stdout.close()
            self._keeper = None
        while self._helpers:
            self._helpers.pop().close()
        if self.directory and not keep:
            shutil.rmtree(self.directory, ignore_errors=True)
        self.directory = None

    def __exit__(self, kind, *_):
        if kind and issubclass(kind, Exception) and kind is not tap.Skip:
            for made in client.Client.living:
                tap.note(f"--- {made.address}", made.report())
            tap.note(self.tails())
            if os.environ.get("COI_KEEP"):
                tap.note(f"kept: {self.directory}")
        self.close()
        return False
