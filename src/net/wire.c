#include "net/wire.h"

#include "base/error.h"
#include "base/limits.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

/* A sentence for a person; the longest real ones, with a link in them, have about 400. */
#define MAX_PRINTABLE 1000

static gboolean invalid(GError **error, const char *what)
{
    g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, what);
    return FALSE;
}

gboolean coi_wire_check_argument(const char *text, gsize max, GError **error)
{
    if (strlen(text) > max)
        return invalid(error, "an argument is too long");
    for (const char *p = text; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p))
            return invalid(error, "an argument has a control character");
    return TRUE;
}

gboolean coi_wire_check_address(const char *address, GError **error)
{
    if (!coi_wire_check_argument(address, COI_LIMIT_ADDRESS, error))
        return FALSE;
    if (*address == '\0' || strpbrk(address, "<> ") != NULL)
        return invalid(error, "not an address");
    return TRUE;
}

static gboolean write_all(CoiStream *stream, const char *text, GError **error)
{
    mailstream *out = coi_stream_mailstream(stream);
    gsize length = strlen(text);
    if (mailstream_write(out, text, length) != (ssize_t)length || mailstream_flush(out) < 0)
        return coi_stream_explain(stream, "the command could not be sent", error);
    return TRUE;
}

gboolean coi_wire_send(CoiStream *stream, const char *text, GError **error)
{
    return write_all(stream, text, error);
}

gboolean coi_wire_send_secret(CoiStream *stream, const char *text, GError **error)
{
    mailstream *out = coi_stream_mailstream(stream);
    gsize length = strlen(text);
    char *line = g_malloc(length + 3);
    memcpy(line, text, length);
    memcpy(line + length, "\r\n", 3);
    mailstream_set_privacy(out, FALSE);
    gboolean sent = write_all(stream, line, error);
    mailstream_set_privacy(out, TRUE);
    explicit_bzero(line, length);
    explicit_bzero(out->write_buffer, out->buffer_max_size);
    g_free(line);
    return sent;
}

char *coi_wire_read_line(CoiStream *stream, GError **error)
{
    mailstream *in = coi_stream_mailstream(stream);
    g_autoptr(GString) line = g_string_new(NULL);
    const char *newline = NULL;
    while (newline == NULL) {
        if (mailstream_feed_read_buffer(in) <= 0) {
            coi_stream_explain(stream, "the server's line did not end", error);
            return NULL;
        }
        newline = memchr(in->read_buffer, '\n', in->read_buffer_len);
        gsize take = newline != NULL ? (gsize)(newline - in->read_buffer) + 1 : in->read_buffer_len;
        gsize before = line->len;
        g_string_set_size(line, before + take);
        if (mailstream_read(in, line->str + before, take) != (ssize_t)take) {
            coi_stream_explain(stream, "the server's line was cut", error);
            return NULL;
        }
    }
    g_string_truncate(line, line->len - 1);
    if (line->len > 0 && line->str[line->len - 1] == '\r')
        g_string_truncate(line, line->len - 1);
    for (gsize i = 0; i < line->len; i++)
        if (line->str[i] == '\0')
            line->str[i] = '?';
    return g_string_free(g_steal_pointer(&line), FALSE);
}

gboolean coi_wire_answer_challenge(CoiStream *stream, CoiSasl *sasl, const char *challenge, GError **error)
{
    char *answer = coi_sasl_step(sasl, challenge, error);
    if (answer == NULL)
        return FALSE;
    gboolean sent = coi_wire_send_secret(stream, answer, error);
    explicit_bzero(answer, strlen(answer));
    g_free(answer);
    return sent;
}

char *coi_wire_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), (gsize)MAX_PRINTABLE));
    GString *printable = g_string_new(NULL);
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '\n' || c == '\t' || g_unichar_type(c) == G_UNICODE_LINE_SEPARATOR ||
            g_unichar_type(c) == G_UNICODE_PARAGRAPH_SEPARATOR)
            g_string_append_c(printable, ' ');
        else if (!g_unichar_iscntrl(c) && g_unichar_type(c) != G_UNICODE_FORMAT)
            g_string_append_unichar(printable, c);
    }
    return g_string_free(printable, FALSE);
}

GThread *coi_wire_thread_new(const char *name, GThreadFunc run, gpointer data)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    GThread *thread = g_thread_try_new(name, run, data, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}
