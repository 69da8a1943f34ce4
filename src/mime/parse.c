#include "mime/parse.h"

#include "base/limits.h"
#include "mime/fields.h"
#include "mime/headers.h"
#include "mime/part.h"
#include "mime/quote.h"
#include "mime/reading.h"
#include "mime/subject.h"
#include "mime/text.h"
#include "mime/words.h"

#include <string.h>

/* What file systems take, and a line of a chat too. */
#define LIMIT_FILENAME 255
/* Attached mails that are opened: so deep, and so many of one mail. The others are named. */
#define LIMIT_FORWARD_DEPTH 3u
#define LIMIT_FORWARDED 20u

static CoiMail *parse(const guint8 *bytes, gsize length, guint depth, GError **error);

void coi_mail_free(CoiMail *mail)
{
    if (mail == NULL)
        return;
    coi_headers_free(mail->headers);
    g_free(mail->text);
    g_free(mail->html);
    g_free(mail->whole);
    g_clear_pointer(&mail->attachments, g_ptr_array_unref);
    g_clear_pointer(&mail->forwarded, g_ptr_array_unref);
    g_clear_pointer(&mail->appointments, g_ptr_array_unref);
    g_free(mail);
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

/* The subject of a mail that isn't opened, or NULL. */
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

static gboolean is_one_of(const char *media, const char *const *list)
{
    return g_strv_contains(list, media);
}

/* Parts that a program reads, not a person. */
static gboolean is_machinery(const CoiPart *part)
{
    static const char *const media[] = {"application/pgp-signature",   "application/pkcs7-signature", "application/x-pkcs7-signature",
                                        "application/pgp-encrypted", "application/pgp-keys",        NULL};

    return is_one_of(part->media, media);
}

static gboolean is_calendar(const CoiPart *part)
{
    static const char *const media[] = {"text/calendar", "application/ics", "text/x-vcalendar", NULL};

    return is_one_of(part->media, media);
}

static void name_attachment(CoiMail *mail, const CoiPart *part)
{
    char *name = clean_name(part->filename);

    if (name == NULL && g_str_has_prefix(part->media, "message/"))
        name = subject_of(part);
    if (name == NULL)
        name = coi_text_truncate(coi_text_line(part->media), LIMIT_FILENAME);
    g_ptr_array_add(mail->attachments, name);
}

/* An appointment often comes twice: as another form of the text and as a file. */
static void take_calendar(CoiMail *mail, const CoiPart *part)
{
    g_autofree char *text = coi_reading_text(part);
    CoiCalendar *calendar = coi_calendar_parse(text);

    if (calendar == NULL) {
        if (part->alternative < 0 || part->attached || part->filename != NULL)
            name_attachment(mail, part);
    } else if (mail->appointments->len > 0) {
        const CoiCalendar *first = g_ptr_array_index(mail->appointments, 0);
        gboolean same = g_strcmp0(first->summary, calendar->summary) == 0 && g_strcmp0(first->when, calendar->when) == 0;

        if (same)
            coi_calendar_free(calendar);
        else
            g_ptr_array_add(mail->appointments, calendar);
    } else {
        g_ptr_array_add(mail->appointments, calendar);
    }
}

static void take_mail(CoiMail *mail, const CoiPart *part, guint depth)
{
    g_autoptr(GByteArray) bytes = NULL;
    CoiMail *forwarded = NULL;

    if (depth < LIMIT_FORWARD_DEPTH && mail->forwarded->len < LIMIT_FORWARDED) {
        bytes = coi_part_decode(part);
        forwarded = parse(bytes->data, bytes->len, depth + 1, NULL);
    }
    if (forwarded != NULL)
        g_ptr_array_add(mail->forwarded, forwarded);
    else
        name_attachment(mail, part);
}

static void take_others(CoiMail *mail, const GPtrArray *parts, guint depth)
{
    for (guint i = 0; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);

        if (part->is_multipart || part->of_report || coi_reading_is_shown(part) || is_machinery(part))
            continue;
        if (is_calendar(part))
            take_calendar(mail, part);
        else if (part->alternative >= 0 && !part->attached && part->filename == NULL)
            continue; /* another form of the same text */
        else if (strcmp(part->media, "message/rfc822") == 0)
            take_mail(mail, part, depth);
        else
            name_attachment(mail, part);
    }
}

static void clean_files(CoiMail *mail, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        char *name = clean_name(g_ptr_array_index(files, i));

        if (name != NULL)
            g_ptr_array_add(mail->attachments, name);
    }
}

static gboolean is_answer(const char *subject)
{
    g_autofree char *bare = coi_subject_bare(subject);

    return strcmp(bare, subject) != 0;
}

/* Quotes and signatures are folded away, unless that is all there is. */
static void fold(const CoiMail *mail, CoiLines *lines)
{
    const CoiHeaders *headers = mail->headers;
    const char *subject = headers->subject != NULL ? headers->subject : "";
    CoiQuoteHints hints = {.is_reply = headers->references[0] != NULL || headers->in_reply_to[0] != NULL ||
                                       is_answer(subject),
                           .is_forward = coi_subject_is_forward(subject)};

    coi_quote_fold(lines, &hints);
    if (!coi_lines_any_shown(lines) && mail->attachments->len == 0 && mail->forwarded->len == 0 && mail->appointments->len == 0)
        coi_lines_unfold(lines);
}

static void take_text(CoiMail *mail, const GPtrArray *parts, CoiLines *lines)
{
    gboolean chat = mail->headers->chat_version != NULL;
    g_autoptr(CoiLines) html = chat ? coi_reading_html(parts) : NULL;

    if (!chat)
        fold(mail, lines);
    mail->text = coi_lines_text(lines, FALSE);
    mail->html = coi_lines_markup(html != NULL ? html : lines);
    if (coi_lines_any_folded(lines))
        mail->whole = coi_lines_text(lines, TRUE);
}

static CoiMail *parse(const guint8 *bytes, gsize length, guint depth, GError **error)
{
    g_autoptr(CoiHeaders) headers = coi_headers_parse(bytes, length, error);
    g_autoptr(GPtrArray) parts = headers != NULL ? coi_parts_scan(bytes, length, error) : NULL;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(CoiLines) lines = NULL;
    CoiMail *mail;

    if (parts == NULL)
        return NULL;
    mail = g_new0(CoiMail, 1);
    mail->headers = g_steal_pointer(&headers);
    if (parts->len > 1)
        coi_headers_add_part(mail->headers, g_ptr_array_index(parts, 1));
    mail->attachments = g_ptr_array_new_with_free_func(g_free);
    mail->forwarded = g_ptr_array_new_with_free_func((GDestroyNotify)coi_mail_free);
    mail->appointments = g_ptr_array_new_with_free_func((GDestroyNotify)coi_calendar_free);
    lines = coi_reading_lines(parts, files);
    clean_files(mail, files);
    take_others(mail, parts, depth);
    take_text(mail, parts, lines);
    return mail;
}

CoiMail *coi_mail_parse(const guint8 *bytes, gsize length, GError **error)
{
    return parse(bytes, length, 0, error);
}
