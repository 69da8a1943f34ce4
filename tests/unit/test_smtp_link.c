/* An SMTP link to a scripted server: login, TLS, connections that die, stops (thread sanitizer: yes). */
#include "net/connect.h"
#include "smtp_fixture.h"

static void test_turned_away(void)
{
    static const struct {
        const char *script[12];
        gint code;
        gboolean opened;
    } table[] = {
        {{"S: 421 too many", "WAIT"}, COI_ERROR_CLOSED, FALSE},
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

#define EHLO_AUTH(list) "S: 220 hi", "C* EHLO", "S: 250-me\r\n250 AUTH " list
#define PLAIN_LINE "AUTH PLAIN AGFubgBzZWNyZXQ="

static void test_auth(void)
{
    static const struct {
        const char *script[12];
        gint code; /* -1: logged in */
    } table[] = {
        {{EHLO_AUTH("PLAIN LOGIN"), "C: " PLAIN_LINE, "S: 235 ok", "WAIT"}, -1},
        {{EHLO_AUTH("login"), "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YW5u", "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0",
          "S: 235 ok", "WAIT"},
         -1},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 AUTH=PLAIN", "C: " PLAIN_LINE, "S: 235 ok", "WAIT"}, -1},
        {{HELLO, "WAIT"}, -1}, /* loopback, none offered */
        {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 535 5.7.8 no", "WAIT"}, COI_ERROR_AUTH},
        {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 454 4.7.0 later", "WAIT"}, COI_ERROR_AUTH_TEMPORARY},
        {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 421 later", "WAIT"}, COI_ERROR_AUTH_TEMPORARY},
        {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 504 what", "WAIT"}, COI_ERROR_AUTH_MECHANISM},
        {{EHLO_AUTH("PLAIN"), "C: " PLAIN_LINE, "S: 334 bW9yZQ==", "WAIT"}, COI_ERROR_PROTOCOL},
        {{EHLO_AUTH("CRAM-MD5"), "NOTHING"}, COI_ERROR_AUTH_MECHANISM},
        {{EHLO_AUTH("SCRAM-SHA-256 PLAIN"), "C~ AUTH SCRAM-SHA-256 biws*", "S: 235 welcome, whoever you are", "WAIT"},
         COI_ERROR_PROTOCOL},
        {{EHLO_AUTH("SCRAM-SHA-256 PLAIN"), "C~ AUTH SCRAM-SHA-256 biws*", "S: 334 cj14LHM9QUFBQSxpPTE=", "NOTHING"},
         COI_ERROR_PROTOCOL}};
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
           SCRIPTS(SCRIPT("S: 220 hi", "C* EHLO", "S- 250-me\r\n250-AUTH PLAIN\r\n250-PIPELINING\r\n250 STARTTLS\r\n",
                          "C: STARTTLS", "S: 220 go", "TLS", "C* EHLO", "S- 250-me\r\n250 AUTH LOGIN\r\n",
                          "C: AUTH LOGIN", "S: 535 no", "WAIT")));
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
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 454 no", "NOTHING"},
         COI_TRUST_VALID,
         COI_ERROR_NO_STARTTLS},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S- 220 go\r\n250 injected\r\n",
          "NOTHING"},
         COI_TRUST_VALID,
         COI_ERROR_TLS},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS?"},
         COI_TRUST_INVALID,
         COI_ERROR_UNTRUSTED},
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS?"},
         COI_TRUST_ASKING,
         COI_ERROR_ASKING},
        /* A TLS server without AUTH: the password has no way, and nothing is sent without a login. */
        {{"S: 220 hi", "C* EHLO", "S: 250-me\r\n250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS", "C* EHLO",
          "S: 250 me"},
         COI_TRUST_VALID,
         COI_ERROR_AUTH_MECHANISM},
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
    static const char *const deaths[][10] = {
        {FROM, "S: 421 idle too long"}, {FROM}, {FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA"}};
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
    set_up(&f, 0,
           SCRIPTS(SCRIPT(FIRST_MAIL, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL", "CUT")));
    send_mail(&f, "one", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    send_mail(&f, "two", "a@example.org");
    expect_failed(&f, COI_ERROR_CLOSED);
    tear_down(&f);
}

/* The envelope goes before the word that the mail may go; the text never does. */
static void test_held(void)
{
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL",
                                 "S: 250 ok", "WAIT")));
    f.without_credentials = f.held = TRUE;
    send_mail(&f, "hi", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    g_usleep(100000);
    g_assert_null(coi_queue_try_pop(f.results));
    coi_smtp_link_release(f.link, TRUE);
    SENT("A");
    tear_down(&f);
}

static void test_held_and_dropped(void)
{
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "NOTHING"),
                          SCRIPT(HELLO, FROM, "S: 250 ok", TO("b"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL",
                                 "S: 250 ok", "WAIT")));
    f.without_credentials = f.held = TRUE;
    send_mail(&f, "hi", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    coi_smtp_link_release(f.link, FALSE);
    expect_failed(&f, COI_ERROR_CANCELLED);
    f.held = FALSE;
    send_mail(&f, "ho", "b@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
    tear_down(&f);
}

/* What never came to its text takes its word with it: the next mail waits for its own. */
static void test_held_and_refused(void)
{
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("a"), "S: 550 no", "C: RSET", "S: 250 ok", FROM,
                                 "S: 250 ok", TO("b"), "S: 250 ok", "C: DATA", "S: 354 go", "NOTHING")));
    f.without_credentials = f.held = TRUE;
    send_mail(&f, "hi", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    coi_smtp_link_release(f.link, TRUE);
    SENT("R 550 no");
    send_mail(&f, "ho", "b@example.org");
    coi_smtp_link_release(f.link, FALSE);
    expect_failed(&f, COI_ERROR_CANCELLED);
    tear_down(&f);
}

/* A mail whose time is over when the server asks for its text: the next one has a connection of its own. */
static void test_too_late(void)
{
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(HELLO, FROM, "S: 250 ok", TO("a"), "S: 250 ok", "C: DATA", "S: 354 go", "NOTHING"),
                          SCRIPT(HELLO, FROM, "S: 250 ok", TO("b"), "S: 250 ok", "C: DATA", "S: 354 go", "MAIL",
                                 "S: 250 ok", "WAIT")));
    f.without_credentials = TRUE;
    f.not_after = g_get_monotonic_time() - 1;
    send_mail(&f, "hi", "a@example.org");
    expect(&f, COI_SMTP_OPENED);
    expect_failed(&f, COI_ERROR_CANCELLED);
    f.not_after = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    send_mail(&f, "ho", "b@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("A");
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
        g_assert_cmpstr(tried, ==,
                        table[i].calls == 1 ? "127.0.0.1:587 (no TLS): no"
                                            : "127.0.0.1:587 (no TLS): no; localhost:25 (STARTTLS): no");
        peer_free(self.peer, TRUE);
    }
}

/* Stopped at each place where the server lets us wait. */
static void test_stop_anywhere(void)
{
    static const char *const lines[] = {HELLO,     FROM,        "S: 250 ok", TO("a"),    "S: 250 ok",
                                        "C: DATA", "S: 354 go", "MAIL",      "S: 250 ok"};
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
        g_usleep(150000); /* on a busy machine, too, the server is at its place by then */
        gint64 start = g_get_monotonic_time();
        coi_smtp_link_stop(f.link);
        if (place == G_N_ELEMENTS(lines))
            SENT("A");
        else
            expect_failed(&f, COI_ERROR_CANCELLED);
        tear_down(&f);
        g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
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
    g_test_add_func("/smtp-link/turned-away", test_turned_away);
    g_test_add_func("/smtp-link/auth", test_auth);
    g_test_add_func("/smtp-link/long-password", test_long_password);
    g_test_add_func("/smtp-link/starttls", test_starttls);
    g_test_add_func("/smtp-link/starttls-faults", test_starttls_faults);
    g_test_add_func("/smtp-link/warm-death", test_warm_death);
    g_test_add_func("/smtp-link/warm-death-in-mail", test_warm_death_in_mail);
    g_test_add_func("/smtp-link/held", test_held);
    g_test_add_func("/smtp-link/held-and-dropped", test_held_and_dropped);
    g_test_add_func("/smtp-link/held-and-refused", test_held_and_refused);
    g_test_add_func("/smtp-link/too-late", test_too_late);
    g_test_add_func("/smtp-link/server-closes-idle", test_server_closes_idle);
    g_test_add_func("/smtp-link/idle-close", test_idle_close);
    g_test_add_func("/smtp-link/next-server", test_next_server);
    g_test_add_func("/smtp-link/which-errors-go-on", test_which_errors_go_on);
    g_test_add_func("/smtp-link/stop-anywhere", test_stop_anywhere);
    return g_test_run();
}
