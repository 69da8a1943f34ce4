/* The SMTP link against a scripted server: what goes wrong (thread sanitizer: yes). */
#include "net/connect.h"
#include "net/smtp_link.h"
#include "net_peer.h"

#define SCRIPTS(...) ((const char *const *const[]){__VA_ARGS__, NULL})
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

/* How every conversation begins here. */
#define HELLO "S: 220 hi", "C: EHLO [127.0.0.1]", "S: 250 me"
#define HELLO_PIPELINING "S: 220 hi", "C: EHLO [127.0.0.1]", "S- 250-me\r\n250-8BITMIME\r\n250-SIZE 1000\r\n250 PIPELINING\r\n"
#define FROM "C: MAIL FROM:<ann@example.org>"
#define TO(who) "C: RCPT TO:<" who "@example.org>"

typedef struct {
    TestHost self;
    CoiNetHost host;
    Peer *peer;
    CoiQueue *results;
    CoiSmtpLink *link;
    guint64 tag;
    CoiSecurity security;
    guint16 wrong_port; /* not 0: a server that isn't there comes first */
    gboolean without_credentials;
} Fixture;

static void sink(CoiSmtpResult *result, gpointer user)
{
    coi_queue_push(user, result);
}

static void set_up(Fixture *f, guint idle_ms, const char *const *const *scripts)
{
    memset(f, 0, sizeof *f);
    f->security = COI_SECURITY_NONE;
    f->self.verdict = COI_TRUST_VALID;
    f->peer = peer_new(scripts);
    f->host = test_host(&f->self);
    f->results = coi_queue_new((GDestroyNotify)coi_smtp_result_free);
    f->link = coi_smtp_link_new(&f->host, idle_ms, sink, f->results);
}

static CoiSmtpResult *next(Fixture *f, CoiSmtpResultType type)
{
    CoiSmtpResult *result = coi_queue_pop(f->results, g_get_monotonic_time() + 20 * G_USEC_PER_SEC, NULL);
    g_assert_nonnull(result);
    if (result->error != NULL && type != COI_SMTP_FAILED)
        g_error("failed: %s", result->error->message);
    g_assert_cmpint(result->type, ==, type);
    g_assert_true(result->link == f->link);
    return result;
}

static void expect(Fixture *f, CoiSmtpResultType type)
{
    coi_smtp_result_free(next(f, type));
}

static void expect_failed(Fixture *f, gint code)
{
    CoiSmtpResult *result = next(f, COI_SMTP_FAILED);
    g_assert_error(result->error, COI_ERROR, code);
    g_assert_cmpuint(result->tag, ==, f->tag);
    g_assert_null(result->recipients);
    coi_smtp_result_free(result);
}

/* Ends the link, which has nothing more to say but ENDED, and the peer, whose every line was played. */
static void tear_down(Fixture *f)
{
    coi_smtp_link_stop(f->link);
    expect(f, COI_SMTP_ENDED);
    coi_smtp_link_free(f->link);
    g_assert_null(coi_queue_try_pop(f->results));
    coi_queue_unref(f->results);
    peer_free(f->peer, FALSE);
}

static void send_mail(Fixture *f, const char *mail, const char *recipients)
{
    CoiSmtpRequest *request = coi_smtp_request_new(++f->tag);
    request->servers = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    if (f->wrong_port != 0)
        g_ptr_array_add(request->servers, coi_server_new("localhost", f->wrong_port, COI_SECURITY_TLS));
    g_ptr_array_add(request->servers, coi_server_new("localhost", f->peer->port, f->security));
    request->credentials = f->without_credentials ? NULL : coi_credentials_new("ann", "secret");
    request->sender = g_strdup("ann@example.org");
    request->recipients = g_strsplit(recipients, ",", -1);
    request->mail = g_bytes_new(mail, strlen(mail));
    coi_smtp_link_send(f->link, request);
}

/* Each as "A", "R reply" or "D reply". */
static void expect_sent(Fixture *f, const char *const *expected)
{
    CoiSmtpResult *result = next(f, COI_SMTP_SENT);
    g_assert_cmpuint(result->tag, ==, f->tag);
    g_assert_cmpuint(result->recipients->len, ==, g_strv_length((char **)expected));
    for (guint i = 0; i < result->recipients->len; i++) {
        const CoiRecipientResult *recipient = result->recipients->pdata[i];
        g_autofree char *found =
            g_strdup_printf("%c%s%s", "ARD"[recipient->status], recipient->reply != NULL ? " " : "",
                            recipient->reply != NULL ? recipient->reply : "");
        g_assert_cmpstr(found, ==, expected[i]);
    }
    coi_smtp_result_free(result);
}

#define SENT(...) expect_sent(&f, SCRIPT(__VA_ARGS__))

static void test_simple(void)
{
    Fixture f;
    set_up(&f, 0,
           SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("bob"), "S: 251 ok", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok", FROM,
                          "S: 250 ok", TO("bob"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok", "WAIT")));
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
               SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("bob"), "S: 250 ok", "C: DATA", "S: 354 go", wire, "S: 250 ok", "WAIT")));
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
           SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("bob"), "S: 250 ok", "C: DATA", "S: 354 go", wire->str, "S: 250 ok", "WAIT")));
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
           SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("a"), "S- 550-5.1.1 no\r\n550 5.1.1 such user\r\n", TO("b"), "S: 250 ok", TO("c"),
                          "S: 450 4.2.0 later", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok", FROM, "S: 250 ok", TO("a"),
                          "S: 550 no", "C: RSET", "S: 250 ok", FROM, "S: 250 ok", TO("b"), "S: 250 ok", "C: DATA", "S: 354 go",
                          "MAIL", "S: 250 ok", "WAIT")));
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
        {"250 ok\r\n250 ok\r\n550 b\r\n354 go", "MAIL=hi\r\n", "S: 554 5.7.1 spam\x01\xff", {"R 554 5.7.1 spam\xef\xbf\xbd", "R 550 b"}, TRUE},
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
        const char *second[] = {ENVELOPE, table[i].reset ? "S: 250 reset" : "S- ",
                                "S- 250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", "MAIL=yo\r\n", "S: 250 ok", "WAIT"};
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
    static const char *const lines[] = {HELLO,      FROM,      "S: 250 ok",       TO("a"), "S: 550 a",
                                        TO("b"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok"};
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

static void test_turned_away(void)
{
    static const struct {
        const char *script[12];
        gint code;
        gboolean opened;
    } table[] = {{{"S: 421 too many", "WAIT"}, COI_ERROR_CLOSED, FALSE},
                 {{"S: 554 not you", "WAIT"}, COI_ERROR_CLOSED, FALSE},
                 {{"S: * OK IMAP here", "WAIT"}, COI_ERROR_PROTOCOL, FALSE},
                 {{"S: 22", "WAIT"}, COI_ERROR_PROTOCOL, FALSE},
                 {{"S: 2200 x", "WAIT"}, COI_ERROR_PROTOCOL, FALSE},
                 {{"S: 999 x", "WAIT"}, COI_ERROR_PROTOCOL, FALSE},
                 {{"S- 220-a\r\n250 b\r\n", "WAIT"}, COI_ERROR_PROTOCOL, FALSE},
                 {{"S: 220 hi", "C* EHLO", "S: 421 bye", "WAIT"}, COI_ERROR_CLOSED, FALSE},
                 {{HELLO, FROM, "S: 421 bye", "WAIT"}, COI_ERROR_CLOSED, TRUE},
                 {{HELLO, FROM, "S: 250 ok", TO("a"), "S: 421 bye", "WAIT"}, COI_ERROR_CLOSED, TRUE},
                 {{HELLO, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 250 odd", "WAIT"}, COI_ERROR_PROTOCOL, TRUE}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        Fixture f;
        set_up(&f, 0, SCRIPTS(table[i].script));
        send_mail(&f, "hi", "a@example.org");
        if (table[i].opened)
            expect(&f, COI_SMTP_OPENED);
        expect_failed(&f, table[i].code);
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
    g_autofree char *recipients = g_strjoin(",", "a@x\r\nDATA", "a@x> NOTIFY=NEVER", "<a@x", "", longest, "b\xc3\xa4@example.org",
                                            "a@example.org", NULL);
    Fixture f;
    set_up(&f, 0,
           SCRIPTS(SCRIPT(HELLO_PIPELINING, PFROM("2"), TO("a"), "C: DATA", "S: 250 ok\r\n250 ok\r\n354 go", "MAIL", "S: 250 ok", "WAIT")));
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
    set_up(&f, 0,
           SCRIPTS(SCRIPT("S: 220 hi", "C* EHLO", "S- 250-me\r\n250-8bitmime\r\n250 SMTPUTF8\r\n",
                          "C: MAIL FROM:<ann@example.org> BODY=8BITMIME SMTPUTF8", "S: 250 ok", "C: RCPT TO:<\xc3\xa4@x>",
                          "S: 250 ok", "C: DATA", "S: 354 go", "MAIL=\xc3\xa4\r\n", "S: 250 ok", "WAIT")));
    send_mail(&f, "\xc3\xa4", "\xc3\xa4@x");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    tear_down(&f);
}

#define EHLO_AUTH(list) "S: 220 hi", "C* EHLO", "S: 250-me\r\n250 AUTH " list
#define PLAIN_LINE "AUTH PLAIN AGFubgBzZWNyZXQ="

static void test_auth(void)
{
    static const struct {
        const char *script[12];
        gint code; /* -1: logged in */
    } table[] = {{{EHLO_AUTH("PLAIN LOGIN"), "C: " PLAIN_LINE, "S: 235 ok", "WAIT"}, -1},
                 {{EHLO_AUTH("login"), "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YW5u", "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0", "S: 235 ok", "WAIT"}, -1},
                 {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 AUTH=PLAIN", "C: " PLAIN_LINE, "S: 235 ok", "WAIT"}, -1},
                 {{HELLO, "WAIT"}, -1}, /* loopback, none offered */
                 {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 535 5.7.8 no", "WAIT"}, COI_ERROR_AUTH},
                 {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 454 4.7.0 later", "WAIT"}, COI_ERROR_AUTH_TEMPORARY},
                 {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 421 later", "WAIT"}, COI_ERROR_AUTH_TEMPORARY},
                 {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 504 what", "WAIT"}, COI_ERROR_AUTH_MECHANISM},
                 {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 334 bW9yZQ==", "WAIT"}, COI_ERROR_PROTOCOL},
                 {{EHLO_AUTH("CRAM-MD5"), "NOTHING"}, COI_ERROR_AUTH_MECHANISM},
                 {{EHLO_AUTH("SCRAM-SHA-256 PLAIN"), "C~ AUTH SCRAM-SHA-256 biws*", "S: 235 welcome, whoever you are", "WAIT"}, COI_ERROR_PROTOCOL},
                 {{EHLO_AUTH("SCRAM-SHA-256 PLAIN"), "C~ AUTH SCRAM-SHA-256 biws*", "S: 334 cj14LHM9QUFBQSxpPTE=", "NOTHING"}, COI_ERROR_PROTOCOL}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        Fixture f;
        set_up(&f, 0, SCRIPTS(table[i].script));
        send_mail(&f, "hi", "<"); /* no valid recipient: opened and nothing more */
        if (table[i].code == -1) {
            expect(&f, COI_SMTP_OPENED);
            SENT("R 553 5.1.3 not an address that can be sent to");
        } else {
            expect_failed(&f, table[i].code);
        }
        tear_down(&f);
    }
}

/* Too long for one line: the initial response waits for the server's empty challenge. */
static void test_long_password(void)
{
    g_autofree char *password = g_strnfill(600, 'p');
    g_autofree char *plain = g_strconcat("#ann#", password, NULL);
    plain[0] = plain[4] = '\0';
    g_autofree char *encoded = g_base64_encode((const guchar *)plain, 605);
    g_autofree char *line = g_strconcat("C: ", encoded, NULL);
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(EHLO_AUTH("PLAIN"), "C: AUTH PLAIN", "S: 334 ", line, "S: 235 ok", "WAIT")));
    CoiSmtpRequest *request = coi_smtp_request_new(++f.tag);
    request->servers = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    g_ptr_array_add(request->servers, coi_server_new("localhost", f.peer->port, COI_SECURITY_NONE));
    request->credentials = coi_credentials_new("ann", password);
    request->sender = g_strdup("");
    request->recipients = g_strsplit("<", ",", -1);
    request->mail = g_bytes_new("x", 1);
    coi_smtp_link_send(f.link, request);
    expect(&f, COI_SMTP_OPENED);
    SENT("R 553 5.1.3 not an address that can be sent to");
    tear_down(&f);
}

static void test_starttls(void)
{
    Fixture f;
    set_up(&f, 0,
           SCRIPTS(SCRIPT("S: 220 hi", "C* EHLO", "S- 250-me\r\n250-AUTH PLAIN\r\n250-PIPELINING\r\n250 STARTTLS\r\n", "C: STARTTLS", "S: 220 go", "TLS", "C* EHLO",
                          "S- 250-me\r\n250 AUTH LOGIN\r\n", "C: AUTH LOGIN", "S: 535 no", "WAIT")));
    f.security = COI_SECURITY_STARTTLS;
    send_mail(&f, "hi", "a@example.org");
    expect_failed(&f, COI_ERROR_AUTH);
    tear_down(&f);
}

static void test_starttls_faults(void)
{
    static const struct {
        const char *script[9];
        CoiTrust verdict;
        gint code;
    } table[] = {
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 AUTH PLAIN", "NOTHING"}, COI_TRUST_VALID, COI_ERROR_NO_STARTTLS},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 454 no", "NOTHING"}, COI_TRUST_VALID, COI_ERROR_NO_STARTTLS},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S- 220 go\r\n250 injected\r\n", "NOTHING"}, COI_TRUST_VALID, COI_ERROR_TLS},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS?"}, COI_TRUST_INVALID, COI_ERROR_UNTRUSTED},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS?"}, COI_TRUST_ASKING, COI_ERROR_ASKING},
        /* A TLS server without AUTH: the password has no way, and nothing is sent without a login. */
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS", "C* EHLO", "S: 250 me"}, COI_TRUST_VALID, COI_ERROR_AUTH_MECHANISM},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        Fixture f;
        set_up(&f, 0, SCRIPTS(table[i].script));
        f.security = COI_SECURITY_STARTTLS;
        f.self.verdict = table[i].verdict;
        send_mail(&f, "hi", "a@example.org");
        expect_failed(&f, table[i].code);
        tear_down(&f);
    }
}

#define FIRST_MAIL HELLO, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL=one\r\n", "S: 250 ok"
#define SECOND_MAIL FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL=two\r\n", "S: 250 ok", "WAIT"

/* A warm connection that turns out dead before it took a byte of the mail is opened anew at once, and only once. */
static void test_warm_death(void)
{
    static const char *const deaths[][10] = {{FROM, "S: 421 idle too long"}, {FROM}, {FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA"}};
    for (gsize i = 0; i < G_N_ELEMENTS(deaths); i++) {
        const char *first[30] = {FIRST_MAIL};
        gsize n = g_strv_length((char **)first);
        for (gsize k = 0; deaths[i][k] != NULL; k++)
            first[n++] = deaths[i][k];
        first[n++] = "CUT";
        Fixture f;
        set_up(&f, 0, SCRIPTS(first, SCRIPT(HELLO, SECOND_MAIL)));
        send_mail(&f, "one", "a@example.org");
        expect(&f, COI_SMTP_OPENED);
        SENT("A");
        send_mail(&f, "two", "a@example.org");
        expect(&f, COI_SMTP_OPENED);
        SENT("A");
        tear_down(&f);
    }
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(FIRST_MAIL, FROM, "CUT"), SCRIPT(HELLO, FROM, "CUT")));
    send_mail(&f, "one", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    send_mail(&f, "two", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    expect_failed(&f, COI_ERROR_CLOSED);
    tear_down(&f);
}

/* Not so after the mail itself: nobody knows whether the server has it. */
static void test_warm_death_in_mail(void)
{
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(FIRST_MAIL, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL", "CUT")));
    send_mail(&f, "one", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    send_mail(&f, "two", "a@example.org");
    expect_failed(&f, COI_ERROR_CLOSED);
    tear_down(&f);
}

/* The server closes an idle connection, with and without a word; the next mail opens a new one. */
static void test_server_closes_idle(void)
{
    static const char *const words[] = {"S: 421 4.4.2 timeout", "S- "};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        Fixture f;
        set_up(&f, 0, SCRIPTS(SCRIPT(FIRST_MAIL, words[i], "CUT"), SCRIPT(HELLO, SECOND_MAIL)));
        send_mail(&f, "one", "a@example.org");
        expect(&f, COI_SMTP_OPENED);
        SENT("A");
        expect(&f, COI_SMTP_CLOSED);
        send_mail(&f, "two", "a@example.org");
        expect(&f, COI_SMTP_OPENED);
        SENT("A");
        tear_down(&f);
    }
}

static void test_idle_close(void)
{
    Fixture f;
    set_up(&f, 50, SCRIPTS(SCRIPT(FIRST_MAIL, "C: QUIT", "S: 221 bye"), SCRIPT(FIRST_MAIL, "C: QUIT", "CUT")));
    for (guint i = 0; i < 2; i++) {
        send_mail(&f, "one", "a@example.org");
        expect(&f, COI_SMTP_OPENED);
        SENT("A");
        expect(&f, COI_SMTP_CLOSED);
    }
    tear_down(&f);
}

static guint16 dead_port(void)
{
    guint16 port;
    close(peer_listen(&port));
    return port;
}

static void test_next_server(void)
{
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(FIRST_MAIL, "CUT"), SCRIPT(HELLO, SECOND_MAIL)));
    f.wrong_port = dead_port();
    send_mail(&f, "one", "a@example.org");
    CoiSmtpResult *opened = next(&f, COI_SMTP_OPENED);
    g_assert_cmpuint(opened->server_index, ==, 1);
    coi_smtp_result_free(opened);
    SENT("A");
    expect(&f, COI_SMTP_CLOSED);
    send_mail(&f, "two", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    tear_down(&f);
}

typedef struct {
    const gint *codes;
    guint calls;
} Greeter;

static gboolean greet_badly(gpointer user, CoiStream *stream, const CoiServer *server, GError **error)
{
    (void)stream, (void)server;
    Greeter *greeter = user;
    g_set_error_literal(error, COI_ERROR, greeter->codes[greeter->calls++], "no");
    return FALSE;
}

/* Which errors go on to the next server, and which one is told in the end. */
static void test_which_errors_go_on(void)
{
    static const struct {
        gint codes[2];
        guint calls;
        gint told;
    } table[] = {{{COI_ERROR_TIMEOUT, COI_ERROR_TLS}, 2, COI_ERROR_TLS},
                 {{COI_ERROR_TLS, COI_ERROR_TIMEOUT}, 2, COI_ERROR_TLS},
                 {{COI_ERROR_NO_STARTTLS, COI_ERROR_PROTOCOL}, 2, COI_ERROR_NO_STARTTLS},
                 {{COI_ERROR_CLOSED, COI_ERROR_UNTRUSTED}, 2, COI_ERROR_UNTRUSTED},
                 {{COI_ERROR_DIAL, COI_ERROR_DIAL}, 2, COI_ERROR_DIAL},
                 {{COI_ERROR_UNTRUSTED}, 1, COI_ERROR_UNTRUSTED},
                 {{COI_ERROR_ASKING}, 1, COI_ERROR_ASKING},
                 {{COI_ERROR_CANCELLED}, 1, COI_ERROR_CANCELLED},
                 {{COI_ERROR_CLEARTEXT}, 1, COI_ERROR_CLEARTEXT},
                 {{COI_ERROR_MISSING}, 1, COI_ERROR_MISSING},
                 {{COI_ERROR_LIMIT}, 1, COI_ERROR_LIMIT}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *tried = NULL;
        guint index = 99;
        TestHost self = {.peer = peer_new(SCRIPTS(SCRIPT("WAIT"), SCRIPT("WAIT")))};
        CoiNetHost host = test_host(&self);
        Greeter greeter = {.codes = table[i].codes};
        CoiConnect connect = {.protocol = COI_STREAM_SMTP, .host = &host, .user = &greeter, .greet = greet_badly};
        g_autoptr(GPtrArray) servers = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
        g_ptr_array_add(servers, coi_server_new("localhost", 25, COI_SECURITY_STARTTLS));
        g_ptr_array_add(servers, coi_server_new("127.0.0.1", 587, COI_SECURITY_NONE));
        g_assert_null(coi_connect(&connect, servers, 1, &index, &tried, &error));
        g_assert_error(error, COI_ERROR, table[i].told);
        g_assert_cmpuint(greeter.calls, ==, table[i].calls);
        g_assert_cmpuint(index, ==, 99);
        g_assert_cmpstr(tried, ==, table[i].calls == 1 ? "127.0.0.1:587 (no TLS): no"
                                                       : "127.0.0.1:587 (no TLS): no; localhost:25 (STARTTLS): no");
        peer_free(self.peer, TRUE);
    }
}

/* Stopped at each place where the server lets us wait. */
static void test_stop_anywhere(void)
{
    static const char *const lines[] = {HELLO, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL", "S: 250 ok"};
    guint before = count_descriptors();
    for (gsize place = 0; place <= G_N_ELEMENTS(lines); place++) {
        const char *script[G_N_ELEMENTS(lines) + 2] = {NULL};
        for (gsize i = 0; i < place; i++)
            script[i] = lines[i];
        script[place] = "WAIT";
        Fixture f;
        set_up(&f, 0, SCRIPTS(script));
        send_mail(&f, "hi", "a@example.org");
        if (place >= 3)
            expect(&f, COI_SMTP_OPENED);
        g_usleep(20000);
        gint64 start = g_get_monotonic_time();
        coi_smtp_link_stop(f.link);
        if (place == G_N_ELEMENTS(lines))
            SENT("A");
        else
            expect_failed(&f, COI_ERROR_CANCELLED);
        tear_down(&f);
        g_assert_cmpint(g_get_monotonic_time() - start, <, 500000);
    }
    Fixture idle;
    set_up(&idle, 0, SCRIPTS(NULL));
    tear_down(&idle);
    g_assert_cmpuint(count_descriptors(), ==, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_certificate();
    g_test_add_func("/smtp/simple", test_simple);
    g_test_add_func("/smtp/dots", test_dots);
    g_test_add_func("/smtp/dots-everywhere", test_dots_everywhere);
    g_test_add_func("/smtp/partly-refused", test_partly_refused);
    g_test_add_func("/smtp/pipelined", test_pipelined);
    g_test_add_func("/smtp/cut-anywhere", test_cut_anywhere);
    g_test_add_func("/smtp/turned-away", test_turned_away);
    g_test_add_func("/smtp/limits", test_limits);
    g_test_add_func("/smtp/unsendable", test_unsendable);
    g_test_add_func("/smtp/eight-bits", test_eight_bits);
    g_test_add_func("/smtp/auth", test_auth);
    g_test_add_func("/smtp/long-password", test_long_password);
    g_test_add_func("/smtp/starttls", test_starttls);
    g_test_add_func("/smtp/starttls-faults", test_starttls_faults);
    g_test_add_func("/smtp/warm-death", test_warm_death);
    g_test_add_func("/smtp/warm-death-in-mail", test_warm_death_in_mail);
    g_test_add_func("/smtp/server-closes-idle", test_server_closes_idle);
    g_test_add_func("/smtp/idle-close", test_idle_close);
    g_test_add_func("/smtp/next-server", test_next_server);
    g_test_add_func("/smtp/which-errors-go-on", test_which_errors_go_on);
    g_test_add_func("/smtp/stop-anywhere", test_stop_anywhere);
    return g_test_run();
}
