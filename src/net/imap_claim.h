/* Of several clients of one user only one does something about a message: the one that flags it first. */
#pragma once
#include "net/imap.h"

/* For each of uids in the open mailbox that has neither \Seen nor $MDNSent (again: only the latter counts): sets both, where the server
 * can do that only if nobody else has changed its flags since (CONDSTORE), else as soon after looking as can be. Without keywords \Seen
 * stands for both; what the server refuses is not flagged by us, whatever it has done. *won: the UIDs that were flagged by this; *gone:
 * those that aren't there any more. Both are the caller's. FALSE when the session is over: of the rest nobody knows. */
gboolean coi_imap_claim(CoiImap *imap, const GArray *uids, gboolean again, GArray **won, GArray **gone, GError **error);
