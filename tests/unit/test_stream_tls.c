/* TLS of the stream: trust, STARTTLS, resumption (thread sanitizer: yes). */
#include "stream_fixture.h"

/* How the program is called for connect_thrice. */
#define CONNECT_THRICE "--connect-thrice"

static void test_tls(void)
{
    Fixture f;
    /* Twice: the second handshake may resume the first one's session, and must be asked about all the same. */
    set_up(&f, COI_SECURITY_TLS, SCRIPTS(SCRIPT("TLS", "S: * OK hi", "C: A"), SCRIPT("TLS", "S: * OK hi", "C: A")));
    for (guint i = 1; i <= 2; i++) {
        g_autoptr(CoiStream) stream = open_well(&f);
        g_assert_true(coi_stream_is_tls(stream));
        assert_line(stream, "* OK hi");
        g_assert_true(coi_wire_send(stream, "A\r\n", NULL));
        assert_dead(stream, COI_ERROR_CLOSED);
        g_assert_cmpuint(f.self.asked, ==, i);
        g_assert_cmpuint(f.self.chain_length, ==, 1);
    }
    tear_down(&f);
}

/* The system's certificates decide nothing: the one that they would trust is asked about as well. */
static void test_trusted_by_the_system(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *cert = g_build_filename(peer_directory, "cert.pem", NULL);
    g_autoptr(GTlsDatabase) trusting = g_tls_file_database_new(cert, &error);
    g_assert_no_error(error);
    g_tls_backend_set_default_database(g_tls_backend_get_default(), trusting);
    test_tls();
    g_tls_backend_set_default_database(g_tls_backend_get_default(), NULL);
}

/* A server of another make, with options. Up when it takes connections. */
static GSubprocess *start_openssl(guint16 *port, const char *version, const char *ciphers)
{
    g_autoptr(GError) error = NULL;
    close(peer_listen(port));
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", *port);
    peer_certificate();
    g_autofree char *cert = g_build_filename(peer_directory, "cert.pem", NULL);
    g_autofree char *key = g_build_filename(peer_directory, "key.pem", NULL);
    GSubprocess *process = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                                G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                                            &error, "openssl", "s_server", "-accept", address, "-cert", cert, "-key",
                                            key, "-rev", "-cipher", ciphers, version, NULL);
    g_assert_no_error(error);
    char c = 0;
    for (gsize matched = 0; matched < strlen("ACCEPT"); matched = c == "ACCEPT"[matched] ? matched + 1 : 0)
        g_assert_cmpint(g_input_stream_read(g_subprocess_get_stdout_pipe(process), &c, 1, NULL, NULL), ==, 1);
    return process;
}

static void stop_openssl(GSubprocess *process)
{
    g_subprocess_force_exit(process);
    g_subprocess_wait(process, NULL, NULL);
    g_object_unref(process);
}

/* Opens three connections one after the other; each must have been asked about. */
static int connect_thrice(guint16 port)
{
    Fixture f;
    set_up(&f, COI_SECURITY_TLS, NULL);
    f.server->port = port;
    for (guint n = 1; n <= 3; n++) {
        g_autoptr(CoiStream) stream = open_well(&f);
        g_assert_true(coi_wire_send(stream, "abc\n", NULL));
        assert_line(stream, "cba");
        g_assert_cmpuint(f.self.asked, ==, n);
        g_assert_cmpuint(f.self.chain_length, ==, 1);
    }
    tear_down(&f);
    return 0;
}

/* A resumed session shows no certificate, so none may be resumed. GIO never does it in a program that called
 * g_test_init: this needs a process of its own. */
static void test_resumption(void)
{
    static const char *const versions[] = {"-tls1_2", "-tls1_3"};
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(GError) error = NULL;
        guint16 port = 0;
        GSubprocess *server = start_openssl(&port, versions[i], "DEFAULT");
        g_autofree char *text = g_strdup_printf("%u", port);
        g_autoptr(GSubprocess) client =
            g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, &error, "/proc/self/exe", CONNECT_THRICE, text, NULL);
        g_assert_no_error(error);
        g_subprocess_wait_check(client, NULL, &error);
        g_assert_no_error(error);
        stop_openssl(server);
    }
}

static void test_old_tls(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f;
    set_up(&f, COI_SECURITY_TLS, NULL);
    GSubprocess *server = start_openssl(&f.server->port, "-tls1_1", "ALL:@SECLEVEL=0");
    g_assert_null(open_stream(&f, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_TLS);
    stop_openssl(server);
    tear_down(&f);
}

static void test_untrusted(void)
{
    static const struct {
        CoiTrust verdict;
        gint code;
    } table[] = {{COI_TRUST_INVALID, COI_ERROR_UNTRUSTED}, {COI_TRUST_ASKING, COI_ERROR_ASKING}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GError) error = NULL;
        Fixture f;
        set_up(&f, COI_SECURITY_TLS, SCRIPTS(SCRIPT("TLS?")));
        f.self.verdict = table[i].verdict;
        g_assert_null(open_stream(&f, &error));
        g_assert_error(error, COI_ERROR, table[i].code);
        tear_down(&f);
    }
}

/* No TLS at the other end: an error, no hang, and no trust asked. */
static void test_no_tls_there(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f;
    set_up(&f, COI_SECURITY_TLS, SCRIPTS(SCRIPT("S: * OK this is no TLS", "WAIT")));
    g_assert_null(open_stream(&f, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_TLS);
    g_assert_cmpuint(f.self.asked, ==, 0);
    tear_down(&f);
}

static void test_starttls(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f;
    set_up(&f, COI_SECURITY_STARTTLS, SCRIPTS(SCRIPT("S: 1 OK begin", "TLS", "C: A", "S: 2 OK")));
    g_autoptr(CoiStream) stream = open_well(&f);
    assert_line(stream, "1 OK begin");
    coi_stream_start_tls(stream, &error);
    g_assert_no_error(error);
    g_assert_true(coi_stream_is_tls(stream));
    g_assert_true(coi_wire_send(stream, "A\r\n", NULL));
    assert_line(stream, "2 OK");
    tear_down(&f);
}

/* CVE-2020-15953 and its like: bytes slipped in before the handshake. */
static void test_starttls_injection(void)
{
    static const char *const answers[] = {"S- 1 OK begin\r\n* CAPABILITY X\r\n", "S- 1 OK begin\r\n*"};
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GError) error = NULL;
        Fixture f;
        set_up(&f, COI_SECURITY_STARTTLS, SCRIPTS(SCRIPT(answers[i], "NOTHING")));
        g_autoptr(CoiStream) stream = open_well(&f);
        assert_line(stream, "1 OK begin");
        g_assert_false(coi_stream_start_tls(stream, &error));
        g_assert_error(error, COI_ERROR, COI_ERROR_TLS);
        g_assert_false(coi_stream_is_tls(stream));
        g_clear_pointer(&stream, coi_stream_free);
        tear_down(&f);
    }
}

static void test_starttls_untrusted(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f;
    set_up(&f, COI_SECURITY_STARTTLS, SCRIPTS(SCRIPT("S: 1 OK begin", "TLS?")));
    f.self.verdict = COI_TRUST_INVALID;
    g_autoptr(CoiStream) stream = open_well(&f);
    assert_line(stream, "1 OK begin");
    g_assert_false(coi_stream_start_tls(stream, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_UNTRUSTED);
    g_assert_false(coi_wire_send(stream, "secret\r\n", NULL));
    g_clear_pointer(&stream, coi_stream_free);
    tear_down(&f);
}

static void test_leaks_no_descriptor(void)
{
    guint before = 0;
    for (guint round = 0; round < 2; round++) {
        test_tls();
        test_untrusted();
        test_no_tls_there();
        test_starttls_untrusted();
        if (round == 0)
            before = count_descriptors();
    }
    /* GIO's own threads come and go. */
    g_assert_cmpuint(count_descriptors(), <=, before + 2);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], CONNECT_THRICE) == 0)
        return connect_thrice((guint16)atoi(argv[2]));
    g_test_init(&argc, &argv, NULL);
    peer_certificate();
    g_test_add_func("/stream-tls/tls", test_tls);
    g_test_add_func("/stream-tls/trusted-by-the-system", test_trusted_by_the_system);
    g_test_add_func("/stream-tls/resumption", test_resumption);
    g_test_add_func("/stream-tls/old-tls", test_old_tls);
    g_test_add_func("/stream-tls/untrusted", test_untrusted);
    g_test_add_func("/stream-tls/no-tls-there", test_no_tls_there);
    g_test_add_func("/stream-tls/starttls", test_starttls);
    g_test_add_func("/stream-tls/starttls-injection", test_starttls_injection);
    g_test_add_func("/stream-tls/starttls-untrusted", test_starttls_untrusted);
    g_test_add_func("/stream-tls/leaks-no-descriptor", test_leaks_no_descriptor);
    return g_test_run();
}
