/* What an engine tells the main thread. Immutable; prpl/pump.c frees. */
#pragma once
#include "base/error.h"
#include "coi/typing.h"
#include "engine/ask.h"
#include "net/imap_link.h"
#include "store/messages.h"

typedef enum {
    COI_EVENT_STEP,      /* step, host: connecting goes on */
    COI_EVENT_BUDDIES,   /* addresses: buddies the store remembers (before CONNECTED) */
    COI_EVENT_CONNECTED, /* also after a reconnect that was announced as lost */
    COI_EVENT_FAILED,    /* error, service, tried: the account cannot (go on to) work; the engine has stopped trying */
    COI_EVENT_LINE,      /* message: write it, then send COI_COMMAND_SHOWN with its id */
    COI_EVENT_NAME,      /* address, name: what they call themselves */
    COI_EVENT_REFUSED,   /* token, address, text, error: not sent, give the text back (NULL: it was a deletion) */
    COI_EVENT_STATE,     /* address, message_id, state, reply, time (0: now), latest, text (its beginning, of what others report; or NULL):
                            a message changed state */
    COI_EVENT_RECEIPT,   /* address, name, state, time, count (0: there is no message): answer to /receipt */
    COI_EVENT_RETRYING,  /* address, count: answer to /retry */
    COI_EVENT_ASK,       /* ask: a link needs a socket or a verdict */
    COI_EVENT_READ,      /* address: the conversation was read on another device */
    COI_EVENT_ASK_FILTER, /* count: 1 when the server does COI itself, else 0: ask the user where chat messages shall live */
    COI_EVENT_FILTER_REFUSED, /* reply: the server's words, or NULL when COI was switched off elsewhere */
    COI_EVENT_LOST,      /* the connection has been gone for 30 s: say so; the engine goes on trying */
    COI_EVENT_LISTING,   /* address, listing, …: a piece of what was asked for; its pieces come without anything between them */
    COI_EVENT_TYPING,    /* address, typing, count: what the peer does, for so many seconds; a line of theirs ends it */
    COI_EVENT_STOPPED    /* the last event: no thread of this engine is left but the one that says so */
} CoiEventType;

typedef enum { COI_STATE_QUEUED, COI_STATE_SENT, COI_STATE_FAILED, COI_STATE_WAITING, COI_STATE_EDITED, COI_STATE_DELETED,
               COI_STATE_DELIVERED, /* a server says that it is in the recipient's mailbox */
               COI_STATE_READ,      /* the recipient says so */
               COI_STATE_DELAYED,   /* a server says so, and goes on trying */
               COI_STATE_BOUNCED    /* a server says that it will not arrive */
} CoiMessageState;
typedef enum { COI_SERVICE_IMAP, COI_SERVICE_SMTP, COI_SERVICE_STORE } CoiService;

/* What is looked at of a conversation. */
typedef enum {
    COI_LOOK_HISTORY, /* its latest lines */
    COI_LOOK_WORDS,   /* lines with certain words */
    COI_LOOK_AROUND,  /* lines around one that was found */
    COI_LOOK_FULL,    /* all of a message that was shortened */
    COI_LOOK_QUIET    /* nobody asked */
} CoiLook;

/* One line a piece, so that long listings are shown in slices. */
typedef enum {
    COI_LISTING_LOOKING, /* the server is being asked; count: mailboxes that have answered */
    COI_LISTING_STOPPED, /* nothing more will come; count: 0 when there was nothing to be stopped */
    COI_LISTING_HEAD, /* count: lines that follow; text: what was looked for; more: how many there are besides; of the history: whether it goes on */
    COI_LISTING_LINE, /* message, count: its number, 0: none */
    COI_LISTING_END   /* the same as HEAD; error: why the server could not be asked, or NULL */
} CoiListing;

typedef struct {
    CoiEventType type;
    CoiStep step;
    char *host;
    GStrv addresses;
    CoiService service;
    GError *error;
    char *tried;
    CoiMessage *message;
    char *address;
    char *name;
    guint64 token;
    char *text;
    char *message_id;
    CoiMessageState state; /* WAITING: offline or deferred, will be tried again; reply says why */
    char *reply;
    gboolean throttled;    /* WAITING: the server asks for fewer mails */
    gint64 count;
    gint64 time;           /* unix seconds */
    gboolean latest;       /* no message of ours in the conversation is newer */
    CoiTypingState typing;
    CoiAsk *ask;
    CoiListing listing;
    CoiLook look;
    guint64 more;
} CoiEvent;

CoiEvent *coi_event_new(CoiEventType type);
void coi_event_free(CoiEvent *event);
