#include "store/receipts.h"
#include "store/db.h"
#include "store/messages.h"

/* Own messages of other devices turn up within moments, or at the next login. */
#define KEPT_EARLY 500
/* The first for the sake of the partial index messages_lines, which is only used for this very condition. */
#define IS_LINE "show <> 0 AND show IN (1, 2)"
G_STATIC_ASSERT(COI_SHOW_NEVER == 0 && COI_SHOW_PENDING == 1 && COI_SHOW_DONE == 2);

CoiReceipt coi_receipts_get(CoiStore *store, gint64 message, const char *address, gint64 *time)
{
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT state, time FROM receipts WHERE message = ? AND address = ?",
                                           coi_db_int(message), coi_db_text(address));
    gboolean known = coi_db_next(rows);
    *time = known ? sqlite3_column_int64(rows, 1) : 0;
    return known ? (CoiReceipt)sqlite3_column_int(rows, 0) : COI_RECEIPT_NONE;
}

gboolean coi_receipts_note(CoiStore *store, gint64 message, const char *address, CoiReceipt receipt, gint64 time, gboolean *news,
                           GError **error)
{
    gint64 before;
    CoiReceipt known = coi_receipts_get(store, message, address, &before);
    *news = known != receipt && known != COI_RECEIPT_READ && (receipt != COI_RECEIPT_DELAYED || known == COI_RECEIPT_NONE);
    return !*news || coi_db_run(store, error, "INSERT OR REPLACE INTO receipts (message, address, state, time) VALUES (?, ?, ?, ?)",
                                coi_db_int(message), coi_db_text(address), coi_db_int(receipt), coi_db_int(time));
}

gboolean coi_receipts_keep(CoiStore *store, const char *message_id, const char *address, gint64 time, GError **error)
{
    return coi_db_run(store, error, "INSERT OR IGNORE INTO early_receipts (message_id, address, time) VALUES (?, ?, ?)",
                      coi_db_text(message_id), coi_db_text(address), coi_db_int(time)) &&
           coi_db_run(store, error, "DELETE FROM early_receipts WHERE id <= (SELECT max(id) FROM early_receipts) - ?",
                      coi_db_int(KEPT_EARLY));
}

gboolean coi_receipts_take(CoiStore *store, const char *message_id, const char *address, gint64 *time, GError **error)
{
    *time = coi_db_number(store, 0, "SELECT time FROM early_receipts WHERE message_id = ? AND address = ?", coi_db_text(message_id),
                          coi_db_text(address));
    return *time == 0 || coi_db_run(store, error, "DELETE FROM early_receipts WHERE message_id = ? AND address = ?",
                                    coi_db_text(message_id), coi_db_text(address));
}

gint64 coi_receipts_last_own(CoiStore *store, const char *conversation)
{
    return coi_db_number(store, 0, "SELECT id FROM messages WHERE conversation = ? AND kind IN (1, 2) AND " IS_LINE
                                   " AND expires = 0 ORDER BY id DESC LIMIT 1",
                         coi_db_text(conversation));
}

GArray *coi_receipts_owed(CoiStore *store, const char *conversation)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT id FROM messages WHERE conversation = ? AND wants_receipt = 1 AND seen = 1"
                                                  " AND kind = 0 AND show = 2 ORDER BY id",
                                           coi_db_text(conversation));
    while (coi_db_next(rows)) {
        gint64 id = sqlite3_column_int64(rows, 0);
        g_array_append_val(ids, id);
    }
    return ids;
}

gboolean coi_receipts_settle(CoiStore *store, gint64 message, GError **error)
{
    return coi_db_run(store, error, "UPDATE messages SET wants_receipt = 0 WHERE id = ? AND wants_receipt = 1", coi_db_int(message));
}

gboolean coi_receipts_may_know(CoiStore *store, const char *conversation)
{
    return coi_receipts_last_own(store, conversation) != 0;
}
