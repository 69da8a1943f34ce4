"""Free loopback ports for servers that are stopped and started again."""
import random
import socket

# Below the kernel's range for outgoing connections, so that nobody takes the port of a server that is being restarted.
LOWEST, HIGHEST = 10000, 32000


def free(count):
    """That many free ports of 127.0.0.1; a clash with another lab shows when the server starts, and is tried again."""
    found = []
    while len(found) < count:
        port = random.SystemRandom().randrange(LOWEST, HIGHEST)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
