/* The client's side of a TLS handshake over a connected socket: trust is asked of the host inside it, it can be
 * cancelled, and it has a deadline. */
#pragma once
#include "net/server.h"

/* Shakes hands over connection and returns when the peer's certificate was found VALID by host->trust; no application
 * byte has been sent then. Runs on the calling thread, which trust may block. NULL with COI_ERROR_UNTRUSTED, _ASKING,
 * _TIMEOUT (timeout_ms, the time in trust not counted), _CANCELLED, _CLOSED or _TLS. */
GTlsConnection *coi_tls_connect(GSocketConnection *connection, const CoiServer *server, const CoiNetHost *host,
                                guint timeout_ms, GCancellable *stop, GError **error);
