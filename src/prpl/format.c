#include "prpl/format.h"

#include <string.h>

#include "prpl/tag.h"

/* More formatting at once has no honest use. */
#define NESTING 32
#define LONGEST_VALUE 100

typedef struct {
    const char *name; /* static */
    char *attributes; /* " color=\"red\"", or "" */
    char *href;       /* of a link, else NULL */
    gsize shown;      /* where a link's text begins in Writer.text */
} Element;

typedef struct {
    GString *html;
    GString *text;      /* what was written, without markup */
    GArray *open;       /* Element */
    guint written;      /* so many of these stand in html: the others wait for a text */
    gboolean formatted; /* something says more than its text */
    const char *skip;   /* the end tag up to which nothing is text, or NULL */
} Writer;

static void element_clear(gpointer data)
{
    Element *element = data;
    g_free(element->attributes);
    g_free(element->href);
}

/* By the name of its tag. NULL: left out. */
static const char *clean_name(const char *name)
{
    static const char *const names[][2] = {{"b", "b"}, {"strong", "b"}, {"i", "i"},       {"em", "i"},      {"u", "u"},
                                           {"s", "s"}, {"strike", "s"}, {"del", "s"},     {"font", "font"}, {"a", "a"}};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i][0], name))
            return names[i][1];
    return NULL;
}

static gboolean consists_of(const char *value, const char *further)
{
    for (const char *p = value; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr(further, *p) == NULL)
            return FALSE;
    return *value != '\0' && strlen(value) <= LONGEST_VALUE;
}

static char *font_attributes(const CoiTag *tag)
{
    static const struct {
        const char *name, *further;
    } known[] = {{"color", "#"}, {"face", " ,-_."}, {"size", "+-"}};
    GString *attributes = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        g_autofree char *value = coi_tag_attribute(tag, known[i].name);
        if (value != NULL && consists_of(value, known[i].further))
            g_string_append_printf(attributes, " %s=\"%s\"", known[i].name, value);
    }
    return g_string_free(attributes, FALSE);
}

/* Addresses that may be opened by a click anywhere. */
static gboolean is_harmless(const char *href)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:", "ftp://", "xmpp:", "sip:"};
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strncasecmp(href, schemes[i], strlen(schemes[i])) == 0)
            return TRUE;
    return FALSE;
}

/* A font that says nothing and a link that leads nowhere only wait for their ends. */
static gboolean is_empty(const Element *element)
{
    if (g_str_equal(element->name, "a"))
        return element->href == NULL;
    return g_str_equal(element->name, "font") && *element->attributes == '\0';
}

static void write_begin(Writer *writer, Element *element)
{
    element->shown = writer->text->len;
    if (is_empty(element))
        return;
    if (element->href != NULL) {
        g_string_append(writer->html, "<a href=\"");
        coi_tag_append_escaped(writer->html, element->href);
        g_string_append(writer->html, "\">");
        return;
    }
    writer->formatted = TRUE;
    g_string_append_printf(writer->html, "<%s%s>", element->name, element->attributes);
}

static void write_end(Writer *writer, const Element *element)
{
    if (!is_empty(element))
        g_string_append_printf(writer->html, "</%s>", element->name);
    if (element->href != NULL && !coi_link_is_implied(element->href, writer->text->str + element->shown))
        writer->formatted = TRUE;
}

/* Those from `first` on end in html; they may go on behind. */
static void interrupt(Writer *writer, guint first)
{
    while (writer->written > first)
        write_end(writer, &g_array_index(writer->open, Element, --writer->written));
}

/* Ends the innermost one of that name, wherever it stands among others. */
static void end(Writer *writer, const char *name)
{
    for (guint i = writer->open->len; i-- > 0;) {
        if (g_str_equal(g_array_index(writer->open, Element, i).name, name)) {
            interrupt(writer, i);
            g_array_remove_index(writer->open, i);
            return;
        }
    }
}

static void begin(Writer *writer, const char *name, const CoiTag *tag)
{
    Element element = {.name = name};
    gboolean link = g_str_equal(name, "a");
    if (link)
        end(writer, name); /* there is no link inside a link */
    if (writer->open->len >= NESTING)
        return;
    if (link) {
        element.href = coi_tag_attribute(tag, "href");
        if (element.href == NULL || !is_harmless(element.href))
            g_clear_pointer(&element.href, g_free);
    }
    element.attributes = g_str_equal(name, "font") ? font_attributes(tag) : g_strdup("");
    g_array_append_val(writer->open, element);
}

static void add_text(Writer *writer, const char *text)
{
    if (text[strspn(text, " \t\n")] != '\0')
        while (writer->written < writer->open->len)
            write_begin(writer, &g_array_index(writer->open, Element, writer->written++));
    g_string_append(writer->text, text);
    coi_tag_append_escaped(writer->html, text);
}

static void take_tag(Writer *writer, const CoiTag *tag)
{
    if (writer->skip != NULL) {
        if (g_str_equal(tag->name, writer->skip))
            writer->skip = NULL;
        return;
    }
    const char *name = clean_name(tag->name + (*tag->name == '/'));
    if (name != NULL && *tag->name == '/')
        end(writer, name);
    else if (name != NULL)
        begin(writer, name, tag);
    else if (g_str_equal(tag->name, "script"))
        writer->skip = "/script";
    else if (g_str_equal(tag->name, "style"))
        writer->skip = "/style";
    else if (g_str_equal(tag->name, "br") || (coi_tag_is_block(tag) && writer->text->len > 0))
        add_text(writer, "\n");
}

/* All text up to the next tag. What follows it. */
static const char *take_text(Writer *writer, const char *p, CoiTag *tag)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *next = NULL;
    while (*p != '\0' && next == NULL) {
        const char *entity_end = *p == '&' ? coi_entity_read(p, text) : NULL;
        gsize length = 1 + strcspn(p + 1, "<&\r");
        if (entity_end == NULL && *p != '\r')
            g_string_append_len(text, p, (gssize)length);
        p = entity_end != NULL ? entity_end : *p == '\r' ? p + 1 : p + length;
        next = *p == '<' ? coi_tag_read(p, tag) : NULL;
    }
    if (writer->skip == NULL)
        add_text(writer, text->str);
    return p;
}

/* HTML swallows the spaces at the beginning of a line and those behind another one. */
static char *keep_spaces(const char *html)
{
    GString *kept = g_string_new(NULL);
    gboolean swallowed = TRUE;
    for (const char *p = html; *p != '\0';) {
        gsize length = *p == '<' ? strcspn(p, ">") + 1 : 1;
        if (*p == ' ' && swallowed)
            g_string_append(kept, "&nbsp;");
        else
            g_string_append_len(kept, p, (gssize)length);
        if (*p != '<')
            swallowed = *p == ' ';
        else if (g_str_has_prefix(p, "<br>"))
            swallowed = TRUE;
        p += length;
    }
    return g_string_free(kept, FALSE);
}

char *coi_format_clean(const char *html)
{
    g_autofree char *valid = g_utf8_make_valid(html, -1);
    Writer writer = {.html = g_string_new(NULL), .text = g_string_new(NULL), .open = g_array_new(FALSE, FALSE, sizeof(Element))};
    g_array_set_clear_func(writer.open, element_clear);
    for (const char *p = valid; *p != '\0';) {
        CoiTag tag;
        const char *next = *p == '<' ? coi_tag_read(p, &tag) : NULL;
        if (next != NULL)
            take_tag(&writer, &tag);
        p = next != NULL ? next : take_text(&writer, p, &tag);
    }
    interrupt(&writer, 0);
    char *clean = writer.formatted ? keep_spaces(writer.html->str) : NULL;
    g_array_unref(writer.open);
    g_string_free(writer.text, TRUE);
    g_string_free(writer.html, TRUE);
    return clean;
}
