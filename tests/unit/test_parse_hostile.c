/* Mails as attackers write them: limits, nesting, and what overflows or stalls parsers. */
#include "base/error.h"
#include "base/limits.h"
#include "cpu_time.h"
#include "mime/parse.h"

#include <string.h>

/* The product needs under a second; sanitizers that walk the stack at each malloc, on a busy machine, far more. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMIT_USEC (120 * G_USEC_PER_SEC)
#else
#define LIMIT_USEC (10 * G_USEC_PER_SEC)
#endif

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

static void assert_refused(const char *bytes, gsize length, CoiErrorCode code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) mail_error = NULL;

    g_assert_null(coi_headers_parse((const guint8 *)bytes, length, &error));
    g_assert_error(error, COI_ERROR, (int)code);
    g_assert_null(coi_mail_parse((const guint8 *)bytes, length, &mail_error));
    g_assert_error(mail_error, COI_ERROR, (int)code);
}

static void test_limits(void)
{
    g_autofree char *filler = g_strnfill(COI_LIMIT_HEADER_LINE - 20, 'x');
    g_autofree char *line = g_strconcat("Subject: ", filler, "0123456789abc\r\n\r\nbody", NULL);
    g_autofree char *folded = g_strconcat("Subject: ", filler, "\r\n 0123456789abc\r\n\r\nbody", NULL);
    g_autofree char *fits = g_strconcat("Subject: ", filler, "\r\n\r\nbody", NULL);
    g_autofree char *block =
        g_strconcat("A: ", filler, "\r\nB: ", filler, "\r\nC: 0123456789012345\r\nD: 0123456789\r\n\r\n", NULL);
    g_autoptr(CoiMail) mail = parse(fits);

    g_assert_cmpstr(mail->text, ==, "body");
    assert_refused(line, strlen(line), COI_ERROR_LIMIT);
    assert_refused(folded, strlen(folded), COI_ERROR_LIMIT);
    assert_refused(block, strlen(block), COI_ERROR_LIMIT);
    assert_refused("", 0, COI_ERROR_PARSE);
    assert_refused(NULL, 0, COI_ERROR_PARSE);
    assert_refused("\r\nbody", 6, COI_ERROR_PARSE);
    assert_refused("no field at all\r\n\r\n", 19, COI_ERROR_PARSE);
}

static char *repeat(const char *text, guint times)
{
    GString *out = g_string_new(NULL);

    while (times-- > 0)
        g_string_append(out, text);
    return g_string_free(out, FALSE);
}

/* What overflows GMime's or libetpan's stack, or takes them seconds. */
static void test_hostile(void)
{
    static const struct {
        const char *head, *unit, *tail;
        guint times;
    } mails[] = {
        {"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nTo: ", "a:",
         "\n\nx", 200000},
        {"From: a@b\n\n", "From: a@b\nContent-Type: message/rfc822\n\n", "x", 20000},
        {"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n", "--x\n\n", "", 60000},
        {"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n",
         "--x\nContent-Type: multipart/mixed; boundary=x\n\n", "", 20000},
        {"From: a@b\nContent-Type: text/plain", "; a*0=b", "\n\nx", 4000},
        {"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Disposition: attachment",
         "; filename*0*=''b", "\n\nx", 60000},
        {"From: a@b\nContent-Type: text/html\n\n", "<div>", "x", 200000},
        {"From: a@b\nContent-Type: text/html\n\n", "</i><b>", "x", 60000},
        {"From: a@b\nContent-Type: text/html\n\n", "<blockquote><ul><li>", "x", 60000},
        {"From: a@b\nContent-Type: text/html\n\n", "<a href='http://x/", "'>x", 60000},
        {"From: a@b\nContent-Type: text/html\n\n<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;", "x", 60000},
        {"From: a@b\nContent-Type: text/plain; format=flowed\n\n", ">", "x", 1000000},
        {"From: a@b\nContent-Type: text/plain; format=flowed\n\n", "x \n", "", 300000},
        {"Subject: ", "=?utf-8?Q?=", "\n\nx", 2500},
        {"From: ", "(", "\n\nx", 30000},
        {"From: a@b\nContent-Transfer-Encoding: base64\n\n", "=A", "", 300000},
        {"From: a@b\nContent-Transfer-Encoding: quoted-printable\n\n", "=", "", 300000},
        {"From: a@b\nContent-Type: text/plain; charset=iso-2022-jp\n\n", "\x1B$B!", "", 100000},
        {"From: a@b\nContent-Type: text/plain; charset=utf-7\n\n", "+2D", "", 100000},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(mails); i++) {
        g_autofree char *unit = repeat(mails[i].unit, mails[i].times);
        g_autofree char *mail = g_strconcat(mails[i].head, unit, mails[i].tail, NULL);
        gint64 start = cpu_time();
        g_autoptr(CoiMail) parsed = coi_mail_parse((const guint8 *)mail, strlen(mail), NULL);

        g_test_message("row %zu: %d ms", i, (int)((cpu_time() - start) / 1000));
        g_assert_cmpint(cpu_time() - start, <, LIMIT_USEC);
        if (parsed != NULL)
            g_assert_true(g_utf8_validate(parsed->text, -1, NULL));
    }
}

/* Nested deeper than the limit: what lies below isn't read, what lies above is. */
static void test_depth(void)
{
    g_autoptr(GString) mail = g_string_new("From: a@b\nContent-Type: multipart/mixed; boundary=b0\n\n");
    g_autoptr(CoiMail) parsed = NULL;

    for (guint i = 0; i < COI_LIMIT_MIME_DEPTH + 10; i++)
        g_string_append_printf(mail, "--b%u\n\nlevel %u\n--b%u\nContent-Type: multipart/mixed; boundary=b%u\n\n", i, i,
                               i, i + 1);
    parsed = parse_bytes(mail->str, mail->len);
    g_assert_nonnull(strstr(parsed->text, "level 0\n"));
    g_assert_nonnull(strstr(parsed->text, "level 49"));
    g_assert_null(strstr(parsed->text, "level 50"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/parse/limits", test_limits);
    g_test_add_func("/parse/hostile", test_hostile);
    g_test_add_func("/parse/depth", test_depth);
    return g_test_run();
}
