#include "mime/parse.h"

#include "base/limits.h"
#include "mime/fields.h"
#include "mime/flowed.h"
#include "mime/headers.h"
#include "mime/html.h"
#include "mime/part.h"
#include "mime/text.h"
#include "mime/words.h"

#include <string.h>

/* What file systems take, and a line of a chat too. */
#define LIMIT_FILENAME 255

void coi_mail_free(CoiMail *mail)
{
    if (mail == NULL)
        return;
    coi_headers_free(mail->headers);
    g_free(mail->text);
    g_clear_pointer(&mail->attachments, g_ptr_array_unref);
    g_free(mail);
}

static gboolean is_text(const CoiPart *part)
{
    return strcmp(part->media, "text/plain") == 0 || strcmp(part->media, "text/html") == 0;
}

/* A part that a person reads in place. The mail itself is text whatever name it has. */
static gboolean is_shown(const CoiPart *part)
{
    return is_text(part) && !part->of_report && !part->attached && (part->filename == NULL || part->depth == 0);
}

/* What a person reads of part. Owned by the caller. */
static char *text_of(const CoiPart *part)
{
    g_autoptr(GByteArray) bytes = coi_part_decode(part);
    GString *utf8 = coi_text_from_charset(bytes->data, bytes->len, part->charset);
    char *text = coi_text_clean(utf8->str, utf8->len);

    g_string_free(utf8, TRUE);
    if (strcmp(part->media, "text/html") == 0) {
        char *reduced = coi_html_to_text(text);

        g_free(text);
        text = coi_text_clean(reduced, strlen(reduced)); /* "&#1;" */
        g_free(reduced);
    } else if (part->flowed) {
        char *joined = coi_flowed_decode(text, part->delsp);

        g_free(text);
        text = joined;
    }
    return coi_text_trim_end(text);
}

static gboolean is_blank(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

/* Which part a multipart/alternative shows: its first text/plain with content; then no other text of it is shown. */
static const CoiPart *plain_of(const GPtrArray *parts, int alternative)
{
    for (guint i = (guint)alternative + 1; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);

        if (part->alternative == alternative && is_shown(part) && strcmp(part->media, "text/plain") == 0) {
            g_autofree char *text = text_of(part);

            if (!is_blank(text))
                return part;
        }
    }
    return NULL;
}

static char *text_of_mail(const GPtrArray *parts)
{
    GString *out = g_string_new(NULL);
    const CoiPart *plain = NULL;
    int looked_at = -1;

    for (guint i = 0; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);
        g_autofree char *text = NULL;

        if (part->alternative >= 0 && part->alternative != looked_at) {
            looked_at = part->alternative;
            plain = plain_of(parts, looked_at);
        }
        if (part->is_multipart || !is_shown(part) || (part->alternative >= 0 && plain != NULL && part != plain))
            continue;
        text = text_of(part);
        if (is_blank(text))
            continue;
        if (out->len > 0)
            g_string_append(out, "\n\n");
        g_string_append(out, text);
    }
    return g_string_free(out, FALSE);
}

/* "../a/b\n.pdf" → "b.pdf"; NULL when nothing is left. Owned by the caller. */
static char *clean_name(const char *name)
{
    g_autofree char *line = name != NULL ? coi_text_line(name) : NULL;
    const char *base = line;

    if (line == NULL)
        return NULL;
    for (const char *p = line; *p != '\0'; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    while (*base == ' ')
        base++;
    if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return NULL;
    return coi_text_truncate(g_strdup(base), LIMIT_FILENAME);
}

/* The subject of a mail that lies in part, or NULL. Its addresses are nobody's business here. */
static char *subject_of(const CoiPart *part)
{
    g_autoptr(GByteArray) bytes = coi_part_decode(part);
    gsize body;
    g_autoptr(GArray) fields = coi_fields_scan(bytes->data, bytes->len, &body, NULL);
    g_autofree char *value = fields != NULL ? coi_fields_get(fields, "Subject") : NULL;
    g_autofree char *decoded = value != NULL ? coi_words_decode(value) : NULL;
    g_autofree char *line = decoded != NULL ? coi_text_line(decoded) : NULL;

    if (line == NULL || *line == '\0')
        return NULL;
    return coi_text_truncate(g_steal_pointer(&line), LIMIT_FILENAME);
}

/* Parts that a program reads, not a person. */
static gboolean is_machinery(const CoiPart *part)
{
    static const char *const media[] = {"application/pgp-signature", "application/pkcs7-signature",
                                        "application/x-pkcs7-signature", "application/pgp-encrypted"};

    for (gsize i = 0; i < G_N_ELEMENTS(media); i++)
        if (strcmp(part->media, media[i]) == 0)
            return TRUE;
    return FALSE;
}

static GPtrArray *attachments_of(const GPtrArray *parts)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);
        char *name;

        if (part->is_multipart || part->of_report || is_shown(part) || is_machinery(part))
            continue;
        if (part->alternative >= 0 && !part->attached && part->filename == NULL)
            continue; /* another form of the same text, a calendar's for instance */
        name = clean_name(part->filename);
        if (name == NULL && g_str_has_prefix(part->media, "message/"))
            name = subject_of(part);
        if (name == NULL)
            name = coi_text_truncate(coi_text_line(part->media), LIMIT_FILENAME);
        g_ptr_array_add(names, name);
    }
    return names;
}

CoiMail *coi_mail_parse(const guint8 *bytes, gsize length, GError **error)
{
    g_autoptr(CoiHeaders) headers = coi_headers_parse(bytes, length, error);
    g_autoptr(GPtrArray) parts = headers != NULL ? coi_parts_scan(bytes, length, error) : NULL;
    CoiMail *mail;

    if (parts == NULL)
        return NULL;
    mail = g_new0(CoiMail, 1);
    mail->headers = g_steal_pointer(&headers);
    if (parts->len > 1)
        coi_headers_add_part(mail->headers, g_ptr_array_index(parts, 1));
    mail->text = text_of_mail(parts);
    mail->attachments = attachments_of(parts);
    return mail;
}
