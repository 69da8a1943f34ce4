#include "net/imap_follow.h"

#include "net/imap_idle.h"
#include "net/imap_status.h"

/* IDLE is renewed before NATs and servers forget it (RFC 2177: 29 minutes). */
#define RENEW_MS (9 * 60 * 1000)
/* How often a server without IDLE is asked: while somebody is talking, and when all is quiet. */
#define POLL_OFTEN_MS (3 * 1000)
#define POLL_MS (30 * 1000)
#define LIVELY_MS (2 * 60 * 1000)
/* How often a server without NOTIFY is asked for the second mailbox. */
#define STATUS_MS (60 * 1000)
/* One with NOTIFY may drop a word while it is busy with us (Dovecot): so long after that it is asked once. */
#define STATUS_SOON_MS (5 * 1000)

static gint64 in_ms(gint64 ms)
{
    return g_get_monotonic_time() + ms * 1000;
}

void coi_imap_follow_lively(CoiImapFollower *follower)
{
    follower->lively_until = in_ms(LIVELY_MS);
}

static void give_message(CoiImapResult *result, gpointer user)
{
    CoiImapFollower *follower = user;
    follower->given++;
    coi_imap_follow_lively(follower);
    follower->give(result, follower->user);
}

static void give_old(CoiImapResult *result, gpointer user)
{
    CoiImapFollower *follower = user;
    result->old = TRUE;
    follower->give(result, follower->user);
}

static void give_fetched(CoiImapFollower *follower, const CoiImap *imap)
{
    CoiImapResult *result = g_new0(CoiImapResult, 1);
    result->type = COI_IMAP_FETCHED;
    result->next_uid = follower->fetch.next_uid;
    result->highest_modseq = follower->flags.modseq;
    result->looked = follower->looking;
    follower->looking = FALSE;
    result->more = coi_imap_first_is_behind(&follower->first);
    result->polled = follower->polled = !coi_imap_can_idle(imap);
    follower->give(result, follower->user);
}

void coi_imap_follow_status(CoiImapFollower *follower, CoiImap *imap)
{
    if (!imap->also_changed)
        return;
    imap->also_changed = FALSE;
    CoiImapResult *result = g_new0(CoiImapResult, 1);
    result->type = COI_IMAP_STATUS;
    result->uid_validity = imap->also_validity;
    result->next_uid = imap->also_next;
    follower->give(result, follower->user);
}

static gboolean ask_status(CoiImapFollower *follower, CoiImap *imap, GError **error)
{
    if (imap->also == NULL)
        return TRUE;
    if (!coi_imap_status_ask(imap, error))
        return FALSE;
    follower->status_at = in_ms(imap->also_told ? RENEW_MS : STATUS_MS);
    coi_imap_follow_status(follower, imap);
    return TRUE;
}

/* below, newer: as coi_imap_flags_ask. FETCHED follows if anything came of it. */
static gboolean ask_flags(CoiImapFollower *follower, CoiImap *imap, guint32 below, guint32 newer, gboolean *news,
                          GError **error)
{
    guint count = 0;
    guint64 before = follower->flags.modseq;
    if (!coi_imap_flags_ask(imap, &follower->flags, below, newer, &count, follower->give, follower->user, error))
        return FALSE;
    *news = count > 0 || follower->flags.modseq != before;
    return TRUE;
}

/* told: the server, or whoever asks for a look, wants an answer in any case. */
static gboolean catch_up(CoiImapFollower *follower, CoiImap *imap, gboolean look, gboolean told, GError **error)
{
    guint32 before = follower->fetch.next_uid;
    gboolean news = FALSE;
    gboolean good = look ? coi_imap_fetch_look(imap, &follower->fetch, give_message, follower, error)
                         : coi_imap_fetch_new(imap, &follower->fetch, give_message, follower, error);
    /* A server may learn what is new only while it answers (Dovecot). */
    if (good && look && imap->arrived)
        good = coi_imap_fetch_new(imap, &follower->fetch, give_message, follower, error);
    if (!good)
        return FALSE;
    follower->look_at = in_ms(RENEW_MS);
    if (told && imap->also_told)
        follower->status_at = MIN(follower->status_at, in_ms(STATUS_SOON_MS));
    if (told || follower->fetch.next_uid != before)
        give_fetched(follower, imap);
    if (!follower->flags_too || !(look || imap->flags_changed))
        return TRUE;
    if (!ask_flags(follower, imap, follower->fetch.next_uid, 0, &news, error))
        return FALSE;
    if (news)
        give_fetched(follower, imap);
    return TRUE;
}

gboolean coi_imap_follow_catch_up(CoiImapFollower *follower, CoiImap *imap, GError **error)
{
    return catch_up(follower, imap, FALSE, imap->arrived, error);
}

gboolean coi_imap_follow_look(CoiImapFollower *follower, CoiImap *imap, GError **error)
{
    follower->looking = TRUE;
    return catch_up(follower, imap, TRUE, TRUE, error);
}

gboolean coi_imap_follow_is_behind(const CoiImapFollower *follower)
{
    return coi_imap_first_is_behind(&follower->first);
}

gboolean coi_imap_follow_go_back(CoiImapFollower *follower, CoiImap *imap, GError **error)
{
    if (imap->arrived || imap->flags_changed)
        return coi_imap_follow_catch_up(follower, imap, error);
    if (!coi_imap_first_go_on(&follower->first, imap, give_old, follower, error))
        return FALSE;
    give_fetched(follower, imap);
    coi_imap_follow_status(follower, imap);
    return TRUE;
}

/* All that a FOLLOW wants to be handed over at once. */
static gboolean catch_up_first(CoiImapFollower *follower, CoiImap *imap, const CoiImapRequest *request, GError **error)
{
    return request->first_uid == 0 && request->unread_since > 0
               ? coi_imap_first_look(&follower->first, imap, &follower->fetch, request->unread_since, give_message,
                                     follower, error)
               : coi_imap_fetch_new(imap, &follower->fetch, give_message, follower, error);
}

gboolean coi_imap_follow(CoiImapFollower *follower, CoiImap *imap, const CoiImapRequest *request, CoiImapGive give,
                         gpointer user, GError **error)
{
    gboolean news;
    coi_imap_follow_clear(follower);
    follower->give = give;
    follower->user = user;
    follower->fetch = (CoiImapFollow){.next_uid = request->first_uid,
                                      .newest = request->newest,
                                      .whole = request->whole,
                                      .leave_out = request->leave_out};
    follower->flags_too = request->flags_too;
    follower->look_at = in_ms(RENEW_MS);
    follower->status_at = G_MAXINT64;
    imap->watch_flags = FALSE;
    if (follower->flags_too)
        coi_imap_flags_begin(&follower->flags, imap, request->modseq);
    coi_imap_status_watch(imap, request->also);
    /* Messages first: somebody may be waiting for them. */
    if (!catch_up_first(follower, imap, request, error))
        return FALSE;
    if (follower->flags_too && !ask_flags(follower, imap, request->first_uid, follower->given, &news, error))
        return FALSE;
    give_fetched(follower, imap);
    return ask_status(follower, imap, error);
}

void coi_imap_follow_clear(CoiImapFollower *follower)
{
    coi_imap_flags_clear(&follower->flags);
    coi_imap_first_clear(&follower->first);
    *follower = (CoiImapFollower){0};
}

static gboolean ask_in_a_hurry(CoiImapFollower *follower, CoiImap *imap, GError **error)
{
    gboolean lags;
    if (!coi_imap_hurry_ask(&follower->hurry, imap, &lags, error))
        return FALSE;
    if (lags) {
        CoiImapResult *result = g_new0(CoiImapResult, 1);
        result->type = COI_IMAP_LAGS;
        follower->give(result, follower->user);
    }
    return TRUE;
}

gboolean coi_imap_follow_after_silence(CoiImapFollower *follower, CoiImap *imap, GError **error)
{
    gint64 now = g_get_monotonic_time();
    gboolean status = follower->status_at <= now;
    if (status && !ask_status(follower, imap, error))
        return FALSE;
    if (follower->hurry.until != 0)
        return ask_in_a_hurry(follower, imap, error);
    if (coi_imap_can_idle(imap))
        return (status && now < follower->look_at) || catch_up(follower, imap, TRUE, FALSE, error);
    if (!coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, error, "NOOP"))
        return FALSE;
    if (!follower->polled)
        give_fetched(follower, imap); /* it has just shown that its IDLE is worth nothing */
    return TRUE;
}

gint64 coi_imap_follow_patience(const CoiImapFollower *follower, const CoiImap *imap)
{
    gint64 now = g_get_monotonic_time();
    gint64 poll = now < follower->lively_until ? POLL_OFTEN_MS : POLL_MS;
    gint64 ms = coi_imap_can_idle(imap) ? (follower->look_at - now + 999) / 1000 : poll;
    if (follower->hurry.until != 0)
        ms = coi_imap_hurry_patience(&follower->hurry);
    if (follower->status_at != G_MAXINT64)
        ms = MIN(ms, (follower->status_at - now + 999) / 1000);
    return MAX(ms, 0);
}
