/* Mails over an SMTP link to a scripted server: what the server may say to each (thread sanitizer: yes). */
#include "smtp_fixture.h"

static void test_simple(void)
{
    Fixture f;
    set_up(&f, 0,
           SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("bob"), "S: 251 ok", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok",
                          FROM, "S: 250 ok", TO("bob"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok",
                          "WAIT")));
    send_mail(&f, "A: b\r\n\r\nhi\r\n", "bob@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    send_mail(&f, "A: b\r\n\r\nsecond\r\n", "bob@example.org");
    SENT("A");
    tear_down(&f);
}

/* What arrives, unstuffed, is what was sent; with every line end made CRLF. */
static void test_dots(void)
{
    static const struct {
        const char *mail, *wire;
    } table[] = {{".\r\n..\r\n...x\r\n", "..\r\n...\r\n....x\r\n"},
                 {"a\r\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n"},
                 {"a.\r\nb", "a.\r\nb\r\n"},
                 {"a\r\n.", "a\r\n..\r\n"},
                 {"a\n.\nb\r.\rc\r\n", "a\r\n..\r\nb\r\n..\r\nc\r\n"},
                 {"a\n.\r\nb", "a\r\n..\r\nb\r\n"},
                 {"\r\n\r\n", "\r\n\r\n"},
                 {"a\r", "a\r\n"},
                 {"", ""}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *wire = g_strconcat("MAIL=", table[i].wire, NULL);
        Fixture f;
        set_up(&f, 0,
               SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("bob"), "S: 250 ok", "C: DATA", "S: 354 go", wire,
                              "S: 250 ok", "WAIT")));
        send_mail(&f, table[i].mail, "bob@example.org");
        expect(&f, COI_SMTP_OPENED);
        SENT("A");
        tear_down(&f);
    }
}

/* Lines of many lengths, so that a dot stands at every place of every buffer on the way. */
static void test_dots_everywhere(void)
{
    g_autoptr(GString) mail = g_string_new(NULL), wire = g_string_new("MAIL=");
    for (guint i = 0; i < 400; i++) {
        g_autofree char *line = g_strnfill(i % 97, 'x');
        g_string_append_printf(mail, ".%s\r\n", line);
        g_string_append_printf(wire, "..%s\r\n", line);
    }
    Fixture f;
    set_up(&f, 0,
           SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("bob"), "S: 250 ok", "C: DATA", "S: 354 go", wire->str,
                          "S: 250 ok", "WAIT")));
    send_mail(&f, mail->str, "bob@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    tear_down(&f);
}

/* One recipient refused for good, one for now, one accepted; then nobody is accepted. With and without PIPELINING. */
static void test_partly_refused(void)
{
    Fixture f;
    set_up(&f, 0,
           SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("a"), "S- 550-5.1.1 no\r\n550 5.1.1 such user\r\n", TO("b"),
                          "S: 250 ok", TO("c"), "S: 450 4.2.0 later", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok", FROM,
                          "S: 250 ok", TO("a"), "S: 550 no", "C: RSET", "S: 250 ok", FROM, "S: 250 ok", TO("b"),
                          "S: 250 ok", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok", "WAIT")));
    send_mail(&f, "hi", "a@example.org,b@example.org,c@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("R 550 5.1.1 no 5.1.1 such user", "A", "D 450 4.2.0 later");
    send_mail(&f, "hi", "a@example.org");
    SENT("R 550 no");
    send_mail(&f, "hi", "b@example.org");
    SENT("A");
    tear_down(&f);
}

#define PFROM(size) "C: MAIL FROM:<ann@example.org> SIZE=" size
#define ENVELOPE PFROM("2"), TO("a"), TO("b"), "C: DATA"

static void test_pipelined(void)
{
    static const struct {
        const char *replies, *mail; /* what the server says to ENVELOPE; "MAIL…" or NULL: no 354, no text */
        const char *end;            /* the answer to the text */
        const char *results[3];
        gboolean reset; /* the next mail begins with RSET */
    } table[] = {
        {"250 ok\r\n250 ok\r\n250 ok\r\n354 go", "MAIL=hi\r\n", "S: 250 ok", {"A", "A"}, FALSE},
        {"250 ok\r\n550 a\r\n250 ok\r\n354 go", "MAIL=hi\r\n", "S: 250 ok", {"R 550 a", "A"}, FALSE},
        {"250 ok\r\n550 a\r\n450 b\r\n354 go", "MAIL=", "S: 554 no recipients", {"R 550 a", "D 450 b"}, TRUE},
        {"250 ok\r\n550 a\r\n450 b\r\n354 go", "MAIL=", "S: 250 strange", {"R 550 a", "D 450 b"}, TRUE},
        {"250 ok\r\n550 a\r\n450 b\r\n503 no", NULL, NULL, {"R 550 a", "D 450 b"}, TRUE},
        {"250 ok\r\n250 ok\r\n450 b\r\n451 not now", NULL, NULL, {"D 451 not now", "D 450 b"}, TRUE},
        {"550 not you\r\n503 x\r\n503 x\r\n503 x", NULL, NULL, {"R 550 not you", "R 550 not you"}, TRUE},
        {"451 not you\r\n250 x\r\n250 x\r\n354 go", "MAIL=", "S: 250 x", {"D 451 not you", "D 451 not you"}, TRUE},
        {"250 ok\r\n250 ok\r\n550 b\r\n354 go",
         "MAIL=hi\r\n",
         "S: 554 5.7.1 spam\x01\xff",
         {"R 554 5.7.1 spam\xef\xbf\xbd", "R 550 b"},
         TRUE},
        {"250 ok\r\n250 ok\r\n550 b\r\n354 go", "MAIL=hi\r\n", "S: 452 full", {"D 452 full", "R 550 b"}, TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        Fixture f;
        g_autofree char *replies = g_strconcat("S: ", table[i].replies, NULL);
        const char *script[30] = {HELLO_PIPELINING, ENVELOPE, replies};
        gsize n = 8;
        g_assert_true(script[n - 1] == replies);
        if (table[i].mail != NULL) {
            script[n++] = table[i].mail;
            script[n++] = table[i].end;
        }
        if (table[i].reset)
            script[n++] = "C: RSET";
        const char *second[] = {ENVELOPE,
                                table[i].reset ? "S: 250 reset" : "S- ",
                                "S- 250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
                                "MAIL=yo\r\n",
                                "S: 250 ok",
                                "WAIT"};
        for (gsize k = 0; k < G_N_ELEMENTS(second); k++)
            script[n++] = second[k];
        set_up(&f, 0, SCRIPTS(script));
        send_mail(&f, "hi", "a@example.org,b@example.org");
        expect(&f, COI_SMTP_OPENED);
        expect_sent(&f, table[i].results);
        send_mail(&f, "yo", "a@example.org,b@example.org");
        SENT("A", "A");
        tear_down(&f);
    }
}

/* Cut or turned away at each place of a fresh connection: FAILED, whatever was answered before. */
static void test_cut_anywhere(void)
{
    static const char *const lines[] = {HELLO,       FROM,      "S: 250 ok", TO("a"), "S: 550 a", TO("b"),
                                        "S: 250 ok", "C: DATA", "S: 354 go", "MAIL",  "S: 250 ok"};
    for (gsize cut = 0; cut < G_N_ELEMENTS(lines); cut++) {
        const char *script[G_N_ELEMENTS(lines) + 2] = {NULL};
        for (gsize i = 0; i < cut; i++)
            script[i] = lines[i];
        script[cut] = "CUT";
        Fixture f;
        set_up(&f, 0, SCRIPTS(script));
        send_mail(&f, "hi", "a@example.org,b@example.org");
        if (cut >= 3)
            expect(&f, COI_SMTP_OPENED);
        expect_failed(&f, COI_ERROR_CLOSED);
        tear_down(&f);
    }
}

static void test_limits(void)
{
    g_autoptr(GString) lines = g_string_new("S- ");
    for (guint i = 0; i < 5000; i++)
        g_string_append(lines, "220-x\r\n");
    g_autofree char *endless = g_strnfill(20000, '2');
    g_autofree char *line = g_strconcat("S- ", endless, NULL);
    const char *const table[] = {lines->str, line};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        Fixture f;
        set_up(&f, 0, SCRIPTS(SCRIPT(table[i], "WAIT")));
        send_mail(&f, "hi", "a@example.org");
        expect_failed(&f, COI_ERROR_LIMIT);
        tear_down(&f);
    }
}

/* What can't be sent to this server at all is answered without saying it. */
static void test_unsendable(void)
{
    g_autofree char *big = g_strnfill(1001, 'x');
    g_autofree char *longest = g_strnfill(321, 'x');
    g_autofree char *recipients = g_strjoin(",", "a@x\r\nDATA", "a@x> NOTIFY=NEVER", "<a@x", "", longest,
                                            "b\xc3\xa4@example.org", "a@example.org", NULL);
    Fixture f;
    set_up(&f, 0,
           SCRIPTS(SCRIPT(HELLO_PIPELINING, PFROM("2"), TO("a"), "C: DATA", "S: 250 ok\r\n250 ok\r\n354 go", "MAIL",
                          "S: 250 ok", "WAIT")));
    send_mail(&f, big, "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("R 552 5.3.4 the mail has 1001 bytes, the server takes 1000");
    send_mail(&f, "hi", recipients);
    SENT("R 553 5.1.3 not an address that can be sent to", "R 553 5.1.3 not an address that can be sent to",
         "R 553 5.1.3 not an address that can be sent to", "R 553 5.1.3 not an address that can be sent to",
         "R 553 5.1.3 not an address that can be sent to", "R 553 5.6.7 the server knows ASCII addresses only", "A");
    tear_down(&f);
}

static void test_eight_bits(void)
{
    Fixture f;
    set_up(
        &f, 0,
        SCRIPTS(SCRIPT("S: 220 hi", "C* EHLO", "S- 250-me\r\n250-8bitmime\r\n250 SMTPUTF8\r\n",
                       "C: MAIL FROM:<ann@example.org> BODY=8BITMIME SMTPUTF8", "S: 250 ok", "C: RCPT TO:<\xc3\xa4@x>",
                       "S: 250 ok", "C: DATA", "S: 354 go", "MAIL=\xc3\xa4\r\n", "S: 250 ok", "WAIT")));
    send_mail(&f, "\xc3\xa4", "\xc3\xa4@x");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp/simple", test_simple);
    g_test_add_func("/smtp/dots", test_dots);
    g_test_add_func("/smtp/dots-everywhere", test_dots_everywhere);
    g_test_add_func("/smtp/partly-refused", test_partly_refused);
    g_test_add_func("/smtp/pipelined", test_pipelined);
    g_test_add_func("/smtp/cut-anywhere", test_cut_anywhere);
    g_test_add_func("/smtp/limits", test_limits);
    g_test_add_func("/smtp/unsendable", test_unsendable);
    g_test_add_func("/smtp/eight-bits", test_eight_bits);
    return g_test_run();
}
