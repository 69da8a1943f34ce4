/* Whether a server wants less of us: fewer connections, fewer commands, fewer mails. */
#pragma once
#include <glib.h>

/* words: what it said, with its codes: "[LIMIT] …", "421 4.7.0 …"; or NULL. Pure. */
gboolean coi_throttled(const char *words);
