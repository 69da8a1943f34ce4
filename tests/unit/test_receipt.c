/* Receipts: who may ask for one; as we write them, as RFC 8098 has them, understood by our own reader, and nothing of the original breaks
 * out into them. */
#include "compose_fixture.h"
#include "base/error.h"
#include "mime/compose.h"
#include "mime/report.h"

#include <string.h>

#define ID "chat$0123456789abcdef0123456789abcdef@example.org"
#define ORIGINAL "CAF-x_7%40+y=z@mail.example.net"

static GPtrArray *recipients(const char *name, const char *address)
{
    GPtrArray *to = g_ptr_array_new_with_free_func((GDestroyNotify)coi_address_free);

    g_ptr_array_add(to, coi_address_new(name, address));
    return to;
}

static CoiDraft draft_of(const GPtrArray *to)
{
    return (CoiDraft){.from = "alice@example.org",
                      .to = to,
                      .message_id = ID,
                      .first_reference = "first@example.net",
                      .last_reference = ORIGINAL,
                      .date = 1795548816,
                      .subject = "Read receipt",
                      .text = "Your message was displayed.",
                      .automatic = "auto-replied",
                      .receipt_for = ORIGINAL};
}

/* The boundary is drawn by lot: "B" in its place. */
static char *with_plain_boundary(const char *mail)
{
    const char *begin = strstr(mail, "boundary=\"") + strlen("boundary=\"");
    g_autofree char *boundary = g_strndup(begin, strcspn(begin, "\""));
    g_auto(GStrv) pieces = g_strsplit(mail, boundary, -1);

    g_assert_cmpuint(strlen(boundary), >=, 16);
    return g_strjoinv("B", pieces);
}

static void test_whole(void)
{
    g_autoptr(GPtrArray) to = recipients("Bob", "bob@example.net");
    CoiDraft draft = draft_of(to);
    g_autofree char *mail = compose(&draft);
    g_autofree char *plain = with_plain_boundary(mail);

    g_assert_cmpstr(plain, ==,
                    "Date: Tue, 24 Nov 2026 19:33:36 +0000\r\n"
                    "From: alice@example.org\r\n"
                    "To: Bob <bob@example.net>\r\n"
                    "Subject: Read receipt\r\n"
                    "Message-ID: <" ID ">\r\n"
                    "References: <first@example.net> <" ORIGINAL ">\r\n"
                    "X-Microsoft-Original-Message-ID:\r\n <" ID ">\r\n"
                    "Chat-Version: 1.0\r\n"
                    "Auto-Submitted: auto-replied\r\n"
                    "MIME-Version: 1.0\r\n"
                    "Content-Type: multipart/report; report-type=disposition-notification;\r\n"
                    " boundary=\"B\"\r\n"
                    "\r\n"
                    "--B\r\n"
                    "Content-Type: text/plain; charset=UTF-8; format=flowed\r\n"
                    "Content-Transfer-Encoding: 7bit\r\n"
                    "\r\n"
                    "Your message was displayed.\r\n"
                    "\r\n"
                    "--B\r\n"
                    "Content-Type: message/disposition-notification\r\n"
                    "\r\n"
                    "Final-Recipient: rfc822; alice@example.org\r\n"
                    "Original-Message-ID: <" ORIGINAL ">\r\n"
                    "Disposition: manual-action/MDN-sent-automatically; displayed\r\n"
                    "\r\n"
                    "--B--\r\n");
}

/* Whatever the original's id is, our own reader finds it again, and that it was displayed at our address. */
static void test_round_trip(void)
{
    static const char *const ids[] = {"a@b", ORIGINAL, "Mr.Xy-z.1@localhost", "no-at-sign", "200 long",
                                      "!#$%&'*+-/=?^_`{|}~@[127.0.0.1]"};

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
        g_autofree char *longest = g_strnfill(200, 'x');
        const char *id = g_str_equal(ids[i], "200 long") ? longest : ids[i];
        CoiDraft draft = draft_of(to);
        g_autofree char *mail = NULL;
        g_autoptr(CoiReport) report = NULL;

        draft.receipt_for = id;
        mail = compose(&draft);
        g_assert_nonnull(mail);
        report = coi_report_parse((const guint8 *)mail, strlen(mail));
        g_assert_nonnull(report);
        g_assert_cmpint(report->kind, ==, COI_REPORT_MDN);
        g_assert_cmpuint(report->recipients->len, ==, 1);
        const CoiReportRecipient *recipient = report->recipients->pdata[0];
        g_assert_cmpstr(recipient->address, ==, "alice@example.org");
        g_assert_cmpint(recipient->action, ==, COI_REPORT_DISPLAYED);
        g_assert_cmpstr(report->ids[0], ==, id);
        g_assert_null(report->ids[1]);
    }
}

/* Ids and addresses that would end their line, their field or the address: no receipt. */
static void test_refused(void)
{
    static const struct {
        const char *receipt_for, *from, *last_reference, *automatic;
    } table[] = {{"a@b>\r\nBcc: everybody@example.net", NULL, NULL, NULL},
                 {"a@b\nDisposition: automatic-action/MDN-sent-automatically; deleted", NULL, NULL, NULL},
                 {"a b@c", NULL, NULL, NULL},
                 {"a>b@c", NULL, NULL, NULL},
                 {"<a@c", NULL, NULL, NULL},
                 {"", NULL, NULL, NULL},
                 {"a\x01@c", NULL, NULL, NULL},
                 {NULL, "alice@example.org\r\nBcc: everybody@example.net", NULL, NULL},
                 {NULL, "alice@example.org, mallory@example.org", NULL, NULL},
                 {NULL, "nobody", NULL, NULL},
                 {NULL, "j\xc3\xb6rg@example.org", NULL, NULL},
                 {NULL, NULL, "a@b>\r\nBcc: everybody@example.net", NULL},
                 {NULL, NULL, NULL, "auto-replied\r\nBcc: everybody@example.net"}};

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
        CoiDraft draft = draft_of(to);
        g_autofree char *mail = NULL;

        draft.receipt_for = table[i].receipt_for != NULL ? table[i].receipt_for : draft.receipt_for;
        draft.from = table[i].from != NULL ? table[i].from : draft.from;
        draft.last_reference = table[i].last_reference != NULL ? table[i].last_reference : draft.last_reference;
        draft.automatic = table[i].automatic != NULL ? table[i].automatic : draft.automatic;
        g_test_message("%" G_GSIZE_FORMAT, i);
        mail = compose(&draft);
        g_assert_null(mail);
    }
}

/* A name is its owner's, so it may be anything: it stays within its field, as do a subject and a text that were translated. */
static void test_hostile_words(void)
{
    static const char *const words[] = {"Bob\r\nBcc: everybody@example.net", "Bob <everybody@example.net>,", "\"Bob\", x",
                                        "Bob\n\n--B\nContent-Type: text/html\n\n<script>", "\xe2\x80\xaegnp.exe"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(GPtrArray) to = recipients(words[i], "bob@example.net");
        CoiDraft draft = draft_of(to);
        g_autofree char *mail = NULL;
        g_autofree char *header = NULL;
        g_autoptr(CoiHeaders) headers = NULL;
        g_autoptr(CoiReport) report = NULL;

        draft.subject = draft.text = words[i];
        mail = compose(&draft);
        g_assert_nonnull(mail);
        header = g_strndup(mail, (gsize)(strstr(mail, "\r\n\r\n") - mail));
        headers = coi_headers_parse((const guint8 *)mail, strlen(mail), NULL);
        g_assert_nonnull(headers);
        g_assert_cmpuint(headers->to->len, ==, 1);
        g_assert_cmpstr(((CoiAddress *)headers->to->pdata[0])->address, ==, "bob@example.net");
        g_assert_null(strstr(header, "\r\nBcc:"));
        report = coi_report_parse((const guint8 *)mail, strlen(mail));
        g_assert_nonnull(report);
        g_assert_cmpstr(report->ids[0], ==, ORIGINAL);
        g_assert_null(report->ids[1]);
    }
}

/* RFC 8098, 2.1: a receipt asks for none, whatever the draft says of asking. */
static void test_asks_for_none(void)
{
    g_autoptr(GPtrArray) to = recipients(NULL, "bob@example.net");
    CoiDraft draft = draft_of(to);
    g_autofree char *mail = NULL;

    draft.ask_receipt = TRUE;
    mail = compose(&draft);
    g_assert_null(mail);
}

#define FROM "From: Bob <bob@example.net>\r\n"
#define ASKS "Disposition-Notification-To: bob@example.net\r\n"

/* Of COI.md section 3, what the header decides. */
static const struct {
    const char *header;
    gboolean asks;
} askers[] = {
    {FROM ASKS, TRUE},
    {FROM "Chat-Disposition-Notification-To: bob@example.net\r\n", TRUE},
    {FROM ASKS "Chat-Disposition-Notification-To: bob@example.net\r\nReturn-Path: <bob@example.net>\r\n", TRUE},
    {FROM "Disposition-Notification-To: \"Bob\" <BOB@Example.NET>\r\n", TRUE},
    {FROM ASKS "Precedence: first-class\r\nAuto-Submitted: no\r\n", TRUE},
    {FROM, FALSE},
    /* somebody else, several, the same twice, nobody */
    {FROM "Disposition-Notification-To: carol@example.net\r\n", FALSE},
    {FROM "Disposition-Notification-To: bob@example.net, carol@example.net\r\n", FALSE},
    {FROM ASKS "Disposition-Notification-To: carol@example.net\r\n", FALSE},
    {FROM ASKS ASKS, FALSE},
    {FROM ASKS "Chat-Disposition-Notification-To: carol@example.net\r\n", FALSE},
    {FROM "Disposition-Notification-To: Friends: bob@example.net, carol@example.net;\r\n", FALSE},
    {FROM "Disposition-Notification-To:\r\n", FALSE},
    {FROM "Disposition-Notification-To: <>\r\n", FALSE},
    {FROM "Disposition-Notification-To: bob@example.net.evil.example\r\n", FALSE},
    {FROM "Disposition-Notification-To: bob@example.net <carol@example.net>\r\n", FALSE},
    /* who sent it is not who says so, or can't be told */
    {FROM ASKS "Return-Path: <bounces@lists.example.net>\r\n", FALSE},
    {FROM ASKS "Return-Path: <>\r\n", FALSE},
    {"From: bob@example.net, carol@example.net\r\n" ASKS, FALSE},
    {FROM "From: carol@example.net\r\n" ASKS, FALSE},
    /* lists and machines */
    {FROM ASKS "List-Id: <l.example.net>\r\n", FALSE},
    {FROM ASKS "list-unsubscribe: <mailto:no@example.net>\r\n", FALSE},
    {FROM ASKS "Precedence: bulk\r\n", FALSE},
    {FROM ASKS "Precedence: Junk\r\n", FALSE},
    {FROM ASKS "Precedence: list\r\n", FALSE},
    {FROM ASKS "Auto-Submitted: auto-replied\r\n", FALSE},
    {FROM ASKS "Auto-Submitted: auto-generated; x=y\r\n", FALSE},
};

static void test_who_may_ask(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(askers); i++) {
        g_autofree char *mail = g_strconcat(askers[i].header, "\r\nHi\r\n", NULL);
        g_autoptr(CoiHeaders) headers = coi_headers_parse((const guint8 *)mail, strlen(mail), NULL);

        g_test_message("%s", askers[i].header);
        g_assert_nonnull(headers);
        g_assert_cmpint(headers->asks_receipt, ==, askers[i].asks);
    }
}

int main(int argc, char **argv)
{
    coi_mime_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/receipt/who-may-ask", test_who_may_ask);
    g_test_add_func("/receipt/whole", test_whole);
    g_test_add_func("/receipt/round-trip", test_round_trip);
    g_test_add_func("/receipt/refused", test_refused);
    g_test_add_func("/receipt/hostile-words", test_hostile_words);
    g_test_add_func("/receipt/asks-for-none", test_asks_for_none);
    return g_test_run();
}
