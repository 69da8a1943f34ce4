"""A Postfix policy service: makes the server refuse or defer recipients, or everybody for a sender, while a test says so."""
import socketserver
import threading


class Policy:
    """Answers every RCPT; `refuse("bob@example.org", "550 5.1.1 No such user")` until `allow("bob@example.org")`. What is said of a
    sender ("" for <>) comes at RCPT, too."""

    def __init__(self):
        self._verdicts = {}
        self._senders = {}
        self.asked = []
        policy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                attributes = {}
                for line in self.rfile:
                    name, found, value = line.decode("utf-8", "replace").rstrip("\n").partition("=")
                    if found:
                        attributes[name] = value
                        continue
                    self.wfile.write(f"action={policy.verdict(attributes.get('recipient', ''), attributes.get('sender', ''))}\n\n".encode())
                    attributes = {}

        socketserver.ThreadingTCPServer.daemon_threads = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def verdict(self, recipient, sender):
        self.asked.append(recipient.lower())
        return self._verdicts.get(recipient.lower()) or self._senders.get(sender.lower(), "DUNNO")

    def refuse(self, recipient, reply):
        self._verdicts[recipient.lower()] = reply

    def allow(self, recipient):
        self._verdicts.pop(recipient.lower(), None)

    def refuse_sender(self, sender, reply):
        self._senders[sender.lower()] = reply

    def close(self):
        self._server.shutdown()
        self._server.server_close()
