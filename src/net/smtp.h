/* An SMTP session over one connection, as a mail program speaks it to its submission server (RFC 5321, 6409; AUTH 4954,
 * STARTTLS 3207, PIPELINING 2920, SIZE 1870, 8BITMIME 6152, SMTPUTF8 6531, DSN 3461). One link thread's. */
#pragma once
#include "net/smtp_link.h"
#include "net/stream.h"

typedef struct {
    CoiStream *stream; /* borrowed */
    gboolean pipelining, eight_bit, utf8, starttls, dsn;
    gboolean size; /* the server knows SIZE; max_size 0: it names no limit */
    guint64 max_size;
    GPtrArray *mechanisms; /* char *, NULL-terminated */
    gboolean scram_refused; /* at this login, before another mechanism went through */
    gboolean wants_reset;  /* the last mail left a transaction open */
} CoiSmtp;

void coi_smtp_init(CoiSmtp *smtp);
void coi_smtp_clear(CoiSmtp *smtp);

/* Banner, EHLO and, where server asks for it, STARTTLS and EHLO again. FALSE with error: COI_ERROR_CLOSED when the
 * server turns us away, COI_ERROR_NO_STARTTLS. */
gboolean coi_smtp_greet(CoiSmtp *smtp, CoiStream *stream, const CoiServer *server, GError **error);
/* AUTH. Succeeds without it when credentials are NULL, or in cleartext (loopback) where none is offered. FALSE with
 * COI_ERROR_AUTH, _AUTH_TEMPORARY, _AUTH_MECHANISM or a broken connection's error. */
gboolean coi_smtp_log_in(CoiSmtp *smtp, const CoiCredentials *credentials, GError **error);

/* Sends one mail. An array of CoiRecipientResult in the request's order once the server has answered; NULL with error
 * when it has not: the connection is of no use then. *mail_begun (set in any case) tells whether bytes of the mail
 * itself may have been sent; as long as not, the same mail may be sent at once over another connection. may_go is asked
 * when the server waits for the mail's text; FALSE with error gives it up. */
typedef gboolean (*CoiSmtpMayGo)(gpointer user, GError **error);
GPtrArray *coi_smtp_send(CoiSmtp *smtp, const CoiSmtpRequest *request, CoiSmtpMayGo may_go, gpointer user,
                         gboolean *mail_begun, GError **error);

/* Says QUIT and waits for the answer, but not longer than a moment nor when fd becomes readable. */
void coi_smtp_quit(CoiSmtp *smtp, int fd);
