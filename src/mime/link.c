#include "mime/link.h"

#include "mime/text.h"

#include <string.h>

/* Trackers need 4 KiB at most. */
#define LIMIT_ADDRESS (8 * 1024)

static const char *const schemes[] = {"http://", "https://", "mailto:", "ftp://", "xmpp:"};

/* Characters that nobody sees: they make one name look like another. */
static gboolean is_invisible(gunichar c)
{
    return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F || c == 0x1160 || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0x3164 || c == 0xFEFF || c == 0xFFA0;
}

static gboolean has_known_scheme(const char *address)
{
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strncasecmp(address, schemes[i], strlen(schemes[i])) == 0)
            return address[strlen(schemes[i])] != '\0';
    return FALSE;
}

char *coi_link_clean(const char *href)
{
    g_autofree char *line = coi_text_line(href);
    GString *out;

    if (!has_known_scheme(line) || strlen(line) > LIMIT_ADDRESS)
        return NULL;
    out = g_string_sized_new(strlen(line));
    for (const char *p = line; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (c < 0x80 && strchr(" \"'<>`\\{}^|", (int)c) != NULL)
            g_string_append_printf(out, "%%%02X", c);
        else if (!is_invisible(c))
            g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
}

/* Lower case, without what nobody sees. Owned by the caller. */
static char *visible(const char *text)
{
    GString *out = g_string_new(NULL);
    char *lower;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        if (!is_invisible(g_utf8_get_char(p)))
            g_string_append_len(out, p, g_utf8_next_char(p) - p);
    lower = g_utf8_strdown(out->str, -1);
    g_string_free(out, TRUE);
    return g_strstrip(lower);
}

/* p behind its scheme, the www. of its host and, of a mailto:, its "//". */
static const char *behind_scheme(const char *p)
{
    static const char *const prefixes[] = {"mailto:", "xmpp:", "http://", "https://", "ftp://", "www."};

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(p, prefixes[i]))
            p += strlen(prefixes[i]);
    return p;
}

static char *bare(const char *address)
{
    g_autofree char *lower = visible(address);
    const char *p = behind_scheme(lower);
    gsize length = strlen(p);

    while (length > 0 && p[length - 1] == '/')
        length--;
    return g_strndup(p, length);
}

gboolean coi_link_says(const char *text, const char *address)
{
    g_autofree char *shown = bare(text);
    g_autofree char *meant = bare(address);

    return strcmp(shown, meant) == 0;
}

/* The host of a lower-case address, or of a mail address behind mailto: or xmpp: all of it. Owned by the caller. */
static char *place_of(const char *address)
{
    gboolean mail = g_str_has_prefix(address, "mailto:") || g_str_has_prefix(address, "xmpp:");
    const char *p = mail ? strchr(address, ':') + 1 : strstr(address, "://");
    gsize length;

    if (mail)
        return g_strndup(p, strcspn(p, "?;"));
    p = p != NULL ? p + 3 : address;
    for (const char *end = p + strcspn(p, "/?#\\"), *at = p; at < end; at++)
        if (*at == '@') /* https://bank.example@evil.example/ */
            p = at + 1;
    length = strcspn(p, ":/?#\\");
    if (g_str_has_prefix(p, "www.") && length > 4) {
        p += 4;
        length -= 4;
    }
    return g_strndup(p, length);
}

/* A word that a reader takes for an address: with a scheme, or two labels of letters or more, the last one of letters only. */
static gboolean looks_like_place(const char *word)
{
    gsize length = strcspn(word, "/?#:");
    const char *dot = NULL;

    if (strstr(word, "://") != NULL || g_str_has_prefix(word, "mailto:") || g_str_has_prefix(word, "xmpp:"))
        return TRUE;
    for (gsize i = 0; i < length; i++)
        if (word[i] == '.')
            dot = word + i;
    if (dot == NULL || dot == word || word + length - dot < 3)
        return FALSE;
    for (const char *p = dot + 1; p < word + length; p++)
        if ((guchar)*p < 0x80 && !g_ascii_isalpha(*p))
            return FALSE;
    return TRUE;
}

/* Is host the other one, or below it? */
static gboolean is_below(const char *host, const char *other)
{
    gsize length = strlen(host), end = strlen(other);

    return length >= end && end > 0 && strcmp(host + length - end, other) == 0 && (length == end || host[length - end - 1] == '.');
}

/* The parts of a shop's name that end a file's name, too, are no lie: "report.pdf" names no host. */
static gboolean is_file_name(const char *word)
{
    static const char *const endings[] = {".pdf", ".doc", ".docx", ".xls", ".xlsx", ".txt", ".jpg", ".jpeg", ".png", ".gif", ".html",
                                          ".htm", ".csv", ".ics",  ".odt", ".pptx", ".mp4", ".mp3", ".svg"};

    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(word, endings[i]) && strchr(word, '/') == NULL)
            return TRUE;
    return FALSE;
}

gboolean coi_link_lies(const char *text, const char *address)
{
    g_autofree char *shown = visible(text);
    g_autofree char *meant = g_utf8_strdown(address, -1);
    g_autofree char *target = place_of(meant);
    g_auto(GStrv) words = g_strsplit_set(shown, " \t\n,;()[]\"'", -1);

    for (guint i = 0; words[i] != NULL; i++) {
        g_autofree char *place = NULL;
        gsize length = strlen(words[i]);

        while (length > 0 && strchr(".!?:", words[i][length - 1]) != NULL)
            words[i][--length] = '\0';
        if (!looks_like_place(words[i]) || is_file_name(words[i]))
            continue;
        place = strchr(words[i], '@') != NULL && strstr(words[i], "://") == NULL ? g_strdup(behind_scheme(words[i])) : place_of(words[i]);
        if (!is_below(target, place) && !is_below(place, target))
            return TRUE;
    }
    return FALSE;
}
