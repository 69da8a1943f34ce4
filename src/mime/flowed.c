#include "mime/flowed.h"

#include <string.h>

#define COLUMNS 78
#define SIGNATURE "-- "

/* How many columns c takes on a screen, roughly: what RFC 3676's width is about. */
static guint columns_of(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

/* RFC 3676, 4.4: what a reader would take for stuffing, a quote or mbox's separator. */
static gboolean needs_stuffing(const char *line, const char *end)
{
    return line < end && (*line == ' ' || *line == '>' || (end - line >= 5 && memcmp(line, "From ", 5) == 0));
}

/* Where the next wire line of [line, end) ends: behind the last space within COLUMNS, else behind the first one after,
 * else at end. A piece "-- " would be read as a signature's separator and not be joined again. */
static const char *break_of(const char *line, const char *end)
{
    guint column = needs_stuffing(line, end) ? 1 : 0;
    const char *space = NULL;

    for (const char *p = line; p < end; p = g_utf8_next_char(p)) {
        column += columns_of(g_utf8_get_char(p));
        if (column > COLUMNS && space != NULL)
            return space;
        if (*p == ' ' && !(p + 1 - line == 3 && memcmp(line, SIGNATURE, 3) == 0))
            space = p + 1;
        if (column > COLUMNS && space != NULL)
            return space;
    }
    return end;
}

static void encode_line(GString *out, const char *line, const char *end)
{
    if (!(end - line == 3 && memcmp(line, SIGNATURE, 3) == 0))
        while (end > line && end[-1] == ' ')
            end--;
    do {
        const char *stop = break_of(line, end);

        if (needs_stuffing(line, end))
            g_string_append_c(out, ' ');
        g_string_append_len(out, line, stop - line);
        g_string_append(out, "\r\n");
        line = stop;
    } while (line < end);
}

char *coi_flowed_encode(const char *text)
{
    GString *out = g_string_sized_new(strlen(text) + 64);
    const char *line = text;

    for (;;) {
        const char *end = strchr(line, '\n');

        encode_line(out, line, end != NULL ? end : line + strlen(line));
        if (end == NULL)
            return g_string_free(out, FALSE);
        line = end + 1;
    }
}

/* The paragraph that is being read. */
typedef struct {
    GString *out;
    gboolean started; /* a line was written */
    gboolean open;    /* the last line ended softly */
    gsize depth;      /* its quote depth */
} Paragraph;

static void decode_line(Paragraph *paragraph, const char *line, const char *end, gboolean delsp)
{
    gsize depth = 0;
    gboolean signature, soft;

    for (; line < end && *line == '>'; line++)
        depth++;
    if (line < end && *line == ' ')
        line++;
    signature = end - line == 3 && memcmp(line, SIGNATURE, 3) == 0;
    soft = !signature && end > line && end[-1] == ' ';
    if (soft && delsp)
        end--;
    if (!paragraph->open || signature || depth != paragraph->depth) {
        if (paragraph->started)
            g_string_append_c(paragraph->out, '\n');
        for (gsize i = 0; i < depth; i++)
            g_string_append_c(paragraph->out, '>');
        if (depth > 0 && line < end)
            g_string_append_c(paragraph->out, ' ');
    }
    g_string_append_len(paragraph->out, line, end - line);
    paragraph->started = TRUE;
    paragraph->open = soft;
    paragraph->depth = depth;
}

char *coi_flowed_decode(const char *body, gboolean delsp)
{
    Paragraph paragraph = {.out = g_string_sized_new(strlen(body))};

    for (const char *line = body; *line != '\0';) {
        const char *newline = strchr(line, '\n');
        const char *end = newline != NULL ? newline : line + strlen(line);
        const char *next = newline != NULL ? newline + 1 : end;

        if (end > line && end[-1] == '\r')
            end--;
        decode_line(&paragraph, line, end, delsp);
        line = next;
    }
    return g_string_free(paragraph.out, FALSE);
}
