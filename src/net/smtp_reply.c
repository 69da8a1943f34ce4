#include "net/smtp_reply.h"

#include "base/error.h"
#include "base/limits.h"
#include "net/wire.h"

#include <string.h>

void coi_smtp_reply_free(CoiSmtpReply *reply)
{
    if (reply == NULL)
        return;
    g_ptr_array_unref(reply->lines);
    g_free(reply);
}

guint coi_smtp_reply_class(const CoiSmtpReply *reply)
{
    return reply->code / 100;
}

/* Splits "250-text" into code, whether more follow, and text; FALSE when it is no reply's line. */
static gboolean parse_line(const char *line, guint *code, gboolean *more, const char **text)
{
    if (strspn(line, "0123456789") != 3 || line[0] < '2' || line[0] > '5')
        return FALSE;
    if (line[3] != '\0' && line[3] != ' ' && line[3] != '-')
        return FALSE;
    *code = (guint)(line[0] - '0') * 100 + (guint)(line[1] - '0') * 10 + (guint)(line[2] - '0');
    *more = line[3] == '-';
    *text = line[3] == '\0' ? line + 3 : line + 4;
    return TRUE;
}

CoiSmtpReply *coi_smtp_reply_read(CoiStream *stream, GError **error)
{
    g_autoptr(CoiSmtpReply) reply = g_new0(CoiSmtpReply, 1);
    reply->lines = g_ptr_array_new_with_free_func(g_free);
    for (gboolean more = TRUE; more;) {
        g_autofree char *line = coi_wire_read_line(stream, error);
        if (line == NULL)
            return NULL;
        guint code = 0;
        const char *text = NULL;
        if (!parse_line(line, &code, &more, &text) || (reply->code != 0 && reply->code != code)) {
            g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL, "this is not how an SMTP server answers");
            return NULL;
        }
        reply->code = code;
        g_ptr_array_add(reply->lines, g_strdup(text));
        if (reply->lines->len > COI_LIMIT_SMTP_LINES) {
            g_set_error_literal(error, COI_ERROR, COI_ERROR_LIMIT, "the server sent too many lines");
            return NULL;
        }
    }
    return g_steal_pointer(&reply);
}

char *coi_smtp_reply_text(const CoiSmtpReply *reply)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "%u", reply->code);
    for (guint i = 0; i < reply->lines->len; i++)
        g_string_append_printf(text, " %s", (const char *)reply->lines->pdata[i]);
    return coi_wire_printable(text->str);
}

gboolean coi_smtp_reply_fail(const CoiSmtpReply *reply, gint code, GError **error)
{
    g_autofree char *text = coi_smtp_reply_text(reply);
    g_set_error_literal(error, COI_ERROR, code, text);
    return FALSE;
}
