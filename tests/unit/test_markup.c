/* Text between libpurple's HTML and mail. */
#include <glib.h>
#include <string.h>

#include "prpl/markup.h"

typedef struct {
    const char *html, *text;
} Case;

static const Case cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"a &lt;b&gt; &amp; &quot;c&quot; &apos;d&apos; &#39;e&#x27;", "a <b> & \"c\" 'd' 'e'"},
    {"one<br>two<BR/>three<br />four", "one\ntwo\nthree\nfour"},
    {"raw\nline\r\nbreaks", "raw\nline\nbreaks"},
    {"  lead<br>    more  ", "  lead\n    more  "},
    {"&nbsp;&nbsp;x", "  x"},
    {"<b>bold</b> <font color=\"#ff0000\">red</font>", "bold red"},
    {"<p>one</p><p>two</p>", "one\ntwo"},
    {"<a href=\"http://x.org/?a=1&amp;b=2\">http://x.org/?a=1&amp;b=2</a>", "http://x.org/?a=1&b=2"},
    {"<A HREF='http://www.x.org'>www.x.org</A>", "www.x.org"},
    {"<a href=\"mailto:ann@x.org\">ann@x.org</a>!", "ann@x.org!"},
    {"<a href=http://x.org>here</a>.", "here (http://x.org)."},
    {"<a name=\"x\">anchor</a>", "anchor"},
    {"a<script>alert(1)</script>b<style>i{}</style>c", "abc"},
    {"<!-- note -->seen", "seen"},
    {"<img src=\"a>b\">after", "after"},
    /* no markup, or broken */
    {"1 < 2 and 3 > 2", "1 < 2 and 3 > 2"},
    {"<", "<"},
    {"a <b", "a <b"},
    {"<a href=\"x", "<a href=\"x"},
    {"&", "&"},
    {"&bogus; &#; &#x; &#0; &#xd800; &#99999999999; &#12", "&bogus; &#; &#x; &#0; &#xd800; &#99999999999; &#12"},
    {"<script>never closed", ""},
    {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
};

static void test_to_text(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = coi_markup_to_text(cases[i].html);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_from_text(void)
{
    static const Case shown[] = {
        {"  two <b> & \"x\" 'y'<br>z", "  two &lt;b&gt; &amp; &quot;x&quot; 'y'&lt;br&gt;z"},
        {"a\nb\r\nc\td", "a<br>b<br>c\td"},
        {"\x01"
         "ACTION\x1b[31m\x7f\xc2\x85 x",
         "ACTION[31m x"},
        {"bad \xff byte", "bad \xef\xbf\xbd byte"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
        g_autofree char *html = coi_markup_from_text(shown[i].html, 1000, "cut");
        g_assert_cmpstr(html, ==, shown[i].text);
    }
}

static void test_cut(void)
{
    g_autofree char *whole = coi_markup_from_text("12345", 5, "cut");
    g_assert_cmpstr(whole, ==, "12345");
    g_autofree char *cut = coi_markup_from_text("123456", 5, "c<t");
    g_assert_cmpstr(cut, ==, "12345<br>c&lt;t");
    g_autofree char *character = coi_markup_from_text("1234\xc3\xa4", 5, "cut");
    g_assert_cmpstr(character, ==, "1234<br>cut");
}

/* What is shown of a text and typed again is that text. */
static void test_there_and_back(void)
{
    static const char *const pieces[] = {
        "<",  ">",    "&",    "&amp;", "\"", "'",          " ",     "  ",
        "\n", "\n\n", "<br>", "a",     "Ü",  "\U0001f600", "&#60;", "<a href=\"x\">y</a>",
        "/",  "#",    ";",    "=",     "-->"};
    GRand *rand = g_rand_new_with_seed(7);
    for (guint i = 0; i < 2000; i++) {
        GString *text = g_string_new(NULL);
        for (gint n = g_rand_int_range(rand, 0, 20); n > 0; n--)
            g_string_append(text, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
        g_autofree char *html = coi_markup_from_text(text->str, G_MAXSIZE, "");
        g_autofree char *back = coi_markup_to_text(html);
        g_assert_cmpstr(back, ==, text->str);
        g_string_free(text, TRUE);
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markup/to-text", test_to_text);
    g_test_add_func("/markup/from-text", test_from_text);
    g_test_add_func("/markup/cut", test_cut);
    g_test_add_func("/markup/there-and-back", test_there_and_back);
    return g_test_run();
}
