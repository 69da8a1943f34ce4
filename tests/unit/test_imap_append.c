/* Storing a message: what is said to the server for it. */
#include "imap_peer.h"

#define BULK LOGGED_IN("IDLE"), "C LIST", "S $ OK done\r\n"
#define SELECT_OK "S * 1 EXISTS\r\n* OK [UIDNEXT 2] x\r\n* OK [PERMANENTFLAGS (\\Seen known)] x\r\n$ OK done\r\n"
#define LOOK "C UID SEARCH SINCE 28-Feb-2024 HEADER Message-ID \"<a\\\"b@c>\""

static void send_append(Peer *peer)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_APPEND, 4);
    request->target = g_strdup("COI/Chats");
    request->message_id = g_strdup("a\"b@c");
    request->mail = g_bytes_new_static("Subject: x\r\n\r\nhello\r\n", 21);
    request->date = 1709251199;
    request->flags = g_strsplit("\\Seen $Chat Known bad)flag \\Bad)flag", " ", -1);
    coi_imap_link_send(peer->link, request);
}

static Peer *bulk(const char *const *script)
{
    Peer *peer = peer_new(script, 0);
    coi_imap_link_send(peer->link, peer_open_request(peer, NULL, COI_SECURITY_NONE));
    peer_drop(peer, COI_IMAP_OPENED);
    send_append(peer);
    return peer;
}

static void expect_appended(Peer *peer, gboolean was_there)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_APPENDED);
    g_assert_cmpint(result->was_there, ==, was_there);
    g_assert_cmpuint(result->tag, ==, 4);
    coi_imap_result_free(result);
}

#define APPEND                                                                                                         \
    "C APPEND \"COI/Chats\" (\\Seen Known) \"29-Feb-2024 23:59:59 +0000\" {21}", "S * 1 EXISTS\r\n+ go\r\n", "N 23"

static void test_append(void)
{
    static const char *const there[] = {BULK, "C SELECT \"COI/Chats\"",        SELECT_OK,
                                        LOOK, "S * SEARCH 7\r\n$ OK done\r\n", NULL};
    static const char *const missing[] = {
        BULK, "C SELECT", SELECT_OK, LOOK, "S * SEARCH\r\n$ OK done\r\n", APPEND, "S $ OK [APPENDUID 1 2] done\r\n",
        NULL};
    static const char *const no_mailbox[] = {BULK,
                                             "C SELECT",
                                             "S $ NO [NONEXISTENT] no\r\n",
                                             "C CREATE \"COI/Chats\"",
                                             "S $ OK done\r\n",
                                             "C SUBSCRIBE \"COI/Chats\"",
                                             "S $ NO never\r\n",
                                             "C SELECT",
                                             SELECT_OK,
                                             LOOK,
                                             "S $ OK done\r\n",
                                             APPEND,
                                             "S $ OK done\r\n",
                                             NULL};
    static const char *const vanished[] = {BULK,
                                           "C SELECT",
                                           SELECT_OK,
                                           LOOK,
                                           "S $ OK done\r\n",
                                           "C APPEND",
                                           "S $ NO [TRYCREATE] no\r\n",
                                           "C CREATE",
                                           "S $ OK done\r\n",
                                           "C SUBSCRIBE",
                                           "S $ OK done\r\n",
                                           APPEND,
                                           "S $ OK done\r\n",
                                           NULL};
    static const char *const *const scripts[] = {there, missing, no_mailbox, vanished};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        Peer *peer = bulk(scripts[i]);
        expect_appended(peer, i == 0);
        peer_end(peer);
    }
}

/* A mailbox that is open for copies only is left when there are no more. */
static void test_let_go(void)
{
    static const char *const script[] = {LOGGED_IN("IDLE UNSELECT"), "C LIST", "S $ OK done\r\n", "C SELECT", SELECT_OK, LOOK,
                                         "S * SEARCH 7\r\n$ OK done\r\n", "C UNSELECT", "S $ OK done\r\n", "C SELECT", SELECT_OK,
                                         LOOK, "S * SEARCH 7\r\n$ OK done\r\n", NULL};
    Peer *peer = bulk(script);
    expect_appended(peer, TRUE);
    g_usleep(1200 * 1000);
    send_append(peer);
    expect_appended(peer, TRUE);
    peer_end(peer);
}

static void test_append_refused(void)
{
    static const char *const script[] = {
        BULK, "C SELECT", SELECT_OK, LOOK, "S $ OK done\r\n", "C APPEND", "S $ NO [OVERQUOTA] full\r\n", NULL};
    static const char *const cut[] = {BULK,       "C SELECT",   SELECT_OK, LOOK, "S $ OK done\r\n",
                                      "C APPEND", "S + go\r\n", "X",       NULL};
    Peer *peer = bulk(script);
    CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
    g_assert_error(failed->error, COI_ERROR, COI_ERROR_REFUSED);
    g_assert_cmpstr(failed->error->message, ==, "[OVERQUOTA] full");
    coi_imap_result_free(failed);
    peer_end(peer);
    peer = bulk(cut);
    CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
    g_assert_error(down->error, COI_ERROR, COI_ERROR_CLOSED);
    g_assert_cmpuint(down->tag, ==, 4);
    coi_imap_result_free(down);
    peer_end(peer);
}

/* A link that follows keeps its mailbox. */
static void test_append_follower(void)
{
    static const char *const script[] = {OPENED, "I IDLE", "S + idling\r\n", NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 10);
    peer_drop(peer, COI_IMAP_FETCHED);
    send_append(peer);
    CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
    g_assert_error(failed->error, COI_ERROR, COI_ERROR_INVALID);
    coi_imap_result_free(failed);
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap-append/append", test_append);
    g_test_add_func("/imap-append/let-go", test_let_go);
    g_test_add_func("/imap-append/refused", test_append_refused);
    g_test_add_func("/imap-append/follower", test_append_follower);
    return g_test_run();
}
