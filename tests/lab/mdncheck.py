"""Is a mail a message disposition notification? Written from the grammar of RFC 8098 (3.1 and 3.2), RFC 6522 and RFC 5322, and knows nothing
of our own writer."""
import re

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_ATOM = rf"{ATOM}(?:\.{ATOM})*"
MSG_ID = rf"<{DOT_ATOM}@(?:{DOT_ATOM}|\[[^\[\]\\]*\])>"
ADDRESS = rf"{DOT_ATOM}@{DOT_ATOM}"
FIELDS = {
    "reporting-ua": rf"[^;]+(?:;.*)?",
    "mdn-gateway": rf"{ATOM}\s*;.+",
    "original-recipient": rf"{ATOM}\s*;\s*.+",
    "final-recipient": rf"(?:rfc822|utf-8)\s*;\s*{ADDRESS}",
    "original-message-id": MSG_ID,
    "disposition": r"(?:manual-action|automatic-action)\s*/\s*(?:MDN-sent-manually|MDN-sent-automatically)\s*;\s*"
                   rf"(?:displayed|deleted|dispatched|processed)(?:\s*/\s*{ATOM}(?:,{ATOM})*)?",
    "failure": r".*", "error": r".*",
}


class Wrong(Exception):
    """What is against the RFC."""


def need(condition, words):
    if not condition:
        raise Wrong(words)


def header(block):
    """Name in lower case → values, of a header block with CRLF lines."""
    fields = {}
    for line in re.sub(rb"\r\n[ \t]+", b" ", block).split(b"\r\n"):
        match = re.fullmatch(rb"([!-9;-~]+):[ \t]*(.*)", line)
        need(match, f"no field: {line!r}")
        fields.setdefault(match[1].decode().lower(), []).append(match[2].decode("ascii").strip())
    return fields


def parameters(value):
    kind, _, rest = value.partition(";")
    found = dict((name.lower(), quoted or plain) for name, quoted, plain in
                 re.findall(r'([A-Za-z0-9-]+)=(?:"([^"]*)"|([^\s;]+))', rest))
    return kind.strip().lower(), found


def split(raw):
    block, separator, body = raw.partition(b"\r\n\r\n")
    need(separator, "no empty line behind the header")
    return header(block), body


def parts_of(fields, body):
    kind, more = parameters(fields["content-type"][0])
    need(kind == "multipart/report", f"Content-Type is {kind}")
    need(more.get("report-type", "").lower() == "disposition-notification", f"report-type is {more.get('report-type')}")
    need(0 < len(more.get("boundary", "")) <= 70, "no boundary, or one that is too long")
    pieces = re.split(rb"(?:\A|\r\n)--" + re.escape(more["boundary"].encode()) + rb"(--)?[ \t]*(?:\r\n|\Z)", body)
    need(pieces[-2] == b"--", "the last part is not closed")
    return pieces[2:-2:2]


def check_machine_part(part):
    """Returns its fields."""
    fields, body = split(part + (b"" if b"\r\n\r\n" in part else b"\r\n\r\n"))
    need(parameters(fields["content-type"][0])[0] == "message/disposition-notification", "second part's type")
    need(fields.get("content-transfer-encoding", ["7bit"])[0].lower() == "7bit", "second part must be 7bit")
    told = header(body.rstrip(b"\r\n"))
    for name in ("final-recipient", "disposition"):
        need(len(told.get(name, [])) == 1, f"{name} must stand there once")
    for name, values in told.items():
        need(name in FIELDS or name.startswith("x-"), f"unknown field {name}")
        need(len(values) == 1 or name in ("failure", "error"), f"{name} is there twice")
        for value in values:
            need(re.fullmatch(FIELDS.get(name, ".*"), value, re.IGNORECASE), f"{name}: {value}")
    return told


def check(raw):
    """raw: the mail's bytes, with CRLF. Returns (header, fields of the notification); raises Wrong."""
    need(all(len(line) <= 998 for line in raw.split(b"\r\n")), "a line is too long")
    need(not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", raw), "bare line ends")
    fields, body = split(raw)
    for name in ("from", "date", "message-id", "to", "subject", "mime-version"):
        need(len(fields.get(name, [])) == 1, f"{name} must stand there once")
    need(re.fullmatch(MSG_ID, fields["message-id"][0]), fields["message-id"][0])
    need(not {"disposition-notification-to", "chat-disposition-notification-to"} & set(fields), "RFC 8098 2.1: a receipt asks for none")
    parts = parts_of(fields, body)
    need(len(parts) in (2, 3), f"{len(parts)} parts")
    human, text = split(parts[0])
    need(parameters(human["content-type"][0])[0].startswith("text/"), "the first part is no text")
    need(text.strip(), "the first part says nothing")
    return fields, check_machine_part(parts[1])
