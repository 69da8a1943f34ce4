#include "mime/plain.h"

#include <string.h>

/* A line of the text: [at, end). */
typedef struct {
    const char *at, *end;
} Line;

/* The line at p, and where the next one begins; NULL behind the last one. */
static const char *next_line(const char *p, Line *line)
{
    const char *newline = strchr(p, '\n');

    line->at = p;
    line->end = newline != NULL ? newline : p + strlen(p);
    return newline != NULL ? newline + 1 : NULL;
}

/* How deep the line is quoted, and where its own text begins. "> > x" is as deep as ">> x". */
static guint quotes_of(const Line *line, const char **content)
{
    guint quotes = 0;
    const char *p = line->at;

    *content = p;
    for (;;) {
        if (p < line->end && *p == ' ')
            p++;
        if (p == line->end || *p != '>')
            return quotes;
        quotes++;
        *content = ++p;
        if (p < line->end && *p == ' ')
            *content = p + 1;
    }
}

/* mbox writes so what begins with "From " and isn't quoted. */
static gboolean is_mbox_from(const Line *line)
{
    return line->end - line->at > 6 && memcmp(line->at, ">From ", 6) == 0;
}

static gboolean begins(const Line *line, const char *word)
{
    gsize length = strlen(word);

    return (gsize)(line->end - line->at) >= length && memcmp(line->at, word, length) == 0;
}

/* "begin 644 name": the name's place, or NULL. */
static const char *uuencoded_name(const Line *line)
{
    const char *p = line->at + 6;

    if (!begins(line, "begin ") || line->end - line->at < 11)
        return NULL;
    for (; p < line->end && *p >= '0' && *p <= '7'; p++)
        ;
    return p - line->at >= 9 && p - line->at <= 10 && p + 1 < line->end && *p == ' ' ? p + 1 : NULL;
}

/* A full line of uuencode: its first character counts the bytes in it. */
static gboolean is_uuencoded(const Line *line)
{
    gsize length = (gsize)(line->end - line->at);
    gsize bytes = length > 0 ? (gsize)(*line->at - ' ') & 63 : 0;

    if (bytes == 0 || bytes > 45 || length < 1 + (bytes + 2) / 3 * 4 || length > 3 + (bytes + 2) / 3 * 4)
        return FALSE;
    for (const char *p = line->at; p < line->end; p++)
        if (*p < ' ' || *p > '`')
            return FALSE;
    return TRUE;
}

/* Behind the file whose lines begin at next, up to its "end" or to where the mail was cut. *found FALSE: there is none. */
static const char *skip_uuencoded(const char *next, gboolean *found)
{
    gboolean any = FALSE;
    Line line;

    while (next != NULL) {
        gboolean empty;

        next = next_line(next, &line);
        *found = any && line.end - line.at == 3 && begins(&line, "end");
        if (*found)
            return next;
        empty = line.at == line.end || (line.end - line.at == 1 && (*line.at == '`' || *line.at == ' '));
        if (!is_uuencoded(&line) && !empty)
            return NULL;
        any |= !empty;
    }
    *found = any;
    return NULL;
}

static void take_line(CoiLines *lines, const Line *line)
{
    const char *content;
    guint quotes = quotes_of(line, &content);

    if (quotes == 1 && is_mbox_from(line)) {
        quotes = 0;
        content = line->at;
    }
    g_string_append_len(lines->text, line->at, line->end - line->at);
    coi_lines_end_line(lines, quotes, (gsize)(content - line->at), FALSE);
}

void coi_plain_read(CoiLines *lines, const char *text, GPtrArray *files)
{
    Line line;

    for (const char *next = text; next != NULL;) {
        const char *behind = next_line(next, &line);
        const char *name = uuencoded_name(&line);
        gboolean found = FALSE;

        next = name != NULL ? skip_uuencoded(behind, &found) : NULL;
        if (found) {
            g_ptr_array_add(files, g_strndup(name, (gsize)(line.end - name)));
        } else {
            take_line(lines, &line);
            next = behind;
        }
    }
}
