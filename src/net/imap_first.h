/* The first look at a mailbox, which may hold years of mail: what is unread at once, the rest when there is time. */
#pragma once
#include "net/imap_fetch.h"

typedef struct {
    guint32 below;   /* all that was there at the first look is below this UID; 0: nothing is left to do */
    guint newest;    /* how many of these are wanted */
    GArray *unread;  /* guint32: handed over already. They come again as the last, unless nothing came between: only now
                        they may be known for answers to what was read */
    GArray *rest;    /* guint32: what is left, from `at` on; NULL: not asked for yet */
    guint at;
} CoiImapFirst;

void coi_imap_first_clear(CoiImapFirst *first);

/* Hands over what is unread and not older than `since` among follow->newest messages, and moves follow->next_uid on
 * behind all that is there. A mailbox that can't be searched is handed over as a whole. */
gboolean coi_imap_first_look(CoiImapFirst *first, CoiImap *imap, CoiImapFollow *follow, gint64 since, CoiImapGive give,
                             gpointer user, GError **error);
/* Whether anything is left. */
gboolean coi_imap_first_is_behind(const CoiImapFirst *first);
/* Hands over the next few of what is left, the oldest first. FALSE when the session is over. */
gboolean coi_imap_first_go_on(CoiImapFirst *first, CoiImap *imap, CoiImapGive give, gpointer user, GError **error);
