#!/usr/bin/python3
"""What may leave us: a checker written from COI.md section 1 and RFC 5322, 2045, 2047, 3676 and 5321, sharing no code with
the product.

check(mail, expect) returns a list of complaints, empty when all is well. expect is a dict:
  text        what the user sent (str)
  sender      own address
  to          list of addresses, or of (name, address) where a name is allowed
  subject     a given subject, or absent: "Chat: " and the text's beginning
  references  list of the ids that References must have (without <>), or absent: one or two ids, the first mail its own
  in_reply_to an id, or absent: no In-Reply-To
  receipt     True: both Disposition-Notification-To headers; False (default): neither; None: either way
  relayed     True: trace headers that servers add (Received, Return-Path, Delivered-To …) are left out of account
generate_texts(seed, n) makes nasty texts; arriving(text) says what of a text must arrive."""
import base64
import quopri
import random
import re
import sys
import unicodedata
from datetime import datetime, timedelta, timezone

ALLOWED = ("date", "from", "to", "subject", "message-id", "references", "in-reply-to", "x-microsoft-original-message-id",
           "chat-version", "disposition-notification-to", "chat-disposition-notification-to", "mime-version",
           "content-type", "content-transfer-encoding")
REQUIRED = ("date", "from", "to", "subject", "message-id", "references", "x-microsoft-original-message-id",
            "chat-version", "mime-version", "content-type", "content-transfer-encoding")
TRACE = ("received", "return-path", "delivered-to", "x-original-to", "x-spam-status")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
WORD = re.compile(r"=\?([^?*]+)(?:\*[^?]*)?\?([bBqQ])\?([^?\s]*)\?=")


# --- texts -------------------------------------------------------------------------------------------------------------

def arriving(text):
    """The text as the receiver must read it: line ends as \\n, no control characters, no spaces at the ends of lines (but
    the signature separator's), no line ends at the end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    lines = [line if line == "-- " else line.rstrip(" ") for line in text.split("\n")]
    return "\n".join(lines).rstrip("\n")


def one_line(text):
    text = re.sub("[ \t\r\n\u2028\u2029]+", " ", text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cc").translate(BIDI)
    return re.sub(" +", " ", text).strip(" ")


def decode_flowed(body):
    """RFC 3676, DelSp off; every line of ours is unquoted."""
    lines, soft = [], False
    for raw in body.split("\r\n"):
        line = raw[1:] if raw.startswith(" ") else raw
        separator = line == "-- "
        if soft and not separator:
            lines[-1] += line
        else:
            lines.append(line)
        soft = line.endswith(" ") and not separator
    return "\n".join(lines)


# --- the wire ----------------------------------------------------------------------------------------------------------

def check_bytes(mail):
    complaints = []
    if b"\0" in mail:
        complaints.append("NUL in the mail")
    if re.search(rb"(?<!\r)\n", mail):
        complaints.append("bare LF")
    if re.search(rb"\r(?!\n)", mail):
        complaints.append("bare CR")
    if not mail.endswith(b"\r\n"):
        complaints.append("no final CRLF")
    for line in mail.split(b"\r\n"):
        if len(line) > 998:
            complaints.append(f"a line of {len(line)} bytes")
    if any(byte > 126 or (byte < 32 and byte not in (9, 10, 13)) for byte in mail):
        complaints.append("a byte that isn't printable ASCII")
    return complaints


def split_fields(block):
    """Header block → list of (name, raw folded value), complaints."""
    fields, complaints = [], []
    for line in block.split("\r\n"):
        if line[:1] in (" ", "\t"):
            if not line.strip():
                complaints.append("a folded line of white space only")
            if not fields:
                complaints.append("the first header line is a continuation")
                continue
            fields[-1][1] += "\r\n" + line
            continue
        match = re.match(r"([!-9;-~]+):(.*)$", line, re.S)
        if not match:
            complaints.append(f"not a header line: {line[:60]!r}")
            continue
        fields.append([match.group(1), match.group(2)])
    return fields, complaints


def check_folding(name, value):
    """78 columns, unless one word alone is longer."""
    complaints = []
    for line in (name + ":" + value).split("\r\n"):
        if len(line) > 78 and len(line.strip().split(" ")) > (2 if line.startswith(name) else 1):
            complaints.append(f"{name}: a line of {len(line)} columns that could be folded")
        if "=?" in line and len(line) > 76 and WORD.search(line):
            complaints.append(f"{name}: an encoded word on a line of {len(line)} columns (RFC 2047: 76)")
    for word in WORD.finditer(value):
        if len(word.group(0)) > 75:
            complaints.append(f"{name}: an encoded word of {len(word.group(0))} characters (RFC 2047: 75)")
    return complaints


def unfold(value):
    return value.replace("\r\n", "").strip(" \t")


# --- header values -----------------------------------------------------------------------------------------------------

def decode_word(match):
    charset, kind, text = match.groups()
    if kind in "bB":
        raw = base64.b64decode(text, validate=True)
    else:
        raw = quopri.decodestring(text.replace("_", "=20").encode("ascii"))
    return raw.decode(charset)  # each word alone: RFC 2047, 5 forbids split characters


def decode_words(value):
    value = re.sub(r"(=\?[^?]+\?[bBqQ]\?[^?\s]*\?=)[ \t]+(?==\?[^?]+\?[bBqQ]\?[^?\s]*\?=)", r"\1", value)
    return WORD.sub(decode_word, value)


def parse_ids(value):
    """The ids of a value that is nothing but ids, or None."""
    if not re.fullmatch(r"<[!-;=?-~]+>(?:[ \t]+<[!-;=?-~]+>)*", value):
        return None
    return re.findall(r"<([^<>]+)>", value)


def check_message_id(ids, sender):
    if ids is None or len(ids) != 1:
        return ["Message-ID isn't one id"]
    match = re.fullmatch(r"chat\$(?:group\.[0-9A-Za-z_-]{12,}\.)?([0-9A-Za-z_-]+)@([0-9A-Za-z.\[\]:-]+)", ids[0])
    if not match:
        return [f"Message-ID isn't chat$UNIQUE@domain: {ids[0]!r}"]
    unique, domain = match.groups()
    complaints = []
    if domain != sender.rsplit("@", 1)[1]:
        complaints.append(f"Message-ID's domain {domain!r} isn't the sender's")
    is_hex = re.fullmatch("[0-9a-f]+", unique)
    if len(unique) * (4 if is_hex else 5) < 128:
        complaints.append(f"Message-ID's unique part has fewer than 128 bits: {unique!r}")
    if len(set(unique)) < 6:
        complaints.append(f"Message-ID's unique part doesn't look random: {unique!r}")
    return complaints


def check_date(value):
    match = re.fullmatch(r"(\w{3}), (\d{1,2}) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) (\S+)", value)
    if not match:
        return [f"Date isn't RFC 5322: {value!r}"]
    day, date, month, year, hour, minute, second, zone = match.groups()
    complaints = [] if zone == "+0000" else [f"Date isn't in +0000: {value!r}"]
    try:
        when = datetime(int(year), MONTHS.index(month) + 1, int(date), int(hour), int(minute), int(second),
                        tzinfo=timezone.utc)
    except ValueError:
        return complaints + [f"Date names no day: {value!r}"]
    if DAYS[when.weekday()] != day:
        complaints.append(f"Date's weekday is wrong: {value!r}")
    if abs(datetime.now(timezone.utc) - when) > timedelta(days=2):
        complaints.append(f"Date is far from now: {value!r}")
    return complaints


ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
MAILBOX = re.compile(r'(?:(?:("(?:[^"\\]|\\.)*")|(' + ATOMS + r')|(=\?[^<,]+\?=)) <([^<>\s]+)>|([^<>\s,;"]+))(?:, |$)')


def parse_mailboxes(value):
    """Strict list of (name or None, address), or None when it isn't one."""
    found, at = [], 0
    while at < len(value):
        match = MAILBOX.match(value, at)
        if not match or match.end() == at:
            return None
        quoted, atoms, words, address, bare = match.groups()
        name = None
        if quoted:
            name = re.sub(r"\\(.)", r"\1", quoted[1:-1])
        elif atoms or words:
            name = decode_words(atoms or words)
        found.append((name, address or bare))
        at = match.end()
    return found


def check_addresses(values, expect):
    complaints = []
    if values["from"] != expect["sender"]:
        complaints.append(f"From is {values['from']!r}, not the sender's bare address")
    wanted = [entry if isinstance(entry, tuple) else (None, entry) for entry in expect["to"]]
    wanted = [(one_line(name) if name else None, address) for name, address in wanted]
    found = parse_mailboxes(values["to"])
    if found is None:
        complaints.append(f"To isn't an address list of RFC 5322: {values['to'][:100]!r}")
    elif found != wanted:
        complaints.append(f"To is {found!r} instead of {wanted!r}")
    return complaints


def check_threading(values, expect):
    own = parse_ids(values["message-id"])
    references = parse_ids(values["references"])
    complaints = check_message_id(own, expect["sender"])
    if values["x-microsoft-original-message-id"] != values["message-id"]:
        complaints.append("X-Microsoft-Original-Message-ID differs from Message-ID")
    if references is None or not 1 <= len(references) <= 2 or len(set(references)) != len(references):
        complaints.append(f"References isn't one or two different ids: {values['references'][:200]!r}")
    elif "references" in expect and references != (expect["references"] or own):
        complaints.append(f"References is {references!r} instead of {expect['references'] or own!r}")
    if values.get("in-reply-to") != (f"<{expect['in_reply_to']}>" if expect.get("in_reply_to") else None):
        complaints.append(f"In-Reply-To is {values.get('in-reply-to')!r}")
    return complaints


def check_receipt(values, expect):
    asked = [values.get("disposition-notification-to"), values.get("chat-disposition-notification-to")]
    receipt = expect.get("receipt", False)
    if asked == [None, None]:
        return ["no receipt is asked for"] if receipt else []
    if asked != [expect["sender"]] * 2:
        return [f"Disposition-Notification-To headers are {asked!r}"]
    return ["a receipt is asked for"] if receipt is False else []


def check_subject(value, expect):
    try:
        subject = decode_words(value)
    except (ValueError, LookupError) as error:
        return [f"Subject can't be decoded: {error}"]
    if expect.get("subject") is not None:
        wanted = one_line(expect["subject"])
        return [] if subject == wanted else [f"Subject is {subject!r} instead of {wanted!r}"]
    line = one_line(arriving(expect["text"]))
    if not line:
        return [] if subject == "Chat" else [f"Subject of an empty text is {subject!r}"]
    if not subject.startswith("Chat: "):
        return [f"Subject doesn't begin with 'Chat: ': {subject!r}"]
    shown = subject[len("Chat: "):]
    if shown == line:
        return [] if len(shown) <= 60 else [f"Subject shows {len(shown)} characters"]
    if not shown.endswith("…") or not line.startswith(shown[:-1]):
        return [f"Subject isn't the text's beginning: {subject!r}"]
    complaints = []
    if not 15 <= len(shown) <= 61:
        complaints.append(f"Subject shows {len(shown)} characters, not about 40")
    rest = line[len(shown) - 1:]
    if unicodedata.combining(rest[:1] or "x") and len(re.match("[\u0300-\u036f]*", rest).group(0)) < 20:
        complaints.append("Subject is cut inside a combining sequence")
    return complaints


# --- the body ----------------------------------------------------------------------------------------------------------

def decode_body(values, body):
    """CTE → bytes, complaints."""
    encoding, lines = values["content-transfer-encoding"].lower(), body.split(b"\r\n")
    if encoding == "7bit":
        return body, []
    complaints = [f"an encoded line of {len(line)} columns" for line in lines if len(line) > 76]
    if encoding == "base64":
        try:
            return base64.b64decode(b"".join(lines), validate=True), complaints
        except ValueError as error:
            return b"", complaints + [f"broken base64: {error}"]
    if encoding == "quoted-printable":
        if re.search(rb"[ \t]\r\n", body):
            complaints.append("quoted-printable: white space at the end of a line")
        if re.search(rb"=(?![0-9A-F]{2}|\r\n)", body):
            complaints.append("quoted-printable: a bare '='")
        return quopri.decodestring(body), complaints
    return b"", [f"Content-Transfer-Encoding: {encoding!r}"]


def check_body(values, body, expect):
    complaints = []
    kind = re.sub(r"\s*;\s*", ";", values["content-type"]).replace('"', "").lower().split(";")
    if kind[0] != "text/plain" or sorted(kind[1:]) != ["charset=utf-8", "format=flowed"]:
        complaints.append(f"Content-Type is {values['content-type']!r}")
    raw, found = decode_body(values, body)
    complaints += found
    for line in body.split(b"\r\n"):
        if line.startswith(b"From "):
            complaints.append("a body line begins with 'From '")
        if line == b".":
            complaints.append("a body line is a lone dot")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return complaints + [f"the body isn't UTF-8: {error}"]
    for line in text.split("\r\n"):
        if line != "-- " and line.startswith((">", "From ")):
            complaints.append(f"a line isn't stuffed: {line[:20]!r}")
        words = line[1 if line.startswith(" ") else 0:].rstrip(" ").split(" ")
        if line.isascii() and len(line) > 78 and len([word for word in words if word not in ("", "--")]) > 1:
            complaints.append(f"a line of {len(line)} columns that could be broken")
    return complaints + compare(decode_flowed(text).rstrip("\n"), arriving(expect["text"]))


def compare(seen, wanted):
    if seen == wanted:
        return []
    at = next((i for i, (a, b) in enumerate(zip(seen, wanted)) if a != b), min(len(seen), len(wanted)))
    return [f"the text differs at {at} of {len(wanted)}: {seen[max(0, at - 10):at + 30]!r} instead of "
            f"{wanted[max(0, at - 10):at + 30]!r}"]


# --- all of it ---------------------------------------------------------------------------------------------------------

def check(mail, expect):
    complaints = check_bytes(mail)
    head, empty, body = mail.partition(b"\r\n\r\n")
    if not empty:
        return complaints + ["no empty line after the header"]
    fields, found = split_fields(head.decode("latin-1"))
    complaints += found
    values = {}
    for name, value in fields:
        if expect.get("relayed") and name.lower() in TRACE:
            continue
        if name.lower() not in ALLOWED:
            complaints.append(f"{name} isn't an allowed header")
        if name.lower() in values:
            complaints.append(f"{name} stands twice")
        complaints += check_folding(name, value)
        values[name.lower()] = unfold(value)
    missing = [name for name in REQUIRED if name not in values]
    if missing:
        return complaints + [f"{name} is missing" for name in missing]
    if values["chat-version"].split(";")[0].strip() != "1.0":
        complaints.append(f"Chat-Version is {values['chat-version']!r}")
    if values["mime-version"] != "1.0":
        complaints.append(f"MIME-Version is {values['mime-version']!r}")
    complaints += check_date(values["date"])
    complaints += check_addresses(values, expect)
    complaints += check_threading(values, expect)
    complaints += check_receipt(values, expect)
    complaints += check_subject(values["subject"], expect)
    return complaints + check_body(values, body, expect)


# --- nasty texts -------------------------------------------------------------------------------------------------------

FIXED = (
    "Hello", ".", "..", ".\n.", "\n.\n.\nQUIT", ">", "> quoted\nnot", ">> >x", "-- ", "-- \nsignature", "--", "--  ", "x\n-- ", "- ",
    "From here", "x\nFrom here\nFrom", "From ", " leading", "   three leading spaces", "trailing   ", "a  b   c    d",
    "\ttab first", "a\tb", "tab last\t", "line one\nline two", "\nempty line first", "gap\n\n\n\ngap", "a\r\nb", "a\rb",
    "x" * 79, "x" * 998, "x" * 999, "x" * 2000, "word " * 300, ("a" * 76 + " ") * 5, ("b" * 77 + " ") * 5, ("c" * 78 + " ") * 5,
    "ü" * 2000, "word with ü " * 200, "日本語のとても長い文章です。" * 60, "😀" * 300, "👩‍💻 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷", "e\u0301" * 100,
    "e" + "\u0301" * 300, "Ångström Å", "e\u0301 é", "שלום עולם", "مرحبا بالعالم", "\u202egnp.exe\u202c",
    "\u2066x\u2069", "zero\u200bwidth\u200c\u200d\ufeff", "\ufeffBOM first", "soft\u00adhyphen", "nbsp\u00a0nbsp", "\u2028line\u2029paragraph",
    "bell\x07 escape\x1b[31m del\x7f nel\x85", "\x01\x02\x03", "x\x00y".replace("\x00", ""), "\ufffd", "\uffff\U0010ffff",
    "Bcc: eve@example.com", "x\r\nBcc: eve@example.com\r\n\r\nbody", "x\nSubject: forged\n\nbody", "Subject: forged", "x\rBcc: eve@example.com",
    "=?UTF-8?Q?forged?=", "=?UTF-8?B?Zm9yZ2Vk?= and more", "=20=3D=\n=", "=", "a=\nb", "100%", "<b>bold</b> &amp; &lt;", "<script>alert(1)</script>",
    "-----BEGIN PGP MESSAGE-----", "--boundary\nContent-Type: text/html\n\n<p>x", "begin 644 x\nM\nend", "MIME-Version: 1.0",
    "http://example.org/" + "a" * 300, "mailto:x@example.org", "/me waves", "!coi history", "{curly} %s %n %d $HOME `id`", "'; DROP TABLE x; --",
    "1", "0", "null", "'", '"', "\\", "\\n", "~", "`", "|", "🫠", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ﬁ ligature", "İstanbul ı", "ﷺ",
    "x" * 65536, "word " * 13107, "ü" * 32768, "line\n" * 13000, "> " * 5000, " " * 5000 + "x", "x" + " " * 5000 + "y",
)
PIECES = (" ", "  ", "\n", "\n\n", "\r\n", "\t", ">", "> ", "-- ", "\n-- \n", ".", "\n.\n", "From ", "\nFrom ", "=", "=20", "ü", "é",
          "e\u0301", "日本", "😀", "👩‍💻", "שלום", "\u202e", "\u200b", "\u00a0", "\ufeff", "\x1b", "\x7f", "\x85", "&", "<b>", "word", "Bcc: x@y\n",
          "long" * 30, "x" * 200, "?=", "=?", "\\", '"', "a b c d e f g h i j k l m n o p q r s t u v w x y z")


def is_empty(text):
    return not arriving(text).strip(" \t\n")


def generate_texts(seed, n):
    """n texts, the fixed ones first (shuffled by seed when n is smaller); none of them is empty in all that arrives."""
    rand = random.Random(seed)
    fixed = [text for text in FIXED if not is_empty(text)]
    if n < len(fixed):
        return rand.sample(fixed, n)
    texts = list(fixed)
    while len(texts) < n:
        text = "".join(rand.choice(PIECES) for _ in range(rand.choice((1, 2, 3, 5, 8, 20, 60, 200))))
        if not is_empty(text):
            texts.append(text)
    return texts


# --- the checker's own test --------------------------------------------------------------------------------------------

TEXT = "Grüße, Bob! " + "words " * 30 + "\n> not a quote\n-- \nnot a signature"
EXPECT = {"text": TEXT, "sender": "alice@example.org", "to": [("Bób, the 2nd", "bob@example.net"), "carol@example.net"],
          "references": None}


def sample():
    """A good mail, made by hand."""
    now = datetime.now(timezone.utc)
    date = f"{DAYS[now.weekday()]}, {now.day} {MONTHS[now.month - 1]} {now:%Y %H:%M:%S} +0000"
    message_id = "<chat$0123456789abcdef0123456789abcdef@example.org>"
    name, subject = (f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="
                     for text in ("Bób, the 2nd", "Chat: Grüße, Bob! words…"))
    lines = ("Grüße, Bob! " + "words " * 11, "words " * 13, "words " * 6)
    body = "\r\n".join(lines)[:-1] + "\r\n > not a quote\r\n-- \r\nnot a signature\r\n"
    coded = quopri.encodestring(body.replace("\r\n", "\n").encode()).replace(b"\n", b"\r\n")
    head = (f"Date: {date}\r\nFrom: alice@example.org\r\nTo: {name} <bob@example.net>, carol@example.net\r\n"
            f"Subject: {subject}\r\nMessage-ID: {message_id}\r\nReferences: {message_id}\r\n"
            f"X-Microsoft-Original-Message-ID:\r\n {message_id}\r\nChat-Version: 1.0\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=UTF-8; format=flowed\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n")
    return head.encode() + coded


# What must not pass: name, pattern, replacement.
WRONGS = (
    ("bare LF", rb"\r\n", rb"\n"), ("bare CR", rb"words=20\r\n", rb"words\rwords\r\n"), ("NUL", rb"Chat-Version: ", b"Chat-Version: \0"),
    ("8-bit header", rb"To: ", b"To: \xc3\xa4 "), ("no final CRLF", rb"\r\n\Z", b""), ("two From", rb"From:", b"From: alice@example.org\r\nFrom:"),
    ("Sender", rb"From:", b"Sender: alice@example.org\r\nFrom:"), ("X-Mailer", rb"From:", b"X-Mailer: x\r\nFrom:"),
    ("no Date", rb"Date:[^\r]*\r\n", b""), ("zone", rb"\+0000", b"+0100"), ("weekday", rb"Date: \w{3}", b"Date: Xyz"),
    ("old Date", rb" 20\d\d ", b" 1999 "), ("name in From", rb"From: (\S+)", rb"From: Al <\1>"), ("other From", rb"From: alice", b"From: eve"),
    ("semicolon in To", rb">, carol", b">; carol"), ("one recipient", rb", carol@example.net", b""), ("no chat$", rb"Message-ID: <chat\$", b"Message-ID: <"),
    ("120 bits", rb"\$01", b"$"), ("other domain", rb"@example.org>", b"@example.com>"), ("other alias", rb"(Original-Message-ID:\r\n <chat\$)0", rb"\g<1>1"),
    ("three References", rb"References: ", b"References: <a@b> <c@d> "), ("same twice", rb"References: (\S+)", rb"References: \1 \1"),
    ("no References", rb"References:[^\r]*\r\n", b""), ("In-Reply-To", rb"References:", b"In-Reply-To: <a@b>\r\nReferences:"),
    ("a receipt", rb"MIME-V", b"Disposition-Notification-To: alice@example.org\r\nMIME-V"), ("subject", rb"Subject: \S+", b"Subject: Chat: other"),
    ("bare subject", rb"Subject: \S+", b"Subject: hello"), ("Content-Type", rb"format=flowed", b"format=fixed"), ("charset", rb"UTF-8; f", b"iso-8859-1; f"),
    ("Chat-Version", rb"Chat-Version: 1.0", b"Chat-Version: 2.0"), ("no Chat-Version", rb"Chat-Version: 1.0\r\n", b""), ("changed text", rb"not a quote", b"not a Quote"),
    ("added text", rb"\Z", b"\r\nSent by x\r\n"), ("lost text", rb"not a signature\r\n", b""), ("cut separator", rb"--=20\r\n", b"--\r\n"),
    ("unstuffed", rb"\r\n > not", b"\r\n> not"), ("white space at a line's end", rb"=20\r\n", b" \r\n"), ("8bit", rb"quoted-printable", b"8bit"),
    ("bad QP", rb"words", b"w=rds"), ("injected header", rb"\r\nMIME", b"\r\nBcc: eve@example.com\r\nMIME"), ("no empty line", rb"\r\n\r\n", b"\r\n"),
    ("long line", rb"X-Microsoft-Original", b"Subject-2: " + b"x " * 600 + b"\r\nX-Microsoft-Original"), ("wide header", rb"\r\nTo: ", b"\r\nTo: \"" + b"x " * 40 + b"\" "),
    ("From in body", rb"\Z", b"From x\r\n"), ("lone dot", rb"\Z", b".\r\n"),
)


def self_test():
    """TAP: a good mail passes, each wrong one is complained about, generate_texts keeps its promises."""
    mail, results = sample(), []
    complaints = check(mail, EXPECT)
    results.append((not complaints, f"a good mail passes {complaints or ''}"))
    for name, pattern, replacement in WRONGS:
        wrong, count = re.subn(pattern, replacement, mail, count=1)
        results.append((count == 1 and wrong != mail and bool(check(wrong, EXPECT)), f"complains: {name}"))
    for key, value in (("receipt", True), ("references", ["a@b"]), ("in_reply_to", "a@b"), ("subject", "Given"), ("text", TEXT + "x")):
        results.append((bool(check(mail, {**EXPECT, key: value})), f"complains: expected another {key}"))
    texts = generate_texts(1, 400)
    results.append((len(texts) == 400 and texts == generate_texts(1, 400) != generate_texts(2, 400), "texts follow their seed"))
    results.append((not any(is_empty(text) or "\0" in text for text in texts), "no text is empty"))
    print(f"1..{len(results)}")
    for number, (good, name) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return all(good for good, _ in results)


def main():
    """Without arguments the checker tests itself. outgoing_check.py MAIL TEXT SENDER TO…: complaints about one mail."""
    if len(sys.argv) == 1:
        sys.exit(0 if self_test() else 1)
    if len(sys.argv) < 5:
        sys.exit(main.__doc__)
    with open(sys.argv[1], "rb") as mail, open(sys.argv[2], encoding="utf-8", newline="") as text:
        complaints = check(mail.read(), {"text": text.read(), "sender": sys.argv[3], "to": sys.argv[4:], "receipt": None})
    print("\n".join(complaints) or "ok")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
