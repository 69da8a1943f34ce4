/* Two devices may move the same message in the same moment, and then it lies in Chats twice. Of equal copies the lowest UID is the
 * real one, and only who made another takes that away again (DESIGN section 4). What was moved is kept in the store: the other copy
 * may turn up after a restart. */
#include "engine/private.h"

#define BATCH 200

static CoiWatch *chats(CoiEngine *engine)
{
    return &engine->watches[COI_WATCH_CHATS];
}

void coi_extra_check(CoiEngine *engine)
{
    engine->extra_pending = TRUE;
    engine->chores_changed = TRUE;
}

/* Of what became of these nothing was said: another device was faster, or an earlier answer got lost and we moved them ourselves. */
static gboolean may_be_ours(CoiEngine *engine, const GArray *places, GError **error)
{
    for (guint i = 0; i < places->len; i++) {
        g_autoptr(GArray) uids = coi_messages_places(engine->store, g_array_index(places, CoiChorePlace, i).message,
                                                     engine->facts->chats_name);
        for (guint j = 1; j < uids->len; j++)
            if (!coi_moved_add(engine->store, g_array_index(uids, guint32, j), error))
                return FALSE;
    }
    return TRUE;
}

gboolean coi_extra_moved(CoiEngine *engine, const GArray *places, const GArray *copied, GError **error)
{
    guint n = copied != NULL ? copied->len : 0;
    for (guint i = 0; i < n; i++)
        if (!coi_moved_add(engine->store, g_array_index(copied, guint32, i), error))
            return FALSE;
    coi_extra_check(engine);
    return n >= places->len || may_be_ours(engine, places, error);
}

CoiImapRequest *coi_extra_request(CoiEngine *engine, CoiWatch *watch)
{
    if (watch != chats(engine) || !engine->extra_pending)
        return NULL;
    g_clear_pointer(&watch->extra, g_array_unref);
    watch->extra = coi_moved_extra(engine->store, watch->mailbox, BATCH);
    if (watch->extra->len == 0) {
        engine->extra_pending = FALSE;
        return NULL;
    }
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_REMOVE, coi_engine_next_tag(engine));
    request->uids = g_array_ref(watch->extra);
    return request;
}

gboolean coi_extra_removed(CoiEngine *engine, CoiWatch *watch, GError **error)
{
    for (guint i = 0; i < watch->extra->len; i++) {
        guint32 uid = g_array_index(watch->extra, guint32, i);
        if (!coi_messages_remove_place(engine->store, watch->mailbox, uid, error) ||
            !coi_moved_remove(engine->store, uid, error))
            return FALSE;
    }
    return TRUE;
}
