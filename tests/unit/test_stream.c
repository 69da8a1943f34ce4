/* The stream against a scripted peer: cancelling, deadlines, waits, cuts (thread sanitizer: yes). */
#include "base/queue.h"
#include "stream_fixture.h"

static void test_plain(void)
{
    Fixture f;
    set_up(&f, COI_SECURITY_NONE,
           SCRIPTS(SCRIPT("S: * OK hi", "C: A", "S- * OK one\r\n* OK two\r\n* OK th", "C: B", "S: ree")));
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
    } table[] = {{"localhost", FALSE, TRUE},
                 {"LocalHost", TRUE, TRUE},
                 {"127.0.0.1", TRUE, TRUE},
                 {"127.9.9.9", TRUE, TRUE},
                 {"::1", TRUE, TRUE},
                 {"mail.example.org", FALSE, TRUE},
                 {"mail.example.org", TRUE, FALSE},
                 {"10.0.0.1", TRUE, FALSE},
                 {"localhost.example.org", TRUE, FALSE},
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

typedef struct {
    GCancellable *stop;
    gint *when;   /* waits until this is set, or NULL: a moment */
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

/* Microseconds from the stop to the end. A server whose connections are never accepted: they are established all the
 * same, and stay silent. */
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

/* Sanitizers multiply everything by ten. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PROMPT_USEC 5000000
#else
#define PROMPT_USEC 500000
#endif

/* The best of a few: a busy machine may be late, but not each time. */
static void test_cancel(gconstpointer data)
{
    gint64 best = G_MAXINT64;
    for (guint i = 0; i < 8 && best >= PROMPT_USEC; i++)
        best = MIN(best, interrupt((Where)GPOINTER_TO_INT(data)));
    g_test_message("ended %.2f ms after the stop", (double)best / 1000);
    g_assert_cmpint(best, <, PROMPT_USEC);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    peer_certificate();
    g_test_add_func("/stream/plain", test_plain);
    g_test_add_func("/stream/refused", test_refused);
    g_test_add_func("/stream/cleartext", test_cleartext);
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
    return g_test_run();
}
