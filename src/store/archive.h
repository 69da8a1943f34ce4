/* A conversation's past: its lines in order, and down to which UID of each mailbox all of it is known. */
#pragma once
#include "store/messages.h"

/* Lines of the conversation, at most limit, in the order of display: the latest of all, or of those before the line `before`.
 * What is only known by its header counts, mail of machines and what has nothing to see doesn't. Row ids (gint64), owned by the
 * caller. */
GArray *coi_archive_lines(CoiStore *store, const char *conversation, gint64 before, guint limit);
/* The same: the first after the line `after`. */
GArray *coi_archive_lines_after(CoiStore *store, const char *conversation, gint64 after, guint limit);

/* All of the conversation that lies in mailbox at or above this UID is known. G_MAXUINT32: nobody has looked; 1: all of it; 0: the
 * mailbox itself isn't known. */
guint32 coi_archive_floor(CoiStore *store, const char *conversation, const char *mailbox);
gboolean coi_archive_set_floor(CoiStore *store, const char *conversation, const char *mailbox, guint32 floor, GError **error);
/* What meant nothing to us before may do so now: in every known mailbox nobody has looked. */
gboolean coi_archive_doubt(CoiStore *store, const char *conversation, GError **error);
/* How many lines of the conversation have a copy in mailbox at or above this UID, at most limit. */
guint coi_archive_count(CoiStore *store, const char *conversation, const char *mailbox, guint32 floor, guint limit);

/* Where a copy of the message lies; FALSE: nowhere that is known. *mailbox is owned by the caller. */
gboolean coi_archive_place(CoiStore *store, gint64 message, char **mailbox, guint32 *uid);
/* Lines without text, not older than since, each among the newest n of its conversation: the latest first, at most limit. Row ids
 * (gint64), owned by the caller. */
GArray *coi_archive_without_text(CoiStore *store, gint64 since, guint n, guint limit);
/* Writes down what has been read of a known message: text, html, whole, subject, quote, topic, thread, action, original, version. */
gboolean coi_archive_fill(CoiStore *store, const CoiMessage *message, GError **error);
