#include "mime/transfer.h"

#include <string.h>

#define LIMIT_LINE 998
/* RFC 2045, 6.7 and 6.8. */
#define ENCODED_LINE 76
#define BASE64_BYTES 57

/* A lone "." is left to no relay's idea of SMTP's end mark. */
static gboolean fits_7bit(const char *body)
{
    for (const char *line = body; *line != '\0';) {
        const char *end = strstr(line, "\r\n");
        gsize length = (gsize)(end - line);

        if (length > LIMIT_LINE || (length == 1 && *line == '.'))
            return FALSE;
        for (const char *p = line; p < end; p++)
            if ((guchar)*p >= 127 || ((guchar)*p < 32 && *p != '\t'))
                return FALSE;
        line = end + 2;
    }
    return TRUE;
}

/* Whether the byte at p has to be escaped. at_start: it would begin an encoded line, where mbox's "From " and SMTP's
 * "." are in danger. at_end: the body's line ends behind it, where relays cut white space, and format=flowed lives of
 * it. */
static gboolean needs_escape(const char *p, gboolean at_start, gboolean at_end)
{
    guchar c = (guchar)*p;

    if (c == ' ' || c == '\t')
        return at_end;
    if (at_start && (c == '.' || strncmp(p, "From ", 5) == 0))
        return TRUE;
    return c < 33 || c > 126 || c == '=';
}

static char *quoted_printable(const char *body)
{
    GString *out = g_string_sized_new(strlen(body) * 2);
    gsize column = 0;

    for (const char *p = body; *p != '\0'; p++) {
        gboolean at_end = p[1] == '\r' && p[2] == '\n';
        gboolean escape;

        if (p[0] == '\r' && p[1] == '\n') {
            g_string_append(out, "\r\n");
            column = 0;
            p++;
            continue;
        }
        escape = needs_escape(p, column == 0, at_end);
        /* the last column is for "=", unless the line ends there by itself */
        if (column + (escape ? 3 : 1) > (at_end ? ENCODED_LINE : ENCODED_LINE - 1)) {
            g_string_append(out, "=\r\n");
            column = 0;
            escape = needs_escape(p, TRUE, at_end);
        }
        if (escape)
            g_string_append_printf(out, "=%02X", (guchar)*p);
        else
            g_string_append_c(out, *p);
        column += escape ? 3 : 1;
    }
    return g_string_free(out, FALSE);
}

static char *base64(const char *body)
{
    gsize length = strlen(body);
    GString *out = g_string_sized_new(length * 3 / 2 + 8);

    for (gsize at = 0; at < length; at += BASE64_BYTES) {
        g_autofree char *line = g_base64_encode((const guchar *)body + at, MIN(length - at, (gsize)BASE64_BYTES));

        g_string_append(out, line);
        g_string_append(out, "\r\n");
    }
    return g_string_free(out, FALSE);
}

char *coi_transfer_encode(const char *body, const char **name)
{
    g_autofree char *printable = NULL;
    g_autofree char *sixtyfour = NULL;

    if (fits_7bit(body)) {
        *name = "7bit";
        return g_strdup(body);
    }
    printable = quoted_printable(body);
    sixtyfour = base64(body);
    if (strlen(printable) <= strlen(sixtyfour)) {
        *name = "quoted-printable";
        return g_steal_pointer(&printable);
    }
    *name = "base64";
    return g_steal_pointer(&sixtyfour);
}
