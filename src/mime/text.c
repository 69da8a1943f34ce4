#include "mime/text.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <string.h>

/* glibc loads a module per charset, and the exotic ones have a history of endless loops and failed assertions. Mail
 * needs these families only. */
static const char *const known_charsets[] = {
    "utf-",        "utf7",      "utf8",      "utf16",     "ucs-2",  "iso-8859-", "iso8859", "windows-",
    "cp125",       "cp437",     "cp85",      "cp86",      "cp932",  "cp936",     "cp949",   "cp950",
    "ibm437",      "ibm85",     "ibm86",     "koi8-",     "gb2312", "gb18030",   "gbk",     "hz-gb-2312",
    "big5",        "shift_jis", "shift-jis", "sjis",      "x-sjis", "euc-",      "x-euc-",  "iso-2022-jp",
    "iso-2022-kr", "ks_c_5601", "tis-620",   "macintosh", "x-mac-", "mac-",      "viscii",  "latin",
};

/* What senders call it → what they mean: browsers and Outlook write supersets under the older names. */
static const char *const meant[][2] = {
    {"iso-8859-1", "CP1252"},
    {"latin1", "CP1252"},
    {"iso8859-1", "CP1252"},
    {"iso-8859-9", "CP1254"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"cp936", "GB18030"},
    {"x-gbk", "GB18030"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"iso-2022-jp-3", "ISO-2022-JP-2"},
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"big5", "BIG5-HKSCS"},
    {"hz-gb-2312", "HZ"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"macintosh", "MACINTOSH"},
    {"x-mac-roman", "MACINTOSH"},
    {"x-mac-cyrillic", "MAC-CYRILLIC"},
    {"x-euc-jp", "EUC-JP"},
};

static gboolean is_known(const char *charset)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known_charsets); i++)
        if (g_ascii_strncasecmp(charset, known_charsets[i], strlen(known_charsets[i])) == 0)
            return strspn(charset, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
                   strlen(charset);
    return FALSE;
}

static GIConv open_charset(const char *charset)
{
    if (!is_known(charset))
        return (GIConv)-1;
    for (gsize i = 0; i < G_N_ELEMENTS(meant); i++) {
        if (g_ascii_strcasecmp(charset, meant[i][0]) == 0) {
            GIConv conv = g_iconv_open("UTF-8", meant[i][1]);
            if (conv != (GIConv)-1)
                return conv;
        }
    }
    return g_iconv_open("UTF-8", charset);
}

/* All of it, whatever is wrong: a byte that can't be read becomes one U+FFFD. */
static GString *convert(GIConv conv, const guint8 *bytes, gsize length)
{
    GString *out = g_string_sized_new(length + length / 2);
    char *in = (char *)bytes;
    gsize left = length;
    char buffer[4096];

    while (left > 0) {
        char *to = buffer;
        gsize room = sizeof(buffer);
        gsize result = g_iconv(conv, &in, &left, &to, &room);
        int code = errno;

        g_string_append_len(out, buffer, to - buffer);
        if (result != (gsize)-1 || code == E2BIG)
            continue;
        g_string_append(out, "\xEF\xBF\xBD");
        if (code != EILSEQ)
            break;
        in++;
        left--;
    }
    return out;
}

/* g_utf8_make_valid() that keeps NULs, so that the text behind one isn't lost. */
static GString *make_valid(const guint8 *bytes, gsize length)
{
    g_autofree char *valid = NULL;
    GString *copy = g_string_new_len((const char *)bytes, (gssize)length);

    if (g_utf8_validate_len(copy->str, copy->len, NULL))
        return copy;
    for (gsize i = 0; i < copy->len; i++)
        if (copy->str[i] == '\0')
            copy->str[i] = '\x01';
    valid = g_utf8_make_valid(copy->str, (gssize)copy->len);
    g_string_assign(copy, valid);
    return copy;
}

GString *coi_text_from_charset(const guint8 *bytes, gsize length, const char *charset)
{
    GIConv conv = (GIConv)-1;
    GString *out;

    if (charset != NULL && (g_ascii_strcasecmp(charset, "utf-8") == 0 || g_ascii_strcasecmp(charset, "utf8") == 0))
        return make_valid(bytes, length);
    if (charset != NULL && g_ascii_strcasecmp(charset, "us-ascii") != 0)
        conv = open_charset(charset);
    if (conv == (GIConv)-1) {
        if (g_utf8_validate((const char *)bytes, (gssize)length, NULL))
            return g_string_new_len((const char *)bytes, (gssize)length);
        conv = g_iconv_open("UTF-8", "CP1252");
        if (conv == (GIConv)-1)
            return make_valid(bytes, length);
    }
    out = convert(conv, bytes, length);
    g_iconv_close(conv);
    return out;
}

char *coi_text_clean(const char *text, gsize length)
{
    GString *out = g_string_sized_new(length);
    const char *end = text + length;

    for (const char *p = text; p < end;) {
        const char *next = g_utf8_next_char(p);
        gunichar c = *p == '\0' ? 0 : g_utf8_get_char(p);

        if (c == '\r') {
            g_string_append_c(out, '\n');
            if (next < end && *next == '\n')
                next++;
        } else if (c == '\n' || c == '\t' || !g_unichar_iscntrl(c)) {
            g_string_append_len(out, p, next - p);
        }
        p = next;
    }
    return g_string_free(out, FALSE);
}

char *coi_text_trim_end(char *text)
{
    gsize length = strlen(text);

    for (;;) {
        gsize end = length;

        while (end > 0 && text[end - 1] == ' ')
            end--;
        if (end > 0 && text[end - 1] != '\n')
            break;
        length = end > 0 ? end - 1 : 0;
        if (end == 0)
            break;
    }
    text[length] = '\0';
    return text;
}

static gboolean is_bidi_control(gunichar c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean is_line_space(gunichar c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

char *coi_text_line(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    gboolean gap = FALSE;

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (is_line_space(c)) {
            gap = TRUE;
        } else if (!g_unichar_iscntrl(c) && !is_bidi_control(c)) {
            if (gap && out->len > 0)
                g_string_append_c(out, ' ');
            gap = FALSE;
            g_string_append_unichar(out, c);
        }
    }
    return g_string_free(out, FALSE);
}

char *coi_text_truncate(char *text, gsize limit)
{
    if (strlen(text) > limit) {
        char *end = g_utf8_find_prev_char(text, text + limit + 1);

        *(end != NULL ? end : text) = '\0';
    }
    return text;
}

gboolean coi_text_is_space(gunichar c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 9 && c <= 13);
    return c == 0xA0 || c == 0xAD || c == 0x34F || c == 0x1680 || (c >= 0x2000 && c <= 0x200F) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || (c >= 0x205F && c <= 0x2064) || c == 0x3000 || c == 0xFEFF;
}

#define POP_ISOLATE "\xE2\x81\xA9"
/* Nested deeper nothing is isolated any more (Unicode, annex 9). */
#define LIMIT_ISOLATES 100

void coi_text_close_bidi(GString *text, gsize from)
{
    g_autofree char *copy = NULL;
    guint open = 0;

    if (memchr(text->str + from, '\xE2', text->len - from) == NULL)
        return;
    copy = g_strndup(text->str + from, text->len - from);
    g_string_truncate(text, from);
    for (const char *p = copy; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = *p == '\xE2' ? g_utf8_get_char(p) : 0;
        gboolean isolate = c >= 0x2066 && c <= 0x2068;

        if ((c >= 0x202A && c <= 0x202E) || (c == 0x2069 && open == 0) || (isolate && open == LIMIT_ISOLATES))
            continue;
        open += isolate;
        open -= c == 0x2069;
        g_string_append_len(text, p, g_utf8_next_char(p) - p);
    }
    for (; open > 0; open--)
        g_string_append(text, POP_ISOLATE);
}

void coi_text_escape(GString *markup, const char *text, gsize length)
{
    const char *end = text + length;

    while (text < end) {
        const char *p = text;

        while (p < end && *p != '&' && *p != '<' && *p != '>' && *p != '"')
            p++;
        g_string_append_len(markup, text, p - text);
        if (p == end)
            return;
        g_string_append(markup, *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : "&quot;");
        text = p + 1;
    }
}
