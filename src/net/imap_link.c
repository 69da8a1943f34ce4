#include "net/imap_link.h"

#include "base/error.h"
#include "net/connect.h"
#include "net/imap_append.h"
#include "net/imap_fetch.h"
#include "net/imap_idle.h"
#include "net/wire.h"

/* IDLE is renewed before NATs and servers forget it (RFC 2177: 29 minutes). */
#define RENEW_MS (9 * 60 * 1000)
/* How often a server without IDLE is asked. */
#define POLL_MS (30 * 1000)

struct _CoiImapLink {
    const CoiNetHost *host;
    CoiNetHost dialler; /* host, telling of its progress */
    guint idle_close_ms;
    CoiImapSink sink;
    gpointer user;
    CoiQueue *requests;
    GCancellable *stop;
    GThread *thread;
    /* The thread's own from here on. */
    CoiImap *imap;           /* NULL: down */
    guint64 tag;             /* of the request under way, or of FOLLOW */
    const CoiServer *trying; /* during OPEN */
    gboolean following;
    guint64 follow_tag;
    CoiImapFollow follow;
    gint64 idle_since;   /* when the last request was done */
    gboolean one_by_one; /* learnt of the server: see CoiImap */
};

/* results */

static CoiImapResult *result_new(CoiImapResultType type)
{
    CoiImapResult *result = g_new0(CoiImapResult, 1);
    result->type = type;
    return result;
}

static void tell(CoiImapLink *link, CoiImapResult *result, guint64 tag)
{
    result->link = link;
    result->tag = tag;
    link->sink(result, link->user);
}

static void give_message(CoiImapResult *result, gpointer user)
{
    CoiImapLink *link = user;
    tell(link, result, link->tag);
}

static CoiServer *copy_server(const CoiServer *server)
{
    return server == NULL ? NULL : coi_server_new(server->host, server->port, server->security);
}

static void step(CoiImapLink *link, CoiStep step)
{
    CoiImapResult *result = result_new(COI_IMAP_STEP);
    result->step = step;
    result->server = copy_server(link->trying);
    tell(link, result, link->tag);
}

static void failed(CoiImapLink *link, GError *error)
{
    CoiImapResult *result = result_new(COI_IMAP_FAILED);
    result->error = error;
    tell(link, result, link->tag);
}

/* The connection's end: error and tried (both owned) as the contract says. */
static void down(CoiImapLink *link, guint64 tag, GError *error, char *tried)
{
    CoiImapResult *result = result_new(COI_IMAP_DOWN);
    result->error = error;
    result->tried = tried;
    result->server = copy_server(link->trying);
    link->trying = NULL;
    link->following = FALSE;
    g_clear_pointer(&link->imap, coi_imap_free);
    tell(link, result, tag);
}

/* A request went wrong (error is owned): alone, or the connection with it. */
static void failed_or_down(CoiImapLink *link, GError *error)
{
    if (coi_imap_is_over(error))
        down(link, link->tag, error, NULL);
    else
        failed(link, error);
}

static void log_out(CoiImapLink *link)
{
    if (link->imap != NULL)
        coi_imap_command(link->imap, COI_IMAP_TIMEOUT_LOGOUT, NULL, "LOGOUT");
}

/* OPEN */

static int dial(gpointer user, const char *host, guint16 port, GCancellable *stop, gint64 deadline, GError **error)
{
    CoiImapLink *link = user;
    int fd = link->host->dial(link->host->user, host, port, stop, deadline, error);
    if (fd >= 0 && link->trying->security == COI_SECURITY_TLS)
        step(link, COI_STEP_SECURING);
    return fd;
}

static CoiTrust trust(gpointer user, const char *host, guint16 port, GPtrArray *chain, GCancellable *stop,
                      gint64 deadline)
{
    CoiImapLink *link = user;
    return link->host->trust(link->host->user, host, port, chain, stop, deadline);
}

static void trying(gpointer user, const CoiServer *server)
{
    CoiImapLink *link = user;
    link->trying = server;
    step(link, COI_STEP_CONNECTING);
}

static gboolean greet(gpointer user, CoiStream *stream, const CoiServer *server, GError **error)
{
    CoiImapLink *link = user;
    if (server->security == COI_SECURITY_STARTTLS)
        step(link, COI_STEP_SECURING);
    link->imap = coi_imap_new(stream, server, error);
    return link->imap != NULL;
}

static void run_open(CoiImapLink *link, const CoiImapRequest *request)
{
    CoiConnect connect = {.protocol = COI_STREAM_IMAP,
                          .host = &link->dialler,
                          .stop = link->stop,
                          .user = link,
                          .trying = trying,
                          .greet = greet};
    GError *error = NULL;
    char *tried = NULL;
    guint index = 0;
    g_clear_pointer(&link->imap, coi_imap_free);
    link->following = FALSE;
    if (coi_connect(&connect, request->servers, 0, &index, &tried, &error) == NULL) {
        down(link, request->tag, error, tried);
        return;
    }
    link->imap->one_by_one = link->one_by_one;
    step(link, COI_STEP_LOGGING_IN);
    CoiImapFacts *facts = NULL;
    if (coi_imap_login(link->imap, request->credentials, &error)) {
        step(link, COI_STEP_OPENING);
        facts = coi_imap_look(link->imap, request->mailbox, request->root, &error);
    }
    if (facts == NULL) {
        down(link, request->tag, error, NULL);
        return;
    }
    facts->server_index = index;
    facts->scram_refused = link->imap->scram_refused;
    link->trying = NULL;
    CoiImapResult *result = result_new(COI_IMAP_OPENED);
    result->facts = facts;
    tell(link, result, request->tag);
}

/* following */

static void fetched(CoiImapLink *link)
{
    CoiImapResult *result = result_new(COI_IMAP_FETCHED);
    result->next_uid = link->follow.next_uid;
    tell(link, result, link->follow_tag);
}

/* Fetches what is new; look: even if the server told of nothing. */
static void catch_up(CoiImapLink *link, gboolean look)
{
    GError *error = NULL;
    guint32 before = link->follow.next_uid;
    gboolean behind_idle = link->imap->idle_tag != 0;
    link->tag = link->follow_tag;
    gboolean good = look ? coi_imap_fetch_look(link->imap, &link->follow, give_message, link, &error)
                         : coi_imap_fetch_new(link->imap, &link->follow, give_message, link, &error);
    /* Some servers may throw away what comes right behind DONE: next time we wait for its answer first. */
    link->one_by_one |= !good && behind_idle && g_error_matches(error, COI_ERROR, COI_ERROR_TIMEOUT);
    if (!good)
        down(link, link->follow_tag, error, NULL);
    else if (!look || link->follow.next_uid != before)
        fetched(link);
}

static void run_follow(CoiImapLink *link, const CoiImapRequest *request)
{
    if (link->imap->selected == NULL) {
        failed(link, g_error_new_literal(COI_ERROR, COI_ERROR_INVALID, "no mailbox is open"));
        return;
    }
    link->following = TRUE;
    link->follow_tag = request->tag;
    link->follow = (CoiImapFollow){.next_uid = request->first_uid, .newest = request->newest, .whole = request->whole,
                                   .leave_out = request->leave_out};
    catch_up(link, FALSE);
}

static void run_look(CoiImapLink *link, const CoiImapRequest *request)
{
    (void)request;
    if (link->following)
        catch_up(link, TRUE);
}

/* other requests */

static void run_bodies(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    if (link->imap->selected == NULL || request->uids == NULL)
        failed(link, g_error_new_literal(COI_ERROR, COI_ERROR_INVALID, "no mailbox is open"));
    else if (coi_imap_fetch_bodies(link->imap, request->uids, request->leave_out, give_message, link, &error))
        tell(link, result_new(COI_IMAP_DONE), request->tag);
    else
        failed_or_down(link, error);
}

static void run_append(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    gboolean was_there = FALSE;
    if (link->following) {
        failed(link, g_error_new_literal(COI_ERROR, COI_ERROR_INVALID, "this link follows a mailbox"));
        return;
    }
    if (!coi_imap_append(link->imap, request, &was_there, &error)) {
        failed_or_down(link, error);
        return;
    }
    CoiImapResult *result = result_new(COI_IMAP_APPENDED);
    result->was_there = was_there;
    tell(link, result, request->tag);
}

static void run_close(CoiImapLink *link, const CoiImapRequest *request)
{
    log_out(link);
    down(link, request->tag, NULL, NULL);
}

static void run_request(CoiImapLink *link, const CoiImapRequest *request)
{
    static void (*const runners[])(CoiImapLink * link, const CoiImapRequest *request) = {[COI_IMAP_OPEN] = run_open,
                                                                                         [COI_IMAP_FOLLOW] = run_follow,
                                                                                         [COI_IMAP_LOOK] = run_look,
                                                                                         [COI_IMAP_BODIES] = run_bodies,
                                                                                         [COI_IMAP_APPEND] = run_append,
                                                                                         [COI_IMAP_CLOSE] = run_close};
    link->tag = request->tag;
    if (link->imap == NULL && request->type != COI_IMAP_OPEN && request->type != COI_IMAP_CLOSE)
        failed(link, g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "not connected"));
    else
        runners[request->type](link, request);
    link->idle_since = g_get_monotonic_time();
}

/* the thread */

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
        log_out(link);
        down(link, 0, NULL, NULL);
    } else if (link->following && coi_imap_can_idle(link->imap)) {
        catch_up(link, TRUE);
    } else if (!coi_imap_command(link->imap, COI_IMAP_TIMEOUT_COMMAND, &error, "NOOP")) {
        down(link, link->following ? link->follow_tag : 0, error, NULL);
    }
}

/* Connected and nothing to do: waits for whatever comes first. */
static void wait_connected(CoiImapLink *link)
{
    GError *error = NULL;
    gint64 timeout = link->following && !coi_imap_can_idle(link->imap) ? POLL_MS : RENEW_MS;
    timeout = MIN(timeout, until_close(link));
    switch (coi_imap_idle(link->imap, link->following, coi_queue_fd(link->requests), timeout, &error)) {
    case COI_IDLE_ARRIVED:
        catch_up(link, FALSE);
        break;
    case COI_IDLE_TIMEOUT:
        after_silence(link);
        break;
    case COI_IDLE_FAILED:
        down(link, link->following ? link->follow_tag : 0, error, NULL);
        break;
    case COI_IDLE_REQUEST:
        break;
    }
}

static gpointer run(gpointer user)
{
    CoiImapLink *link = user;
    while (!g_cancellable_is_cancelled(link->stop)) {
        CoiImapRequest *request =
            link->imap == NULL ? coi_queue_pop(link->requests, -1, link->stop) : coi_queue_try_pop(link->requests);
        if (request != NULL)
            run_request(link, request);
        else if (link->imap != NULL)
            wait_connected(link);
        coi_imap_request_free(request);
    }
    g_clear_pointer(&link->imap, coi_imap_free);
    tell(link, result_new(COI_IMAP_ENDED), 0);
    return NULL;
}

CoiImapLink *coi_imap_link_new(const CoiNetHost *host, guint idle_close_ms, CoiImapSink sink, gpointer user)
{
    CoiQueue *requests = coi_queue_new((GDestroyNotify)coi_imap_request_free);
    if (requests == NULL)
        return NULL;
    CoiImapLink *link = g_new0(CoiImapLink, 1);
    link->host = host;
    link->dialler = (CoiNetHost){.user = link, .dial = dial, .trust = trust};
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
