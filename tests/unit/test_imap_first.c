/* The first look at a mailbox full of old mail: what is unread first, the rest when there is time. */
#include "imap_peer.h"

#define SINCE 1709251199 /* 29-Feb-2024 */
#define SEARCH "C UID SEARCH 1:* UNSEEN SINCE 28-Feb-2024"
#define HEADER(number, uid)                                                                                            \
    "* " number " FETCH (UID " uid " FLAGS () RFC822.SIZE 900 BODY[HEADER]<0> {14}\r\nSubject: " number "\r\n\r\n)\r\n"

static Peer *looking(const char *const *script, guint newest, gboolean leave_out)
{
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_FOLLOW, 2);
    request->newest = newest;
    request->unread_since = SINCE;
    request->leave_out = leave_out;
    coi_imap_link_send(peer->link, request);
    return peer;
}

static void expect_message(Peer *peer, guint32 uid, gboolean old)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(result->uid, ==, uid);
    g_assert_cmpint(result->old, ==, old);
    g_assert_cmpuint(result->tag, ==, 2);
    coi_imap_result_free(result);
}

static void expect_fetched(Peer *peer, guint32 next_uid, gboolean more)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_FETCHED);
    g_assert_cmpuint(result->next_uid, ==, next_uid);
    g_assert_cmpint(result->more, ==, more);
    coi_imap_result_free(result);
}

/* The unread one comes again with the rest: it may be an answer to something there. */
static void test_unread_first(void)
{
    static const char *const script[] = {OPENED,
                                         SEARCH,
                                         "S * SEARCH 5\r\n$ OK done\r\n",
                                         "C UID FETCH 5 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]",
                                         "S " HEADER("2", "5") "$ OK done\r\n",
                                         "C FETCH 1:* (UID)",
                                         "S * 1 FETCH (UID 2)\r\n* 2 FETCH (UID 5)\r\n* 3 FETCH (UID 9)\r\n$ OK done\r\n",
                                         "C UID FETCH 2,9 ",
                                         "S " HEADER("1", "2") HEADER("3", "9") "$ OK done\r\n",
                                         "C UID FETCH 5 ",
                                         "S " HEADER("2", "5") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = looking(script, 1000, FALSE);
    expect_message(peer, 5, FALSE);
    expect_fetched(peer, 10, TRUE);
    expect_message(peer, 2, TRUE);
    expect_message(peer, 9, TRUE);
    expect_fetched(peer, 10, TRUE);
    expect_message(peer, 5, TRUE);
    expect_fetched(peer, 10, FALSE);
    peer_end(peer);
}

static void test_all_unread(void)
{
    static const char *const script[] = {
        OPENED,   SEARCH, "S * SEARCH 9 2 5\r\n$ OK done\r\n", "C UID FETCH 2,5,9 ", "S " HEADER("1", "2") HEADER("2", "5")
        HEADER("3", "9") "$ OK done\r\n",
        "I IDLE", NULL};
    Peer *peer = looking(script, 1000, FALSE);
    expect_message(peer, 2, FALSE);
    expect_message(peer, 5, FALSE);
    expect_message(peer, 9, FALSE);
    expect_fetched(peer, 10, FALSE);
    peer_end(peer);
}

/* Only the newest two are wanted; none of them is unread, and one is gone before it is fetched. */
static void test_newest_only(void)
{
    static const char *const script[] = {OPENED,
                                         "C UID SEARCH 2:* UNSEEN",
                                         "S * SEARCH\r\n$ OK done\r\n",
                                         "C FETCH 2:* (UID)",
                                         "S * 2 FETCH (UID 5)\r\n* 3 FETCH (UID 9)\r\n$ OK done\r\n",
                                         "C UID FETCH 5,9 ",
                                         "S * 3 EXPUNGE\r\n" HEADER("2", "5") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = looking(script, 2, FALSE);
    expect_fetched(peer, 10, TRUE);
    expect_message(peer, 5, TRUE);
    expect_fetched(peer, 10, FALSE);
    peer_end(peer);
}

/* Whatever else there is to do goes first: a request, and what arrives. */
static void test_gives_way(void)
{
    static const char *const script[] = {OPENED,
                                         SEARCH,
                                         "S * 4 EXISTS\r\n* SEARCH 10\r\n$ OK done\r\n",
                                         "C UID STORE 2 ",
                                         "S $ OK done\r\n",
                                         "C UID FETCH 10:* ",
                                         "S " HEADER("4", "10") "$ OK done\r\n",
                                         "C FETCH 1:* (UID)",
                                         "S * 1 FETCH (UID 2)\r\n* 4 FETCH (UID 10)\r\n$ OK done\r\n",
                                         "C UID FETCH 2 ",
                                         "S " HEADER("1", "2") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = looking(script, 1000, FALSE);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_STORE, 3);
    guint32 uid = 2;
    request->uids = g_array_new(FALSE, FALSE, sizeof uid);
    g_array_append_val(request->uids, uid);
    request->flags = g_strsplit("\\Seen", " ", -1);
    coi_imap_link_send(peer->link, request);
    expect_fetched(peer, 10, TRUE);
    peer_drop(peer, COI_IMAP_DONE);
    expect_message(peer, 10, FALSE);
    expect_fetched(peer, 11, TRUE);
    expect_message(peer, 2, TRUE);
    expect_fetched(peer, 11, FALSE);
    peer_end(peer);
}

/* A server that can't search hands over everything at once. */
static void test_no_search(void)
{
    static const char *const script[] = {OPENED,
                                         SEARCH,
                                         "S $ NO not here\r\n",
                                         "C FETCH 1:* (UID)",
                                         "S * 1 FETCH (UID 2)\r\n* 2 FETCH (UID 9)\r\n$ OK done\r\n",
                                         "C UID FETCH 2,9 ",
                                         "S " HEADER("1", "2") HEADER("2", "9") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = looking(script, 1000, FALSE);
    expect_message(peer, 2, FALSE);
    expect_message(peer, 9, FALSE);
    expect_fetched(peer, 10, FALSE);
    peer_end(peer);
}

/* What the server refuses to give of the past is left there. */
static void test_refused(void)
{
    static const char *const script[] = {OPENED,
                                         SEARCH,
                                         "S * SEARCH\r\n$ OK done\r\n",
                                         "C FETCH 1:* (UID)",
                                         "S * 1 FETCH (UID 2)\r\n* 2 FETCH (UID 9)\r\n$ OK done\r\n",
                                         "C UID FETCH 2,9 ",
                                         "S $ NO bad mail\r\n",
                                         "C UID FETCH 2 ",
                                         "S $ NO bad mail\r\n",
                                         "C UID FETCH 9 ",
                                         "S " HEADER("2", "9") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = looking(script, 1000, FALSE);
    expect_fetched(peer, 10, TRUE);
    expect_message(peer, 9, TRUE);
    expect_fetched(peer, 10, FALSE);
    peer_end(peer);
}

/* After many sessions that came to nothing the past is not touched. */
static void test_not_again(void)
{
    static const char *const script[] = {OPENED, SEARCH, "S * SEARCH\r\n$ OK done\r\n", "I IDLE", "S + idling\r\n", "Q 200",
                                         NULL};
    Peer *peer = looking(script, 1000, TRUE);
    expect_fetched(peer, 10, FALSE);
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap-first/unread-first", test_unread_first);
    g_test_add_func("/imap-first/all-unread", test_all_unread);
    g_test_add_func("/imap-first/newest-only", test_newest_only);
    g_test_add_func("/imap-first/gives-way", test_gives_way);
    g_test_add_func("/imap-first/no-search", test_no_search);
    g_test_add_func("/imap-first/refused", test_refused);
    g_test_add_func("/imap-first/not-again", test_not_again);
    return g_test_run();
}
