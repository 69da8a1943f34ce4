#include "mime/html.h"

#include "mime/text.h"

#include <libxml/HTMLparser.h>
#include <string.h>

/* More bytes than a person reads in one mail; the parser's cost grows faster than the text. */
#define LIMIT_HTML (4 * 1024 * 1024)
/* Newsletters nest tables some 60 deep. The parser walks its stack of open elements at every tag. */
#define LIMIT_DEPTH 400
/* Quotes and lists deeper than this are written as if they weren't. */
#define LIMIT_INDENT 10

typedef enum {
    KIND_DROP,      /* with all that is inside */
    KIND_BLOCK,     /* on lines of its own */
    KIND_PARAGRAPH, /* with an empty line around */
    KIND_BREAK,
    KIND_RULE,
    KIND_LIST,
    KIND_ORDERED,
    KIND_ITEM,
    KIND_QUOTE,
    KIND_CELL,
    KIND_PRE,
    KIND_LINK,
    KIND_IMAGE,
} Kind;

static const struct {
    const char *name;
    Kind kind;
} elements[] = {
    {"script", KIND_DROP},   {"style", KIND_DROP},   {"head", KIND_DROP},    {"title", KIND_DROP},
    {"template", KIND_DROP}, {"object", KIND_DROP},  {"iframe", KIND_DROP},  {"select", KIND_DROP},
    {"div", KIND_BLOCK},     {"tr", KIND_BLOCK},     {"table", KIND_BLOCK},  {"section", KIND_BLOCK},
    {"article", KIND_BLOCK}, {"header", KIND_BLOCK}, {"footer", KIND_BLOCK}, {"center", KIND_BLOCK},
    {"address", KIND_BLOCK}, {"dt", KIND_BLOCK},     {"dd", KIND_BLOCK},     {"form", KIND_BLOCK},
    {"caption", KIND_BLOCK}, {"figure", KIND_BLOCK}, {"p", KIND_PARAGRAPH},  {"h1", KIND_PARAGRAPH},
    {"h2", KIND_PARAGRAPH},  {"h3", KIND_PARAGRAPH}, {"h4", KIND_PARAGRAPH}, {"h5", KIND_PARAGRAPH},
    {"h6", KIND_PARAGRAPH},  {"dl", KIND_PARAGRAPH}, {"br", KIND_BREAK},     {"hr", KIND_RULE},
    {"ul", KIND_LIST},       {"ol", KIND_ORDERED},   {"li", KIND_ITEM},      {"blockquote", KIND_QUOTE},
    {"td", KIND_CELL},       {"th", KIND_CELL},      {"pre", KIND_PRE},      {"a", KIND_LINK},
    {"img", KIND_IMAGE},
};

typedef struct {
    GString *out;
    xmlParserCtxtPtr parser;
    guint depth;       /* open elements */
    guint dropping;    /* the depth at which a dropped element began, 0: none */
    guint pre;         /* open <pre> */
    guint quotes;      /* open <blockquote> */
    guint newlines;    /* line ends that are due before the next text */
    gboolean space;    /* a space is due before the next text */
    gboolean began;    /* something was written */
    gboolean at_start; /* of a line */
    GArray *lists;     /* guint: the next number of each open list, 0: not numbered */
    char *link;        /* the open link's address */
    gsize link_start;  /* where its text begins in out */
} Reader;

/* Writes what is due, so that text can follow. */
static void settle(Reader *reader)
{
    if (reader->began && reader->newlines > 0) {
        for (guint i = 0; i < reader->newlines; i++) {
            g_string_append_c(reader->out, '\n');
            for (guint quote = 0; i + 1 < reader->newlines && quote < MIN(reader->quotes, LIMIT_INDENT); quote++)
                g_string_append_c(reader->out, '>');
        }
        reader->at_start = TRUE;
    }
    if (reader->at_start) {
        for (guint quote = 0; quote < MIN(reader->quotes, LIMIT_INDENT); quote++)
            g_string_append_c(reader->out, '>');
        if (reader->quotes > 0)
            g_string_append_c(reader->out, ' ');
    } else if (reader->space && reader->newlines == 0) {
        g_string_append_c(reader->out, ' ');
    }
    reader->newlines = 0;
    reader->space = FALSE;
    reader->at_start = FALSE;
    reader->began = TRUE;
}

static void due(Reader *reader, guint newlines)
{
    reader->newlines = MAX(reader->newlines, newlines);
    reader->space = FALSE;
}

static Kind kind_of(const char *name, gboolean *known)
{
    for (gsize i = 0; i < G_N_ELEMENTS(elements); i++) {
        if (strcmp(elements[i].name, name) == 0) {
            *known = TRUE;
            return elements[i].kind;
        }
    }
    *known = FALSE;
    return KIND_BLOCK;
}

static const char *attribute(const xmlChar **attributes, const char *name)
{
    for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
        if (strcmp((const char *)attributes[0], name) == 0)
            return (const char *)attributes[1];
    return NULL;
}

/* Newsletters hide a teaser at the top that isn't part of the text. */
static gboolean is_hidden(const xmlChar **attributes)
{
    const char *style = attribute(attributes, "style");
    const char *display = style != NULL ? strstr(style, "display") : NULL;

    if (display == NULL)
        return FALSE;
    display += strlen("display");
    display += strspn(display, " \t\r\n");
    if (*display++ != ':')
        return FALSE;
    display += strspn(display, " \t\r\n");
    return g_ascii_strncasecmp(display, "none", 4) == 0;
}

static void begin_item(Reader *reader)
{
    guint *number = reader->lists->len > 0 ? &g_array_index(reader->lists, guint, reader->lists->len - 1) : NULL;

    due(reader, 1);
    settle(reader);
    for (guint i = 1; i < MIN(reader->lists->len, LIMIT_INDENT); i++)
        g_string_append(reader->out, "  ");
    if (number != NULL && *number > 0)
        g_string_append_printf(reader->out, "%u. ", (*number)++);
    else
        g_string_append(reader->out, "- ");
    reader->at_start = FALSE;
}

static void begin_list(Reader *reader, guint first)
{
    due(reader, reader->lists->len > 0 ? 1 : 2);
    g_array_append_val(reader->lists, first);
}

/* The link's address, unless it says nothing to a reader of text. */
static void begin_link(Reader *reader, const char *href)
{
    g_autofree char *line = href != NULL ? coi_text_line(href) : NULL;

    if (line == NULL || (g_ascii_strncasecmp(line, "http:", 5) != 0 && g_ascii_strncasecmp(line, "https:", 6) != 0 &&
                         g_ascii_strncasecmp(line, "mailto:", 7) != 0))
        return;
    if (reader->space || reader->newlines > 0 || reader->at_start)
        settle(reader);
    g_free(reader->link);
    reader->link = g_steal_pointer(&line);
    reader->link_start = reader->out->len;
}

/* "example.org/" says the same as "https://www.example.org". */
static char *bare(const char *address)
{
    g_autofree char *lower = g_utf8_casefold(address, -1);
    char *p = g_strstrip(lower);
    gsize length;

    static const char *const prefixes[] = {"mailto:", "http://", "https://", "www."};
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(p, prefixes[i]))
            p += strlen(prefixes[i]);
    length = strlen(p);
    while (length > 0 && p[length - 1] == '/')
        length--;
    return g_strndup(p, length);
}

static void end_link(Reader *reader)
{
    g_autofree char *link = g_steal_pointer(&reader->link);
    g_autofree char *shown = NULL;
    g_autofree char *meant = NULL;

    if (link == NULL)
        return;
    shown = bare(reader->out->str + MIN(reader->link_start, reader->out->len));
    meant = bare(link);
    if (strcmp(shown, meant) == 0)
        return;
    if (*shown == '\0') /* a picture as a link: its address is noise more often than not */
        return;
    g_string_append_printf(reader->out, " (%s)", link);
}

static void append_text(Reader *reader, const char *text, int length)
{
    const char *end = text + length;

    for (const char *p = text; p < end; p++) {
        if (reader->pre > 0 && *p == '\n') {
            if (reader->newlines > 0 && reader->began)
                settle(reader);
            reader->newlines = 1;
        } else if (g_ascii_isspace(*p) && reader->pre == 0) {
            reader->space = !reader->at_start;
        } else {
            if (reader->newlines > 0 || reader->space || reader->at_start)
                settle(reader);
            g_string_append_c(reader->out, *p);
        }
    }
}

static void begin_element(Reader *reader, Kind kind, const xmlChar **attributes)
{
    const char *alt = attribute(attributes, "alt");

    switch (kind) {
    case KIND_DROP:
        reader->dropping = reader->depth;
        break;
    case KIND_BLOCK:
        due(reader, 1);
        break;
    case KIND_PARAGRAPH:
        due(reader, 2);
        break;
    case KIND_BREAK:
        reader->newlines = MIN(reader->newlines + 1, 3);
        reader->space = FALSE;
        break;
    case KIND_RULE:
        due(reader, 2);
        break;
    case KIND_LIST:
        begin_list(reader, 0);
        break;
    case KIND_ORDERED:
        begin_list(reader, 1);
        break;
    case KIND_ITEM:
        begin_item(reader);
        break;
    case KIND_QUOTE:
        due(reader, 1);
        reader->quotes++;
        break;
    case KIND_CELL:
        reader->space = !reader->at_start;
        break;
    case KIND_PRE:
        due(reader, 2);
        reader->pre++;
        break;
    case KIND_LINK:
        begin_link(reader, attribute(attributes, "href"));
        break;
    case KIND_IMAGE:
        if (alt != NULL)
            append_text(reader, alt, (int)strlen(alt));
        break;
    }
}

static void end_element(Reader *reader, Kind kind)
{
    switch (kind) {
    case KIND_BLOCK:
    case KIND_ITEM:
        due(reader, 1);
        break;
    case KIND_PARAGRAPH:
        due(reader, 2);
        break;
    case KIND_LIST:
    case KIND_ORDERED:
        if (reader->lists->len > 0)
            g_array_set_size(reader->lists, reader->lists->len - 1);
        due(reader, reader->lists->len > 0 ? 1 : 2);
        break;
    case KIND_QUOTE:
        reader->quotes -= reader->quotes > 0;
        due(reader, 1);
        break;
    case KIND_PRE:
        reader->pre -= reader->pre > 0;
        due(reader, 2);
        break;
    case KIND_LINK:
        end_link(reader);
        break;
    default:
        break;
    }
}

static void on_start(void *data, const xmlChar *name, const xmlChar **attributes)
{
    Reader *reader = data;
    gboolean known;
    Kind kind = kind_of((const char *)name, &known);

    if (++reader->depth > LIMIT_DEPTH)
        xmlStopParser(reader->parser);
    if (reader->dropping != 0)
        return;
    if (is_hidden(attributes))
        reader->dropping = reader->depth;
    else if (known)
        begin_element(reader, kind, attributes);
}

static void on_end(void *data, const xmlChar *name)
{
    Reader *reader = data;
    gboolean known;
    Kind kind = kind_of((const char *)name, &known);

    if (reader->dropping == 0 && known)
        end_element(reader, kind);
    if (reader->dropping == reader->depth)
        reader->dropping = 0;
    reader->depth -= reader->depth > 0;
}

static void on_text(void *data, const xmlChar *text, int length)
{
    Reader *reader = data;

    if (reader->dropping == 0)
        append_text(reader, (const char *)text, length);
}

char *coi_html_to_text(const char *html)
{
    htmlSAXHandler handler = {
        .startElement = on_start, .endElement = on_end, .characters = on_text, .ignorableWhitespace = on_text};
    Reader reader = {.out = g_string_new(NULL), .lists = g_array_new(FALSE, FALSE, sizeof(guint)), .at_start = TRUE};
    gsize length = MIN(strlen(html), (gsize)LIMIT_HTML);
    char *text;

    reader.parser = htmlNewParserCtxt();
    if (reader.parser != NULL) {
        *reader.parser->sax = handler; /* no tree is built; not the push parser, which drops what follows </html> */
        reader.parser->userData = &reader;
        htmlCtxtReadMemory(reader.parser, html, (int)length, NULL, "UTF-8",
                           HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER);
        htmlFreeParserCtxt(reader.parser);
    }
    g_free(reader.link);
    g_array_unref(reader.lists);
    text = g_utf8_make_valid(reader.out->str, (gssize)reader.out->len); /* what the limit cut in two */
    g_string_free(reader.out, TRUE);
    return text;
}
