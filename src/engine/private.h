/* The engine's inside, shared by the files of this room. Everything but `shared` belongs to the engine's thread. */
#pragma once
#include "base/limits.h"
#include "engine/engine.h"
#include "mime/parse.h"
#include "net/smtp_link.h"
#include "store/folders.h"
#include "store/outbox.h"
#include "store/peers.h"

/* One mailbox that is watched by a link of its own. */
typedef enum {
    COI_WATCH_OFF,      /* no such mailbox here, or not wanted */
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

typedef struct {
    CoiImapLink *link;
    char *mailbox;          /* NULL until known */
    CoiWatchState state;
    CoiSync sync;
    gboolean whole;         /* messages come with their text at once */
    gint64 retry_at;        /* monotonic */
    guint failures;         /* attempts since the last session that was good for something: the back-off */
    guint barren;           /* sessions opened in a row that never caught up */
    guint64 tag;            /* of the last OPEN and FOLLOW: older results are void */
    CoiFolder folder;       /* as it will be stored once everything below next_uid is */
    guint verdicts;         /* engine->verdicts when the last OPEN was sent */
    gint64 newest_before;   /* SYNC_AGAIN: internal date of the newest message known before */
    GHashTable *waiting;    /* UID → CoiArrival: header known, text asked for or about to be */
    GArray *to_ask;         /* UIDs of waiting whose text has not been asked for */
    guint bodies_pending;   /* BODIES requests without DONE */
    GPtrArray *arrived;     /* CoiArrival, complete, not yet stored */
} CoiWatch;

/* A message on its way into the store. */
typedef struct {
    CoiMessage *message;
    char *alias;
    char *last_reference;   /* the message it follows, or NULL */
    guint32 uid;            /* where it lies; message->uid is its place in the order */
    guint depth;            /* among messages of equal place */
    gboolean chat;          /* from a chat program */
    gboolean place_only;    /* known or unwanted: at most its place is noted */
} CoiArrival;

enum { COI_WATCH_INBOX, COI_WATCH_CHATS, COI_WATCHES };

struct _CoiEngine {
    /* shared with the main thread and with links: set before the thread starts, immutable but for the queues */
    gint references;
    CoiQueue *in;           /* Parcel */
    CoiQueue *out;          /* CoiEvent */
    GCancellable *stop;
    CoiNetHost host;
    GThread *thread;

    /* configuration */
    char *directory, *address, *login_name;
    CoiCredentials *credentials;
    GPtrArray *imap_servers, *smtp_servers;
    gboolean ordinary_all, ordinary_none, own_copy, ask_all, ask_chat;
    int history_days;

    /* the engine's thread only */
    int lock_fd;
    CoiStore *store;
    guint64 last_tag;
    gboolean failed;        /* FAILED was said: nothing is tried any more */
    gboolean stopping;
    gint64 stop_deadline;
    gboolean connected;     /* CONNECTED was said */
    guint verdicts;         /* certificates accepted so far; an answer may overtake the link's word that it was asked */
    gint64 lost_since;      /* monotonic; 0: INBOX is watched */
    gboolean lost_said;
    CoiWatch watches[COI_WATCHES];
    CoiImapFacts *facts;    /* newest, from INBOX's OPENED */

    /* show.c */
    GHashTable *unacknowledged; /* set of gint64* */
    gboolean lines_pending;     /* the store may hold lines to show; spares a query per turn */
    gint64 hold_lines_until;    /* monotonic; a catch-up is merged before its first line */

    /* outbound.c */
    CoiSmtpLink *smtp;
    gboolean smtp_open;
    gboolean outbox_changed;    /* something may have become due: spares queries per turn */
    gint64 outbox_due;          /* monotonic; when the next mail may go, -1: none waits */
    gint64 sending;             /* outbox row in flight, 0: none */
    gint64 smtp_retry_at;       /* monotonic; after a failure of the connection */
    guint smtp_failures;
    guint smtp_verdicts;        /* engine->verdicts when the mail in flight was handed over */
    gboolean smtp_asking;
    GHashTable *told_waiting;   /* set of gint64*: rows whose user knows that they wait */

    /* copy.c */
    CoiImapLink *bulk;
    gboolean bulk_opening;
    CoiImapFacts *copy_facts;   /* while the bulk link is open: where copies go */
    gboolean copies_changed;    /* as outbox_changed */
    gint64 copying;             /* outbox row in flight, 0: none */
    guint64 copy_tag;
    gint64 copy_retry_at;       /* monotonic */
    guint copy_failures;
};

/* engine.c */
/* The user's credentials for one service, with what was learnt of its mechanisms. Owned by the caller. */
CoiCredentials *coi_engine_credentials(CoiEngine *engine, CoiService service);
/* The service refused SCRAM that it offered: from now on, also after the next login, another mechanism is taken. */
void coi_engine_no_scram(CoiEngine *engine, CoiService service);
void coi_engine_emit(CoiEngine *engine, CoiEvent *event);
guint64 coi_engine_next_tag(CoiEngine *engine);
/* The account cannot go on: says FAILED once; takes error. */
void coi_engine_fail(CoiEngine *engine, CoiService service, GError *error, const char *tried);
/* A store failure: said as FAILED; takes error. */
void coi_engine_store_failed(CoiEngine *engine, GError *error);
void coi_engine_imap_sink(CoiImapResult *result, gpointer engine);
void coi_engine_smtp_sink(CoiSmtpResult *result, gpointer engine);
/* Delay before attempt number failures+1, in microseconds: first, doubling, at most limit, ±25 % jitter. */
gint64 coi_engine_backoff(guint failures, gint64 first, gint64 limit);

/* watch.c: the mailboxes' links */
void coi_watch_init(CoiWatch *watch);
void coi_watch_clear(CoiWatch *watch);
void coi_watches_start(CoiEngine *engine);
void coi_watches_network(CoiEngine *engine); /* try at once */
void coi_watches_verdict(CoiEngine *engine);
void coi_watches_stop(CoiEngine *engine);
void coi_watches_result(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result);
gint64 coi_watches_timers(CoiEngine *engine, gint64 now); /* works what is due; when it wants to be called again, -1: never */
gboolean coi_watches_up(const CoiEngine *engine);
gboolean coi_watches_asking(const CoiEngine *engine); /* the user is being asked about an IMAP server's certificate */
void coi_watches_start_chats(CoiEngine *engine, const CoiImapFacts *facts); /* if it is there and not watched yet */
gboolean coi_watches_catching_up(const CoiEngine *engine);

/* inbound.c: what a mail means */
CoiArrival *coi_inbound_classify(CoiEngine *engine, const CoiWatch *watch, const CoiImapResult *result);
void coi_inbound_fill(CoiArrival *arrival, const CoiImapResult *result);
gboolean coi_inbound_store(CoiEngine *engine, CoiWatch *watch, gboolean everything, GError **error);
/* Internal date of the newest message ever stored from mailbox, 0 when none. */
gint64 coi_inbound_newest(CoiEngine *engine, const char *mailbox);
void coi_arrival_free(gpointer arrival);

/* order.c */
void coi_order_arrived(GPtrArray *arrived);

/* show.c: lines to the client */
void coi_show_pump(CoiEngine *engine);
void coi_show_acknowledged(CoiEngine *engine, gint64 line);

/* outbound.c: mails out */
void coi_outbound_send(CoiEngine *engine, const CoiCommand *command);
void coi_outbound_retry(CoiEngine *engine, const char *address);
void coi_outbound_network(CoiEngine *engine);      /* a server answered: no back-off of the connection any more */
void coi_outbound_network_back(CoiEngine *engine); /* the same, and deferred mails are due at once */
void coi_outbound_result(CoiEngine *engine, CoiSmtpResult *result);
gint64 coi_outbound_timers(CoiEngine *engine, gint64 now);
/* At logout: nothing more can be sent now, since nothing is due or no connection is open (nobody dials any more). */
gboolean coi_outbound_done(CoiEngine *engine);

/* copy.c: own copies on the server */
void coi_copy_result(CoiEngine *engine, CoiImapResult *result);
gint64 coi_copy_timers(CoiEngine *engine, gint64 now);
