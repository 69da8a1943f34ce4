"""An ordinary mail program in a few functions: raw IMAP and SMTP."""
import email.message
import email.policy
import email.utils
import imaplib
import re
import smtplib
import ssl
import time

import tap

imaplib._MAXLINE = 10_000_000


def _trusting():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Mailbox:
    """One user's account over IMAP."""

    def __init__(self, port, address, password):
        self.imap = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=_trusting(), timeout=tap.patience(30))
        self._ok(self.imap.login(address, password))

    @staticmethod
    def _ok(answer):
        status, data = answer
        tap.require(status == "OK", f"IMAP: {status} {data}")
        return data

    def folders(self):
        """Names of the mailboxes that can be opened."""
        found = []
        for line in self._ok(self.imap.list()):
            match = re.match(rb'\((.*?)\) (?:"."|NIL) "?(.*?)"?$', line)
            if b"\\Noselect" not in match[1]:
                found.append(match[2].decode())
        return found

    def create(self, folder):
        self._ok(self.imap.create(folder))
        self._ok(self.imap.subscribe(folder))

    def select(self, folder, readonly=True):
        return int(self._ok(self.imap.select(f'"{folder}"', readonly=readonly))[0])

    def uids(self, folder="INBOX", search="ALL"):
        if not self.select(folder):
            return []
        return [int(uid) for uid in self._ok(self.imap.uid("SEARCH", search))[0].split()]

    def raw(self, folder="INBOX"):
        """Every mail of the folder as bytes, in the order of arrival."""
        if not self.select(folder):
            return []
        return [part[1] for part in self._ok(self.imap.uid("FETCH", "1:*", "(BODY.PEEK[])")) if isinstance(part, tuple)]

    def mails(self, folder="INBOX"):
        """Every mail of the folder, parsed."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw(folder)]

    def flags(self, folder="INBOX"):
        """Sets of flags, in the order of arrival."""
        if not self.select(folder):
            return []
        found = []
        for line in self._ok(self.imap.uid("FETCH", "1:*", "(FLAGS)")):
            names = re.search(rb"FLAGS \((.*?)\)", line)[1].decode().split()
            found.append(set(names) - {"\\Recent"})
        return found

    def counts(self):
        """Mailbox name → number of mails, empty ones left out."""
        found = {}
        for folder in self.folders():
            status = self._ok(self.imap.status(f'"{folder}"', "(MESSAGES)"))[0]
            count = int(re.search(rb"MESSAGES (\d+)", status)[1])
            if count:
                found[folder] = count
        return found

    def append(self, raw, folder="INBOX", flags="", when=None):
        self._ok(self.imap.append(folder, f"({flags})", imaplib.Time2Internaldate(when or time.time()), raw))

    def empty(self, folder="INBOX"):
        """Deletes everything in the folder."""
        if self.select(folder, readonly=False):
            self._ok(self.imap.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)"))
            self._ok(self.imap.expunge())

    def close(self):
        try:
            self.imap.logout()
        except (OSError, imaplib.IMAP4.error):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def compose(sender, recipient, text, subject=None, **headers):
    """A mail as an ordinary program writes it; headers: In_Reply_To="<…>" and so on. By default its subject says nothing that isn't
    said anyway: what answers a chat keeps the chat's, another one is the beginning of the text."""
    if subject is None:
        subject = "Re: Chat: Hello" if "In_Reply_To" in headers else text.strip().split("\n")[0][:60]
    mail = email.message.EmailMessage()
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = subject
    mail["Date"] = email.utils.formatdate(localtime=True)
    mail["Message-ID"] = email.utils.make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def deliver(port, mail, sender=None, recipients=None):
    """Hands a mail (EmailMessage or bytes) to the server as another server would, without login."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.invalid", timeout=tap.patience(30)) as smtp:
        if isinstance(mail, bytes):
            smtp.sendmail(sender, recipients, mail)
        else:
            smtp.send_message(mail)


def submit(port, mail, address, password):
    """Sends a mail as its author's own program would: STARTTLS and login."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.invalid", timeout=tap.patience(30)) as smtp:
        smtp.starttls(context=_trusting())
        smtp.login(address, password)
        smtp.send_message(mail)
