/* Mail of machines does not stay: whoever of our clients comes first after its time removes it (COI.md sections 3 and 8). Only what the
 * store marks with a time is ever removed, and a copy that another client has removed meanwhile is none that is missed. */
#include "engine/private.h"

#define BATCH 200
#define RETRY_FIRST_USEC (2 * G_USEC_PER_SEC)
#define RETRY_LIMIT_USEC (900 * G_USEC_PER_SEC)
/* A mailbox that is at rest is visited for this, but not more often. */
#define VISIT_USEC (60 * G_USEC_PER_SEC)

void coi_expired_mark(CoiArrival *arrival, const char *kind, gint64 expires)
{
    CoiMessage *message = arrival->message;
    char *id = g_strconcat(kind, " ", message->message_id, NULL);
    g_free(message->message_id);
    message->message_id = id;
    message->expires = MAX(expires, 1);
    message->seen = TRUE; /* so the server learns it, too */
    message->show = COI_SHOW_NEVER;
    message->wants_receipt = FALSE;
    g_clear_pointer(&message->text, g_free);
    g_clear_pointer(&message->html, g_free);
    g_clear_pointer(&message->whole, g_free);
    g_clear_pointer(&message->subject, g_free);
    g_clear_pointer(&message->follows, g_free);
    g_clear_pointer(&arrival->alias, g_free);
    g_clear_pointer(&arrival->answers, g_free);
    g_clear_pointer(&arrival->subjects, g_strfreev);
}

CoiImapRequest *coi_expired_request(CoiEngine *engine, CoiWatch *watch)
{
    guint limit = watch->expired_tries.failures > 0 ? 1 : BATCH;
    g_autoptr(GArray) uids = coi_expired_at(engine->store, watch->mailbox, coi_clock_now(engine), limit);
    if (uids->len == 0)
        return NULL;
    g_clear_pointer(&watch->extra, g_array_unref);
    watch->extra = g_steal_pointer(&uids);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_REMOVE, coi_engine_next_tag(engine));
    request->uids = g_array_ref(watch->extra);
    return request;
}

gint64 coi_expired_due(CoiEngine *engine, const CoiWatch *watch, gint64 now)
{
    gint64 expires = coi_expired_next(engine->store, watch->mailbox);
    if (expires == 0)
        return -1;
    return MAX(now + MAX(expires - coi_clock_now(engine), 0) * G_USEC_PER_SEC, watch->expired_tries.at);
}

gint64 coi_expired_visit(CoiEngine *engine, CoiWatch *watch, gint64 now)
{
    gint64 due = watch == &engine->watches[COI_WATCH_CHATS] ? coi_expired_due(engine, watch, now) : -1;
    if (due < 0)
        return -1;
    due = MAX(due, watch->expired_visit_at);
    if (due > now)
        return due;
    watch->expired_visit_at = now + VISIT_USEC;
    coi_watch_open(engine, watch);
    return -1;
}

static gboolean forget(CoiEngine *engine, const CoiWatch *watch, GError **error)
{
    for (guint i = 0; i < watch->extra->len; i++)
        if (!coi_messages_remove_place(engine->store, watch->mailbox, g_array_index(watch->extra, guint32, i), error))
            return FALSE;
    return coi_expired_forget(engine->store, coi_clock_now(engine), error);
}

gboolean coi_expired_removed(CoiEngine *engine, CoiWatch *watch, GError **error)
{
    watch->expired_tries = (CoiChoreTries){0};
    if (!coi_store_begin(engine->store, FALSE, error))
        return FALSE;
    if (forget(engine, watch, error) && coi_store_commit(engine->store, error))
        return TRUE;
    coi_store_rollback(engine->store);
    return FALSE;
}

void coi_expired_refused(CoiWatch *watch)
{
    watch->expired_tries.at =
        g_get_monotonic_time() + coi_engine_backoff(watch->expired_tries.failures++, RETRY_FIRST_USEC, RETRY_LIMIT_USEC);
}
