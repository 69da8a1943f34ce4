"""A lab's Cyrus IMAP: the IMAP server that Postfix delivers to, from Debian's packages, which are only unpacked
(tests/install-deps), since they can't be installed beside Dovecot."""
import glob
import os
import re
import shutil
import socketserver
import struct
import threading

import tap

UNPACKED = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build", "cyrus")
PROGRAMS = os.path.join("usr", "lib", "cyrus", "bin")

IMAPD = """
configdirectory: {data}
defaultpartition: default
partition-default: {data}/spool
sievedir: {data}/sieve
cyrus_user: {user}
cyrus_group: {group}
servername: mail.{domain}
virtdomains: userid
defaultdomain: {domain}
admins: admin
altnamespace: {beside}
unixhierarchysep: {slashes}
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Sent|Trash
xlist-sent: Sent
xlist-trash: Trash
allowplaintext: {cleartext}
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {directory}/passwords
tls_server_cert: {certificate}
tls_server_key: {key}
lmtpsocket: {directory}/lmtp
idlesocket: {data}/socket/idle
maxmessagesize: {size}
{more}"""

SERVICES = """
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {conf} -r"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {conf}" listen="127.0.0.1:{imap}" prefork=1 maxchild=100
  imaps cmd="{programs}/imapd -C {conf} -s" listen="127.0.0.1:{imaps}" prefork=1 maxchild=100
  lmtp cmd="{programs}/lmtpd -C {conf} -a" listen="{directory}/lmtp" prefork=1 maxchild=10
}}
DAEMON {{
  idled cmd="{programs}/idled -C {conf}"
}}
"""

# Telemetry: what the client sent stands behind <SECONDS<, what the server sent behind >SECONDS>.
TELEMETRY = re.compile(r"([<>])\d+[<>]")


def libraries(unpacked):
    """The folder of Cyrus' own libraries."""
    return os.path.dirname(glob.glob(os.path.join(unpacked, "usr", "lib", "*", "libcyrus.so.0"))[0])


def sent(telemetry):
    """What the client sent, of a connection's log."""
    parts = TELEMETRY.split(telemetry)
    return "".join(text for way, text in zip(parts[1::2], parts[2::2]) if way == "<").replace("\r", "")


class Passwords:
    """Answers as saslauthd does: four strings come (name, password, service, realm), one goes. Users of the default domain
    come without it."""

    def __init__(self, path, users, domain):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                name, password, _, realm = (self._string() for _ in range(4))
                address = name if "@" in name else f"{name}@{realm or domain}"
                verdict = b"OK" if users.get(address) == password else b"NO"
                self.wfile.write(struct.pack("!H", len(verdict)) + verdict)

            def _string(self):
                return self.rfile.read(struct.unpack("!H", self.rfile.read(2))[0]).decode("utf-8", "replace")

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self._server = Server(path, Handler)
        os.chmod(path, 0o666)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def configure(lab, directory, ports, accounts, users):
    """Writes the configuration below directory; users maps address to password, accounts names the system's users.
    Returns the server's description for the keeper, and what has to be closed at the end."""
    if not os.path.exists(os.path.join(UNPACKED, PROGRAMS, "imapd")):
        raise tap.Skip("Cyrus has not been unpacked: tests/install-deps does it where apt-get is")
    tap.require((lab.separator, lab.prefix) in (("/", ""), (".", "INBOX.")), "Cyrus has no such namespace")
    tap.require(not lab.coi, "only Dovecot can stand in for a COI server")
    more = f"suppress_capabilities: {' '.join(sorted(lab.without))}\n" if lab.without else ""
    more += "imapidlepoll: 0\n" if "IDLE" in lab.without else ""  # else it stays announced
    # The project may lie where only its owner gets to (/root), and Cyrus runs as another user.
    unpacked = shutil.copytree(UNPACKED, os.path.join(directory, "unpacked"), symlinks=True)
    programs = os.path.join(unpacked, PROGRAMS)
    data = os.path.join(directory, "data")
    names = ("db", "proc", "socket", "spool", "sieve", "log", "user", "quota")
    owned = [data] + [os.path.join(data, name) for name in names]
    if lab.rawlogs:
        owned += [os.path.join(data, "log", user.partition("@")[0]) for user in users]
    for path in owned:
        os.mkdir(path)
    # Cyrus reads the key when it is root no longer.
    key = shutil.copy(lab.certificate[1], os.path.join(data, "key"))
    owned.append(key)
    slashes = "yes" if lab.separator == "/" else "no"
    conf = os.path.join(directory, "imapd.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(IMAPD.format(
            data=data, directory=directory, user=accounts["mail_user"], group=accounts["mail_group"], domain=lab.domain,
            beside=slashes, slashes=slashes, cleartext="yes" if lab.cleartext else "no", certificate=lab.certificate[0],
            key=key, size=lab.message_size, more=more))
    with open(os.path.join(directory, "cyrus.conf"), "w", encoding="utf-8") as file:
        file.write(SERVICES.format(programs=programs, directory=directory, conf=conf, imap=ports["imap"],
                                   imaps=ports["imaps"]))
    description = {
        "argv": ["env", f"LD_LIBRARY_PATH={libraries(unpacked)}", os.path.join(programs, "master"), "-D",
                 "-C", conf, "-M", os.path.join(directory, "cyrus.conf"),
                 "-p", os.path.join(directory, "pid")],
        "owned": [[path, accounts["mail_uid"], accounts["mail_gid"]] for path in owned],
        "ports": [ports["imap"], ports["imaps"]],
        "log": os.path.join(directory, "log"),
    }
    return description, Passwords(os.path.join(directory, "passwords"), users, lab.domain)
