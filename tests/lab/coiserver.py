"""What makes a lab's Dovecot a COI server, as far as clients can tell: section 10 of COI.md says how a real one behaves.

Capabilities that show after login only, the settings in METADATA with their checks, the folders that come with `enabled`,
filing on delivery (Sieve) and on \\Seen (a Lua script that tells us, and doveadm that moves).
"""
import datetime
import json
import os
import pwd
import re
import threading

import dictserver
import doveadm
import tap

CONFIG = "vendor/vendor.dovecot/coi/config/"
PUSH = "vendor/vendor.dovecot/webpush/subscriptions/"
# Lookups below this are the Lua script's words to us.
TOLD = "vendor/vendor.dovecot/lab/"
# Where Dovecot keeps the attributes of "" among those of INBOX.
SERVER = "/vendor/vendor.dovecot/pvt/server/"

FILTERS = ("none", "active", "seen")
MOST_SUBSCRIPTIONS = 10

SIEVE = """require ["fileinto", "mailbox", "imap4flags", "regex", "servermetadata"];
if allof (servermetadata :is "/private/{config}enabled" "yes",
          anyof (exists "Chat-Version",
                 header :comparator "i;octet" :regex "Message-ID" "^[^<]*<chat\\\\$",
                 header :comparator "i;octet" :regex "References" "^[^<]*<chat\\\\$")) {{
  if servermetadata :is "/private/{config}message-filter" "active" {{
    fileinto :create :flags "$Chat" "{chats}";
  }} else {{
    fileinto :flags "$Chat" "INBOX";
  }}
  stop;
}}
"""

LUA = """
local function tell(user, word)
  user:metadata_get("/private/{told}" .. word)
end

function dovecot_lua_notify_begin_txn(user)
  return {{user = user, seen = {{}}}}
end

function dovecot_lua_notify_event_flags_set(context, event)
  for _, flag in ipairs(event.flags) do
    if flag == "\\\\Seen" and event.mailbox == "INBOX" then
      table.insert(context.seen, string.format("%d", event.uid))
    end
  end
end

function dovecot_lua_notify_event_mailbox_create(context, event)
  tell(context.user, "there/" .. event.mailbox)
end

function dovecot_lua_notify_event_mailbox_delete(context, event)
  tell(context.user, "gone/" .. event.mailbox)
end

function dovecot_lua_notify_event_mailbox_rename(context, event)
  tell(context.user, "gone/" .. event.mailbox_old)
  tell(context.user, "there/" .. event.mailbox)
end

function dovecot_lua_notify_end_txn(context, success)
  if success and #context.seen > 0 then
    tell(context.user, "seen/" .. table.concat(context.seen, ",") .. "/" .. context.user.session_id)
  end
end
"""

DOVECOT = """
mail_attribute_dict = proxy:{socket}:attributes
protocol imap {{
  mail_plugins = notify push_notification mail_lua push_notification_lua
}}
plugin {{
  push_notification_driver = lua:file={directory}/coi.lua
  sieve_before = {mail}/coi.sieve
  sieve_extensions = +servermetadata
}}
service doveadm {{
  unix_listener {directory}/doveadm {{
    mode = 0600
    user = {user}
  }}
  process_min_avail = 1
  service_count = 0
}}
"""

USERDB = """uri = proxy:{socket}:users
key user {{
  key = userdb/%u
  format = json
}}
userdb_objects = user
"""


class CoiServer:
    """refuses    while true, SETMETADATA of COI's settings is answered NO
    writes     every change of COI's settings that clients asked for, also refused ones: (address, {"enabled": "yes", …})
    """

    def __init__(self, root, refuses=False):
        self.root = root
        self.refuses = refuses
        self.writes = []
        self._lock = threading.RLock()
        self._values = {}  # of each user: "vendor/…" of the server or the whole path → value
        self._sessions = {}  # what each IMAP session believes
        self._users = {}
        self._chats = self._contacts = None
        self._doveadm = None
        self._server = None

    def settings(self, address):
        """COI's settings of this user: {"enabled": "yes", "message-filter": "active"}."""
        with self._lock:
            return {path.removeprefix(CONFIG): value for path, value in self._values.get(address, {}).items()
                    if path.startswith(CONFIG)}

    def switch(self, address, message_filter):
        """As another client does: "none", "active", "seen", "unset" (enabled, no filter named), None: COI off."""
        self.apply(address, {CONFIG + "enabled": message_filter and "yes",
                             **({CONFIG + "message-filter": message_filter} if message_filter in FILTERS else {})})

    def subscribe(self, address, name, subscription):
        """As another device does for its push messages; subscription: a dictionary."""
        self.apply(address, {PUSH + name: json.dumps(subscription)})

    # -- Dovecot's side --

    def configure(self, lab, directory, accounts):
        """Writes what Dovecot needs below its directory and starts answering. Returns further blocks of its configuration
        and the block that comes before its userdb."""
        mail, socket = os.path.join(directory, "mail"), os.path.join(directory, "coi")
        self._chats, self._contacts = (self.root + lab.separator + name for name in ("Chats", "Contacts"))
        capability = " ".join(lab.capability() + ["COI", "WEBPUSH"])
        if not lab.capability():
            capability = "+" + capability  # to what is there
        self._users = {user: {"uid": str(accounts["mail_uid"]), "gid": str(accounts["mail_gid"]), "home": f"{mail}/{user}",
                              "imap_capability": capability} for user in lab.users}
        files = {"coi.lua": LUA.format(told=TOLD), "users.dict": USERDB.format(socket=socket),
                 "mail/coi.sieve": SIEVE.format(config=CONFIG, chats=self._chats)}
        for name, text in files.items():
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        self._doveadm = doveadm.Doveadm(os.path.join(directory, "doveadm"))
        self._server = dictserver.DictServer(socket, self)
        more = DOVECOT.format(socket=socket, directory=directory, mail=mail, user=pwd.getpwuid(os.geteuid()).pw_name)
        return more, f"userdb {{\n  driver = dict\n  args = {directory}/users.dict\n}}\n"

    def close(self):
        if self._server:
            self._server.close()
            self._server = None

    @staticmethod
    def _split(path):
        """("priv/GUID/vendor/vendor.dovecot/pvt/server/", the name of the server's attribute), or ("", path)."""
        prefix, found, name = path.partition(SERVER)
        return (prefix + found, name) if found else ("", path)

    def lookup(self, user, path):
        if path.startswith("shared/userdb/"):
            fields = self._users.get(path.removeprefix("shared/userdb/"))
            return fields and json.dumps(fields)
        name = self._split(path)[1]
        if name.startswith(TOLD):
            word, _, rest = name.removeprefix(TOLD).partition("/")
            getattr(self, "_told_" + word)(user, rest)
            return None
        with self._lock:
            return self.root if name == CONFIG + "mailbox-root" else self._values.get(user, {}).get(name)

    def under(self, user, path):
        prefix, name = self._split(path)
        with self._lock:
            found = {**self._values.get(user, {}), CONFIG + "mailbox-root": self.root}
        return {prefix + one: value for one, value in found.items() if one.startswith(name)}

    def commit(self, user, changes):
        wanted = {self._split(path)[1]: value for path, value in changes}
        ours = {name.removeprefix(CONFIG): value for name, value in wanted.items() if name.startswith(CONFIG)}
        if ours:
            self.writes.append((user, ours))
            if self.refuses:
                raise dictserver.Refused("COI is not for you")
        self.apply(user, wanted)

    def apply(self, user, wanted):
        """All changes, or Refused and none."""
        with self._lock:
            values = dict(self._values.get(user, {}))
            for name, value in wanted.items():
                value = self._checked(values, name, value)
                if value is None:
                    values.pop(name, None)
                else:
                    values[name] = value
            if wanted.get(CONFIG + "enabled"):
                self._make_folders(user, self._chats, self._contacts)
            self._values[user] = values

    @staticmethod
    def _checked(values, name, value):
        """The value to store, None to store none."""
        if name == CONFIG + "mailbox-root":
            raise dictserver.Refused("mailbox-root can't be changed")
        if name == CONFIG + "enabled" and value not in ("yes", None):
            raise dictserver.Refused("Invalid enabled value. Must be yes or NIL")
        if name == CONFIG + "message-filter" and value not in FILTERS:
            raise dictserver.Refused("Invalid message-filter value")
        if not name.startswith(PUSH) or value is None:
            return value
        try:
            subscription = json.loads(value)
            if not re.fullmatch(r"[0-9A-Za-z_-]{10,36}", name.removeprefix(PUSH)) or not isinstance(subscription, dict):
                raise ValueError
        except ValueError:
            raise dictserver.Refused("Invalid subscription") from None
        if name not in values and sum(one.startswith(PUSH) for one in values) >= MOST_SUBSCRIPTIONS:
            raise dictserver.Refused("Too many subscriptions")
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        return json.dumps({"created": now, "validated": False, **subscription})

    def _make_folders(self, user, *folders):
        there = self._doveadm.order(user, "mailbox list").split()
        for folder in folders:
            if folder not in there:
                self._doveadm.order(user, "mailbox create", *(["-s"] if folder == self._chats else []), folder)

    def _told_there(self, user, mailbox):
        if mailbox != self._chats:
            return
        with self._lock:
            self._values.setdefault(user, {})[CONFIG + "enabled"] = "yes"
        # Dovecot lets nobody create a second mailbox before it has finished the first.
        threading.Thread(target=self._make_contacts, args=(user,), daemon=True).start()

    def _make_contacts(self, user):
        try:
            self._make_folders(user, self._contacts)
        except (OSError, tap.Failure) as error:
            tap.note(f"{self._contacts} of {user} was not made: {error}")

    def _told_gone(self, user, mailbox):
        if mailbox == self._chats:
            self.apply(user, {CONFIG + "enabled": None})

    def _told_seen(self, user, words):
        """A session keeps the settings that it had when the first chat message in INBOX was seen in it."""
        uids, _, session = words.partition("/")
        messages = ("mailbox", "INBOX", "uid", uids, "keyword", "$Chat")
        if not self._doveadm.order(user, "search", *messages):
            return
        with self._lock:
            believed = self._sessions.setdefault(session, self.settings(user))
        if believed.get("enabled") == "yes" and believed.get("message-filter") == "seen":
            self._doveadm.order(user, "move", self._chats, *messages)
