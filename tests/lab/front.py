"""A front before the lab's real servers that behaves as the mail of large providers does, where that differs: passes the rest."""
import base64
import email
import email.policy
import os
import re
import smtplib
import socket
import ssl
import threading
import time

import mailclient
import tap

TOO_MANY = {"gmail": "NO [ALERT] Too many simultaneous connections. (Failure)",
            "outlook": "NO [LIMIT] Too many connections for this mailbox"}
SENT = {"gmail": "[Gmail]/Sent Mail", "outlook": "Sent Items"}
ALL_MAIL = "[Gmail]/All Mail"
# What these servers don't know, of what Dovecot knows.
UNKNOWN = ("NOTIFY", "METADATA", "QRESYNC", "SORT", "THREAD", "PREVIEW", "SNIPPET", "SAVEDATE", "ESEARCH", "LITERAL+")
LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")


class Gone(Exception):
    """The other side has closed."""


class Wire:
    """Lines and literals over one TLS connection."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""
        self.lock = threading.Lock()

    def send(self, data):
        with self.lock:
            self.sock.sendall(data)

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.rest += data

    def line(self):
        while b"\n" not in self.rest:
            self._more()
        line, _, self.rest = self.rest.partition(b"\n")
        return line + b"\n"

    def exactly(self, count):
        while len(self.rest) < count:
            self._more()
        data, self.rest = self.rest[:count], self.rest[count:]
        return data

    def pending(self):
        return bool(self.rest)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Front:
    """kind          "gmail" or "outlook"
    connections   so many IMAP connections of one user at once; further ones are refused at login. Can be changed
    mechanisms    what is offered for logging in: "PLAIN", "XOAUTH2"
    save_after    seconds until the server has saved what was sent; None: it saves nothing
    imap, smtp    the ports, TLS from the first byte
    logins        (protocol, mechanism, address, whether it was let in) of every login
    most          IMAP connections of one user that there were at once
    """

    def __init__(self, lab, kind, connections=None, mechanisms=("PLAIN", "XOAUTH2"), save_after=0.3):
        self.lab, self.kind = lab, kind
        self.connections = connections
        self.mechanisms = mechanisms
        self.save_after = save_after
        self.logins, self.refused, self.commands, self.most = [], 0, [], 0
        self.tokens = {address: self._new_token() for address in lab.users}
        self._imap_rules, self._smtp_rules = [], {}
        self._living, self._sockets = {}, []
        self._lock = threading.Lock()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*lab.certificate)
        for address in lab.users:
            with mailclient.Mailbox(lab.ports["imaps"], address, lab.users[address]) as box:
                for folder in [SENT[kind]] + ([ALL_MAIL] if kind == "gmail" else []):
                    if folder not in box.folders():
                        box.create(f'"{folder}"')
        self.imap, self.smtp = self._listen(self._serve_imap), self._listen(self._serve_smtp)

    # -- what a test says --

    @staticmethod
    def _new_token():
        return "ya29." + os.urandom(12).hex()

    def expire(self, address):
        """The user's token is of no use any more; the new one."""
        self.tokens[address] = self._new_token()
        return self.tokens[address]

    def imap_says(self, pattern, answer, times=None):
        """IMAP commands like this, AUTHENTICATE too, are answered so behind their tag ("NO [THROTTLED] …"), or for "BYE …" the
        connection ends with it; for so many times, or until `relent`."""
        self._imap_rules.append([re.compile(pattern.encode(), re.IGNORECASE), answer.encode(), times])

    def smtp_says(self, when, answer, times=None):
        """when: "greeting", "AUTH", "MAIL", "RCPT" or "DATA". After 421 the connection ends."""
        self._smtp_rules[when] = [answer.encode(), times]

    def relent(self):
        self._imap_rules.clear()
        self._smtp_rules.clear()

    def bye(self, words):
        """Every IMAP connection is told so and ended."""
        for wire in [wire for wires in list(self._living.values()) for wire in list(wires)]:
            try:
                wire.send(b"* BYE " + words.encode() + b"\r\n")
            except OSError:
                pass
            wire.close()

    def living(self, user):
        return len(self._living.get(self.lab.address(user), ()))

    def close(self):
        for one in self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    # -- both protocols --

    def _listen(self, serve):
        listener = socket.create_server(("127.0.0.1", 0))
        self._sockets.append(listener)

        def accept():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                self._sockets.append(client)
                threading.Thread(target=self._shake_hands, args=(client, serve), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def _shake_hands(self, client, serve):
        try:
            client.settimeout(30)
            client = self._tls.wrap_socket(client, server_side=True)
            client.settimeout(None)
            self._sockets.append(client)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve(Wire(client))
        except (OSError, Gone, ValueError, IndexError, UnicodeError):
            pass
        finally:
            client.close()

    def _judge(self, protocol, mechanism, answer):
        """The address that may log in by this answer, or None."""
        if mechanism == "PLAIN":
            _, address, password = base64.b64decode(answer).decode().split("\0")
            good = self.lab.users.get(address) == password
        else:
            fields = base64.b64decode(answer).decode().split("\1")
            address = fields[0].removeprefix("user=")
            good = fields[1:] == ["auth=Bearer " + self.tokens.get(address, "?"), "", ""]
        good = good and mechanism in self.mechanisms
        self.logins.append((protocol, mechanism, address, good))
        return address if good else None

    @staticmethod
    def _rule(rules, line):
        for rule in rules:
            if rule[0].search(line) and rule[2] != 0:
                if rule[2] is not None:
                    rule[2] -= 1
                return rule[1]
        return None

    # -- IMAP --

    def _capability(self, words):
        """What is announced after login."""
        kept = [word for word in words.split() if not word.decode().startswith(UNKNOWN)]
        return b" ".join(kept + ([b"X-GM-EXT-1"] if self.kind == "gmail" else []))

    def _serve_imap(self, client):
        offer = " ".join(["IMAP4rev1", "SASL-IR", "ID"] + ["AUTH=" + name for name in self.mechanisms]
                         + (["LOGINDISABLED"] if "PLAIN" not in self.mechanisms else [])).encode()
        ready = {"gmail": b"Gimap ready for requests", "outlook": b"The Microsoft Exchange IMAP4 service is ready."}
        client.send(b"* OK [CAPABILITY " + offer + b"] " + ready[self.kind] + b"\r\n")
        while True:
            line = client.line()
            words = line.split()
            tag, command = words[0], words[1].upper()
            said = self._rule(self._imap_rules, line)
            if said:
                self._say(client, tag, said)
            elif command == b"AUTHENTICATE":
                address = self._authenticate(client, tag, words)
                if address and self._enter(client, tag, address):
                    return
            elif command == b"CAPABILITY":
                client.send(b"* CAPABILITY " + offer + b"\r\n" + tag + b" OK done\r\n")
            elif command == b"LOGOUT":
                client.send(b"* BYE until then\r\n" + tag + b" OK done\r\n")
                return
            else:
                client.send(tag + b" BAD not before login\r\n")

    @staticmethod
    def _say(client, tag, said):
        if said.startswith(b"BYE"):
            client.send(b"* " + said + b"\r\n")
            raise Gone
        client.send(tag + b" " + said + b"\r\n")

    def _authenticate(self, client, tag, words):
        mechanism = words[2].decode().upper()
        if len(words) > 3:
            answer = words[3]
        else:
            client.send(b"+ \r\n")
            answer = client.line().strip()
        address = self._judge("imap", mechanism, answer)
        if address is None and mechanism == "XOAUTH2":
            client.send(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer","scope":"mail"}') + b"\r\n")
            client.line()
        if address is None:
            client.send(tag + b" NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n")
        return address

    def _enter(self, client, tag, address):
        """Goes on as this user until the end; FALSE when there are too many of them."""
        with self._lock:
            wires = self._living.setdefault(address, [])
            full = self.connections is not None and len(wires) >= self.connections
            if full:
                self.refused += 1
            else:
                wires.append(client)
                self.most = max(self.most, len(wires))
        if full:
            client.send(tag + b" " + TOO_MANY[self.kind].encode() + b"\r\n")
            return False
        server = Wire(mailclient._trusting().wrap_socket(socket.create_connection(("127.0.0.1", self.lab.ports["imaps"]))))
        self._sockets.append(server.sock)
        try:
            server.line()
            plain = base64.b64encode(f"\0{address}\0{self.lab.users[address]}".encode())
            server.send(tag + b" AUTHENTICATE PLAIN " + plain + b"\r\n")
            threading.Thread(target=self._down, args=(server, client), daemon=True).start()
            self._up(client, server)
        finally:
            with self._lock:
                wires.remove(client)
            server.close()
            client.close()
        return True

    def _up(self, client, server):
        while True:
            line = client.line()
            self.commands.append(line.strip().decode("latin-1"))
            said = self._rule(self._imap_rules, line) if not LITERAL.search(line) else None
            if said:
                self._say(client, line.split()[0], said)
                continue
            server.send(line)
            while match := LITERAL.search(line):
                server.send(client.exactly(int(match[1])))
                line = client.line()
                server.send(line)

    def _down(self, server, client):
        try:
            while True:
                line = server.line()
                passed = self._changed(line)
                if passed:
                    client.send(passed)
                while match := LITERAL.search(line):
                    client.send(server.exactly(int(match[1])))
                    line = server.line()
                    client.send(line)
        except (Gone, OSError):
            client.close()

    def _changed(self, line):
        line = re.sub(rb"(\* CAPABILITY |\[CAPABILITY )([^\]\r]*)", lambda found: found[1] + self._capability(found[2]), line)
        if self.kind == "outlook" and line.upper().startswith(b"* ID "):
            return b'* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20")\r\n'
        if line.upper().startswith(b"* LIST"):
            return self._listed(line)
        if self.kind == "outlook":
            line = re.sub(rb"\[PERMANENTFLAGS \(([^)]*)\)", lambda found: b"[PERMANENTFLAGS (" + b" ".join(
                flag for flag in found[1].split() if flag.startswith(b"\\") and flag != b"\\*") + b")", line)
        return line

    def _listed(self, line):
        """The provider's own folders are marked; the lab's Sent isn't there."""
        match = re.match(rb'\* LIST \((.*?)\) ("."|NIL) "?(.*?)"?\r\n$', line)
        name, flags = match[3].decode(), match[1].replace(b" \\Sent", b"").replace(b"\\Sent", b"")
        if name == "Sent":
            return None
        special = {SENT[self.kind]: b"\\Sent", ALL_MAIL: b"\\All"}.get(name)
        if special:
            flags += b" " + special if flags else special
        return b'* LIST (' + flags + b') ' + match[2] + b' "' + match[3] + b'"\r\n'

    # -- SMTP --

    def _smtp_rule(self, client, when):
        rule = self._smtp_rules.get(when)
        if not rule or rule[1] == 0:
            return False
        if rule[1] is not None:
            rule[1] -= 1
        client.send(rule[0] + b"\r\n")
        if rule[0].startswith(b"421"):
            raise Gone
        return True

    def _serve_smtp(self, client):
        if self._smtp_rule(client, "greeting"):
            return
        client.send(b"220 front ESMTP\r\n")
        user, sender, recipients = None, None, []
        while True:
            line = client.line().strip()
            verb = line[:4].upper()
            if verb == b"QUIT":
                client.send(b"221 2.0.0 closing\r\n")
                return
            if verb == b"EHLO":
                client.send(b"250-front\r\n250-SIZE 35882577\r\n250-8BITMIME\r\n250-AUTH " +
                            " ".join(self.mechanisms).encode() + b"\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n")
            elif verb == b"AUTH":
                user = None if self._smtp_rule(client, "AUTH") else self._smtp_auth(client, line)
            elif user is None:
                client.send(b"530 5.7.0 Authentication required\r\n")
            elif verb == b"RSET":
                sender, recipients = None, []
                client.send(b"250 2.0.0 OK\r\n")
            elif verb == b"MAIL":
                sender, recipients = None, []
                if not self._smtp_rule(client, "MAIL"):
                    sender = line.split(b"<")[1].split(b">")[0].decode()
                    client.send(b"250 2.1.0 OK\r\n")
            elif verb == b"RCPT":
                if sender is None:
                    client.send(b"503 5.5.1 MAIL first\r\n")
                elif not self._smtp_rule(client, "RCPT"):
                    recipients.append(line.split(b"<")[1].split(b">")[0].decode())
                    client.send(b"250 2.1.5 OK\r\n")
            elif verb == b"DATA":
                if not recipients:
                    client.send(b"503 5.5.1 RCPT first\r\n")
                elif not self._smtp_rule(client, "DATA"):
                    client.send(self._take(client, user, sender, recipients))
                sender, recipients = None, []
            else:
                client.send(b"502 5.5.1 unknown\r\n")

    def _smtp_auth(self, client, line):
        words = line.split()
        mechanism = words[1].decode().upper()
        if len(words) > 2:
            answer = words[2]
        else:
            client.send(b"334 \r\n")
            answer = client.line().strip()
        address = self._judge("smtp", mechanism, answer)
        if address is None and mechanism == "XOAUTH2":
            client.send(b"334 " + base64.b64encode(b'{"status":"401","schemes":"bearer","scope":"mail"}') + b"\r\n")
            client.line()
        client.send(b"235 2.7.0 Accepted\r\n" if address else b"535 5.7.8 Username and Password not accepted.\r\n")
        return address

    def _take(self, client, user, sender, recipients):
        client.send(b"354 Go ahead\r\n")
        mail = b""
        while (line := client.line()) != b".\r\n":
            mail += line[1:] if line.startswith(b".") else line
        message_id = None
        if self.kind == "outlook":
            message_id = f"<{os.urandom(8).hex().upper()}@front.outlook.invalid>".encode()
            mail = re.sub(rb"(?im)^Message-ID:.*(\r\n[ \t].*)*", b"Message-ID: " + message_id, mail, count=1)
        try:
            with smtplib.SMTP_SSL("127.0.0.1", self.lab.ports["smtps"], context=mailclient._trusting(),
                                  local_hostname="front.invalid") as smtp:
                smtp.login(user, self.lab.users[user])
                # Gmail shows what one sends to oneself in Sent and All Mail only.
                others = [one for one in recipients if self.kind != "gmail" or one.lower() != user]
                if others:
                    smtp.sendmail(sender, others, mail, ["BODY=8BITMIME"])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, words = next(iter(refusal.recipients.values()))
            return b"%d %s\r\n" % (code, words)
        if self.save_after is not None:
            threading.Timer(self.save_after, self._save, (user, mail)).start()
        return b"250 2.0.0 OK\r\n"

    def _save(self, user, mail):
        if self.kind == "gmail":
            mail = b"Received: from client.invalid by front.gmail.invalid with ESMTPSA; Thu, 1 Jan 2026 00:00:00 +0000\r\n" + mail
        try:
            with mailclient.Mailbox(self.lab.ports["imaps"], user, self.lab.users[user]) as box:
                box.append(mail, f'"{SENT[self.kind]}"', "\\Seen")
                if self.kind == "gmail":
                    box.append(mail, f'"{ALL_MAIL}"', "\\Seen")
        except OSError:
            pass  # the lab has ended

    # -- what is left on the server --

    def places(self, user):
        """Message-ID that its sender gave → folders it lies in, without All Mail, where on Gmail everything lies."""
        found = {}
        with mailclient.Mailbox(self.lab.ports["imaps"], self.lab.address(user), self.lab.password(user)) as box:
            for folder in box.folders():
                if folder == ALL_MAIL:
                    continue
                for raw in box.raw(folder):
                    mail = email.message_from_bytes(raw, policy=email.policy.default)
                    name = mail["X-Microsoft-Original-Message-ID"] or mail["Message-ID"]
                    found.setdefault(name.strip("<> "), []).append(folder)
        return found

    def settles(self, user, expected, timeout=20):
        """Every mail of the user lies in just one folder; expected: folder → how many."""
        end = time.monotonic() + tap.patience(timeout)
        while True:
            places = self.places(user)
            counts = {}
            for folders in places.values():
                for folder in folders:
                    counts[folder] = counts.get(folder, 0) + 1
            if counts == expected or time.monotonic() > end:
                break
            time.sleep(0.1)
        tap.same(counts, expected, f"mails of {user} on the server")
        doubled = {name: folders for name, folders in places.items() if len(folders) > 1}
        tap.same(doubled, {}, f"mails of {user} that lie twice on the server")
