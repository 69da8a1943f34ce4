#include "net/imap_link.h"

#include "base/error.h"
#include "net/connect.h"
#include "net/imap_append.h"
#include "net/imap_copies.h"
#include "net/imap_fetch.h"
#include "net/imap_follow.h"
#include "net/imap_idle.h"
#include "net/imap_metadata.h"
#include "net/imap_move.h"
#include "net/imap_search.h"
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
    CoiImapFollower follower;
    gint64 idle_since;   /* when the last request was done */
    gboolean visiting;   /* a mailbox is open only for requests that name it */
    gint64 doubt_at;     /* monotonic; from then on a complaint is believed again */
    gboolean one_by_one; /* learnt of the server: see CoiImap */
    char *secret;        /* what the credentials' program said last, or NULL */
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

static void give(CoiImapResult *result, gpointer user)
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

/* Whether there is a mailbox for the request under way; else it has failed. */
static gboolean is_open(CoiImapLink *link)
{
    if (link->imap->selected == NULL)
        failed(link, g_error_new_literal(COI_ERROR, COI_ERROR_INVALID, "no mailbox is open"));
    return link->imap->selected != NULL;
}

static void done_or_not(CoiImapLink *link, gboolean done, GError *error)
{
    if (done)
        tell(link, result_new(COI_IMAP_DONE), link->tag);
    else
        failed_or_down(link, error);
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

static gboolean log_in(gpointer session, const CoiCredentials *credentials, GError **error)
{
    return coi_imap_login(session, credentials, error);
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
    link->following = link->visiting = FALSE;
    if (coi_connect(&connect, request->servers, 0, &index, &tried, &error) == NULL) {
        down(link, request->tag, error, tried);
        return;
    }
    link->imap->one_by_one = link->one_by_one;
    step(link, COI_STEP_LOGGING_IN);
    CoiImapFacts *facts = NULL;
    if (coi_secret_log_in(request->credentials, &link->secret, link->stop, log_in, link->imap, &error)) {
        step(link, COI_STEP_OPENING);
        facts = coi_imap_look(link->imap, request->mailbox, request->make, request->root, &error);
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

typedef gboolean (*FollowStep)(CoiImapFollower *follower, CoiImap *imap, GError **error);

/* Does what belongs to FOLLOW. */
static void follow_on(CoiImapLink *link, FollowStep step)
{
    GError *error = NULL;
    gboolean behind_idle = link->imap->idle_tag != 0;
    link->tag = link->follow_tag;
    if (step(&link->follower, link->imap, &error))
        return;
    /* Some servers may throw away what comes right behind DONE: next time we wait for its answer first. */
    link->one_by_one |= behind_idle && g_error_matches(error, COI_ERROR, COI_ERROR_TIMEOUT);
    down(link, link->follow_tag, error, NULL);
}

static void run_follow(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    if (!is_open(link))
        return;
    link->following = TRUE;
    link->follow_tag = request->tag;
    link->imap->warned = FALSE;
    if (!coi_imap_follow(&link->follower, link->imap, request, give, link, &error))
        down(link, link->follow_tag, error, NULL);
}

static void run_look(CoiImapLink *link, const CoiImapRequest *request)
{
    (void)request;
    if (link->following)
        follow_on(link, coi_imap_follow_look);
}

/* other requests */

/* BODIES, STORE, REMOVE. */
static void run_messages(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    gboolean done = FALSE;
    if (!is_open(link))
        return;
    if (request->uids == NULL)
        g_set_error_literal(&error, COI_ERROR, COI_ERROR_INVALID, "no messages are named");
    else if (request->type == COI_IMAP_BODIES)
        done = coi_imap_fetch_some(link->imap, request->uids, TRUE, request->leave_out, give, link, &error);
    else if (request->type == COI_IMAP_STORE)
        done = coi_imap_store(link->imap, request->uids, request->flags, &error);
    else
        done = request->uids->len == 0 || coi_imap_copies_remove(link->imap, (const guint32 *)request->uids->data,
                                                                 request->uids->len, &error);
    done_or_not(link, done, error);
}

static void run_move(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    g_autoptr(GArray) copied = NULL;
    if (!is_open(link))
        return;
    if (request->uids == NULL)
        g_set_error_literal(&error, COI_ERROR, COI_ERROR_INVALID, "no messages are named");
    if (error != NULL || !coi_imap_move(link->imap, request, &copied, &error)) {
        failed_or_down(link, error);
        return;
    }
    CoiImapResult *result = result_new(COI_IMAP_DONE);
    result->copied = g_steal_pointer(&copied);
    tell(link, result, request->tag);
}

static void run_configure(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    gboolean done = coi_imap_configure(link->imap, request->filter, &error);
    done_or_not(link, done, error);
}

/* Whether the mailbox that is open may be another; else the request under way has failed. */
static gboolean may_visit(CoiImapLink *link)
{
    if (link->following)
        failed(link, g_error_new_literal(COI_ERROR, COI_ERROR_INVALID, "this link follows a mailbox"));
    link->visiting = !link->following;
    return link->visiting;
}

static void run_append(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    gboolean was_there = FALSE;
    if (!may_visit(link))
        return;
    if (!coi_imap_append(link->imap, request, &was_there, &error)) {
        failed_or_down(link, error);
        return;
    }
    CoiImapResult *result = result_new(COI_IMAP_APPENDED);
    result->was_there = was_there;
    tell(link, result, request->tag);
}

static void run_search(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    if (!may_visit(link))
        return;
    GArray *uids = coi_imap_search(link->imap, request, &error);
    if (uids == NULL) {
        failed_or_down(link, error);
        return;
    }
    CoiImapResult *result = result_new(COI_IMAP_FOUND);
    result->uids = uids;
    result->uid_validity = link->imap->session->imap_selection_info->sel_uidvalidity;
    tell(link, result, request->tag);
}

static void run_fetch(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    if (!may_visit(link))
        return;
    gboolean done = coi_imap_search_fetch(link->imap, request, give, link, &error);
    done_or_not(link, done, error);
}

static void run_close(CoiImapLink *link, const CoiImapRequest *request)
{
    log_out(link);
    down(link, request->tag, NULL, NULL);
}

typedef void (*Runner)(CoiImapLink *link, const CoiImapRequest *request);

static void run_request(CoiImapLink *link, const CoiImapRequest *request)
{
    static const Runner runners[] = {
        [COI_IMAP_OPEN] = run_open,       [COI_IMAP_FOLLOW] = run_follow,       [COI_IMAP_LOOK] = run_look,
        [COI_IMAP_BODIES] = run_messages, [COI_IMAP_APPEND] = run_append,       [COI_IMAP_STORE] = run_messages,
        [COI_IMAP_MOVE] = run_move,       [COI_IMAP_REMOVE] = run_messages, [COI_IMAP_SEARCH] = run_search,
        [COI_IMAP_FETCH] = run_fetch,     [COI_IMAP_CONFIGURE] = run_configure, [COI_IMAP_CLOSE] = run_close};
    link->tag = request->tag;
    coi_imap_follow_lively(&link->follower);
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
    } else if (link->visiting) {
        link->visiting = FALSE;
        if (!coi_imap_let_go(link->imap, &error))
            down(link, 0, error, NULL);
    } else if (link->following) {
        follow_on(link, coi_imap_follow_after_silence);
    } else if (!coi_imap_command(link->imap, COI_IMAP_TIMEOUT_COMMAND, &error, "NOOP")) {
        down(link, 0, error, NULL);
    }
}

/* Something may be new, or the server has complained. */
static void arrived(CoiImapLink *link)
{
    gint64 now = g_get_monotonic_time();
    gboolean warned = link->imap->warned;
    link->imap->warned = FALSE;
    if (!warned || now < link->doubt_at) {
        follow_on(link, coi_imap_follow_catch_up);
        return;
    }
    link->doubt_at = now + DOUBT_USEC;
    down(link, link->follow_tag, g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "the server has complained of an error"), NULL);
}

/* Connected and nothing to do: waits for whatever comes first. */
static void wait_connected(CoiImapLink *link)
{
    GError *error = NULL;
    gint64 timeout = link->following ? coi_imap_follow_patience(&link->follower, link->imap) : ALIVE_MS;
    timeout = MIN(timeout, until_close(link));
    if (link->visiting)
        timeout = MIN(timeout, LET_GO_MS);
    switch (coi_imap_idle(link->imap, link->following, coi_queue_fd(link->requests), timeout, &error)) {
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
        down(link, link->following ? link->follow_tag : 0, error, NULL);
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
            run_request(link, request);
        else if (link->imap != NULL && is_behind(link))
            follow_on(link, coi_imap_follow_go_back);
        else if (link->imap != NULL)
            wait_connected(link);
        coi_imap_request_free(request);
    }
    g_clear_pointer(&link->imap, coi_imap_free);
    coi_imap_follow_clear(&link->follower);
    coi_secret_wipe(g_steal_pointer(&link->secret));
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
