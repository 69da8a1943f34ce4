#include "net/smtp_link.h"

#include "base/error.h"
#include "net/connect.h"
#include "net/secret.h"
#include "net/smtp.h"
#include "net/wire.h"

struct _CoiSmtpLink {
    const CoiNetHost *host;
    guint idle_close_ms;
    CoiSmtpSink sink;
    gpointer user;
    CoiQueue *requests;
    CoiQueue *releases; /* RELEASE_GO or RELEASE_DROP for each held request */
    GCancellable *stop;
    GThread *thread;
    /* The thread's own. */
    CoiStream *stream; /* NULL: closed */
    CoiSmtp smtp;
    guint server_index; /* the one that answered last */
    gint64 used_at;     /* monotonic; end of the last request */
    gboolean held;      /* the request under way has not been released */
    gint64 not_after;   /* of the request under way */
    char *secret;       /* what the credentials' program said last, or NULL */
};

#define RELEASE_GO GINT_TO_POINTER(1)
#define RELEASE_DROP GINT_TO_POINTER(2)

CoiSmtpRequest *coi_smtp_request_new(guint64 tag)
{
    CoiSmtpRequest *request = g_new0(CoiSmtpRequest, 1);
    request->tag = tag;
    return request;
}

void coi_smtp_request_free(CoiSmtpRequest *request)
{
    if (request == NULL)
        return;
    g_clear_pointer(&request->servers, g_ptr_array_unref);
    coi_credentials_free(request->credentials);
    g_free(request->sender);
    g_free(request->sender_otherwise);
    g_free(request->envelope_id);
    g_strfreev(request->recipients);
    g_clear_pointer(&request->mail, g_bytes_unref);
    g_free(request);
}

void coi_recipient_result_free(CoiRecipientResult *result)
{
    if (result == NULL)
        return;
    g_free(result->address);
    g_free(result->reply);
    g_free(result);
}

void coi_smtp_result_free(CoiSmtpResult *result)
{
    if (result == NULL)
        return;
    g_clear_pointer(&result->recipients, g_ptr_array_unref);
    g_clear_error(&result->error);
    g_free(result->tried);
    g_free(result);
}

static CoiSmtpResult *result_new(CoiSmtpLink *link, CoiSmtpResultType type, guint64 tag)
{
    CoiSmtpResult *result = g_new0(CoiSmtpResult, 1);
    result->type = type;
    result->link = link;
    result->tag = tag;
    result->server_index = link->server_index;
    result->scram_refused = link->smtp.scram_refused;
    return result;
}

static void hand_over(CoiSmtpLink *link, CoiSmtpResultType type, guint64 tag)
{
    link->sink(result_new(link, type, tag), link->user);
}

static void close_session(CoiSmtpLink *link)
{
    coi_smtp_clear(&link->smtp);
    g_clear_pointer(&link->stream, coi_stream_free);
}

static gboolean greet(gpointer user, CoiStream *stream, const CoiServer *server, GError **error)
{
    CoiSmtpLink *link = user;
    coi_smtp_clear(&link->smtp);
    coi_smtp_init(&link->smtp);
    return coi_smtp_greet(&link->smtp, stream, server, error);
}

static gboolean log_in(gpointer session, const CoiCredentials *credentials, GError **error)
{
    return coi_smtp_log_in(session, credentials, error);
}

/* Connects and logs in, unless that is done already. */
static gboolean open_session(CoiSmtpLink *link, const CoiSmtpRequest *request, char **tried, GError **error)
{
    if (link->stream != NULL)
        return TRUE;
    CoiConnect connect = {
        .protocol = COI_STREAM_SMTP, .host = link->host, .stop = link->stop, .user = link, .greet = greet};
    link->stream = coi_connect(&connect, request->servers, 0, &link->server_index, tried, error);
    if (link->stream == NULL ||
        !coi_secret_log_in(request->credentials, &link->secret, link->stop, log_in, &link->smtp, error)) {
        close_session(link);
        return FALSE;
    }
    hand_over(link, COI_SMTP_OPENED, request->tag);
    return TRUE;
}

/* A connection that was kept warm may have died unnoticed. */
static gboolean is_dead_connection(const GError *error)
{
    return g_error_matches(error, COI_ERROR, COI_ERROR_CLOSED) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_TIMEOUT) || g_error_matches(error, COI_ERROR, COI_ERROR_TLS);
}

/* Waits for the word that the text may go, which takes no longer than the sender's disk. */
static gboolean released(gpointer user, GError **error)
{
    CoiSmtpLink *link = user;
    if (!link->held)
        return TRUE;
    gpointer word = coi_queue_pop(link->releases, -1, link->stop);
    link->held = FALSE;
    if (word == RELEASE_GO)
        return TRUE;
    g_set_error_literal(error, COI_ERROR, COI_ERROR_CANCELLED, "the mail was taken back");
    return FALSE;
}

static gboolean may_go(gpointer user, GError **error)
{
    CoiSmtpLink *link = user;
    if (link->not_after == 0 || g_get_monotonic_time() <= link->not_after)
        return released(link, error);
    g_set_error_literal(error, COI_ERROR, COI_ERROR_CANCELLED, "it is too late for this mail");
    return FALSE;
}

/* Sends the mail, and once more over a new connection if a warm one failed before it took a byte of it. */
static GPtrArray *send_mail(CoiSmtpLink *link, const CoiSmtpRequest *request, char **tried, GError **error)
{
    gboolean warm = link->stream != NULL;
    for (;;) {
        if (!open_session(link, request, tried, error))
            return NULL;
        gboolean mail_begun = FALSE;
        GError *failure = NULL;
        GPtrArray *recipients = coi_smtp_send(&link->smtp, request, may_go, link, &mail_begun, &failure);
        if (recipients != NULL)
            return recipients;
        close_session(link);
        if (!warm || mail_begun || !is_dead_connection(failure)) {
            g_propagate_error(error, failure);
            return NULL;
        }
        g_error_free(failure);
        warm = FALSE;
    }
}

static void serve(CoiSmtpLink *link, CoiSmtpRequest *request)
{
    GError *error = NULL;
    char *tried = NULL;
    link->held = request->held;
    link->not_after = request->not_after;
    GPtrArray *recipients = send_mail(link, request, &tried, &error);
    released(link, NULL); /* also when it never came to the text: the sender gives one word for each held request */
    CoiSmtpResult *result = result_new(link, recipients != NULL ? COI_SMTP_SENT : COI_SMTP_FAILED, request->tag);
    result->recipients = recipients;
    result->error = error;
    result->tried = tried;
    link->used_at = g_get_monotonic_time();
    link->sink(result, link->user);
}

/* Waits with an open session: FALSE when it is to be closed, because it was idle long enough or the server ended it. A
 * server that says anything now says 421. */
static gboolean wait_idle(CoiSmtpLink *link, gboolean *polite)
{
    gint64 left = -1;
    if (link->idle_close_ms > 0) {
        gint64 end = link->used_at + link->idle_close_ms * G_GINT64_CONSTANT(1000);
        left = MAX((end - g_get_monotonic_time() + 999) / 1000, 0);
    }
    CoiWait wait = coi_stream_wait(link->stream, coi_queue_fd(link->requests), left, NULL);
    *polite = wait == COI_WAIT_TIMEOUT;
    return wait == COI_WAIT_FD;
}

static void idle(CoiSmtpLink *link)
{
    gboolean polite = FALSE;
    if (wait_idle(link, &polite) || g_cancellable_is_cancelled(link->stop))
        return;
    if (polite)
        coi_smtp_quit(&link->smtp, coi_queue_fd(link->requests));
    close_session(link);
    hand_over(link, COI_SMTP_CLOSED, 0);
}

static gpointer run(gpointer data)
{
    CoiSmtpLink *link = data;
    while (!g_cancellable_is_cancelled(link->stop)) {
        CoiSmtpRequest *request =
            link->stream != NULL ? coi_queue_try_pop(link->requests) : coi_queue_pop(link->requests, -1, link->stop);
        if (request != NULL)
            serve(link, request);
        else if (link->stream != NULL)
            idle(link);
        coi_smtp_request_free(request);
    }
    close_session(link);
    coi_secret_wipe(g_steal_pointer(&link->secret));
    hand_over(link, COI_SMTP_ENDED, 0);
    return NULL;
}

CoiSmtpLink *coi_smtp_link_new(const CoiNetHost *host, guint idle_close_ms, CoiSmtpSink sink, gpointer user)
{
    CoiQueue *requests = coi_queue_new((GDestroyNotify)coi_smtp_request_free);
    CoiQueue *releases = coi_queue_new(NULL);
    if (requests == NULL || releases == NULL) {
        g_clear_pointer(&requests, coi_queue_unref);
        g_clear_pointer(&releases, coi_queue_unref);
        return NULL;
    }
    CoiSmtpLink *link = g_new0(CoiSmtpLink, 1);
    link->releases = releases;
    link->host = host;
    link->idle_close_ms = idle_close_ms;
    link->sink = sink;
    link->user = user;
    link->requests = requests;
    link->stop = g_cancellable_new();
    link->thread = coi_wire_thread_new("coi-smtp", run, link);
    if (link->thread == NULL)
        g_clear_pointer(&link, coi_smtp_link_free);
    return link;
}

void coi_smtp_link_send(CoiSmtpLink *link, CoiSmtpRequest *request)
{
    coi_queue_push(link->requests, request);
}

void coi_smtp_link_release(CoiSmtpLink *link, gboolean go)
{
    coi_queue_push(link->releases, go ? RELEASE_GO : RELEASE_DROP);
}

void coi_smtp_link_stop(CoiSmtpLink *link)
{
    g_cancellable_cancel(link->stop);
}

void coi_smtp_link_free(CoiSmtpLink *link)
{
    if (link == NULL)
        return;
    if (link->thread != NULL)
        g_thread_join(link->thread);
    coi_queue_unref(link->requests);
    coi_queue_unref(link->releases);
    g_object_unref(link->stop);
    g_free(link);
}
