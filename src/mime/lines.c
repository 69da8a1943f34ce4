#include "mime/lines.h"

#include "mime/text.h"

#include <string.h>

CoiLines *coi_lines_new(void)
{
    CoiLines *lines = g_new0(CoiLines, 1);

    lines->text = g_string_new(NULL);
    lines->markup = g_string_new(NULL);
    lines->lines = g_array_new(FALSE, TRUE, sizeof(CoiLine));
    lines->part_begins = TRUE;
    return lines;
}

void coi_lines_free(CoiLines *lines)
{
    if (lines == NULL)
        return;
    g_string_free(lines->text, TRUE);
    g_string_free(lines->markup, TRUE);
    g_array_unref(lines->lines);
    g_free(lines);
}

static CoiLine *line_at(const CoiLines *lines, guint i)
{
    return &g_array_index(lines->lines, CoiLine, i);
}

void coi_lines_begin_part(CoiLines *lines)
{
    lines->part_begins = TRUE;
    if (lines->lines->len > 0 && !line_at(lines, lines->lines->len - 1)->blank)
        coi_lines_end_line(lines, 0, 0, FALSE);
    lines->part_begins = TRUE;
}

static gboolean is_blank(const char *text, gsize length)
{
    for (const char *p = text; p < text + length; p = g_utf8_next_char(p))
        if (!coi_text_is_space(g_utf8_get_char(p)))
            return FALSE;
    return TRUE;
}

CoiLine *coi_lines_end_line(CoiLines *lines, guint quotes, gsize content, gboolean from_html)
{
    CoiLine line = {.quotes = quotes, .from_html = from_html, .first = lines->part_begins};

    if (lines->lines->len > 0) {
        const CoiLine *last = line_at(lines, lines->lines->len - 1);

        line.text = last->text + last->length;
        line.markup = last->markup + last->markup_length;
    }
    coi_text_close_bidi(lines->text, line.text);
    coi_text_close_bidi(lines->markup, line.markup);
    line.length = lines->text->len - line.text;
    line.content = MIN(content, line.length);
    line.markup_length = lines->markup->len - line.markup;
    line.blank = is_blank(lines->text->str + line.text + line.content, line.length - line.content);
    g_array_append_val(lines->lines, line);
    lines->part_begins = FALSE;
    return line_at(lines, lines->lines->len - 1);
}

const char *coi_line_content(const CoiLines *lines, const CoiLine *line, gsize *length)
{
    *length = line->length - line->content;
    return lines->text->str + line->text + line->content;
}

gboolean coi_lines_any_folded(const CoiLines *lines)
{
    for (guint i = 0; i < lines->lines->len; i++)
        if (line_at(lines, i)->folded && !line_at(lines, i)->blank)
            return TRUE;
    return FALSE;
}

gboolean coi_lines_any_shown(const CoiLines *lines)
{
    for (guint i = 0; i < lines->lines->len; i++)
        if (!line_at(lines, i)->folded && !line_at(lines, i)->blank)
            return TRUE;
    return FALSE;
}

void coi_lines_unfold(CoiLines *lines)
{
    for (guint i = 0; i < lines->lines->len; i++)
        line_at(lines, i)->folded = FALSE;
}

/* Walks the lines that are to be written: around what was folded away, one empty line is enough. */
typedef struct {
    const CoiLines *lines;
    gboolean all;
    guint next;
    guint empty;      /* empty lines that come before the line given */
    gboolean began;
} Walk;

static const CoiLine *walk(Walk *step)
{
    gboolean gap = FALSE;
    guint empty = 0;

    while (step->next < step->lines->lines->len) {
        const CoiLine *line = line_at(step->lines, step->next++);

        if (line->folded && !step->all) {
            gap = TRUE;
        } else if (line->blank && line->quotes == 0 && (line->from_html || line->length == 0)) {
            /* programs that write html make room by empty paragraphs */
            empty += !line->from_html || (step->began && empty < 2);
        } else {
            step->empty = gap ? (step->began ? MIN(empty, 1) : 0) : empty;
            step->began = TRUE;
            return line;
        }
    }
    return NULL;
}

char *coi_lines_text(const CoiLines *lines, gboolean all)
{
    GString *out = g_string_sized_new(lines->text->len + lines->lines->len);
    Walk step = {.lines = lines, .all = all};
    gboolean began = FALSE;

    for (const CoiLine *line; (line = walk(&step)) != NULL; began = TRUE) {
        for (guint i = 0; i < step.empty + began; i++)
            g_string_append_c(out, '\n');
        g_string_append_len(out, lines->text->str + line->text, (gssize)line->length);
    }
    return coi_text_trim_end(g_string_free(out, FALSE));
}

static void append_markup(GString *out, const CoiLines *lines, const CoiLine *line)
{
    if (line->markup_length > 0)
        g_string_append_len(out, lines->markup->str + line->markup, (gssize)line->markup_length);
    else
        coi_text_escape(out, lines->text->str + line->text, line->length);
}

char *coi_lines_markup(const CoiLines *lines)
{
    GString *out;
    Walk step = {.lines = lines};
    gboolean began = FALSE, formatted = FALSE;

    for (guint i = 0; i < lines->lines->len && !formatted; i++) {
        const CoiLine *line = line_at(lines, i);

        formatted = !line->folded && memchr(lines->markup->str + line->markup, '<', line->markup_length) != NULL;
    }
    if (!formatted)
        return NULL;
    out = g_string_sized_new(lines->markup->len);
    for (const CoiLine *line; (line = walk(&step)) != NULL; began = TRUE) {
        for (guint i = 0; i < step.empty + began; i++)
            g_string_append(out, "<br>");
        append_markup(out, lines, line);
    }
    return g_string_free(out, FALSE);
}
