/* Messages of the past: stored without being shown, moved or answered. Engine's thread only. */
#pragma once
#include "engine/private.h"

/* What a message fetched from mailbox means, when it belongs to conversation (NULL: to any); else NULL. Owned by the caller. */
CoiArrival *coi_past_read(CoiEngine *engine, const char *conversation, const char *mailbox, const CoiImapResult *result);

/* Stores what is new of arrived (CoiArrival), and the texts of what was known without; in one transaction. rows (gint64, may be NULL): where
 * they are now. */
gboolean coi_past_store(CoiEngine *engine, GPtrArray *arrived, GArray *rows, GError **error);
