/* The mailboxes that are watched, each by a link of its own: Chats and INBOX always, Sent when its STATUS says that something is new
 * there. Engine's thread only. */
#pragma once
#include "engine/engine.h"
#include "net/imap_link.h"
#include "store/chores.h"
#include "store/folders.h"

enum { COI_WATCH_INBOX, COI_WATCH_CHATS, COI_WATCH_SENT, COI_WATCHES };

/* One mailbox that is watched by a link of its own. */
typedef enum {
    COI_WATCH_OFF,      /* no such mailbox here, or not wanted */
    COI_WATCH_RESTING,  /* nothing is new there: opened when its STATUS says otherwise */
    COI_WATCH_DOWN,     /* to be opened at retry_at */
    COI_WATCH_ASKING,   /* the user is being asked about the certificate */
    COI_WATCH_OPENING,
    COI_WATCH_CATCHING_UP,
    COI_WATCH_FOLLOWING
} CoiWatchState;

/* What a watch was doing with the mailbox before it came to follow it. */
typedef enum {
    COI_SYNC_FIRST,  /* never seen: unread chats of the last days are news */
    COI_SYNC_AGAIN,  /* UIDs are void: what is newer than all we knew is news */
    COI_SYNC_LATER,  /* what arrived meanwhile */
    COI_SYNC_LIVE    /* caught up: whatever comes now is news */
} CoiSync;

/* What the server refused is tried again, more and more rarely. */
typedef struct {
    gint64 at; /* monotonic; not before */
    guint failures;
} CoiChoreTries;

typedef struct {
    CoiImapLink *link;
    char *mailbox;          /* NULL until known */
    CoiWatchState state;
    CoiSync sync;
    gboolean whole;         /* messages come with their text at once */
    gboolean visited;       /* rests when caught up; INBOX's link tells of its STATUS */
    gboolean settled;       /* was caught up once in this login */
    gboolean anew;          /* closed by us to be opened at once */
    gint64 retry_at;        /* monotonic */
    guint failures;         /* attempts since the last session that was good for something: the back-off */
    guint swaps;            /* limit.c: attempts to get the only connection */
    GError *refusal;        /* what made us close the link, or NULL */
    guint quiets;           /* of these, the ones for which the server asked us to wait */
    gboolean more;          /* old messages are still to come */
    gboolean polled;        /* this server doesn't tell of arrivals by itself */
    guint barren;           /* sessions opened in a row that never caught up */
    guint64 tag;            /* of the last OPEN and FOLLOW: older results are void */
    CoiFolder folder;       /* as it will be stored once everything below next_uid is */
    guint verdicts;         /* engine->verdicts when the last OPEN was sent */
    gint64 newest_before;   /* SYNC_AGAIN: internal date of the newest message known before */
    GHashTable *waiting;    /* UID → CoiArrival: header known, text asked for or about to be */
    GArray *to_ask;         /* UIDs of waiting whose text has not been asked for */
    guint bodies_pending;   /* BODIES requests without DONE */
    GPtrArray *arrived;     /* CoiArrival, complete, not yet stored */
    /* chores.c */
    guint64 chore_tag;      /* of the request in flight, 0: none */
    CoiChore chore;         /* what it is about */
    GArray *chore_places;   /* CoiChorePlace, what it does it to */
    CoiChoreTries tries[COI_CHORE_CLAIM + 1]; /* by CoiChore; 0: removing extra copies */
    /* extra.c, of Chats; expired.c */
    GArray *extra;          /* guint32: copies that are being removed, or NULL */
    gboolean removing;      /* the request in flight is about these */
    gboolean expiring;      /* … and it is their time that is over */
    CoiChoreTries expired_tries;
    gint64 expired_visit_at; /* monotonic; at rest it is not visited before */
    guint looks, looked;    /* LOOKs sent that have not been answered, and answers whose messages have not all come */
    guint32 last_uid;       /* of what has been reported */
    gint64 file_at;         /* monotonic; without MOVE: when this client's turn to copy comes, 0: not drawn yet */
} CoiWatch;

void coi_watch_init(CoiWatch *watch);
void coi_watch_clear(CoiWatch *watch);
void coi_watches_start(CoiEngine *engine);
void coi_watches_network(CoiEngine *engine); /* try at once */
void coi_watches_verdict(CoiEngine *engine);
void coi_watches_stop(CoiEngine *engine);
void coi_watches_result(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result);
gint64 coi_watches_timers(CoiEngine *engine, gint64 now); /* works what is due; when it wants to be called again, -1: never */
gboolean coi_watches_up(const CoiEngine *engine);
gboolean coi_watches_lost(const CoiEngine *engine); /* INBOX is gone, and not by our own wish */
gboolean coi_watches_asking(const CoiEngine *engine); /* the user is being asked about an IMAP server's certificate */
void coi_watches_start_chats(CoiEngine *engine, const char *mailbox); /* if it is not watched yet */
void coi_watches_log_in_anew(CoiEngine *engine);
void coi_watches_leave_chats(CoiEngine *engine); /* it is gone, and nobody wants it back */
/* Chats is about to be open and known. Until then nothing is filed there: who makes a folder anew while another client has the
 * deleted one open damages it on some servers, and what arrives must not overtake what lies there. */
gboolean coi_watches_chats_coming(const CoiEngine *engine);
gboolean coi_watches_catching_up(const CoiEngine *engine);
/* What has come may not be all that came before it: another device files as we read. The other mailbox is asked, and lines wait for its
 * answer, but not long. */
void coi_watches_look_elsewhere(CoiEngine *engine, const CoiWatch *watch);
gboolean coi_watches_looking(const CoiEngine *engine);
void coi_watches_visit_sent(CoiEngine *engine); /* unless somebody is there */
void coi_watches_expect(CoiEngine *engine); /* an answer may come: servers that must be asked for it are asked */
void coi_watches_unlimited(CoiEngine *engine);  /* there may be more than one connection again */
void coi_watches_inbox_again(CoiEngine *engine); /* who had borrowed its connection is done */

/* What follows is shared by watch.c, arrival.c, visits.c and loss.c only. */

/* So many sessions in a row may end before they caught up, as on a bad line. After that it is the server or a mail: what it
 * refuses to give is left out, calls become rarer, and the user is told. */
#define COI_WATCH_PATIENCE 5
#define COI_RECONNECT_FIRST_USEC (1 * G_USEC_PER_SEC)

CoiWatch *coi_watch_inbox(CoiEngine *engine);
gboolean coi_watch_is_inbox(CoiEngine *engine, CoiWatch *watch);
gboolean coi_watch_is_open(const CoiWatch *watch);
void coi_watch_open(CoiEngine *engine, CoiWatch *watch);
void coi_watch_look(CoiEngine *engine, CoiWatch *watch);
void coi_watch_say_connected(CoiEngine *engine); /* if that is true now, and new */

/* arrival.c */
/* Forgets what was fetched and not stored: it is fetched again, since next_uid did not advance. */
void coi_watch_reset(CoiWatch *watch);
/* What has come whole; everything: and the place to go on from. FALSE: the account has failed. */
gboolean coi_watch_store(CoiEngine *engine, CoiWatch *watch, gboolean everything);
void coi_watch_message(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result);
void coi_watch_ask_for_texts(CoiEngine *engine, CoiWatch *watch);
/* Everything that was announced is here: it goes into the store together with the place to go on from. */
void coi_watch_settle(CoiEngine *engine, CoiWatch *watch);

/* visits.c */
gboolean coi_visits_chats(const CoiEngine *engine); /* Chats can't have a link of its own */
/* The mailbox whose STATUS INBOX's link follows: Sent, or Chats where it can't have a link of its own. */
const char *coi_visits_told_of(const CoiEngine *engine, const CoiImapFacts *facts);
void coi_visits_status(CoiEngine *engine, const CoiImapResult *result); /* of that mailbox */

/* loss.c */
gint64 coi_loss_quiet_until(CoiEngine *engine); /* when the server may be called again, monotonic; 0: at once */
void coi_loss(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result); /* a link is down */
