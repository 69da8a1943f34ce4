"""A man in the middle of cleartext IMAP who answers for the server: a fault that a real server produces only when its disk or its
locks fail."""
import re
import socket
import threading


class Refuser:
    """While `refuse(pattern, answer)` holds, commands that match are not passed on: they are answered with `answer` behind their
    tag, or, with answer None, the connection is closed."""

    def __init__(self, target):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._rule = None
        self.refused = 0
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def refuse(self, pattern, answer):
        self._rule = (re.compile(pattern.encode()), answer)

    def relent(self):
        self._rule = None

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass_on, args=(server, client), daemon=True).start()
            threading.Thread(target=self._judge, args=(client, server), daemon=True).start()

    @staticmethod
    def _pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        sink.close()

    def _judge(self, client, server):
        rest = b""
        try:
            while data := client.recv(65536):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if not self._one(line + b"\n", client, server):
                        return
        except OSError:
            pass
        finally:
            server.close()

    def _one(self, line, client, server):
        rule = self._rule
        if rule is None or not rule[0].search(line):
            server.sendall(line)
            return True
        self.refused += 1
        if rule[1] is None:
            client.shutdown(socket.SHUT_RDWR)
            return False
        client.sendall(line.split(b" ")[0] + b" " + rule[1].encode() + b"\r\n")
        return True
