#include "store/chores.h"
#include "store/db.h"
#include "store/messages.h"

/* Copies of others turn up within moments, or after a restart. */
#define REMEMBERED 1000

gboolean coi_chores_add(CoiStore *store, gint64 message, CoiChore chore, GError **error)
{
    return coi_db_run(store, error, "INSERT OR IGNORE INTO chores (message, chore) VALUES (?, ?)", coi_db_int(message),
                      coi_db_int(chore));
}

gboolean coi_chores_file_all(CoiStore *store, const char *mailbox, const char *target, const char *own, gboolean only_seen,
                             GError **error)
{
    return coi_db_run(store, error,
                      "INSERT OR IGNORE INTO chores (message, chore) SELECT m.id, ? FROM places p"
                      " JOIN messages m ON m.id = p.message WHERE p.mailbox = ? AND m.chat = 1 AND m.seen >= ?"
                      " AND NOT (m.kind = 0 AND m.sender = ?)"
                      " AND NOT EXISTS (SELECT 1 FROM places q WHERE q.message = m.id AND q.mailbox = ?)",
                      coi_db_int(COI_CHORE_FILE), coi_db_text(mailbox), coi_db_int(only_seen != FALSE), coi_db_text(own),
                      coi_db_text(target));
}

GArray *coi_chores_at(CoiStore *store, const char *mailbox, CoiChore chore, guint limit)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(CoiChorePlace));
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT c.message, p.uid FROM chores c JOIN places p ON p.message = c.message"
                            " WHERE c.chore = ? AND p.mailbox = ? AND p.seen <= ?"
                            " AND (c.chore <> ? OR p.uid = (SELECT min(uid) FROM places q WHERE q.message = c.message"
                            " AND q.mailbox = p.mailbox)) ORDER BY p.uid LIMIT ?",
                     coi_db_int(chore), coi_db_text(mailbox), coi_db_int(chore != COI_CHORE_SEEN), coi_db_int(COI_CHORE_FILE),
                     coi_db_int(limit));
    while (coi_db_next(rows)) {
        CoiChorePlace place = {sqlite3_column_int64(rows, 0), (guint32)sqlite3_column_int64(rows, 1)};
        g_array_append_val(places, place);
    }
    return places;
}

gboolean coi_chores_done(CoiStore *store, gint64 message, CoiChore chore, GError **error)
{
    return coi_db_run(store, error, "DELETE FROM chores WHERE message = ? AND chore = ?", coi_db_int(message),
                      coi_db_int(chore));
}

gboolean coi_chores_waits(CoiStore *store, gint64 message, CoiChore chore)
{
    return coi_db_number(store, 0, "SELECT 1 FROM chores WHERE message = ? AND chore = ?", coi_db_int(message),
                         coi_db_int(chore)) != 0;
}

gboolean coi_chores_settle_seen(CoiStore *store, gint64 message, GError **error)
{
    return coi_db_run(store, error,
                      "DELETE FROM chores WHERE message = ? AND chore = ? AND (SELECT min(seen) FROM places WHERE message = ?) = 1",
                      coi_db_int(message), coi_db_int(COI_CHORE_SEEN), coi_db_int(message));
}

gboolean coi_chores_drop_all(CoiStore *store, CoiChore chore, GError **error)
{
    return coi_db_run(store, error, "DELETE FROM chores WHERE chore = ?", coi_db_int(chore));
}

GArray *coi_expired_at(CoiStore *store, const char *mailbox, gint64 now, guint limit)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT p.uid FROM messages m JOIN places p ON p.message = m.id"
                            " WHERE m.expires <> 0 AND m.expires <= ? AND p.mailbox = ? ORDER BY p.uid LIMIT ?",
                     coi_db_int(now), coi_db_text(mailbox), coi_db_int(limit));
    while (coi_db_next(rows)) {
        guint32 uid = (guint32)sqlite3_column_int64(rows, 0);
        g_array_append_val(uids, uid);
    }
    return uids;
}

gint64 coi_expired_next(CoiStore *store, const char *mailbox)
{
    return coi_db_number(store, 0, "SELECT m.expires FROM messages m JOIN places p ON p.message = m.id"
                                   " WHERE m.expires <> 0 AND p.mailbox = ? ORDER BY m.expires LIMIT 1",
                         coi_db_text(mailbox));
}

/* ?1: now. Others' mail only: our own is named by the outbox. */
#define GONE                                                                                                           \
    "expires <> 0 AND expires <= ?1 AND NOT EXISTS (SELECT 1 FROM places p WHERE p.message = messages.id) AND kind "
#define OF_GONE "message IN (SELECT id FROM messages WHERE " GONE "<> 1)"
G_STATIC_ASSERT(COI_LINE_OWN == 1);

gboolean coi_expired_forget(CoiStore *store, gint64 now, GError **error)
{
    if (!coi_db_enter(store, error))
        return FALSE;
    gboolean ok = coi_db_run(store, error, "DELETE FROM chores WHERE " OF_GONE, coi_db_int(now)) &&
                  coi_db_run(store, error, "DELETE FROM aliases WHERE " OF_GONE, coi_db_int(now)) &&
                  coi_db_run(store, error, "DELETE FROM messages WHERE " GONE "<> 1", coi_db_int(now)) &&
                  coi_db_run(store, error, "UPDATE messages SET expires = 0 WHERE " GONE "= 1", coi_db_int(now));
    return coi_db_leave(store, ok, error);
}

gboolean coi_moved_add(CoiStore *store, guint32 uid, GError **error)
{
    return coi_db_run(store, error, "INSERT OR REPLACE INTO moved (uid) VALUES (?)", coi_db_int(uid)) &&
           coi_db_run(store, error, "DELETE FROM moved WHERE id <= (SELECT max(id) FROM moved) - ?", coi_db_int(REMEMBERED));
}

gboolean coi_moved_remove(CoiStore *store, guint32 uid, GError **error)
{
    return coi_db_run(store, error, "DELETE FROM moved WHERE uid = ?", coi_db_int(uid));
}

GArray *coi_moved_extra(CoiStore *store, const char *mailbox, guint limit)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(CoiRows) rows = coi_db_query(
        store, "SELECT p.uid FROM moved v JOIN places p ON p.mailbox = ? AND p.uid = v.uid WHERE EXISTS (SELECT 1 FROM places o"
               " WHERE o.message = p.message AND o.mailbox = p.mailbox AND o.uid < p.uid) ORDER BY p.uid LIMIT ?",
        coi_db_text(mailbox), coi_db_int(limit));
    while (coi_db_next(rows)) {
        guint32 uid = (guint32)sqlite3_column_int64(rows, 0);
        g_array_append_val(uids, uid);
    }
    return uids;
}
