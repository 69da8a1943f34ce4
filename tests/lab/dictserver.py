"""Dovecot's dict protocol, version 3, over a Unix socket: mail_attribute_dict = proxy:SOCKET:NAME."""
import os
import re
import socketserver
import sys
import threading
import traceback

import tap

ESCAPES = {"1": "\x01", "t": "\t", "r": "\r", "n": "\n", "0": "\0"}


class Refused(Exception):
    """The changes are not made; the message says why."""


def _unescape(text):
    return re.sub("\x01(.)", lambda match: ESCAPES.get(match[1], match[1]), text)


def _escape(text):
    for letter, character in ESCAPES.items():
        text = text.replace(character, "\x01" + letter)
    return text


class DictServer:
    """Serves `owner`, from a thread per connection: lookup(user, path) gives the value or None, under(user, path) all below
    {path: value}, commit(user, [(path, value or None)]) makes all changes or raises Refused."""

    def __init__(self, socket_path, owner):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                open_transactions = {}
                for line in self.rfile:
                    words = [_unescape(word) for word in line.decode("utf-8", "replace").rstrip("\n").split("\t")]
                    answer = _answer(owner, open_transactions, words[0][:1], [words[0][1:]] + words[1:])
                    if answer:
                        self.wfile.write(answer.encode())

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                """A server that is ended takes its connections along; all else is worth a word."""
                if not isinstance(sys.exc_info()[1], OSError):
                    tap.note(traceback.format_exc())

        self._server = Server(socket_path, Handler)
        os.chmod(socket_path, 0o666)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _answer(owner, open_transactions, command, words):
    if command == "L":
        value = owner.lookup(words[1], words[0])
        return "N\n" if value is None else f"O{_escape(value)}\n"
    if command == "I":
        found = owner.under(words[3], words[2])
        return "".join(f"O{_escape(path)}\t{_escape(found[path])}\n" for path in sorted(found)) + "\n"
    if command == "B":
        open_transactions[words[0]] = (words[1], [])
    elif command in "SU":
        open_transactions[words[0]][1].append((words[1], words[2] if command == "S" else None))
    elif command == "R":
        open_transactions.pop(words[0], None)
    elif command in "CD":
        return ("A" if command == "D" else "") + _commit(owner, words[0], *open_transactions.pop(words[0]))
    return None


def _commit(owner, number, user, changes):
    try:
        owner.commit(user, changes)
    except Refused as reason:
        return f"F{number}\t{_escape(str(reason))}\n"
    return f"O{number}\n"
