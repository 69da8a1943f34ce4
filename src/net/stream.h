/* A connection: socket, TLS, cancelling, deadlines, limits. libetpan's mailstream runs on top of it. Owned and used by one
 * link thread. GIO does sockets and TLS; libetpan's own network code is never used (ETPAN.md section 0). */
#pragma once
#include "net/server.h"
#include <libetpan/mailstream.h>

typedef struct _CoiStream CoiStream;

/* What the guard enforces on bytes received. */
typedef enum {
    COI_STREAM_IMAP, /* line, literal, depth and per-command response limits of limits.h */
    COI_STREAM_SMTP  /* line length */
} CoiStreamProtocol;

/* Dials server and, with COI_SECURITY_TLS, shakes hands; trust is asked of host before this returns. With
 * COI_SECURITY_NONE refuses (COI_ERROR_CLEARTEXT) unless the connected peer's address is loopback and, where its port isn't
 * the server's (it is a proxy then), the host's name is a loopback literal or "localhost". stop and host outlive the stream.
 * NULL with error. */
CoiStream *coi_stream_open(const CoiServer *server, CoiStreamProtocol protocol, const CoiNetHost *host, GCancellable *stop,
                           GError **error);
void coi_stream_free(CoiStream *stream); /* closes at once, sends nothing but TLS's close_notify */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiStream, coi_stream_free)

/* STARTTLS: refuses with COI_ERROR_TLS when bytes were already received after the answer to STARTTLS (injection). */
gboolean coi_stream_start_tls(CoiStream *stream, GError **error);
gboolean coi_stream_is_tls(const CoiStream *stream);

/* The libetpan stream over this connection; borrowed, lives as long as the CoiStream. */
mailstream *coi_stream_mailstream(CoiStream *stream);

/* From now on reads and writes fail after this many milliseconds in all, and the response budget starts anew: call before
 * each command. */
void coi_stream_begin_command(CoiStream *stream, guint timeout_ms);

/* Waits until the server said something (also what is already buffered anywhere) or fd (-1: none) is readable, or until
 * timeout_ms passed. Never consumes bytes from libetpan's point of view. */
typedef enum { COI_WAIT_DATA, COI_WAIT_FD, COI_WAIT_TIMEOUT, COI_WAIT_FAILED } CoiWait;
CoiWait coi_stream_wait(CoiStream *stream, int fd, gint64 timeout_ms, GError **error);

/* Why the last libetpan call on the mailstream failed: sets error from what the driver saw (cancelled, closed, timeout,
 * limit, TLS), or COI_ERROR_PROTOCOL with fallback as its message when the driver saw nothing wrong. Returns FALSE. */
gboolean coi_stream_explain(CoiStream *stream, const char *fallback, GError **error);
