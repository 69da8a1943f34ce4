/* One SMTP connection in a thread of its own: opened by the first mail, kept warm, closed after a minute without work.
 * It sends one mail at a time and decides nothing: it does not retry. */
#pragma once
#include "base/queue.h"
#include "net/server.h"

/* Immutable once sent; freed by the link. */
typedef struct {
    guint64 tag;
    GPtrArray *servers;          /* as in CoiImapRequest */
    CoiCredentials *credentials; /* NULL: no AUTH */
    char *sender;                /* envelope, bare address; "" for <> */
    char *sender_otherwise;      /* said to a server that takes nothing from `sender`; NULL: none */
    GStrv recipients;            /* envelope, bare addresses */
    const char *notify;          /* "NEVER" or "SUCCESS,FAILURE,DELAY" where the server knows DSN (RFC 3461), static; NULL: as it likes */
    char *envelope_id;           /* likewise, how reports name the mail; printable ASCII; NULL: none */
    GBytes *mail;                /* CRLF lines, not dot-stuffed */
    gint64 not_after;            /* monotonic; once it is later the text isn't sent any more, COI_SMTP_FAILED; 0: it always is */
    gboolean held;               /* the envelope goes at once, the text not before coi_smtp_link_release */
} CoiSmtpRequest;

CoiSmtpRequest *coi_smtp_request_new(guint64 tag);
void coi_smtp_request_free(CoiSmtpRequest *request);

typedef enum {
    COI_RECIPIENT_ACCEPTED, /* accepted by RCPT and the final answer to DATA was 2xx */
    COI_RECIPIENT_REJECTED, /* 5xx: for good */
    COI_RECIPIENT_DEFERRED  /* 4xx, or not known: try again with the same Message-ID */
} CoiRecipientStatus;

typedef struct {
    char *address;
    CoiRecipientStatus status;
    char *reply; /* the server's words with their code, one line, UTF-8; NULL when accepted */
} CoiRecipientResult;

void coi_recipient_result_free(CoiRecipientResult *result);

typedef enum {
    COI_SMTP_OPENED, /* connected and logged in: server_index */
    COI_SMTP_SENT,   /* the server answered for this mail: recipients, one for each of the request */
    COI_SMTP_FAILED, /* no answer for this mail: error. AUTH, UNTRUSTED, DIAL …; every recipient is to be tried again */
    COI_SMTP_CLOSED, /* idle close; the next request opens again */
    COI_SMTP_ENDED   /* last result */
} CoiSmtpResultType;

typedef struct {
    CoiSmtpResultType type;
    gpointer link;
    guint64 tag;
    guint server_index;
    gboolean scram_refused; /* OPENED: as in CoiImapFacts */
    GPtrArray *recipients; /* CoiRecipientResult */
    GError *error;
    char *tried;           /* as in CoiImapResult */
} CoiSmtpResult;

void coi_smtp_result_free(CoiSmtpResult *result);

typedef struct _CoiSmtpLink CoiSmtpLink;
typedef void (*CoiSmtpSink)(CoiSmtpResult *result, gpointer user);

/* As coi_imap_link_new. NULL when the process is out of descriptors. */
CoiSmtpLink *coi_smtp_link_new(const CoiNetHost *host, guint idle_close_ms, CoiSmtpSink sink, gpointer user);
void coi_smtp_link_send(CoiSmtpLink *link, CoiSmtpRequest *request);
/* Exactly once for each held request, in their order. go FALSE: its text is never sent, COI_SMTP_FAILED follows. */
void coi_smtp_link_release(CoiSmtpLink *link, gboolean go);
void coi_smtp_link_stop(CoiSmtpLink *link);
void coi_smtp_link_free(CoiSmtpLink *link);
