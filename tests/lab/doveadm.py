"""Orders to a lab's Dovecot over the socket of its service doveadm."""
import re
import socket

import tap

# The greeting, what the command prints, its verdict.
ANSWER = re.compile(rb"\+\n(.*)\n(\+|-\w*)\n\Z", re.DOTALL)


class Doveadm:
    """The socket must be its user's alone (mode 0600): that is how Dovecot knows whom to obey."""

    def __init__(self, path):
        self._path = path

    def _reaches(self, connection):
        """A Dovecot that has just been started opens this socket last."""
        try:
            connection.connect(self._path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def _run(self, user, command, *arguments):
        """(whether it went well, what it printed)"""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(tap.patience(20))
            tap.eventually(lambda: self._reaches(connection), "Dovecot takes orders")
            order = "\t".join(("", user, command) + arguments)
            connection.sendall(f"VERSION\tdoveadm-server\t1\t0\n{order}\n".encode())
            answer = b""
            while not (match := ANSWER.match(answer)):
                data = connection.recv(4096)
                if not data:
                    raise OSError(f"doveadm {command} {arguments}: {answer!r}")
                answer += data
        return match[2] == b"+", match[1].decode()

    def order(self, user, command, *arguments):
        fine, output = self._run(user, command, *arguments)
        tap.require(fine, f"doveadm {command} {arguments}: {output!r}")
        return output
