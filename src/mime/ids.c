#include "mime/ids.h"

#include "base/limits.h"

#include <string.h>

gboolean coi_ids_is_one(const char *id, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (id[i] <= 32 || id[i] >= 127 || id[i] == '<' || id[i] == '>')
            return FALSE;
    return length > 0 && length <= COI_LIMIT_MESSAGE_ID;
}

GStrv coi_ids_scan(const char *value)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    const char *open = value != NULL ? strchr(value, '<') : NULL;

    while (open != NULL) {
        gsize length = strcspn(open + 1, "<>");

        if (open[1 + length] == '>' && coi_ids_is_one(open + 1, length))
            g_ptr_array_add(ids, g_strndup(open + 1, length));
        open = strchr(open + 1 + length, '<');
    }
    if (ids->len > COI_LIMIT_REFERENCES)
        g_ptr_array_remove_range(ids, 1, ids->len - COI_LIMIT_REFERENCES);
    g_ptr_array_add(ids, NULL);
    return (GStrv)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
}

char *coi_ids_scan_one(const char *value)
{
    g_auto(GStrv) ids = coi_ids_scan(value);

    if (ids[0] != NULL)
        return g_strdup(ids[0]);
    return value != NULL && coi_ids_is_one(value, strlen(value)) ? g_strdup(value) : NULL;
}

GStrv coi_ids_scan_loose(const char *value)
{
    g_auto(GStrv) words = g_strsplit_set(value != NULL ? value : "", " \t<>,", -1);
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();

    for (guint i = 0, n = 0; words[i] != NULL && n < COI_LIMIT_REFERENCES; i++) {
        if (!coi_ids_is_one(words[i], strlen(words[i])))
            continue;
        g_strv_builder_add(ids, words[i]);
        n++;
    }
    return g_strv_builder_end(ids);
}
