#!/usr/bin/python3
# (product build: yes)
"""Every server × every wish of the user × every kind of message: where it comes to lie, with which flags, what is shown."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import client
import mailclient
import tap
from lab import Lab

FRIEND, STRANGER, PEST = "friend@example.org", "stranger@example.net", "pest@example.net"
WISHES = ("none", "active", "seen")

# Mails of others: text → (sender, further headers). What is chat by In-Reply-To alone is known as such to us only.
MAILS = {
    "chat mail": (FRIEND, {"Message_ID": "<chat$mail.{user}@example.net>", "Chat_Version": "1.0"}),
    "chat$ only": (FRIEND, {"Message_ID": "<chat$only.{user}@example.net>"}),
    "legacy reply": (FRIEND, {"In_Reply_To": "<{own}>"}),
    "a friend's letter": (FRIEND, {}),
    "a stranger's letter": (STRANGER, {}),
    "blocked": (PEST, {"Message_ID": "<chat$pest.{user}@example.net>", "Chat_Version": "1.0"}),
}
CHAT = ("chat mail", "chat$ only", "legacy reply")
SHOWN = CHAT + ("a friend's letter",)


class Server:
    """How folders are called on one server, and who files there."""

    def __init__(self, root="COI", prefix="", separator="/", **lab):
        self.lab = {"prefix": prefix, "separator": separator, **lab}
        self.root = (root if lab.get("coi_root") else prefix + root) + separator
        self.prefix = prefix
        self.coi = lab.get("coi", False)

    def expected(self, wish, read):
        """text → (folder, flags) once all has come to rest; read: the user has looked at the conversation."""
        inbox, chats = "INBOX", self.root + "Chats"
        # A COI server that the user wants nothing of gives no keyword, and neither do we.
        keyword = set() if self.coi and wish == "none" else {"$Chat"}
        seen = {"\\Seen"} if read else set()
        filed = wish == "active" or (wish == "seen" and read)
        places = {text: (chats if filed else inbox, keyword | seen) for text in CHAT}
        places["a friend's letter"] = (inbox, seen)
        places["a stranger's letter"] = (inbox, set())
        places["blocked"] = (self.prefix + "Blocked", None)
        places["own"] = (self.prefix + "Sent" if wish == "none" else chats, {"\\Seen", "$Chat"})
        return places


SERVERS = {
    "a plain Dovecot": Server(),
    "a COI server": Server(coi=True),
    "a COI server with a root of its own": Server(root="Talk", coi=True, coi_root="Talk"),
    "separator . and prefix INBOX.": Server(prefix="INBOX.", separator="."),
    "a server without MOVE": Server(capabilities_without=["MOVE"]),
    "a server without UIDPLUS, MOVE, CONDSTORE, NOTIFY and METADATA": Server(
        capabilities_without=["UIDPLUS", "MOVE", "CONDSTORE", "NOTIFY", "METADATA"]),
    "Cyrus": Server(imap_server="cyrus"),
}


def places(box):
    """text → list of (folder, flags), without what is deleted and only waits for somebody's EXPUNGE."""
    found = {}
    for folder in box.folders():
        for mail, flags in zip(box.mails(folder), box.flags(folder)):
            if "\\Deleted" not in flags:
                found.setdefault(mail.get_content().strip(), []).append((folder, flags))
    return found


def comes_to_lie(lab, user, expected):
    box = lab.mailbox(user)
    wanted = {text: [place] for text, place in expected.items()}

    def differs():
        found = places(box)
        for text, (place,) in wanted.items():
            if place[1] is None:  # what is blocked has whatever flags
                found[text] = [(folder, None) for folder, _ in found.get(text, [])]
        return found != wanted and found
    try:
        tap.eventually(lambda: not differs(), "everything in its place", timeout=30)
    except tap.Failure:
        raise tap.Failure(f"{user}: {differs()}, expected {wanted}") from None


def befriend(lab, person):
    for peer in (FRIEND, PEST):
        person.do(do="buddy-add", account=person.address, who=peer)
    person.blocks(PEST)
    person.says(FRIEND, "own")
    return person.expect("signal", state="sent")["message_id"]


def post(lab, user, own):
    for text, (sender, headers) in MAILS.items():
        filled = {name: value.format(user=user, own=own) for name, value in headers.items()}
        lab.deliver(mailclient.compose(sender, lab.address(user), text, **filled))


def sees(person):
    """Just what is meant for them, whatever the order."""
    for text in SHOWN:
        person.expect("line", lambda one: client.plain(one["text"]) in (text, f"> own\n{text}"), conversation=FRIEND, timeout=30)
    person.nothing_else()


def check(server):
    with Lab(users=WISHES + ("friend",), **server.lab) as lab:
        people = {wish: lab.client(wish, options={"filter": wish}).login() for wish in WISHES}
        for wish, person in people.items():
            # A COI server is told of the wish, and the session begun anew, before anything comes.
            if server.coi and wish != "none":
                tap.eventually(lambda: lab.coi.writes and any(lab.address(wish) == who for who, _ in lab.coi.writes),
                               f"{wish} is told to the server")
        for wish, person in people.items():
            post(lab, wish, befriend(lab, person))
        for wish, person in people.items():
            sees(person)
            comes_to_lie(lab, wish, server.expected(wish, read=False))
        for wish, person in people.items():
            person.looks_at(FRIEND)
        for wish, person in people.items():
            comes_to_lie(lab, wish, server.expected(wish, read=True))
        for person in people.values():
            person.again().login()
            person.sync()
        lab.leave(*people.values())


def case(title, server):
    tap.case(title)(lambda: check(server))


# Sanitizers look at the programs, not at the servers: two of these show all ways there.
for name, server in list(SERVERS.items())[:tap.scale(len(SERVERS), least=2)]:
    case(name, server)
tap.run()
