/* Looking for messages: what is said to the server for it, whatever the words are. */
#include "imap_peer.h"
#include "net/imap_search.h"

#define BULK(capabilities) LOGGED_IN(capabilities), "C LIST", "S $ OK done\r\n"
#define SELECT "C SELECT \"COI/Chats\"", "S * 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 90] x\r\n$ OK done\r\n"
#define CONVERSATION "UNDELETED OR FROM \"bob@example.net\" OR TO \"bob@example.net\" CC \"bob@example.net\""

static CoiImapRequest *search_request(const char *words, guint32 below)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_SEARCH, 4);
    request->target = g_strdup("COI/Chats");
    request->peer = g_strdup("bob@example.net");
    request->words = words != NULL ? g_strsplit(words, " ", -1) : NULL;
    request->below = below;
    return request;
}

static void test_keys(void)
{
    static const struct {
        const char *words;
        guint32 below;
        const char *pieces; /* "|" where a literal begins */
    } cases[] = {
        {NULL, 0, CONVERSATION},
        {NULL, 70, "UID 1:69 " CONVERSATION},
        {NULL, 1, "UID 1:1 " CONVERSATION},
        {"tea", 0, CONVERSATION " OR SUBJECT \"tea\" BODY \"tea\""},
        {"tea cup", 0, CONVERSATION " OR SUBJECT \"tea\" BODY \"tea\" OR SUBJECT \"cup\" BODY \"cup\""},
        {"a\"b", 0, CONVERSATION " OR SUBJECT \"a\\\"b\" BODY \"a\\\"b\""},
        {"a\\", 0, CONVERSATION " OR SUBJECT \"a\\\\\" BODY \"a\\\\\""},
        {"{5}", 0, CONVERSATION " OR SUBJECT \"{5}\" BODY \"{5}\""},
        {"Tür", 0, "CHARSET UTF-8 " CONVERSATION " OR SUBJECT {4}|Tür BODY {4}|Tür"},
        {"お茶 x", 0, "CHARSET UTF-8 " CONVERSATION " OR SUBJECT {6}|お茶 BODY {6}|お茶 OR SUBJECT \"x\" BODY \"x\""},
        {"a\r\nX", 0, "CHARSET UTF-8 " CONVERSATION " OR SUBJECT {4}|a\r\nX BODY {4}|a\r\nX"}, /* bytes counted are no command */
        {"\xff", 0, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        CoiImapRequest *request = search_request(cases[i].words, cases[i].below);
        g_autoptr(GPtrArray) pieces = coi_imap_search_keys(request, &error);
        coi_imap_request_free(request);
        g_assert_cmpint(pieces == NULL, ==, cases[i].pieces == NULL);
        if (pieces == NULL) {
            g_assert_error(error, COI_ERROR, COI_ERROR_INVALID);
            continue;
        }
        g_ptr_array_add(pieces, NULL);
        g_autofree char *joined = g_strjoinv("|", (GStrv)pieces->pdata);
        g_assert_cmpstr(joined, ==, cases[i].pieces);
    }
}

static void test_hostile_arguments(void)
{
    static const char *const peers[] = {"a@b\r\nX LOGOUT", "a@b\n", "a\x7f@b"};
    g_autofree char *long_word = g_strnfill(1001, 'x');
    memcpy(long_word, "ä", 2);
    for (gsize i = 0; i < G_N_ELEMENTS(peers); i++) {
        CoiImapRequest *request = search_request(NULL, 0);
        g_free(request->peer);
        request->peer = g_strdup(peers[i]);
        g_assert_null(coi_imap_search_keys(request, NULL));
        coi_imap_request_free(request);
    }
    CoiImapRequest *request = search_request(long_word, 0);
    g_assert_null(coi_imap_search_keys(request, NULL));
    coi_imap_request_free(request);
}

static Peer *searching(const char *const *script, CoiImapRequest *request)
{
    Peer *peer = peer_new(script, 0);
    coi_imap_link_send(peer->link, peer_open_request(peer, NULL, COI_SECURITY_NONE));
    peer_drop(peer, COI_IMAP_OPENED);
    coi_imap_link_send(peer->link, request);
    return peer;
}

static void expect_found(Peer *peer, guint32 only)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_FOUND);
    g_assert_cmpuint(result->tag, ==, 4);
    g_assert_cmpuint(result->uid_validity, ==, 7);
    g_assert_cmpuint(result->uids->len, ==, only > 0 ? 1 : 0);
    if (only > 0)
        g_assert_cmpuint(g_array_index(result->uids, guint32, 0), ==, only);
    coi_imap_result_free(result);
}

static void test_search(void)
{
    static const char *const plain[] = {BULK("IDLE"), SELECT, "C UID SEARCH " CONVERSATION, "S * SEARCH 12\r\n$ OK done\r\n", NULL};
    static const char *const above[] = {BULK("IDLE"), SELECT, "C UID SEARCH UID 1:69 ", "S * SEARCH 12 0 70 12\r\n$ OK done\r\n", NULL};
    static const char *const none[] = {BULK("IDLE"), SELECT, "C UID SEARCH", "S $ OK done\r\n", NULL};
    static const char *const asked[] = {BULK("IDLE"), SELECT, "C OR SUBJECT {4}", "S * 9 EXISTS\r\n+ go\r\n", "R Tür BODY {4}",
                                        "S + \r\n", "R Tür", "S * SEARCH 12\r\n$ OK done\r\n", NULL};
    static const char *const unasked[] = {BULK("IDLE LITERAL+"), SELECT, "C OR SUBJECT {4+}", "R Tür BODY {4+}", "R Tür",
                                          "S * SEARCH 12\r\n$ OK done\r\n", NULL};
    static const struct {
        const char *const *script;
        const char *words;
        guint32 below, uid;
    } cases[] = {{plain, NULL, 0, 12}, {above, NULL, 70, 12}, {none, "x", 0, 0}, {asked, "Tür", 0, 12}, {unasked, "Tür", 0, 12}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Peer *peer = searching(cases[i].script, search_request(cases[i].words, cases[i].below));
        expect_found(peer, cases[i].uid);
        peer_end(peer);
    }
}

/* The session goes on after a server that can't. */
static void test_refused(void)
{
    static const char *const charset[] = {BULK("IDLE"), SELECT, "C CHARSET", "S $ NO [BADCHARSET (US-ASCII)] no\r\n", "C NOOP",
                                          "S $ OK done\r\n", "C UID SEARCH UNDELETED", "S * SEARCH 12\r\n$ OK done\r\n", NULL};
    static const char *const mailbox[] = {BULK("IDLE"), "C SELECT", "S $ NO [NONEXISTENT] no\r\n", SELECT,
                                          "C UID SEARCH UNDELETED", "S * SEARCH 12\r\n$ OK done\r\n", NULL};
    static const char *const *const scripts[] = {charset, mailbox};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        Peer *peer = searching(scripts[i], search_request("Tür", 0));
        CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
        g_assert_error(failed->error, COI_ERROR, COI_ERROR_REFUSED);
        coi_imap_result_free(failed);
        coi_imap_link_send(peer->link, search_request(NULL, 0));
        expect_found(peer, 12);
        peer_end(peer);
    }
}

static CoiImapRequest *fetch_request(guint32 uid_validity)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_FETCH, 5);
    guint32 uid = 12;
    request->target = g_strdup("COI/Chats");
    request->uid_validity = uid_validity;
    request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    request->whole = TRUE;
    g_array_append_val(request->uids, uid);
    return request;
}

static void test_fetch(void)
{
    static const char *const script[] = {BULK("IDLE"), SELECT, "C UID FETCH 12 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.",
                                         "S * 3 FETCH (UID 12 FLAGS () RFC822.SIZE 4 BODY[]<0> {4}\r\nabcd)\r\n$ OK done\r\n", NULL};
    Peer *peer = searching(script, fetch_request(7));
    CoiImapResult *message = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(message->uid, ==, 12);
    g_assert_cmpuint(message->tag, ==, 5);
    g_assert_true(message->whole);
    coi_imap_result_free(message);
    peer_drop(peer, COI_IMAP_DONE);
    peer_end(peer);
}

static void test_fetch_void(void)
{
    static const char *const script[] = {BULK("IDLE"), SELECT, NULL};
    Peer *peer = searching(script, fetch_request(8));
    CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
    g_assert_error(failed->error, COI_ERROR, COI_ERROR_REFUSED);
    coi_imap_result_free(failed);
    peer_end(peer);
}

/* A link that follows keeps its mailbox. */
static void test_follower(void)
{
    static const char *const script[] = {OPENED, "I IDLE", "S + idling\r\n", NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 10);
    peer_drop(peer, COI_IMAP_FETCHED);
    coi_imap_link_send(peer->link, search_request(NULL, 0));
    CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
    g_assert_error(failed->error, COI_ERROR, COI_ERROR_INVALID);
    coi_imap_result_free(failed);
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap_search/keys", test_keys);
    g_test_add_func("/imap_search/hostile_arguments", test_hostile_arguments);
    g_test_add_func("/imap_search/search", test_search);
    g_test_add_func("/imap_search/refused", test_refused);
    g_test_add_func("/imap_search/fetch", test_fetch);
    g_test_add_func("/imap_search/fetch_void", test_fetch_void);
    g_test_add_func("/imap_search/follower", test_follower);
    return g_test_run();
}
