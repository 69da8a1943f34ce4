"""The configuration of a lab's Dovecot: IMAP, LMTP, Sieve, METADATA and the login service that Postfix uses too."""
import base64
import hashlib
import os

CONFIG = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {run}
state_dir = {state}
log_path = {log}
instance_name = lab
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {untrusted}
first_valid_uid = 1
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
disable_plaintext_auth = {cleartext_refused}
verbose_proctitle = no
mail_fsync = never
mail_location = {location}
lda_mailbox_autocreate = yes
postmaster_address = postmaster@{domain}
hostname = mail.{domain}
mail_attribute_dict = file:%h/attributes
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}

passdb {{
  driver = passwd-file
  args = username_format=%u {passwords}
}}
{userdb}userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
{mailboxes}
}}
protocol imap {{
  imap_metadata = yes
  mail_max_userip_connections = 1000
{imap}
}}
protocol lmtp {{
  mail_plugins = sieve
}}
plugin {{
  sieve = file:~/sieve;active=~/active.sieve
{sieve}
}}
service imap-login {{
  inet_listener imap {{
    port = {port_imap}
  }}
  inet_listener imaps {{
    port = {port_imaps}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 1
}}
service imap {{
  process_limit = 200
  process_min_avail = 2
  service_count = 50
}}
service lmtp {{
  unix_listener {lmtp} {{
    mode = 0666
  }}
  process_min_avail = 1
}}
service auth {{
  unix_listener {auth} {{
    mode = 0666
  }}
}}
service anvil {{
  # No waiting after wrong passwords: the lab gives many on purpose.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{more}"""

# Later blocks of the same name add to the earlier ones, and a later setting counts.
NAMESPACE = """
namespace inbox {{
  separator = {separator}
  prefix = {prefix}
}}
"""
CAPABILITY = """
protocol imap {{
  imap_capability = {capability}
}}
"""
RAWLOG = """
protocol imap {{
  rawlog_dir = {directory}/%u
}}
"""
# What Dovecot 2.3 of this configuration announces after login.
ANNOUNCED = ("IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS"
             " THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED"
             " I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE"
             " SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY METADATA SPECIAL-USE").split()

# What a COI server does where its user chose the filter "active", as far as where the mail goes.
ACTIVE = """require ["fileinto", "mailbox"];
if anyof (exists "Chat-Version", header :matches "Message-ID" "<chat$*", header :matches "References" "<chat$*") {
  fileinto :create "COI/Chats";
  stop;
}
"""

FORMATS = {"maildir": "maildir:~/Maildir", "sdbox": "sdbox:~/sdbox"}


def _stored(lab, password):
    """As the server keeps it; a hash of SHA-256 is of no use for SCRAM, though the server offers it."""
    if not lab.hashed:
        return "{PLAIN}" + password
    return "{SHA256}" + base64.b64encode(hashlib.sha256(password.encode()).digest()).decode()


def _more(lab, directory, accounts):
    """Blocks for what differs from an ordinary lab: those at the end, those before the userdb, folders to be owned."""
    more, userdb, owned = "", "", []
    if (lab.separator, lab.prefix) != ("/", ""):
        more += NAMESPACE.format(separator=lab.separator, prefix=lab.prefix)
    if lab.capability():
        more += CAPABILITY.format(capability=" ".join(lab.capability()))
    if lab.rawlogs:
        for folder in [lab.rawlogs] + [os.path.join(lab.rawlogs, user) for user in lab.users]:
            os.mkdir(folder)
            owned.append([folder, accounts["mail_uid"], accounts["mail_gid"]])
        more += RAWLOG.format(directory=lab.rawlogs)
    if lab.coi:
        blocks, userdb = lab.coi.configure(lab, directory, accounts)
        more += blocks
    return more, userdb, owned


def configure(lab, directory, ports, accounts, users):
    """Writes the configuration below directory; users maps address to password, accounts names the system's users.
    Returns the server's description for the keeper."""
    run, mail = os.path.join(directory, "run"), os.path.join(directory, "mail")
    for path in (run, os.path.join(directory, "state"), mail):
        os.makedirs(path)
    passwords = os.path.join(directory, "passwd")
    with open(passwords, "w", encoding="utf-8") as file:
        file.writelines(f"{user}:{_stored(lab, password)}::::::\n" for user, password in users.items())
    sieve = ""
    if lab.active:
        # In the users' own folder, since whoever runs the script writes its compiled form beside it.
        sieve = f"  sieve_before = {mail}/before.sieve"
        with open(os.path.join(mail, "before.sieve"), "w", encoding="ascii") as file:
            file.write(ACTIVE)
    mailboxes = "".join(f"  mailbox {name} {{\n    auto = subscribe\n  }}\n" for name in lab.mailboxes)
    more, userdb, owned = _more(lab, directory, accounts)
    config = os.path.join(directory, "dovecot.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(
            run=run, state=os.path.join(directory, "state"), log=os.path.join(directory, "log"), mail=mail,
            internal=accounts["internal"], internal_group=accounts["internal_group"], untrusted=accounts["untrusted"],
            uid=accounts["mail_uid"], gid=accounts["mail_gid"], mechanisms=lab.mechanisms,
            cleartext_refused="no" if lab.cleartext else "yes", location=FORMATS[lab.format], domain=lab.domain,
            certificate=lab.certificate[0], key=lab.certificate[1], passwords=passwords, mailboxes=mailboxes,
            imap="\n".join(f"  {line}" for line in lab.imap_settings), sieve=sieve, port_imap=ports["imap"],
            port_imaps=ports["imaps"], lmtp=os.path.join(directory, "lmtp"), auth=os.path.join(directory, "auth"),
            userdb=userdb, more=more))
    return {
        "argv": ["dovecot", "-F", "-c", config],
        "owned": [[mail, accounts["mail_uid"], accounts["mail_gid"]]] + owned,
        "ports": [ports["imap"], ports["imaps"]],
        "log": os.path.join(directory, "log"),
    }
