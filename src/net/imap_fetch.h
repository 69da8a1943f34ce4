/* Messages out of the open mailbox. */
#pragma once
#include "net/imap.h"

/* What follows a mailbox. */
typedef struct {
    guint32 next_uid;   /* everything below was handed over (or is not wanted); 0: not known yet */
    guint32 newest;     /* with next_uid 0: how many of the newest are wanted */
    gboolean whole;     /* first bytes of the message, else the header */
    gboolean caught_up; /* on this connection */
    gboolean leave_out; /* what the server refuses to give is passed over */
} CoiImapFollow;

/* Hands over what is new, each message as it comes, and moves next_uid on behind it: in ascending order of UID, unless the
 * server sends them otherwise. What was received is handed over even on failure, next_uid then stays. */
gboolean coi_imap_fetch_new(CoiImap *imap, CoiImapFollow *follow, CoiImapGive give, gpointer user, GError **error);
/* The same, and asks the server even if it told of nothing new. */
gboolean coi_imap_fetch_look(CoiImap *imap, CoiImapFollow *follow, CoiImapGive give, gpointer user, GError **error);
/* The header or (whole) the first COI_LIMIT_FIRST_FETCH bytes of each of uids; those that are gone don't come. */
gboolean coi_imap_fetch_some(CoiImap *imap, const GArray *uids, gboolean whole, gboolean leave_out, CoiImapGive give,
                             gpointer user, GError **error);

/* The UIDs from `first` on among those that command brings, ascending (guint32). NULL with error. */
GArray *coi_imap_fetch_uids(CoiImap *imap, const char *command, guint32 first, GError **error);

/* UIDNEXT of the open mailbox where SELECT didn't tell it. */
gboolean coi_imap_fetch_next_uid(CoiImap *imap, guint32 *next_uid, GError **error);

/* libetpan's handler for a message in an answer; context is the CoiImap. */
void coi_imap_take_message(struct mailimap_msg_att *message, void *context);
