#!/usr/bin/python3
"""No room where the account's files are."""
import collections
import ctypes
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import tap
from lab import Lab


def small_disk(path, size):
    """A file system of this size, seen by this process and its children alone, gone with them."""
    if os.geteuid() != 0:
        raise tap.Skip("only root can mount a small file system")
    libc = ctypes.CDLL(None, use_errno=True)
    namespace, recursive, private = 0x20000, 0x4000, 0x40000
    if libc.unshare(namespace) != 0 or libc.mount(b"none", b"/", None, recursive | private, None) != 0:
        raise tap.Skip("no mount namespaces here")
    if libc.mount(b"coi", path.encode(), b"tmpfs", 0, f"size={size}".encode()) != 0:
        raise tap.Skip("no tmpfs here")


def fill(path):
    """Takes what room is left; removing the file gives it back."""
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


@tap.case("no room: what cannot be kept is not echoed but given back; with room again nothing is missing")
def full():
    with Lab() as lab:
        disk = lab.profile("disk")
        small_disk(disk, "4m")
        # Only the account's files are on the small disk; the program's own are not.
        os.mkdir(os.path.join(lab.profile("alice"), "coi"))
        os.mkdir(os.path.join(disk, "alice@example.org"), mode=0o700)
        os.rmdir(os.path.join(lab.profile("alice"), "coi"))
        os.symlink(disk, os.path.join(lab.profile("alice"), "coi"))
        alice, bob = lab.client("alice").login(), lab.client("bob").login()
        alice.says(bob, "There is room.")
        bob.hears(alice, "There is room.")
        lab.settled(alice)

        fill(os.path.join(disk, "filler"))
        told = 0
        for number in range(50):
            alice.types(bob, f"No room for this, {number}. " + "x" * 2000)
            one = alice.expect("line", conversation=bob.address)
            if "send" in one["flags"]:
                continue  # some room in the database's own files is left at first
            told += 1
            text = client.plain(one["text"])
            tap.require("error" in one["flags"] and f"No room for this, {number}." in text, f"given back: {one}")
            break
        tap.require(told, "the disk was never full")
        accepted = [client.plain(one["text"]) for one in alice.history if one["event"] == "line" and "send" in one["flags"]]
        bob.says(alice, "Are you there?")
        bob.says(alice, "Hello?")

        os.unlink(os.path.join(disk, "filler"))
        alice.sync()
        if alice.seen("error") or alice.seen("disconnected"):
            tap.require("full" in alice.fails()["text"], "the error names the reason")
        else:
            alice.logout()
        alice.login()
        for text in ("Are you there?", "Hello?"):
            if text not in alice.heard():
                alice.hears(bob, text)
        for text in accepted[1:]:
            bob.hears(alice, text)
        alice.says(bob, "Room again.")
        bob.hears(alice, "Room again.")
        tap.same(bob.heard(), accepted + ["Room again."], "what Bob saw, each once")
        tap.same(sorted(set(alice.heard())), ["Are you there?", "Hello?"], "what Alice saw")
        lab.settled(alice, bob)
        for person in (alice, bob):
            person.forget()
        lab.leave(alice, bob)


@tap.case("no room at login: said, and with room again it works")
def full_at_login():
    with Lab() as lab:
        disk = lab.profile("disk")
        small_disk(disk, "1m")
        os.symlink(disk, os.path.join(lab.profile("alice"), "coi"))
        fill(os.path.join(disk, "filler"))
        alice = lab.client("alice")
        alice.do(do="login", account=alice.address)
        error = alice.fails(fatal=True)
        tap.require("full" in error["text"] or "space" in error["text"], f"text of {error}")
        os.unlink(os.path.join(disk, "filler"))
        alice.login()
        lab.leave(alice)


@tap.case("logging out on a full disk while a mail is being sent: it is not sent over and over")
def logout_when_full():
    with Lab() as lab:
        disk = lab.profile("disk")
        small_disk(disk, "4m")
        profile = lab.profile("alice")
        os.mkdir(os.path.join(disk, "alice@example.org"), mode=0o700)
        os.symlink(disk, os.path.join(profile, "coi"))
        alice = lab.client("alice", options={"own_copy": "none"}).login()
        alice.says("bob@example.org", "warm up")
        lab.settled(alice)
        lab.freeze("postfix")
        alice.says("bob@example.org", "in flight")
        fill(os.path.join(disk, "filler"))
        for n in range(60):  # the database's own files have some room left
            alice.types("bob@example.org", f"{n} " + "x" * 2000)
        alice.sync()
        time.sleep(1)
        alice.do(do="logout", account=alice.address)
        time.sleep(0.2)
        lab.thaw("postfix")
        time.sleep(5)
        copies = collections.Counter(mail["Message-ID"] for mail in lab.mailbox("bob").mails())
        tap.require(max(copies.values()) <= 2, f"copies of one mail: {max(copies.values())}")


tap.run()
