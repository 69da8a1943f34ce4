#include "mime/html_writer.h"

#include "mime/link.h"
#include "mime/text.h"

#include <string.h>

/* Quotes and lists deeper than this are written as if they weren't. */
#define LIMIT_INDENT 10
/* Markup in proportion to the html, so that a link's address that is said again and again can't fill the memory. */
#define LIMIT_MARKUP(html) (8 * (html) + 4096)
/* No address is longer: such a text says something else than its address. */
#define LIMIT_LINK_TEXT (4 * 1024)

static const char *const format_names[] = {"b", "i", "u", "s", "sub", "sup"};
G_STATIC_ASSERT(G_N_ELEMENTS(format_names) == COI_HTML_FORMATS);

static void free_face(gpointer data)
{
    g_free(((CoiHtmlFont *)data)->face);
}

void coi_html_writer_init(CoiHtmlWriter *writer, CoiLines *lines, gsize html_length)
{
    *writer = (CoiHtmlWriter){.lines = lines,
                              .fonts = g_array_new(FALSE, TRUE, sizeof(CoiHtmlFont)),
                              .list_numbers = g_array_new(FALSE, FALSE, sizeof(guint)),
                              .link_text = g_string_new(NULL),
                              .markup_limit = lines->markup->len + LIMIT_MARKUP(html_length),
                              .at_start = TRUE};
    g_array_set_clear_func(writer->fonts, free_face);
    g_array_set_size(writer->fonts, 1);
}

guint coi_html_writer_font(CoiHtmlWriter *writer, CoiHtmlFont font)
{
    const CoiHtmlFont *now = &g_array_index(writer->fonts, CoiHtmlFont, writer->wanted.font);

    if (strcmp(now->color, font.color) == 0 && g_strcmp0(now->face, font.face) == 0 && now->size == font.size) {
        g_free(font.face);
        return writer->wanted.font;
    }
    g_array_append_val(writer->fonts, font);
    return writer->fonts->len - 1;
}

static void close_formats(CoiHtmlWriter *writer, guint effects)
{
    for (guint i = COI_HTML_FORMATS; i-- > 0;)
        if (effects & 1u << i)
            g_string_append_printf(writer->lines->markup, "</%s>", format_names[i]);
}

static void open_formats(CoiHtmlWriter *writer, guint effects)
{
    for (guint i = 0; i < COI_HTML_FORMATS; i++)
        if (effects & 1u << i)
            g_string_append_printf(writer->lines->markup, "<%s>", format_names[i]);
}

static void open_font(CoiHtmlWriter *writer, guint index)
{
    const CoiHtmlFont *font = &g_array_index(writer->fonts, CoiHtmlFont, index);
    GString *markup = writer->lines->markup;

    if (index == 0)
        return;
    g_string_append(markup, "<font");
    if (*font->color != '\0')
        g_string_append_printf(markup, " color=\"%s\"", font->color);
    if (font->face != NULL)
        g_string_append_printf(markup, " face=\"%s\"", font->face);
    if (font->size != 0)
        g_string_append_printf(markup, " size=\"%d\"", font->size);
    g_string_append_c(markup, '>');
}

static void open_link(CoiHtmlWriter *writer)
{
    GString *markup = writer->lines->markup;

    writer->link_markup = markup->len;
    writer->link_line = writer->lines->lines->len;
    g_string_append(markup, "<a href=\"");
    coi_text_escape(markup, writer->link, strlen(writer->link));
    g_string_append(markup, "\">");
}

/* From the format that the markup has to the one wanted: a link is outside of all, then the font, then the rest in their order. */
static void change_format(CoiHtmlWriter *writer, CoiHtmlFormat wanted)
{
    const CoiHtmlFormat *now = &writer->format;
    gboolean link = now->link != wanted.link;
    gboolean font = link || now->font != wanted.font;
    guint different = now->effects ^ wanted.effects;
    guint inside = font ? ~0u : ~((different & -different) - 1); /* the first that differs, and those in it */

    if (writer->plain || (!font && different == 0))
        return;
    close_formats(writer, now->effects & inside);
    if (font && now->font != 0)
        g_string_append(writer->lines->markup, "</font>");
    if (link && now->link)
        g_string_append(writer->lines->markup, "</a>");
    if (link && wanted.link)
        open_link(writer);
    if (font)
        open_font(writer, wanted.font);
    open_formats(writer, wanted.effects & inside);
    writer->format = wanted;
}

/* So much markup: from the line being written on it goes without. */
static void check_markup(CoiHtmlWriter *writer)
{
    GString *markup = writer->lines->markup;
    const GArray *lines = writer->lines->lines;
    const CoiLine *last = lines->len > 0 ? &g_array_index(lines, CoiLine, lines->len - 1) : NULL;

    if (writer->plain || markup->len <= writer->markup_limit)
        return;
    g_string_truncate(markup, last != NULL ? last->markup + last->markup_length : 0);
    writer->plain = TRUE;
}

static void put(CoiHtmlWriter *writer, const char *text, gsize length)
{
    g_string_append_len(writer->lines->text, text, (gssize)length);
    if (!writer->plain)
        coi_text_escape(writer->lines->markup, text, length);
    if (writer->link != NULL && writer->link_text->len < LIMIT_LINK_TEXT)
        g_string_append_len(writer->link_text, text, (gssize)length);
}

static void put_quote_marks(CoiHtmlWriter *writer, guint quotes)
{
    for (guint i = 0; i < MIN(quotes, LIMIT_INDENT); i++)
        put(writer, ">", 1);
}

static void end_line(CoiHtmlWriter *writer)
{
    CoiLine *line;

    change_format(writer, (CoiHtmlFormat){0});
    line = coi_lines_end_line(writer->lines, writer->line_quotes, writer->content, TRUE);
    line->mark = line->blank ? COI_MARK_NONE : writer->line_mark;
}

static void begin_line(CoiHtmlWriter *writer)
{
    gsize start = writer->lines->text->len;

    writer->line_mark = writer->header ? COI_MARK_HEADER : writer->mark;
    writer->header = FALSE;
    writer->line_quotes = writer->quotes;
    put_quote_marks(writer, writer->quotes);
    if (writer->quotes > 0)
        put(writer, " ", 1);
    writer->content = writer->lines->text->len - start;
}

static void put_bullet(CoiHtmlWriter *writer)
{
    GArray *numbers = writer->list_numbers;
    guint *number = numbers->len > 0 ? &g_array_index(numbers, guint, numbers->len - 1) : NULL;
    g_autofree char *bullet = number != NULL && *number > 0 ? g_strdup_printf("%u. ", (*number)++) : g_strdup("- ");

    for (guint i = 1; i < MIN(numbers->len, LIMIT_INDENT); i++)
        put(writer, "  ", 2);
    put(writer, bullet, strlen(bullet));
    writer->item = FALSE;
}

/* Empty lines within a quote have its marks. */
static void put_newlines(CoiHtmlWriter *writer)
{
    guint quotes = MIN(writer->line_quotes, writer->quotes);

    end_line(writer);
    for (guint i = 1; i < writer->newlines; i++) {
        put_quote_marks(writer, quotes);
        coi_lines_end_line(writer->lines, quotes, MIN(quotes, LIMIT_INDENT), TRUE);
    }
    writer->at_start = TRUE;
}

/* Writes what is due, so that text can follow. */
static void settle(CoiHtmlWriter *writer)
{
    if (writer->began && writer->newlines > 0)
        put_newlines(writer);
    if (writer->at_start)
        begin_line(writer);
    else if (writer->space)
        put(writer, " ", 1);
    if (writer->item)
        put_bullet(writer);
    writer->newlines = 0;
    writer->space = FALSE;
    writer->at_start = FALSE;
    writer->began = TRUE;
}

void coi_html_writer_finish(CoiHtmlWriter *writer)
{
    coi_html_writer_end_link(writer);
    if (writer->began)
        end_line(writer);
    g_array_unref(writer->fonts);
    g_array_unref(writer->list_numbers);
    g_string_free(writer->link_text, TRUE);
}

void coi_html_writer_due(CoiHtmlWriter *writer, guint newlines)
{
    writer->newlines = MAX(writer->newlines, newlines);
    writer->space = FALSE;
}

void coi_html_writer_break(CoiHtmlWriter *writer)
{
    writer->newlines = MIN(writer->newlines + 1, 3);
    writer->space = FALSE;
}

void coi_html_writer_cell(CoiHtmlWriter *writer)
{
    writer->space = !writer->at_start;
}

static void take_space(CoiHtmlWriter *writer, char c)
{
    if (writer->pre == 0) {
        writer->space = !writer->at_start;
    } else if (c == '\n') {
        if (writer->newlines > 0 && writer->began)
            settle(writer);
        writer->newlines = 1;
    } else if (c != '\r') {
        settle(writer);
        put(writer, c == '\t' ? "\t" : " ", 1);
    }
}

/* How many bytes at p can be written as they stand. */
static gsize plain_run(const char *p)
{
    const char *start = p;

    while ((guchar)*p > ' ' && *p != 0x7F && !(*p == '\xC2' && (guchar)p[1] <= 0xA0))
        p++;
    return (gsize)(p - start);
}

/* A space between two words has the formats that both have. */
static void close_unwanted(CoiHtmlWriter *writer)
{
    CoiHtmlFormat common = writer->format;

    if (!writer->space)
        return;
    common.effects &= writer->wanted.effects;
    common.font = common.font == writer->wanted.font ? common.font : 0;
    common.link = common.link && writer->wanted.link;
    change_format(writer, common);
}

void coi_html_writer_text(CoiHtmlWriter *writer, const char *text)
{
    for (const char *p = text; *p != '\0';) {
        gsize length = plain_run(p);

        if (length > 0) {
            close_unwanted(writer);
            settle(writer);
            change_format(writer, writer->wanted);
            put(writer, p, length);
            p += length;
        } else if (p[0] == '\xC2') { /* a space that is always shown, or a control character */
            if (p[1] == '\xA0') {
                settle(writer);
                put(writer, " ", 1);
            }
            p += 2;
        } else {
            if (g_ascii_isspace(*p))
                take_space(writer, *p);
            p++;
        }
    }
    check_markup(writer);
}

void coi_html_writer_begin_link(CoiHtmlWriter *writer, char *address)
{
    coi_html_writer_end_link(writer);
    if (address == NULL)
        return;
    if (writer->space || writer->newlines > 0 || writer->at_start || writer->item)
        settle(writer);
    writer->link = address;
    writer->wanted.link = TRUE;
    writer->link_markup = G_MAXSIZE;
    g_string_truncate(writer->link_text, 0);
}

/* Clients make a link of an address by themselves: the tag is taken back, if all of the link stands behind it unformatted. */
static void take_link_back(CoiHtmlWriter *writer)
{
    GString *markup = writer->lines->markup;
    const char *close = writer->link_markup < markup->len ? strchr(markup->str + writer->link_markup, '>') : NULL;

    if (writer->plain || !writer->format.link || writer->format.font != 0 || writer->format.effects != 0 || close == NULL ||
        writer->link_line != writer->lines->lines->len || strchr(close, '<') != NULL)
        return;
    g_string_erase(markup, (gssize)writer->link_markup, close + 1 - (markup->str + writer->link_markup));
    writer->format.link = FALSE;
}

/* What it says beside its text: always the address in text, a lie's in markup. */
static void put_address(CoiHtmlWriter *writer, const char *shown, const char *address)
{
    change_format(writer, writer->wanted);
    g_string_append_printf(writer->lines->text, " (%s)", address);
    if (writer->plain || !coi_link_lies(shown, address))
        return;
    g_string_append(writer->lines->markup, " (");
    coi_text_escape(writer->lines->markup, address, strlen(address));
    g_string_append_c(writer->lines->markup, ')');
}

void coi_html_writer_end_link(CoiHtmlWriter *writer)
{
    g_autofree char *address = g_steal_pointer(&writer->link);
    g_autofree char *shown = NULL;

    if (address == NULL)
        return;
    shown = g_strstrip(g_utf8_make_valid(writer->link_text->str, (gssize)writer->link_text->len)); /* what the limit cut in two */
    writer->wanted.link = FALSE;
    if (coi_link_says(shown, address))
        take_link_back(writer);
    else if (*shown != '\0') /* a picture as a link: its address is noise more often than not */
        put_address(writer, shown, address);
}
