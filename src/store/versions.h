/* The versions of a message: the first one, and what replaces or deletes it (DESIGN section 3, COI.md section 4). Every version is a row
 * of its own; nothing that was received or sent is changed by a later one. */
#pragma once
#include "store/messages.h"

/* The newest version: the last edit of this first version, or that itself; edits that were withdrawn (outbox.h) left out. */
gint64 coi_versions_newest(CoiStore *store, gint64 first);
/* TRUE once some version of it was deleted. */
gboolean coi_versions_are_deleted(CoiStore *store, gint64 first);
/* Message `by` has deleted this version. */
gboolean coi_versions_delete(CoiStore *store, gint64 version, gint64 by, GError **error);
/* The message ids of the versions that message `by` has deleted. Owned by the caller, never NULL. */
GStrv coi_versions_deleted_by(CoiStore *store, gint64 by);
/* The first version of the latest message of ours in the conversation that was or will be shown here and isn't deleted; 0: none. */
gint64 coi_versions_last_own(CoiStore *store, const char *conversation);
