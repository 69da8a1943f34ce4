#include "prpl/tag.h"

#include <string.h>

const char *coi_tag_read(const char *html, CoiTag *tag)
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
        else if (*p == '<')
            return NULL; /* many beginnings and no end would be read again and again */
    }
    if (*p == '\0')
        return NULL;
    tag->length = p - tag->attributes;
    return p + 1;
}

const char *coi_entity_read(const char *p, GString *text)
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
        const char *end = *p == '&' ? coi_entity_read(p, text) : NULL;
        if (end == NULL)
            g_string_append_c(text, *p);
        p = end != NULL ? end : p + 1;
    }
    return g_string_free(text, FALSE);
}

gboolean coi_tag_is_block(const CoiTag *tag)
{
    static const char *const names[] = {"p", "div", "tr", "li", "hr", "h1", "h2", "h3", "blockquote", "pre", "table"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(tag->name, names[i]))
            return TRUE;
    return FALSE;
}

/* The value behind "name=", which must not be the end of another name. */
static const char *find_value(const char *attributes, const char *name)
{
    gsize length = strlen(name);
    for (const char *p = attributes; *p != '\0'; p++)
        if ((p == attributes || g_ascii_isspace(p[-1]) || p[-1] == '"' || p[-1] == '\'') &&
            g_ascii_strncasecmp(p, name, length) == 0 && p[length] == '=')
            return p + length + 1;
    return NULL;
}

char *coi_tag_attribute(const CoiTag *tag, const char *name)
{
    g_autofree char *attributes = g_strndup(tag->attributes, tag->length);
    const char *value = find_value(attributes, name);
    if (value == NULL)
        return NULL;
    if (*value == '"' || *value == '\'') {
        const char *end = strchr(value + 1, *value);
        return end != NULL ? resolve(value + 1, end - value - 1) : NULL;
    }
    return resolve(value, strcspn(value, " \t\r\n"));
}

gboolean coi_link_is_implied(const char *href, const char *shown)
{
    static const char *const implied[] = {"", "http://", "https://", "mailto:", "ftp://", "xmpp:", "sip:"};
    for (guint i = 0; i < G_N_ELEMENTS(implied); i++)
        if (g_str_has_prefix(href, implied[i]) && g_str_equal(href + strlen(implied[i]), shown))
            return TRUE;
    return FALSE;
}

/* IRC clients take control characters as commands, others as nothing to see. */
static gboolean is_unwanted(gunichar c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
}

void coi_tag_append_escaped(GString *html, const char *text)
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
