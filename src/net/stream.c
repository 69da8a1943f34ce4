#include "net/stream.h"

#include "base/error.h"
#include "net/stream_guard.h"
#include "net/stream_tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Dialling, and then the handshake: a server that can't do either in this time is as good as away. */
#define CONNECT_MS 30000
/* libetpan's own default size; SMTP's pipelined envelope and most mails' commands fit. */
#define MAILSTREAM_BUFFER 8192
/* One TLS record. */
#define INPUT_BUFFER 16384
/* A dead peer is noticed by the kernel (DESIGN section 4): first probe, interval, count, and unacknowledged data. */
#define KEEPALIVE_IDLE 60
#define KEEPALIVE_INTERVAL 15
#define KEEPALIVE_COUNT 4
#define USER_TIMEOUT_MS 90000

struct _CoiStream {
    CoiServer *server;
    const CoiNetHost *host;
    GCancellable *stop;
    GPollFD stop_fd; /* fd -1: nobody can stop us */
    GSocketConnection *connection;
    GTlsConnection *tls; /* NULL: cleartext */
    mailstream *mailstream;
    CoiGuard guard;
    gint64 deadline;
    GError *error; /* sticky: after the first failure nothing is read or written any more */
    gsize begin, end;
    char input[INPUT_BUFFER]; /* received, passed the guard, not yet given to libetpan */
};

static GSocket *socket_of(const CoiStream *stream)
{
    return g_socket_connection_get_socket(stream->connection);
}

/* Remembers why the stream is dead. The first reason stays: later ones follow from it. */
static void die(CoiStream *stream, CoiErrorCode code, const char *message)
{
    if (stream->error == NULL)
        stream->error = g_error_new_literal(COI_ERROR, (gint)code, message);
}

static void die_of_gio(CoiStream *stream, const GError *error)
{
    CoiErrorCode code = COI_ERROR_CLOSED;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        code = COI_ERROR_CANCELLED;
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        code = COI_ERROR_TIMEOUT;
    else if (error->domain == G_TLS_ERROR && error->code != G_TLS_ERROR_EOF)
        code = COI_ERROR_TLS;
    die(stream, code, error->message);
}

/* FALSE, and the stream dead, when it was stopped or its command's time is over. */
static gboolean may_go_on(CoiStream *stream)
{
    if (g_cancellable_is_cancelled(stream->stop))
        die(stream, COI_ERROR_CANCELLED, "cancelled");
    else if (stream->error == NULL && g_get_monotonic_time() >= stream->deadline)
        die(stream, COI_ERROR_TIMEOUT, "the server did not answer in time");
    return stream->error == NULL;
}

/* Milliseconds for poll(), rounded up so that a wait never ends early and spins; deadline -1: for ever. */
static int poll_timeout(gint64 deadline)
{
    if (deadline < 0)
        return -1;
    gint64 left = deadline - g_get_monotonic_time();
    return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

/* Sleeps until the socket is ready for events, until stopped, or until deadline. Returns whether fd is readable. */
static gboolean sleep_until_ready(CoiStream *stream, short events, int fd, gint64 deadline)
{
    struct pollfd fds[3] = {{.fd = g_socket_get_fd(socket_of(stream)), .events = events},
                            {.fd = stream->stop_fd.fd, .events = POLLIN},
                            {.fd = fd, .events = POLLIN}};
    if (poll(fds, G_N_ELEMENTS(fds), poll_timeout(deadline)) < 0 && errno != EINTR)
        die(stream, COI_ERROR_CLOSED, g_strerror(errno));
    return fd >= 0 && fds[2].revents != 0;
}

/* Takes what the socket has without waiting: bytes received, 0 if none are there, -1 when the stream is dead. */
static gssize fill(CoiStream *stream)
{
    GIOStream *layer = stream->tls != NULL ? G_IO_STREAM(stream->tls) : G_IO_STREAM(stream->connection);
    GPollableInputStream *in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(layer));
    g_autoptr(GError) error = NULL;
    gssize n = g_pollable_input_stream_read_nonblocking(in, stream->input, sizeof stream->input, NULL, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return 0;
    if (n < 0)
        die_of_gio(stream, error);
    else if (n == 0)
        die(stream, COI_ERROR_CLOSED, "the server closed the connection");
    else if (!coi_guard_feed(&stream->guard, stream->input, (gsize)n, &error))
        die(stream, COI_ERROR_LIMIT, error->message);
    if (stream->error != NULL)
        return -1;
    stream->begin = 0;
    stream->end = (gsize)n;
    return n;
}

static ssize_t driver_read(mailstream_low *low, void *buffer, size_t count)
{
    CoiStream *stream = low->data;
    while (stream->begin == stream->end) {
        if (!may_go_on(stream))
            return -1;
        gssize n = fill(stream);
        if (n < 0)
            return -1;
        if (n == 0)
            sleep_until_ready(stream, POLLIN, -1, stream->deadline);
    }
    gsize n = MIN(count, stream->end - stream->begin);
    memcpy(buffer, stream->input + stream->begin, n);
    stream->begin += n;
    return (ssize_t)n;
}

/* Writes all of it: libetpan takes fewer for a failure in some places and for success in others. */
static ssize_t driver_write(mailstream_low *low, const void *buffer, size_t count)
{
    CoiStream *stream = low->data;
    GIOStream *layer = stream->tls != NULL ? G_IO_STREAM(stream->tls) : G_IO_STREAM(stream->connection);
    GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(layer));
    for (gsize done = 0; done < count;) {
        if (!may_go_on(stream))
            return -1;
        g_autoptr(GError) error = NULL;
        gssize n =
            g_pollable_output_stream_write_nonblocking(out, (const char *)buffer + done, count - done, NULL, &error);
        if (n > 0) {
            done += (gsize)n;
        } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
            sleep_until_ready(stream, POLLOUT, -1, stream->deadline);
        } else {
            die_of_gio(stream, error);
            return -1;
        }
    }
    return (ssize_t)count;
}

static int driver_close(mailstream_low *low)
{
    (void)low; /* coi_stream_free closes */
    return 0;
}

static int driver_get_fd(mailstream_low *low)
{
    return g_socket_get_fd(socket_of(low->data));
}

static void driver_free(mailstream_low *low)
{
    free(low);
}

static mailstream_low_driver driver = {.mailstream_read = driver_read,
                                       .mailstream_write = driver_write,
                                       .mailstream_close = driver_close,
                                       .mailstream_get_fd = driver_get_fd,
                                       .mailstream_free = driver_free};

static void tune_socket(GSocket *socket)
{
    static const struct {
        int level, option, value;
    } options[] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
                   {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE},
                   {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL},
                   {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
                   {IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS},
                   {IPPROTO_TCP, TCP_NODELAY, 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        g_socket_set_option(socket, options[i].level, options[i].option, options[i].value, NULL);
}

static gboolean dial(CoiStream *stream, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + CONNECT_MS * G_GINT64_CONSTANT(1000);
    int fd = stream->host->dial(stream->host->user, stream->server->host, stream->server->port, stream->stop, deadline,
                                error);
    if (fd < 0)
        return FALSE;
    g_autoptr(GError) local = NULL;
    g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, &local);
    if (socket == NULL) {
        close(fd);
        g_set_error_literal(error, COI_ERROR, COI_ERROR_DIAL, local->message);
        return FALSE;
    }
    tune_socket(socket);
    stream->connection = g_socket_connection_factory_create_connection(socket);
    return TRUE;
}

static gboolean is_loopback_name(const char *name)
{
    if (g_ascii_strcasecmp(name, "localhost") == 0)
        return TRUE;
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(name);
    return address != NULL && g_inet_address_get_is_loopback(address);
}

/* Cleartext goes to this machine only. A peer on loopback at another port than the server's is a proxy, which may carry
 * it anywhere: then the name, too, must be this machine's. */
static gboolean may_speak_cleartext(const CoiStream *stream)
{
    g_autoptr(GSocketAddress) peer = g_socket_connection_get_remote_address(stream->connection, NULL);
    if (!G_IS_INET_SOCKET_ADDRESS(peer))
        return FALSE;
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(peer);
    return g_inet_address_get_is_loopback(g_inet_socket_address_get_address(inet)) &&
           (g_inet_socket_address_get_port(inet) == stream->server->port || is_loopback_name(stream->server->host));
}

static gboolean secure(CoiStream *stream, GError **error)
{
    stream->tls = coi_tls_connect(stream->connection, stream->server, stream->host, CONNECT_MS, stream->stop, error);
    return stream->tls != NULL;
}

CoiStream *coi_stream_open(const CoiServer *server, CoiStreamProtocol protocol, const CoiNetHost *host,
                           GCancellable *stop, GError **error)
{
    g_autoptr(CoiStream) stream = g_new0(CoiStream, 1);
    stream->server = coi_server_new(server->host, server->port, server->security);
    stream->host = host;
    stream->stop = stop != NULL ? g_object_ref(stop) : NULL;
    if (!g_cancellable_make_pollfd(stop, &stream->stop_fd))
        stream->stop_fd.fd = -1;
    coi_guard_init(&stream->guard, protocol == COI_STREAM_IMAP);
    stream->mailstream = mailstream_new(mailstream_low_new(stream, &driver), MAILSTREAM_BUFFER);
    if (!dial(stream, error))
        return NULL;
    if (server->security == COI_SECURITY_TLS && !secure(stream, error))
        return NULL;
    if (server->security == COI_SECURITY_NONE && !may_speak_cleartext(stream)) {
        g_set_error(error, COI_ERROR, COI_ERROR_CLEARTEXT, "%s is not this computer", server->host);
        return NULL;
    }
    coi_stream_begin_command(stream, CONNECT_MS);
    return g_steal_pointer(&stream);
}

/* close_notify may not block: it is left out where the socket is full. */
static void close_connection(CoiStream *stream)
{
    struct pollfd fd = {.fd = g_socket_get_fd(socket_of(stream)), .events = POLLOUT};
    if (stream->tls != NULL && poll(&fd, 1, 0) == 1 && fd.revents == POLLOUT)
        g_io_stream_close(G_IO_STREAM(stream->tls), NULL, NULL);
    g_io_stream_close(G_IO_STREAM(stream->connection), NULL, NULL);
    g_clear_object(&stream->tls);
    g_clear_object(&stream->connection);
}

void coi_stream_free(CoiStream *stream)
{
    if (stream == NULL)
        return;
    mailstream_close(stream->mailstream);
    if (stream->connection != NULL)
        close_connection(stream);
    if (stream->stop_fd.fd >= 0)
        g_cancellable_release_fd(stream->stop);
    g_clear_object(&stream->stop);
    g_clear_error(&stream->error);
    coi_server_free(stream->server);
    explicit_bzero(stream->input, sizeof stream->input);
    g_free(stream);
}

gboolean coi_stream_start_tls(CoiStream *stream, GError **error)
{
    if (stream->tls != NULL || stream->mailstream->read_buffer_len > 0 || stream->begin < stream->end) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_TLS, "the server sent something between STARTTLS and TLS");
        return FALSE;
    }
    if (secure(stream, error))
        return TRUE;
    die(stream, COI_ERROR_TLS, "no TLS");
    return FALSE;
}

gboolean coi_stream_is_tls(const CoiStream *stream)
{
    return stream->tls != NULL;
}

mailstream *coi_stream_mailstream(CoiStream *stream)
{
    return stream->mailstream;
}

void coi_stream_begin_command(CoiStream *stream, guint timeout_ms)
{
    stream->deadline = g_get_monotonic_time() + timeout_ms * G_GINT64_CONSTANT(1000);
    coi_guard_begin_command(&stream->guard);
}

CoiWait coi_stream_wait(CoiStream *stream, int fd, gint64 timeout_ms, GError **error)
{
    gint64 deadline = timeout_ms < 0 ? -1 : g_get_monotonic_time() + timeout_ms * 1000;
    while (stream->error == NULL) {
        if (g_cancellable_is_cancelled(stream->stop)) {
            die(stream, COI_ERROR_CANCELLED, "cancelled");
            break;
        }
        if (stream->mailstream->read_buffer_len > 0 || stream->begin < stream->end)
            return COI_WAIT_DATA;
        gssize n = fill(stream);
        if (n > 0)
            return COI_WAIT_DATA;
        if (n == 0 && sleep_until_ready(stream, POLLIN, fd, deadline))
            return COI_WAIT_FD;
        if (n == 0 && poll_timeout(deadline) == 0)
            return COI_WAIT_TIMEOUT;
    }
    g_propagate_error(error, g_error_copy(stream->error));
    return COI_WAIT_FAILED;
}

gboolean coi_stream_explain(CoiStream *stream, const char *fallback, GError **error)
{
    if (stream->error != NULL)
        g_propagate_error(error, g_error_copy(stream->error));
    else
        g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL, fallback);
    return FALSE;
}
