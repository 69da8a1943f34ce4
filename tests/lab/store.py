"""A look into an account's database after its client has ended (or beside it)."""
import os
import sqlite3


def path(profile, address):
    return os.path.join(profile, "coi", address, "coi.db")


def query(profile, address, sql, *values):
    """Rows of a query, as dictionaries."""
    database = sqlite3.connect(f"file:{path(profile, address)}?mode=ro", uri=True, timeout=10)
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute(sql, values)]
    finally:
        database.close()


def change(profile, address, sql):
    """Alters the database of a client that has ended, to stand for what the server has changed."""
    database = sqlite3.connect(path(profile, address))
    with database:
        database.execute(sql)
    database.close()


# CoiOutState, CoiCopyState and CoiShow of the headers in src/store/.
OUT = {0: "queued", 1: "sent", 2: "failed"}
COPY = {0: "none", 1: "wanted", 2: "done", 3: "given up"}
SHOW_PENDING = 1


def outbox(profile, address):
    """Every mail of ours, oldest first: message_id, text, state, copy, last_reply."""
    rows = query(profile, address, "SELECT m.message_id, m.text, o.state, o.copy, o.last_reply, o.attempts FROM outbox o"
                                   " JOIN messages m ON m.id = o.id ORDER BY o.id")
    return [dict(row, state=OUT[row["state"]], copy=COPY[row["copy"]]) for row in rows]


def unfinished(profile, address):
    """What still has to be done for this account: (mails to send, own copies to make, lines to show)."""
    mails = outbox(profile, address)
    pending = query(profile, address, "SELECT count(*) AS n FROM messages WHERE show = ?", SHOW_PENDING)[0]["n"]
    return (sum(mail["state"] == "queued" for mail in mails),
            sum(mail["state"] == "sent" and mail["copy"] == "wanted" for mail in mails), pending)
