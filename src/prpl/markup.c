#include "prpl/markup.h"

#include <string.h>

/* A tag, as far as it matters here. */
typedef struct {
    char name[16]; /* lower case, "/" first when it ends an element */
    const char *attributes;
    gsize length; /* of the attributes */
} Tag;

static const char *const block_tags[] = {"p", "div", "tr", "li", "hr", "h1", "h2", "h3", "blockquote", "pre", "table"};

static gboolean is_block(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(block_tags); i++)
        if (g_str_equal(name, block_tags[i]))
            return TRUE;
    return FALSE;
}

/* Reads the tag at html ("<…"). Its end, or NULL when this is no tag but a lonely "<". */
static const char *read_tag(const char *html, Tag *tag)
{
    const char *p = html + 1;
    gsize n = 0;
    if (*p == '/')
        tag->name[n++] = *p++;
    if (!g_ascii_isalpha(*p) && *p != '!')
        return NULL;
    for (; g_ascii_isalnum(*p) || *p == '!' || *p == '-'; p++)
        if (n < sizeof tag->name - 1)
            tag->name[n++] = g_ascii_tolower(*p);
    tag->name[n] = '\0';
    tag->attributes = p;
    for (char quote = '\0'; *p != '\0' && (quote != '\0' || *p != '>'); p++) {
        if (quote != '\0')
            quote = *p == quote ? '\0' : quote;
        else if (*p == '"' || *p == '\'')
            quote = *p;
    }
    if (*p == '\0')
        return NULL;
    tag->length = p - tag->attributes;
    return p + 1;
}

/* Resolves the entity at p ("&…") into text. Its end, or NULL when it is none that we know. */
static const char *read_entity(const char *p, GString *text)
{
    static const struct {
        const char *name, *is;
    } entities[] = {{"amp;", "&"},  {"lt;", "<"},   {"gt;", ">"},        {"quot;", "\""},
                    {"apos;", "'"}, {"nbsp;", " "}, {"copy;", "\u00a9"}, {"reg;", "\u00ae"}};
    p++;
    for (guint i = 0; i < G_N_ELEMENTS(entities); i++) {
        if (g_ascii_strncasecmp(p, entities[i].name, strlen(entities[i].name)) == 0) {
            g_string_append(text, entities[i].is);
            return p + strlen(entities[i].name);
        }
    }
    if (*p++ != '#')
        return NULL;
    gboolean hex = *p == 'x' || *p == 'X';
    const char *digits = hex ? p + 1 : p;
    char *end;
    guint64 c = g_ascii_strtoull(digits, &end, hex ? 16 : 10);
    if (!g_ascii_isxdigit(*digits) || end == digits || *end != ';' || c == 0 || c > 0x10ffff || !g_unichar_validate(c))
        return NULL;
    g_string_append_unichar(text, c);
    return end + 1;
}

static char *resolve(const char *html, gsize length)
{
    g_autofree char *copy = g_strndup(html, length);
    GString *text = g_string_new(NULL);
    for (const char *p = copy; *p != '\0';) {
        const char *end = *p == '&' ? read_entity(p, text) : NULL;
        if (end == NULL)
            g_string_append_c(text, *p);
        p = end != NULL ? end : p + 1;
    }
    return g_string_free(text, FALSE);
}

/* The value of href, or NULL. */
static char *read_href(const Tag *tag)
{
    g_autofree char *attributes = g_strndup(tag->attributes, tag->length);
    g_autofree char *lower = g_ascii_strdown(attributes, -1);
    const char *found = strstr(lower, "href=");
    if (found == NULL)
        return NULL;
    const char *value = attributes + (found - lower) + strlen("href=");
    if (*value == '"' || *value == '\'') {
        const char *end = strchr(value + 1, *value);
        return end != NULL ? resolve(value + 1, end - value - 1) : NULL;
    }
    return resolve(value, strcspn(value, " \t\r\n"));
}

typedef struct {
    GString *text;
    char *href;       /* of the link being read, or NULL */
    gsize link_start; /* where its text begins */
    const char *skip; /* the end tag up to which nothing is text, or NULL */
} Reader;

/* Clients make links of what looks like one ("ann@x.org" → mailto:, "www.x.org" → http://): no news for the reader. */
static void end_link(Reader *reader)
{
    static const char *const implied[] = {"", "http://", "https://", "mailto:", "ftp://", "xmpp:", "sip:"};
    const char *shown = reader->text->str + reader->link_start;
    gboolean same = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(implied) && !same; i++)
        same = g_str_has_prefix(reader->href, implied[i]) && g_str_equal(reader->href + strlen(implied[i]), shown);
    g_autofree char *href = g_steal_pointer(&reader->href);
    if (!same)
        g_string_append_printf(reader->text, " (%s)", href);
}

static void take_tag(Reader *reader, const Tag *tag)
{
    if (reader->skip != NULL) {
        if (g_str_equal(tag->name, reader->skip))
            reader->skip = NULL;
        return;
    }
    if (g_str_equal(tag->name, "br") || (is_block(tag->name) && reader->text->len > 0)) {
        g_string_append_c(reader->text, '\n');
    } else if (g_str_equal(tag->name, "script")) {
        reader->skip = "/script";
    } else if (g_str_equal(tag->name, "style")) {
        reader->skip = "/style";
    } else if (g_str_equal(tag->name, "a")) {
        g_free(reader->href);
        reader->href = read_href(tag);
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
        Tag tag;
        const char *end = *p == '<' ? read_tag(p, &tag) : NULL;
        if (end != NULL) {
            take_tag(&reader, &tag);
        } else if (reader.skip != NULL) {
            end = p + 1;
        } else {
            end = *p == '&' ? read_entity(p, reader.text) : NULL;
            if (end == NULL && *p != '\r')
                g_string_append_c(reader.text, *p);
        }
        p = end != NULL ? end : p + 1;
    }
    g_free(reader.href);
    return g_string_free(reader.text, FALSE);
}

/* IRC clients take control characters as commands, others as nothing to see. */
static gboolean is_unwanted(gunichar c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
}

static void append_escaped(GString *html, const char *text)
{
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '\n')
            g_string_append(html, "<br>");
        else if (c == '&')
            g_string_append(html, "&amp;");
        else if (c == '<')
            g_string_append(html, "&lt;");
        else if (c == '>')
            g_string_append(html, "&gt;");
        else if (c == '"')
            g_string_append(html, "&quot;");
        else if (!is_unwanted(c))
            g_string_append_unichar(html, c);
    }
}

char *coi_markup_from_text(const char *text, gsize limit, const char *note)
{
    gboolean cut = strlen(text) > limit;
    /* A character cut in two would be shown as a replacement. */
    while (cut && limit > 0 && (text[limit] & 0xc0) == 0x80)
        limit--;
    g_autofree char *valid = g_utf8_make_valid(text, cut ? (gssize)limit : -1);
    GString *html = g_string_sized_new(strlen(valid) + 64);
    append_escaped(html, valid);
    if (cut) {
        g_string_append(html, "<br>");
        append_escaped(html, note);
    }
    return g_string_free(html, FALSE);
}
