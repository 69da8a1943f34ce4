#include "engine/private.h"

/* The bulk link closes itself after this long without work. */
#define BULK_IDLE_CLOSE_MS (30 * 1000)
#define COPY_RETRY_FIRST_USEC (5 * G_USEC_PER_SEC)
#define COPY_RETRY_LIMIT_USEC (300 * G_USEC_PER_SEC)
#define COPY_ATTEMPTS 5

static void open_bulk(CoiEngine *engine)
{
    if (engine->bulk == NULL)
        engine->bulk = coi_imap_link_new(&engine->host, BULK_IDLE_CLOSE_MS, coi_engine_imap_sink, engine);
    if (engine->bulk == NULL) {
        engine->copy_retry_at = g_get_monotonic_time() + COPY_RETRY_FIRST_USEC;
        engine->copies_changed = TRUE;
        return;
    }
    engine->bulk_opening = TRUE;
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_OPEN, coi_engine_next_tag(engine));
    request->servers = coi_servers_copy(engine->imap_servers);
    request->credentials = coi_engine_credentials(engine, COI_SERVICE_IMAP);
    request->root = g_strdup("COI");
    coi_imap_link_send(engine->bulk, request);
}

/* Chat's own folder where there is one, else where mail programs keep what was sent. */
static const char *target(const CoiEngine *engine)
{
    if (engine->copy_facts->chats != NULL)
        return engine->copy_facts->chats;
    return engine->copy_facts->sent != NULL ? engine->copy_facts->sent : engine->copy_facts->sent_default;
}

static void append(CoiEngine *engine, const CoiOutgoing *mail)
{
    const char *const flags[] = {"\\Seen", "$Chat", NULL};
    engine->copying = mail->id;
    engine->copy_tag = coi_engine_next_tag(engine);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_APPEND, engine->copy_tag);
    request->message_id = g_strdup(mail->message_id);
    request->target = g_strdup(target(engine));
    request->mail = g_bytes_ref(mail->mail);
    request->date = mail->created;
    request->flags = g_strdupv((GStrv)flags);
    coi_imap_link_send(engine->bulk, request);
}

static void pump(CoiEngine *engine)
{
    if (engine->store == NULL || engine->failed || engine->stopping || engine->copying != 0 || engine->bulk_opening ||
        !engine->connected || g_get_monotonic_time() < engine->copy_retry_at)
        return;
    g_autoptr(CoiOutgoing) mail = coi_outbox_next_copy(engine->store, NULL);
    if (mail == NULL)
        return;
    if (engine->copy_facts == NULL)
        open_bulk(engine);
    else
        append(engine, mail);
}

static void note(CoiEngine *engine, CoiCopyState state)
{
    g_autoptr(GError) error = NULL;
    if (!coi_outbox_copy_attempted(engine->store, engine->copying, state, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
    engine->copying = 0;
}

static void back_off(CoiEngine *engine)
{
    engine->copy_retry_at = g_get_monotonic_time() +
                            coi_engine_backoff(engine->copy_failures++, COPY_RETRY_FIRST_USEC, COPY_RETRY_LIMIT_USEC);
}

/* The server refused: after some tries the copy is given up; the message itself was sent. */
static void refused(CoiEngine *engine)
{
    g_autoptr(CoiOutgoing) mail = coi_outbox_get(engine->store, engine->copying);
    gboolean last = mail == NULL || mail->copy_attempts + 1 >= COPY_ATTEMPTS;
    note(engine, last ? COI_COPY_GIVEN_UP : COI_COPY_WANTED);
    if (!last)
        back_off(engine);
}

static void down(CoiEngine *engine, const CoiImapResult *result)
{
    g_clear_pointer(&engine->copy_facts, coi_imap_facts_free);
    engine->bulk_opening = FALSE;
    engine->copying = 0; /* looked for before it is appended again */
    if (result->error != NULL)
        back_off(engine);
}

void coi_copy_result(CoiEngine *engine, CoiImapResult *result)
{
    switch (result->type) {
    case COI_IMAP_OPENED:
        engine->bulk_opening = FALSE;
        engine->copy_facts = g_steal_pointer(&result->facts);
        coi_watches_start_chats(engine, engine->copy_facts); /* made since INBOX was opened */
        break;
    case COI_IMAP_APPENDED:
        if (result->tag == engine->copy_tag && engine->copying != 0) {
            engine->copy_failures = 0;
            note(engine, COI_COPY_DONE);
        }
        break;
    case COI_IMAP_FAILED:
        if (result->tag == engine->copy_tag && engine->copying != 0)
            refused(engine);
        break;
    case COI_IMAP_DOWN:
        down(engine, result);
        break;
    default:
        break;
    }
    engine->copies_changed = TRUE;
}

gint64 coi_copy_timers(CoiEngine *engine, gint64 now)
{
    if (engine->copies_changed && engine->copy_retry_at <= now) {
        engine->copies_changed = FALSE;
        pump(engine);
    }
    return engine->copies_changed && engine->copy_retry_at > now ? engine->copy_retry_at : -1;
}
