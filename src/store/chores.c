#include "store/chores.h"
#include "store/db.h"

gboolean coi_chores_add(CoiStore *store, gint64 message, CoiChore chore, GError **error)
{
    return coi_db_run(store, error, "INSERT OR IGNORE INTO chores (message, chore) VALUES (?, ?)", coi_db_int(message),
                      coi_db_int(chore));
}

gboolean coi_chores_file_all(CoiStore *store, const char *mailbox, gboolean only_seen, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT OR IGNORE INTO chores (message, chore) SELECT m.id, ? FROM places p"
                      " JOIN messages m ON m.id = p.message WHERE p.mailbox = ? AND m.chat = 1 AND m.seen >= ?",
                      coi_db_int(COI_CHORE_FILE), coi_db_text(mailbox), coi_db_int(only_seen != FALSE));
}

GArray *coi_chores_at(CoiStore *store, const char *mailbox, CoiChore chore, guint limit)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(CoiChorePlace));
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT c.message, p.uid FROM chores c JOIN places p ON p.message = c.message"
                            " WHERE c.chore = ? AND p.mailbox = ? ORDER BY p.uid LIMIT ?",
                     coi_db_int(chore), coi_db_text(mailbox), coi_db_int(limit));
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

gboolean coi_chores_drop_all(CoiStore *store, CoiChore chore, GError **error)
{
    return coi_db_run(store, error, "DELETE FROM chores WHERE chore = ?", coi_db_int(chore));
}
