/* Whatever a user types arrives as it was: compose and parse over thousands of random texts. */
#include "mime/compose.h"
#include "mime/parse.h"

#include <string.h>

/* What of text must arrive: all but control characters, trailing spaces of lines (not "-- ") and trailing line ends. */
static char *arriving(const char *text)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (c == '\r' && p[1] != '\n')
            g_string_append_c(clean, '\n');
        else if (c == '\n' || c == '\t' || (c >= 32 && c != 127 && !(c >= 0x80 && c < 0xA0)))
            g_string_append_unichar(clean, c);
    }
    lines = g_strsplit(clean->str, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        gsize length = strlen(lines[i]);

        if (strcmp(lines[i], "-- ") != 0)
            while (length > 0 && lines[i][length - 1] == ' ')
                lines[i][--length] = '\0';
        g_string_append_printf(out, "%s%s", i > 0 ? "\n" : "", lines[i]);
    }
    while (out->len > 0 && out->str[out->len - 1] == '\n')
        g_string_truncate(out, out->len - 1);
    return g_strdup(out->str);
}

static void append_word(GString *text, GRand *random, int letters)
{
    static const char *const alphabets[] = {"abcdefghij",
                                            "=.?_<>\"\\",
                                            "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F",
                                            "\xE4\xBD\xA0\xE5\xA5\xBD",
                                            "\xF0\x9F\x98\x80\xE2\x80\x8D",
                                            "\xD7\xA9\xD7\x9C\xE2\x80\x8F",
                                            "e\xCC\x81o\xCC\x88"};
    const char *alphabet = alphabets[g_rand_int_range(random, 0, G_N_ELEMENTS(alphabets))];
    int count = (int)g_utf8_strlen(alphabet, -1);

    while (letters-- > 0) {
        const char *p = g_utf8_offset_to_pointer(alphabet, g_rand_int_range(random, 0, count));

        g_string_append_len(text, p, g_utf8_next_char(p) - p);
    }
}

/* A text of pieces that are each dangerous somewhere on the way. */
static char *random_text(GRand *random)
{
    static const char *const pieces[] = {" ",
                                         "  ",
                                         "\n",
                                         "\n\n",
                                         "\r\n",
                                         "\r",
                                         "\t",
                                         ">",
                                         "> ",
                                         ">>",
                                         "-- ",
                                         "--",
                                         "-- \n",
                                         ".",
                                         "..",
                                         "\n.\n",
                                         "From ",
                                         "\nFrom ",
                                         "=",
                                         "=20",
                                         "=\n",
                                         "--boundary--",
                                         "begin 644 x",
                                         "\nBcc: eve@example.com\n",
                                         "\x01\x1B\x7F",
                                         "\xC2\x85",
                                         "\xE2\x80\xA8",
                                         "\xEF\xBB\xBF",
                                         "\xEF\xBF\xBD",
                                         "\xC2\xA0",
                                         "\xE2\x80\x8B",
                                         "&lt;",
                                         "<b>",
                                         "\xEF\xBF\xBF"};
    GString *text = g_string_new(NULL);

    for (int count = g_rand_int_range(random, 0, 40); count > 0; count--) {
        int kind = g_rand_int_range(random, 0, 20);

        if (kind < 10)
            g_string_append(text, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
        else if (kind < 19)
            append_word(text, random, g_rand_int_range(random, 1, 30));
        else
            append_word(text, random, g_rand_int_range(random, 60, 2000));
        if (kind % 3 == 0)
            g_string_append_c(text, ' ');
    }
    return g_string_free(text, FALSE);
}

/* What every server may be given: CRLF only, no byte outside printable ASCII but tabs, no line over 998 bytes, none
 * over 78 where it was folded or encoded. */
static void assert_wire(const char *mail)
{
    g_auto(GStrv) lines = g_strsplit(mail, "\r\n", -1);
    gboolean body = FALSE;

    g_assert_true(g_str_has_suffix(mail, "\r\n"));
    for (gsize i = 0; lines[i] != NULL; i++) {
        g_assert_cmpuint(strlen(lines[i]), <=, body ? 998 : 78);
        for (const char *p = lines[i]; *p != '\0'; p++)
            g_assert_true(*p == '\t' || (*p >= 32 && *p < 127));
        g_assert_false(g_str_has_prefix(lines[i], "From "));
        g_assert_cmpstr(lines[i], !=, ".");
        body = body || *lines[i] == '\0';
    }
}

/* Equal, else the surroundings of the first difference. */
static void assert_same(const char *seen, const char *expected)
{
    gsize at = 0;

    while (seen[at] != '\0' && seen[at] == expected[at])
        at++;
    if (seen[at] != '\0' || expected[at] != '\0') {
        g_autofree char *left = g_strescape(seen + MAX(at, 20) - 20, NULL);
        g_autofree char *right = g_strescape(expected + MAX(at, 20) - 20, NULL);

        g_error("byte %zu: %.120s instead of %.120s", at, left, right);
    }
}

static void test_round_trip(void)
{
    g_autoptr(GPtrArray) to = g_ptr_array_new_with_free_func((GDestroyNotify)coi_address_free);
    GRand *random = g_rand_new_with_seed(20261124);

    g_ptr_array_add(to, coi_address_new(NULL, "bob@example.net"));
    for (int round = 0; round < 4000; round++) {
        g_autofree char *text = random_text(random);
        g_autofree char *expected = arriving(text);
        CoiDraft draft = {
            .from = "alice@example.org", .to = to, .message_id = "x@example.org", .date = 1, .text = text};
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = coi_mail_compose(&draft, &error);
        g_autofree char *mail = NULL;
        g_autoptr(CoiMail) parsed = NULL;

        g_assert_no_error(error);
        mail = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        assert_wire(mail);
        parsed = coi_mail_parse((const guint8 *)mail, strlen(mail), &error);
        g_assert_no_error(error);
        assert_same(parsed->text, expected);
        g_assert_cmpuint(parsed->attachments->len, ==, 0);
    }
    g_rand_free(random);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/text/round-trip", test_round_trip);
    return g_test_run();
}
