#include "store/folders.h"
#include "store/db.h"

gboolean coi_folders_get(CoiStore *store, const char *mailbox, CoiFolder *folder)
{
    *folder = (CoiFolder){0};
    g_autoptr(CoiRows) rows = coi_db_query(
        store, "SELECT uid_validity, next_uid, highest_modseq, floor FROM folders WHERE mailbox = ?", coi_db_text(mailbox));
    if (!coi_db_next(rows))
        return FALSE;
    folder->uid_validity = (guint32)sqlite3_column_int64(rows, 0);
    folder->next_uid = (guint32)sqlite3_column_int64(rows, 1);
    folder->highest_modseq = (guint64)sqlite3_column_int64(rows, 2);
    folder->floor = (guint32)sqlite3_column_int64(rows, 3);
    return TRUE;
}

gboolean coi_folders_set(CoiStore *store, const char *mailbox, const CoiFolder *folder, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT OR REPLACE INTO folders (mailbox, uid_validity, next_uid, highest_modseq, floor)"
                      " VALUES (?, ?, ?, ?, ?)",
                      coi_db_text(mailbox), coi_db_int(folder->uid_validity), coi_db_int(folder->next_uid),
                      coi_db_int((gint64)folder->highest_modseq), coi_db_int(folder->floor));
}
