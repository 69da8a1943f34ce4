#include "store/outbox.h"
#include "base/error.h"
#include "store/db.h"

/* What has become of one recipient; kept in the database. */
typedef enum { RECIPIENT_OPEN, RECIPIENT_ACCEPTED, RECIPIENT_REFUSED } RecipientStatus;

/* The oldest queued mail of every conversation. It steps from conversation to conversation in the index, so that
 * thousands of waiting mails cost nothing. The numbers are COI_OUT_QUEUED. */
#define HEADS                                                                                                          \
    "WITH RECURSIVE waiting (conversation) AS (SELECT min(conversation) FROM outbox WHERE state = 0"                   \
    " UNION ALL SELECT (SELECT min(conversation) FROM outbox WHERE state = 0 AND conversation > w.conversation)"       \
    " FROM waiting w WHERE w.conversation IS NOT NULL),"                                                               \
    " heads (id, next_attempt) AS (SELECT o.id, o.next_attempt FROM waiting w JOIN outbox o ON o.id ="                 \
    " (SELECT min(id) FROM outbox WHERE state = 0 AND conversation = w.conversation)) "
G_STATIC_ASSERT(COI_OUT_QUEUED == 0);

/* As in the partial index outbox_copies. */
#define WANTS_COPY "state = 1 AND copy = 1"
G_STATIC_ASSERT(COI_OUT_SENT == 1 && COI_COPY_WANTED == 1);

void coi_outgoing_free(CoiOutgoing *outgoing)
{
    if (!outgoing)
        return;
    g_free(outgoing->message_id);
    g_free(outgoing->conversation);
    g_free(outgoing->last_reply);
    g_strfreev(outgoing->recipients);
    g_clear_pointer(&outgoing->mail, g_bytes_unref);
    g_free(outgoing);
}

static gboolean insert_recipients(CoiStore *store, gint64 id, const char *const *recipients, GError **error)
{
    for (; *recipients; recipients++) {
        if (!coi_db_run(store, error, "INSERT OR IGNORE INTO recipients (id, address) VALUES (?, ?)", coi_db_int(id),
                        coi_db_text(*recipients)))
            return FALSE;
    }
    return TRUE;
}

/* An UPDATE or INSERT … SELECT that met no row is the caller's mistake, but must never pass for success. */
static gboolean changed_one(CoiStore *store, const char *what, GError **error)
{
    if (sqlite3_changes(store->db) > 0)
        return TRUE;
    g_set_error_literal(error, COI_ERROR, COI_ERROR_STORE, what);
    return FALSE;
}

gboolean coi_outbox_insert(CoiStore *store, gint64 id, GBytes *mail, const char *const *recipients, gboolean want_copy,
                           gint64 created, GError **error)
{
    if (!recipients || !*recipients) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_STORE, "a mail without recipients");
        return FALSE;
    }
    if (!coi_db_enter(store, error))
        return FALSE;
    gboolean ok =
        coi_db_run(store, error,
                   "INSERT INTO outbox (id, conversation, created, state, copy)"
                   " SELECT id, conversation, ?2, ?3, ?4 FROM messages WHERE id = ?1",
                   coi_db_int(id), coi_db_int(created), coi_db_int(COI_OUT_QUEUED),
                   coi_db_int(want_copy ? COI_COPY_WANTED : COI_COPY_NONE)) &&
        changed_one(store, "no such message", error) &&
        coi_db_run(store, error, "INSERT INTO mails (id, bytes) VALUES (?, ?)", coi_db_int(id), coi_db_bytes(mail)) &&
        insert_recipients(store, id, recipients, error);
    return coi_db_leave(store, ok, error);
}

static GStrv open_recipients(CoiStore *store, gint64 id)
{
    GPtrArray *addresses = g_ptr_array_new();
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT address FROM recipients WHERE id = ? AND status = ? ORDER BY address",
                     coi_db_int(id), coi_db_int(RECIPIENT_OPEN));
    while (coi_db_next(rows))
        g_ptr_array_add(addresses, coi_db_dup_text(rows, 0));
    g_ptr_array_add(addresses, NULL);
    return (GStrv)g_ptr_array_free(addresses, FALSE);
}

CoiOutgoing *coi_outbox_get(CoiStore *store, gint64 id)
{
    g_autoptr(CoiRows) rows =
        coi_db_query(store,
                     "SELECT m.message_id, o.conversation, o.created, o.state, o.attempts, o.next_attempt,"
                     " o.last_reply, o.copy, o.copy_attempts, b.bytes FROM outbox o JOIN messages m ON m.id = o.id"
                     " LEFT JOIN mails b ON b.id = o.id WHERE o.id = ?",
                     coi_db_int(id));
    if (!coi_db_next(rows))
        return NULL;
    CoiOutgoing *outgoing = g_new0(CoiOutgoing, 1);
    outgoing->id = id;
    outgoing->message_id = coi_db_dup_text(rows, 0);
    outgoing->conversation = coi_db_dup_text(rows, 1);
    outgoing->created = sqlite3_column_int64(rows, 2);
    outgoing->state = (CoiOutState)sqlite3_column_int(rows, 3);
    outgoing->attempts = (guint)sqlite3_column_int64(rows, 4);
    outgoing->next_attempt = sqlite3_column_int64(rows, 5);
    outgoing->last_reply = coi_db_dup_text(rows, 6);
    outgoing->copy = (CoiCopyState)sqlite3_column_int(rows, 7);
    outgoing->copy_attempts = (guint)sqlite3_column_int64(rows, 8);
    if (sqlite3_column_type(rows, 9) != SQLITE_NULL)
        outgoing->mail = g_bytes_new(sqlite3_column_blob(rows, 9), (gsize)sqlite3_column_bytes(rows, 9));
    outgoing->recipients = open_recipients(store, id);
    return outgoing;
}

/* The first id that isn't busy, 0 when none. */
static gint64 first_idle(CoiRows *rows, GHashTable *busy)
{
    while (coi_db_next(rows)) {
        gint64 id = sqlite3_column_int64(rows, 0);
        if (!busy || !g_hash_table_contains(busy, &id))
            return id;
    }
    return 0;
}

CoiOutgoing *coi_outbox_next(CoiStore *store, gint64 now, GHashTable *busy)
{
    g_autoptr(CoiRows) rows =
        coi_db_query(store, HEADS "SELECT id FROM heads WHERE next_attempt <= ? ORDER BY id", coi_db_int(now));
    gint64 id = first_idle(rows, busy);
    return id ? coi_outbox_get(store, id) : NULL;
}

gint64 coi_outbox_next_due(CoiStore *store)
{
    return coi_db_number(store, -1, HEADS "SELECT next_attempt FROM heads ORDER BY next_attempt LIMIT 1");
}

gboolean coi_outbox_recipient_done(CoiStore *store, gint64 id, const char *address, gboolean accepted,
                                   const char *reply, GError **error)
{
    /* What was accepted once is delivered, whatever is said later. */
    return coi_db_run(store, error,
                      "UPDATE recipients SET status = iif(status = ?1, status, ?2), reply = iif(status = ?1, reply, ?3)"
                      " WHERE id = ?4 AND address = ?5",
                      coi_db_int(RECIPIENT_ACCEPTED), coi_db_int(accepted ? RECIPIENT_ACCEPTED : RECIPIENT_REFUSED),
                      coi_db_text(reply), coi_db_int(id), coi_db_text(address)) &&
           changed_one(store, "no such recipient", error);
}

/* The bytes have done their work once the mail is sent and no copy of it is wanted any more. */
static gboolean drop_spent_mail(CoiStore *store, gint64 id, GError **error)
{
    return coi_db_run(store, error,
                      "DELETE FROM mails WHERE id = ?1 AND EXISTS"
                      " (SELECT 1 FROM outbox WHERE id = ?1 AND state = ?2 AND copy <> ?3)",
                      coi_db_int(id), coi_db_int(COI_OUT_SENT), coi_db_int(COI_COPY_WANTED));
}

/* Decided inside the UPDATE: a read that fails must not look like "no recipient is left". */
#define STATE_BY_RECIPIENTS                                                                                            \
    "CASE WHEN EXISTS (SELECT 1 FROM recipients r WHERE r.id = ?1 AND r.status = ?4) THEN ?5"                          \
    " WHEN EXISTS (SELECT 1 FROM recipients r WHERE r.id = ?1 AND r.status = ?6) THEN ?7 ELSE ?8 END"

static gboolean update_after_attempt(CoiStore *store, gint64 id, gint64 next_attempt, const char *reply, GError **error)
{
    return coi_db_run(store, error,
                      "UPDATE outbox SET state = " STATE_BY_RECIPIENTS ", attempts = attempts + 1, next_attempt = ?2,"
                      " last_reply = coalesce(?3, (SELECT reply FROM recipients r WHERE r.id = ?1 AND r.status = ?9))"
                      " WHERE id = ?1",
                      coi_db_int(id), coi_db_int(next_attempt), coi_db_text(reply), coi_db_int(RECIPIENT_OPEN),
                      coi_db_int(COI_OUT_QUEUED), coi_db_int(RECIPIENT_ACCEPTED), coi_db_int(COI_OUT_SENT),
                      coi_db_int(COI_OUT_FAILED), coi_db_int(RECIPIENT_REFUSED)) &&
           changed_one(store, "no such mail", error) && drop_spent_mail(store, id, error);
}

gboolean coi_outbox_attempted(CoiStore *store, gint64 id, gint64 next_attempt, const char *reply, CoiOutState *state,
                              GError **error)
{
    if (!coi_db_enter(store, error))
        return FALSE;
    gboolean ok = update_after_attempt(store, id, next_attempt, reply, error);
    gint64 result = ok ? coi_db_number(store, -1, "SELECT state FROM outbox WHERE id = ?", coi_db_int(id)) : -1;
    if (ok && result < 0) {
        coi_db_set_error(store->db, error);
        ok = FALSE;
    }
    if (!coi_db_leave(store, ok, error))
        return FALSE;
    *state = (CoiOutState)result;
    return TRUE;
}

gboolean coi_outbox_fail(CoiStore *store, gint64 id, const char *reply, GError **error)
{
    return coi_db_run(store, error,
                      "UPDATE outbox SET state = ?, last_reply = coalesce(?, last_reply) WHERE id = ? AND state <> ?",
                      coi_db_int(COI_OUT_FAILED), coi_db_text(reply), coi_db_int(id), coi_db_int(COI_OUT_SENT)) &&
           changed_one(store, "no such unsent mail", error);
}

#define FAILED_VERSIONS                                                                                                \
    "(SELECT o.id FROM outbox o JOIN messages m ON m.id = o.id WHERE o.state = 2 AND (m.id = ?1 OR m.original = ?1))"
G_STATIC_ASSERT(COI_OUT_FAILED == 2);

gboolean coi_outbox_withdraw(CoiStore *store, gint64 id, gboolean *never_sent, GError **error)
{
    if (!coi_db_enter(store, error))
        return FALSE;
    gboolean failed =
        coi_db_number(store, 0, "SELECT 1 FROM outbox WHERE id = ? AND state = 2", coi_db_int(id)) != 0;
    gboolean ok =
        coi_db_run(store, error, "UPDATE messages SET version = NULL WHERE id IN " FAILED_VERSIONS, coi_db_int(id)) &&
        coi_db_run(store, error, "DELETE FROM mails WHERE id IN " FAILED_VERSIONS, coi_db_int(id)) &&
        coi_db_run(store, error, "DELETE FROM recipients WHERE id IN " FAILED_VERSIONS, coi_db_int(id)) &&
        coi_db_run(store, error, "DELETE FROM outbox WHERE id IN " FAILED_VERSIONS, coi_db_int(id));
    if (!coi_db_leave(store, ok, error))
        return FALSE;
    *never_sent = failed;
    return TRUE;
}

int coi_outbox_retry(CoiStore *store, const char *conversation, gint64 now, GError **error)
{
    if (!coi_db_enter(store, error))
        return -1;
    gboolean ok = coi_db_run(store, error,
                             "UPDATE recipients SET status = ?1, reply = NULL WHERE status = ?2 AND id IN"
                             " (SELECT id FROM outbox WHERE state = ?3 AND conversation = ?4)",
                             coi_db_int(RECIPIENT_OPEN), coi_db_int(RECIPIENT_REFUSED), coi_db_int(COI_OUT_FAILED),
                             coi_db_text(conversation)) &&
                  coi_db_run(store, error, "UPDATE outbox SET next_attempt = 0 WHERE state = ? AND conversation = ?",
                             coi_db_int(COI_OUT_QUEUED), coi_db_text(conversation));
    int count = ok ? sqlite3_changes(store->db) : 0;
    ok = ok &&
         coi_db_run(store, error,
                    "UPDATE outbox SET state = ?1, attempts = 0, next_attempt = 0, created = ?2, last_reply = NULL"
                    " WHERE state = ?3 AND conversation = ?4",
                    coi_db_int(COI_OUT_QUEUED), coi_db_int(now), coi_db_int(COI_OUT_FAILED), coi_db_text(conversation));
    count += ok ? sqlite3_changes(store->db) : 0;
    return coi_db_leave(store, ok, error) ? count : -1;
}

gboolean coi_outbox_all_due(CoiStore *store, GError **error)
{
    return coi_db_run(store, error, "UPDATE outbox SET next_attempt = 0 WHERE state = ? AND next_attempt > 0",
                      coi_db_int(COI_OUT_QUEUED));
}

CoiOutgoing *coi_outbox_next_copy(CoiStore *store, GHashTable *busy)
{
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT id FROM outbox WHERE " WANTS_COPY " ORDER BY id");
    gint64 id = first_idle(rows, busy);
    return id ? coi_outbox_get(store, id) : NULL;
}

gboolean coi_outbox_copy_attempted(CoiStore *store, gint64 id, CoiCopyState state, GError **error)
{
    if (!coi_db_enter(store, error))
        return FALSE;
    gboolean ok = coi_db_run(store, error, "UPDATE outbox SET copy = ?, copy_attempts = copy_attempts + 1 WHERE id = ?",
                             coi_db_int(state), coi_db_int(id)) &&
                  changed_one(store, "no such mail", error) && drop_spent_mail(store, id, error);
    return coi_db_leave(store, ok, error);
}

guint coi_outbox_count(CoiStore *store, CoiOutState state)
{
    return (guint)coi_db_number(store, 0, "SELECT count(*) FROM outbox WHERE state = ?", coi_db_int(state));
}
