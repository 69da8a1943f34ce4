#include "store/archive.h"
#include "store/db.h"

/* A text of no length has nothing to see, unless it does something to another message. */
#define IS_LINE "m.expires = 0 AND (m.text IS NULL OR m.text <> '' OR m.action <> 0)"
#define PLACE(row) "(" row ".internal_date, " row ".mailbox, " row ".uid, " row ".id)"
/* A floor that was noted for other UIDs is none. */
#define NOBODY_LOOKED "4294967295"
G_STATIC_ASSERT(G_MAXUINT32 == 4294967295);

static GArray *ids_of(CoiRows *rows)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    while (coi_db_next(rows)) {
        gint64 id = sqlite3_column_int64(rows, 0);
        g_array_append_val(ids, id);
    }
    return ids;
}

static void turn_round(GArray *ids)
{
    for (guint i = 0; i < ids->len / 2; i++) {
        gint64 *one = &g_array_index(ids, gint64, i), *other = &g_array_index(ids, gint64, ids->len - 1 - i);
        gint64 kept = *one;
        *one = *other;
        *other = kept;
    }
}

static GArray *latest(CoiStore *store, const char *conversation, guint limit)
{
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT m.id FROM messages m WHERE m.conversation = ? AND " IS_LINE
                            " ORDER BY m.internal_date DESC, m.mailbox DESC, m.uid DESC, m.id DESC LIMIT ?",
                     coi_db_text(conversation), coi_db_int(limit));
    return ids_of(rows);
}

static GArray *latest_before(CoiStore *store, const char *conversation, gint64 before, guint limit)
{
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT m.id FROM messages m, messages b WHERE b.id = ? AND m.conversation = ? AND " IS_LINE
                            " AND " PLACE("m") " < " PLACE("b")
                            " ORDER BY m.internal_date DESC, m.mailbox DESC, m.uid DESC, m.id DESC LIMIT ?",
                     coi_db_int(before), coi_db_text(conversation), coi_db_int(limit));
    return ids_of(rows);
}

GArray *coi_archive_lines(CoiStore *store, const char *conversation, gint64 before, guint limit)
{
    GArray *ids = before == 0 ? latest(store, conversation, limit) : latest_before(store, conversation, before, limit);
    turn_round(ids);
    return ids;
}

GArray *coi_archive_lines_after(CoiStore *store, const char *conversation, gint64 after, guint limit)
{
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT m.id FROM messages m, messages b WHERE b.id = ? AND m.conversation = ? AND " IS_LINE
                            " AND " PLACE("m") " > " PLACE("b") " ORDER BY m.internal_date, m.mailbox, m.uid, m.id LIMIT ?",
                     coi_db_int(after), coi_db_text(conversation), coi_db_int(limit));
    return ids_of(rows);
}

guint32 coi_archive_floor(CoiStore *store, const char *conversation, const char *mailbox)
{
    return (guint32)coi_db_number(store, 0,
                                  "SELECT coalesce((SELECT a.floor FROM archive a WHERE a.conversation = ? AND"
                                  " a.mailbox = f.mailbox AND a.uid_validity = f.uid_validity),"
                                  " iif(f.floor > 0, f.floor, " NOBODY_LOOKED ")) FROM folders f WHERE f.mailbox = ?",
                                  coi_db_text(conversation), coi_db_text(mailbox));
}

gboolean coi_archive_set_floor(CoiStore *store, const char *conversation, const char *mailbox, guint32 floor, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT OR REPLACE INTO archive (conversation, mailbox, uid_validity, floor)"
                      " SELECT ?, mailbox, uid_validity, ? FROM folders WHERE mailbox = ?",
                      coi_db_text(conversation), coi_db_int(floor), coi_db_text(mailbox));
}

gboolean coi_archive_doubt(CoiStore *store, const char *conversation, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT OR REPLACE INTO archive (conversation, mailbox, uid_validity, floor)"
                      " SELECT ?, mailbox, uid_validity, " NOBODY_LOOKED " FROM folders",
                      coi_db_text(conversation));
}

guint coi_archive_count(CoiStore *store, const char *conversation, const char *mailbox, guint32 floor, guint limit)
{
    return (guint)coi_db_number(store, 0,
                                "SELECT count(*) FROM (SELECT 1 FROM messages m JOIN places p ON p.message = m.id"
                                " WHERE m.conversation = ? AND p.mailbox = ? AND p.uid >= ? AND " IS_LINE " LIMIT ?)",
                                coi_db_text(conversation), coi_db_text(mailbox), coi_db_int(floor), coi_db_int(limit));
}

gboolean coi_archive_place(CoiStore *store, gint64 message, char **mailbox, guint32 *uid)
{
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT mailbox, uid FROM places WHERE message = ? ORDER BY mailbox, uid LIMIT 1", coi_db_int(message));
    if (!coi_db_next(rows))
        return FALSE;
    *mailbox = coi_db_dup_text(rows, 0);
    *uid = (guint32)sqlite3_column_int64(rows, 1);
    return TRUE;
}

GArray *coi_archive_without_text(CoiStore *store, gint64 since, guint n, guint limit)
{
    g_autoptr(CoiRows) rows = coi_db_query(
        store,
        "SELECT id FROM (SELECT m.id, m.text, m.internal_date, row_number() OVER (PARTITION BY m.conversation"
        " ORDER BY m.internal_date DESC, m.mailbox DESC, m.uid DESC, m.id DESC) AS place FROM messages m"
        " WHERE m.internal_date >= ? AND " IS_LINE ") WHERE text IS NULL AND place <= ? ORDER BY internal_date DESC, id DESC LIMIT ?",
        coi_db_int(since), coi_db_int(n), coi_db_int(limit));
    return ids_of(rows);
}

gboolean coi_archive_fill(CoiStore *store, const CoiMessage *message, GError **error)
{
    return coi_db_run(store, error,
                      "UPDATE messages SET text = ?, html = ?, whole = ?, subject = ?, quote = ?, topic = ?, thread = ?,"
                      " action = ?, original = nullif(?, 0), version = nullif(?, 0) WHERE id = ?",
                      coi_db_text(message->text), coi_db_text(message->html), coi_db_text(message->whole),
                      coi_db_text(message->subject), coi_db_text(message->quote), coi_db_text(message->topic),
                      coi_db_text(message->thread), coi_db_int(message->action), coi_db_int(message->original),
                      coi_db_int(message->version), coi_db_int(message->id));
}
