/* What the user has read: here, which the server learns, and on other devices, which the client learns. */
#include "engine/private.h"

static gboolean has_seen_flag(GStrv flags)
{
    for (guint i = 0; flags != NULL && flags[i] != NULL; i++)
        if (g_ascii_strcasecmp(flags[i], "\\Seen") == 0)
            return TRUE;
    return FALSE;
}

static gboolean note_seen(CoiEngine *engine, const char *conversation, gint64 first, gint64 last, GError **error)
{
    g_autoptr(GArray) ids = coi_messages_see(engine->store, conversation, first, last, error);
    if (ids == NULL)
        return FALSE;
    for (guint i = 0; i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);
        g_autoptr(CoiMessage) message = coi_messages_get(engine->store, id);
        if (message != NULL && g_str_equal(message->sender, engine->address))
            continue; /* not proven to be ours: never flagged */
        gboolean claims = FALSE;
        if (message != NULL && !coi_receipts_seen(engine, message, &claims, error))
            return FALSE;
        if ((!claims && !coi_chores_add_now(engine, id, COI_CHORE_SEEN, error)) || !coi_chores_settle_seen(engine->store, id, error) ||
            !coi_filing_seen(engine, id, error))
            return FALSE;
    }
    return TRUE;
}

void coi_seen_here(CoiEngine *engine, const char *conversation, gint64 first, gint64 last)
{
    g_autoptr(GError) error = NULL;
    if (engine->store == NULL || engine->failed)
        return;
    if (coi_store_begin(engine->store, FALSE, &error)) {
        if (note_seen(engine, conversation, first, last, &error) && coi_store_commit(engine->store, &error))
            return;
        coi_store_rollback(engine->store);
    }
    coi_engine_store_failed(engine, g_steal_pointer(&error));
}

static void say_read(CoiEngine *engine, const char *conversation)
{
    CoiEvent *event = coi_event_new(COI_EVENT_READ);
    event->address = g_strdup(conversation);
    coi_engine_emit(engine, event);
}

gboolean coi_seen_flag(CoiEngine *engine, gint64 id, gboolean seen, GError **error)
{
    g_autoptr(CoiMessage) message = coi_messages_get(engine->store, id);
    if (message == NULL || message->kind != COI_LINE_IN || message->seen == seen ||
        (!seen && (coi_chores_waits(engine->store, id, COI_CHORE_SEEN) || coi_chores_waits(engine->store, id, COI_CHORE_CLAIM)))) /* the server is about to learn it */
        return TRUE;
    if (seen && !coi_receipts_elsewhere(engine, id, error))
        return FALSE;
    if (!coi_messages_set_seen(engine->store, id, seen, error) || (seen && !coi_filing_seen(engine, id, error)))
        return FALSE;
    if (seen && message->show != COI_SHOW_NEVER && !coi_messages_any_unseen(engine->store, message->conversation))
        say_read(engine, message->conversation);
    return TRUE;
}

/* A message on its way into the store. */
static CoiArrival *underway(CoiWatch *watch, guint32 uid)
{
    for (guint i = 0; i < watch->arrived->len; i++) {
        CoiArrival *arrival = g_ptr_array_index(watch->arrived, i);
        if (arrival->uid == uid)
            return arrival;
    }
    return g_hash_table_lookup(watch->waiting, GUINT_TO_POINTER(uid));
}

/* Only a change tells something: a copy that another device has just moved may have lost the flag on its way, or never had it. */
static gboolean note_flag(CoiEngine *engine, const char *mailbox, guint32 uid, gboolean seen, GError **error)
{
    gint64 id = coi_messages_at(engine->store, mailbox, uid);
    if (id == 0 || coi_messages_place_seen(engine->store, mailbox, uid) == seen)
        return TRUE;
    return coi_messages_set_place_seen(engine->store, mailbox, uid, seen, error) && coi_seen_flag(engine, id, seen, error) &&
           (!seen || (coi_receipts_elsewhere(engine, id, error) && coi_chores_settle_seen(engine->store, id, error)));
}

void coi_seen_flags(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result)
{
    g_autoptr(GError) error = NULL;
    CoiArrival *arrival = underway(watch, result->uid);
    if (arrival != NULL) {
        arrival->seen = has_seen_flag(result->flags);
        arrival->message->wants_receipt &= !arrival->seen;
        arrival->message->seen = arrival->seen || arrival->report != NULL || arrival->message->expires != 0 || arrival->message->kind != COI_LINE_IN;
        return;
    }
    if (!note_flag(engine, watch->mailbox, result->uid, has_seen_flag(result->flags), &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}
