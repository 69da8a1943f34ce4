#include "mime/flowed.h"

#include <string.h>

static const struct {
    const char *text;
    const char *body;
} encodings[] = {
    {"", "\r\n"},
    {"hello", "hello\r\n"},
    {"two\nlines", "two\r\nlines\r\n"},
    {"end\n", "end\r\n\r\n"},
    {"trailing   \nx", "trailing\r\nx\r\n"},
    {"-- \nsig", "-- \r\nsig\r\n"},
    {"--  ", "--\r\n"},
    {"   ", "\r\n"},
    {" leading", "  leading\r\n"},
    {">", " >\r\n"},
    {"> quote", " > quote\r\n"},
    {"From here", " From here\r\n"},
    {"Fromage", "Fromage\r\n"},
    {".", ".\r\n"},
    /* 78 columns fit, 79 don't; the space that breaks belongs to the first line */
    {"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhh",
     "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhh\r\n"},
    {"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh",
     "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg \r\nhhhhhhhhh\r\n"},
    {"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff gggggggggggggg From x",
     "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff gggggggggggggg \r\n From x\r\n"},
};

static void test_encode(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autofree char *body = coi_flowed_encode(encodings[i].text);

        g_assert_cmpstr(body, ==, encodings[i].body);
    }
}

static const struct {
    const char *body;
    gboolean delsp;
    const char *text;
} decodings[] = {
    {"", FALSE, ""},
    {"a\r\n", FALSE, "a"},
    {"a", FALSE, "a"},
    {"a\nb\n", FALSE, "a\nb"},
    {"a\r\n\r\n", FALSE, "a\n"},
    {"\r\na\r\n", FALSE, "\na"},
    {"soft \r\nbreak\r\n", FALSE, "soft break"},
    {"soft \r\nbreak\r\n", TRUE, "softbreak"},
    {"soft  \r\nbreak\r\n", TRUE, "soft break"},
    {"soft \r\n  stuffed\r\n", FALSE, "soft  stuffed"},
    {" From me\r\n >x\r\n", FALSE, "From me\n>x"},
    {"> a \r\n> b\r\n", FALSE, "> a b"},
    {"> a \r\n>> b\r\n", FALSE, "> a \n>> b"},
    {">a\r\n>\r\n>> b\r\nc\r\n", FALSE, "> a\n>\n>> b\nc"},
    {"> > nested by hand\r\n", FALSE, "> > nested by hand"},
    {"text \r\n-- \r\nsig\r\n", FALSE, "text \n-- \nsig"},
    {"-- \r\nsig \r\nmore\r\n", FALSE, "-- \nsig more"},
    {"> -- \r\n> x\r\n", FALSE, "> -- \n> x"},
    {"last is soft ", FALSE, "last is soft "},
    {" \r\nx", FALSE, "\nx"},
    {"  \r\nx", FALSE, " x"},
    {"\r\r\n", FALSE, "\r"},
};

static void test_decode(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(decodings); i++) {
        g_autofree char *text = coi_flowed_decode(decodings[i].body, decodings[i].delsp);

        g_test_message("%s", decodings[i].body);
        g_assert_cmpstr(text, ==, decodings[i].text);
    }
}

static const char *const round_trips[] = {
    "a   b    c",
    "  two leading, and a run of spaces:                                                      far right",
    "-- ",
    "-- 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "x 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 y",
    "> 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 > 0123456789",
    "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 > 0123456789 From 01234",
    "\t tab first",
    "\xE4\xBD\xA0\xE5\xA5\xBD \xE4\xB8\x96\xE7\x95\x8C",
    "\n\nempty lines first\n\n\nand between",
};

static void test_round_trip(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(round_trips); i++) {
        g_autofree char *body = coi_flowed_encode(round_trips[i]);
        g_autofree char *text = coi_flowed_decode(body, FALSE);

        g_assert_cmpstr(text, ==, round_trips[i]);
    }
}

/* Words up to 70 columns: no line may exceed 78. */
static void test_width(void)
{
    GRand *random = g_rand_new_with_seed(7);

    for (int round = 0; round < 300; round++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *body = NULL;
        g_auto(GStrv) lines = NULL;

        for (int words = g_rand_int_range(random, 1, 80); words > 0; words--) {
            for (int letters = g_rand_int_range(random, 1, 71); letters > 0; letters--)
                g_string_append(text, g_rand_int_range(random, 0, 9) == 0 ? "\xC3\xA4" : ">");
            g_string_append_c(text, ' ');
        }
        body = coi_flowed_encode(text->str);
        lines = g_strsplit(body, "\r\n", -1);
        for (gsize i = 0; lines[i] != NULL; i++)
            g_assert_cmpint(g_utf8_strlen(lines[i], -1), <=, 78);
    }
    g_rand_free(random);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flowed/encode", test_encode);
    g_test_add_func("/flowed/decode", test_decode);
    g_test_add_func("/flowed/round-trip", test_round_trip);
    g_test_add_func("/flowed/width", test_width);
    return g_test_run();
}
