#include "net/imap_link_private.h"

#include "base/error.h"
#include "net/connect.h"
#include "net/imap_append.h"
#include "net/imap_claim.h"
#include "net/imap_copies.h"
#include "net/imap_fetch.h"
#include "net/imap_metadata.h"
#include "net/imap_move.h"
#include "net/imap_search.h"
#include "net/secret.h"

CoiImapResult *coi_imap_result_new(CoiImapResultType type)
{
    CoiImapResult *result = g_new0(CoiImapResult, 1);
    result->type = type;
    return result;
}

void coi_imap_link_tell(CoiImapLink *link, CoiImapResult *result, guint64 tag)
{
    result->link = link;
    result->tag = tag;
    link->sink(result, link->user);
}

static void give(CoiImapResult *result, gpointer user)
{
    CoiImapLink *link = user;
    coi_imap_link_tell(link, result, link->tag);
}

static CoiServer *copy_server(const CoiServer *server)
{
    return server == NULL ? NULL : coi_server_new(server->host, server->port, server->security);
}

static void step(CoiImapLink *link, CoiStep step)
{
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_STEP);
    result->step = step;
    result->server = copy_server(link->trying);
    coi_imap_link_tell(link, result, link->tag);
}

static void failed(CoiImapLink *link, GError *error)
{
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_FAILED);
    result->error = error;
    coi_imap_link_tell(link, result, link->tag);
}

void coi_imap_link_down(CoiImapLink *link, guint64 tag, GError *error, char *tried)
{
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_DOWN);
    result->error = error;
    result->tried = tried;
    result->server = copy_server(link->trying);
    link->trying = NULL;
    link->following = FALSE;
    g_clear_pointer(&link->imap, coi_imap_free);
    coi_imap_link_tell(link, result, tag);
}

/* A request went wrong (error is owned): alone, or the connection with it. */
static void failed_or_down(CoiImapLink *link, GError *error)
{
    if (coi_imap_is_over(error))
        coi_imap_link_down(link, link->tag, error, NULL);
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
        coi_imap_link_tell(link, coi_imap_result_new(COI_IMAP_DONE), link->tag);
    else
        failed_or_down(link, error);
}

void coi_imap_link_log_out(CoiImapLink *link)
{
    if (link->imap != NULL)
        coi_imap_command(link->imap, COI_IMAP_TIMEOUT_LOGOUT, NULL, "LOGOUT");
}

/* OPEN */

int coi_imap_link_dial(gpointer user, const char *host, guint16 port, GCancellable *stop, gint64 deadline, GError **error)
{
    CoiImapLink *link = user;
    int fd = link->host->dial(link->host->user, host, port, stop, deadline, error);
    if (fd >= 0 && link->trying->security == COI_SECURITY_TLS)
        step(link, COI_STEP_SECURING);
    return fd;
}

CoiTrust coi_imap_link_trust(gpointer user, const char *host, guint16 port, GPtrArray *chain, GCancellable *stop,
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
        coi_imap_link_down(link, request->tag, error, tried);
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
        coi_imap_link_down(link, request->tag, error, NULL);
        return;
    }
    facts->server_index = index;
    facts->scram_refused = link->imap->scram_refused;
    link->trying = NULL;
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_OPENED);
    result->facts = facts;
    coi_imap_link_tell(link, result, request->tag);
}

/* following */

void coi_imap_link_follow_on(CoiImapLink *link, CoiFollowStep step)
{
    GError *error = NULL;
    gboolean behind_idle = link->imap->idle_tag != 0;
    link->tag = link->follow_tag;
    if (step(&link->follower, link->imap, &error))
        return;
    /* Some servers may throw away what comes right behind DONE: next time we wait for its answer first. */
    link->one_by_one |= behind_idle && g_error_matches(error, COI_ERROR, COI_ERROR_TIMEOUT);
    coi_imap_link_down(link, link->follow_tag, error, NULL);
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
        coi_imap_link_down(link, link->follow_tag, error, NULL);
}

static void run_look(CoiImapLink *link, const CoiImapRequest *request)
{
    (void)request;
    if (link->following)
        coi_imap_link_follow_on(link, coi_imap_follow_look);
}

static void run_hurry(CoiImapLink *link, const CoiImapRequest *request)
{
    if (link->following)
        coi_imap_hurry(&link->follower.hurry, request->until);
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

static void run_claim(CoiImapLink *link, const CoiImapRequest *request)
{
    GError *error = NULL;
    g_autoptr(GArray) won = NULL, gone = NULL;
    if (!is_open(link))
        return;
    if (!coi_imap_claim(link->imap, request->uids, request->again, &won, &gone, &error)) {
        failed_or_down(link, error);
        return;
    }
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_DONE);
    result->uids = g_steal_pointer(&won);
    result->gone = g_steal_pointer(&gone);
    coi_imap_link_tell(link, result, request->tag);
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
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_DONE);
    result->copied = g_steal_pointer(&copied);
    coi_imap_link_tell(link, result, request->tag);
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
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_APPENDED);
    result->was_there = was_there;
    coi_imap_link_tell(link, result, request->tag);
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
    CoiImapResult *result = coi_imap_result_new(COI_IMAP_FOUND);
    result->uids = uids;
    result->uid_validity = link->imap->session->imap_selection_info->sel_uidvalidity;
    coi_imap_link_tell(link, result, request->tag);
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
    coi_imap_link_log_out(link);
    coi_imap_link_down(link, request->tag, NULL, NULL);
}

typedef void (*Runner)(CoiImapLink *link, const CoiImapRequest *request);

void coi_imap_link_run(CoiImapLink *link, const CoiImapRequest *request)
{
    static const Runner runners[] = {
        [COI_IMAP_OPEN] = run_open,       [COI_IMAP_FOLLOW] = run_follow,       [COI_IMAP_LOOK] = run_look,
        [COI_IMAP_HURRY] = run_hurry,
        [COI_IMAP_BODIES] = run_messages, [COI_IMAP_APPEND] = run_append,       [COI_IMAP_STORE] = run_messages,
        [COI_IMAP_CLAIM] = run_claim,
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
