/* Two devices may move the same message in the same moment, and then it lies in Chats twice. Of equal copies the lowest UID is the
 * real one, and only who made another takes that away again (DESIGN section 4). */
#include "engine/private.h"

/* Copies of others turn up within moments: older ones of ours need not be known. */
#define REMEMBERED 1000

static CoiWatch *chats(CoiEngine *engine)
{
    return &engine->watches[COI_WATCH_CHATS];
}

void coi_extra_check(CoiEngine *engine, gint64 message)
{
    CoiWatch *watch = chats(engine);
    if (watch->mailbox == NULL || g_hash_table_size(watch->moved) == 0)
        return;
    g_autoptr(GArray) uids = coi_messages_places(engine->store, message, watch->mailbox);
    for (guint i = 1; i < uids->len; i++) {
        guint32 uid = g_array_index(uids, guint32, i);
        if (!g_hash_table_remove(watch->moved, GUINT_TO_POINTER(uid)))
            continue;
        g_array_append_val(watch->extra, uid);
        engine->chores_changed = TRUE;
    }
}

void coi_extra_moved(CoiEngine *engine, const GArray *places, const GArray *copied)
{
    CoiWatch *watch = chats(engine);
    if (g_hash_table_size(watch->moved) > REMEMBERED)
        g_hash_table_remove_all(watch->moved);
    for (guint i = 0; copied != NULL && i < copied->len; i++)
        g_hash_table_add(watch->moved, GUINT_TO_POINTER(g_array_index(copied, guint32, i)));
    for (guint i = 0; i < places->len; i++)
        coi_extra_check(engine, g_array_index(places, CoiChorePlace, i).message);
}

CoiImapRequest *coi_extra_request(CoiWatch *watch, guint64 tag)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_REMOVE, tag);
    request->uids = g_array_sized_new(FALSE, FALSE, sizeof(guint32), watch->extra->len);
    g_array_append_vals(request->uids, watch->extra->data, watch->extra->len);
    return request;
}

gboolean coi_extra_removed(CoiEngine *engine, CoiWatch *watch, GError **error)
{
    for (guint i = 0; i < watch->extra->len; i++)
        if (!coi_messages_remove_place(engine->store, watch->mailbox, g_array_index(watch->extra, guint32, i), error))
            return FALSE;
    g_array_set_size(watch->extra, 0);
    return TRUE;
}
