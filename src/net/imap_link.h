/* One IMAP connection in a thread of its own. It runs the engine's requests, follows its mailbox by IDLE between them, and
 * decides nothing: it does not reconnect by itself. */
#pragma once
#include "base/queue.h"
#include "net/server.h"

typedef enum {
    COI_IMAP_OPEN,   /* connect, log in, look at the mailboxes, select one: answers STEP…, then OPENED or DOWN */
    COI_IMAP_FOLLOW, /* fetch from a UID on, then IDLE and report what arrives: MESSAGE…, FETCHED, later MESSAGE…, FETCHED … */
    COI_IMAP_LOOK,   /* follow on, but ask at once what is new: is the connection still alive? MESSAGE…, FETCHED in any case, unless
                        no mailbox is followed. A server that must be polled is from now on polled often, for a while */
    COI_IMAP_HURRY,  /* follow on, but until `until` ask every 250 ms (more or less) what is new, instead of IDLE. Ends earlier with LAGS; of no
                        use unless a mailbox is followed */
    COI_IMAP_BODIES, /* fetch whole messages of the open mailbox by UID: MESSAGE…, DONE */
    COI_IMAP_APPEND, /* store a message unless its Message-ID is there already: APPENDED or FAILED */
    COI_IMAP_STORE,  /* add flags to messages of the open mailbox: DONE or FAILED */
    COI_IMAP_CLAIM,  /* be the one client that flags messages of the open mailbox (net/imap_claim.h): DONE with uids and gone, or FAILED */
    COI_IMAP_MOVE,   /* move messages of the open mailbox: DONE or FAILED. Ones that are gone already are no failure */
    COI_IMAP_REMOVE, /* remove messages of the open mailbox, extra copies: DONE or FAILED */
    COI_IMAP_SEARCH, /* look for messages of a mailbox: FOUND, or FAILED also when the server can't search so */
    COI_IMAP_FETCH,  /* fetch messages of a mailbox by UID; \Seen stays as it is: MESSAGE…, DONE, or FAILED. What is gone, or what
                        the server refuses to give, is left out */
    COI_IMAP_CONFIGURE, /* write COI's settings on a COI server: DONE or FAILED with the server's words */
    COI_IMAP_CLOSE   /* LOGOUT and close: DOWN without error */
} CoiImapRequestType;

/* Immutable once sent; freed by the link. */
typedef struct {
    CoiImapRequestType type;
    guint64 tag; /* copied to every result that answers it */
    /* OPEN */
    GPtrArray *servers;          /* CoiServer, tried in order until one connects and speaks; DIAL, TIMEOUT, TLS, NO_STARTTLS,
                                    CLOSED and PROTOCOL before login try the next, anything else ends it */
    CoiCredentials *credentials;
    char *mailbox;               /* modified UTF-7, as the server names it; selected. NULL: none (bulk link) */
    gboolean make;               /* mailbox is made (and subscribed) when it is missing */
    char *root;                  /* COI's mailbox-root without prefix, "COI" */
    /* FOLLOW */
    guint32 first_uid;           /* 0: the newest `newest` messages */
    guint32 newest;
    gint64 unread_since;         /* with first_uid 0: unread messages not older than that (unix seconds) come first, then FETCHED;
                                    the others of the newest come later, marked `old`, in pieces with a FETCHED behind each,
                                    whenever nothing else is to be done. 0: all of them at once */
    gboolean whole;              /* also FETCH: TRUE: the first COI_LIMIT_FIRST_FETCH bytes at once; FALSE: the header only */
    gboolean flags_too;          /* also report flags, now and whenever they change: those that changed since `modseq` where
                                    the server knows CONDSTORE and modseq isn't 0, else those of the newest 500 messages
                                    below first_uid: FLAGS… before each FETCHED */
    guint64 modseq;
    char *also;                  /* a second mailbox, not opened: STATUS at once and when it changes (NOTIFY, else asked for
                                    each 60 s), or NULL */
    gboolean leave_out;          /* FOLLOW, BODIES: a message that the server refuses to give is left out; else it ends the
                                    request (FOLLOW: DOWN, BODIES: FAILED), since the refusal may pass */
    gboolean again;              /* CLAIM: \Seen is our own, only $MDNSent counts */
    gint64 until;                /* HURRY: monotonic; 0: in no hurry any more */
    /* BODIES, STORE, CLAIM, MOVE, REMOVE, FETCH */
    GArray *uids;                /* guint32 */
    /* APPEND */
    char *message_id;            /* without <>; looked for in the target first */
    char *target;                /* APPEND, MOVE: mailbox, created (and subscribed) when missing. SEARCH, FETCH: one that exists */
    gboolean must_exist;         /* … but not made here: FAILED when it is missing */
    GBytes *mail;
    gint64 date;                 /* INTERNALDATE, unix seconds */
    GStrv flags;                 /* APPEND, STORE, MOVE (added before it moves; may be NULL): e.g. "\\Seen", "$Chat"; keywords
                                    the mailbox won't keep are left out */
    /* SEARCH */
    char *peer;                  /* an address: from, to or copied to it; NULL: whomever */
    guint32 below;               /* only UIDs below; 0: all */
    GStrv words;                 /* all of them occur in subject or body; UTF-8; NULL: any text */
    /* FETCH */
    guint32 uid_validity;        /* FAILED when it is another */
    /* CONFIGURE */
    char *filter;                /* message-filter: "none", "active" or "seen"; enabled is set to yes */
} CoiImapRequest;

CoiImapRequest *coi_imap_request_new(CoiImapRequestType type, guint64 tag);
void coi_imap_request_free(CoiImapRequest *request);

typedef enum {
    COI_IMAP_STEP,     /* progress of OPEN: step */
    COI_IMAP_OPENED,
    COI_IMAP_MESSAGE,
    COI_IMAP_FETCHED,  /* FOLLOW caught up: next_uid; again after every arrival */
    COI_IMAP_DONE,
    COI_IMAP_FOUND,    /* of SEARCH: uids, uid_validity */
    COI_IMAP_FLAGS,    /* uid, flags: all flags of a message whose flags have changed or may have */
    COI_IMAP_STATUS,   /* of FOLLOW's `also`: uid_validity, next_uid; both 0 when it doesn't exist */
    COI_IMAP_LAGS,     /* HURRY is over: the server took longer than 300 ms to answer, or refused to */
    COI_IMAP_APPENDED,
    COI_IMAP_FAILED,   /* this request only; the connection lives */
    COI_IMAP_DOWN,     /* the connection is gone; error NULL after CLOSE or idle timeout. The link waits for OPEN */
    COI_IMAP_ENDED     /* last result of a link: its thread is about to end */
} CoiImapResultType;

typedef enum { COI_STEP_CONNECTING, COI_STEP_SECURING, COI_STEP_LOGGING_IN, COI_STEP_OPENING } CoiStep;

/* What OPEN learnt. Mailbox names are as the server gives them (modified UTF-7, prefix and separator included). */
typedef struct {
    guint server_index;  /* which of the request's servers answered */
    GStrv capabilities;  /* after login */
    gboolean scram_refused; /* PLAIN or LOGIN went through after SCRAM had been refused: see CoiCredentials */
    char *server_id;     /* ID's name, or NULL */
    gboolean coi;        /* a COI server (the capability shows after login) */
    gboolean coi_enabled;
    char *coi_filter;    /* message-filter as stored there, lower case; NULL when unset */
    char *root;          /* COI's mailbox-root, with namespace prefix: the request's root, or what the COI server says */
    gboolean moves;      /* MOVE: no two clients can move the same message */
    char *blocked;       /* the name that Blocked has or would get here: <prefix>Blocked */
    char *chats;         /* <prefix><root><sep>Chats if it exists, else NULL */
    char *chats_name;    /* the name that it has or would get here */
    char *sent;          /* special-use \Sent, else a mailbox called Sent, else NULL */
    char *sent_default;  /* the name that Sent would get here: <prefix>Sent */
    guint32 uid_validity, next_uid, exists;
    guint64 highest_modseq;      /* 0: none */
    gboolean keeps_keywords;     /* "\*" in PERMANENTFLAGS */
} CoiImapFacts;

typedef struct {
    CoiImapResultType type;
    gpointer link;     /* the CoiImapLink it comes from, for comparing only */
    guint64 tag;
    CoiStep step;
    CoiServer *server; /* STEP, DOWN: the server being tried, or NULL */
    CoiImapFacts *facts; /* OPENED */
    /* MESSAGE */
    guint32 uid;
    GStrv flags;
    gint64 internal_date; /* unix seconds */
    guint64 size;         /* RFC822.SIZE */
    GBytes *bytes;        /* header block, or the message's first bytes */
    gboolean whole;       /* bytes come from BODY[], not HEADER */
    gboolean old;         /* was there before FOLLOW and comes when there is time (unread_since); may come a second time */
    GArray *copied;       /* DONE of MOVE: guint32, where the messages lie in the target, as far as the server told; or NULL */
    /* FETCHED */
    gboolean more;        /* old messages are still to come; they lie below next_uid */
    gboolean looked;      /* this answers a LOOK */
    gboolean polled;      /* this server doesn't tell of arrivals by itself: who waits for one asks with LOOK */
    guint32 next_uid;     /* also STATUS */
    guint64 highest_modseq; /* everything up to it has been reported; 0: the server has none */
    /* STATUS, FOUND */
    guint32 uid_validity;
    GArray *uids;         /* FOUND: guint32, ascending; DONE of CLAIM: those that were flagged by it */
    GArray *gone;         /* DONE of CLAIM: guint32, those that aren't there any more */
    /* APPENDED */
    gboolean was_there;
    /* FAILED, DOWN */
    GError *error;
    char *tried;          /* DOWN of OPEN: "imap.example.org:993 (TLS): Connection refused; …", for people; or NULL */
} CoiImapResult;

void coi_imap_result_free(CoiImapResult *result);

typedef struct _CoiImapLink CoiImapLink;

/* Takes ownership of result; called on the link's thread, must not block. */
typedef void (*CoiImapSink)(CoiImapResult *result, gpointer user);

/* Starts the thread (all signals blocked). NULL when out of descriptors or threads. host and sink's user must live until COI_IMAP_ENDED was handed over.
 * idle_close_ms: 0: follow with IDLE for ever (renewed every 9 minutes with a look at UIDNEXT; without the IDLE capability
 * polled by NOOP each 30 s, while there are signs of life each 3 s); else: the link closes itself (DOWN, no error) after that long without a request. */
CoiImapLink *coi_imap_link_new(const CoiNetHost *host, guint idle_close_ms, CoiImapSink sink, gpointer user);
/* Any thread; the link owns request. */
void coi_imap_link_send(CoiImapLink *link, CoiImapRequest *request);
/* Any thread; returns at once. The thread gives up whatever it does, hands over COI_IMAP_ENDED and ends. */
void coi_imap_link_stop(CoiImapLink *link);
/* After COI_IMAP_ENDED: joins the thread and frees. */
void coi_imap_link_free(CoiImapLink *link);

void coi_imap_facts_free(CoiImapFacts *facts);
