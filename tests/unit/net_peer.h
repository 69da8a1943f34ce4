/* A scripted server on loopback, one thread, for tests of src/net. A script is a list of lines that read as the
 * conversation: "S: text"     the server says text and CRLF            "S- text"   says text without CRLF "C: text" the
 * client must say exactly this line    "C* prefix" a line that begins so; "C~ GLOB" one that matches "TLS"         the
 * server's side of a handshake         "TLS?"      a handshake that must fail, and nothing sent in it "MAIL" reads up
 * to the lone dot; "MAIL=text" demands just this text      "CUT"      closes the connection "NOTHING"     the client
 * must close without a byte     "WAIT"      until the client closes; what it says is ignored After the last line the
 * connection is closed. Each script serves one connection, in order. */
#pragma once
#include "base/error.h"
#include "net/server.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

typedef struct {
    const char *const *const *scripts; /* NULL-terminated */
    int listener;
    guint16 port;
    GThread *thread;
    gint connections; /* atomic */
    /* The thread's own. */
    GSocketConnection *raw;
    GIOStream *io;
    const char *at;
} Peer;

/* A host that dials the peer, or nothing, and trusts as told. */
typedef struct {
    Peer *peer;
    guint16 port; /* when peer is NULL */
    CoiTrust verdict;
    guint asked;
    gint asking;        /* atomic: trust has been asked */
    gsize chain_length; /* of the last certificate's chain */
    gint64 trust_usec;  /* how long trust takes; stops early when stop fires */
    guint dialled;
} TestHost;

G_GNUC_UNUSED static void peer_fail(const Peer *peer, const char *what)
{
    g_error("peer: at \"%s\": %s", peer->at, what);
}

/* Where cert.pem and key.pem are, until the program ends. */
G_GNUC_UNUSED static char *peer_directory;

G_GNUC_UNUSED static void peer_remove_directory(void)
{
    static const char *const names[] = {"cert.pem", "key.pem"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(peer_directory, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(peer_directory);
    g_free(peer_directory);
}

/* Made once a program by openssl; main asks for it first, before there are threads. */
G_GNUC_UNUSED static GTlsCertificate *peer_certificate(void)
{
    static GTlsCertificate *certificate;
    if (certificate != NULL)
        return certificate;
    g_autoptr(GError) error = NULL;
    peer_directory = g_dir_make_tmp("coi-cert-XXXXXX", NULL);
    atexit(peer_remove_directory);
    g_autofree char *key = g_build_filename(peer_directory, "key.pem", NULL);
    g_autofree char *cert = g_build_filename(peer_directory, "cert.pem", NULL);
    g_autofree char *command =
        g_strdup_printf("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                        "-keyout %s -out %s -days 2 -subj /CN=localhost -batch",
                        key, cert);
    gint status = -1;
    g_autofree char *out = NULL, *err = NULL;
    g_spawn_command_line_sync(command, &out, &err, &status, NULL);
    g_assert_cmpint(status, ==, 0);
    certificate = g_tls_certificate_new_from_files(cert, key, &error);
    g_assert_no_error(error);
    return certificate;
}

G_GNUC_UNUSED static void peer_say(Peer *peer, const char *text, gboolean line)
{
    g_autofree char *bytes = line ? g_strconcat(text, "\r\n", NULL) : g_strdup(text);
    g_output_stream_write_all(g_io_stream_get_output_stream(peer->io), bytes, strlen(bytes), NULL, NULL, NULL);
}

/* One byte at a time, so that no byte of a TLS handshake is taken. NULL at the end. */
G_GNUC_UNUSED static char *peer_hear(Peer *peer)
{
    g_autoptr(GString) line = g_string_new(NULL);
    char c = 0;
    while (c != '\n') {
        if (g_input_stream_read(g_io_stream_get_input_stream(peer->io), &c, 1, NULL, NULL) != 1)
            return NULL;
        g_string_append_c(line, c);
    }
    if (!g_str_has_suffix(line->str, "\r\n"))
        peer_fail(peer, "the client's line ends without CR");
    g_string_truncate(line, line->len - 2);
    return g_string_free(g_steal_pointer(&line), FALSE);
}

G_GNUC_UNUSED static void peer_expect(Peer *peer)
{
    const char *expected = peer->at + 3;
    g_autofree char *line = peer_hear(peer);
    if (line == NULL)
        peer_fail(peer, "the client closed");
    gboolean fine = peer->at[1] == ':'   ? strcmp(line, expected) == 0
                    : peer->at[1] == '*' ? g_str_has_prefix(line, expected)
                                         : g_pattern_match_simple(expected, line);
    if (!fine)
        g_error("peer: expected \"%s\", heard \"%s\"", expected, line);
}

G_GNUC_UNUSED static void peer_shake(Peer *peer, gboolean must_fail)
{
    g_autoptr(GError) error = NULL;
    GIOStream *tls = g_tls_server_connection_new(peer->io, peer_certificate(), &error);
    g_assert_no_error(error);
    gboolean shaken = g_tls_connection_handshake(G_TLS_CONNECTION(tls), NULL, &error);
    char c;
    /* With TLS 1.3 the server is done before it learns that the client refuses. */
    if (must_fail && shaken && g_input_stream_read(g_io_stream_get_input_stream(tls), &c, 1, NULL, NULL) > 0)
        peer_fail(peer, "the client sent something");
    if (!must_fail && !shaken)
        peer_fail(peer, error->message);
    g_object_unref(peer->io);
    peer->io = tls;
}

G_GNUC_UNUSED static void peer_take_mail(Peer *peer)
{
    g_autoptr(GString) mail = g_string_new(NULL);
    for (;;) {
        g_autofree char *line = peer_hear(peer);
        if (line == NULL)
            peer_fail(peer, "the mail was cut");
        if (strcmp(line, ".") == 0)
            break;
        g_string_append_printf(mail, "%s\r\n", line);
    }
    if (peer->at[4] == '=' && strcmp(mail->str, peer->at + 5) != 0)
        peer_fail(peer, mail->str);
}

G_GNUC_UNUSED static void peer_drain(Peer *peer, gboolean silently)
{
    char c;
    while (g_input_stream_read(g_io_stream_get_input_stream(peer->io), &c, 1, NULL, NULL) == 1)
        if (!silently)
            peer_fail(peer, "the client sent something");
}

G_GNUC_UNUSED static void peer_play(Peer *peer, const char *const *script)
{
    for (; *script != NULL && strcmp(*script, "CUT") != 0; script++) {
        peer->at = *script;
        if (g_str_has_prefix(peer->at, "S: ") || g_str_has_prefix(peer->at, "S- "))
            peer_say(peer, peer->at + 3, peer->at[1] == ':');
        else if (peer->at[0] == 'C')
            peer_expect(peer);
        else if (g_str_has_prefix(peer->at, "TLS"))
            peer_shake(peer, peer->at[3] == '?');
        else if (g_str_has_prefix(peer->at, "MAIL"))
            peer_take_mail(peer);
        else if (strcmp(peer->at, "NOTHING") == 0 || strcmp(peer->at, "WAIT") == 0)
            peer_drain(peer, peer->at[0] == 'W');
        else
            peer_fail(peer, "not a line of a script");
    }
}

G_GNUC_UNUSED static gpointer peer_run(gpointer data)
{
    Peer *peer = data;
    for (const char *const *const *script = peer->scripts; *script != NULL; script++) {
        int fd = accept(peer->listener, NULL, NULL);
        if (fd < 0)
            break;
        g_atomic_int_inc(&peer->connections);
        g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);
        peer->raw = g_socket_connection_factory_create_connection(socket);
        peer->io = G_IO_STREAM(g_object_ref(peer->raw));
        peer_play(peer, *script);
        g_io_stream_close(peer->io, NULL, NULL);
        g_io_stream_close(G_IO_STREAM(peer->raw), NULL, NULL);
        g_object_unref(peer->io);
        g_object_unref(peer->raw);
    }
    return NULL;
}

G_GNUC_UNUSED static int peer_listen(guint16 *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, length), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    getsockname(fd, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return fd;
}

G_GNUC_UNUSED static Peer *peer_new(const char *const *const *scripts)
{
    Peer *peer = g_new0(Peer, 1);
    peer->scripts = scripts;
    peer->listener = peer_listen(&peer->port);
    peer->thread = g_thread_new("peer", peer_run, peer);
    return peer;
}

/* Waits for the thread: every script must have been played, unless abandon. */
G_GNUC_UNUSED static void peer_free(Peer *peer, gboolean abandon)
{
    if (abandon)
        shutdown(peer->listener, SHUT_RDWR);
    g_thread_join(peer->thread);
    close(peer->listener);
    g_free(peer);
}

G_GNUC_UNUSED static int test_dial(gpointer user, const char *host, guint16 port, GCancellable *stop, gint64 deadline,
                                   GError **error)
{
    (void)host, (void)stop, (void)deadline;
    TestHost *self = user;
    self->dialled++;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons(self->peer != NULL ? self->peer->port : port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    g_set_error_literal(error, COI_ERROR, COI_ERROR_DIAL, g_strerror(errno));
    close(fd);
    return -1;
}

G_GNUC_UNUSED static CoiTrust test_trust(gpointer user, const char *host, guint16 port, GPtrArray *chain,
                                         GCancellable *stop, gint64 deadline)
{
    (void)host, (void)port, (void)deadline;
    TestHost *self = user;
    self->asked++;
    g_atomic_int_set(&self->asking, TRUE);
    self->chain_length = chain->len;
    for (gint64 end = g_get_monotonic_time() + self->trust_usec; g_get_monotonic_time() < end;) {
        if (g_cancellable_is_cancelled(stop))
            return COI_TRUST_INVALID;
        g_usleep(1000);
    }
    return self->verdict;
}

G_GNUC_UNUSED static CoiNetHost test_host(TestHost *self)
{
    return (CoiNetHost){.user = self, .dial = test_dial, .trust = test_trust};
}

G_GNUC_UNUSED static guint count_descriptors(void)
{
    guint count = 0;
    g_autoptr(GDir) directory = g_dir_open("/proc/self/fd", 0, NULL);
    while (g_dir_read_name(directory) != NULL)
        count++;
    return count;
}
