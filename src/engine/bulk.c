/* The link for what may take its time: opened when something is to be done, closed by itself after a while without work. */
#include "engine/bulk.h"

#include "engine/history.h"
#include "engine/private.h"

#include "net/throttle.h"

#define IDLE_CLOSE_MS (30 * 1000)
#define RETRY_FIRST_USEC (G_USEC_PER_SEC / 2)
#define RETRY_LIMIT_USEC (300 * G_USEC_PER_SEC)

void coi_bulk_back_off(CoiEngine *engine, const GError *error)
{
    guint failures = engine->bulk_failures++;
    gboolean throttled = error != NULL && coi_throttled(error->message);
    engine->bulk_retry_at =
        g_get_monotonic_time() + (throttled ? coi_engine_quiet(failures)
                                            : coi_engine_backoff(failures, RETRY_FIRST_USEC, RETRY_LIMIT_USEC));
}

static void open_bulk(CoiEngine *engine)
{
    gint64 turn = coi_limit_turn(engine, &engine->bulk);
    if (turn > 0) {
        engine->bulk_retry_at = turn;
        engine->bulk_changed = TRUE;
        return;
    }
    if (engine->bulk == NULL)
        engine->bulk = coi_imap_link_new(&engine->host, IDLE_CLOSE_MS, coi_engine_imap_sink, engine);
    if (engine->bulk == NULL) {
        coi_bulk_back_off(engine, NULL);
        engine->bulk_changed = TRUE;
        return;
    }
    engine->bulk_opening = TRUE;
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_OPEN, coi_engine_next_tag(engine));
    request->servers = coi_servers_copy(engine->imap_servers);
    request->credentials = coi_engine_credentials(engine, COI_SERVICE_IMAP);
    request->root = g_strdup(COI_ROOT);
    coi_imap_link_send(engine->bulk, request);
}

static void pump(CoiEngine *engine)
{
    if (engine->store == NULL || engine->failed || engine->stopping || engine->bulk_opening || !engine->connected)
        return;
    if (engine->bulk_facts != NULL) {
        coi_filing_pump(engine);
        coi_copy_pump(engine);
        coi_history_pump(engine);
    } else if (coi_filing_waits(engine) || coi_copy_waits(engine) || coi_history_waits(engine)) {
        open_bulk(engine);
    }
}

static void down(CoiEngine *engine, const CoiImapResult *result)
{
    g_clear_pointer(&engine->bulk_facts, coi_imap_facts_free);
    engine->bulk_opening = FALSE;
    coi_filing_down(engine);
    coi_copy_down(engine);
    coi_history_down(engine, result->error);
    gint64 again = coi_limit_again(engine, result->error, &engine->bulk_swaps);
    if (again > 0) {
        engine->bulk_retry_at = again;
        return;
    }
    gboolean back = coi_limit_return(engine, &engine->bulk);
    if (result->error != NULL && !coi_limit_met(engine, result->error))
        coi_bulk_back_off(engine, result->error);
    if (back)
        coi_watches_inbox_again(engine);
}

void coi_bulk_break_off(CoiEngine *engine)
{
    g_clear_pointer(&engine->bulk_facts, coi_imap_facts_free);
    engine->bulk_opening = TRUE; /* until the link has ended */
    coi_imap_link_stop(engine->bulk);
}

void coi_bulk_result(CoiEngine *engine, CoiImapResult *result)
{
    switch (result->type) {
    case COI_IMAP_OPENED:
        if (coi_limit_is_stray(engine, &engine->bulk)) {
            coi_imap_link_send(engine->bulk, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
            break;
        }
        engine->bulk_opening = FALSE;
        engine->bulk_swaps = 0;
        engine->bulk_facts = g_steal_pointer(&result->facts);
        coi_watches_start_chats(engine, engine->bulk_facts->chats); /* made since INBOX was opened */
        break;
    case COI_IMAP_DOWN:
        down(engine, result);
        break;
    case COI_IMAP_ENDED: /* broken off */
        down(engine, result);
        g_clear_pointer(&engine->bulk, coi_imap_link_free);
        break;
    default:
        if (engine->configure_tag != 0 && result->tag == engine->configure_tag)
            coi_filing_result(engine, result);
        else if (engine->copying != 0 && result->tag == engine->copy_tag)
            coi_copy_result(engine, result);
        else if (coi_history_is_mine(engine, result))
            coi_history_result(engine, result);
        break;
    }
    engine->bulk_changed = TRUE;
}

gint64 coi_bulk_timers(CoiEngine *engine, gint64 now)
{
    if (engine->bulk_changed && engine->bulk_retry_at <= now) {
        engine->bulk_changed = FALSE;
        pump(engine);
    }
    return engine->bulk_changed && engine->bulk_retry_at > now ? engine->bulk_retry_at : -1;
}
