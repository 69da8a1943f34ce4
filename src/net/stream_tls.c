#include "net/stream_tls.h"

#include "base/error.h"

/* A longer chain is an attack; real ones have up to 5. */
#define MAX_CHAIN 20u
/* libpurple's verifier answers without a person (a person's verdict comes later: COI_TRUST_ASKING); this is plenty. */
#define TRUST_SECONDS 60
/* glib-networking 2.74 takes 1.1, too. */
#define OLDEST_TLS G_TLS_PROTOCOL_VERSION_TLS_1_2

typedef struct {
    const CoiServer *server;
    const CoiNetHost *host;
    GCancellable *stop;
    GSocket *socket;
    GSource *timer;
    gint64 deadline;
    gboolean asked, timed_out, done;
    CoiTrust verdict;
    GError *error;
} Handshake;

static GPtrArray *chain_of(GTlsCertificate *leaf)
{
    GPtrArray *chain = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (GTlsCertificate *c = leaf; c != NULL && chain->len < MAX_CHAIN; c = g_tls_certificate_get_issuer(c)) {
        GByteArray *der = NULL;
        g_object_get(c, "certificate", &der, NULL);
        if (der == NULL)
            break;
        g_ptr_array_add(chain, g_byte_array_free_to_bytes(der));
    }
    return chain;
}

static gboolean accept_certificate(GTlsConnection *tls, GTlsCertificate *leaf, GTlsCertificateFlags errors,
                                   gpointer data)
{
    (void)tls;
    (void)errors; /* GIO's opinion without a database; libpurple's verifier decides */
    Handshake *shake = data;
    g_autoptr(GPtrArray) chain = chain_of(leaf);
    if (chain->len == 0)
        return FALSE;
    gint64 before = g_get_monotonic_time();
    shake->verdict = shake->host->trust(shake->host->user, shake->server->host, shake->server->port, chain, shake->stop,
                                        before + TRUST_SECONDS * G_USEC_PER_SEC);
    shake->asked = TRUE;
    shake->deadline += g_get_monotonic_time() - before;
    g_source_set_ready_time(shake->timer, shake->deadline);
    return shake->verdict == COI_TRUST_VALID;
}

/* GIO's handshake runs in a thread of its own; a socket shut down ends it at once. */
static gboolean on_deadline(gpointer data)
{
    Handshake *shake = data;
    g_source_set_ready_time(shake->timer, -1);
    shake->timed_out = TRUE;
    g_socket_shutdown(shake->socket, TRUE, TRUE, NULL);
    return G_SOURCE_CONTINUE;
}

static gboolean dispatch_timer(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

static GSource *timer_new(Handshake *shake)
{
    static GSourceFuncs funcs = {.dispatch = dispatch_timer};
    GSource *timer = g_source_new(&funcs, sizeof *timer);
    g_source_set_callback(timer, on_deadline, shake, NULL);
    g_source_set_ready_time(timer, shake->deadline);
    return timer;
}

static void on_handshake(GObject *tls, GAsyncResult *result, gpointer data)
{
    Handshake *shake = data;
    g_tls_connection_handshake_finish(G_TLS_CONNECTION(tls), result, &shake->error);
    shake->done = TRUE;
}

/* Runs the handshake on a main context of our own, so that accept_certificate is called on this thread. */
static void run(Handshake *shake, GTlsConnection *tls)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_main_context_push_thread_default(context);
    shake->timer = timer_new(shake);
    g_source_attach(shake->timer, context);
    g_tls_connection_handshake_async(tls, G_PRIORITY_DEFAULT, shake->stop, on_handshake, shake);
    while (!shake->done)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(shake->timer);
    g_clear_pointer(&shake->timer, g_source_unref);
    g_main_context_pop_thread_default(context);
}

/* The one place that says what a handshake's end means; only the last line lets anything through. */
static gboolean judge(const Handshake *shake, GTlsConnection *tls, GError **error)
{
    if (g_cancellable_is_cancelled(shake->stop))
        g_set_error_literal(error, COI_ERROR, COI_ERROR_CANCELLED, "cancelled");
    else if (shake->timed_out)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_TIMEOUT, "the TLS handshake took too long");
    else if (shake->asked && shake->verdict == COI_TRUST_ASKING)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_ASKING, "the certificate awaits a verdict");
    else if (shake->asked && shake->verdict != COI_TRUST_VALID)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_UNTRUSTED, "the certificate was refused");
    else if (shake->error != NULL)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_TLS, shake->error->message);
    else if (!shake->asked)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_UNTRUSTED, "the server showed no certificate");
    else if (g_tls_connection_get_protocol_version(tls) < OLDEST_TLS)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_TLS, "the server knows no TLS newer than 1.1");
    else
        return TRUE;
    return FALSE;
}

/* Without a database every certificate is an unknown issuer's, so that accept-certificate is always asked. Said when the
 * connection is made: g_tls_client_connection_new reads all the system's certificates, which takes longer than the
 * handshake. */
static GIOStream *client_new(GIOStream *plain, GSocketConnectable *identity, GError **error)
{
    GType type = g_tls_backend_get_client_connection_type(g_tls_backend_get_default());
    return g_initable_new(type, NULL, error, "base-io-stream", plain, "server-identity", identity, "database", NULL, NULL);
}

GTlsConnection *coi_tls_connect(GSocketConnection *connection, const CoiServer *server, const CoiNetHost *host,
                                guint timeout_ms, GCancellable *stop, GError **error)
{
    g_autoptr(GSocketConnectable) identity = g_network_address_new(server->host, server->port);
    g_autoptr(GError) local = NULL;
    /* GIO resumes sessions of a host it knows by its socket, and a resumed one shows no certificate: trust could not be
     * asked. What it does not recognise as a socket's stream is always shaken hands with in full. */
    GIOStream *base = G_IO_STREAM(connection);
    g_autoptr(GIOStream) plain =
        g_simple_io_stream_new(g_io_stream_get_input_stream(base), g_io_stream_get_output_stream(base));
    g_autoptr(GIOStream) client = client_new(plain, identity, &local);
    if (client == NULL) {
        /* Without glib-networking GIO has no TLS at all, and says so. */
        g_set_error_literal(error, COI_ERROR, COI_ERROR_TLS, local->message);
        return NULL;
    }
    GTlsConnection *tls = G_TLS_CONNECTION(client);
    Handshake shake = {.server = server,
                       .host = host,
                       .stop = stop,
                       .socket = g_socket_connection_get_socket(connection),
                       .deadline = g_get_monotonic_time() + timeout_ms * G_GINT64_CONSTANT(1000),
                       .verdict = COI_TRUST_INVALID};
    gulong handler = g_signal_connect(tls, "accept-certificate", G_CALLBACK(accept_certificate), &shake);
    run(&shake, tls);
    g_signal_handler_disconnect(tls, handler);
    gboolean trusted = judge(&shake, tls, error);
    g_clear_error(&shake.error);
    return trusted ? G_TLS_CONNECTION(g_steal_pointer(&client)) : NULL;
}
