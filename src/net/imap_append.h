/* Storing a message, once. */
#pragma once
#include "net/imap.h"

/* Looks in request->target for request->message_id; where it isn't, creates (and subscribes) the mailbox if need be and
 * appends the mail. Opens the target. FALSE with error; *was_there is set on success. */
gboolean coi_imap_append(CoiImap *imap, const CoiImapRequest *request, gboolean *was_there, GError **error);
