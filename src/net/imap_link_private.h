/* The inside of a link, shared by imap_link.c (its thread, and what it waits for) and imap_run.c (what it is asked for). Only the link's
 * thread calls these. */
#pragma once
#include "net/imap_follow.h"
#include "net/imap_link.h"

struct _CoiImapLink {
    const CoiNetHost *host;
    CoiNetHost dialler; /* host, telling of its progress */
    guint idle_close_ms;
    CoiImapSink sink;
    gpointer user;
    CoiQueue *requests;
    GCancellable *stop;
    GThread *thread;
    /* The thread's own from here on. */
    CoiImap *imap;           /* NULL: down */
    guint64 tag;             /* of the request under way, or of FOLLOW */
    const CoiServer *trying; /* during OPEN */
    gboolean following;
    guint64 follow_tag;
    CoiImapFollower follower;
    gint64 idle_since;   /* when the last request was done */
    gboolean visiting;   /* a mailbox is open only for requests that name it */
    gint64 doubt_at;     /* monotonic; from then on a complaint is believed again */
    gboolean one_by_one; /* learnt of the server: see CoiImap */
    char *secret;        /* what the credentials' program said last, or NULL */
};

typedef gboolean (*CoiFollowStep)(CoiImapFollower *follower, CoiImap *imap, GError **error);

CoiImapResult *coi_imap_result_new(CoiImapResultType type);
void coi_imap_link_tell(CoiImapLink *link, CoiImapResult *result, guint64 tag);
/* The connection's end: error and tried (both owned) as the contract says. */
void coi_imap_link_down(CoiImapLink *link, guint64 tag, GError *error, char *tried);
void coi_imap_link_log_out(CoiImapLink *link);
/* Does what belongs to FOLLOW. */
void coi_imap_link_follow_on(CoiImapLink *link, CoiFollowStep step);
void coi_imap_link_run(CoiImapLink *link, const CoiImapRequest *request);
/* For the link's CoiNetHost: the engine's, telling of the progress. */
int coi_imap_link_dial(gpointer link, const char *host, guint16 port, GCancellable *stop, gint64 deadline, GError **error);
CoiTrust coi_imap_link_trust(gpointer link, const char *host, guint16 port, GPtrArray *chain, GCancellable *stop, gint64 deadline);
