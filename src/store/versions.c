#include "store/versions.h"
#include "store/db.h"

/* The numbers in SQL. */
G_STATIC_ASSERT(COI_ACTION_NONE == 0 && COI_ACTION_EDIT == 1);
G_STATIC_ASSERT(COI_LINE_OWN == 1 && COI_LINE_REMOTE == 2);
G_STATIC_ASSERT(COI_SHOW_PENDING == 1 && COI_SHOW_DONE == 2);

gint64 coi_versions_newest(CoiStore *store, gint64 first)
{
    return coi_db_number(store, first, "SELECT id FROM messages WHERE original = ? AND action = 1 AND version IS NOT NULL"
                                       " ORDER BY id DESC LIMIT 1",
                         coi_db_int(first));
}

gboolean coi_versions_are_deleted(CoiStore *store, gint64 first)
{
    return coi_db_number(store, 0, "SELECT 1 FROM messages WHERE id = ?1 AND deleted IS NOT NULL"
                                   " UNION ALL SELECT 1 FROM messages WHERE original = ?1 AND deleted IS NOT NULL LIMIT 1",
                         coi_db_int(first)) != 0;
}

gboolean coi_versions_delete(CoiStore *store, gint64 version, gint64 by, GError **error)
{
    return coi_db_run(store, error, "UPDATE messages SET deleted = ? WHERE id = ?", coi_db_int(by), coi_db_int(version));
}

GStrv coi_versions_deleted_by(CoiStore *store, gint64 by)
{
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT message_id FROM messages WHERE deleted = ? ORDER BY id", coi_db_int(by));
    while (coi_db_next(rows)) {
        g_autofree char *id = coi_db_dup_text(rows, 0);
        g_strv_builder_add(ids, id);
    }
    return g_strv_builder_end(ids);
}

gint64 coi_versions_last_own(CoiStore *store, const char *conversation)
{
    return coi_db_number(store, 0, "SELECT id FROM messages AS m WHERE conversation = ? AND kind IN (1, 2) AND show <> 0 AND show IN (1, 2)"
                                   " AND action = 0 AND expires = 0 AND deleted IS NULL AND NOT EXISTS"
                                   " (SELECT 1 FROM messages v WHERE v.original = m.id AND v.deleted IS NOT NULL)"
                                   " ORDER BY id DESC LIMIT 1",
                         coi_db_text(conversation));
}
