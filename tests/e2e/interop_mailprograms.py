#!/usr/bin/python3
"""People whose mail program is mutt or s-nail answer our chat."""
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import tap
from lab import Lab

CAROL = "carol@example.org"
MUTT = """set folder="imaps://localhost:{imaps}/" spoolfile="+INBOX" imap_user="{who}" imap_pass="{password}"
set imap_authenticators="plain" smtp_url="smtps://{quoted}@localhost:{smtps}/" smtp_pass="{password}"
set smtp_authenticators="plain" certificate_file={authority} ssl_verify_host=no from="{who}" use_from=yes
set realname="Carol Müller" hostname=example.org header_cache="" record="" copy=no editor="{editor}" sort=threads
set include=yes fast_reply=yes abort_unmodified=no postpone=no quit=yes charset=utf-8
set index_format="%4C %s"
unset wait_key
"""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise tap.Skip(f"{program} is not installed")


class Mutt:
    """mutt on a screen of its own."""

    def __init__(self, lab, user):
        self.home = os.path.join(lab.directory, "mutt")
        os.mkdir(self.home)
        self.editor = os.path.join(self.home, "editor")
        self.socket = os.path.join(self.home, "tmux")
        with open(os.path.join(self.home, "muttrc"), "w", encoding="utf-8") as file:
            file.write(MUTT.format(imaps=lab.ports["imaps"], smtps=lab.ports["smtps"], who=lab.address(user),
                                   quoted=urllib.parse.quote(lab.address(user)), password=lab.password(user),
                                   authority=lab.certificates.authority()[0], editor=self.editor))
        lab.at_end(self.close)

    def tmux(self, *arguments):
        command = ["tmux", "-f", "/dev/null", "-S", self.socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "mutt")

    def open(self, subject):
        command = f"HOME={self.home} LC_ALL=C.UTF-8 mutt -F {self.home}/muttrc"
        self.tmux("new-session", "-d", "-s", "mutt", "-x", "100", "-y", "30", command)
        tap.eventually(lambda: subject in self.screen(), f"mutt lists {subject}")

    def reply(self, script):
        """Answers the newest mail; script: what the editor does with the file $1."""
        with open(self.editor, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(self.editor, 0o755)
        self.tmux("send-keys", "-t", "mutt", "*", "r")
        tap.eventually(lambda: "y:Send" in self.screen(), "mutt offers to send")
        self.tmux("send-keys", "-t", "mutt", "y")

    def close(self):
        self.tmux("kill-server")


def heard(person):
    return client.plain(person.expect("line", lambda one: "recv" in one["flags"], conversation=CAROL, timeout=15)["text"])


@tap.case("mutt: its answers, quoted and not, are in the conversation; ours are one thread there")
def mutt():
    need("mutt", "tmux")
    with Lab(users=["alice", "carol"]) as lab:
        alice, inbox = lab.client("alice").login(), lab.mailbox("carol")
        alice.says(CAROL, "Lunch at noon?")
        tap.eventually(inbox.uids, "Carol has Alice's mail")
        program = Mutt(lab, "carol")
        program.open("Lunch at noon?")
        program.reply('{ printf "Yes, gladly. äö😀\\n\\n"; cat "$1"; } > "$1.new" && mv "$1.new" "$1"')
        tap.same(heard(alice).splitlines()[0], "Yes, gladly. äö😀", "first line of the answer")
        program.close()

        alice.says(CAROL, "See you there.")
        tap.eventually(lambda: len(inbox.uids()) == 2, "Carol has the second mail")
        program.open("└─>")  # below the first, with no other subject
        program.reply('printf "Bare.\\n" > "$1"')
        tap.same(heard(alice), "Bare.", "answer without a quote")
        lab.holds("alice", INBOX=2, Sent=2)
        lab.leave(alice)


@tap.case("s-nail: its answer is in the conversation")
def s_nail():
    need("s-nail")
    with Lab(users=["alice", "carol"]) as lab:
        alice, inbox = lab.client("alice").login(), lab.mailbox("carol")
        alice.says(CAROL, "Hello Carol.")
        tap.eventually(inbox.uids, "Carol has Alice's mail")
        mbox, settings = (os.path.join(lab.directory, name) for name in ("mbox", "nail"))
        with open(mbox, "wb") as file:
            file.write(f"From alice@example.org {time.asctime()}\n".encode())
            file.write(inbox.raw()[0].replace(b"\r\n", b"\n") + b"\n")
        server = f"{urllib.parse.quote(CAROL)}:{urllib.parse.quote(lab.password('carol'))}@localhost:{lab.ports['smtps']}"
        with open(settings, "w", encoding="utf-8") as file:
            file.write(f"set v15-compat from={CAROL} mta=smtps://{server} smtp-auth=plain smtp-hostname=example.org sendwait\n"
                       f"set tls-ca-file={lab.certificates.authority()[0]} tls-ca-no-defaults ttycharset=utf-8\n")
        done = subprocess.run(["s-nail", "-:/", "-Sv15-compat", "-X", f"source {settings}", "-~", "-#", "-f", mbox],
                              input="reply 1\nBare ä\n~.\nx\n", text=True, capture_output=True,
                              env={**os.environ, "HOME": lab.directory, "LC_ALL": "C.UTF-8"})
        tap.require(done.returncode == 0, f"s-nail: {done.stderr}")
        tap.same(heard(alice), "Bare ä", "answer")
        lab.holds("alice", INBOX=1, Sent=1)
        lab.leave(alice)


tap.run()
