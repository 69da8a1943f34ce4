/* A stream and a scripted server for it. */
#pragma once
#include "net/stream.h"
#include "net/wire.h"
#include "net_peer.h"

typedef struct {
    TestHost self;
    CoiNetHost host;
    CoiServer *server;
    GCancellable *stop;
    Peer *peer;
} Fixture;

#define SCRIPTS(...) ((const char *const *const[]){__VA_ARGS__, NULL})
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

G_GNUC_UNUSED static void set_up(Fixture *f, CoiSecurity security, const char *const *const *scripts)
{
    memset(f, 0, sizeof *f);
    f->self.verdict = COI_TRUST_VALID;
    f->self.peer = f->peer = scripts != NULL ? peer_new(scripts) : NULL;
    f->host = test_host(&f->self);
    f->server = coi_server_new("localhost", f->peer != NULL ? f->peer->port : 1, security);
    f->stop = g_cancellable_new();
}

G_GNUC_UNUSED static void tear_down(Fixture *f)
{
    if (f->peer != NULL)
        peer_free(f->peer, FALSE);
    coi_server_free(f->server);
    g_object_unref(f->stop);
}

G_GNUC_UNUSED static CoiStream *open_stream(Fixture *f, GError **error)
{
    return coi_stream_open(f->server, COI_STREAM_IMAP, &f->host, f->stop, error);
}

G_GNUC_UNUSED static CoiStream *open_well(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    CoiStream *stream = open_stream(f, &error);
    g_assert_no_error(error);
    return stream;
}

G_GNUC_UNUSED static void assert_line(CoiStream *stream, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = coi_wire_read_line(stream, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(line, ==, expected);
}

/* Reading and writing fail with code, and go on to do so. */
G_GNUC_UNUSED static void assert_dead(CoiStream *stream, gint code)
{
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) read_error = NULL, write_error = NULL, wait_error = NULL;
        g_assert_null(coi_wire_read_line(stream, &read_error));
        g_assert_error(read_error, COI_ERROR, code);
        g_assert_false(coi_wire_send(stream, "x\r\n", &write_error));
        g_assert_error(write_error, COI_ERROR, code);
        g_assert_cmpint(coi_stream_wait(stream, -1, 1000, &wait_error), ==, COI_WAIT_FAILED);
        g_assert_error(wait_error, COI_ERROR, code);
    }
}
