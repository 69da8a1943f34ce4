/* The asking side of ask.h: links' threads only. */
#pragma once
#include "base/error.h"
#include "base/queue.h"
#include "engine/ask.h"

/* A question with one reference; chain may be NULL. NULL when out of descriptors. */
CoiAsk *coi_ask_new(CoiAskType type, const char *host, guint16 port, GPtrArray *chain);

/* Block until answered, stopped or past the deadline (monotonic microseconds). The socket is the caller's; -1 with error. */
int coi_ask_wait_socket(CoiAsk *ask, GCancellable *stop, gint64 deadline, GError **error);
CoiTrust coi_ask_wait_trust(CoiAsk *ask, GCancellable *stop, gint64 deadline);
