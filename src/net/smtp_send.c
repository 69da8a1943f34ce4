/* One mail over an open session. */
#include "net/smtp.h"

#include "base/error.h"
#include "base/limits.h"
#include "net/smtp_reply.h"
#include "net/wire.h"

#include <string.h>

/* As in smtp.c. */
#define COMMAND_MS 60000
/* RFC 5321 4.5.3.2.5 allows 3 minutes a block; here 10 for all, and more for a mail that a thin line (8 KiB/s) needs
 * long for. */
#define DATA_MS 600000
#define DATA_BYTES_PER_MS 8
/* RFC 5321 4.5.3.2.6: giving up sooner sends mails twice. */
#define FINAL_MS 600000
/* RFC 5321 4.5.3.1.8: every server takes as many recipients; beyond, 552 means "too many at once" (4.5.3.1.10). */
#define SURE_RECIPIENTS 100

typedef struct {
    CoiSmtp *smtp;
    const CoiSmtpRequest *request;
    const char *sender;
    GPtrArray *results; /* CoiRecipientResult, one a recipient */
    GPtrArray *asked;   /* those of them that RCPT is said for; borrowed */
    guint accepted;     /* by RCPT so far */
} Transaction;

static void settle(CoiRecipientResult *result, CoiRecipientStatus status, const char *reply)
{
    result->status = status;
    g_free(result->reply);
    result->reply = g_strdup(reply);
}

static CoiRecipientStatus status_of(const CoiSmtpReply *reply)
{
    switch (coi_smtp_reply_class(reply)) {
    case 2:
        return COI_RECIPIENT_ACCEPTED;
    case 5:
        return COI_RECIPIENT_REJECTED;
    default:
        return COI_RECIPIENT_DEFERRED;
    }
}

/* Gives every recipient that nothing was said against so far what is said of the whole mail. */
static void settle_rest(Transaction *t, CoiRecipientStatus status, const char *reply)
{
    for (guint i = 0; i < t->results->len; i++) {
        CoiRecipientResult *result = t->results->pdata[i];
        if (result->status == COI_RECIPIENT_ACCEPTED)
            settle(result, status, reply);
    }
    t->accepted = 0;
}

static void settle_rest_by(Transaction *t, const CoiSmtpReply *reply)
{
    g_autofree char *text = coi_smtp_reply_text(reply);
    settle_rest(t, status_of(reply), text);
}

/* What of the envelope can't be said to this server is answered here, in its place. */
static void settle_unsendable(Transaction *t)
{
    const CoiSmtp *smtp = t->smtp;
    const char *sender = t->sender;
    gsize size = g_bytes_get_size(t->request->mail);
    for (guint i = 0; i < t->results->len; i++) {
        CoiRecipientResult *result = t->results->pdata[i];
        if (i >= COI_LIMIT_RECIPIENTS)
            settle(result, COI_RECIPIENT_DEFERRED, "452 4.5.3 too many recipients at once");
        else if (!coi_wire_check_address(result->address, NULL))
            settle(result, COI_RECIPIENT_REJECTED, "553 5.1.3 not an address that can be sent to");
        else if (!g_str_is_ascii(result->address) && !smtp->utf8)
            settle(result, COI_RECIPIENT_REJECTED, "553 5.6.7 the server knows ASCII addresses only");
    }
    if (*sender != '\0' && !coi_wire_check_address(sender, NULL))
        settle_rest(t, COI_RECIPIENT_REJECTED, "553 5.1.7 not an address that can be sent from");
    else if (!g_str_is_ascii(sender) && !smtp->utf8)
        settle_rest(t, COI_RECIPIENT_REJECTED, "553 5.6.7 the server knows ASCII addresses only");
    if (smtp->max_size > 0 && size > smtp->max_size) {
        g_autofree char *reply =
            g_strdup_printf("552 5.3.4 the mail has %" G_GSIZE_FORMAT " bytes, the server takes %" G_GUINT64_FORMAT,
                            size, smtp->max_size);
        settle_rest(t, COI_RECIPIENT_REJECTED, reply);
    }
}

static void transaction_init(Transaction *t, CoiSmtp *smtp, const CoiSmtpRequest *request, const char *sender)
{
    *t = (Transaction){.smtp = smtp, .request = request, .sender = sender};
    t->results = g_ptr_array_new_with_free_func((GDestroyNotify)coi_recipient_result_free);
    for (char **address = request->recipients; address != NULL && *address != NULL; address++) {
        CoiRecipientResult *result = g_new0(CoiRecipientResult, 1);
        result->address = g_strdup(*address);
        result->status = COI_RECIPIENT_ACCEPTED; /* until something is said against it; nobody sees it before that */
        g_ptr_array_add(t->results, result);
    }
    settle_unsendable(t);
    t->asked = g_ptr_array_new();
    for (guint i = 0; i < t->results->len; i++)
        if (((CoiRecipientResult *)t->results->pdata[i])->status == COI_RECIPIENT_ACCEPTED)
            g_ptr_array_add(t->asked, t->results->pdata[i]);
}

static void transaction_clear(Transaction *t)
{
    g_ptr_array_unref(t->asked);
    g_ptr_array_unref(t->results);
}

static gboolean has_eight_bits(GBytes *mail)
{
    gsize length = 0;
    const guint8 *bytes = g_bytes_get_data(mail, &length);
    for (gsize i = 0; i < length; i++)
        if (bytes[i] >= 0x80)
            return TRUE;
    return FALSE;
}

static gboolean needs_utf8(const Transaction *t)
{
    gboolean needs = !g_str_is_ascii(t->sender);
    for (guint i = 0; i < t->asked->len; i++)
        needs |= !g_str_is_ascii(((CoiRecipientResult *)t->asked->pdata[i])->address);
    return needs;
}

/* RFC 3461 section 4: what an argument may not hold becomes + and two hexadecimal digits. */
static char *xtext(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const guchar *p = (const guchar *)text; *p != '\0'; p++)
        if (*p > ' ' && *p < 127 && *p != '+' && *p != '=')
            g_string_append_c(out, (char)*p);
        else
            g_string_append_printf(out, "+%02X", *p);
    return g_string_free(out, FALSE);
}

/* ORCPT, by which a report names whom we wrote to even when an address on the way forwards. */
static char *rcpt_to(const Transaction *t, const char *address)
{
    g_autofree char *plain = xtext(address);
    if (!t->smtp->dsn || t->request->notify == NULL)
        return g_strdup_printf("RCPT TO:<%s>\r\n", address);
    return g_strdup_printf("RCPT TO:<%s> NOTIFY=%s%s%s\r\n", address, t->request->notify,
                           g_str_is_ascii(address) ? " ORCPT=rfc822;" : "", g_str_is_ascii(address) ? plain : "");
}

static char *mail_from(const Transaction *t)
{
    g_autoptr(GString) command = g_string_new(NULL);
    g_string_printf(command, "MAIL FROM:<%s>", t->sender);
    if (t->smtp->size)
        g_string_append_printf(command, " SIZE=%" G_GSIZE_FORMAT, g_bytes_get_size(t->request->mail));
    if (t->smtp->eight_bit && has_eight_bits(t->request->mail))
        g_string_append(command, " BODY=8BITMIME");
    if (needs_utf8(t))
        g_string_append(command, " SMTPUTF8");
    if (t->smtp->dsn && t->request->envelope_id != NULL) {
        g_autofree char *id = xtext(t->request->envelope_id);
        g_string_append_printf(command, " RET=HDRS ENVID=%s", id);
    }
    g_string_append(command, "\r\n");
    return g_string_free(g_steal_pointer(&command), FALSE);
}

/* The whole envelope as commands, in the order in which their replies are read. */
static GPtrArray *envelope_commands(const Transaction *t)
{
    GPtrArray *commands = g_ptr_array_new_with_free_func(g_free);
    if (t->smtp->wants_reset)
        g_ptr_array_add(commands, g_strdup("RSET\r\n"));
    g_ptr_array_add(commands, mail_from(t));
    for (guint i = 0; i < t->asked->len; i++)
        g_ptr_array_add(commands, rcpt_to(t, ((CoiRecipientResult *)t->asked->pdata[i])->address));
    g_ptr_array_add(commands, g_strdup("DATA\r\n"));
    return commands;
}

static gboolean send_at_once(Transaction *t, const GPtrArray *commands, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < commands->len; i++)
        g_string_append(all, commands->pdata[i]);
    coi_stream_begin_command(t->smtp->stream, COMMAND_MS);
    return coi_wire_send(t->smtp->stream, all->str, error);
}

/* The reply to command, which is sent now unless the pipeline has it already. 421 ends a session whatever it answers.
 */
static CoiSmtpReply *reply_to(Transaction *t, const char *command, GError **error)
{
    coi_stream_begin_command(t->smtp->stream, COMMAND_MS);
    if (!t->smtp->pipelining && !coi_wire_send(t->smtp->stream, command, error))
        return NULL;
    g_autoptr(CoiSmtpReply) reply = coi_smtp_reply_read(t->smtp->stream, error);
    if (reply != NULL && reply->code == 421) {
        coi_smtp_reply_fail(reply, COI_ERROR_CLOSED, error);
        return NULL;
    }
    return g_steal_pointer(&reply);
}

static void take_rcpt_reply(Transaction *t, CoiRecipientResult *result, const CoiSmtpReply *reply)
{
    if (coi_smtp_reply_class(reply) == 2) {
        t->accepted++;
        return;
    }
    g_autofree char *text = coi_smtp_reply_text(reply);
    gboolean too_many = reply->code == 552 && t->accepted >= SURE_RECIPIENTS;
    settle(result, too_many ? COI_RECIPIENT_DEFERRED : status_of(reply), text);
}

/* RSET, where the last mail left something behind, and MAIL. *accepted: whether the server takes this mail at all. */
static gboolean say_mail(Transaction *t, char **commands, guint *used, gboolean *accepted, GError **error)
{
    if (t->smtp->wants_reset) {
        g_autoptr(CoiSmtpReply) reset = reply_to(t, commands[(*used)++], error);
        if (reset == NULL)
            return FALSE;
        if (coi_smtp_reply_class(reset) != 2)
            return coi_smtp_reply_fail(reset, COI_ERROR_CLOSED, error);
    }
    t->smtp->wants_reset = TRUE;
    g_autoptr(CoiSmtpReply) mail = reply_to(t, commands[(*used)++], error);
    if (mail == NULL)
        return FALSE;
    *accepted = coi_smtp_reply_class(mail) == 2;
    if (!*accepted)
        settle_rest_by(t, mail);
    return TRUE;
}

static gboolean say_data(Transaction *t, const char *command, gboolean *go_on, GError **error)
{
    g_autoptr(CoiSmtpReply) data = reply_to(t, command, error);
    if (data == NULL)
        return FALSE;
    *go_on = data->code == 354;
    if (*go_on || t->accepted == 0)
        return TRUE;
    if (coi_smtp_reply_class(data) < 4)
        return coi_smtp_reply_fail(data, COI_ERROR_PROTOCOL, error);
    settle_rest_by(t, data);
    return TRUE;
}

/* The envelope up to DATA. *go_on: the server waits for the mail's text. With PIPELINING everything has been said
 * before the first refusal is known, so that every reply must be read; step by step, what has become pointless isn't
 * said. */
static gboolean say_envelope(Transaction *t, gboolean *go_on, GError **error)
{
    g_autoptr(GPtrArray) list = envelope_commands(t);
    char **commands = (char **)list->pdata;
    gboolean pipelining = t->smtp->pipelining, mail = FALSE;
    guint used = 0;
    if (pipelining && !send_at_once(t, list, error))
        return FALSE;
    if (!say_mail(t, commands, &used, &mail, error))
        return FALSE;
    for (guint i = 0; i < t->asked->len && (mail || pipelining); i++) {
        g_autoptr(CoiSmtpReply) reply = reply_to(t, commands[used++], error);
        if (reply == NULL)
            return FALSE;
        if (mail)
            take_rcpt_reply(t, t->asked->pdata[i], reply);
    }
    return (t->accepted == 0 && !pipelining) || say_data(t, commands[list->len - 1], go_on, error);
}

static gboolean write_bytes(mailstream *out, const char *bytes, gsize length)
{
    return length == 0 || mailstream_write(out, bytes, length) == (ssize_t)length;
}

/* Line by line: each ends in CRLF whatever ended it before, so that no bare CR or LF can hide an end of the mail from
 * one server that another one sees; a leading dot is doubled. */
static gboolean write_mail(mailstream *out, GBytes *mail)
{
    gsize length = 0;
    const char *p = g_bytes_get_data(mail, &length), *end = p + length;
    while (p < end) {
        const char *eol = p;
        while (eol < end && *eol != '\r' && *eol != '\n')
            eol++;
        if ((*p == '.' && !write_bytes(out, ".", 1)) || !write_bytes(out, p, (gsize)(eol - p)) ||
            !write_bytes(out, "\r\n", 2))
            return FALSE;
        p = eol + (eol + 1 < end && eol[0] == '\r' && eol[1] == '\n' ? 2 : 1);
    }
    return write_bytes(out, ".\r\n", 3) && mailstream_flush(out) == 0;
}

static gboolean send_mail(Transaction *t, GError **error)
{
    CoiStream *stream = t->smtp->stream;
    gsize extra = MIN(g_bytes_get_size(t->request->mail) / DATA_BYTES_PER_MS, G_MAXINT);
    coi_stream_begin_command(stream, DATA_MS + (guint)extra);
    if (!write_mail(coi_stream_mailstream(stream), t->request->mail))
        return coi_stream_explain(stream, "the mail could not be sent", error);
    coi_stream_begin_command(stream, FINAL_MS);
    g_autoptr(CoiSmtpReply) reply = coi_smtp_reply_read(stream, error);
    if (reply == NULL)
        return FALSE;
    if (coi_smtp_reply_class(reply) == 3)
        return coi_smtp_reply_fail(reply, COI_ERROR_PROTOCOL, error);
    if (coi_smtp_reply_class(reply) == 2)
        t->smtp->wants_reset = FALSE;
    else
        settle_rest_by(t, reply);
    return TRUE;
}

/* RFC 2920 3.1: the server said 354 although nobody is left to send to. Whatever comes of it changes no recipient's
 * result. */
static void send_nothing(Transaction *t)
{
    coi_stream_begin_command(t->smtp->stream, COMMAND_MS);
    if (coi_wire_send(t->smtp->stream, ".\r\n", NULL))
        coi_smtp_reply_free(coi_smtp_reply_read(t->smtp->stream, NULL));
}

/* TRUE when the server has answered; *go_on: it waits for the mail's text, and somebody is there to get it. */
static gboolean ask(Transaction *t, gboolean *go_on, GError **error)
{
    *go_on = FALSE;
    if (t->asked->len > 0 && !say_envelope(t, go_on, error))
        return FALSE;
    if (*go_on && t->accepted == 0) {
        send_nothing(t);
        *go_on = FALSE;
    }
    return TRUE;
}

GPtrArray *coi_smtp_send(CoiSmtp *smtp, const CoiSmtpRequest *request, CoiSmtpMayGo may_go, gpointer user,
                         gboolean *mail_begun, GError **error)
{
    Transaction t;
    gboolean go_on;
    *mail_begun = FALSE;
    transaction_init(&t, smtp, request, request->sender);
    gboolean answered = ask(&t, &go_on, error);
    if (answered && t.accepted == 0 && request->sender_otherwise != NULL) {
        transaction_clear(&t);
        transaction_init(&t, smtp, request, request->sender_otherwise);
        answered = ask(&t, &go_on, error);
    }
    if (answered && go_on) {
        answered = may_go(user, error);
        if (answered) {
            *mail_begun = TRUE;
            answered = send_mail(&t, error);
        }
    }
    g_ptr_array_unref(t.asked);
    if (answered)
        return t.results;
    g_ptr_array_unref(t.results);
    return NULL;
}
