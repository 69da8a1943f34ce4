#include "mime/compose.h"

#include "base/error.h"
#include "base/limits.h"
#include "mime/body.h"
#include "mime/encode.h"
#include "mime/ids.h"
#include "mime/snippet.h"
#include "mime/text.h"

#include <gmime/gmime.h>
#include <string.h>

/* COI.md: about this many characters of the text become the subject. */
#define SUBJECT_SNIPPET 40

static gboolean invalid(GError **error, const char *what)
{
    g_set_error(error, COI_ERROR, COI_ERROR_INVALID, "%s can't be sent", what);
    return FALSE;
}

/* Adds one field, or says which one can't be sent. */
static gboolean add(GString *out, const char *name, const char *value, GError **error)
{
    return coi_encode_field(out, name, value) || invalid(error, name);
}

static gboolean is_canonical(const char *address)
{
    g_autofree char *normal = coi_address_normalize(address);

    return normal != NULL && strcmp(normal, address) == 0;
}

static gboolean is_id(const char *id)
{
    return coi_ids_is_one(id, strlen(id));
}

/* The Subject's text, one line of UTF-8. Owned by the caller. */
static char *subject_of(const CoiDraft *draft)
{
    g_autofree char *snippet = NULL;

    if (draft->subject != NULL)
        return coi_text_line(draft->subject);
    snippet = coi_snippet(draft->text, SUBJECT_SNIPPET);
    return *snippet == '\0' ? g_strdup("Chat") : g_strconcat("Chat: ", snippet, NULL);
}

static gboolean add_date(GString *out, const char *name, gint64 seconds, GError **error)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = NULL;

    if (date == NULL || g_date_time_get_year(date) > 9999)
        return invalid(error, name);
    text = g_mime_utils_header_format_date(date);
    return add(out, name, text, error);
}

static gboolean add_recipients(GString *out, const GPtrArray *to, GError **error)
{
    g_autoptr(GString) value = g_string_new(NULL);

    if (to == NULL || to->len == 0 || to->len > COI_LIMIT_RECIPIENTS)
        return invalid(error, "To");
    for (guint i = 0; i < to->len; i++) {
        const CoiAddress *address = g_ptr_array_index(to, i);
        g_autofree char *line = NULL;
        g_autofree char *name = NULL;

        if (!is_canonical(address->address) || (address->name != NULL && !g_utf8_validate(address->name, -1, NULL)))
            return invalid(error, "To");
        line = address->name != NULL ? coi_text_line(address->name) : g_strdup("");
        name = coi_encode_name(line);
        if (i > 0)
            g_string_append(value, ", ");
        if (*name != '\0')
            g_string_append_printf(value, "%s <%s>", name, address->address);
        else
            g_string_append(value, address->address);
    }
    return add(out, "To", value->str, error);
}

static gboolean add_id(GString *out, const char *name, const char *id, GError **error)
{
    g_autofree char *value = NULL;

    if (id == NULL || !is_id(id))
        return invalid(error, name);
    value = g_strconcat("<", id, ">", NULL);
    return add(out, name, value, error);
}

/* COI.md: the first message of the conversation and the last one, only those two; the very first names itself. */
static gboolean add_references(GString *out, const CoiDraft *draft, GError **error)
{
    const char *first = draft->first_reference != NULL ? draft->first_reference : draft->message_id;
    const char *last = draft->last_reference != NULL ? draft->last_reference : first;
    g_autofree char *value = NULL;

    if (!is_id(first) || !is_id(last))
        return invalid(error, "References");
    value =
        strcmp(first, last) == 0 ? g_strconcat("<", first, ">", NULL) : g_strconcat("<", first, "> <", last, ">", NULL);
    return add(out, "References", value, error);
}

static gboolean add_ids(GString *out, const CoiDraft *draft, GError **error)
{
    return add_id(out, "Message-ID", draft->message_id, error) && add_references(out, draft, error) &&
           (draft->in_reply_to == NULL || add_id(out, "In-Reply-To", draft->in_reply_to, error)) &&
           add_id(out, "X-Microsoft-Original-Message-ID", draft->message_id, error);
}

static gboolean add_chat(GString *out, const CoiDraft *draft, GError **error)
{
    if (!add(out, "Chat-Version", draft->takes_typing ? "1.0; typing=1" : "1.0", error) ||
        (draft->chat_content != NULL && !add(out, "Chat-Content", draft->chat_content, error)) ||
        (draft->automatic != NULL && !add(out, "Auto-Submitted", draft->automatic, error)) ||
        (draft->expires != 0 && !add_date(out, "Expires", draft->expires, error)))
        return FALSE;
    return !draft->ask_receipt || (add(out, "Disposition-Notification-To", draft->from, error) &&
                                   add(out, "Chat-Disposition-Notification-To", draft->from, error));
}

static gboolean check(const CoiDraft *draft, GError **error)
{
    if (draft->text == NULL || strlen(draft->text) > COI_LIMIT_SENT_TEXT || !g_utf8_validate(draft->text, -1, NULL))
        return invalid(error, "a text that is too long or not UTF-8");
    if (draft->from == NULL || !is_canonical(draft->from))
        return invalid(error, "From");
    if (draft->html != NULL && (strlen(draft->html) > COI_LIMIT_SENT_HTML || !g_utf8_validate(draft->html, -1, NULL)))
        return invalid(error, "formatting that is too long or not UTF-8");
    if (draft->chat_edit != NULL && !is_id(draft->chat_edit))
        return invalid(error, "Chat-Edit");
    if (draft->receipt_for != NULL && (draft->ask_receipt || !is_id(draft->receipt_for)))
        return invalid(error, "Original-Message-ID");
    if (draft->subject != NULL && !g_utf8_validate(draft->subject, -1, NULL))
        return invalid(error, "Subject");
    return TRUE;
}

GBytes *coi_mail_compose(const CoiDraft *draft, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *line = NULL;
    g_autofree char *subject = NULL;

    if (!check(draft, error))
        return NULL;
    line = subject_of(draft);
    subject = coi_encode_text(line);
    if (!add_date(out, "Date", draft->date, error) || !add(out, "From", draft->from, error) ||
        !add_recipients(out, draft->to, error) || !add(out, "Subject", subject, error) || !add_ids(out, draft, error) ||
        !add_chat(out, draft, error) || !add(out, "MIME-Version", "1.0", error) || !coi_body_append(out, draft, error))
        return NULL;
    return g_string_free_to_bytes(g_steal_pointer(&out));
}
