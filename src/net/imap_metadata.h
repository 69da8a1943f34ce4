/* A COI server's settings (COI.md section 2): METADATA, RFC 5464, whose answers libetpan doesn't know. */
#pragma once
#include "net/imap.h"

/* Registers the parser; coi_imap_init calls it before its own catch-all. */
void coi_imap_metadata_init(void);

/* Asks for the settings; gives the tag. */
guint coi_imap_metadata_send(CoiImap *imap);
/* Out of the answer read last: facts' coi_enabled and coi_filter; *root (modified UTF-7, owned by the caller) is set
 * when there is a mailbox-root that can be one. */
void coi_imap_metadata_take(const CoiImap *imap, CoiImapFacts *facts, char **root);

/* Switches COI on with this message-filter. */
gboolean coi_imap_configure(CoiImap *imap, const char *filter, GError **error);
