/* Mails as other programs write them. Runs in the project's root. */
#include "base/limits.h"
#include "mime/parse.h"

#include <string.h>

#define CHAT_ID "chat$4f1d2c3b4a59687786950a1b2c3d4e5f@example.org"

static CoiMail *parse_bytes(const char *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    CoiMail *mail = coi_mail_parse((const guint8 *)bytes, length, &error);

    g_assert_no_error(error);
    return mail;
}

static CoiMail *parse(const char *mail)
{
    return parse_bytes(mail, strlen(mail));
}

static CoiMail *parse_file(const char *name)
{
    g_autofree char *path = g_build_filename("tests", "samples", name, NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;

    g_file_get_contents(path, &bytes, &length, &error);
    g_assert_no_error(error);
    return parse_bytes(bytes, length);
}

static const struct {
    const char *file;
    const char *from; /* "name|address" */
    const char *subject;
    gint64 date;
    gboolean chat_reply; /* References and In-Reply-To name our chat message */
    const char *whole; /* text with nothing left out */
    const char *attachments; /* joined by "|" */
} samples[] = {
    {"mails/reply-outlook.eml", "M\xC3\xBCller, Bernd|bernd.mueller@contoso.example",
     "AW: Chat: Hallo Bernd, hast du morgen Zeit?", 1795515658, TRUE,
     "Ja, ab 10 Uhr. Gr\xC3\xBC\xC3\x9F"
     "e, Bernd\n\nVon: Alice <alice@example.org>\nGesendet: Dienstag, 24. November 2026 11:00\n"
     "An: M\xC3\xBCller, Bernd <Bernd.Mueller@Contoso.example>\nBetreff: Chat: Hallo Bernd, hast du morgen Zeit?\n\n"
     "Hallo Bernd, hast du morgen Zeit?",
     ""},
    {"mails/reply-gmail.eml", "Bob Gmail|bob@gmail.example", "Re: Chat: Lunch today?", 1795518224, TRUE,
     "Sounds good \xE2\x80\x94 12:30 at the usual place? \xF0\x9F\x98\x80\n\n"
     "On Tue, Nov 24, 2026 at 11:58 AM Alice <alice@example.org> wrote:\n\n> Lunch today?\n>",
     ""},
    {"mails/reply-apple-mail.eml", "Carol Example|carol@icloud.example", "Re: Chat: Caf\xC3\xA9", 1795544055, TRUE,
     "See you at the caf\xC3\xA9.\n\n> On 24. Nov 2026, at 13:10, Alice <alice@example.org> wrote:\n> \n> Caf\xC3\xA9?",
     ""},
    {"mails/reply-thunderbird.eml", "Dave|dave@tb.example", "Re: Chat: A longer question about format=flowed",
     1795544421, TRUE,
     "This is one paragraph that Thunderbird wraps by itself, so that its lines end with a space and the reader puts "
     "them "
     "together \xE2\x80\x94 as RFC 3676 says.\n\nFrom here on a line was stuffed.\n And this one began with a "
     "space.\n\n"
     "On 11/24/26 18:00, Alice wrote:\n> A longer question about format=flowed that is itself wrapped because it "
     "doesn't fit.\n"
     ">> And an older one.\n\n-- \nDave",
     ""},
    {"mails/reply-k9.eml", "Erin|erin@k9.example", "Re: Chat: Hi", 1795543200, TRUE,
     "Hi Alice!\n\nOn November 24, 2026 8:59:00 PM GMT+03:00, Alice <alice@example.org> wrote:\n>Hi", ""},
    {"mails/reply-iphone.eml", "Frank|frank@me.example", "Re: Chat: Where are you?", 1795536306, TRUE,
     "On the train\n\nSent from my iPhone\n\n> On 24 Nov 2026, at 17:04, Alice <alice@example.org> wrote:\n> \n> "
     "\xEF\xBB\xBFWhere are you?",
     "IMG_0042.jpeg"},
    {"mails/reply-mutt.eml", "Grace|grace@mutt.example", "Re: Chat: patch", 1795551072, TRUE,
     "On Tue, Nov 24, 2026 at 08:00:00PM +0000, Alice wrote:\n> patch\n\nAttached.\n\nA list's footer", "fix.patch"},
    {"mails/reply-roundcube.eml", "|heidi@webmail.example",
     "Re: Chat: \xC3\x9C"
     "bermorgen? Ich w\xC3\xBCrde gerne noch ein paar Dinge kl\xC3\xA4ren",
     1795556024, TRUE,
     "Am 24.11.2026 22:30 schrieb Alice:\n> \xC3\x9C"
     "bermorgen? Ich w\xC3\xBCrde gerne noch ein paar Dinge kl\xC3\xA4ren, bevor wir "
     "entscheiden.\n\nPasst.",
     ""},
    {"mails/koi8-r.eml",
     "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD \xD0\x9F\xD0\xB5\xD1\x82\xD1\x80\xD0\xBE\xD0\xB2|ivan@example.ru",
     "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82", 1795500000, FALSE,
     "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82, \xD0\xBA\xD0\xB0\xD0\xBA \xD0\xB4\xD0\xB5\xD0\xBB\xD0\xB0?",
     ""},
    {"mails/latin1-8bit.eml", "Ren\xC3\xA9|rene@example.fr", "\xC3\x89t\xC3\xA9 \xC3\xA0 la mer", 1795507200, FALSE,
     "L'\xC3\xA9t\xC3\xA9 \xE2\x80\x93 d\xC3\xA9j\xC3\xA0 \xE2\x82\xAC 5", ""},
    {"mails/gb18030.eml", "|li@example.cn", "\xE4\xBD\xA0\xE5\xA5\xBD", 1795510800, FALSE,
     "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xB8\x96\xE7\x95\x8C\xE3\x80\x82\xE2\x82\xAC\xF0\xA0\x80\x80", ""},
    {"mails/iso-2022-jp.eml", "\xE5\xB1\xB1\xE7\x94\xB0|yamada@example.jp", "Re: \xE4\xBB\x8A\xE6\x97\xA5\xE3\x81\xAF",
     1795510800, FALSE,
     "\xE4\xBB\x8A\xE6\x97\xA5\xE3\x81\xAF\xE3\x81\x84\xE3\x81\x84\xE5\xA4\xA9\xE6\xB0\x97\xE3\x81\xA7\xE3\x81\x99\xE3"
     "\x81\xAD\xE3\x80\x82",
     ""},
    {"mails/shift-jis.eml", "|sato@example.jp", "\xE3\x83\x86\xE3\x82\xB9\xE3\x83\x88", 1795510800, FALSE,
     "\xE8\xA1\xA8\xE7\xA4\xBA\xE3\x83\x86\xE3\x82\xB9\xE3\x83\x88\xE2\x91\xA0", ""},
    {"mails/html-only.eml", "Shop|news@shop.example", "Your order", 1795500000, FALSE,
     "Thank you!\n\nYour order 4711 is on its way.\n\n- 2 \xC3\x97 Tea\n- 1 \xC3\x97 Cup\n\n"
     "Track it (https://shop.example/track?id=4711&x=1) or visit shop.example.\nBye",
     ""},
    {"mails/attachment.eml", "Ivan (Sales)|ivan@example.com", "Files", 1795532400, FALSE,
     "See the files.\n\nPS: and greetings.",
     "Rechnung f\xC3\xBCr das Jahr 2026.pdf|na\xC3\xAFve plan.txt|passwd|"
     "application/vnd.ms-fontobject"},
    {"mails/bounce.eml", "Mail Delivery System|mailer-daemon@mx.example.org", "Undelivered Mail Returned to Sender",
     1795518671, FALSE, "<nobody@example.net>: host mx.example.net said: 550 5.1.1 User unknown", ""},
    {"mails/list.eml", "Judy|judy@example.org", "[dev] release", 1795507200, FALSE,
     "Version 2 is out.\n\n_______________________________________________\ndev mailing list", ""},
    {"mails/calendar.eml", "|kim@example.org", "Invitation", 1795507200, FALSE, "You are invited.", ""},
    {"mails/broken-no-boundary.eml", "|a@example.org", "no boundary", 0, FALSE, "Just text.", ""},
    {"mails/broken-cut.eml", "|a@example.org", "cut", 1795507200, FALSE,
     "The text is whole \xE2\x80\x94 but the file isn't.", "big.png"},
    {"mails/broken-charset.eml", "|a@example.org",
     "caf\xC3\xA9"
     "broken\xEF\xBF\xBD",
     1795507200, FALSE, "caf\xC3\xA9 behind a NUL[31m \xE2\x80\x9Cquoted\xE2\x80\x9D", ""},
    {"mails/broken-utf8.eml", "|a@example.org", "utf-8 that isn't", 1795507200, FALSE,
     "good \xC3\xA9, bad \xEF\xBF\xBD\xEF\xBF\xBD end", ""},
    {"mails/broken-lf.eml", "|a@example.org", "bare LF", 1795507200, FALSE, "onetwo\xE4\xBD\xA0\xE5\xA5\xBD", ""},
    {"mails/two-from.eml", "|a@example.org", "two", 0, FALSE, "plain", ""},
    {"mails/empty-body.eml", "|a@example.org", "", 1795507200, FALSE, "", ""},
    {"deltachat/plain-first.eml", "Pat|pat@example.org", "Message from Pat", 1795547616, FALSE,
     "Hello Quinn, plain first message", ""},
    {"deltachat/plain-mdn.eml", "|quinn@example.net", "Receipt Notification", 1795547617, FALSE,
     "This is a receipt notification.", ""},
    {"deltachat/plain-image.eml", "Pat|pat@example.org", "Re: Message from Pat", 1795547618, FALSE, "a picture",
     "pic.png"},
    {"deltachat/plain-reaction.eml", "Pat|pat@example.org", "Re: Message from Pat", 1795547618, FALSE,
     "\xF0\x9F\x91\x8D", ""},
    {"deltachat/plain-edit.eml", "Pat|pat@example.org", "Re: Message from Pat", 1795547620, FALSE,
     "> edit me\n\n\xE2\x9C\x8F\xEF\xB8\x8F"
     "edited text",
     ""},
};

static void test_samples(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(CoiMail) mail = parse_file(samples[i].file);
        const CoiHeaders *headers = mail->headers;
        g_autofree char *from =
            g_strdup_printf("%s|%s", headers->from->name != NULL ? headers->from->name : "", headers->from->address);
        g_autofree char *attachments = NULL;

        g_test_message("%s", samples[i].file);
        g_assert_cmpstr(from, ==, samples[i].from);
        g_assert_cmpstr(headers->subject, ==, samples[i].subject);
        g_assert_cmpint(headers->date, ==, samples[i].date);
        g_assert_cmpstr(mail->whole != NULL ? mail->whole : mail->text, ==, samples[i].whole);
        g_ptr_array_add(mail->attachments, NULL);
        attachments = g_strjoinv("|", (char **)mail->attachments->pdata);
        g_assert_cmpstr(attachments, ==, samples[i].attachments);
        g_assert_cmpint(g_strv_contains((const char *const *)headers->references, CHAT_ID), ==, samples[i].chat_reply);
        g_assert_cmpint(g_strv_contains((const char *const *)headers->in_reply_to, CHAT_ID), ==, samples[i].chat_reply);
    }
}

static void test_fields(void)
{
    g_autoptr(CoiMail) attachment = parse_file("mails/attachment.eml");
    g_autoptr(CoiMail) list = parse_file("mails/list.eml");
    g_autoptr(CoiMail) bounce = parse_file("mails/bounce.eml");
    g_autoptr(CoiMail) empty = parse_file("mails/empty-body.eml");
    g_autoptr(CoiMail) outlook = parse_file("mails/reply-outlook.eml");
    g_autoptr(CoiMail) shop = parse_file("mails/html-only.eml");

    g_assert_cmpuint(attachment->forwarded->len, ==, 1);
    g_assert_cmpstr(((CoiMail *)attachment->forwarded->pdata[0])->headers->subject, ==, "The forwarded m\xC3\xA4il");
    g_assert_cmpuint(attachment->headers->to->len, ==, 2);
    g_assert_cmpuint(attachment->headers->cc->len, ==, 2);
    g_assert_cmpuint(attachment->headers->from_count, ==, 1);
    g_assert_null(attachment->headers->chat_version);
    g_assert_false(attachment->headers->automatic);
    g_assert_false(attachment->headers->has_received);
    g_assert_null(attachment->headers->list_id);
    g_assert_cmpstr(list->headers->list_id, ==, "dev.lists.example.org");
    g_assert_true(list->headers->automatic);
    g_assert_cmpstr(bounce->headers->content_type, ==, "multipart/report");
    g_assert_cmpstr(bounce->headers->report_type, ==, "delivery-status");
    g_assert_true(bounce->headers->automatic);
    g_assert_cmpstr(empty->headers->chat_version, ==, "");
    g_assert_cmpstr(empty->headers->chat_content, ==, "purple-coi.typing");
    g_assert_cmpstr(empty->headers->content_type, ==, "text/plain");
    g_assert_true(outlook->headers->has_received);
    g_assert_cmpstr(outlook->headers->message_id, ==,
                    "AM0PR05MB6482A1B2C3D4E5F60718293A4B5C6@AM0PR05MB6482.eurprd05.prod.outlook.example");
    g_assert_true(shop->headers->automatic);
}

static void test_odd_fields(void)
{
    g_autoptr(CoiMail) mail = parse_file("mails/two-from.eml");
    g_autoptr(CoiMail) bare = parse_file("mails/broken-charset.eml");
    const CoiHeaders *headers = mail->headers;

    g_assert_cmpuint(headers->from_count, ==, 2);
    g_assert_cmpuint(headers->to->len, ==, 0);
    g_assert_cmpstr(headers->message_id, ==, "two@example.org");
    g_assert_cmpuint(g_strv_length(headers->references), ==, 3);
    g_assert_cmpstr(headers->references[0], ==, "one@example.org");
    g_assert_cmpstr(headers->references[1], ==, "two@example.org");
    g_assert_cmpstr(headers->references[2], ==, "three@example.org");
    g_assert_cmpstr(headers->in_reply_to[0], ==, "one@example.org");
    g_assert_false(headers->automatic);
    g_assert_cmpstr(headers->list_id, ==, "team@example.org");
    g_assert_cmpstr(bare->headers->message_id, ==, "no-brackets@example.org");
}

static const struct {
    const char *value;
    gint64 date;
} dates[] = {
    {"Tue, 24 Nov 2026 19:13:36 +0000", 1795547616},
    {"24 Nov 2026 19:13:36 +0000", 1795547616},
    {"Tue, 24 Nov 2026 19:13 +0000", 1795547580},
    {"Tue, 24 Nov 2026 20:13:36 +0100 (CET)", 1795547616},
    {"Tue, 24 Nov 26 14:13:36 EST", 1795547616},
    {"Tue,24 Nov 2026 19:13:36 GMT", 1795547616},
    {"Tue, 24 Nov 2026 11:13:36 -0800", 1795547616},
    {"Tue, 24 Nov 2026 19:13:36", 1795547616},
    {"Tue (day), 24 Nov 2026 (year) 19:13:36 +0000", 1795547616},
    {"Fri, 31 Dec 1999 23:59:59 +0000", 946684799},
    {"", 0},
    {"now", 0},
    {"Tue, 32 Nov 2026 19:13:36 +0000", 0},
    {"Tue, 24 Foo 2026 19:13:36 +0000", 0},
    {"Thu, 01 Jan 1970 00:00:00 +0000", 0},
    {"Wed, 01 Jan 1969 00:00:00 +0000", 0},
    {"Sat, 01 Jan 99999999999 00:00:00 +0000", 0},
    {"Tue, 24 Nov 2026 19:13:36 +99999999999", -1},
    {"Fri, 31 Dec 9999 23:59:59 -1200", 0},
    {"-1 -1 -1 -1:-1:-1 -9999", 0},
};

static void test_dates(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(dates); i++) {
        g_autofree char *block = g_strdup_printf("Date: %s\r\n\r\n", dates[i].value);
        g_autoptr(CoiHeaders) headers = coi_headers_parse((const guint8 *)block, strlen(block), NULL);

        g_test_message("%s", dates[i].value);
        if (dates[i].date >= 0)
            g_assert_cmpint(headers->date, ==, dates[i].date);
    }
}

static const struct {
    const char *value;
    const char *subject;
} subjects[] = {
    {"=?utf-8?B?w6Q=?= =?utf-8?B?w7Y=?=\r\n =?utf-8?B?w7w=?=", "\xC3\xA4\xC3\xB6\xC3\xBC"},
    {"a =?utf-8?q?b?= c", "a b c"},
    {"=?utf-8?q?b?=c", "bc"},
    {"=?utf-8?q?a_b=5F?=", "a b_"},
    {"=?utf-8?q?raw space?=", "raw space"},
    {"=?utf-8*en?q?lang?=", "lang"},
    {"=?utf-8?B?w?= =?utf-8?B?6Q=?=", NULL},
    {"=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", "\xC3\xA4"},
    {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
    {"=?utf-8?Q?unclosed", "=?utf-8?Q?unclosed"},
    {"=?", "=?"},
    {"=??Q?x?=", "=??Q?x?="},
    {"=?utf-8?Q?"
     "?=",
     ""},
    {"=?utf-8?Q?=00=0D=0ABcc:_x?=", "Bcc: x"},
    {"tab\there", "tab here"},
    {"x \xE2\x80\xAE"
     "gpj.exe\xE2\x81\xA6",
     "x gpj.exe"},
    {"bell \x07 \x7F", "bell"},
    {"raw \xC3\xA4 and =?iso-8859-1?q?=E4?=", "raw \xC3\xA4 and \xC3\xA4"},
    {"raw \xE4", "raw \xC3\xA4"},
};

static void test_subjects(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
        g_autofree char *block = g_strdup_printf("Subject: %s\r\n\r\nSubject: body\r\n", subjects[i].value);
        g_autoptr(CoiHeaders) headers = coi_headers_parse((const guint8 *)block, strlen(block), NULL);

        g_test_message("row %zu", i);
        g_assert_true(g_utf8_validate(headers->subject, -1, NULL));
        if (subjects[i].subject != NULL)
            g_assert_cmpstr(headers->subject, ==, subjects[i].subject);
    }
}

static const struct {
    const char *charset;
    const char *body;
    const char *text;
} charsets[] = {
    {"gb18030",
     "a\xFF"
     "bc",
     "a\xEF\xBF\xBD"
     "bc"},
    {"Shift_JIS",
     "a\xFD"
     "bc\x83",
     "a\xEF\xBF\xBD"
     "bc\xEF\xBF\xBD"},
    {"euc-kr", "\xB0\xA1", "\xEA\xB0\x80"},
    {"big5", "\xA4\xA4", "\xE4\xB8\xAD"},
    {"us-ascii", "\xC3\xA4", "\xC3\xA4"},
    {"us-ascii", "\xE4", "\xC3\xA4"},
    {"utf-7", "+AOQ-", "\xC3\xA4"},
    {"iso-8859-15", "\xA4", "\xE2\x82\xAC"},
    {"../../../tmp/x", "\xE4", "\xC3\xA4"},
    {"utf-8//TRANSLIT", "\xC3\xA4", "\xC3\xA4"},
    {"", "\xE4", "\xC3\xA4"},
};

static void test_charsets(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(charsets); i++) {
        g_autofree char *bytes = g_strdup_printf("From: a@b\nContent-Type: text/plain; charset=\"%s\"\n\n%s\n",
                                                 charsets[i].charset, charsets[i].body);
        g_autoptr(CoiMail) mail = parse(bytes);

        g_test_message("%s", charsets[i].charset);
        g_assert_cmpstr(mail->text, ==, charsets[i].text);
    }
}

static void test_many_ids(void)
{
    g_autoptr(GString) block = g_string_new("References:");
    g_autofree char *longest = g_strnfill(COI_LIMIT_MESSAGE_ID, 'm');
    g_autoptr(CoiHeaders) headers = NULL;

    for (int i = 0; i < 250; i++)
        g_string_append_printf(block, " <%d@example.org>\r\n", i);
    g_string_append_printf(block, "Message-ID: <%sx>\r\nX-Microsoft-Original-Message-ID: <%s>\r\n", longest, longest);
    headers = coi_headers_parse((const guint8 *)block->str, block->len, NULL);
    g_assert_cmpuint(g_strv_length(headers->references), ==, COI_LIMIT_REFERENCES);
    g_assert_cmpstr(headers->references[0], ==, "0@example.org");
    g_assert_cmpstr(headers->references[1], ==, "151@example.org");
    g_assert_cmpstr(headers->references[COI_LIMIT_REFERENCES - 1], ==, "249@example.org");
    g_assert_null(headers->message_id);
    g_assert_cmpstr(headers->alias_id, ==, longest);
}

static void test_hash(void)
{
    const char *whole = "From: a\r\nTo: b\r\n\r\nbody";
    g_autofree char *from_whole = coi_header_hash((const guint8 *)whole, strlen(whole));
    g_autofree char *from_block = coi_header_hash((const guint8 *)whole, strlen("From: a\r\nTo: b\r\n\r\n"));
    g_autofree char *expected = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "From: a\r\nTo: b\r\n", -1);
    g_autofree char *other = coi_header_hash((const guint8 *)"From: a\r\n", 9);

    g_assert_cmpstr(from_whole, ==, expected);
    g_assert_cmpstr(from_block, ==, expected);
    g_assert_cmpstr(other, !=, expected);
}

/* A part's or a nested mail's own fields say nothing about the mail. */
static void test_only_top(void)
{
    g_autoptr(CoiMail) mail = parse("From: a@b\nContent-Type: multipart/mixed; boundary=x\n\nChat-Version: 1.0\n--x\n"
                                    "Chat-Version: 1.0\nMessage-ID: <chat$x@y>\n\ntext\n--x--\n");

    g_assert_null(mail->headers->chat_version);
    g_assert_null(mail->headers->message_id);
    g_assert_cmpstr(mail->text, ==, "text");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/parse/samples", test_samples);
    g_test_add_func("/parse/fields", test_fields);
    g_test_add_func("/parse/odd-fields", test_odd_fields);
    g_test_add_func("/parse/dates", test_dates);
    g_test_add_func("/parse/subjects", test_subjects);
    g_test_add_func("/parse/charsets", test_charsets);
    g_test_add_func("/parse/many-ids", test_many_ids);
    g_test_add_func("/parse/hash", test_hash);
    g_test_add_func("/parse/only-top", test_only_top);
    return g_test_run();
}
