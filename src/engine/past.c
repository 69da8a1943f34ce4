#include "engine/past.h"

#include "store/archive.h"

CoiArrival *coi_past_read(CoiEngine *engine, const char *conversation, const char *mailbox, const CoiImapResult *result)
{
    gint64 known = coi_messages_at(engine->store, mailbox, result->uid);
    g_autoptr(CoiMessage) there = known != 0 ? coi_messages_get(engine->store, known) : NULL;
    if (there != NULL && there->expires != 0)
        return NULL; /* mail of machines */
    CoiWatch past = {.mailbox = (char *)mailbox, .state = COI_WATCH_OFF, .sync = COI_SYNC_LATER};
    CoiArrival *arrival = coi_inbound_classify(engine, &past, result);
    if (arrival == NULL)
        return NULL;
    if (conversation != NULL && g_strcmp0(arrival->message->conversation, conversation) != 0) {
        coi_arrival_free(arrival);
        return NULL;
    }
    coi_inbound_fill(arrival, result);
    return arrival;
}

static gint64 known_as(CoiEngine *engine, const CoiArrival *arrival)
{
    const CoiMessage *message = arrival->message;
    gint64 id = coi_messages_find(engine->store, message->message_id, message->sender);
    return id == 0 && arrival->alias != NULL ? coi_messages_find(engine->store, arrival->alias, message->sender) : id;
}

/* Every mail of a mail program's answers another: in a listing what it answers stands above it anyway. */
static void judge(CoiEngine *engine, CoiArrival *arrival)
{
    coi_edits_judge(engine, arrival);
    if (arrival->chat)
        coi_replies_judge(engine, arrival);
}

static gboolean insert(CoiEngine *engine, CoiArrival *arrival, GError **error)
{
    const char *aliases[] = {arrival->alias, NULL};
    CoiMessage *message = arrival->message;
    judge(engine, arrival);
    if (message->text == NULL)
        message->text = g_strdup(""); /* it means something, but isn't talk */
    message->show = COI_SHOW_NEVER;
    return coi_messages_insert(engine->store, message, aliases, error) && coi_edits_note(engine, arrival, error) &&
           coi_messages_put_in_order(engine->store, message, error);
}

/* Of what was known by its header only. */
static gboolean fill(CoiEngine *engine, CoiArrival *arrival, gint64 id, GError **error)
{
    g_autoptr(CoiMessage) known = coi_messages_get(engine->store, id);
    arrival->message->id = id;
    if (known == NULL || known->text != NULL)
        return TRUE;
    judge(engine, arrival);
    if (arrival->message->text == NULL)
        arrival->message->text = g_strdup("");
    return coi_archive_fill(engine->store, arrival->message, error);
}

static gboolean store_one(CoiEngine *engine, CoiArrival *arrival, GError **error)
{
    CoiFolder folder;
    const char *mailbox = arrival->message->mailbox;
    gint64 id = known_as(engine, arrival);
    if (!(id != 0 ? fill(engine, arrival, id, error) : insert(engine, arrival, error)))
        return FALSE;
    return !coi_folders_get(engine->store, mailbox, &folder) ||
           coi_messages_add_place(engine->store, arrival->message->id, mailbox, arrival->uid, arrival->seen, error);
}

gboolean coi_past_store(CoiEngine *engine, GPtrArray *arrived, GArray *rows, GError **error)
{
    if (arrived->len == 0)
        return TRUE;
    if (!coi_store_begin(engine->store, FALSE, error))
        return FALSE;
    gboolean good = TRUE;
    coi_order_arrived(arrived);
    for (guint i = 0; good && i < arrived->len; i++) {
        CoiArrival *arrival = arrived->pdata[i];
        good = store_one(engine, arrival, error);
        if (rows != NULL && good)
            g_array_append_val(rows, arrival->message->id);
    }
    if (good && coi_store_commit(engine->store, error)) {
        g_ptr_array_set_size(arrived, 0);
        return TRUE;
    }
    coi_store_rollback(engine->store);
    return FALSE;
}
