#include "net/smtp.h"

#include "base/error.h"
#include "net/smtp_reply.h"
#include "net/throttle.h"
#include "net/wire.h"

#include <string.h>

/* From the connection to the banner; servers that make strangers wait longer don't do it to their own users. */
#define BANNER_MS 30000
/* RFC 5321 4.5.3.2 says 5 minutes for a relay's sake; a submission server that needs more than a minute has a person
 * waiting. */
#define COMMAND_MS 60000
#define QUIT_MS 1000
/* RFC 4954 4: a longer initial response must not be sent with AUTH, RFC 5321's line has 512 bytes. */
#define MAX_AUTH_LINE 510

void coi_smtp_init(CoiSmtp *smtp)
{
    memset(smtp, 0, sizeof *smtp);
    smtp->mechanisms = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(smtp->mechanisms, NULL);
}

void coi_smtp_clear(CoiSmtp *smtp)
{
    g_clear_pointer(&smtp->mechanisms, g_ptr_array_unref);
    memset(smtp, 0, sizeof *smtp);
}

/* Sends one command and reads its reply. */
static CoiSmtpReply *ask(CoiSmtp *smtp, const char *command, GError **error)
{
    coi_stream_begin_command(smtp->stream, COMMAND_MS);
    if (!coi_wire_send(smtp->stream, command, error))
        return NULL;
    return coi_smtp_reply_read(smtp->stream, error);
}

static void add_mechanisms(CoiSmtp *smtp, const char *text)
{
    g_auto(GStrv) names = g_strsplit_set(text, " =\t", -1);
    g_ptr_array_set_size(smtp->mechanisms, (gint)smtp->mechanisms->len - 1);
    for (char **name = names; *name != NULL; name++)
        if (**name != '\0')
            g_ptr_array_add(smtp->mechanisms, g_strdup(*name));
    g_ptr_array_add(smtp->mechanisms, NULL);
}

/* One line of EHLO's answer. "AUTH=" is what servers said before RFC 2554, and some still say for old clients. */
static void learn(CoiSmtp *smtp, const char *line)
{
    gsize length = strcspn(line, " =");
    g_autofree char *keyword = g_ascii_strup(line, (gssize)length);
    const char *rest = line[length] == '\0' ? "" : line + length + 1;
    if (strcmp(keyword, "PIPELINING") == 0) {
        smtp->pipelining = TRUE;
    } else if (strcmp(keyword, "8BITMIME") == 0) {
        smtp->eight_bit = TRUE;
    } else if (strcmp(keyword, "SMTPUTF8") == 0) {
        smtp->utf8 = TRUE;
    } else if (strcmp(keyword, "DSN") == 0) {
        smtp->dsn = TRUE;
    } else if (strcmp(keyword, "STARTTLS") == 0) {
        smtp->starttls = TRUE;
    } else if (strcmp(keyword, "SIZE") == 0) {
        smtp->size = TRUE;
        smtp->max_size = g_ascii_strtoull(rest, NULL, 10);
    } else if (strcmp(keyword, "AUTH") == 0) {
        add_mechanisms(smtp, rest);
    }
}

/* Forgets what an earlier EHLO said: before TLS anybody may have said it. */
static void forget(CoiSmtp *smtp)
{
    CoiStream *stream = smtp->stream;
    coi_smtp_clear(smtp);
    coi_smtp_init(smtp);
    smtp->stream = stream;
}

static gboolean say_ehlo(CoiSmtp *smtp, GError **error)
{
    forget(smtp);
    /* An address literal that names nobody (DESIGN section 7). */
    g_autoptr(CoiSmtpReply) reply = ask(smtp, "EHLO [127.0.0.1]\r\n", error);
    if (reply == NULL)
        return FALSE;
    if (coi_smtp_reply_class(reply) != 2)
        return coi_smtp_reply_fail(reply, COI_ERROR_CLOSED, error);
    for (guint i = 1; i < reply->lines->len; i++)
        learn(smtp, reply->lines->pdata[i]);
    return TRUE;
}

static gboolean start_tls(CoiSmtp *smtp, GError **error)
{
    if (!smtp->starttls) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_NO_STARTTLS, "the server offers no STARTTLS");
        return FALSE;
    }
    g_autoptr(CoiSmtpReply) reply = ask(smtp, "STARTTLS\r\n", error);
    if (reply == NULL)
        return FALSE;
    if (coi_smtp_reply_class(reply) != 2)
        return coi_smtp_reply_fail(reply, COI_ERROR_NO_STARTTLS, error);
    return coi_stream_start_tls(smtp->stream, error) && say_ehlo(smtp, error);
}

gboolean coi_smtp_greet(CoiSmtp *smtp, CoiStream *stream, const CoiServer *server, GError **error)
{
    smtp->stream = stream;
    coi_stream_begin_command(stream, BANNER_MS);
    g_autoptr(CoiSmtpReply) banner = coi_smtp_reply_read(stream, error);
    if (banner == NULL)
        return FALSE;
    if (coi_smtp_reply_class(banner) != 2)
        return coi_smtp_reply_fail(banner, COI_ERROR_CLOSED, error);
    if (!say_ehlo(smtp, error))
        return FALSE;
    return server->security != COI_SECURITY_STARTTLS || start_tls(smtp, error);
}

/* What a refused AUTH means. */
static gboolean auth_refused(const CoiSmtpReply *reply, GError **error)
{
    CoiErrorCode code = COI_ERROR_AUTH;
    g_autofree char *words = coi_smtp_reply_text(reply);
    if (coi_smtp_reply_class(reply) == 4 || coi_throttled(words))
        code = COI_ERROR_AUTH_TEMPORARY;
    else if (reply->code == 504 || reply->code == 538) /* mechanism unknown, or wants encryption */
        code = COI_ERROR_AUTH_MECHANISM;
    else if (coi_smtp_reply_class(reply) != 5)
        code = COI_ERROR_PROTOCOL;
    return coi_smtp_reply_fail(reply, (gint)code, error);
}

static void wipe(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

/* Sends "AUTH name" with the initial response if that is short enough. Returns TRUE when sent; *later is then what
 * remains for the server's first, empty challenge. */
static gboolean start_auth(CoiSmtp *smtp, CoiSasl *sasl, char **later, GError **error)
{
    char *initial = NULL;
    if (coi_sasl_client_first(sasl) && (initial = coi_sasl_step(sasl, NULL, error)) == NULL)
        return FALSE;
    char *line = g_strjoin(" ", "AUTH", coi_sasl_name(sasl), initial, NULL);
    gboolean whole = strlen(line) <= MAX_AUTH_LINE;
    if (!whole) {
        wipe(line);
        line = g_strjoin(" ", "AUTH", coi_sasl_name(sasl), NULL);
        *later = g_steal_pointer(&initial);
    }
    coi_stream_begin_command(smtp->stream, COMMAND_MS);
    gboolean sent = coi_wire_send_secret(smtp->stream, line, error);
    wipe(line);
    wipe(initial);
    return sent;
}

static gboolean answer(CoiSmtp *smtp, CoiSasl *sasl, const CoiSmtpReply *reply, char **later, GError **error)
{
    coi_stream_begin_command(smtp->stream, COMMAND_MS);
    if (*later == NULL)
        return coi_wire_answer_challenge(smtp->stream, sasl, reply->lines->pdata[0], error);
    gboolean sent = coi_wire_send_secret(smtp->stream, *later, error);
    wipe(g_steal_pointer(later));
    return sent;
}

/* Reads replies and answers challenges until the server decides; the mechanism bounds how many there can be. */
static gboolean exchange(CoiSmtp *smtp, CoiSasl *sasl, char **later, GError **error)
{
    for (;;) {
        g_autoptr(CoiSmtpReply) reply = coi_smtp_reply_read(smtp->stream, error);
        if (reply == NULL)
            return FALSE;
        if (coi_smtp_reply_class(reply) == 2) {
            if (coi_sasl_complete(sasl))
                return TRUE;
            g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL, "the server ended the login too early");
            return FALSE;
        }
        if (reply->code != 334)
            return auth_refused(reply, error);
        if (!answer(smtp, sasl, reply, later, error))
            return FALSE;
    }
}

static gboolean authenticate(CoiSmtp *smtp, CoiSasl *sasl, GError **error)
{
    char *later = NULL;
    gboolean in = start_auth(smtp, sasl, &later, error) && exchange(smtp, sasl, &later, error);
    wipe(later);
    return in;
}

gboolean coi_smtp_log_in(CoiSmtp *smtp, const CoiCredentials *credentials, GError **error)
{
    gboolean none_offered = smtp->mechanisms->len == 1;
    if (credentials == NULL || (none_offered && !coi_stream_is_tls(smtp->stream)))
        return TRUE;
    const char *const *offered = (const char *const *)smtp->mechanisms->pdata;
    g_autoptr(GError) refusal = NULL;
    g_autoptr(CoiSasl) sasl = coi_sasl_new(offered, credentials, NULL, error);
    if (sasl == NULL)
        return FALSE;
    if (authenticate(smtp, sasl, &refusal))
        return TRUE;
    g_autoptr(CoiSasl) next =
        g_error_matches(refusal, COI_ERROR, COI_ERROR_AUTH) ? coi_sasl_fallback(sasl, offered) : NULL;
    if (next != NULL)
        return smtp->scram_refused = authenticate(smtp, next, error);
    g_propagate_error(error, g_steal_pointer(&refusal));
    return FALSE;
}

void coi_smtp_quit(CoiSmtp *smtp, int fd)
{
    coi_stream_begin_command(smtp->stream, QUIT_MS);
    if (coi_wire_send(smtp->stream, "QUIT\r\n", NULL))
        coi_stream_wait(smtp->stream, fd, QUIT_MS, NULL);
}
