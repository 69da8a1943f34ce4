#include "base/error.h"
#include "store/db.h"

/* "COI1": whose file this is, also for file(1). */
#define APPLICATION_ID 1129269553

/* Step n brings user_version n to n + 1. Steps that were released are never changed, only followed by others.
 *
 * Mails lie apart from the outbox because SQLite rewrites a whole row, and these can be large.
 * The numbers in WHERE are COI_SHOW_PENDING, COI_SHOW_BETWEEN and, in outbox_copies, COI_OUT_SENT and COI_COPY_WANTED. */
static const char *const steps[] = {
    "CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE folders (mailbox TEXT PRIMARY KEY, uid_validity INTEGER NOT NULL, next_uid INTEGER NOT NULL,"
    " highest_modseq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE peers (address TEXT PRIMARY KEY, name TEXT, chats INTEGER NOT NULL DEFAULT 0,"
    " is_buddy INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
    "CREATE INDEX peers_buddies ON peers (address) WHERE is_buddy = 1;"

    "CREATE TABLE messages (id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, sender TEXT NOT NULL,"
    " conversation TEXT NOT NULL, sender_name TEXT, kind INTEGER NOT NULL, show INTEGER NOT NULL,"
    " delayed INTEGER NOT NULL, time INTEGER NOT NULL, internal_date INTEGER NOT NULL, mailbox TEXT NOT NULL,"
    " uid INTEGER NOT NULL, text TEXT, UNIQUE (message_id, sender)) STRICT;"
    "CREATE INDEX messages_pending ON messages (internal_date, mailbox, uid) WHERE show = 1;"
    "CREATE INDEX messages_thread ON messages (conversation) WHERE substr(message_id, 1, 5) <> 'hash:';"
    "CREATE INDEX messages_texts ON messages (time) WHERE text IS NOT NULL;"

    "CREATE TABLE aliases (alias TEXT NOT NULL, message INTEGER NOT NULL REFERENCES messages,"
    " PRIMARY KEY (alias, message)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE places (mailbox TEXT NOT NULL, uid INTEGER NOT NULL, message INTEGER NOT NULL REFERENCES messages,"
    " PRIMARY KEY (mailbox, uid)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE outbox (id INTEGER PRIMARY KEY REFERENCES messages, conversation TEXT NOT NULL,"
    " created INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " next_attempt INTEGER NOT NULL DEFAULT 0, last_reply TEXT, copy INTEGER NOT NULL,"
    " copy_attempts INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX outbox_state ON outbox (state, conversation);"
    "CREATE INDEX outbox_copies ON outbox (id) WHERE state = 1 AND copy = 1;"

    "CREATE TABLE mails (id INTEGER PRIMARY KEY REFERENCES outbox, bytes BLOB NOT NULL) STRICT;"

    "CREATE TABLE recipients (id INTEGER NOT NULL REFERENCES outbox, address TEXT NOT NULL,"
    " status INTEGER NOT NULL DEFAULT 0, reply TEXT, PRIMARY KEY (id, address)) STRICT, WITHOUT ROWID;"

    "PRAGMA application_id = 1129269553;",

    /* What is left to be done on the server is kept by message, since UIDs become void.
     * Messages of before were read or not, nobody noted it: they count as read. */
    "ALTER TABLE messages ADD COLUMN seen INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE messages ADD COLUMN chat INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX messages_unseen ON messages (conversation) WHERE seen = 0;"
    "CREATE INDEX messages_between ON messages (conversation) WHERE show = 3;"
    "ALTER TABLE peers ADD COLUMN is_blocked INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX places_messages ON places (message);"
    "CREATE TABLE chores (message INTEGER NOT NULL REFERENCES messages, chore INTEGER NOT NULL,"
    " PRIMARY KEY (message, chore)) STRICT, WITHOUT ROWID;",

    /* Of copies of before nobody noted the flags: what the server has is told at the next login. */
    "ALTER TABLE places ADD COLUMN seen INTEGER NOT NULL DEFAULT 1;"
    "CREATE TABLE moved (id INTEGER PRIMARY KEY, uid INTEGER NOT NULL UNIQUE) STRICT;"
    "ALTER TABLE messages ADD COLUMN follows TEXT;" /* until it has been shown */
    "CREATE INDEX messages_follows ON messages (follows) WHERE follows IS NOT NULL;",

    "ALTER TABLE messages ADD COLUMN html TEXT;"
    "ALTER TABLE messages ADD COLUMN whole TEXT;"
    "ALTER TABLE messages ADD COLUMN subject TEXT;"
    "ALTER TABLE messages ADD COLUMN quote TEXT;"
    "ALTER TABLE messages ADD COLUMN action INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN original INTEGER REFERENCES messages;"
    "ALTER TABLE messages ADD COLUMN wants_receipt INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE peers ADD COLUMN list_id TEXT;"
    "ALTER TABLE peers ADD COLUMN takes_typing INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX peers_lists ON peers (list_id) WHERE list_id IS NOT NULL;"
    "ALTER TABLE messages ADD COLUMN thread TEXT;"
    "ALTER TABLE messages ADD COLUMN topic TEXT;"
    "ALTER TABLE messages ADD COLUMN sent_as TEXT;"
    "ALTER TABLE messages ADD COLUMN version INTEGER REFERENCES messages;"
    "ALTER TABLE messages ADD COLUMN deleted INTEGER REFERENCES messages;" /* by which message */
    "CREATE INDEX messages_deleted ON messages (deleted) WHERE deleted IS NOT NULL;"
    "CREATE INDEX messages_quiet ON messages (conversation, internal_date) WHERE show = 0;"
    "CREATE INDEX messages_lines ON messages (conversation) WHERE show <> 0;"
    "CREATE INDEX messages_order ON messages (conversation, internal_date, mailbox, uid, id);"
    "CREATE TABLE archive (conversation TEXT NOT NULL, mailbox TEXT NOT NULL, uid_validity INTEGER NOT NULL,"
    " floor INTEGER NOT NULL, PRIMARY KEY (conversation, mailbox)) STRICT, WITHOUT ROWID;"
    "ALTER TABLE folders ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX messages_original ON messages (original) WHERE original IS NOT NULL;"
    "CREATE INDEX messages_expires ON messages (expires) WHERE expires <> 0;"
    "CREATE INDEX messages_owed ON messages (conversation) WHERE wants_receipt = 1;"
    "CREATE TABLE receipts (message INTEGER NOT NULL REFERENCES messages, address TEXT NOT NULL, state INTEGER NOT NULL,"
    " time INTEGER NOT NULL, PRIMARY KEY (message, address)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE early_receipts (id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, address TEXT NOT NULL,"
    " time INTEGER NOT NULL, UNIQUE (message_id, address)) STRICT;",
};

static gboolean read_pragma(sqlite3 *db, const char *sql, gint64 *value, GError **error)
{
    sqlite3_stmt *statement = NULL;
    gboolean ok =
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        *value = sqlite3_column_int64(statement, 0);
    else
        coi_db_set_error(db, error);
    sqlite3_finalize(statement);
    return ok;
}

static gboolean check_owner(sqlite3 *db, gint64 version, GError **error)
{
    gint64 owner, tables;
    if (!read_pragma(db, "PRAGMA application_id", &owner, error) ||
        !read_pragma(db, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return FALSE;
    gboolean fresh = version == 0 && owner == 0 && tables == 0;
    if (!fresh && (owner != APPLICATION_ID || version < 1)) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_STORE, "coi.db was not written by this program");
        return FALSE;
    }
    if (version > (gint64)G_N_ELEMENTS(steps)) {
        g_set_error(error, COI_ERROR, COI_ERROR_STORE,
                    "coi.db was written by a newer version of this program (%" G_GINT64_FORMAT ", this one knows %u)",
                    version, (guint)G_N_ELEMENTS(steps));
        return FALSE;
    }
    return TRUE;
}

static gboolean take_step(sqlite3 *db, guint step, GError **error)
{
    g_autofree char *done = g_strdup_printf("PRAGMA user_version = %u", step + 1);
    if (!coi_db_exec(db, "BEGIN IMMEDIATE", error))
        return FALSE;
    if (coi_db_exec(db, steps[step], error) && coi_db_exec(db, done, error) && coi_db_exec(db, "COMMIT", error))
        return TRUE;
    if (!sqlite3_get_autocommit(db))
        coi_db_exec(db, "ROLLBACK", NULL);
    return FALSE;
}

gboolean coi_schema_update(sqlite3 *db, GError **error)
{
    gint64 version;
    if (!read_pragma(db, "PRAGMA user_version", &version, error) || !check_owner(db, version, error))
        return FALSE;
    for (guint step = (guint)version; step < G_N_ELEMENTS(steps); step++) {
        if (!take_step(db, step, error))
            return FALSE;
    }
    return TRUE;
}
