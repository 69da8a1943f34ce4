/* Looking for messages in a mailbox that nobody follows, and fetching them from there. */
#pragma once
#include "net/imap.h"

/* Opens mailbox if it isn't open. FALSE with error. */
gboolean coi_imap_open_target(CoiImap *imap, const char *mailbox, GError **error);

/* What the request (SEARCH) looks for in its target: UIDs (guint32), ascending. NULL with error: COI_ERROR_REFUSED also when the
 * server can't search in this way. */
GArray *coi_imap_search(CoiImap *imap, const CoiImapRequest *request, GError **error);

/* Hands over the messages that the request (FETCH) names. */
gboolean coi_imap_search_fetch(CoiImap *imap, const CoiImapRequest *request, CoiImapGive give, gpointer user, GError **error);

/* Pure: the arguments of UID SEARCH in pieces; behind each but the last the bytes of the next belong to a literal that the
 * piece announces. NULL with COI_ERROR_INVALID when the request has what can't be sent. Owned by the caller. */
GPtrArray *coi_imap_search_keys(const CoiImapRequest *request, GError **error);
