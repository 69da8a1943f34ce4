/* Any bytes as a report, by their first byte as a receipt, a delivery report or a server's letter; as they stand too. */
#include "base/limits.h"
#include "mime/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Of processor time: the machine may have other things to do. */
static clock_t worst;

static void print_worst(void)
{
    g_printerr("worst case: %ld us\n", (long)(worst * 1000000 / CLOCKS_PER_SEC));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    coi_mime_init();
    atexit(print_worst);
    return 0;
}

static void assert_line(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(strlen(text), <, 400);
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        g_assert_false(g_unichar_iscntrl(g_utf8_get_char(p)));
}

static void check(const CoiReport *report)
{
    g_assert_cmpuint(report->recipients->len, >, 0);
    g_assert_cmpuint(report->recipients->len, <=, COI_LIMIT_RECIPIENTS);
    g_assert_cmpuint(g_strv_length(report->ids), <=, 2 * COI_LIMIT_REFERENCES);
    for (guint i = 0; i < report->recipients->len; i++) {
        const CoiReportRecipient *recipient = g_ptr_array_index(report->recipients, i);

        if (recipient->address != NULL) {
            g_autofree char *normal = coi_address_normalize(recipient->address);
            g_assert_cmpstr(normal, ==, recipient->address);
        }
        if (recipient->words != NULL)
            assert_line(recipient->words);
        if (recipient->status != NULL)
            assert_line(recipient->status);
    }
}

static void read_as(const char *before, const guint8 *data, gsize size)
{
    g_autoptr(GByteArray) mail = g_byte_array_new();
    g_autoptr(CoiReport) report = NULL;
    clock_t begin;

    g_byte_array_append(mail, (const guint8 *)before, (guint)strlen(before));
    g_byte_array_append(mail, data, (guint)size);
    begin = clock();
    report = coi_report_parse(mail->data, mail->len);
    worst = MAX(worst, clock() - begin);
    if (report != NULL)
        check(report);
}

#define BEGIN(kind) "From: mailer-daemon@x\nContent-Type: multipart/report; boundary=x\n\n--x\n\n--x\nContent-Type: message/" kind "\n\n"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static const char *const kinds[] = {BEGIN("disposition-notification"), BEGIN("delivery-status"), "From: mailer-daemon@x\n\n", ""};

    if (size > 0)
        read_as(kinds[data[0] % G_N_ELEMENTS(kinds)], data + 1, size - 1);
    read_as("", data, size);
    return 0;
}
