/* What inbound.c has judged goes into the store: the messages of one answer in one transaction, each once, with the places of all
 * their copies, and what follows from them for other parts. */
#include "engine/private.h"

static void say_name(CoiEngine *engine, const CoiMessage *message)
{
    CoiEvent *event = coi_event_new(COI_EVENT_NAME);
    event->address = g_strdup(message->sender);
    event->name = g_strdup(message->sender_name);
    coi_engine_emit(engine, event);
}

static gboolean heard(CoiEngine *engine, const CoiArrival *arrival, GError **error)
{
    const CoiMessage *message = arrival->message;
    if (arrival->list != NULL) /* its author hasn't written to us */
        return arrival->list_id == NULL || coi_peers_set_list(engine->store, arrival->list, arrival->list_id, error);
    gboolean is_line = message->show == COI_SHOW_PENDING || message->show == COI_SHOW_BETWEEN;
    if (message->kind != COI_LINE_IN || !is_line || g_str_equal(message->sender, engine->address))
        return TRUE;
    coi_typing_wrote(engine, arrival);
    if (arrival->chat && !coi_peers_set_takes_typing(engine->store, message->sender, arrival->takes_typing, error))
        return FALSE;
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, message->sender);
    if (message->sender_name != NULL && g_strcmp0(peer->name, message->sender_name) != 0)
        say_name(engine, message);
    return coi_peers_heard(engine->store, message->sender, message->sender_name, arrival->chat, error);
}

/* A server gave this copy an id of its own, by which answers may name it. */
static gboolean note_other_id(CoiEngine *engine, const CoiMessage *copy, const CoiMessage *known, GError **error)
{
    return g_str_equal(copy->message_id, known->message_id) || g_str_has_prefix(copy->message_id, "hash:") ||
           (coi_messages_add_alias(engine->store, known->id, copy->message_id, error) &&
            coi_reports_known_as(engine, known, copy->message_id, error));
}

/* A copy of message id lies in mailbox: its flags, and what is to be done about it. */
static gboolean look_at_place(CoiEngine *engine, const char *mailbox, const CoiArrival *arrival, gint64 id, GError **error)
{
    g_autoptr(CoiMessage) known = NULL;
    const CoiMessage *message = arrival->message;
    if (message->id != id) {
        message = known = coi_messages_get(engine->store, id);
        if (known == NULL || (arrival->seen && (!coi_seen_flag(engine, id, TRUE, error) ||
                                                !coi_chores_settle_seen(engine->store, id, error))))
            return known == NULL;
        if (!note_other_id(engine, arrival->message, known, error) ||
            !coi_sent_found(engine, mailbox, arrival, known, error))
            return FALSE;
        coi_extra_check(engine);
    }
    /* Somebody filed it before \Seen had reached it. */
    if (message->seen && message->kind == COI_LINE_IN && !arrival->seen &&
        !coi_chores_add_now(engine, id, COI_CHORE_SEEN, error))
        return FALSE;
    return coi_filing_judge(engine, mailbox, arrival, message, error);
}

static gboolean insert(CoiEngine *engine, CoiArrival *arrival, GError **error)
{
    CoiMessage *message = arrival->message;
    const char *aliases[] = {arrival->alias, NULL};
    coi_edits_judge(engine, arrival);
    coi_replies_judge(engine, arrival);
    if (!coi_messages_insert(engine->store, message, aliases, error) || !coi_edits_note(engine, arrival, error) ||
        !coi_reports_note(engine, arrival, error) || !coi_reports_known_as(engine, message, message->message_id, error) ||
        !coi_reports_known_as(engine, message, arrival->alias, error) ||
        !coi_messages_put_in_order(engine->store, message, error) || !heard(engine, arrival, error))
        return FALSE;
    if (!message->delayed)
        coi_clock_arrived(engine, message->internal_date);
    if (arrival->typing != COI_TYPING_NONE)
        coi_typing_heard(engine, arrival);
    engine->chores_changed |= message->expires != 0;
    engine->between_pending |= message->show == COI_SHOW_BETWEEN;
    return TRUE;
}

static gboolean store_one(CoiEngine *engine, CoiArrival *arrival, GError **error)
{
    CoiMessage *message = arrival->message;
    gint64 id = coi_inbound_known(engine, message, arrival->alias); /* again: a copy may have come by another mailbox meanwhile */
    if (id == 0 && !arrival->place_only && coi_reports_judge(engine, arrival)) {
        id = coi_inbound_known(engine, message, arrival->alias); /* a report has another id, now that it is known to be one */
        if (id == 0 && !insert(engine, arrival, error))
            return FALSE;
        id = id != 0 ? id : message->id;
    }
    return id == 0 || (coi_messages_add_place(engine->store, id, message->mailbox, arrival->uid, arrival->seen, error) &&
                       look_at_place(engine, message->mailbox, arrival, id, error));
}

static char *newest_key(const char *mailbox)
{
    return g_strconcat("newest:", mailbox, NULL);
}

gint64 coi_intake_newest(CoiEngine *engine, const char *mailbox)
{
    g_autofree char *key = newest_key(mailbox);
    g_autofree char *value = coi_store_get(engine->store, key);
    return value != NULL ? g_ascii_strtoll(value, NULL, 10) : 0;
}

static gboolean note_newest(CoiEngine *engine, CoiWatch *watch, GError **error)
{
    gint64 newest = coi_intake_newest(engine, watch->mailbox);
    gint64 now_newest = newest;
    for (guint i = 0; i < watch->arrived->len; i++) {
        const CoiArrival *arrival = g_ptr_array_index(watch->arrived, i);
        now_newest = MAX(now_newest, arrival->message->internal_date);
    }
    if (now_newest == newest)
        return TRUE;
    g_autofree char *key = newest_key(watch->mailbox);
    g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, now_newest);
    return coi_store_set(engine->store, key, value, error);
}

/* Live, a message follows one that we know, or begins. Else something came before it that we have not seen yet. */
static gboolean follows_the_unknown(CoiEngine *engine, const CoiWatch *watch, const CoiArrival *arrival)
{
    if (watch->sync != COI_SYNC_LIVE || arrival->message->delayed || arrival->message->expires != 0 ||
        arrival->place_only || arrival->last_reference == NULL ||
        g_str_equal(arrival->last_reference, arrival->message->message_id))
        return FALSE;
    for (guint i = 0; i < watch->arrived->len; i++)
        if (g_strcmp0(((CoiArrival *)watch->arrived->pdata[i])->message->message_id, arrival->last_reference) == 0)
            return FALSE;
    return coi_messages_find(engine->store, arrival->last_reference, NULL) == 0;
}

static gboolean store_arrived(CoiEngine *engine, CoiWatch *watch, gboolean everything, GError **error)
{
    coi_order_arrived(watch->arrived);
    for (guint i = 0; i < watch->arrived->len; i++)
        if (follows_the_unknown(engine, watch, watch->arrived->pdata[i]))
            coi_watches_look_elsewhere(engine, watch);
    for (guint i = 0; i < watch->arrived->len; i++)
        if (!store_one(engine, g_ptr_array_index(watch->arrived, i), error))
            return FALSE;
    for (guint i = 0; i < watch->arrived->len; i++)
        coi_live_heard(engine, watch, ((CoiArrival *)watch->arrived->pdata[i])->message);
    if (!note_newest(engine, watch, error))
        return FALSE;
    return !everything || coi_folders_set(engine->store, watch->mailbox, &watch->folder, error);
}

gboolean coi_intake_store(CoiEngine *engine, CoiWatch *watch, gboolean everything, GError **error)
{
    if (!coi_store_begin(engine->store, FALSE, error))
        return FALSE;
    if (!store_arrived(engine, watch, everything, error) || !coi_store_commit(engine->store, error)) {
        coi_store_rollback(engine->store);
        return FALSE;
    }
    g_ptr_array_set_size(watch->arrived, 0);
    engine->lines_pending = TRUE;
    return TRUE;
}
