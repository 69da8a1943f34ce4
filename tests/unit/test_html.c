#include "mime/html.h"

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
    {"<a href='https://e.example/a&#10;b&#x202e;c'>x</a>", "x (https://e.example/a%20bc)"},
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
    {"<html><body>x</body></html>\nafter", "x\nafter"},
    {"<", "<"},
    {"<p", ""},
    {"x <o:p>&nbsp;</o:p>y", "x  y"},
    {"<!DOCTYPE html [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><p>&a;</p>", NULL},
    {"\xE4\xBD\xA0\xE5\xA5\xBD<br>\xF0\x9F\x98\x80", "\xE4\xBD\xA0\xE5\xA5\xBD\n\xF0\x9F\x98\x80"},
    {"x<![if !supportLists]>y<![endif]>z<?xml:namespace a /><!x>", "xyz"},
    {"<p class=MsoNormal>a</p><p class=\"MsoNormal\">b</p><p style='margin:0'>c<p>d", "a\nb\nc\n\nd"},
    {"<div>a</div><div><br></div><div>b</div>", "a\n\nb"},
    {"<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n- b"},
    {"<ol start=3><li>a<li>b</ol>", "3. a\n4. b"},
    {"1 < 2 &copy; &copy2 &ampx &eacute;&eacute &#128; &#x110000; &#0;", "1 < 2 \xC2\xA9 &copy2 &ampx \xC3\xA9\xC3\xA9 \xE2\x82\xAC \xEF\xBF\xBD \xEF\xBF\xBD"},
    {"<img alt=logo src=cid:1>x<img src=y>", "x"},
    {"<span style='font-size:0px'>a</span><div hidden>b</div><i style='mso-hide:all'>c</i>d", "d"},
    {"<a href='https://x.example/' title='>'>x</a>", "x (https://x.example/)"},
    {"<textarea>a&amp;<b></textarea><xmp>b&amp;<i></xmp>", "a&<b>\n\nb&amp;<i>"},
    {"<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xC3\xA4", "\xC3\xA4"},
    {"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\xC3\xA4", "\xC3\xA4"},
};

static CoiLines *read_html(const char *html)
{
    CoiLines *lines = coi_lines_new();

    coi_html_read(lines, html);
    return lines;
}

static void test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(CoiLines) lines = read_html(rows[i].html);
        g_autofree char *text = coi_lines_text(lines, TRUE);

        g_test_message("%s", rows[i].html);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        if (rows[i].text != NULL)
            g_assert_cmpstr(text, ==, rows[i].text);
        g_assert_null(strstr(text, "root:"));
    }
}

static const struct {
    const char *html;
    const char *markup; /* NULL: nothing in it is formatted */
} formatted[] = {
    {"plain <p>text", NULL},
    {"a <b>bold</b> word", "a <b>bold</b> word"},
    {"<strong>a</strong><em>b</em><u>c</u><del>d</del>x<sub>2</sub>y<sup>3</sup>",
     "<b>a</b><i>b</i><u>c</u><s>d</s>x<sub>2</sub>y<sup>3</sup>"},
    {"<p><b>one</p><p>two", "<b>one</b><br><br>two"},
    {"<b>one<br>two</b>", "<b>one</b><br><b>two</b>"},
    {"<b>a<i>b</b>c</i>", "<b>a<i>b</i></b><i>c</i>"},
    {"<b>a</b> b <b> c </b>d", "<b>a</b> b <b>c</b> d"},
    {"<b></b><i> </i>", NULL},
    {"<h1>Title</h1>text", "<b>Title</b><br><br>text"},
    {"<span style='font-weight: bold; color: #C00'>x</span>", "<font color=\"#cc0000\"><b>x</b></font>"},
    {"<b style='font-weight:normal'>x</b>", NULL},
    {"<span style='font-style:italic;text-decoration:line-through underline'>x</span>", "<i><u><s>x</s></u></i>"},
    {"<font color=red face='Comic Sans MS' size=5>x</font>", "<font color=\"#ff0000\" face=\"Comic Sans MS\" size=\"5\">x</font>"},
    {"<font face='x\" onclick=\"y'>x</font>", "<font face=\"x onclicky\">x</font>"},
    {"<font color='\"><script>' size='\">'>x</font>", NULL},
    {"<font size=1>x</font><font size=99>y</font>", "<font size=\"2\">x</font><font size=\"6\">y</font>"},
    /* What vanishes on some background, or is the usual color. */
    {"<font color=black>a</font><font color=#fff>b</font><font color='#333333'>c</font>", NULL},
    {"<font color=red>a<font color=blue>b</font>c</font>",
     "<font color=\"#ff0000\">a</font><font color=\"#0000ff\">b</font><font color=\"#ff0000\">c</font>"},
    {"<a href='https://example.org/x?a=1&amp;b=2'>see</a>", "<a href=\"https://example.org/x?a=1&amp;b=2\">see</a>"},
    {"<a href='https://example.org/'>example.org</a>", NULL},
    {"<a href='mailto:a@example.org'>a@example.org</a> <b>x</b>", "a@example.org <b>x</b>"},
    {"<a href='https://evil.example/'>https://bank.example/</a>",
     "<a href=\"https://evil.example/\">https://bank.example/</a> (https://evil.example/)"},
    {"<a href='https://evil.example/'>ban\xE2\x80\x8Bk.example</a>",
     "<a href=\"https://evil.example/\">ban\xE2\x80\x8Bk.example</a> (https://evil.example/)"},
    {"<a href='https://bank.example@evil.example/'>bank.example</a>",
     "<a href=\"https://bank.example@evil.example/\">bank.example</a> (https://bank.example@evil.example/)"},
    {"<a href='https://www.shop.example/x'>news.shop.example</a>", "<a href=\"https://www.shop.example/x\">news.shop.example</a>"},
    {"<a href='https://x.example/f'>report.pdf</a>", "<a href=\"https://x.example/f\">report.pdf</a>"},
    {"<a href='javascript:alert(1)'>x</a><a href=' java\nscript:y'>y</a><a href='&#106;avascript:z'>z</a>", NULL},
    {"<a href='data:text/html,x'>x</a><a href='file:///etc/passwd'>y</a><a href='//x.example'>z</a><a href='vbscript:x'>v</a>", NULL},
    {"<a href='HTTPS://x.example/\"&gt;&lt;b&gt;'>x</a>", "<a href=\"HTTPS://x.example/%22%3E%3Cb%3E\">x</a>"},
    {"<a href='https://x.example/'>one<br>two</a>",
     "<a href=\"https://x.example/\">one</a><br><a href=\"https://x.example/\">two</a>"},
    {"<a href='https://x.example/'>a<a href='https://y.example/'>b</a>c",
     "<a href=\"https://x.example/\">a</a><a href=\"https://y.example/\">b</a>c"},
    {"<b>&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; \"</b>",
     "<b>&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; &quot;</b>"},
    {"<b onclick='x' style='position:fixed'>x</b><img src=x onerror=y><script>z</script><style>b{}</style>", "<b>x</b>"},
    {"<blockquote><b>a</b></blockquote>b", "&gt; <b>a</b><br>b"},
    {"<b>a \xE2\x80\xAE" "evil</b> good", "<b>a evil</b> good"},
    {"<b>a \xE2\x81\xA7" "b</b><br>c", "<b>a \xE2\x81\xA7" "b</b>\xE2\x81\xA9<br>c"},
};

static void test_markup(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(formatted); i++) {
        g_autoptr(CoiLines) lines = read_html(formatted[i].html);
        g_autofree char *markup = coi_lines_markup(lines);

        g_test_message("%s", formatted[i].html);
        g_assert_cmpstr(markup, ==, formatted[i].markup);
    }
}

/* What is nested deeper than anybody nests is read, too. */
static void test_deep(void)
{
    g_autoptr(GString) html = g_string_new("begin");
    g_autoptr(CoiLines) lines = NULL;
    g_autofree char *text = NULL;

    for (int i = 0; i < 100000; i++)
        g_string_append(html, "<div><b>");
    g_string_append(html, "end");
    lines = read_html(html->str);
    text = coi_lines_text(lines, TRUE);
    g_assert_cmpstr(text, ==, "begin\nend");
}

/* A link that is opened anew at each word can't make more of a mail than there is. */
static void test_bounded(void)
{
    g_autoptr(GString) html = g_string_new("<a href='https://x.example/");
    g_autoptr(CoiLines) lines = NULL;
    g_autofree char *text = NULL;

    for (int i = 0; i < 7000; i++)
        g_string_append_c(html, 'x');
    g_string_append(html, "'>");
    for (int i = 0; i < 30000; i++)
        g_string_append(html, "x<br>");
    lines = read_html(html->str);
    text = coi_lines_text(lines, TRUE);
    g_assert_cmpuint(lines->markup->len, <, 10 * html->len);
    g_assert_cmpuint(strlen(text), <, html->len);
    g_assert_true(g_str_has_prefix(text, "x\nx\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/html/rows", test_rows);
    g_test_add_func("/html/markup", test_markup);
    g_test_add_func("/html/deep", test_deep);
    g_test_add_func("/html/bounded", test_bounded);
    return g_test_run();
}
