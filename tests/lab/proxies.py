"""Two small proxies, SOCKS5 (RFC 1928, 1929) and HTTP CONNECT (RFC 9110, 9.3.6), that remember who went where."""
import base64
import socket
import struct
import threading
import time


class Proxy:
    """`names` maps what a client asks for, host or (host, port), to a port of 127.0.0.1; the rest is refused.
    log: (host, port) of every request that was served; refused: of every other."""

    def __init__(self, names, user=None, password=None):
        self.names = names
        self.user = user
        self.password = password
        self.log = []
        self.refused = []
        self.unauthorized = 0
        self.received = bytearray()
        self._sockets = []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def settings(self):
        """The member `proxy` of the client's command `add`."""
        found = {"type": self.kind, "host": "127.0.0.1", "port": self.port}
        if self.user:
            found.update(user=self.user, password=self.password)
        return found

    def close(self):
        for one in [self._listener] + self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            asked = self._handshake(client)
            if not asked:
                return
            target = self.names.get(asked, self.names.get(asked[0]))
            if target is None:
                self.refused.append(asked)
                self._answer(client, False)
                return
            server = socket.create_connection(("127.0.0.1", target))
            self._sockets.append(server)
            self.log.append(asked)
            self._answer(client, True)
            # libpurple swallows what comes from the server in one read with an HTTP proxy's answer.
            time.sleep(0.1)
            back = threading.Thread(target=self._pump, args=(server, client, False), daemon=True)
            back.start()
            self._pump(client, server, True)
            back.join()
            server.close()
        except (OSError, EOFError, struct.error, ValueError):
            pass
        finally:
            client.close()

    def _pump(self, source, sink, record):
        try:
            while data := source.recv(65536):
                if record:
                    self.received.extend(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    @staticmethod
    def _exactly(client, count):
        data = b""
        while len(data) < count:
            more = client.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data


class Socks5(Proxy):
    kind = "socks5"

    def _handshake(self, client):
        version, count = self._exactly(client, 2)
        methods = self._exactly(client, count)
        wanted = 2 if self.user else 0
        if version != 5 or wanted not in methods:
            self.unauthorized += 1
            client.sendall(b"\x05\xff")
            return None
        client.sendall(bytes((5, wanted)))
        if wanted == 2 and not self._login(client):
            self.unauthorized += 1
            return None
        version, command, _, kind = self._exactly(client, 4)
        if kind == 1:
            host = socket.inet_ntoa(self._exactly(client, 4))
        elif kind == 3:
            host = self._exactly(client, self._exactly(client, 1)[0]).decode("ascii")
        else:
            host = socket.inet_ntop(socket.AF_INET6, self._exactly(client, 16))
        port = struct.unpack("!H", self._exactly(client, 2))[0]
        return (host, port) if command == 1 else None

    def _login(self, client):
        _, length = self._exactly(client, 2)
        user = self._exactly(client, length).decode()
        password = self._exactly(client, self._exactly(client, 1)[0]).decode()
        good = (user, password) == (self.user, self.password)
        client.sendall(b"\x01\x00" if good else b"\x01\x01")
        return good

    @staticmethod
    def _answer(client, good):
        # 4: host unreachable.
        client.sendall(bytes((5, 0 if good else 4, 0, 1)) + bytes(6))


class HttpConnect(Proxy):
    kind = "http"

    def _handshake(self, client):
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 65536:
            head += self._exactly(client, 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        if self.user:
            wanted = "basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode().lower()
            given = [line.partition(":")[2].strip().lower() for line in lines if line.lower().startswith("proxy-auth")]
            if wanted not in given:
                self.unauthorized += 1
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"lab\"\r\n"
                               b"Content-Length: 0\r\n\r\n")
                return None
        host, _, port = target.rpartition(":")
        return (host, int(port)) if method == "CONNECT" else None

    @staticmethod
    def _answer(client, good):
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n" if good else
                       b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


class Trap:
    """Listens where nobody should ever come; `visits` counts who did."""

    def __init__(self, host, port):
        self.visits = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
