/* What Pidgin's toolbar makes → what is sent. */
#include <glib.h>
#include <string.h>

#include "cpu_time.h"
#include "prpl/format.h"
#include "prpl/markup.h"

static const struct {
    const char *html;  /* as the client hands it over */
    const char *clean; /* NULL: no formatting */
    const char *text;
} cases[] = {
    {"", NULL, ""},
    {"plain", NULL, "plain"},
    {"1 &lt; 2<br>  &amp; so on", NULL, "1 < 2\n  & so on"},
    {"<HTML><BODY BGCOLOR='#ffffff'>plain</BODY></HTML>", NULL, "plain"},
    {"<span style='color:red'>plain</span><p>two</p>", NULL, "plain\ntwo"},
    /* what a client made links of says nothing that the text doesn't */
    {"see <A HREF=\"http://x.org/?a&amp;b\">http://x.org/?a&amp;b</A>", NULL, "see http://x.org/?a&b"},
    {"<a href=\"mailto:a@x.org\">a@x.org</a>, <a href=\"http://www.x.org\">www.x.org</a>", NULL, "a@x.org, www.x.org"},
    /* formatting without a text is none */
    {"<b></b>x<i> </i><font color='red'><br></font>", NULL, "x \n"},
    {"<font>x</font><font back='red'>y</font><a href='javascript:x'>z</a>", NULL, "xyz (javascript:x)"},

    {"<b>bold</b>", "<b>bold</b>", "bold"},
    {"<B>bold</B> <I>i</I><U>u</U><S>s</S>", "<b>bold</b> <i>i</i><u>u</u><s>s</s>", "bold ius"},
    {"<strong>a</strong><em>b</em><strike>c</strike>", "<b>a</b><i>b</i><s>c</s>", "abc"},
    {"<FONT COLOR=\"#ff0000\" SIZE=\"5\" FACE=\"DejaVu Sans\">red</FONT>",
     "<font color=\"#ff0000\" face=\"DejaVu Sans\" size=\"5\">red</font>", "red"},
    {"<font color=red>red</font>", "<font color=\"red\">red</font>", "red"},
    {"<a href=\"https://x.org/?a&amp;b=%22\">here</a>", "<a href=\"https://x.org/?a&amp;b=%22\">here</a>",
     "here (https://x.org/?a&b=%22)"},
    {"<b>see</b> <a href=\"http://x.org\">http://x.org</a>", "<b>see</b> <a href=\"http://x.org\">http://x.org</a>",
     "see http://x.org"},
    {"<b>one<br>two</b>", "<b>one<br>two</b>", "one\ntwo"},
    {"<b>one\r\ntwo</b>", "<b>one<br>two</b>", "one\ntwo"},
    {"  <b>a  b</b>  c<br> d", "&nbsp;&nbsp;<b>a &nbsp;b</b> &nbsp;c<br>&nbsp;d", "  a  b  c\n d"},
    {"<b>&lt;script&gt; &amp;amp; \"x\"</b>", "<b>&lt;script&gt; &amp;amp; &quot;x&quot;</b>", "<script> &amp; \"x\""},
    /* well nested, whatever comes */
    {"<b>a<i>b</b>c</i>d", "<b>a<i>b</i></b><i>c</i>d", "abcd"},
    {"<b>never closed", "<b>never closed</b>", "never closed"},
    {"</b>x<b>y</b></i>", "x<b>y</b>", "xy"},
    {"<b><b>x</b>y</b>z", "<b><b>x</b>y</b>z", "xyz"},
    {"<a href='http://x.org'><b>x</a>y</b>", "<a href=\"http://x.org\"><b>x</b></a><b>y</b>", "x (http://x.org)y"},
    /* nothing that could do harm */
    {"<b onclick=\"evil()\">x</b><script>evil()</script><style>b{}</style>", "<b>x</b>", "x"},
    {"<font color='red\" onload=\"x' size='3'>x</font>", "<font size=\"3\">x</font>", "x"},
    {"<font face='x;behavior:url(y)' color='expression(1)' size=3>x</font>", "<font size=\"3\">x</font>", "x"},
    {"<b>x</b><a href=' javascript:x'>y</a>", "<b>x</b>y", "xy ( javascript:x)"},
    {"<b>x</b><a href=\"http://x&quot; onclick=&quot;y\">z</a>", "<b>x</b><a href=\"http://x&quot; onclick=&quot;y\">z</a>",
     "xz (http://x\" onclick=\"y)"},
    {"<b>\x01\x1b[31mx</b><img src=\"http://x.org/\">", "<b>[31mx</b>", "\x01\x1b[31mx"},
    {"<b>x\xff</b>", "<b>x\xEF\xBF\xBD</b>", "x\xEF\xBF\xBD"},
};

static void test_cases(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *clean = coi_format_clean(cases[i].html);
        g_autofree char *text = coi_markup_to_text(cases[i].html);

        g_assert_cmpstr(clean, ==, cases[i].clean);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

/* Clean markup is clean: it comes back as it is, and says the same. */
static void test_again(void)
{
    static const char *const pieces[] = {"<b>", "</b>", "<i>", "</i>", "<font color='red'>", "</font>", "<a href='http://x'>",
                                         "</a>", "<br>", " ",   "x",   "&lt;", "&amp;", "\"",  "<",   ">",   "<b", "é"};
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    guint formatted = 0;

    for (guint i = 0; i < 20000; i++) {
        g_autoptr(GString) html = g_string_new(NULL);
        for (gint n = g_rand_int_range(rand, 0, 25); n > 0; n--)
            g_string_append(html, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
        g_autofree char *clean = coi_format_clean(html->str);
        if (clean == NULL)
            continue;
        g_autofree char *again = coi_format_clean(clean);
        g_assert_cmpstr(again, ==, clean);
        formatted++;
    }
    g_assert_cmpuint(formatted, >, 5000);
}

static void test_deep(void)
{
    g_autoptr(GString) html = g_string_new(NULL);
    for (guint i = 0; i < 20000; i++)
        g_string_append(html, "<b>");
    g_string_append(html, "x");
    g_autofree char *clean = coi_format_clean(html->str);
    g_assert_cmpuint(strlen(clean), <, 500);
}

/* 64 KiB of whatever: far from the slice that the main loop allows a person's own text. */
static void test_time(void)
{
    static const char *const pieces[] = {"<a", "<a '", "<a \"<b '", "<b>", "</b>", "<b>x", "&", "&#", "<", "<b><i>x</b>",
                                         "<font color='red'>x", "<a href='http://x'>x", " ", "x <br>", "<script>"};

    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) html = g_string_new("<b>x");
        while (html->len < 65536)
            g_string_append(html, pieces[i]);
        gint64 start = cpu_time();
        g_autofree char *clean = coi_format_clean(html->str);
        g_autofree char *text = coi_markup_to_text(html->str);
        gint64 taken = cpu_time() - start;
        g_test_message("%s: %" G_GINT64_FORMAT " us, %zu bytes", pieces[i], taken, strlen(clean));
        g_assert_cmpint(taken, <, 500000);
        g_assert_cmpuint(strlen(clean), <, 64 * html->len);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/format/cases", test_cases);
    g_test_add_func("/format/again", test_again);
    g_test_add_func("/format/deep", test_deep);
    g_test_add_func("/format/time", test_time);
    return g_test_run();
}
