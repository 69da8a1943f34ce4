#include "prpl/markup.h"

#include <string.h>

#include "prpl/tag.h"

typedef struct {
    GString *text;
    char *href;       /* of the link being read, or NULL */
    gsize link_start; /* where its text begins */
    const char *skip; /* the end tag up to which nothing is text, or NULL */
} Reader;

static void end_link(Reader *reader)
{
    g_autofree char *href = g_steal_pointer(&reader->href);
    if (!coi_link_is_implied(href, reader->text->str + reader->link_start))
        g_string_append_printf(reader->text, " (%s)", href);
}

static void take_tag(Reader *reader, const CoiTag *tag)
{
    if (reader->skip != NULL) {
        if (g_str_equal(tag->name, reader->skip))
            reader->skip = NULL;
        return;
    }
    if (g_str_equal(tag->name, "br") || (coi_tag_is_block(tag) && reader->text->len > 0)) {
        g_string_append_c(reader->text, '\n');
    } else if (g_str_equal(tag->name, "script")) {
        reader->skip = "/script";
    } else if (g_str_equal(tag->name, "style")) {
        reader->skip = "/style";
    } else if (g_str_equal(tag->name, "a")) {
        g_free(reader->href);
        reader->href = coi_tag_attribute(tag, "href");
        reader->link_start = reader->text->len;
    } else if (g_str_equal(tag->name, "/a") && reader->href != NULL) {
        end_link(reader);
    }
}

char *coi_markup_to_text(const char *html)
{
    g_autofree char *valid = g_utf8_make_valid(html, -1);
    Reader reader = {.text = g_string_sized_new(strlen(valid))};
    for (const char *p = valid; *p != '\0';) {
        CoiTag tag;
        const char *end = *p == '<' ? coi_tag_read(p, &tag) : NULL;
        if (end != NULL) {
            take_tag(&reader, &tag);
        } else if (reader.skip != NULL) {
            end = p + 1;
        } else {
            end = *p == '&' ? coi_entity_read(p, reader.text) : NULL;
            if (end == NULL && *p != '\r')
                g_string_append_c(reader.text, *p);
        }
        p = end != NULL ? end : p + 1;
    }
    g_free(reader.href);
    return g_string_free(reader.text, FALSE);
}

char *coi_markup_from_text(const char *text, gsize limit, const char *note)
{
    gboolean cut = strlen(text) > limit;
    /* A character cut in two would be shown as a replacement. */
    while (cut && limit > 0 && (text[limit] & 0xc0) == 0x80)
        limit--;
    g_autofree char *valid = g_utf8_make_valid(text, cut ? (gssize)limit : -1);
    GString *html = g_string_sized_new(strlen(valid) + 64);
    coi_tag_append_escaped(html, valid);
    if (cut) {
        g_string_append(html, "<br>");
        coi_tag_append_escaped(html, note);
    }
    return g_string_free(html, FALSE);
}

guint coi_markup_count_tags(const char *html)
{
    guint count = 0;
    for (; *html != '\0'; html++)
        count += *html == '<';
    return count;
}

guint coi_markup_count_links(const char *html)
{
    static const char *const marks[] = {"://", "www.", "ftp.", "mailto:", "xmpp:", "sip:", "@"};
    guint count = 0;
    for (guint i = 0; i < G_N_ELEMENTS(marks); i++)
        for (const char *p = strstr(html, marks[i]); p != NULL; p = strstr(p + 1, marks[i]))
            count++;
    return count;
}

char *coi_markup_escape_again(const char *html)
{
    g_auto(GStrv) pieces = g_strsplit(html, "&", -1);
    return g_strjoinv("&amp;", pieces);
}
