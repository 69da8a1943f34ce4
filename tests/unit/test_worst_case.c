/* What a hostile mail may cost: at most 50 ms for 256 KiB, the whole way from its bytes to its lines. */
#include "cpu_time.h"
#include "mime/parse.h"

#include <string.h>

/* Sanitizers make it slower by far: there less is read, and no time is taken. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TIMED 0
#define SIZE (16 * 1024)
#else
#define TIMED 1
#define SIZE (256 * 1024)
#endif
#define LIMIT_MS 50.0

#define PLAIN "From: a@example.org\r\nIn-Reply-To: <x@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
#define FLOWED "From: a@example.org\r\nIn-Reply-To: <x@example.org>\r\nContent-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\n"
#define HTML "From: a@example.org\r\nIn-Reply-To: <x@example.org>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
#define MIXED "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"

/* head, then unit again and again up to SIZE, then tail. */
static const struct {
    const char *name, *head, *unit, *tail;
} cases[] = {
    {"one line", PLAIN, "x", ""},
    {"words", PLAIN, "x ", ""},
    {"empty lines", PLAIN, "\r\n", "x"},
    {"lines", PLAIN, "x\r\n", ""},
    {"quoted lines", PLAIN, ">\r\n", "x"},
    {"quoted text", PLAIN, "> x\r\n", "x"},
    {"deep quote", PLAIN, ">", "x"},
    {"deep quotes", PLAIN, ">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>> x\r\n", "x"},
    {"quotes answered in place", PLAIN, "> x\r\ny\r\n", ""},
    {"quotes answered in place, apart", PLAIN, "> x\r\n\r\ny\r\n\r\n", ""},
    {"attributions", PLAIN, "On 1.1.2020 a@b.example wrote:\r\n> x\r\n", ""},
    {"attributions without quotes", PLAIN, "a wrote:\r\n", ""},
    {"attributions without quotes, apart", PLAIN, "a wrote:\r\n\r\n", ""},
    {"attributions that go on", PLAIN, "<a\r\n<b\r\n<c:\r\n> x\r\n", ""},
    {"colons", PLAIN, ":\r\n", "> x"},
    {"colons apart", PLAIN, "a:\r\nb\r\n", "> x"},
    {"long lines with a colon", PLAIN,
     "on xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:\r\n"
     "> x\r\ny\r\n\r\n",
     ""},
    {"header blocks", PLAIN, "\r\nFrom: x", ""},
    {"header blocks without an end", PLAIN, "\r\n\r\nFrom: x\r\nSent: y\r\nSent: y\r\nSent: y\r\nSent: y\r\nSent: y\r\nSent: y\r\nSent: y", ""},
    {"rules", PLAIN, "---\r\n", ""},
    {"rules with words", PLAIN, "--- Original Messag ---\r\n", ""},
    {"signatures", PLAIN, "-- \r\n", ""},
    {"signatures and quotes", PLAIN, "-- \r\n> x\r\n", ""},
    {"armor", PLAIN, "-----BEGIN PGP SIGNED MESSAGE-----\r\n", ""},
    {"files", PLAIN, "begin 644 x\r\n", ""},
    {"files that are none", PLAIN, "begin 644 x\r\n`\r\n", "x"},
    {"files without an end", PLAIN, "begin 644 x\r\n#0V%T\r\n", "x"},
    {"one file", PLAIN "begin 644 x\r\n", "#0V%T\r\n", "x\r\n"},
    {"overrides", PLAIN, "\xE2\x80\xAE", "x"},
    {"isolates", PLAIN, "\xE2\x81\xA6", "x"},
    {"isolates in lines", PLAIN, "\xE2\x81\xA6\r\n", "x"},
    {"zero width", PLAIN, "\xE2\x80\x8B", ""},
    {"no UTF-8", PLAIN, "\xFF", ""},
    {"flowed", FLOWED, "x \r\n", ""},
    {"flowed quotes", FLOWED, "> x \r\n>> y \r\n", ""},
    {"flowed spaces", FLOWED, " \r\n", ""},
    {"angles", HTML, "<", ""},
    {"angles and letters", HTML, "<a ", ""},
    {"nested div", HTML, "<div>", "x"},
    {"nested b", HTML, "<b>", "x"},
    {"nested b with text", HTML, "<b>x", ""},
    {"nested blockquote", HTML, "<blockquote>x", ""},
    {"nested lists", HTML, "<ul><li>x", ""},
    {"nested tables", HTML, "<table><tr><td>x", ""},
    {"nested spans of fonts", HTML, "<span style='color:#f00;font-weight:bold'>x", ""},
    {"crossed", HTML, "<b>x</i>", ""},
    {"crossed closing", HTML, "<p><b>x</p></b>", ""},
    {"crossed phrases", HTML, "<b><i><u>x</b>", ""},
    {"end tags", HTML, "</p>", "x"},
    {"paragraphs", HTML, "<p>x", ""},
    {"breaks", HTML, "<br>", "x"},
    {"breaks and text", HTML, "x<br>", ""},
    {"entities", HTML, "&amp;", ""},
    {"unknown entities", HTML, "&aaaaaaaaaaaaaa", ""},
    {"ampersands", HTML, "&", ""},
    {"numbers", HTML, "&#x20AC;", ""},
    {"a long number", HTML "&#", "9", ";"},
    {"entities in lines", HTML, "&lt;<br>", ""},
    {"comments", HTML, "<!---->", "x"},
    {"comments without an end", HTML, "<!--", "x"},
    {"declarations", HTML, "<!x", ""},
    {"scripts", HTML, "<script>", "x"},
    {"scripts with ends that are none", HTML "<script>", "</scrip", "x"},
    {"textareas", HTML, "<textarea>", "x"},
    {"textareas with text", HTML, "<textarea></textarea>x", ""},
    {"one style", HTML "<p style='", "color:red;", "'>x"},
    {"one style of semicolons", HTML "<p style='", ";", "'>x"},
    {"styles", HTML, "<p style='color:red;font-size:large'>x</p>", ""},
    {"style attributes", HTML "<p ", "style='a:b' ", ">x"},
    {"attributes", HTML "<p ", "a=b ", ">x"},
    {"equal signs", HTML "<p ", "=", ">x"},
    {"quotes in a tag", HTML "<p ", "'\"", ">x"},
    {"quotes without an end", HTML, "<p a='", "x"},
    {"links", HTML, "<a href='https://x.example'>x</a>", ""},
    {"links that lie", HTML, "<a href='https://x.example'>y.example</a>", ""},
    {"links without an end", HTML, "<a href='https://x.example'>x", ""},
    {"one link of hosts", HTML "<a href='https://x.example'>", "a.bc ", "</a>"},
    {"one link of words", HTML "<a href='https://x.example'>", "a ", "</a>"},
    {"one link of lines", HTML "<a href='https://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example'>", "x<br>", "</a>"},
    {"one link of formats", HTML "<a href='https://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example'>", "<b>x</b>", "</a>"},
    {"pictures", HTML, "<img alt=x>", ""},
    {"attributions in html", HTML, "<div class=gmail_attr>x:<blockquote>y</blockquote></div>", ""},
    {"header blocks in html", HTML, "From: x<br>", ""},
    {"header blocks in html without an end", HTML, "From: x<br>Sent: y<br>", ""},
    {"quotes in html", HTML, "<blockquote>x</blockquote>y<br>", ""},
    {"quotes in html with colons", HTML, "a:<blockquote>x</blockquote>", ""},
    {"preformatted lines", HTML "<pre>", "x\n", ""},
    {"isolates in html", HTML, "\xE2\x81\xA6<br>", "x"},
    {"hidden", HTML, "<i hidden>x", ""},
    {"parts", MIXED, "--b\r\n\r\nx\r\n", ""},
    {"parts of html", MIXED, "--b\r\nContent-Type: text/html\r\n\r\n<b>x\r\n", ""},
    {"boundaries that are none", MIXED "--b\r\n\r\n", "--c\r\n", ""},
    {"multiparts", "", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", ""},
    {"alternatives", MIXED, "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\n\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>\r\n", ""},
    {"attached mails", MIXED, "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n\r\nx\r\n", ""},
    {"mails in mails", "", "Content-Type: message/rfc822\r\n\r\n", "x"},
    {"appointments", MIXED, "--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n", ""},
    {"an appointment of folds", "Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\nSUMMARY:x", "\r\n x", "\r\nEND:VEVENT\r\n"},
    {"an appointment of properties", "Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\n", "SUMMARY:\r\n", "\r\nEND:VEVENT\r\n"},
    {"quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=41", ""},
    {"base64", "Content-Transfer-Encoding: base64\r\n\r\n", "QUFB", ""},
    {"base64 that is none", "Content-Transfer-Encoding: base64\r\n\r\n", "\x80", ""},
    {"utf-7", "Content-Type: text/plain; charset=utf-7\r\n\r\n", "+AGE-", ""},
    {"iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n", "\033$B$\"", ""},
    {"broken gb18030", "Content-Type: text/plain; charset=gb18030\r\n\r\n", "\x81", ""},
    {"broken big5", "Content-Type: text/plain; charset=big5\r\n\r\n", "\xA1 ", ""},
};

static GString *mail_of(gsize i)
{
    GString *mail = g_string_new(cases[i].head);

    while (mail->len + strlen(cases[i].unit) + strlen(cases[i].tail) <= SIZE)
        g_string_append(mail, cases[i].unit);
    return g_string_append(mail, cases[i].tail);
}

/* The best of three: a first run pays for pages that the allocator hasn't yet. */
static double cost(const GString *mail)
{
    double best = G_MAXDOUBLE;

    for (guint i = 0; i < 3; i++) {
        gint64 begin = cpu_time();
        g_autoptr(CoiMail) read = coi_mail_parse((const guint8 *)mail->str, mail->len, NULL);

        best = MIN(best, (double)(cpu_time() - begin) / 1e3);
    }
    return best;
}

static void test_cost(void)
{
    double worst = 0;
    const char *which = "";

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GString *mail = mail_of(i);
        double took = cost(mail);

        if (took > worst) {
            worst = took;
            which = cases[i].name;
        }
        if (TIMED && took > LIMIT_MS) {
            g_test_message("%s: %.1f ms", cases[i].name, took);
            g_test_fail();
        }
        g_string_free(mail, TRUE);
    }
    g_test_message("worst of %u: %.1f ms (%s)", (guint)G_N_ELEMENTS(cases), worst, which);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/worst-case/cost", test_cost);
    return g_test_run();
}
