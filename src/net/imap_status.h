/* What goes on in a mailbox that isn't open: STATUS, told by NOTIFY (RFC 5465) or asked for. */
#pragma once
#include "net/imap.h"

/* Takes apart what follows "* STATUS " in a line. FALSE when it is no such thing or the name is a literal; what isn't
 * told is 0. *mailbox is owned by the caller. Pure. */
gboolean coi_imap_status_parse(const char *text, char **mailbox, guint32 *uid_validity, guint32 *next_uid);

/* Notes in imap->also_… what text (as above) says, if it is about imap->also. */
void coi_imap_status_take(CoiImap *imap, const char *text);
/* The same for each line of an answer. */
void coi_imap_status_take_lines(CoiImap *imap, const char *answer);

/* From now on `also` (NULL: none) is watched; the open mailbox itself isn't. */
void coi_imap_status_watch(CoiImap *imap, const char *also);
/* Asks what is in imap->also, and that the server tells by itself of what changes: imap->also_told says whether it
 * will. FALSE when the session is over. */
gboolean coi_imap_status_ask(CoiImap *imap, GError **error);
