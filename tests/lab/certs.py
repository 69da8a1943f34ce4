"""Certificates for a lab: one authority, and the good and bad server certificates, all made by openssl."""
import os
import subprocess

NAMES = ["localhost", "imap.{domain}", "smtp.{domain}", "mail.{domain}", "imap.lab.invalid", "smtp.lab.invalid"]

AUTHORITY = """[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""

SERVER = """[req]
distinguished_name = name
x509_extensions = server
prompt = no
[name]
CN = {name}
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""

SELF_SIGNED = """[req]
distinguished_name = name
x509_extensions = own
prompt = no
[name]
CN = {name}
[own]
{extensions}
subjectAltName = {names}
"""


class Certificates:
    """Makes what is asked for, once; every method gives (certificate file with its chain, key file)."""

    def __init__(self, directory, domain):
        self.directory = directory
        self.domain = domain
        os.makedirs(directory, exist_ok=True)

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")

    def _config(self, name, text):
        with open(self._path(name + ".cnf"), "w", encoding="ascii") as file:
            file.write(text)
        return self._path(name + ".cnf")

    def authority(self, name="authority"):
        """A certificate authority."""
        certificate, key = self._path(name + ".pem"), self._path(name + ".key")
        if not os.path.exists(certificate):
            config = self._config(name, AUTHORITY.format(name=f"Lab {name} {os.getpid()}"))
            self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config",
                          config, "-days", "30", "-keyout", key, "-out", certificate)
        return certificate, key

    def _names(self, names):
        names = [name.format(domain=self.domain) for name in names]
        return names[0], ",".join([f"DNS:{name}" for name in names] + ["IP:127.0.0.1", "IP:127.0.0.9"])

    def _issued(self, name, authority, alternatives, dates):
        certificate, key = self._path(name + ".pem"), self._path(name + ".key")
        if os.path.exists(certificate):
            return certificate, key
        ca_certificate, ca_key = self.authority(authority)
        common, alternatives = alternatives
        config = self._config(name, SERVER.format(name=common, names=alternatives))
        request = self._path(name + ".csr")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", config,
                      "-keyout", key, "-out", request)
        if dates:
            self._issue_dated(name, request, config, ca_certificate, ca_key, dates)
        else:
            self._openssl("x509", "-req", "-in", request, "-CA", ca_certificate, "-CAkey", ca_key, "-set_serial",
                          str(int.from_bytes(os.urandom(8), "big") >> 1), "-days", "30", "-extfile", config,
                          "-extensions", "server", "-out", certificate)
        with open(certificate, "a", encoding="ascii") as chain, open(ca_certificate, encoding="ascii") as ca:
            chain.write(ca.read())
        return certificate, key

    def _issue_dated(self, name, request, extensions, ca_certificate, ca_key, dates):
        # Only `openssl ca` of OpenSSL 3.0 sets both dates.
        folder = self._path(name + ".d")
        os.makedirs(folder)
        with open(os.path.join(folder, "index"), "w", encoding="ascii"):
            pass
        config = self._config(name + "-ca", f"""[ca]
default_ca = lab
[lab]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
""")
        self._openssl("ca", "-batch", "-notext", "-config", config, "-cert", ca_certificate, "-keyfile", ca_key, "-in",
                      request, "-startdate", dates[0], "-enddate", dates[1], "-extfile", extensions, "-extensions",
                      "server", "-out", self._path(name + ".pem"))

    def good(self, name="server"):
        """Issued by the lab's authority for every name of the lab."""
        return self._issued(name, "authority", self._names(NAMES), None)

    def other(self):
        """As good, but the authority is another one."""
        return self._issued("other", "stranger", self._names(NAMES), None)

    def wrong_name(self):
        """By the lab's authority, for a server that isn't here."""
        return self._issued("wrong", "authority", ("elsewhere.invalid", "DNS:elsewhere.invalid"), None)

    def expired(self):
        """By the lab's authority, not valid any more."""
        return self._issued("expired", "authority", self._names(NAMES), ("20200101000000Z", "20200201000000Z"))

    def self_signed(self):
        """As `openssl req -x509` makes one."""
        return self._self_signed("self", "basicConstraints = critical, CA:TRUE")

    def unusable(self):
        """Self-signed, and by its own words not allowed to sign anything."""
        return self._self_signed("unusable", "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature")

    def _self_signed(self, name, extensions):
        certificate, key = self._path(name + ".pem"), self._path(name + ".key")
        if not os.path.exists(certificate):
            common, alternatives = self._names(NAMES)
            config = self._config(name, SELF_SIGNED.format(name=common, names=alternatives, extensions=extensions))
            self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                          "-config", config, "-days", "30", "-keyout", key, "-out", certificate)
        return certificate, key


def leaf(path):
    """The first certificate of a PEM file, as PEM text."""
    with open(path, encoding="ascii") as file:
        text = file.read()
    end = "-----END CERTIFICATE-----\n"
    start = text.index("-----BEGIN CERTIFICATE-----")
    return text[start:text.index(end, start) + len(end)]


def fingerprint(path):
    """SHA-256 of the first certificate of a PEM file, lower-case hex."""
    import hashlib
    import ssl
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf(path))).hexdigest()
