"""A relay between a client and a server that misbehaves when told: cuts, stalls, crawls, refuses, records."""
import socket
import ssl
import struct
import threading
import time

CHUNK = 65536


class Connection:
    """One connection through the relay; `up` is what the client sent, `down` what the server sent."""

    def __init__(self, client):
        self.client = client
        self.server = None
        self.up = bytearray()
        self.down = bytearray()
        self.lock = threading.Lock()
        self.open = True

    def end(self, reset=False):
        """Closes both sides, with RST or in order. False when that has happened before."""
        with self.lock:
            if not self.open:
                return False
            self.open = False
        for side in (self.client, self.server):
            if side is None:
                continue
            try:
                if reset:
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                side.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            except OSError:
                pass
        return True


class Relay:
    """Listens on `port` of a loopback address and relays to the target port of 127.0.0.1.

    tls: (certificate, key): the relay ends the client's TLS with this certificate, speaks TLS to the server itself, and
    records what was inside.
    """

    def __init__(self, target, host="127.0.0.1", port=0, tls=None, record=True):
        self.target = target
        self.host = host
        self.record = record
        self.connections = []
        self.plan = lambda: None  # for each new connection: (direction, bytes, reset) of its cut, or None
        self.cuts = 0
        self._rate = None
        self._flowing = threading.Event()
        self._flowing.set()
        self._tls = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
        self._listener = None
        self.port = port
        self.up()

    def up(self):
        """Accepts connections (again)."""
        if self._listener:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self, reset=True):
        """Refuses connections and ends those that are there."""
        listener, self._listener = self._listener, None
        if listener:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        self.cut(reset)

    def cut(self, reset=True):
        """Ends the connections that are there; new ones are accepted."""
        for connection in list(self.connections):
            connection.end(reset)

    def stall(self):
        """Nothing passes any more, connections stay open and are still accepted."""
        self._flowing.clear()

    def resume(self):
        self._flowing.set()

    def slow(self, bytes_per_second):
        """Passes at most so much in each direction; None: as fast as it goes."""
        self._rate = bytes_per_second

    def recorded(self, direction="up"):
        """All bytes of that direction, connection by connection."""
        return [bytes(getattr(connection, direction)) for connection in list(self.connections)]

    def living(self):
        return sum(connection.open for connection in list(self.connections))

    def close(self):
        self.resume()
        self.down()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            cut = self.plan()
            connection = Connection(client)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection, cut), daemon=True).start()

    def _serve(self, connection, cut):
        try:
            if self._tls:
                connection.client.settimeout(60)
                connection.client = self._tls.wrap_socket(connection.client, server_side=True)
            connection.server = socket.create_connection(("127.0.0.1", self.target), timeout=60)
            if self._tls:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                connection.server = context.wrap_socket(connection.server)
        except OSError:
            self._close(connection)
            return
        for side in (connection.client, connection.server):
            side.settimeout(None)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pumps = [threading.Thread(target=self._pump, args=(connection, *way, cut), daemon=True)
                 for way in (("up", connection.client, connection.server), ("down", connection.server, connection.client))]
        for pump in pumps:
            pump.start()
        for pump in pumps:
            pump.join()
        self._close(connection)

    @staticmethod
    def _close(connection):
        connection.end()
        for side in (connection.client, connection.server):
            if side is not None:
                side.close()

    def _pump(self, connection, direction, source, sink, cut):
        passed = 0
        limit, reset = (cut[1], cut[2]) if cut and cut[0] == direction else (None, False)
        try:
            while True:
                data = source.recv(CHUNK)
                if not data:
                    break
                if not self._flowing.is_set():
                    self._flowing.wait()
                if limit is not None:
                    data = data[:limit - passed]
                passed += len(data)
                if self.record:
                    getattr(connection, direction).extend(data)
                self._send(sink, data)
                if limit is not None and passed >= limit:
                    self.cuts += connection.end(reset)
                    return
            with connection.lock:
                if connection.open:
                    sink.shutdown(socket.SHUT_WR)
        except OSError:
            connection.end()

    def _send(self, sink, data):
        while data and self._rate:
            piece = max(1, self._rate // 50)
            sink.sendall(data[:piece])
            data = data[piece:]
            time.sleep(piece / self._rate)
        if data:
            sink.sendall(data)
