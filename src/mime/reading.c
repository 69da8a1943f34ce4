#include "mime/reading.h"

#include "mime/flowed.h"
#include "mime/html.h"
#include "mime/plain.h"
#include "mime/text.h"

#include <string.h>

/* How much of a page is looked at for what it says of itself. */
#define LIMIT_PROLOGUE 2048
/* A plain part that says "use a program that knows HTML" is shorter than this, and the html longer than so many of it. */
#define LIMIT_EXCUSE 400
#define EXCUSES 4

static gboolean is_html(const CoiPart *part)
{
    return strcmp(part->media, "text/html") == 0;
}

/* Text for programs. */
static gboolean is_data(const CoiPart *part)
{
    static const char *const media[] = {"text/calendar", "text/x-vcalendar", "text/vcard", "text/x-vcard", "text/directory", "text/rtf",
                                        "text/css", "text/xml", "text/csv", "text/x-amp-html", "text/rfc822-headers", "text/javascript"};

    for (gsize i = 0; i < G_N_ELEMENTS(media); i++)
        if (strcmp(part->media, media[i]) == 0)
            return TRUE;
    return FALSE;
}

gboolean coi_reading_is_shown(const CoiPart *part)
{
    if (!g_str_has_prefix(part->media, "text/") || is_data(part) || part->of_report || part->attached)
        return FALSE;
    if (part->alternative >= 0 && !is_html(part) && strcmp(part->media, "text/plain") != 0)
        return FALSE; /* another form of the same text */
    return part->filename == NULL || part->depth == 0; /* the mail itself is text whatever name it has */
}

/* The charset that an html page names in its head, or NULL. */
static char *charset_of_page(const GByteArray *bytes)
{
    g_autofree char *head = g_strndup((const char *)bytes->data, MIN(bytes->len, LIMIT_PROLOGUE));
    g_autofree char *lower = g_ascii_strdown(head, -1);
    const char *found = strstr(lower, "charset=");

    if (found == NULL)
        return NULL;
    found += strlen("charset=");
    found += strspn(found, "\"' ");
    return g_strndup(found, strspn(found, "abcdefghijklmnopqrstuvwxyz0123456789-_:"));
}

/* The part as it stands, in UTF-8. */
static char *decoded(const CoiPart *part)
{
    g_autoptr(GByteArray) bytes = coi_part_decode(part);
    g_autofree char *page = part->charset == NULL && is_html(part) ? charset_of_page(bytes) : NULL;
    GString *utf8 = coi_text_from_charset(bytes->data, bytes->len, part->charset != NULL ? part->charset : page);
    char *text = coi_text_clean(utf8->str, utf8->len);

    g_string_free(utf8, TRUE);
    return text;
}

char *coi_reading_text(const CoiPart *part)
{
    char *text = decoded(part);

    if (!is_html(part) && part->flowed) {
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

/* Some programs label one as the other. */
static gboolean looks_like_html(const char *text)
{
    static const char *const begins[] = {"<!doctype html", "<html", "<head", "<body"};

    text += strspn(text, " \t\n\xEF\xBB\xBF");
    for (gsize i = 0; i < G_N_ELEMENTS(begins); i++)
        if (g_ascii_strncasecmp(text, begins[i], strlen(begins[i])) == 0)
            return TRUE;
    return FALSE;
}

static void read_part(CoiLines *lines, const CoiPart *part, GPtrArray *files)
{
    g_autofree char *text = coi_reading_text(part);
    gboolean html = is_html(part) ? strchr(text, '<') != NULL || strchr(text, '&') != NULL : looks_like_html(text);

    if (is_blank(text))
        return;
    coi_lines_begin_part(lines);
    if (html)
        coi_html_read(lines, text);
    else
        coi_plain_read(lines, text, files);
}

/* The first part of an alternative of that media type; NULL: there is none, or nothing in it. */
static const CoiPart *find_in_alternative(const GPtrArray *parts, int alternative, const char *media)
{
    for (guint i = (guint)alternative + 1; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);

        if (part->alternative == alternative && !part->is_multipart && coi_reading_is_shown(part) && strcmp(part->media, media) == 0) {
            g_autofree char *text = coi_reading_text(part);

            if (!is_blank(text))
                return part;
        }
    }
    return NULL;
}

/* "To view this message, please use a program that displays HTML." */
static gboolean is_excuse(const CoiPart *plain, const CoiPart *html)
{
    g_autofree char *text = plain->length <= LIMIT_EXCUSE && html != NULL ? coi_reading_text(plain) : NULL;

    return text != NULL && html->length > EXCUSES * plain->length &&
           (strstr(text, "HTML") != NULL || strstr(text, "html") != NULL);
}

/* Which part stands for the alternative: then no other text of it is shown. NULL: whatever is in it. */
static const CoiPart *choice_of(const GPtrArray *parts, int alternative)
{
    const CoiPart *plain = find_in_alternative(parts, alternative, "text/plain");
    const CoiPart *html = plain != NULL ? find_in_alternative(parts, alternative, "text/html") : NULL;

    return plain != NULL && is_excuse(plain, html) ? html : plain;
}

CoiLines *coi_reading_lines(const GPtrArray *parts, GPtrArray *files)
{
    CoiLines *lines = coi_lines_new();
    const CoiPart *chosen = NULL;
    int looked_at = -1;

    for (guint i = 0; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);

        if (part->alternative >= 0 && part->alternative != looked_at) {
            looked_at = part->alternative;
            chosen = choice_of(parts, looked_at);
        }
        if (!part->is_multipart && coi_reading_is_shown(part) && (part->alternative < 0 || chosen == NULL || part == chosen))
            read_part(lines, part, files);
    }
    return lines;
}

CoiLines *coi_reading_html(const GPtrArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);

        if (!part->is_multipart && part->alternative >= 0 && is_html(part) && coi_reading_is_shown(part) && !part->has_content) {
            CoiLines *lines = coi_lines_new();

            read_part(lines, part, NULL);
            return lines;
        }
    }
    return NULL;
}
