#include "engine/private.h"

#include "net/throttle.h"

#define COPY_ATTEMPTS 5

/* Chat's own folder, or where mail programs keep what was sent if chat is not sorted here. */
static const char *target(CoiEngine *engine)
{
    const CoiImapFacts *facts = engine->bulk_facts;
    engine->copy_to_sent = engine->filing == COI_FILING_NONE;
    if (!engine->copy_to_sent)
        return facts->chats_name;
    return facts->sent != NULL ? facts->sent : facts->sent_default;
}

static void append(CoiEngine *engine, const CoiOutgoing *mail)
{
    const char *const flags[] = {"\\Seen", "$Chat", NULL};
    engine->copying = mail->id;
    engine->copy_tried = MAX(engine->copy_tried, mail->id);
    engine->copy_tag = coi_engine_next_tag(engine);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_APPEND, engine->copy_tag);
    request->message_id = g_strdup(mail->message_id);
    request->target = g_strdup(target(engine));
    request->must_exist = !engine->copy_to_sent && engine->bulk_facts->coi;
    request->mail = g_bytes_ref(mail->mail);
    request->date = mail->created;
    request->flags = g_strdupv((GStrv)flags);
    coi_imap_link_send(engine->bulk, request);
}

static gboolean must_wait(const CoiEngine *engine)
{
    return engine->filing != COI_FILING_NONE && coi_watches_chats_coming(engine);
}

gboolean coi_copy_waits(CoiEngine *engine)
{
    if (coi_sent_is_awaited(engine) || must_wait(engine))
        return FALSE;
    g_autoptr(CoiOutgoing) mail = coi_outbox_next_copy(engine->store, NULL);
    return mail != NULL;
}

void coi_copy_pump(CoiEngine *engine)
{
    if (engine->copying != 0 || coi_sent_is_awaited(engine) || must_wait(engine))
        return;
    g_autoptr(CoiOutgoing) mail = coi_outbox_next_copy(engine->store, NULL);
    if (mail != NULL)
        append(engine, mail);
}

static void note(CoiEngine *engine, CoiCopyState state)
{
    g_autoptr(GError) error = NULL;
    if (!coi_outbox_copy_attempted(engine->store, engine->copying, state, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
    engine->copying = 0;
}

static void appended(CoiEngine *engine, const CoiImapResult *result)
{
    engine->bulk_failures = 0;
    if (!engine->copy_to_sent)
        coi_watches_start_chats(engine, engine->bulk_facts->chats_name);
    else if (!result->was_there)
        engine->own_appended++;
    note(engine, COI_COPY_DONE);
}

/* The server refused: after some tries the copy is given up; the message itself was sent. */
static void refused(CoiEngine *engine, const GError *error)
{
    if (error != NULL && coi_throttled(error->message)) {
        engine->copying = 0; /* later is no failure */
        coi_bulk_back_off(engine, error);
        return;
    }
    g_autoptr(CoiOutgoing) mail = coi_outbox_get(engine->store, engine->copying);
    if (!engine->copy_to_sent)
        coi_filing_in_doubt(engine);
    gboolean last = mail == NULL || mail->copy_attempts + 1 >= COPY_ATTEMPTS;
    note(engine, last ? COI_COPY_GIVEN_UP : COI_COPY_WANTED);
    if (!last)
        coi_bulk_back_off(engine, error);
}

void coi_copy_result(CoiEngine *engine, CoiImapResult *result)
{
    if (result->type == COI_IMAP_APPENDED)
        appended(engine, result);
    else if (result->type == COI_IMAP_FAILED)
        refused(engine, result->error);
}

void coi_copy_down(CoiEngine *engine)
{
    engine->copying = 0; /* looked for before it is appended again */
}
