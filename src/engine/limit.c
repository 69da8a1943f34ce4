/* Some servers allow so few connections at once that INBOX's is the only one to be had. Then it is lent: closed for a
 * while for whoever needs another, one after the other. Chats is visited when INBOX's link tells that something has
 * come there. */
#include "engine/history.h"
#include "engine/private.h"

#include <string.h>

/* After that long it is tried again whether there are more. */
#define LIMITED_USEC (G_GINT64_CONSTANT(900) * G_USEC_PER_SEC)
/* How often somebody asks whose turn has not come. */
#define TURN_USEC (1 * G_USEC_PER_SEC)
/* A server may need a moment until it knows that a connection is gone. */
#define SWAP_ATTEMPTS 5

gboolean coi_limit_active(const CoiEngine *engine)
{
    return engine->limited_until > 0;
}

/* Too many connections; not too many commands: then fewer calls help, and INBOX is better kept. */
static gboolean is_limit(const GError *error)
{
    if (!g_error_matches(error, COI_ERROR, COI_ERROR_AUTH_TEMPORARY))
        return FALSE;
    g_autofree char *words = g_ascii_strdown(error->message, -1);
    return strstr(words, "[limit]") != NULL || strstr(words, "[inuse]") != NULL ||
           (strstr(words, "too many") != NULL && strstr(words, "connections") != NULL);
}

gboolean coi_limit_met(CoiEngine *engine, const GError *error)
{
    if (coi_limit_active(engine) || !coi_watches_up(engine) || !is_limit(error))
        return FALSE;
    engine->limited_until = g_get_monotonic_time() + LIMITED_USEC;
    return TRUE;
}

gint64 coi_limit_again(const CoiEngine *engine, const GError *error, guint *attempts)
{
    if (!coi_limit_active(engine) || !is_limit(error) || ++*attempts > SWAP_ATTEMPTS)
        return 0;
    return g_get_monotonic_time() + TURN_USEC;
}

static void close_link(CoiEngine *engine, CoiImapLink *link)
{
    coi_imap_link_send(link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
}

gint64 coi_limit_turn(CoiEngine *engine, gconstpointer who)
{
    CoiWatch *inbox = &engine->watches[COI_WATCH_INBOX];
    if (!coi_limit_active(engine) || who == inbox || (engine->borrower == who && engine->lending == COI_LENDING_LENT))
        return 0;
    if (engine->borrower == NULL && inbox->state == COI_WATCH_FOLLOWING && !inbox->more && inbox->chore_tag == 0) {
        engine->borrower = who;
        engine->lending = COI_LENDING_ASKED;
        close_link(engine, inbox->link);
    }
    return g_get_monotonic_time() + TURN_USEC;
}

gboolean coi_limit_lend(CoiEngine *engine, gboolean closed_well)
{
    if (engine->lending != COI_LENDING_ASKED)
        return FALSE;
    engine->lending = closed_well ? COI_LENDING_LENT : COI_LENDING_NONE;
    if (!closed_well)
        engine->borrower = NULL;
    engine->bulk_changed = TRUE;
    engine->bulk_retry_at = 0;
    return closed_well;
}

gboolean coi_limit_is_stray(const CoiEngine *engine, gconstpointer who)
{
    return coi_limit_active(engine) && who != &engine->watches[COI_WATCH_INBOX] && who != engine->borrower &&
           (engine->borrower != NULL || !coi_watches_up(engine));
}

gboolean coi_limit_return(CoiEngine *engine, gconstpointer who)
{
    if (engine->borrower != who || engine->lending == COI_LENDING_ASKED)
        return FALSE;
    engine->borrower = NULL;
    engine->lending = COI_LENDING_NONE;
    return TRUE;
}

static gboolean bulk_is_done(CoiEngine *engine)
{
    return engine->bulk_facts != NULL && engine->copying == 0 && engine->configure_tag == 0 &&
           !coi_filing_waits(engine) && !coi_copy_waits(engine) && !coi_history_waits(engine);
}

/* It has not been opened, and what it was to do is done or waits for something else. */
static gboolean wants_it_no_more(CoiEngine *engine)
{
    return engine->bulk_facts == NULL && !engine->bulk_opening && !coi_filing_waits(engine) && !coi_copy_waits(engine) &&
           !coi_history_waits(engine);
}

/* Gives the connection back when nothing is left to be done by who has borrowed it. */
static void give_back(CoiEngine *engine)
{
    const CoiWatch *watch = engine->borrower;
    gboolean bulk = engine->borrower == &engine->bulk;
    if (bulk && wants_it_no_more(engine)) {
        coi_limit_return(engine, &engine->bulk);
        coi_watches_inbox_again(engine);
        return;
    }
    if (bulk ? !bulk_is_done(engine)
             : watch->state != COI_WATCH_FOLLOWING || watch->more || watch->chore_tag != 0 || engine->chores_changed)
        return;
    engine->lending = COI_LENDING_BACK;
    close_link(engine, bulk ? engine->bulk : watch->link);
}

gint64 coi_limit_timers(CoiEngine *engine, gint64 now)
{
    if (!coi_limit_active(engine))
        return -1;
    if (engine->lending == COI_LENDING_LENT)
        give_back(engine);
    if (now < engine->limited_until || engine->borrower != NULL)
        return MAX(engine->limited_until, now + TURN_USEC);
    engine->limited_until = 0;
    coi_watches_unlimited(engine);
    return -1;
}
