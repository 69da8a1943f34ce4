/* Where a server may answer is a list of guesses; this tries them in order. For IMAP and SMTP alike. */
#pragma once
#include "net/stream.h"

/* What one link needs for it. Both functions run on the caller's thread. */
typedef struct {
    CoiStreamProtocol protocol;
    const CoiNetHost *host;
    GCancellable *stop;
    gpointer user;
    /* Before a server is dialled; may be NULL. */
    void (*trying)(gpointer user, const CoiServer *server);
    /* Everything between the connection and the login: greeting, STARTTLS, capabilities. FALSE with error gives up this
     * server. */
    gboolean (*greet)(gpointer user, CoiStream *stream, const CoiServer *server, GError **error);
} CoiConnect;

/* Tries servers from index first on, around to the one before it, until one was greeted, and sets *index to it.
 * COI_ERROR_DIAL, _TIMEOUT, _TLS, _NO_STARTTLS, _CLOSED and _PROTOCOL go on to the next, anything else ends it: a
 * refused certificate or a stop is not a reason to knock elsewhere. NULL with the error that says most (of one that
 * could be reached at all, if there was one), and *tried, owned by the caller, as CoiImapResult describes it. */
CoiStream *coi_connect(const CoiConnect *connect, const GPtrArray *servers, guint first, guint *index, char **tried,
                       GError **error);
