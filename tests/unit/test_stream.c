/* The stream against a scripted peer: trust, STARTTLS, cancelling, deadlines, cuts (thread sanitizer: yes). */
#include "base/queue.h"
#include "net/stream.h"
#include "net/wire.h"
#include "net_peer.h"

typedef struct {
    TestHost self;
    CoiNetHost host;
    CoiServer *server;
    GCancellable *stop;
    Peer *peer;
} Fixture;

#define SCRIPTS(...) ((const char *const *const[]){__VA_ARGS__, NULL})
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

static void set_up(Fixture *f, CoiSecurity security, const char *const *const *scripts)
{
    memset(f, 0, sizeof *f);
    f->self.verdict = COI_TRUST_VALID;
    f->self.peer = f->peer = scripts != NULL ? peer_new(scripts) : NULL;
    f->host = test_host(&f->self);
    f->server = coi_server_new("localhost", f->peer != NULL ? f->peer->port : 1, security);
    f->stop = g_cancellable_new();
}

static void tear_down(Fixture *f)
{
    if (f->peer != NULL)
        peer_free(f->peer, FALSE);
    coi_server_free(f->server);
    g_object_unref(f->stop);
}

static CoiStream *open_stream(Fixture *f, GError **error)
{
    return coi_stream_open(f->server, COI_STREAM_IMAP, &f->host, f->stop, error);
}

static CoiStream *open_well(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    CoiStream *stream = open_stream(f, &error);
    g_assert_no_error(error);
    return stream;
}

static void assert_line(CoiStream *stream, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = coi_wire_read_line(stream, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(line, ==, expected);
}

/* Reading and writing fail with code, and go on to do so. */
static void assert_dead(CoiStream *stream, gint code)
{
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) read_error = NULL, write_error = NULL, wait_error = NULL;
        g_assert_null(coi_wire_read_line(stream, &read_error));
        g_assert_error(read_error, COI_ERROR, code);
        g_assert_false(coi_wire_send(stream, "x\r\n", &write_error));
        g_assert_error(write_error, COI_ERROR, code);
        g_assert_cmpint(coi_stream_wait(stream, -1, 1000, &wait_error), ==, COI_WAIT_FAILED);
        g_assert_error(wait_error, COI_ERROR, code);
    }
}

static void test_plain(void)
{
    Fixture f;
    set_up(&f, COI_SECURITY_NONE, SCRIPTS(SCRIPT("S: * OK hi", "C: A", "S- * OK one\r\n* OK two\r\n* OK th", "C: B", "S: ree")));
    g_autoptr(CoiStream) stream = open_well(&f);
    g_assert_false(coi_stream_is_tls(stream));
    assert_line(stream, "* OK hi");
    g_assert_true(coi_wire_send(stream, "A\r\n", NULL));
    assert_line(stream, "* OK one");
    assert_line(stream, "* OK two");
    g_assert_true(coi_wire_send(stream, "B\r\n", NULL));
    assert_line(stream, "* OK three");
    assert_dead(stream, COI_ERROR_CLOSED);
    g_assert_cmpuint(f.self.asked, ==, 0);
    tear_down(&f);
}

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

/* A server of another make, with options. Up when it takes connections. */
static GSubprocess *start_openssl(guint16 *port, const char *version, const char *ciphers)
{
    g_autoptr(GError) error = NULL;
    close(peer_listen(port));
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", *port);
    peer_certificate();
    g_autofree char *cert = g_build_filename(peer_directory, "cert.pem", NULL);
    g_autofree char *key = g_build_filename(peer_directory, "key.pem", NULL);
    GSubprocess *process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                         &error, "openssl", "s_server", "-accept", address, "-cert", cert, "-key", key, "-rev", "-cipher",
                         ciphers, version, NULL);
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

/* This server wants sessions to be resumed, where it shows no certificate. Trust is asked each time all the same. */
static void test_resumption(void)
{
    static const char *const versions[] = {"-tls1_2", "-tls1_3"};
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        Fixture f;
        set_up(&f, COI_SECURITY_TLS, NULL);
        GSubprocess *server = start_openssl(&f.server->port, versions[i], "DEFAULT");
        for (guint n = 1; n <= 3; n++) {
            g_autoptr(CoiStream) stream = open_well(&f);
            g_assert_true(coi_wire_send(stream, "abc\n", NULL));
            assert_line(stream, "cba");
            g_assert_cmpuint(f.self.asked, ==, n);
            g_assert_cmpuint(f.self.chain_length, ==, 1);
        }
        stop_openssl(server);
        tear_down(&f);
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
    g_assert_cmpuint(f.self.asked, ==, 0);
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

static void test_refused(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f;
    set_up(&f, COI_SECURITY_TLS, NULL);
    g_assert_null(open_stream(&f, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_DIAL);
    tear_down(&f);
}

static void test_cleartext(void)
{
    static const struct {
        const char *name;
        gboolean proxied, allowed;
    } table[] = {{"localhost", FALSE, TRUE},   {"LocalHost", TRUE, TRUE},        {"127.0.0.1", TRUE, TRUE},
                 {"127.9.9.9", TRUE, TRUE},    {"::1", TRUE, TRUE},              {"mail.example.org", FALSE, TRUE},
                 {"mail.example.org", TRUE, FALSE}, {"10.0.0.1", TRUE, FALSE},   {"localhost.example.org", TRUE, FALSE},
                 {"127.0.0.1.example.org", TRUE, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GError) error = NULL;
        Fixture f;
        set_up(&f, COI_SECURITY_NONE, SCRIPTS(SCRIPT("S: * OK hi", "NOTHING")));
        coi_server_free(f.server);
        f.server = coi_server_new(table[i].name, table[i].proxied ? 143 : f.peer->port, COI_SECURITY_NONE);
        g_autoptr(CoiStream) stream = open_stream(&f, &error);
        g_assert_cmpint(stream != NULL, ==, table[i].allowed);
        if (stream == NULL)
            g_assert_error(error, COI_ERROR, COI_ERROR_CLEARTEXT);
        g_clear_pointer(&stream, coi_stream_free);
        tear_down(&f);
    }
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

typedef struct {
    GCancellable *stop;
    gint *when; /* waits until this is set, or NULL: a moment */
    gint64 fired; /* read after the thread was joined */
} Canceller;

static gpointer cancel_later(gpointer data)
{
    Canceller *canceller = data;
    do
        g_usleep(50000);
    while (canceller->when != NULL && !g_atomic_int_get(canceller->when));
    canceller->fired = g_get_monotonic_time();
    g_cancellable_cancel(canceller->stop);
    return NULL;
}

/* What a stop interrupts: each waits for a peer that does nothing. */
typedef enum { IN_HANDSHAKE, IN_TRUST, IN_READ, IN_WRITE, IN_WAIT } Where;

static void be_interrupted(Fixture *f, Where where)
{
    g_autoptr(GError) error = NULL;
    if (where == IN_HANDSHAKE || where == IN_TRUST) {
        g_assert_null(open_stream(f, &error));
        g_assert_error(error, COI_ERROR, COI_ERROR_CANCELLED);
        return;
    }
    g_autoptr(CoiStream) stream = open_well(f);
    g_autofree char *block = g_strnfill(4096, 'x');
    while (where == IN_WRITE && coi_wire_send(stream, block, NULL))
        ;
    if (where == IN_READ)
        g_free(coi_wire_read_line(stream, NULL));
    if (where == IN_WAIT)
        g_assert_cmpint(coi_stream_wait(stream, -1, -1, NULL), ==, COI_WAIT_FAILED);
    g_assert_false(coi_stream_explain(stream, "nothing", &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_CANCELLED);
    assert_dead(stream, COI_ERROR_CANCELLED);
}

/* Microseconds from the stop to the end. A server whose connections are never accepted: they are established all the same,
 * and stay silent. */
static gint64 interrupt(Where where)
{
    Fixture f;
    guint16 port = 0;
    int listener = where == IN_TRUST ? -1 : peer_listen(&port);
    set_up(&f, where <= IN_TRUST ? COI_SECURITY_TLS : COI_SECURITY_NONE,
           where == IN_TRUST ? SCRIPTS(SCRIPT("TLS?")) : NULL);
    f.self.trust_usec = 10 * G_USEC_PER_SEC;
    if (f.peer == NULL)
        f.server->port = port;
    Canceller canceller = {.stop = f.stop, .when = where == IN_TRUST ? &f.self.asking : NULL};
    GThread *thread = g_thread_new("canceller", cancel_later, &canceller);
    be_interrupted(&f, where);
    gint64 ended = g_get_monotonic_time();
    g_thread_join(thread);
    tear_down(&f);
    if (listener >= 0)
        close(listener);
    return ended - canceller.fired;
}

/* The best of a few: a busy machine may be late, but not each time. */
static void test_cancel(gconstpointer data)
{
    gint64 best = G_MAXINT64;
    for (guint i = 0; i < 5 && best >= 50000; i++)
        best = MIN(best, interrupt((Where)GPOINTER_TO_INT(data)));
    g_test_message("ended %.2f ms after the stop", (double)best / 1000);
    g_assert_cmpint(best, <, 50000);
}

static void test_read_deadline(void)
{
    Fixture f;
    set_up(&f, COI_SECURITY_NONE, SCRIPTS(SCRIPT("S- * OK and then", "WAIT")));
    g_autoptr(CoiStream) stream = open_well(&f);
    gint64 before = g_get_monotonic_time();
    coi_stream_begin_command(stream, 100);
    assert_dead(stream, COI_ERROR_TIMEOUT);
    g_assert_cmpint(g_get_monotonic_time() - before, >=, 100000);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 1000000);
    g_clear_pointer(&stream, coi_stream_free);
    tear_down(&f);
}

static gpointer drip(gpointer data)
{
    int fd = accept(GPOINTER_TO_INT(data), NULL, NULL);
    while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
        g_usleep(5000);
    close(fd);
    return NULL;
}

/* Something always comes, and never enough: the deadline is the command's, not the wait's. */
static void test_drip(void)
{
    Fixture f;
    set_up(&f, COI_SECURITY_NONE, NULL);
    int listener = peer_listen(&f.server->port);
    GThread *thread = g_thread_new("drip", drip, GINT_TO_POINTER(listener));
    g_autoptr(CoiStream) stream = open_well(&f);
    gint64 before = g_get_monotonic_time();
    coi_stream_begin_command(stream, 150);
    assert_dead(stream, COI_ERROR_TIMEOUT);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 1000000);
    g_clear_pointer(&stream, coi_stream_free);
    g_thread_join(thread);
    tear_down(&f);
    close(listener);
}

static void test_wait(void)
{
    Fixture f;
    set_up(&f, COI_SECURITY_NONE, SCRIPTS(SCRIPT("S- * OK a\r\n* 1 EXISTS\r\n", "C: more", "S: * 2 EXISTS", "WAIT")));
    g_autoptr(CoiStream) stream = open_well(&f);
    g_autoptr(CoiQueue) queue = coi_queue_new(NULL);
    g_assert_cmpint(coi_stream_wait(stream, coi_queue_fd(queue), 5000, NULL), ==, COI_WAIT_DATA);
    assert_line(stream, "* OK a");
    /* It came in one segment with the first line and sits in libetpan's buffer. */
    g_assert_cmpint(coi_stream_wait(stream, coi_queue_fd(queue), 5000, NULL), ==, COI_WAIT_DATA);
    assert_line(stream, "* 1 EXISTS");
    g_assert_cmpint(coi_stream_wait(stream, coi_queue_fd(queue), 20, NULL), ==, COI_WAIT_TIMEOUT);
    coi_queue_push(queue, "x");
    g_assert_cmpint(coi_stream_wait(stream, coi_queue_fd(queue), 5000, NULL), ==, COI_WAIT_FD);
    g_assert_true(coi_wire_send(stream, "more\r\n", NULL));
    g_assert_cmpint(coi_stream_wait(stream, -1, -1, NULL), ==, COI_WAIT_DATA);
    assert_line(stream, "* 2 EXISTS");
    g_clear_pointer(&stream, coi_stream_free);
    tear_down(&f);
}

static void test_limit(void)
{
    Fixture f;
    set_up(&f, COI_SECURITY_NONE, SCRIPTS(SCRIPT("S: * OK hi", "C: A", "S: * 1 FETCH (BODY[] {4294967295}", "WAIT")));
    g_autoptr(CoiStream) stream = open_well(&f);
    assert_line(stream, "* OK hi");
    g_assert_true(coi_wire_send(stream, "A\r\n", NULL));
    assert_dead(stream, COI_ERROR_LIMIT);
    g_clear_pointer(&stream, coi_stream_free);
    tear_down(&f);
}

/* A server's answer cut after each of its bytes: an error each time, at once. */
static void test_cuts(void)
{
    static const char answer[] = "* 1 FETCH (BODY[] {6}\r\nab\r\ncd)\r\nA1 OK done\r\n";
    for (gsize cut = 0; cut < sizeof answer - 1; cut++) {
        g_autofree char *line = g_strdup_printf("S- %.*s", (int)cut, answer);
        Fixture f;
        set_up(&f, COI_SECURITY_NONE, SCRIPTS(SCRIPT(line, "CUT")));
        g_autoptr(CoiStream) stream = open_well(&f);
        g_autofree char *buffer = g_malloc(sizeof answer);
        gsize got = 0;
        gint64 before = g_get_monotonic_time();
        ssize_t n;
        while ((n = mailstream_read(coi_stream_mailstream(stream), buffer + got, sizeof answer - got)) > 0)
            got += (gsize)n;
        g_assert_cmpint(n, ==, -1);
        g_assert_cmpmem(buffer, got, answer, cut);
        g_assert_cmpint(g_get_monotonic_time() - before, <, 1000000);
        assert_dead(stream, COI_ERROR_CLOSED);
        tear_down(&f);
    }
}

/* More than fits into any buffer, both ways, over TLS. */
static void test_bulk(void)
{
    g_autofree char *half = g_strnfill(500000, 'y');
    g_autofree char *expected = g_strconcat("C: ", half, NULL), *said = g_strconcat("S: ", half, NULL);
    g_autofree char *command = g_strconcat(half, "\r\n", NULL);
    Fixture f;
    set_up(&f, COI_SECURITY_TLS, SCRIPTS(SCRIPT("TLS", expected, said)));
    g_autoptr(CoiStream) stream = open_well(&f);
    g_assert_true(coi_wire_send(stream, command, NULL));
    assert_line(stream, half);
    tear_down(&f);
}

static void test_leaks_no_descriptor(void)
{
    test_tls();
    guint before = count_descriptors();
    for (guint i = 0; i < 3; i++) {
        test_tls();
        test_untrusted();
        test_no_tls_there();
        test_starttls_untrusted();
    }
    /* GIO's own threads come and go. */
    g_assert_cmpuint(count_descriptors(), <=, before + 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_certificate();
    g_test_add_func("/stream/plain", test_plain);
    g_test_add_func("/stream/tls", test_tls);
    g_test_add_func("/stream/resumption", test_resumption);
    g_test_add_func("/stream/old-tls", test_old_tls);
    g_test_add_func("/stream/untrusted", test_untrusted);
    g_test_add_func("/stream/no-tls-there", test_no_tls_there);
    g_test_add_func("/stream/refused", test_refused);
    g_test_add_func("/stream/cleartext", test_cleartext);
    g_test_add_func("/stream/starttls", test_starttls);
    g_test_add_func("/stream/starttls-injection", test_starttls_injection);
    g_test_add_func("/stream/starttls-untrusted", test_starttls_untrusted);
    g_test_add_data_func("/stream/cancel/handshake", GINT_TO_POINTER(IN_HANDSHAKE), test_cancel);
    g_test_add_data_func("/stream/cancel/trust", GINT_TO_POINTER(IN_TRUST), test_cancel);
    g_test_add_data_func("/stream/cancel/read", GINT_TO_POINTER(IN_READ), test_cancel);
    g_test_add_data_func("/stream/cancel/write", GINT_TO_POINTER(IN_WRITE), test_cancel);
    g_test_add_data_func("/stream/cancel/wait", GINT_TO_POINTER(IN_WAIT), test_cancel);
    g_test_add_func("/stream/read-deadline", test_read_deadline);
    g_test_add_func("/stream/drip", test_drip);
    g_test_add_func("/stream/wait", test_wait);
    g_test_add_func("/stream/limit", test_limit);
    g_test_add_func("/stream/cuts", test_cuts);
    g_test_add_func("/stream/bulk", test_bulk);
    g_test_add_func("/stream/leaks-no-descriptor", test_leaks_no_descriptor);
    return g_test_run();
}
