#include "store/messages.h"
#include "store/db.h"

#define COLUMNS                                                                                                        \
    "id, message_id, sender, conversation, sender_name, kind, show, delayed, time, internal_date, mailbox, uid, text,"                    \
    " seen, chat, follows, html, whole, subject, quote, action, original, wants_receipt, expires, version, topic, thread, sent_as"

/* The partial index messages_pending is only used for this very condition. */
#define IS_PENDING "show = 1"
G_STATIC_ASSERT(COI_SHOW_PENDING == 1);
#define HAS_REAL_ID "substr(message_id, 1, 5) <> 'hash:'"

void coi_message_free(CoiMessage *message)
{
    if (!message)
        return;
    g_free(message->message_id);
    g_free(message->sender);
    g_free(message->conversation);
    g_free(message->sender_name);
    g_free(message->sent_as);
    g_free(message->mailbox);
    g_free(message->text);
    g_free(message->follows);
    g_free(message->html);
    g_free(message->whole);
    g_free(message->subject);
    g_free(message->quote);
    g_free(message->topic);
    g_free(message->thread);
    g_free(message);
}

static CoiMessage *message_from_row(CoiRows *rows)
{
    CoiMessage *message = g_new0(CoiMessage, 1);
    message->id = sqlite3_column_int64(rows, 0);
    message->message_id = coi_db_dup_text(rows, 1);
    message->sender = coi_db_dup_text(rows, 2);
    message->conversation = coi_db_dup_text(rows, 3);
    message->sender_name = coi_db_dup_text(rows, 4);
    message->kind = (CoiLineKind)sqlite3_column_int(rows, 5);
    message->show = (CoiShow)sqlite3_column_int(rows, 6);
    message->delayed = sqlite3_column_int(rows, 7) != 0;
    message->time = sqlite3_column_int64(rows, 8);
    message->internal_date = sqlite3_column_int64(rows, 9);
    message->mailbox = coi_db_dup_text(rows, 10);
    message->uid = (guint32)sqlite3_column_int64(rows, 11);
    message->text = coi_db_dup_text(rows, 12);
    message->seen = sqlite3_column_int(rows, 13) != 0;
    message->chat = sqlite3_column_int(rows, 14) != 0;
    message->follows = coi_db_dup_text(rows, 15);
    message->html = coi_db_dup_text(rows, 16);
    message->whole = coi_db_dup_text(rows, 17);
    message->subject = coi_db_dup_text(rows, 18);
    message->quote = coi_db_dup_text(rows, 19);
    message->action = (CoiAction)sqlite3_column_int(rows, 20);
    message->original = sqlite3_column_int64(rows, 21);
    message->wants_receipt = sqlite3_column_int(rows, 22) != 0;
    message->expires = sqlite3_column_int64(rows, 23);
    message->version = sqlite3_column_int64(rows, 24);
    message->topic = coi_db_dup_text(rows, 25);
    message->thread = coi_db_dup_text(rows, 26);
    message->sent_as = coi_db_dup_text(rows, 27);
    return message;
}

static gboolean is_shown_later(CoiShow show)
{
    return show == COI_SHOW_PENDING || show == COI_SHOW_BETWEEN;
}

static gboolean insert_row(CoiStore *store, const CoiMessage *message, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT INTO messages (message_id, sender, conversation, sender_name, kind, show, delayed, time,"
                      " internal_date, mailbox, uid, text, seen, chat, follows, html, whole, subject, quote, action,"
                      " original, wants_receipt, expires, version, topic, thread, sent_as)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, nullif(?, 0), ?, ?, ?)",
                      coi_db_text(message->message_id), coi_db_text(message->sender),
                      coi_db_text(message->conversation), coi_db_text(message->sender_name), coi_db_int(message->kind),
                      coi_db_int(message->show), coi_db_int(message->delayed != FALSE), coi_db_int(message->time),
                      coi_db_int(message->internal_date), coi_db_text(message->mailbox ? message->mailbox : ""),
                      coi_db_int(message->uid), coi_db_text(message->text), coi_db_int(message->seen != FALSE),
                      coi_db_int(message->chat != FALSE), coi_db_text(is_shown_later(message->show) ? message->follows : NULL),
                      coi_db_text(message->html), coi_db_text(message->whole), coi_db_text(message->subject),
                      coi_db_text(message->quote), coi_db_int(message->action), coi_db_int(message->original),
                      coi_db_int(message->wants_receipt != FALSE), coi_db_int(message->expires),
                      coi_db_int(message->version), coi_db_text(message->topic), coi_db_text(message->thread),
                      coi_db_text(message->sent_as));
}

gboolean coi_messages_insert(CoiStore *store, CoiMessage *message, const char *const *aliases, GError **error)
{
    if (!coi_db_enter(store, error))
        return FALSE;
    gboolean ok = insert_row(store, message, error);
    gint64 id = ok ? sqlite3_last_insert_rowid(store->db) : 0;
    for (; ok && aliases && *aliases; aliases++)
        ok = coi_db_run(store, error, "INSERT OR IGNORE INTO aliases (alias, message) VALUES (?, ?)",
                        coi_db_text(*aliases), coi_db_int(id));
    if (!coi_db_leave(store, ok, error))
        return FALSE;
    message->id = id;
    return TRUE;
}

gboolean coi_messages_add_alias(CoiStore *store, gint64 id, const char *alias, GError **error)
{
    return coi_db_run(store, error, "INSERT OR IGNORE INTO aliases (alias, message) VALUES (?, ?)", coi_db_text(alias),
                      coi_db_int(id));
}

static gint64 find_from_anyone(CoiStore *store, const char *message_id)
{
    gint64 id = coi_db_number(store, 0, "SELECT id FROM messages WHERE message_id = ? ORDER BY id LIMIT 1",
                              coi_db_text(message_id));
    if (id)
        return id;
    return coi_db_number(store, 0, "SELECT message FROM aliases WHERE alias = ? ORDER BY message LIMIT 1",
                         coi_db_text(message_id));
}

gint64 coi_messages_find(CoiStore *store, const char *message_id, const char *sender)
{
    if (!sender)
        return find_from_anyone(store, message_id);
    gint64 id = coi_db_number(store, 0, "SELECT id FROM messages WHERE message_id = ? AND sender = ?",
                              coi_db_text(message_id), coi_db_text(sender));
    if (id)
        return id;
    return coi_db_number(store, 0,
                         "SELECT m.id FROM aliases a JOIN messages m ON m.id = a.message"
                         " WHERE a.alias = ? AND m.sender = ? ORDER BY m.id LIMIT 1",
                         coi_db_text(message_id), coi_db_text(sender));
}

gboolean coi_messages_is_chat(CoiStore *store, const char *message_id)
{
    return coi_db_number(store, 0, "SELECT 1 FROM messages WHERE message_id = ? AND (kind <> 0 OR chat = 1) LIMIT 1",
                         coi_db_text(message_id)) != 0 ||
           coi_db_number(store, 0, "SELECT 1 FROM aliases a JOIN messages m ON m.id = a.message WHERE a.alias = ? AND (m.kind <> 0 OR m.chat = 1)"
                                   " LIMIT 1",
                         coi_db_text(message_id)) != 0;
}

CoiMessage *coi_messages_get(CoiStore *store, gint64 id)
{
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT " COLUMNS " FROM messages WHERE id = ?", coi_db_int(id));
    return coi_db_next(rows) ? message_from_row(rows) : NULL;
}

gboolean coi_messages_set_show(CoiStore *store, gint64 id, CoiShow show, GError **error)
{
    return coi_db_run(store, error, "UPDATE messages SET show = ?, follows = CASE WHEN ? THEN follows END WHERE id = ?",
                      coi_db_int(show), coi_db_int(is_shown_later(show)), coi_db_int(id));
}

/* A row's place in the order of display beside that of another. */
#define ORDER(row) "(" row ".internal_date, " row ".mailbox, " row ".uid, " row ".id)"
/* A chain out of order is a few messages long; a hostile circle of references ends here. */
#define CHAIN 20

/* moved: whether the order said otherwise. */
static gboolean put_behind(CoiStore *store, gint64 id, gint64 before, gboolean *moved, GError **error)
{
    if (!coi_db_run(store, error,
                    "UPDATE messages AS m SET internal_date = p.internal_date,"
                    " uid = CASE WHEN p.mailbox = m.mailbox THEN p.uid + 1 ELSE m.uid END"
                    " FROM messages AS p WHERE m.id = ? AND p.id = ? AND p.id <> m.id AND p.conversation = m.conversation"
                    " AND (p.internal_date > m.internal_date OR (p.mailbox = m.mailbox AND " ORDER("p") " > " ORDER("m") "))",
                    coi_db_int(id), coi_db_int(before)))
        return FALSE;
    *moved = sqlite3_changes(store->db) > 0;
    return TRUE;
}

static GArray *followers(CoiStore *store, gint64 id)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT f.id FROM messages m JOIN messages f ON f.follows = m.message_id"
                                                  " WHERE m.id = ? ORDER BY f.id",
                                           coi_db_int(id));
    while (coi_db_next(rows)) {
        gint64 follower = sqlite3_column_int64(rows, 0);
        g_array_append_val(ids, follower);
    }
    return ids;
}

static gboolean pull(CoiStore *store, gint64 id, guint depth, GError **error)
{
    g_autoptr(GArray) ids = followers(store, id);
    gboolean moved;
    for (guint i = 0; i < ids->len; i++) {
        gint64 follower = g_array_index(ids, gint64, i);
        if (!put_behind(store, follower, id, &moved, error) || (moved && depth < CHAIN && !pull(store, follower, depth + 1, error)))
            return FALSE;
    }
    return TRUE;
}

gboolean coi_messages_put_in_order(CoiStore *store, const CoiMessage *message, GError **error)
{
    gboolean moved;
    gint64 before = message->follows != NULL ? coi_messages_find(store, message->follows, NULL) : 0;
    return (before == 0 || put_behind(store, message->id, before, &moved, error)) && pull(store, message->id, 0, error);
}

gboolean coi_messages_settle_between(CoiStore *store, GError **error)
{
    if (!coi_db_enter(store, error))
        return FALSE;
    gboolean ok =
        coi_db_run_values(store, error,
                          "UPDATE messages AS m SET show = 1 WHERE show = 3 AND EXISTS (SELECT 1 FROM messages b"
                          " WHERE b.show = 1 AND b.conversation = m.conversation AND b.kind = 0 AND " ORDER("b") " < " ORDER("m") ")"
                          " AND EXISTS (SELECT 1 FROM messages a WHERE a.show = 1 AND a.conversation = m.conversation"
                          " AND a.kind = 0 AND " ORDER("a") " > " ORDER("m") ")",
                          NULL, 0) &&
        coi_db_run_values(store, error, "UPDATE messages SET show = 0, follows = NULL WHERE show = 3", NULL, 0);
    return coi_db_leave(store, ok, error);
}

gboolean coi_messages_set_seen(CoiStore *store, gint64 id, gboolean seen, GError **error)
{
    return coi_db_run(store, error, "UPDATE messages SET seen = ? WHERE id = ?", coi_db_int(seen != FALSE), coi_db_int(id));
}

/* The index of what is unseen is only used for this very condition. */
#define SEEABLE "conversation = ?1 AND seen = 0 AND kind = 0 AND show = 2 AND id >= ?2 AND (?3 = 0 OR id <= ?3)"

GArray *coi_messages_see(CoiStore *store, const char *conversation, gint64 first, gint64 last, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    {
        g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT id FROM messages WHERE " SEEABLE " ORDER BY id", coi_db_text(conversation),
                                               coi_db_int(first), coi_db_int(last));
        while (coi_db_next(rows)) {
            gint64 id = sqlite3_column_int64(rows, 0);
            g_array_append_val(ids, id);
        }
    }
    if (ids->len > 0 && !coi_db_run(store, error, "UPDATE messages SET seen = 1 WHERE " SEEABLE, coi_db_text(conversation),
                                    coi_db_int(first), coi_db_int(last)))
        return NULL;
    return g_steal_pointer(&ids);
}

gboolean coi_messages_any_unseen(CoiStore *store, const char *conversation)
{
    return coi_db_number(store, 0, "SELECT 1 FROM messages WHERE conversation = ? AND seen = 0 AND kind = 0"
                                   " AND show IN (1, 2) LIMIT 1",
                         coi_db_text(conversation)) != 0;
}

GPtrArray *coi_messages_pending(CoiStore *store, GHashTable *skip, guint limit)
{
    GPtrArray *messages = g_ptr_array_new_with_free_func((GDestroyNotify)coi_message_free);
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT " COLUMNS " FROM messages WHERE " IS_PENDING
                                                  " ORDER BY internal_date, mailbox, uid, id");
    while (messages->len < limit && coi_db_next(rows)) {
        gint64 id = sqlite3_column_int64(rows, 0);
        if (!skip || !g_hash_table_contains(skip, &id))
            g_ptr_array_add(messages, message_from_row(rows));
    }
    return messages;
}

/* Of a conversation (?1), the newest message of that kind. Lines came in the order of their ids, whatever the clocks say; what was never
 * shown may have been fetched long after it was written. */
#define NEWEST(column, kind)                                                                                           \
    "SELECT " column " FROM messages WHERE id IN ("                                                                    \
    "(SELECT id FROM messages WHERE conversation = ?1 AND show <> 0 AND expires = 0 AND " kind                         \
    " ORDER BY id DESC LIMIT 1),"                                                                                      \
    "(SELECT id FROM messages WHERE conversation = ?1 AND show = 0 AND expires = 0 AND " kind                          \
    " ORDER BY internal_date DESC, id DESC LIMIT 1)) ORDER BY internal_date DESC, show DESC LIMIT 1"

void coi_messages_thread(CoiStore *store, const char *conversation, char **first, char **last)
{
    g_autoptr(CoiRows) oldest = coi_db_query(
        store, "SELECT message_id FROM messages WHERE conversation = ? AND " HAS_REAL_ID " AND expires = 0 ORDER BY id LIMIT 1",
        coi_db_text(conversation));
    *first = coi_db_next(oldest) ? coi_db_dup_text(oldest, 0) : NULL;
    g_autoptr(CoiRows) newest = coi_db_query(store, NEWEST("message_id", HAS_REAL_ID), coi_db_text(conversation));
    *last = coi_db_next(newest) ? coi_db_dup_text(newest, 0) : NULL;
}

CoiMessage *coi_messages_newest_in(CoiStore *store, const char *conversation)
{
    return coi_messages_get(store, coi_db_number(store, 0, NEWEST("id", "(kind = 0 OR (kind = 2 AND topic IS NOT NULL))"),
                                                 coi_db_text(conversation)));
}

gboolean coi_messages_has_written(CoiStore *store, const char *address)
{
    return coi_db_number(store, 0, "SELECT 1 FROM messages WHERE conversation = ?1 AND sender = ?1 AND show <> 0 LIMIT 1",
                         coi_db_text(address)) != 0;
}

gint64 coi_messages_latest_shortened(CoiStore *store, const char *conversation, gsize longest)
{
    return coi_db_number(store, 0, "SELECT id FROM messages WHERE conversation = ? AND kind = 0 AND show IN (1, 2) AND expires = 0"
                                   " AND (whole IS NOT NULL OR length(CAST(text AS BLOB)) > ?) ORDER BY id DESC LIMIT 1",
                         coi_db_text(conversation), coi_db_int((gint64)longest));
}

gint64 coi_messages_latest_line(CoiStore *store, const char *conversation)
{
    return coi_db_number(store, 0, "SELECT id FROM messages WHERE conversation = ? AND show <> 0 AND show IN (1, 2) AND expires = 0"
                                   " ORDER BY id DESC LIMIT 1",
                         coi_db_text(conversation));
}

gboolean coi_messages_add_place(CoiStore *store, gint64 id, const char *mailbox, guint32 uid, gboolean seen, GError **error)
{
    return coi_db_run(store, error, "INSERT OR REPLACE INTO places (mailbox, uid, message, seen) VALUES (?, ?, ?, ?)",
                      coi_db_text(mailbox), coi_db_int(uid), coi_db_int(id), coi_db_int(seen != FALSE));
}

gboolean coi_messages_set_place_seen(CoiStore *store, const char *mailbox, guint32 uid, gboolean seen, GError **error)
{
    return coi_db_run(store, error, "UPDATE places SET seen = ? WHERE mailbox = ? AND uid = ?", coi_db_int(seen != FALSE),
                      coi_db_text(mailbox), coi_db_int(uid));
}

gboolean coi_messages_place_seen(CoiStore *store, const char *mailbox, guint32 uid)
{
    return coi_db_number(store, 0, "SELECT seen FROM places WHERE mailbox = ? AND uid = ?", coi_db_text(mailbox),
                         coi_db_int(uid)) != 0;
}

gboolean coi_messages_remove_place(CoiStore *store, const char *mailbox, guint32 uid, GError **error)
{
    return coi_db_run(store, error, "DELETE FROM places WHERE mailbox = ? AND uid = ?", coi_db_text(mailbox),
                      coi_db_int(uid));
}

gboolean coi_messages_lies_in(CoiStore *store, gint64 id, const char *mailbox)
{
    return coi_db_number(store, 0, "SELECT 1 FROM places WHERE message = ? AND mailbox = ? LIMIT 1", coi_db_int(id),
                         coi_db_text(mailbox)) != 0;
}

GArray *coi_messages_places(CoiStore *store, gint64 id, const char *mailbox)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT uid FROM places WHERE message = ? AND mailbox = ? ORDER BY uid", coi_db_int(id),
                     coi_db_text(mailbox));
    while (coi_db_next(rows)) {
        guint32 uid = (guint32)sqlite3_column_int64(rows, 0);
        g_array_append_val(uids, uid);
    }
    return uids;
}

gboolean coi_messages_forget_places(CoiStore *store, const char *mailbox, GError **error)
{
    return coi_db_run(store, error, "DELETE FROM places WHERE mailbox = ?", coi_db_text(mailbox));
}

gint64 coi_messages_at(CoiStore *store, const char *mailbox, guint32 uid)
{
    return coi_db_number(store, 0, "SELECT message FROM places WHERE mailbox = ? AND uid = ?", coi_db_text(mailbox),
                         coi_db_int(uid));
}

gboolean coi_messages_drop_texts(CoiStore *store, gint64 before, GError **error)
{
    return coi_db_run(store, error,
                      "UPDATE messages SET text = NULL, html = NULL, whole = NULL, quote = NULL"
                      " WHERE time < ? AND text IS NOT NULL AND text <> '' AND NOT " IS_PENDING
                      " AND EXISTS (SELECT 1 FROM places p WHERE p.message = messages.id)",
                      coi_db_int(before));
}
