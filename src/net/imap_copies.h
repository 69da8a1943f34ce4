/* What was moved by COPY. Two clients may have copied the same message at once: of equal copies the lowest UID is the
 * real one, and only who made another takes that away again (DESIGN section 4). */
#pragma once
#include "net/imap.h"

typedef struct {
    guint32 uid_validity; /* of the mailbox copied to */
    GArray *uids;         /* guint32: the copies there */
} CoiImapCopies;

void coi_imap_copies_init(CoiImapCopies *copies);
void coi_imap_copies_clear(CoiImapCopies *copies);
/* Notes the COPYUID, if there is one, of the COPY of n messages whose answer was read last. */
void coi_imap_copies_note(CoiImapCopies *copies, const CoiImap *imap, guint n);
/* Opens target, removes those copies that are extra, and opens the mailbox again that was open before. FALSE when the
 * session is over: also when that mailbox is no longer what it was. */
gboolean coi_imap_copies_settle(const CoiImapCopies *copies, CoiImap *imap, const char *target, GError **error);

/* Removes messages of the open mailbox: \Deleted, and UID EXPUNGE where there is UIDPLUS. */
gboolean coi_imap_copies_remove(CoiImap *imap, const guint32 *uids, guint n, GError **error);
