/* Following the open mailbox: what arrives, which flags change, and what happens in a second mailbox. */
#pragma once
#include "net/imap_fetch.h"
#include "net/imap_flags.h"

typedef struct {
    CoiImapFollow fetch;
    CoiImapFlags flags;
    gboolean flags_too;
    gint64 look_at, status_at; /* monotonic: when the server is asked next; G_MAXINT64: never */
    CoiImapGive give;          /* MESSAGE, FLAGS, FETCHED, STATUS */
    gpointer user;
    guint given; /* MESSAGE since a fetch began */
} CoiImapFollower;

/* Begins anew as a FOLLOW asks for and catches up. FALSE when the session is over. */
gboolean coi_imap_follow(CoiImapFollower *follower, CoiImap *imap, const CoiImapRequest *request, CoiImapGive give,
                         gpointer user, GError **error);
void coi_imap_follow_clear(CoiImapFollower *follower);
/* Hands over what is new; look: even if the server told of nothing. */
gboolean coi_imap_follow_catch_up(CoiImapFollower *follower, CoiImap *imap, gboolean look, GError **error);
/* Hands over what is known of the second mailbox if it has changed. */
void coi_imap_follow_status(CoiImapFollower *follower, CoiImap *imap);
/* After waiting in vain: asks what is due. */
gboolean coi_imap_follow_after_silence(CoiImapFollower *follower, CoiImap *imap, GError **error);
/* Milliseconds until something is due. */
gint64 coi_imap_follow_patience(const CoiImapFollower *follower, const CoiImap *imap);
