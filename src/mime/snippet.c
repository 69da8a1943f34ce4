#include "mime/snippet.h"

#include "mime/text.h"

/* Never between a character and what is written onto it. */
static gboolean may_cut_before(const char *p)
{
    gunichar c = g_utf8_get_char(p);
    gunichar before = g_utf8_get_char(g_utf8_prev_char(p));
    gboolean flag = c >= 0x1F1E6 && c <= 0x1F1FF; /* two of these make one flag */

    return !g_unichar_ismark(c) && c != 0x200D && before != 0x200D && !(c >= 0x1F3FB && c <= 0x1F3FF) &&
           !(flag && before >= 0x1F1E6 && before <= 0x1F1FF);
}

char *coi_snippet(const char *text, guint limit)
{
    g_autofree char *line = coi_text_line(text);
    const char *end = line;
    const char *cut;

    for (guint i = 0; i < limit && *end != '\0'; i++)
        end = g_utf8_next_char(end);
    if (*end == '\0')
        return g_steal_pointer(&line);
    for (cut = end; cut > line && *cut != ' '; cut = g_utf8_prev_char(cut))
        ;
    if (g_utf8_pointer_to_offset(line, cut) < (glong)limit / 2) /* a word's beginning is better than half of what fits */
        for (cut = end; cut > line && !may_cut_before(cut); cut = g_utf8_prev_char(cut))
            ;
    if (cut == line)
        cut = end;
    return g_strdup_printf("%.*s…", (int)(cut - line), line);
}
