/* A link in a hurry: what it asks instead of IDLE, and when it stops. */
#include "imap_peer.h"

/* A machine that stands still looks like a slow server: then the exchange is repeated. */
#define ATTEMPTS 10
#define MESSAGE "* 4 FETCH (UID 10 BODY[HEADER]<0> {14}\r\nSubject: x\r\n\r\n)\r\n"

static void hurry(Peer *peer, gint64 usec)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_HURRY, 3);
    request->until = usec == 0 ? 0 : g_get_monotonic_time() + usec;
    coi_imap_link_send(peer->link, request);
}

static Peer *following(const char *const *script)
{
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 10);
    peer_drop(peer, COI_IMAP_FETCHED);
    return peer;
}

/* Whether the script was followed to its end; results: what came meanwhile. */
static gboolean plays(Peer *peer, GPtrArray *results)
{
    CoiImapResult *result;
    peer_wait_for(&peer->done);
    while ((result = coi_queue_try_pop(peer->results)) != NULL)
        g_ptr_array_add(results, result);
    gboolean good = peer->complaint == NULL;
    g_test_message("%s", good ? "as in the script" : peer->complaint);
    g_clear_pointer(&peer->complaint, g_free);
    return good;
}

static gboolean has(const GPtrArray *results, CoiImapResultType type)
{
    for (guint i = 0; i < results->len; i++)
        if (((const CoiImapResult *)results->pdata[i])->type == type)
            return TRUE;
    return FALSE;
}

static void stop(Peer *peer)
{
    CoiImapResult *result;
    coi_imap_link_stop(peer->link);
    while ((result = peer_next(peer))->type != COI_IMAP_ENDED)
        coi_imap_result_free(result);
    coi_imap_result_free(result);
    coi_imap_link_free(peer->link);
    shutdown(peer->listener, SHUT_RDWR);
    g_thread_join(peer->thread);
    close(peer->listener);
    coi_queue_unref(peer->results);
    g_free(peer);
}

/* called_off: at the script's second gate it is no longer in a hurry. */
static GPtrArray *exchange(const char *const *script, gint64 usec, gboolean called_off)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        GPtrArray *results = g_ptr_array_new_with_free_func((GDestroyNotify)coi_imap_result_free);
        Peer *peer = following(script);
        peer_await(peer);
        __atomic_store_n(&peer->gate, 0, __ATOMIC_RELEASE);
        hurry(peer, usec);
        if (called_off) {
            peer_await(peer);
            hurry(peer, 0);
        }
        gboolean good = plays(peer, results);
        stop(peer);
        if (good)
            return results;
        g_ptr_array_unref(results);
    }
    g_error("never as in the script");
}

static void test_asks_until_the_end(void)
{
    static const char *const script[] = {OPENED, "I IDLE", "S + idling\r\n", "G",    "R DONE", "C NOOP",
                                         "S ~ OK idled\r\n$ OK done\r\n", "C NOOP", "S $ OK done\r\n", "I IDLE", NULL};
    g_autoptr(GPtrArray) results = exchange(script, 350 * 1000, FALSE);
    g_assert_false(has(results, COI_IMAP_LAGS));
}

static void test_what_arrives(void)
{
    static const char *const script[] = {OPENED, "I IDLE", "S + idling\r\n", "G", "R DONE", "C NOOP",
                                         "S ~ OK idled\r\n* 4 EXISTS\r\n$ OK done\r\n", "C UID FETCH 10:*",
                                         "S " MESSAGE "$ OK done\r\n", "C NOOP", "S $ OK done\r\n", NULL};
    g_autoptr(GPtrArray) results = exchange(script, 60 * G_USEC_PER_SEC, FALSE);
    g_assert_true(has(results, COI_IMAP_MESSAGE));
    g_assert_true(has(results, COI_IMAP_FETCHED));
}

/* An answer after more than 300 ms, and a refusal: IDLE again, however much time there was left. */
static void test_slow(void)
{
    static const char *const script[] = {OPENED, "I IDLE", "S + idling\r\n", "G", "R DONE", "C NOOP", "P 400",
                                         "S ~ OK idled\r\n$ OK done\r\n", "I IDLE", "Q 400", NULL};
    static const char *const refused[] = {OPENED, "I IDLE", "S + idling\r\n", "G", "R DONE", "C NOOP",
                                          "S ~ OK idled\r\n$ NO not now\r\n", "I IDLE", "Q 400", NULL};
    g_autoptr(GPtrArray) results = exchange(script, 60 * G_USEC_PER_SEC, FALSE);
    g_assert_true(has(results, COI_IMAP_LAGS));
    g_autoptr(GPtrArray) others = exchange(refused, 60 * G_USEC_PER_SEC, FALSE);
    g_assert_true(has(others, COI_IMAP_LAGS));
}

/* IDLE at once, however much time there was left. */
static void test_called_off(void)
{
    static const char *const script[] = {OPENED, "I IDLE", "S + idling\r\n", "G", "R DONE", "C NOOP",
                                         "S ~ OK idled\r\n$ OK done\r\n", "G", "I IDLE", "Q 400", NULL};
    g_autoptr(GPtrArray) results = exchange(script, 60 * G_USEC_PER_SEC, TRUE);
    g_assert_false(has(results, COI_IMAP_LAGS));
}

/* The end of a session ends it, too. */
static void test_bye(void)
{
    static const char *const script[] = {OPENED, "I IDLE", "S + idling\r\n", "G", "R DONE", "C NOOP",
                                         "S ~ OK idled\r\n* BYE see you\r\n", "X", NULL};
    Peer *peer = following(script);
    peer_await(peer);
    hurry(peer, 60 * G_USEC_PER_SEC);
    peer_down(peer, COI_ERROR_CLOSED);
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap-hurry/asks-until-the-end", test_asks_until_the_end);
    g_test_add_func("/imap-hurry/what-arrives", test_what_arrives);
    g_test_add_func("/imap-hurry/slow", test_slow);
    g_test_add_func("/imap-hurry/called-off", test_called_off);
    g_test_add_func("/imap-hurry/bye", test_bye);
    return g_test_run();
}
