#include "mime/words.h"

#include "mime/text.h"

#include <string.h>

/* One encoded word. */
typedef struct {
    const char *charset;
    gsize charset_length;
    char encoding; /* 'B' or 'Q' */
    const char *text;
    gsize length;
    const char *end; /* one past "?=" */
} Word;

/* RFC 2047, 2: "=?" charset "?" encoding "?" text "?=". White space in the text is wrong and frequent. */
static gboolean read_word(const char *p, Word *word)
{
    gsize length;

    if (p[0] != '=' || p[1] != '?')
        return FALSE;
    word->charset = p + 2;
    length = strcspn(word->charset, "? \t");
    word->charset_length = strcspn(word->charset, "?* \t"); /* RFC 2231, 5: a language may follow */
    p = word->charset + length;
    if (word->charset_length == 0 || p[0] != '?' || p[1] == '\0' || p[2] != '?')
        return FALSE;
    word->encoding = g_ascii_toupper(p[1]);
    word->text = p + 3;
    p = strchr(word->text, '?');
    if ((word->encoding != 'B' && word->encoding != 'Q') || p == NULL || p[1] != '=')
        return FALSE;
    word->length = (gsize)(p - word->text);
    word->end = p + 2;
    return TRUE;
}

static void decode_base64(GByteArray *out, const Word *word)
{
    gint state = 0;
    guint save = 0;
    guint at = out->len;

    g_byte_array_set_size(out, at + (guint)(word->length / 4 + 1) * 3);
    g_byte_array_set_size(out,
                          at + (guint)g_base64_decode_step(word->text, word->length, out->data + at, &state, &save));
}

static void decode_q(GByteArray *out, const Word *word)
{
    for (gsize i = 0; i < word->length; i++) {
        guint8 byte = (guint8)word->text[i];

        if (byte == '_') {
            byte = ' ';
        } else if (byte == '=' && i + 2 < word->length && g_ascii_isxdigit(word->text[i + 1]) &&
                   g_ascii_isxdigit(word->text[i + 2])) {
            byte = (guint8)(g_ascii_xdigit_value(word->text[i + 1]) * 16 + g_ascii_xdigit_value(word->text[i + 2]));
            i += 2;
        }
        g_byte_array_append(out, &byte, 1);
    }
}

static gboolean same_charset(const Word *a, const Word *b)
{
    return a->charset_length == b->charset_length &&
           g_ascii_strncasecmp(a->charset, b->charset, a->charset_length) == 0;
}

static void append_text(GString *out, const guint8 *bytes, gsize length, const char *charset)
{
    GString *utf8 = coi_text_from_charset(bytes, length, charset);

    for (gsize i = 0; i < utf8->len; i++)
        if (utf8->str[i] != '\0')
            g_string_append_c(out, utf8->str[i]);
    g_string_free(utf8, TRUE);
}

/* Decodes the run of encoded words that begins with word and says where it ends. Words of one charset are put together
 * before they are converted: many programs split characters between them. */
static const char *decode_run(GString *out, Word word)
{
    for (;;) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autofree char *charset = g_strndup(word.charset, word.charset_length);
        Word next = word;
        gboolean more;

        do {
            word = next;
            (word.encoding == 'B' ? decode_base64 : decode_q)(bytes, &word);
            more = read_word(word.end + strspn(word.end, " \t"), &next);
        } while (more && same_charset(&word, &next));
        append_text(out, bytes->data, bytes->len, charset);
        if (!more)
            return word.end;
        word = next;
    }
}

static char *translate(const char *value, gboolean merge)
{
    GString *out = g_string_sized_new(strlen(value));
    const char *plain = value;
    const char *p = strstr(value, "=?");
    Word word;

    while (p != NULL) {
        g_autoptr(GString) decoded = g_string_new(NULL);

        if (!read_word(p, &word)) {
            p = strstr(p + 1, "=?");
            continue;
        }
        append_text(out, (const guint8 *)plain, (gsize)(p - plain), NULL);
        plain = decode_run(decoded, word);
        if (merge) {
            g_autofree char *base64 = g_base64_encode((const guchar *)decoded->str, decoded->len);

            g_string_append_printf(out, "=?UTF-8?B?%s?=", base64);
        } else {
            g_string_append_len(out, decoded->str, (gssize)decoded->len);
        }
        p = strstr(plain, "=?");
    }
    append_text(out, (const guint8 *)plain, strlen(plain), NULL);
    return g_string_free(out, FALSE);
}

char *coi_words_decode(const char *value)
{
    return translate(value, FALSE);
}

char *coi_words_merge(const char *value)
{
    return translate(value, TRUE);
}
