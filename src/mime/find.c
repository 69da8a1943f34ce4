#include "mime/find.h"

#include <string.h>

#include "mime/snippet.h"
#include "mime/text.h"

#define MAX_WORDS 16
#define MAX_WORD 200
/* Canonical and compatibility decompositions are at most this long (Unicode's longest has 18). */
#define MAX_DECOMPOSITION 18

GStrv coi_find_words(const char *typed)
{
    GPtrArray *words = g_ptr_array_new();
    g_autofree char *valid = g_utf8_make_valid(typed, -1);
    g_autofree char *line = coi_text_line(valid);
    for (const char *at = line; *at != '\0' && words->len < MAX_WORDS;) {
        const char *start = at;
        while (*at != '\0' && !g_unichar_isspace(g_utf8_get_char(at)))
            at = g_utf8_next_char(at);
        if (at > start)
            g_ptr_array_add(words, coi_text_truncate(g_strndup(start, (gsize)(at - start)), MAX_WORD));
        else
            at = g_utf8_next_char(at);
    }
    g_ptr_array_add(words, NULL);
    return (GStrv)g_ptr_array_free(words, FALSE);
}

static void fold_character(gunichar c, GString *folded)
{
    gunichar parts[MAX_DECOMPOSITION];
    gsize n = g_unichar_fully_decompose(c, TRUE, parts, G_N_ELEMENTS(parts));
    for (gsize i = 0; i < MIN(n, G_N_ELEMENTS(parts)); i++) {
        char one[6];
        gint length = g_unichar_to_utf8(parts[i], one);
        g_autofree char *lower = g_utf8_casefold(one, length);
        g_string_append(folded, lower);
    }
}

/* starts (may be NULL): for each byte of the result the offset of the character of text that it comes from. */
static GString *fold(const char *text, GArray *starts)
{
    GString *folded = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        guint32 offset = (guint32)(at - text);
        if ((guchar)*at < 0x80)
            g_string_append_c(folded, g_ascii_tolower(*at));
        else
            fold_character(g_utf8_get_char(at), folded);
        while (starts != NULL && starts->len < folded->len)
            g_array_append_val(starts, offset);
    }
    return folded;
}

gboolean coi_find_all(const GStrv words, const char *const *texts, guint n)
{
    g_autoptr(GPtrArray) folded = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n; i++)
        if (texts[i] != NULL)
            g_ptr_array_add(folded, g_string_free(fold(texts[i], NULL), FALSE));
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *wanted = g_string_free(fold(*word, NULL), FALSE);
        gboolean found = FALSE;
        for (guint i = 0; i < folded->len && !found; i++)
            found = strstr(folded->pdata[i], wanted) != NULL;
        if (!found)
            return FALSE;
    }
    return TRUE;
}

/* Where the first of words begins in line, or NULL. */
static const char *first_hit(const GStrv words, const char *line)
{
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autofree char *folded = g_string_free(fold(line, starts), FALSE);
    const char *first = NULL;
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *wanted = g_string_free(fold(*word, NULL), FALSE);
        const char *hit = strstr(folded, wanted);
        if (hit != NULL && *hit != '\0' && (first == NULL || hit < first))
            first = hit;
    }
    return first != NULL ? line + g_array_index(starts, guint32, first - folded) : NULL;
}

char *coi_find_snippet(const GStrv words, const char *text, guint limit)
{
    g_autofree char *line = coi_text_line(text);
    const char *hit = first_hit(words, line);
    const char *start = hit != NULL ? hit : line;
    guint back = 0;
    if (g_utf8_strlen(line, -1) <= (glong)limit)
        start = line;
    while (start > line && back++ < limit / 3)
        start = g_utf8_prev_char(start);
    if (start == line)
        return coi_snippet(line, limit);
    const char *space = memchr(start, ' ', (gsize)(hit - start));
    if (space != NULL)
        start = space + 1;
    else
        while (start < hit && (g_unichar_ismark(g_utf8_get_char(start)) || g_utf8_get_char(start) == 0x200D))
            start = g_utf8_next_char(start);
    g_autofree char *rest = coi_snippet(start, limit);
    return g_strconcat("…", rest, NULL);
}
