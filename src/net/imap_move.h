/* Changing messages of the open mailbox: flags, and the mailbox they lie in. What is gone already is no failure. */
#pragma once
#include "net/imap.h"

/* Adds those of flags that the mailbox keeps. */
gboolean coi_imap_store(CoiImap *imap, const GArray *uids, GStrv flags, GError **error);
/* Adds request->flags, then moves request->uids to request->target, which is made when it is missing. Without MOVE by
 * copies; without UIDPLUS the original stays, \Deleted, since a plain EXPUNGE would take other mail along. The mailbox
 * is open afterwards as it was before, or the session is over; imap->arrived says that it was left between. *copied (owned by the
 * caller) may be set in any case: the UIDs in target of what was moved by MOVE. */
gboolean coi_imap_move(CoiImap *imap, const CoiImapRequest *request, GArray **copied, GError **error);
