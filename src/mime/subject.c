#include "mime/subject.h"

#include <string.h>

/* What stands for "answer" in the programs of the world, in lower case. Not "TR", "WG", "I", "Fwd", which are forwards. */
static const char *const marks[] = {
    "re",   "aw",  "antw", "antwort", "sv",   "vs",   "r",    "rif",  "res", "rép",  "rep",   "odp",  "odg", "ynt",
    "vá",   "bls", "atb",  "отв",     "отг",  "ответ", "απ",  "σχετ", "回复", "回覆", "答复",  "答覆", "返信", "回信",
    "회신", "답장", "رد",   "תשובה",   "השב",
};

/* And for "forwarded". */
static const char *const forward_marks[] = {
    "fwd", "fw", "wg",   "tr",   "rv",   "i",    "inoltr", "inoltra", "doorst", "pd",  "enc", "转发",
    "轉寄", "轉發", "転送", "пересл", "fs", "vb", "vl",     "vidarebef", "továbbítás", "ilt", "전달",
};

/* "[2]", "(2)", "^2" */
static const char *skip_count(const char *p)
{
    gboolean open = *p == '[' || *p == '(';
    const char *digits = p + 1;
    const char *end = digits;

    if (!open && *p != '^')
        return p;
    while (g_ascii_isdigit(*end))
        end++;
    if (end == digits || (open && *end != ']' && *end != ')'))
        return p;
    return open ? end + 1 : end;
}

static const char *skip_spaces(const char *p)
{
    while (g_unichar_isspace(g_utf8_get_char(p)))
        p = g_utf8_next_char(p);
    return p;
}

/* Behind "mark count :", or NULL. */
static const char *skip_any(const char *p, const char *const *words, gsize count)
{
    const char *end = p;
    const char *after;

    while (g_unichar_isalpha(g_utf8_get_char(end)))
        end = g_utf8_next_char(end);
    g_autofree char *word = g_utf8_strdown(p, end - p);
    gboolean known = FALSE;
    for (gsize i = 0; i < count && !known; i++)
        known = strcmp(word, words[i]) == 0;
    if (!known)
        return NULL;
    after = skip_spaces(skip_count(end));
    if (*after == ':')
        return skip_spaces(after + 1);
    return g_str_has_prefix(after, "：") ? skip_spaces(after + strlen("：")) : NULL;
}

static const char *skip_mark(const char *p)
{
    return skip_any(p, marks, G_N_ELEMENTS(marks));
}

gboolean coi_subject_is_forward(const char *subject)
{
    g_autofree char *bare = coi_subject_bare(subject);

    return skip_any(bare, forward_marks, G_N_ELEMENTS(forward_marks)) != NULL;
}

char *coi_subject_bare(const char *subject)
{
    g_autofree char *valid = g_utf8_make_valid(subject, -1);
    const char *p = skip_spaces(valid);
    const char *tag;
    gsize tag_length;
    gboolean marked = FALSE;

    for (const char *next = skip_mark(p); next != NULL; next = skip_mark(p))
        p = next;
    tag = p;
    if (*p == '[' && strchr(p, ']') != NULL)
        p = skip_spaces(strchr(p, ']') + 1);
    tag_length = strcspn(tag, "]") + 1;
    for (const char *next = p > tag ? skip_mark(p) : NULL; next != NULL; next = skip_mark(p)) {
        p = next;
        marked = TRUE;
    }
    return marked ? g_strdup_printf("%.*s %s", (int)tag_length, tag, p) : g_strdup(tag);
}
