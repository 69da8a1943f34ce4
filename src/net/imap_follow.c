#include "net/imap_follow.h"

#include "net/imap_idle.h"
#include "net/imap_status.h"

/* IDLE is renewed before NATs and servers forget it (RFC 2177: 29 minutes). */
#define RENEW_MS (9 * 60 * 1000)
/* How often a server without IDLE is asked. */
#define POLL_MS (30 * 1000)
/* How often a server without NOTIFY is asked for the second mailbox. */
#define STATUS_MS (60 * 1000)

static gint64 in_ms(gint64 ms)
{
    return g_get_monotonic_time() + ms * 1000;
}

static void give_message(CoiImapResult *result, gpointer user)
{
    CoiImapFollower *follower = user;
    follower->given++;
    follower->give(result, follower->user);
}

static void give_fetched(CoiImapFollower *follower)
{
    CoiImapResult *result = g_new0(CoiImapResult, 1);
    result->type = COI_IMAP_FETCHED;
    result->next_uid = follower->fetch.next_uid;
    result->highest_modseq = follower->flags.modseq;
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

gboolean coi_imap_follow_catch_up(CoiImapFollower *follower, CoiImap *imap, gboolean look, GError **error)
{
    guint32 before = follower->fetch.next_uid;
    gboolean told = imap->arrived, news = FALSE;
    gboolean good = look ? coi_imap_fetch_look(imap, &follower->fetch, give_message, follower, error)
                         : coi_imap_fetch_new(imap, &follower->fetch, give_message, follower, error);
    if (!good)
        return FALSE;
    follower->look_at = in_ms(RENEW_MS);
    if (look ? follower->fetch.next_uid != before : told)
        give_fetched(follower);
    if (!follower->flags_too || !(look || imap->flags_changed))
        return TRUE;
    if (!ask_flags(follower, imap, follower->fetch.next_uid, 0, &news, error))
        return FALSE;
    if (news)
        give_fetched(follower);
    return TRUE;
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
    if (!coi_imap_fetch_new(imap, &follower->fetch, give_message, follower, error))
        return FALSE;
    if (follower->flags_too && !ask_flags(follower, imap, request->first_uid, follower->given, &news, error))
        return FALSE;
    give_fetched(follower);
    return ask_status(follower, imap, error);
}

void coi_imap_follow_clear(CoiImapFollower *follower)
{
    coi_imap_flags_clear(&follower->flags);
    *follower = (CoiImapFollower){0};
}

gboolean coi_imap_follow_after_silence(CoiImapFollower *follower, CoiImap *imap, GError **error)
{
    gint64 now = g_get_monotonic_time();
    gboolean status = follower->status_at <= now;
    if (status && !ask_status(follower, imap, error))
        return FALSE;
    if (!coi_imap_can_idle(imap))
        return coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, error, "NOOP");
    return (status && now < follower->look_at) || coi_imap_follow_catch_up(follower, imap, TRUE, error);
}

gint64 coi_imap_follow_patience(const CoiImapFollower *follower, const CoiImap *imap)
{
    gint64 now = g_get_monotonic_time();
    gint64 ms = coi_imap_can_idle(imap) ? (follower->look_at - now + 999) / 1000 : POLL_MS;
    if (follower->status_at != G_MAXINT64)
        ms = MIN(ms, (follower->status_at - now + 999) / 1000);
    return MAX(ms, 0);
}
