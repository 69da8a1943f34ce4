"""The headless client (client.c) from Python: a person with one account who types, reads and remembers everything shown."""
import contextlib
import fcntl
import html
import json
import os
import re
import signal
import subprocess
import threading
import time

import certs
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
# Complaints on standard error that no test may cause.
COMPLAINTS = re.compile(r"CRITICAL|Sanitizer|runtime error:|GLib-WARNING|purple-coi-WARNING|\*\*ERROR|double free|corrupted")


def build():
    return os.path.join(ROOT, os.environ.get("COI_BUILD", "build"))


def trust(profile, host, certificate):
    """The user of this profile has accepted the certificate for this host in an earlier session."""
    folder = os.path.join(profile, "certificates", "x509", "tls_peers")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(os.path.join(folder, host), "w", encoding="ascii") as file:
        file.write(certs.leaf(certificate))


# The engine alone behind the same protocol (engine_client.c): no libpurple, no HTML, no system lines.
ENGINE_ALONE = os.environ.get("COI_CLIENT") == "engine-client"


def plain(text):
    """What a reader sees of a line's HTML."""
    if ENGINE_ALONE:
        return text
    text = re.sub(r"<br */?>", "\n", text, flags=re.IGNORECASE)
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def environment(**more):
    """The programs' environment: every complaint of GLib is fatal. Sanitizers' options come from tests/lab/sanitized."""
    variables = dict(os.environ)
    variables.update({"G_DEBUG": "fatal-criticals", "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "no_proxy"):
        variables.pop(name, None)
    variables.update(more)
    return variables


class Client:
    """Every event is remembered until a test has expected it; what nobody expected is found by `nothing_else`."""

    living = []
    # Events that tell a user something.
    TOLD = ("line", "request", "notify", "error", "disconnected")

    def __init__(self, profile, address, password, options, proxy=None, wrapper=(), variables=None, added=True):
        self.profile = profile
        self.address = address
        self.password = password
        self.options = options
        self.proxy = proxy
        self.wrapper = list(wrapper)
        self.variables = variables or {}
        self.added = added
        self.process = None
        self.events = []
        self.history = []
        self._arrived = threading.Condition()
        self._errors_path = os.path.join(profile, "stderr")
        self._reader = None
        self._reading = threading.Event()
        self._sync = 0
        self._clean_until = 0
        self._looks_at = None

    # -- the process --

    def start(self):
        """Starts the program on the profile and makes the account known to it."""
        program = os.path.join(build(), "tests", "lab", os.environ.get("COI_CLIENT", "client"))
        tap.require(os.path.exists(program), f"{program} has not been built")
        command = self.wrapper + [program, "--plugin", os.path.join(build(), "libcoi.so"), "--user-dir", self.profile]
        with open(self._errors_path, "ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            env=environment(**self.variables), start_new_session=True)
        Client.living.append(self)
        self._reading.set()
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        self.expect("ready", timeout=20)
        if self.added:
            self.add()
        return self

    def add(self):
        request = {"do": "add", "account": self.address, "password": self.password, "options": self.options}
        if self.proxy:
            request["proxy"] = self.proxy
        self.do(**request)

    def hold(self):
        """From now on nobody takes what the program writes: its main loop stands still once the pipe is full."""
        fcntl.fcntl(self.process.stdout.fileno(), fcntl.F_SETPIPE_SZ, 4096)
        self._reading.clear()

    def _read(self, process):
        for line in process.stdout:
            self._reading.wait()
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "garbage", "text": repr(line)}
            event["at"] = time.monotonic()
            with self._arrived:
                self.events.append(event)
                self.history.append(event)
                self._arrived.notify_all()
        process.wait()
        with self._arrived:
            self._arrived.notify_all()

    def do(self, **request):
        line = json.dumps(request) + "\n"
        try:
            self.process.stdin.write(line.encode())
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise tap.Failure(f"{self.address}'s client is gone: {self.report()}") from None

    def kill(self):
        """kill -9, as a crash or a power cut of the program."""
        self.process.send_signal(signal.SIGKILL)
        self._gone()

    def quit(self, timeout=20):
        """Leaves the program as a user does, and requires that it left in order and said nothing wrong."""
        self.do(do="quit")
        try:
            self.process.wait(tap.patience(timeout))
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self._gone()
            raise tap.Failure(f"{self.address}'s client doesn't end after quit\n{self.report()}") from None
        status = self.process.returncode
        self._gone()
        with self._arrived:
            self.events = [one for one in self.events if one["event"] != "disconnected"]
        tap.require(status == 0, f"{self.address}'s client ended with status {status}\n{self.report()}")
        self.no_complaints()

    def _gone(self):
        if self.process:
            self.process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)  # resolvers that libpurple forked
            self._reading.set()
            self._reader.join(5)
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
            Client.living.remove(self)

    def again(self):
        """A new process on the same profile; what the old one told is forgotten."""
        if self.process:
            self.quit()
        self.forget()
        return self.start()

    def close(self):
        """Ends the process in whatever state it is."""
        if self.process:
            if self.process.poll() is None:
                self.process.kill()
            self._gone()

    def errors(self):
        with open(self._errors_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def no_complaints(self):
        """The programs of this profile have written nothing to standard error that a test may not cause."""
        text = self.errors()[self._clean_until:]
        found = COMPLAINTS.search(text)
        if found:
            self._clean_until += len(text)
            raise tap.Failure(f"{self.address}'s client complains:\n{text[max(0, found.start() - 300):][:6000]}")

    def report(self):
        """The latest events and complaints, for a failure."""
        status = self.process.poll() if self.process else "ended"
        return (f"status {status}\n" + "\n".join(json.dumps(event) for event in self.history[-15:]) + "\n"
                + self.errors()[-2000:])

    # -- events --

    def seen(self, event=None, where=None, **members):
        """Events told so far and not expected yet that are like this; they stay."""
        with self._arrived:
            return [one for one in self.events if self._like(one, event, where, members)]

    @staticmethod
    def _like(one, event, where, members):
        return ((event is None or one.get("event") == event)
                and all(one.get(name) == value for name, value in members.items())
                and (where is None or where(one)))

    def expect(self, event=None, where=None, timeout=10, **members):
        """Waits for an event like this, forgets it there, returns it."""
        end = time.monotonic() + tap.patience(timeout)
        with self._arrived:
            while True:
                for index, one in enumerate(self.events):
                    if self._like(one, event, where, members):
                        return self.events.pop(index)
                left = end - time.monotonic()
                gone = not self.process or self.process.poll() is not None
                if left <= 0 or gone:
                    break
                self._arrived.wait(min(left, 0.5))
        raise tap.Failure(f"{self.address}: expected {event} {members} within {tap.patience(timeout):g} s"
                          f"{', but the program ended' if gone else ''}\n{self.report()}")

    def forget(self):
        """Nothing of what was told so far is expected any more."""
        with self._arrived:
            self.events.clear()

    def sync(self):
        """Returns when everything that was handed to libpurple before has been handled."""
        self._sync += 1
        self.do(do="sync", n=self._sync)
        self.expect("sync", n=self._sync)

    def nothing_else(self, but=None):
        """Nothing was told to the user that the test did not expect; but(event): what is allowed."""
        if self.process:
            self.sync()
        left = [one for one in self.seen() if one.get("event") in self.TOLD and not (but and but(one))]
        tap.require(not left, f"{self.address} was told more than expected: {json.dumps(left, indent=1)}")

    # -- what a person does --

    def login(self, timeout=20):
        self.do(do="login", account=self.address)
        self.expect("connected", timeout=timeout)
        return self

    def logout(self, timeout=20):
        self.do(do="logout", account=self.address)
        self.expect("disconnected", timeout=timeout)

    def says(self, to, text, timeout=10):
        """Types text to somebody (a Client or an address) and sees the own line."""
        self.types(to, text)
        return self.echoed(to, text, timeout)

    def types(self, to, text):
        self.do(do="send", account=self.address, to=address_of(to), text=text)

    def echoed(self, to, text, timeout=10):
        """The own line appears in the conversation."""
        return self.expect("line", lambda one: "send" in one["flags"] and plain(one["text"]) == text,
                           conversation=address_of(to), timeout=timeout)

    def hears(self, sender, text, timeout=15):
        """The line of somebody else appears in their conversation."""
        return self.expect("line", lambda one: "recv" in one["flags"] and plain(one["text"]) == text,
                           conversation=address_of(sender), timeout=timeout)

    def is_told(self, words, conversation=None, timeout=15):
        """A system or error line with these words appears; words: a regular expression."""
        pattern = re.compile(words, re.IGNORECASE | re.DOTALL)
        return self.expect("line", lambda one: {"system", "error"} & set(one["flags"]) and pattern.search(plain(one["text"]))
                           and (conversation is None or one["conversation"] == address_of(conversation)), timeout=timeout)

    def typing(self, peer, state="typing"):
        """Begins to type, pauses ("typed") or gives up ("stopped"); after how many seconds the prpl wants to hear of it again."""
        self.do(do="typing", account=self.address, to=address_of(peer), state=state)
        return self.expect("typing-again")["seconds"]

    def sees_typing(self, peer, state="typing", timeout=15):
        """The client comes to show that somebody is typing, has paused ("typed") or has stopped ("stopped")."""
        return self.expect("typing", conversation=address_of(peer), state=state, timeout=timeout)

    def looks_at(self, peer):
        """Turns to the conversation with somebody (a Client or an address), and so away from all others."""
        self._looks_at = address_of(peer)
        self.do(do="focus", account=self.address, to=self._looks_at, focused=True)

    def looks_away(self):
        """Turns to another window."""
        self.do(do="focus", account=self.address, to=self._looks_at, focused=False)

    def has_unseen(self, peer, count, timeout=15):
        """The client comes to say that so many lines of this conversation are unseen."""
        return self.expect("unseen", conversation=address_of(peer), count=count, timeout=timeout)

    def blocks(self, peer):
        self.do(do="deny", account=self.address, who=address_of(peer))

    def unblocks(self, peer):
        self.do(do="undeny", account=self.address, who=address_of(peer))

    def fails(self, reason=None, fatal=None, timeout=30):
        """The connection ends with an error; returns it."""
        error = self.expect("error", timeout=timeout)
        if reason is not None:
            tap.same(error["reason"], reason, f"reason of {error['text']!r}")
        if fatal is not None:
            tap.same(error["fatal"], fatal, f"fatal of {error['text']!r}")
        self.expect("disconnected", timeout=timeout)
        return error

    def stats(self):
        self.do(do="stats")
        return self.expect("stats")

    def heard(self):
        """All texts of others shown so far, in order, also expected ones."""
        with self._arrived:
            return [plain(one["text"]) for one in self.history if one.get("event") == "line" and "recv" in one["flags"]]


def address_of(person):
    return person.address if isinstance(person, Client) else person
