#include "net/imap_link_private.h"

#include "base/error.h"
#include "net/imap_copies.h"
#include "net/imap_idle.h"
#include "net/secret.h"
#include "net/wire.h"

/* So long a request may still come before old messages are fetched: what somebody waits for goes first. */
#define BREATH_USEC (50 * 1000)
/* So long after the last copy the mailbox stays open: a session that keeps one open sees neither its end nor what is made in its place,
 * and may then disturb those that use the new one (Dovecot). */
#define LET_GO_MS 1000
/* Dovecot may hold on to a mailbox that was deleted and made anew, and then only says that it has an error. At most so often that is
 * a reason to begin again: other servers complain of other things. */
#define DOUBT_USEC (10 * 60 * G_USEC_PER_SEC)
/* How often a server is asked whether it is still there when nothing else is to be asked: before NATs forget it. */
#define ALIVE_MS (9 * 60 * 1000)

/* Milliseconds until the link closes itself, rounded up; G_MAXINT64 when it never does. */
static gint64 until_close(const CoiImapLink *link)
{
    if (link->idle_close_ms == 0)
        return G_MAXINT64;
    gint64 left = link->idle_since + link->idle_close_ms * G_GINT64_CONSTANT(1000) - g_get_monotonic_time();
    return left <= 0 ? 0 : (left + 999) / 1000;
}

/* The server has said nothing for long: closes, or asks it. */
static void after_silence(CoiImapLink *link)
{
    GError *error = NULL;
    if (until_close(link) == 0) {
        coi_imap_link_log_out(link);
        coi_imap_link_down(link, 0, NULL, NULL);
    } else if (link->visiting) {
        link->visiting = FALSE;
        if (!coi_imap_let_go(link->imap, &error))
            coi_imap_link_down(link, 0, error, NULL);
    } else if (link->following) {
        coi_imap_link_follow_on(link, coi_imap_follow_after_silence);
    } else if (!coi_imap_command(link->imap, COI_IMAP_TIMEOUT_COMMAND, &error, "NOOP")) {
        coi_imap_link_down(link, 0, error, NULL);
    }
}

/* Something may be new, or the server has complained. */
static void arrived(CoiImapLink *link)
{
    gint64 now = g_get_monotonic_time();
    gboolean warned = link->imap->warned;
    link->imap->warned = FALSE;
    if (!warned || now < link->doubt_at) {
        coi_imap_link_follow_on(link, coi_imap_follow_catch_up);
        return;
    }
    link->doubt_at = now + DOUBT_USEC;
    coi_imap_link_down(link, link->follow_tag, g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "the server has complained of an error"), NULL);
}

static CoiIdleWay way_to_wait(const CoiImapLink *link)
{
    if (!link->following)
        return COI_IDLE_BLIND;
    return link->follower.hurry.until != 0 ? COI_IDLE_ASKING : COI_IDLE_LISTENING;
}

/* Connected and nothing to do: waits for whatever comes first. */
static void wait_connected(CoiImapLink *link)
{
    GError *error = NULL;
    gint64 timeout = link->following ? coi_imap_follow_patience(&link->follower, link->imap) : ALIVE_MS;
    timeout = MIN(timeout, until_close(link));
    if (link->visiting)
        timeout = MIN(timeout, LET_GO_MS);
    switch (coi_imap_idle(link->imap, way_to_wait(link), coi_queue_fd(link->requests), timeout, &error)) {
    case COI_IDLE_ARRIVED:
        arrived(link);
        break;
    case COI_IDLE_STATUS:
        link->tag = link->follow_tag;
        coi_imap_follow_status(&link->follower, link->imap);
        break;
    case COI_IDLE_TIMEOUT:
        after_silence(link);
        break;
    case COI_IDLE_FAILED:
        coi_imap_link_down(link, link->following ? link->follow_tag : 0, error, NULL);
        break;
    case COI_IDLE_REQUEST:
        break;
    }
}

static gboolean is_behind(const CoiImapLink *link)
{
    return link->following && coi_imap_follow_is_behind(&link->follower);
}

static CoiImapRequest *next_request(CoiImapLink *link)
{
    if (link->imap == NULL)
        return coi_queue_pop(link->requests, -1, link->stop);
    if (is_behind(link))
        return coi_queue_pop(link->requests, g_get_monotonic_time() + BREATH_USEC, link->stop);
    return coi_queue_try_pop(link->requests);
}

static gpointer run(gpointer user)
{
    CoiImapLink *link = user;
    while (!g_cancellable_is_cancelled(link->stop)) {
        CoiImapRequest *request = next_request(link);
        if (request != NULL)
            coi_imap_link_run(link, request);
        else if (link->imap != NULL && is_behind(link))
            coi_imap_link_follow_on(link, coi_imap_follow_go_back);
        else if (link->imap != NULL)
            wait_connected(link);
        coi_imap_request_free(request);
    }
    g_clear_pointer(&link->imap, coi_imap_free);
    coi_imap_follow_clear(&link->follower);
    coi_secret_wipe(g_steal_pointer(&link->secret));
    coi_imap_link_tell(link, coi_imap_result_new(COI_IMAP_ENDED), 0);
    return NULL;
}

CoiImapLink *coi_imap_link_new(const CoiNetHost *host, guint idle_close_ms, CoiImapSink sink, gpointer user)
{
    CoiQueue *requests = coi_queue_new((GDestroyNotify)coi_imap_request_free);
    if (requests == NULL)
        return NULL;
    CoiImapLink *link = g_new0(CoiImapLink, 1);
    link->host = host;
    link->dialler = (CoiNetHost){.user = link, .dial = coi_imap_link_dial, .trust = coi_imap_link_trust};
    link->idle_close_ms = idle_close_ms;
    link->sink = sink;
    link->user = user;
    link->requests = requests;
    link->stop = g_cancellable_new();
    link->thread = coi_wire_thread_new("coi-imap", run, link);
    if (link->thread == NULL)
        g_clear_pointer(&link, coi_imap_link_free);
    return link;
}

void coi_imap_link_send(CoiImapLink *link, CoiImapRequest *request)
{
    coi_queue_push(link->requests, request);
}

void coi_imap_link_stop(CoiImapLink *link)
{
    g_cancellable_cancel(link->stop);
}

void coi_imap_link_free(CoiImapLink *link)
{
    if (link == NULL)
        return;
    if (link->thread != NULL)
        g_thread_join(link->thread);
    coi_queue_unref(link->requests);
    g_object_unref(link->stop);
    g_free(link);
}
