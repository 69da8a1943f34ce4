"""A scripted IMAP server for what no real one does: says its greeting, answers commands by a table."""
import socket
import threading


class Peer:
    """greeting: pieces sent at once. answers: command → untagged lines (without the last line end) before the tagged OK.
    after: command → bytes sent in one write behind the tagged OK. no: command → tagged answer instead of OK."""

    def __init__(self, greeting, answers, after=None, no=None):
        self.greeting = greeting
        self.answers = answers
        self.after = after or {}
        self.no = no or {}
        self.received = bytearray()
        self.visits = 0
        self._sockets = []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(8)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            for piece in self.greeting:
                client.sendall(piece)
            buffer = b""
            while data := client.recv(4096):
                self.received.extend(data)
                buffer += data
                while b"\r\n" in buffer:
                    line, buffer = buffer.split(b"\r\n", 1)
                    self._answer(client, line)
        except OSError:
            pass
        finally:
            client.close()

    def _answer(self, client, line):
        words = line.split(b" ")
        if len(words) < 2:
            return
        tag, command = words[0], words[1].upper()
        untagged = self.answers.get(command)
        answer = (untagged + b"\r\n" if untagged else b"") + tag + b" " + self.no.get(command, b"OK done") + b"\r\n"
        client.sendall(answer + self.after.get(command, b""))

    def close(self):
        for one in [self._listener] + self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
