#include "mime/encode.h"

#include <string.h>

#define COLUMNS 78
#define LIMIT_LINE 998
/* "=?UTF-8?B?" + 52 + "?=" is 64: with the longest name before it, "Subject: ", still within RFC 2047's 76 columns. */
#define WORD_BYTES 39
/* A plain word longer than this would push its line over 78 columns. */
#define LONG_WORD 66

static gboolean is_ascii(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if ((guchar)*p < 32 || (guchar)*p > 126)
            return FALSE;
    return TRUE;
}

static gboolean has_long_word(const char *text)
{
    gsize word = 0;

    for (const char *p = text; *p != '\0'; p++) {
        word = *p == ' ' ? 0 : word + 1;
        if (word > LONG_WORD)
            return TRUE;
    }
    return FALSE;
}

/* RFC 2047, 5: the space between two encoded words isn't shown, and no character is split between them. */
static char *encoded_words(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        const char *end = text;
        g_autofree char *word = NULL;

        while (*end != '\0' && g_utf8_next_char(end) - text <= WORD_BYTES)
            end = g_utf8_next_char(end);
        word = g_base64_encode((const guchar *)text, (gsize)(end - text));
        g_string_append_printf(out, "%s=?UTF-8?B?%s?=", out->len > 0 ? " " : "", word);
        text = end;
    }
    return g_string_free(out, FALSE);
}

char *coi_encode_text(const char *text)
{
    if (is_ascii(text) && strstr(text, "=?") == NULL && !has_long_word(text))
        return g_strdup(text);
    return encoded_words(text);
}

char *coi_encode_name(const char *name)
{
    GString *out;

    if (!is_ascii(name) || strstr(name, "=?") != NULL || has_long_word(name))
        return encoded_words(name);
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~ ")] ==
        '\0')
        return g_strdup(name);
    out = g_string_new("\"");
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

/* Longest line of folded text. */
static gsize longest_line(const char *text)
{
    gsize longest = 0;

    while (*text != '\0') {
        gsize length = strcspn(text, "\r");

        longest = MAX(longest, length);
        text += length;
        text += strspn(text, "\r\n");
    }
    return longest;
}

gboolean coi_encode_field(GString *out, const char *name, const char *value)
{
    g_autoptr(GString) field = g_string_new(name);
    gsize line = strlen(name) + 1;
    const char *word = value;

    if (!is_ascii(value))
        return FALSE;
    g_string_append_c(field, ':');
    while (*word != '\0') {
        gsize spaces = strspn(word, " ");
        gsize length = spaces + strcspn(word + spaces, " ");

        if (line + length + (word == value) > COLUMNS && line > 1 && word[spaces] != '\0') {
            g_string_append(field, "\r\n");
            line = 0;
        }
        if (word == value)
            g_string_append_c(field, ' ');
        g_string_append_len(field, word, (gssize)length);
        line += length + (word == value);
        word += length;
    }
    g_string_append(field, "\r\n");
    if (longest_line(field->str) > LIMIT_LINE)
        return FALSE;
    g_string_append_len(out, field->str, (gssize)field->len);
    return TRUE;
}
