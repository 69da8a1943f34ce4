/* Receipts and delivery reports as programs and servers write them. Runs in the project's root. */
#include "base/limits.h"
#include "cpu_time.h"
#include "mime/report.h"

#include <string.h>

static const char *const actions[] = {"other", "displayed", "delivered", "relayed", "expanded", "delayed", "failed"};

/* "MDN ids | recipient action status words | …", what is not told as "-". */
static char *describe(const CoiReport *report)
{
    g_autofree char *ids = NULL;
    GString *text = g_string_new(NULL);

    if (report == NULL)
        return g_string_free(g_string_assign(text, "none"), FALSE);
    ids = g_strjoinv(" ", report->ids);
    g_string_append_printf(text, "%s %s", report->kind == COI_REPORT_MDN ? "MDN" : "DSN", ids);
    for (guint i = 0; i < report->recipients->len; i++) {
        const CoiReportRecipient *recipient = g_ptr_array_index(report->recipients, i);

        g_string_append_printf(text, " | %s %s", recipient->address != NULL ? recipient->address : "-", actions[recipient->action]);
        if (report->kind == COI_REPORT_DSN)
            g_string_append_printf(text, " %s %s", recipient->status != NULL ? recipient->status : "-",
                                   recipient->words != NULL ? recipient->words : "-");
    }
    return g_string_free(text, FALSE);
}

#define ID "chat$4f1d2c3b@example.org"

static const struct {
    const char *file;
    const char *says;
} samples[] = {
    {"deltachat/plain-mdn.eml", "MDN 2e260f3d-ef30-4a97-84df-c80ebeee6040@localhost | quinn@example.net displayed"},
    {"reports/mdn-thunderbird.eml", "MDN " ID " replaced.by.submission@mx.example.org | bob@example.net displayed"},
    {"reports/mdn-outlook.eml", "MDN " ID " | bernd.mueller@contoso.example displayed"},
    {"reports/mdn-outlook-not-read.eml", "MDN " ID " | bernd@contoso.example other"},
    {"reports/mdn-k9.eml", "MDN " ID " | bob@example.net displayed"},
    {"reports/mdn-denied.eml", "MDN " ID " | bob@example.net other"},
    {"reports/dsn-postfix-failed.eml",
     "DSN " ID " | bob@example.net failed 5.1.1 550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown in local recipient table"},
    {"reports/dsn-postfix-delayed.eml",
     "DSN " ID " | bob@example.net delayed 4.4.1 connect to mail.example.net[192.0.2.7]:25: Connection refused"},
    {"reports/dsn-postfix-delivered.eml", "DSN " ID " | bob@example.net delivered 2.0.0 delivered via dovecot service"},
    {"reports/dsn-postfix-relayed.eml", "DSN " ID " | bob@example.net relayed 2.0.0 250 2.0.0 Ok: queued as 77AA"},
    {"reports/dsn-expanded.eml", "DSN " ID " | bob@example.net expanded 2.0.0 -"},
    {"reports/dsn-gmail.eml",
     "DSN " ID " changed@mail.gmail.example | nobody@gmail.example failed 5.1.1 550-5.1.1 The email account that you tried to reach does"
     " not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos."},
    {"reports/dsn-exchange.eml",
     "DSN " ID " | bernd@contoso.example failed 5.2.2 554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException"},
    {"reports/dsn-exim.eml", "DSN " ID " | bob@example.net failed 5.0.0 550 5.7.1 We do not want it | carol@example.net failed 5.0.0 -"},
    {"reports/letter-exim.eml",
     "DSN " ID " | bob@example.net failed 5.1.1 SMTP error from remote mail server after RCPT TO:<bob@example.net>:"
     " host mail.example.net [192.0.2.7]: 550 5.1.1 No such user here"},
    {"reports/letter-exim-delayed.eml", "DSN " ID " | bob@example.net delayed - Delay reason: Connection timed out"},
    {"reports/letter-qmail.eml",
     "DSN " ID " | bob@example.net failed 5.1.1 192.0.2.7 does not like recipient. Remote host said: 550 5.1.1 sorry, no mailbox here"
     " by that name (#5.1.1) Giving up on 192.0.2.7."
     " | carol@example.net failed 5.1.2 Sorry, I couldn't find any host named example.net. (#5.1.2)"},
    {"reports/letter-exchange.eml",
     "DSN " ID " | bernd@contoso.example failed 5.2.2 The recipient's mailbox is full. #5.2.2"},
    {"reports/none-forwarded.eml", "none"},
    {"reports/none-spam-report.eml", "none"},
    {"mails/reply-gmail.eml", "none"},
};

static void test_samples(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autofree char *path = g_build_filename("tests", "samples", samples[i].file, NULL);
        g_autofree char *bytes = NULL;
        g_autofree char *says = NULL;
        g_autoptr(CoiReport) report = NULL;
        g_autoptr(GError) error = NULL;
        gsize length;

        g_file_get_contents(path, &bytes, &length, &error);
        g_assert_no_error(error);
        report = coi_report_parse((const guint8 *)bytes, length);
        says = describe(report);
        g_test_message("%s", samples[i].file);
        g_assert_cmpstr(says, ==, samples[i].says);
    }
}

/* The second part of a report → what it says. */
#define MDN "From: b@b\nContent-Type: multipart/report; boundary=x\n\n--x\n\nHi\n--x\nContent-Type: message/disposition-notification\n\n"
#define DSN "From: b@b\nContent-Type: multipart/report; boundary=x\n\n--x\n\nHi\n--x\nContent-Type: message/delivery-status\n\n"

static const struct {
    const char *mail;
    const char *says;
} oddities[] = {
    {MDN "Disposition: displayed\nOriginal-Message-ID: <a@b>\n", "MDN a@b | - displayed"},
    {MDN "Disposition: manual-action/MDN-sent-manually; Displayed/warning\nOriginal-Message-ID:\n <a@b>\n", "MDN a@b | - displayed"},
    {MDN "Disposition: manual-action/MDN-sent-manually; displayedness\nOriginal-Message-ID: <a@b>\n", "MDN a@b | - other"},
    {MDN "Disposition: ;\nFinal-Recipient: x400; /c=de\n", "MDN  | - other"},
    {MDN "Original-Message-ID: <a@b>\n", "none"},
    {DSN "Final-Recipient: rfc822; b@b\nAction: failed\nStatus: 5.1.10\n", "DSN  | b@b failed 5.1.10 -"},
    {DSN "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; b@b\nStatus: 5.1.1\n", "none"},
    {DSN "\n\nFinal-Recipient: rfc822; b@b\nAction: FAILED\nDiagnostic-Code: smtp; 550 \x01\xff\xe2\x80\xae no\n",
     "DSN  | b@b failed - 550 \xef\xbf\xbd no"},
    {DSN "Action: dropped\nDiagnostic-Code: 550 5.1.1; no\n", "DSN  | - other 5.1.1 550 5.1.1; no"},
    {"From: mailer-daemon@x\n\nIt is 192.0.2.7 that failed.\n", "DSN  | - failed - -"},
    {"From: mailer-daemon@x\nReturn-Path: <mallory@x>\n\nIt failed.\n", "none"},
    {"From: mailer-daemon@x\nIn-Reply-To: <a@b>\n\n550 5.7.1 Spam\n", "DSN a@b | - failed 5.7.1 550 5.7.1 Spam"},
    /* a person's return path: not told by a server; one of a server's name passes, and a receipt comes from people */
    {"Return-Path: <mallory@x>\n" DSN "Final-Recipient: rfc822; b@b\nAction: failed\n", "none"},
    {"Return-Path: <>\n" DSN "Final-Recipient: rfc822; b@b\nAction: failed\n", "DSN  | b@b failed - -"},
    {"Return-Path: <postmaster@x>\n" DSN "Final-Recipient: rfc822; b@b\nAction: failed\n", "DSN  | b@b failed - -"},
    {"Return-Path: <mallory@x>\nX-Failed-Recipients: b@b\n" DSN "Final-Recipient: rfc822; b@b\nAction: failed\n", "none"},
    {"Return-Path: <b@b>\n" MDN "Disposition: displayed\nOriginal-Message-ID: <a@b>\n", "MDN a@b | - displayed"},
    {"", "none"},
};

static void test_oddities(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(oddities); i++) {
        g_autoptr(CoiReport) report = coi_report_parse((const guint8 *)oddities[i].mail, strlen(oddities[i].mail));
        g_autofree char *says = describe(report);

        g_test_message("%s", oddities[i].mail);
        g_assert_cmpstr(says, ==, oddities[i].says);
    }
}

/* What would cost a careless reader minutes. */
static void test_cost(void)
{
    static const char *const repeated[] = {"---a\nb\n", "<a@b>:\n", " a@b\n\n", "Action: failed\n\n", "---\n", "5.1.1 ", "---a\nMessage-ID: <a>\n\n"};

    for (gsize i = 0; i < G_N_ELEMENTS(repeated); i++) {
        g_autoptr(GString) mail = g_string_new(i % 2 == 0 ? "From: mailer-daemon@x\n\n" : DSN);
        g_autoptr(CoiReport) report = NULL;
        gint64 begin = cpu_time();

        while (mail->len < COI_LIMIT_FIRST_FETCH)
            g_string_append(mail, repeated[i]);
        report = coi_report_parse((const guint8 *)mail->str, mail->len);
        if (report != NULL)
            g_assert_cmpuint(report->recipients->len, <=, COI_LIMIT_RECIPIENTS);
        g_test_message("%s: %" G_GINT64_FORMAT " us", repeated[i], cpu_time() - begin);
        g_assert_cmpint(cpu_time() - begin, <, 5 * G_USEC_PER_SEC);
    }
}

int main(int argc, char **argv)
{
    coi_mime_init();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report/samples", test_samples);
    g_test_add_func("/report/oddities", test_oddities);
    g_test_add_func("/report/cost", test_cost);
    return g_test_run();
}
