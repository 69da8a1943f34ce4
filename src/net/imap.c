#include "net/imap.h"

#include "base/error.h"
#include "net/imap_fetch.h"
#include "net/imap_status.h"
#include "net/imap_text.h"

#include <string.h>

/* libetpan's handler for single messages is ignored unless there is also one for progress (ETPAN.md section 4). */
static void ignore_progress(size_t current, size_t maximum, void *context)
{
    (void)current, (void)maximum, (void)context;
}

gboolean coi_imap_is_over(const GError *error)
{
    return error != NULL && !g_error_matches(error, COI_ERROR, COI_ERROR_REFUSED) &&
           !g_error_matches(error, COI_ERROR, COI_ERROR_INVALID);
}

/* writing */

gboolean coi_imap_write(CoiImap *imap, const char *bytes, gsize length)
{
    return mailstream_write(imap->session->imap_stream, bytes, length) == (ssize_t)length;
}

gboolean coi_imap_flush(CoiImap *imap)
{
    return mailstream_flush(imap->session->imap_stream) == 0;
}

guint coi_imap_send(CoiImap *imap, guint timeout_ms, const char *command)
{
    g_autoptr(GError) ignored = NULL;
    coi_stream_begin_command(imap->stream, timeout_ms);
    if (imap->idle_tag != 0) {
        imap->done_tag = imap->idle_tag;
        imap->idle_tag = 0;
        coi_imap_write(imap, "DONE\r\n", 6);
        if (imap->one_by_one && coi_imap_flush(imap))
            coi_imap_answer(imap, 0, &ignored);
    }
    guint tag = ++imap->last_tag;
    char text[16];
    int n = g_snprintf(text, sizeof text, "%u ", tag);
    coi_imap_write(imap, text, (gsize)n);
    coi_imap_write(imap, command, strlen(command));
    coi_imap_write(imap, "\r\n", 2);
    coi_imap_flush(imap);
    return tag;
}

/* reading */

/* The words of the BYE in what was read last, or NULL. */
static char *bye_words(const CoiImap *imap)
{
    const char *at = imap->session->imap_stream_buffer->str;
    while (at != NULL && *at != '\0') {
        g_auto(CoiImapLine) line = {0};
        coi_imap_line_parse(at, 0, &line);
        if (line.kind == COI_LINE_BYE)
            return g_steal_pointer(&line.words);
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    return NULL;
}

gboolean coi_imap_broken(CoiImap *imap, GError **error)
{
    g_autoptr(GError) local = NULL;
    coi_stream_explain(imap->stream, "the server's answer could not be understood", &local);
    g_autofree char *words = bye_words(imap);
    if (words != NULL &&
        (g_error_matches(local, COI_ERROR, COI_ERROR_CLOSED) || g_error_matches(local, COI_ERROR, COI_ERROR_PROTOCOL)))
        g_set_error(error, COI_ERROR, COI_ERROR_CLOSED, "%s", words);
    else
        g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean refuse(GError **error, const CoiImapLine *line)
{
    gboolean silent = line->words == NULL || line->words[0] == '\0';
    g_set_error_literal(error, COI_ERROR, COI_ERROR_REFUSED, silent ? "refused without a word" : line->words);
    return FALSE;
}

static void note_changes(CoiImap *imap)
{
    struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    if (selection == NULL)
        return;
    guint32 expunged = (guint32)clist_count(imap->session->imap_response_info->rsp_expunged);
    imap->exists_before -= MIN(imap->exists_before, expunged);
    /* Servers may repeat the number that we know already, some with every answer. */
    imap->arrived |= selection->sel_has_exists && selection->sel_exists != imap->exists_before;
    selection->sel_has_exists = 0;
    coi_imap_status_take_lines(imap, imap->session->imap_stream_buffer->str);
}

/* libetpan reads line by line and stops at the tagged one: it is the last in its buffer. */
static const char *last_line(const CoiImap *imap)
{
    const MMAPString *buffer = imap->session->imap_stream_buffer;
    gsize at = buffer->len;
    while (at > 0 && (buffer->str[at - 1] == '\n' || buffer->str[at - 1] == '\r'))
        at--;
    while (at > 0 && buffer->str[at - 1] != '\n')
        at--;
    return buffer->str + at;
}

static gboolean read_answer(CoiImap *imap, guint tag, GError **error)
{
    struct mailimap_response *response = NULL;
    imap->session->imap_tag = (int)tag;
    if (mailimap_read_line(imap->session) == NULL)
        return coi_imap_broken(imap, error);
    int r = mailimap_parse_response(imap->session, &response);
    if (r == MAILIMAP_NO_ERROR)
        mailimap_response_free(response);
    else if (r != MAILIMAP_ERROR_PROTOCOL) /* which BAD is, too */
        return coi_imap_broken(imap, error);
    note_changes(imap);
    g_auto(CoiImapLine) line = {0};
    coi_imap_line_parse(last_line(imap), tag, &line);
    g_free(imap->code);
    imap->code = g_steal_pointer(&line.code);
    imap->bad = line.kind == COI_LINE_BAD;
    if (line.kind == COI_LINE_NO || line.kind == COI_LINE_BAD)
        return refuse(error, &line);
    return line.kind == COI_LINE_OK || coi_imap_broken(imap, error);
}

/* The answer to an IDLE that a command ended. Its refusal (the server grew tired of it at the same moment) is no
 * matter. */
static gboolean finish_idle(CoiImap *imap, GError **error)
{
    g_autoptr(GError) local = NULL;
    guint tag = imap->done_tag;
    imap->done_tag = 0;
    if (tag == 0 || read_answer(imap, tag, &local) || !coi_imap_is_over(local))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean coi_imap_answer(CoiImap *imap, guint tag, GError **error)
{
    return finish_idle(imap, error) && (tag == 0 || read_answer(imap, tag, error));
}

gboolean coi_imap_try_answer(CoiImap *imap, guint tag, gboolean *good, GError **error)
{
    g_autoptr(GError) local = NULL;
    *good = tag != 0 && coi_imap_answer(imap, tag, &local);
    if (!coi_imap_is_over(local))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean coi_imap_command(CoiImap *imap, guint timeout_ms, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *command = g_strdup_vprintf(format, args);
    va_end(args);
    return coi_imap_answer(imap, coi_imap_send(imap, timeout_ms, command), error);
}

gboolean coi_imap_read_line(CoiImap *imap, guint tag, CoiImapLine *line, GError **error)
{
    if (mailimap_read_line(imap->session) == NULL)
        return coi_imap_broken(imap, error);
    coi_imap_line_parse(imap->session->imap_stream_buffer->str, tag, line);
    struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    if (line->kind == COI_LINE_BYE || line->kind == COI_LINE_LITERAL)
        return coi_imap_broken(imap, error);
    if (line->kind == COI_LINE_EXISTS && selection != NULL) {
        selection->sel_exists = line->number;
        imap->arrived |= line->number != imap->exists_before;
    } else if (line->kind == COI_LINE_EXPUNGE && selection != NULL) {
        selection->sel_exists -= MIN(selection->sel_exists, 1);
        imap->exists_before -= MIN(imap->exists_before, 1);
    } else if (line->kind == COI_LINE_WARNING) {
        imap->warned = TRUE;
    } else if (line->kind == COI_LINE_FLAGS) {
        imap->flags_changed |= imap->watch_flags;
    } else if (line->kind == COI_LINE_STATUS) {
        coi_imap_status_take(imap, line->words);
    }
    return TRUE;
}

gboolean coi_imap_continue(CoiImap *imap, guint tag, char **challenge, gboolean *done, GError **error)
{
    if (!finish_idle(imap, error))
        return FALSE;
    for (;;) {
        g_auto(CoiImapLine) line = {0};
        if (!coi_imap_read_line(imap, tag, &line, error))
            return FALSE;
        if (line.kind == COI_LINE_CONTINUE) {
            if (challenge != NULL)
                *challenge = g_steal_pointer(&line.words);
            *done = FALSE;
            return TRUE;
        }
        if (line.kind != COI_LINE_OK && line.kind != COI_LINE_NO && line.kind != COI_LINE_BAD)
            continue;
        g_free(imap->code);
        imap->code = g_steal_pointer(&line.code);
        if (line.kind != COI_LINE_OK)
            return refuse(error, &line);
        *done = TRUE;
        return TRUE;
    }
}

/* capabilities */

gboolean coi_imap_has(const CoiImap *imap, const char *capability)
{
    return imap->capabilities != NULL && g_strv_contains((const char *const *)imap->capabilities, capability);
}

gboolean coi_imap_take_capabilities(CoiImap *imap)
{
    static const char key[] = "[CAPABILITY ";
    const char *list = g_strstr_len(last_line(imap), -1, key);
    const char *end = list == NULL ? NULL : strchr(list, ']');
    if (end == NULL)
        return FALSE;
    list += sizeof key - 1;
    g_autofree char *upper = g_ascii_strup(list, end - list);
    g_strfreev(imap->capabilities);
    imap->capabilities = g_strsplit(upper, " ", -1);
    return TRUE;
}

gboolean coi_imap_ask_capabilities(CoiImap *imap, GError **error)
{
    if (!coi_imap_command(imap, COI_IMAP_TIMEOUT_LOGIN, error, "CAPABILITY"))
        return FALSE;
    const struct mailimap_capability_data *data = imap->session->imap_connection_info->imap_capability;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (clistiter *at = data == NULL ? NULL : clist_begin(data->cap_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_capability *one = clist_content(at);
        gboolean auth = one->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE;
        g_autofree char *name =
            g_strconcat(auth ? "AUTH=" : "", auth ? one->cap_data.cap_auth_type : one->cap_data.cap_name, NULL);
        g_ptr_array_add(names, g_ascii_strup(name, -1));
    }
    g_ptr_array_add(names, NULL);
    g_strfreev(imap->capabilities);
    imap->capabilities = (GStrv)g_ptr_array_free(g_steal_pointer(&names), FALSE);
    return TRUE;
}

/* opening */

static gboolean greet(CoiImap *imap, GError **error)
{
    coi_stream_begin_command(imap->stream, COI_IMAP_TIMEOUT_LOGIN);
    if (mailimap_read_line(imap->session) == NULL)
        return coi_imap_broken(imap, error);
    const char *line = imap->session->imap_stream_buffer->str;
    imap->logged_in = g_ascii_strncasecmp(line, "* PREAUTH", 9) == 0;
    return imap->logged_in || g_ascii_strncasecmp(line, "* OK", 4) == 0 || coi_imap_broken(imap, error);
}

static gboolean start_tls(CoiImap *imap, GError **error)
{
    /* Who is let in before the handshake may be let in by somebody in the middle (RFC 9051 section 11.2). */
    if (imap->logged_in) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_TLS, "PREAUTH instead of STARTTLS");
        return FALSE;
    }
    g_autoptr(GError) local = NULL;
    if (!coi_imap_command(imap, COI_IMAP_TIMEOUT_LOGIN, &local, "STARTTLS")) {
        if (g_error_matches(local, COI_ERROR, COI_ERROR_REFUSED))
            local->code = COI_ERROR_NO_STARTTLS;
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return coi_stream_start_tls(imap->stream, error);
}

static gboolean begin(CoiImap *imap, const CoiServer *server, GError **error)
{
    if (!greet(imap, error))
        return FALSE;
    if (server->security == COI_SECURITY_STARTTLS) {
        if (!start_tls(imap, error))
            return FALSE;
    } else if (coi_imap_take_capabilities(imap)) {
        return TRUE;
    }
    g_autoptr(GError) local = NULL;
    if (coi_imap_ask_capabilities(imap, &local))
        return TRUE;
    if (g_error_matches(local, COI_ERROR, COI_ERROR_REFUSED))
        local->code = COI_ERROR_PROTOCOL;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

CoiImap *coi_imap_new(CoiStream *stream, const CoiServer *server, GError **error)
{
    g_autoptr(CoiImap) imap = g_new0(CoiImap, 1);
    imap->stream = stream;
    imap->session = mailimap_new(0, NULL);
    imap->session->imap_stream = coi_stream_mailstream(stream);
    imap->session->imap_connection_info = mailimap_connection_info_new();
    mailimap_set_progress_callback(imap->session, NULL, ignore_progress, NULL);
    mailimap_set_msg_att_handler(imap->session, coi_imap_take_message, imap);
    if (begin(imap, server, error))
        return g_steal_pointer(&imap);
    imap->stream = NULL;
    return NULL;
}

void coi_imap_free(CoiImap *imap)
{
    if (imap == NULL)
        return;
    imap->session->imap_stream = NULL; /* else libetpan says LOGOUT and closes */
    mailimap_free(imap->session);
    coi_stream_free(imap->stream);
    g_strfreev(imap->capabilities);
    g_free(imap->selected);
    g_free(imap->code);
    g_free(imap->also);
    g_free(imap);
}
