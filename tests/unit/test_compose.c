#include "compose_fixture.h"
#include "base/error.h"
#include "base/limits.h"
#include "mime/compose.h"
#include "mime/encode.h"
#include "mime/parse.h"

#include <string.h>

#define ID "chat$0123456789abcdef0123456789abcdef@example.org"

static GPtrArray *recipients(const char *name, const char *address)
{
    GPtrArray *to = g_ptr_array_new_with_free_func((GDestroyNotify)coi_address_free);

    g_ptr_array_add(to, coi_address_new(name, address));
    return to;
}

static CoiDraft draft_of(const GPtrArray *to, const char *text)
{
    return (CoiDraft){.from = "alice@example.org", .to = to, .message_id = ID, .date = 1795548816, .text = text};
}

static CoiMail *parse(const char *mail)
{
    g_autoptr(GError) error = NULL;
    CoiMail *parsed = coi_mail_parse((const guint8 *)mail, strlen(mail), &error);

    g_assert_no_error(error);
    return parsed;
}

static void test_whole(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    CoiDraft draft = draft_of(to, "Hello Bob");
    g_autofree char *mail = compose(&draft);

    g_assert_cmpstr(mail, ==,
                    "Date: Tue, 24 Nov 2026 19:33:36 +0000\r\n"
                    "From: alice@example.org\r\n"
                    "To: bob@example.net\r\n"
                    "Subject: Chat: Hello Bob\r\n"
                    "Message-ID: <" ID ">\r\n"
                    "References: <" ID ">\r\n"
                    "X-Microsoft-Original-Message-ID:\r\n <" ID ">\r\n"
                    "Chat-Version: 1.0\r\n"
                    "MIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=UTF-8; format=flowed\r\n"
                    "Content-Transfer-Encoding: 7bit\r\n"
                    "\r\n"
                    "Hello Bob\r\n");
}

static void test_typing(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    CoiDraft draft = draft_of(to, "x");
    draft.takes_typing = TRUE;
    draft.expires = draft.date + 60;
    g_autofree char *mail = compose(&draft);
    g_autoptr(CoiMail) parsed = parse(mail);

    g_assert_nonnull(strstr(mail, "\r\nChat-Version: 1.0; typing=1\r\n"));
    g_assert_nonnull(strstr(mail, "\r\nExpires: Tue, 24 Nov 2026 19:34:36 +0000\r\n"));
    g_assert_cmpint(parsed->headers->expires, ==, draft.expires);
}

static void test_threading(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    CoiDraft draft = draft_of(to, "x");
    g_autofree char *mail = NULL;
    g_autofree char *same = NULL;
    g_autofree char *only = NULL;
    g_autoptr(CoiMail) parsed = NULL;

    draft.first_reference = "first@example.net";
    draft.last_reference = "last@example.net";
    draft.in_reply_to = "last@example.net";
    draft.ask_receipt = TRUE;
    mail = compose(&draft);
    parsed = parse(mail);
    g_assert_cmpstr(parsed->headers->message_id, ==, ID);
    g_assert_cmpstr(parsed->headers->alias_id, ==, ID);
    g_assert_cmpuint(g_strv_length(parsed->headers->references), ==, 2);
    g_assert_cmpstr(parsed->headers->references[0], ==, "first@example.net");
    g_assert_cmpstr(parsed->headers->references[1], ==, "last@example.net");
    g_assert_cmpuint(g_strv_length(parsed->headers->in_reply_to), ==, 1);
    g_assert_nonnull(strstr(mail, "\r\nDisposition-Notification-To: alice@example.org\r\n"
                                  "Chat-Disposition-Notification-To: alice@example.org\r\n"));
    draft.last_reference = draft.first_reference;
    draft.in_reply_to = NULL;
    same = compose(&draft);
    g_assert_nonnull(strstr(same, "\r\nReferences: <first@example.net>\r\n"));
    g_assert_null(strstr(same, "In-Reply-To"));
    draft.last_reference = NULL;
    only = compose(&draft);
    g_assert_nonnull(strstr(only, "\r\nReferences: <first@example.net>\r\n"));
}

static const struct {
    const char *text;
    const char *subject;
} subjects[] = {
    {"", "Chat"},
    {" \n\t\n", "Chat"},
    {"Hi", "Chat: Hi"},
    {"two\n  lines\t here", "Chat: two lines here"},
    {"1234567890123456789012345678901234567890", "Chat: 1234567890123456789012345678901234567890"},
    {"12345678901234567890123456789012345678901", "Chat: 1234567890123456789012345678901234567890\xE2\x80\xA6"},
    {"This sentence is longer than forty characters.", "Chat: This sentence is longer than forty\xE2\x80\xA6"},
    {"A short-word-and-then-a-very-long-one-without-any-space",
     "Chat: A short-word-and-then-a-very-long-one-wi\xE2\x80\xA6"},
    /* 39 letters, then e + combining acute: not split */
    {"123456789012345678901234567890123456789e\xCC\x81"
     "xyz",
     "Chat: 123456789012345678901234567890123456789\xE2\x80\xA6"},
    /* 39 letters, then woman + ZWJ + laptop */
    {"123456789012345678901234567890123456789\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"
     "x",
     "Chat: 123456789012345678901234567890123456789\xE2\x80\xA6"},
    /* 39 letters, then a flag of two */
    {"123456789012345678901234567890123456789\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA"
     "x",
     "Chat: 123456789012345678901234567890123456789\xE2\x80\xA6"},
    {"Subject: evil\r\nBcc: eve@example.com", "Chat: Subject: evil Bcc: eve@example.com"},
    {"=?UTF-8?Q?x?=", "Chat: =?UTF-8?Q?x?="},
    {"gr\xC3\xBC\xC3\x9F dich", "Chat: gr\xC3\xBC\xC3\x9F dich"},
    {"\xE2\x80\xAE"
     "gnp.exe",
     "Chat: gnp.exe"},
};

static void test_subject(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");

    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
        CoiDraft draft = draft_of(to, subjects[i].text);
        g_autofree char *mail = compose(&draft);
        g_autoptr(CoiMail) parsed = parse(mail);

        g_assert_cmpstr(parsed->headers->subject, ==, subjects[i].subject);
    }
}

/* A base of hundreds of marks has no place to be cut: then after 40 characters. */
static void test_subject_marks(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    g_autoptr(GString) text = g_string_new("e");
    CoiDraft draft;
    g_autofree char *mail = NULL;
    g_autoptr(CoiMail) parsed = NULL;

    for (int i = 0; i < 300; i++)
        g_string_append(text, "\xCC\x81");
    draft = draft_of(to, text->str);
    mail = compose(&draft);
    parsed = parse(mail);
    g_test_message("%s | %s", mail, parsed->headers->subject);
    g_assert_cmpint(g_utf8_strlen(parsed->headers->subject, -1), ==, 6 + 40 + 1);
}

static void test_given_subject(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    g_autofree char *word = g_strnfill(3000, 'w');
    const char *given[][2] = {{"Re: caf\xC3\xA9", "Re: caf\xC3\xA9"},
                              {"", ""},
                              {"a\r\nBcc: eve@example.com", "a Bcc: eve@example.com"},
                              {word, word}};

    for (gsize i = 0; i < G_N_ELEMENTS(given); i++) {
        CoiDraft draft = draft_of(to, "x");
        g_autofree char *mail = NULL;
        g_autoptr(CoiMail) parsed = NULL;

        draft.subject = given[i][0];
        mail = compose(&draft);
        parsed = parse(mail);
        g_assert_cmpstr(parsed->headers->subject, ==, given[i][1]);
        g_assert_null(strstr(mail, "\r\nBcc"));
    }
}

static const char *const names[] = {
    "Bob",
    "Bob B.",
    "Smith, Bob",
    "say \"hi\" \\ there",
    "J\xC3\xBCrgen",
    "=?x?=",
    "bob@evil.example <x>",
    "(Bob)",
    "a;b:c",
    "\xF0\x9F\x98\x80 \xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C"
    "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C long",
};

static void test_names(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) to = recipients(names[i], "bob@example.net");
        CoiDraft draft = draft_of(to, "x");
        g_autofree char *mail = compose(&draft);
        g_autoptr(CoiMail) parsed = parse(mail);
        CoiAddress *address = g_ptr_array_index(parsed->headers->to, 0);

        g_assert_cmpuint(parsed->headers->to->len, ==, 1);
        g_assert_cmpstr(address->name, ==, names[i]);
        g_assert_cmpstr(address->address, ==, "bob@example.net");
    }
}

static void assert_refused(const CoiDraft *draft)
{
    g_autofree char *mail = compose(draft);

    g_assert_null(mail);
}

static void test_refused(void)
{
    static const char *const bad_ids[] = {"",
                                          "a b",
                                          "a\r\nBcc: x",
                                          "a>b",
                                          "a<b",
                                          "\xC3\xA4@x",
                                          "a\tb",
                                          "a\x01"
                                          "b",
                                          "a\n"};
    static const char *const bad_addresses[] = {"",         "alice", "Alice@example.org", "a@b\r\nBcc: c@d",
                                                "a@b, c@d", "<a@b>"};
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autofree char *huge = g_strnfill(COI_LIMIT_SENT_TEXT + 1, 'x');
    g_autofree char *long_id = g_strnfill(COI_LIMIT_MESSAGE_ID + 1, 'x');
    CoiDraft draft;

    for (gsize i = 0; i < G_N_ELEMENTS(bad_ids); i++) {
        draft = draft_of(to, "x"), draft.message_id = bad_ids[i], assert_refused(&draft);
        draft = draft_of(to, "x"), draft.first_reference = bad_ids[i], assert_refused(&draft);
        draft = draft_of(to, "x"), draft.last_reference = bad_ids[i], assert_refused(&draft);
        draft = draft_of(to, "x"), draft.in_reply_to = bad_ids[i], assert_refused(&draft);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad_addresses); i++) {
        CoiAddress address = {.address = (char *)bad_addresses[i]};

        draft = draft_of(to, "x"), draft.from = bad_addresses[i], assert_refused(&draft);
        g_ptr_array_set_size(nobody, 0);
        g_ptr_array_add(nobody, &address);
        draft = draft_of(nobody, "x"), assert_refused(&draft);
    }
    g_ptr_array_set_size(nobody, 0);
    draft = draft_of(nobody, "x"), assert_refused(&draft);
    draft = draft_of(to, huge), assert_refused(&draft);
    draft = draft_of(to, "\xFF"), assert_refused(&draft);
    draft = draft_of(to, "cut \xE2\x82"), assert_refused(&draft);
    draft = draft_of(to, "\xED\xA0\x80"), assert_refused(&draft);
    draft = draft_of(to, "x"), draft.subject = "\xFF", assert_refused(&draft);
    draft = draft_of(to, "x"), draft.html = "\xFF", assert_refused(&draft);
    draft = draft_of(to, "x"), draft.chat_content = "x\r\nBcc: eve@example.net", assert_refused(&draft);
    draft = draft_of(to, "x"), draft.chat_edit = "a@b>\r\nBcc: <eve@example.net", assert_refused(&draft);
    draft = draft_of(to, "x"), draft.chat_edit = long_id, assert_refused(&draft);
    draft = draft_of(to, "x"), draft.message_id = long_id, assert_refused(&draft);
    draft = draft_of(to, "x"), draft.date = G_MAXINT64, assert_refused(&draft);
}

static void test_longest(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    g_autofree char *text = g_strnfill(COI_LIMIT_SENT_TEXT, 'x');
    g_autofree char *id = g_strnfill(COI_LIMIT_MESSAGE_ID, 'x');
    CoiDraft draft = draft_of(to, text);
    g_autofree char *mail = NULL;
    g_autoptr(CoiMail) parsed = NULL;

    draft.message_id = id;
    mail = compose(&draft);
    parsed = parse(mail);
    g_assert_cmpstr(parsed->text, ==, text);
    g_assert_cmpstr(parsed->headers->message_id, ==, id);
}

/* 998 bytes may go as they are, 999 may not. */
static void test_long_line(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    g_autofree char *text = g_strnfill(999, 'x');
    CoiDraft draft = draft_of(to, text);
    g_autofree char *over = compose(&draft);
    g_autofree char *fits = NULL;

    text[998] = '\0';
    fits = compose(&draft);
    g_assert_nonnull(strstr(fits, "Content-Transfer-Encoding: 7bit\r\n"));
    g_assert_null(strstr(over, "Content-Transfer-Encoding: 7bit\r\n"));
    g_assert_null(strstr(over, text));
}

/* Formatting is an alternative; what Delta Chat looks for stands in the first part. */
static void test_parts(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    CoiDraft draft = draft_of(to, "See \xE2\x80\xA6 --=_x\n  you");
    g_autofree char *formatted = NULL;
    g_autofree char *edit = NULL;
    g_autoptr(CoiMail) parsed = NULL;

    draft.html = "See <b>\xE2\x80\xA6</b> --=_x<br>\n&#160; you";
    formatted = compose(&draft);
    g_assert_nonnull(strstr(formatted, "\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_"));
    g_assert_nonnull(strstr(formatted, "\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\n"
                                       "Content-Transfer-Encoding: quoted-printable\r\n\r\nSee =E2=80=A6 --=3D_x\r\n"));
    g_assert_nonnull(strstr(formatted, "\r\nContent-Type: text/html; charset=UTF-8\r\n"
                                       "Content-Transfer-Encoding: quoted-printable\r\n\r\n<!DOCTYPE html>\r\n"));
    g_assert_null(strstr(formatted, "\n\n"));
    draft.chat_content = "editrequest";
    draft.chat_edit = "first@example.net";
    draft.in_reply_to = "last@example.net";
    edit = compose(&draft);
    g_assert_nonnull(strstr(edit, "\r\nChat-Content: editrequest\r\n"));
    g_assert_nonnull(strstr(edit, "\r\n\r\n--=_"));
    g_assert_nonnull(strstr(edit, "\r\nChat-Edit: <first@example.net>\r\nContent-Type: multipart/alternative;"));
    parsed = parse(edit);
    g_assert_cmpstr(parsed->text, ==, draft.text);
    g_assert_cmpstr(parsed->headers->chat_edit, ==, "first@example.net");
    g_assert_cmpuint(parsed->attachments->len, ==, 0);
}

/* The last gate: nothing passes that could become a header, whoever calls. */
static void test_field(void)
{
    static const char *const bad[] = {"a\r\nBcc: x", "a\nb", "a\rb", "\xC3\xA4", "a\x01", "a\tb", "a\x7F"};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *word = g_strnfill(998, 'x');

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(coi_encode_field(out, "X", bad[i]));
    g_assert_false(coi_encode_field(out, "X", word));
    g_assert_cmpstr(out->str, ==, "");
    g_assert_true(coi_encode_field(out, "X", word + 1));
    g_assert_true(coi_encode_field(out, "Y", "a b"));
    g_assert_true(g_str_has_prefix(out->str, "X:\r\n xxx"));
    g_assert_true(g_str_has_suffix(out->str, "x\r\nY: a b\r\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/compose/whole", test_whole);
    g_test_add_func("/compose/threading", test_threading);
    g_test_add_func("/compose/typing", test_typing);
    g_test_add_func("/compose/subject", test_subject);
    g_test_add_func("/compose/subject-marks", test_subject_marks);
    g_test_add_func("/compose/given-subject", test_given_subject);
    g_test_add_func("/compose/names", test_names);
    g_test_add_func("/compose/refused", test_refused);
    g_test_add_func("/compose/longest", test_longest);
    g_test_add_func("/compose/long-line", test_long_line);
    g_test_add_func("/compose/parts", test_parts);
    g_test_add_func("/compose/field", test_field);
    return g_test_run();
}
