#include "engine/private.h"

#include "net/throttle.h"

#define RECONNECT_LIMIT_USEC (300 * G_USEC_PER_SEC)
/* Fact in the store: until when (unix seconds) the server has asked us to wait; more than this is a clock that was set. */
#define QUIET "imap-quiet-until"
#define QUIET_MOST_USEC (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

/* Outlives this login: libpurple's clients call again by timers of their own. */
static void remember_quiet(CoiEngine *engine, gint64 until)
{
    gint64 seconds = (g_get_real_time() + until - g_get_monotonic_time()) / G_USEC_PER_SEC;
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, seconds);
    coi_store_set(engine->store, QUIET, text, NULL);
}

gint64 coi_loss_quiet_until(CoiEngine *engine)
{
    g_autofree char *text = coi_store_get(engine->store, QUIET);
    gint64 left = text != NULL ? g_ascii_strtoll(text, NULL, 10) * G_USEC_PER_SEC - g_get_real_time() : 0;
    return left > 0 && left < QUIET_MOST_USEC ? g_get_monotonic_time() + left : 0;
}

static gboolean ends_it(const GError *error)
{
    return g_error_matches(error, COI_ERROR, COI_ERROR_AUTH) || g_error_matches(error, COI_ERROR, COI_ERROR_UNTRUSTED) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_AUTH_MECHANISM) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_TOKEN_REFUSED) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_CLEARTEXT) || g_error_matches(error, COI_ERROR, COI_ERROR_INVALID) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_MISSING);
}

static void note_words(CoiEngine *engine, const GError *error)
{
    g_free(engine->lost_words);
    engine->lost_words = coi_throttled(error->message) ? g_strdup(error->message) : NULL;
}

static void retry_later(CoiEngine *engine, CoiWatch *watch, const GError *error)
{
    gint64 now = g_get_monotonic_time();
    gboolean throttled = error != NULL && coi_throttled(error->message);
    watch->state = COI_WATCH_DOWN;
    watch->retry_at = now + (throttled ? coi_engine_quiet(watch->quiets++)
                                       : coi_engine_backoff(watch->failures, COI_RECONNECT_FIRST_USEC, RECONNECT_LIMIT_USEC));
    watch->failures++;
    engine->chores_changed = engine->bulk_changed = engine->lines_pending = TRUE; /* they may have waited for it */
    if (!coi_watch_is_inbox(engine, watch))
        return;
    if (engine->lost_since == 0)
        engine->lost_since = now;
    if (error != NULL)
        note_words(engine, error);
    if (throttled)
        remember_quiet(engine, watch->retry_at);
}

/* INBOX's connection is wanted by somebody else. */
static void lend(CoiEngine *engine)
{
    coi_watch_inbox(engine)->state = COI_WATCH_RESTING;
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->borrower == &engine->watches[i])
            coi_watch_open(engine, &engine->watches[i]);
}

/* The first refusal of a second connection: from now on there is one. */
static gboolean limit_met(CoiEngine *engine, CoiWatch *watch, const GError *error)
{
    if (coi_watch_is_inbox(engine, watch) || !coi_limit_met(engine, error))
        return FALSE;
    watch->state = COI_WATCH_DOWN;
    watch->retry_at = 0;
    return TRUE;
}

/* The account begins: what the server says is said by libpurple, whose clients call again; not before the time is over. */
static void fail(CoiEngine *engine, CoiImapResult *result)
{
    if (coi_throttled(result->error->message) && !ends_it(result->error)) {
        result->error->code = COI_ERROR_THROTTLED;
        remember_quiet(engine, g_get_monotonic_time() + coi_engine_quiet(0));
    }
    coi_engine_fail(engine, COI_SERVICE_IMAP, g_steal_pointer(&result->error), result->tried);
}

static void gone(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    gboolean anew = watch->anew && result->error == NULL;
    watch->anew = FALSE;
    if (coi_watch_is_inbox(engine, watch) && coi_limit_lend(engine, result->error == NULL)) {
        lend(engine);
    } else if (anew) {
        coi_watch_open(engine, watch);
    } else if (watch->visited && result->error == NULL && watch->refusal == NULL) {
        watch->state = COI_WATCH_RESTING;
    } else if (g_error_matches(result->error, COI_ERROR, COI_ERROR_ASKING)) {
        watch->state = COI_WATCH_ASKING;
        if (watch->verdicts != engine->verdicts)
            coi_watch_open(engine, watch);
    } else if (coi_watch_is_inbox(engine, watch) && result->error != NULL && (!engine->connected || ends_it(result->error))) {
        fail(engine, result);
    } else if (!limit_met(engine, watch, result->error)) {
        if (watch == &engine->watches[COI_WATCH_CHATS] && g_error_matches(result->error, COI_ERROR, COI_ERROR_REFUSED))
            coi_filing_in_doubt(engine);
        retry_later(engine, watch, result->error != NULL ? result->error : watch->refusal);
    }
}

void coi_loss(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    gint64 again = coi_limit_again(engine, result->error, &watch->swaps);
    gboolean back = again == 0 && coi_limit_return(engine, watch);
    coi_live_down(engine, watch, result->error);
    g_debug("%s: connection gone: %s", watch->mailbox, result->error != NULL ? result->error->message : "closed");
    if (watch->state == COI_WATCH_OFF || engine->failed || engine->stopping)
        return;
    /* What came whole stays: a line that is cut again and again gets on all the same. */
    if (watch->arrived->len > 0 && !coi_watch_store(engine, watch, FALSE))
        return;
    coi_watch_reset(watch);
    if (coi_watch_is_inbox(engine, watch))
        engine->status_pending = FALSE;
    if (again > 0) {
        watch->state = COI_WATCH_DOWN;
        watch->retry_at = again;
        return;
    }
    gone(engine, watch, result);
    g_clear_error(&watch->refusal);
    if (back)
        coi_watches_inbox_again(engine);
    coi_watch_say_connected(engine);
}
