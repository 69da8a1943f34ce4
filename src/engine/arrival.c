#include "engine/private.h"

/* Texts asked for in one request, and messages stored in one transaction: bounds what a catch-up keeps in memory. */
#define BATCH 200
/* How long lines wait for a look at another mailbox. */
#define LOOK_USEC (1 * G_USEC_PER_SEC)

void coi_watch_reset(CoiWatch *watch)
{
    g_hash_table_remove_all(watch->waiting);
    g_array_set_size(watch->to_ask, 0);
    g_ptr_array_set_size(watch->arrived, 0);
    watch->bodies_pending = 0;
    watch->chore_tag = 0;
    watch->removing = watch->expiring = watch->more = FALSE;
    watch->looks = watch->looked = 0;
}

gboolean coi_watch_store(CoiEngine *engine, CoiWatch *watch, gboolean everything)
{
    g_autoptr(GError) error = NULL;
    if (coi_intake_store(engine, watch, everything, &error)) {
        if (coi_watch_is_inbox(engine, watch))
            engine->lost_since = 0; /* it goes on, however much there is */
        return TRUE;
    }
    coi_engine_store_failed(engine, g_steal_pointer(&error));
    return FALSE;
}

void coi_watch_ask_for_texts(CoiEngine *engine, CoiWatch *watch)
{
    for (guint from = 0; from < watch->to_ask->len; from += BATCH) {
        guint n = MIN(BATCH, watch->to_ask->len - from);
        CoiImapRequest *request = coi_imap_request_new(COI_IMAP_BODIES, coi_engine_next_tag(engine));
        request->leave_out = watch->barren > COI_WATCH_PATIENCE;
        request->uids = g_array_sized_new(FALSE, FALSE, sizeof(guint32), n);
        g_array_append_vals(request->uids, &g_array_index(watch->to_ask, guint32, from), n);
        coi_imap_link_send(watch->link, request);
        watch->bodies_pending++;
    }
    g_array_set_size(watch->to_ask, 0);
}

void coi_watch_settle(CoiEngine *engine, CoiWatch *watch)
{
    if (watch->bodies_pending > 0 || watch->to_ask->len > 0)
        return;
    g_hash_table_remove_all(watch->waiting); /* gone from the server before their text came */
    /* As long as old messages are to come there is no place to go on from: who is cut off before looks again for the first
     * time. */
    if (!coi_watch_store(engine, watch, !watch->more))
        return;
    watch->state = COI_WATCH_FOLLOWING;
    watch->sync = COI_SYNC_LIVE;
    watch->failures = watch->quiets = watch->swaps = 0;
    watch->barren = watch->more ? watch->barren : 0;
    watch->settled = TRUE;
    watch->looks -= MIN(watch->looked, watch->looks);
    watch->looked = 0;
    watch->last_uid = MAX(watch->last_uid, watch->folder.next_uid - 1);
    engine->chores_changed = engine->bulk_changed = TRUE;
    if (watch == &engine->watches[COI_WATCH_CHATS])
        coi_extra_check(engine);
    if (coi_watch_is_inbox(engine, watch))
        engine->lost_said = FALSE;
}

void coi_watches_look_elsewhere(CoiEngine *engine, const CoiWatch *watch)
{
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++) {
        CoiWatch *other = &engine->watches[i];
        if (other == watch || other->state != COI_WATCH_FOLLOWING || other->visited || other->looks > 1)
            continue; /* of two one has not begun */
        engine->look_until = g_get_monotonic_time() + LOOK_USEC;
        coi_watch_look(engine, other);
    }
}

gboolean coi_watches_looking(const CoiEngine *engine)
{
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++)
        if (engine->watches[i].looks > 0 && g_get_monotonic_time() < engine->look_until)
            return TRUE;
    return FALSE;
}

/* Between this message and the last one there were others, which somebody has filed before we saw them. */
static void mind_the_gap(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result)
{
    if (watch->sync == COI_SYNC_LIVE && coi_watch_is_inbox(engine, watch) && result->uid > watch->last_uid + 1 &&
        engine->filing != COI_FILING_NONE)
        coi_watches_look_elsewhere(engine, watch);
    watch->last_uid = MAX(watch->last_uid, result->uid);
}

void coi_watch_message(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result)
{
    mind_the_gap(engine, watch, result);
    CoiArrival *waiting = g_hash_table_lookup(watch->waiting, GUINT_TO_POINTER(result->uid));
    if (waiting != NULL && result->whole) {
        g_hash_table_steal(watch->waiting, GUINT_TO_POINTER(result->uid));
        coi_inbound_fill(waiting, result);
        g_ptr_array_add(watch->arrived, waiting);
    } else if (waiting == NULL) {
        CoiArrival *arrival = coi_inbound_classify(engine, watch, result);
        if (arrival == NULL)
            return;
        if (arrival->place_only || arrival->message->show == COI_SHOW_NEVER || result->whole) {
            if (result->whole)
                coi_inbound_fill(arrival, result);
            g_ptr_array_add(watch->arrived, arrival);
        } else {
            g_hash_table_insert(watch->waiting, GUINT_TO_POINTER(result->uid), arrival);
            g_array_append_val(watch->to_ask, result->uid);
        }
    }
    if (watch->arrived->len >= BATCH)
        coi_watch_store(engine, watch, FALSE);
}
