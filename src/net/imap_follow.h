/* Following the open mailbox: what arrives, which flags change, and what happens in a second mailbox. */
#pragma once
#include "net/imap_first.h"
#include "net/imap_flags.h"
#include "net/imap_hurry.h"

typedef struct {
    CoiImapFollow fetch;
    CoiImapFirst first;
    CoiImapFlags flags;
    CoiImapHurry hurry;
    gboolean flags_too;
    gboolean looking;          /* the next FETCHED answers a LOOK */
    gint64 look_at, status_at; /* monotonic: when the server is asked next; G_MAXINT64: never */
    gint64 lively_until;       /* monotonic; somebody is talking: a server that must be polled is polled often */
    gboolean polled;           /* as the last FETCHED said */
    CoiImapGive give;          /* MESSAGE, FLAGS, FETCHED, STATUS, LAGS */
    gpointer user;
    guint given; /* MESSAGE since a fetch began */
} CoiImapFollower;

/* Begins anew as a FOLLOW asks for and catches up. FALSE when the session is over. */
gboolean coi_imap_follow(CoiImapFollower *follower, CoiImap *imap, const CoiImapRequest *request, CoiImapGive give,
                         gpointer user, GError **error);
void coi_imap_follow_clear(CoiImapFollower *follower);
/* Hands over what is new, if the server has told of anything. */
gboolean coi_imap_follow_catch_up(CoiImapFollower *follower, CoiImap *imap, GError **error);
/* Asks the server what is new; FETCHED follows in any case. */
gboolean coi_imap_follow_look(CoiImapFollower *follower, CoiImap *imap, GError **error);
/* Whether old messages wait to be handed over; and the next few of them, unless the server has told of something new. */
gboolean coi_imap_follow_is_behind(const CoiImapFollower *follower);
gboolean coi_imap_follow_go_back(CoiImapFollower *follower, CoiImap *imap, GError **error);
/* There is a sign of life on this side. */
void coi_imap_follow_lively(CoiImapFollower *follower);
/* Hands over what is known of the second mailbox if it has changed. */
void coi_imap_follow_status(CoiImapFollower *follower, CoiImap *imap);
/* After waiting in vain: asks what is due. */
gboolean coi_imap_follow_after_silence(CoiImapFollower *follower, CoiImap *imap, GError **error);
/* Milliseconds until something is due. */
gint64 coi_imap_follow_patience(const CoiImapFollower *follower, const CoiImap *imap);
