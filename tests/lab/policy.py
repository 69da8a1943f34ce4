"""A Postfix policy service: makes the server refuse or defer recipients while a test says so."""
import socketserver
import threading


class Policy:
    """Answers every RCPT; `refuse("bob@example.org", "550 5.1.1 No such user")` until `allow("bob@example.org")`."""

    def __init__(self):
        self._verdicts = {}
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
                    self.wfile.write(f"action={policy.verdict(attributes.get('recipient', ''))}\n\n".encode())
                    attributes = {}

        socketserver.ThreadingTCPServer.daemon_threads = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def verdict(self, recipient):
        self.asked.append(recipient.lower())
        return self._verdicts.get(recipient.lower(), "DUNNO")

    def refuse(self, recipient, reply):
        self._verdicts[recipient.lower()] = reply

    def allow(self, recipient):
        self._verdicts.pop(recipient.lower(), None)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
