/* Any text comes back from format=flowed as it was, but for spaces at the ends of lines. */
#include "mime/flowed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Spaces before line ends and at the end cut, but for "-- ". */
static char *without_trailing(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i] != NULL; i++) {
        gsize length = strlen(lines[i]);

        if (strcmp(lines[i], "-- ") != 0)
            while (length > 0 && lines[i][length - 1] == ' ')
                lines[i][--length] = '\0';
    }
    return lines[0] != NULL ? g_strjoinv("\n", lines) : g_strdup("");
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *body = g_strndup((const char *)data, size);
    g_autofree char *text = coi_flowed_decode(body, FALSE);
    g_autofree char *delsp = coi_flowed_decode(body, TRUE);

    g_assert_cmpuint(strlen(delsp), <=, strlen(text));
    if (g_utf8_validate(body, -1, NULL) && strchr(body, '\r') == NULL) {
        g_autofree char *encoded = coi_flowed_encode(body);
        g_autofree char *decoded = coi_flowed_decode(encoded, FALSE);
        g_autofree char *expected = without_trailing(body);

        g_assert_cmpstr(decoded, ==, expected);
    }
    return 0;
}
