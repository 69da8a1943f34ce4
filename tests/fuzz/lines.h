/* What must be true of what a person is shown, whatever came in. */
#pragma once
#include "mime/lines.h"

#include <string.h>

static inline void assert_text(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_assert_true(!g_unichar_iscntrl(c) || c == '\n' || c == '\t');
    }
}

/* The tag at p ("<"): its name; *closes: it is an end tag. Its attributes hold nothing but what is escaped. */
static inline const char *assert_tag(const char *p, gboolean *closes, char name[8])
{
    static const char *const known[] = {"b", "i", "u", "s", "sub", "sup", "a", "font", "br", NULL};
    const char *end = strchr(p, '>');
    gsize length;

    *closes = p[1] == '/';
    p += *closes ? 2 : 1;
    length = strspn(p, "abcdefghijklmnopqrstuvwxyz");
    g_assert_true(end != NULL && length < 8 && memchr(p, '<', (gsize)(end - p)) == NULL);
    memcpy(name, p, length);
    name[length] = '\0';
    g_assert_true(g_strv_contains(known, name));
    g_assert_true(p + length == end || strcmp(name, "a") == 0 || strcmp(name, "font") == 0);
    if (strcmp(name, "a") == 0 && !*closes)
        g_assert_true(g_str_has_prefix(p, "a href=\"") && g_ascii_strncasecmp(p + 8, "javascript:", 11) != 0);
    return end + 1;
}

/* Markup of known tags only, balanced within each line. */
static inline void assert_markup(const char *markup)
{
    char open[16][8];
    guint depth = 0;

    assert_text(markup);
    while ((markup = strchr(markup, '<')) != NULL) {
        gboolean closes;
        char name[8];

        markup = assert_tag(markup, &closes, name);
        if (strcmp(name, "br") == 0) {
            g_assert_cmpuint(depth, ==, 0);
        } else if (closes) {
            g_assert_cmpuint(depth, >, 0);
            g_assert_cmpstr(open[--depth], ==, name);
        } else {
            g_assert_cmpuint(depth, <, G_N_ELEMENTS(open));
            strcpy(open[depth++], name);
        }
    }
    g_assert_cmpuint(depth, ==, 0);
}

static inline void assert_lines(const CoiLines *lines)
{
    g_autofree char *shown = coi_lines_text(lines, FALSE);
    g_autofree char *whole = coi_lines_text(lines, TRUE);
    g_autofree char *markup = coi_lines_markup(lines);

    assert_text(shown);
    assert_text(whole);
    if (markup != NULL)
        assert_markup(markup);
}
