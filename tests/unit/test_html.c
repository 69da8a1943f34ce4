#include "mime/html.h"
#include "mime/parse.h"

#include <string.h>

static const struct {
    const char *html;
    const char *text;
} rows[] = {
    {"", ""},
    {"plain", "plain"},
    {"a\n b\t\tc", "a b c"},
    {"<p>one</p><p>two</p>", "one\n\ntwo"},
    {"<div>one</div><div>two</div>", "one\ntwo"},
    {"<div><div>one</div></div><div>two</div>", "one\ntwo"},
    {"one<br>two<br/><br>three", "one\ntwo\n\nthree"},
    {"a <b>bold</b> <i>word</i>.", "a bold word."},
    {"a<b>b</b>c", "abc"},
    {"<h1>Title</h1>text", "Title\n\ntext"},
    {"<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"},
    {"x<ol><li>a</li><li>b<ul><li>c</li></ul></li></ol>", "x\n\n1. a\n2. b\n  - c"},
    {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
    {"<pre>a  b\n  c</pre>d", "a  b\n  c\n\nd"},
    {"<blockquote>a<br>b</blockquote>c", "> a\n> b\nc"},
    {"<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>> b"},
    {"<a href=\"https://example.org/x\">see</a>", "see (https://example.org/x)"},
    {"<a href=\"https://example.org/x\">https://example.org/x</a>", "https://example.org/x"},
    {"<a href=\"https://www.Example.org/\">example.org</a>", "example.org"},
    {"<a href=\"https://evil.example/\">https://bank.example/</a>", "https://bank.example/ (https://evil.example/)"},
    {"<a href=\"mailto:a@example.org\">a@example.org</a>", "a@example.org"},
    {"<a href=\"javascript:alert(1)\">x</a>", "x"},
    {"<a href=\"#top\">x</a>", "x"},
    {"<a name=x>x</a>", "x"},
    {"<a href='https://e.example/a&#10;b&#x202e;c'>x</a>", "x (https://e.example/a bc)"},
    {"see <a href=\"https://example.org/\"><img src=x></a>it", "see it"},
    {"<script>alert('<p>')</script>x<style>p{}</style>", "x"},
    {"<head><title>T</title></head><body>x", "x"},
    {"<div style=\"color:red; display : none\">hidden<p>too</div>shown", "shown"},
    {"&lt;b&gt; &amp;amp; &euro; &#8364; &#x20AC;", "<b> &amp; \xE2\x82\xAC \xE2\x82\xAC \xE2\x82\xAC"},
    {"&unknown; &", "&unknown; &"},
    {"<!-- <p>no</p> -->x<!--[if mso]>y<![endif]-->", "x"},
    {"<img alt=\"a cat\" src=\"http://example.org/x.png\">!", "a cat!"},
    {"<b>unclosed", "unclosed"},
    {"</p></div>x", "x"},
    {"<html><body>x</body></html>\nafter", "x\n\nafter"},
    {"<", "<"},
    {"<p", ""},
    {"x <o:p>&nbsp;</o:p>y", "x \xC2\xA0y"},
    {"<!DOCTYPE html [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><p>&a;</p>", NULL},
    {"\xE4\xBD\xA0\xE5\xA5\xBD<br>\xF0\x9F\x98\x80", "\xE4\xBD\xA0\xE5\xA5\xBD\n\xF0\x9F\x98\x80"},
    {"<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xC3\xA4", "\xC3\xA4"},
    {"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\xC3\xA4", "\xC3\xA4"},
};

static void test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = coi_html_to_text(rows[i].html);

        g_test_message("%s", rows[i].html);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        if (rows[i].text != NULL)
            g_assert_cmpstr(text, ==, rows[i].text);
        g_assert_null(strstr(text, "root:"));
    }
}

static void test_deep(void)
{
    GString *html = g_string_new("begin");
    g_autofree char *text = NULL;

    for (int i = 0; i < 100000; i++)
        g_string_append(html, "<div>");
    g_string_append(html, "end");
    text = coi_html_to_text(html->str);
    g_assert_cmpstr(text, ==, "begin");
    g_string_free(html, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/html/rows", test_rows);
    g_test_add_func("/html/deep", test_deep);
    return g_test_run();
}
