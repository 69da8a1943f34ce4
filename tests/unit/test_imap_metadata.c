/* A COI server's settings: how they are asked for, what is made of the answers, and how they are written. */
#include "imap_peer.h"

#define CONFIG "/private/vendor/vendor.dovecot/coi/config"
#define ASK "C GETMETADATA (DEPTH 1) \"\" (" CONFIG ")"

static CoiImapResult *opened(Peer *peer)
{
    coi_imap_link_send(peer->link, peer_open_request(peer, NULL, COI_SECURITY_NONE));
    return peer_result(peer, COI_IMAP_OPENED);
}

/* Every shape in which servers give values, and some in which they should not. */
static void test_shapes(void)
{
    static const struct {
        const char *answer;
        gboolean enabled;
        const char *filter, *root;
    } table[] = {
        {"* METADATA \"\" (" CONFIG "/enabled {3}\r\nyes " CONFIG "/mailbox-root {3}\r\nFoo " CONFIG
         "/message-filter {6}\r\nactive)\r\n$ OK done\r\n",
         TRUE, "active", "Foo"},
        {"* METADATA \"\" (" CONFIG "/mailbox-root {3}\r\nCOI)\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG " NIL " CONFIG "/message-filter \"SEEN\" " CONFIG "/mailbox-root \"a\\\"b\" " CONFIG
         "/enabled \"YES\")\r\n$ OK done\r\n",
         TRUE, "seen", "a\"b"},
        {"* METADATA \"\" (" CONFIG "/enabled NIL " CONFIG "/message-filter NIL)\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG "/enabled \"no\" " CONFIG "/x/y \"yes\" /private/comment \"yes\")\r\n$ OK done\r\n",
         FALSE, NULL, "COI"},
        {"* METADATA \"\" (\"" CONFIG "/enabled\" \"yes\")\r\n* METADATA \"\" (" CONFIG
         "/message-filter ~{4}\r\nnone)\r\n$ OK done\r\n",
         TRUE, "none", "COI"},
        {"* metadata {0}\r\n ({52}\r\n/Private/Vendor/vendor.dovecot/COI/config/enabled!!! \"yes\" " CONFIG
         "/ENABLED \"yes\")\r\n$ OK done\r\n",
         TRUE, NULL, "COI"},
        {"* METADATA INBOX (" CONFIG "/enabled \"yes\")\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" " CONFIG "/enabled\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" ()\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG "/enabled yes)\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG "/enabled {3}\r\nyes [\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA\r\n* METADATA \r\n* METADATA (\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG "/mailbox-root \"\" " CONFIG
         "/enabled \"yes\")\r\n$ OK [METADATA LONGENTRIES 9] d\r\n",
         TRUE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG "/mailbox-root {4}\r\na\r\nb)\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG "/mailbox-root {4}\r\nCh\xc3\xa4)\r\n$ OK done\r\n", FALSE, NULL, "Ch&AOQ-"},
        {"* METADATA \"\" (" CONFIG "/mailbox-root {7}\r\nCh&AOQ-)\r\n$ OK done\r\n", FALSE, NULL, "Ch&AOQ-"},
        {"* METADATA \"\" (" CONFIG "/mailbox-root {3}\r\nA&B)\r\n$ OK done\r\n", FALSE, NULL, "A&-B"},
        {"* METADATA \"\" (" CONFIG "/mailbox-root {2}\r\n\xff\xfe)\r\n$ OK done\r\n", FALSE, NULL, "COI"},
        {"* METADATA \"\" (" CONFIG "/message-filter {3}\r\na\r\n)\r\n$ OK done\r\n", FALSE, "a", "COI"},
        {"$ NO [CANNOT] Error in IMAP command\r\n", FALSE, NULL, "COI"},
        {"$ BAD what?\r\n", FALSE, NULL, "COI"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *answer = g_strconcat("S ", table[i].answer, NULL);
        g_autofree char *chats = g_strconcat(table[i].root, "/Chats", NULL);
        const char *script[] = {
            LOGGED_IN("COI"), ASK, answer, "C LIST", "S * LIST () \"/\" INBOX\r\n$ OK done\r\n", NULL};
        Peer *peer = peer_new(script, 0);
        CoiImapResult *result = opened(peer);
        g_assert_true(result->facts->coi);
        g_assert_cmpint(result->facts->coi_enabled, ==, table[i].enabled);
        g_assert_cmpstr(result->facts->coi_filter, ==, table[i].filter);
        g_assert_cmpstr(result->facts->root, ==, table[i].root);
        g_assert_cmpstr(result->facts->chats_name, ==, chats);
        g_assert_null(result->facts->chats);
        coi_imap_result_free(result);
        peer_end(peer);
    }
}

/* Prefix and separator: a root may have the prefix already, or levels of its own. */
static void test_names(void)
{
    static const struct {
        const char *prefix, *separator, *given, *root, *chats, *blocked, *sent;
    } table[] = {{"", "/", NULL, "COI", "COI/Chats", "Blocked", "Sent"},
                 {"INBOX.", ".", NULL, "INBOX.COI", "INBOX.COI.Chats", "INBOX.Blocked", "INBOX.Sent"},
                 {"INBOX.", ".", "My.Talk", "INBOX.My.Talk", "INBOX.My.Talk.Chats", "INBOX.Blocked", "INBOX.Sent"},
                 {"INBOX.", ".", "INBOX.COI", "INBOX.COI", "INBOX.COI.Chats", "INBOX.Blocked", "INBOX.Sent"},
                 {"INBOX.", ".", "Inbox.COI.", "Inbox.COI", "Inbox.COI.Chats", "INBOX.Blocked", "INBOX.Sent"},
                 {"", "/", "A/B/", "A/B", "A/B/Chats", "Blocked", "Sent"}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *namespace = g_strdup_printf("S * NAMESPACE ((\"%s\" \"%s\")) NIL NIL\r\n$ OK done\r\n",
                                                     table[i].prefix, table[i].separator);
        g_autofree char *metadata = table[i].given == NULL ? g_strdup("S $ OK done\r\n")
                                                           : g_strdup_printf("S * METADATA \"\" (" CONFIG
                                                                             "/mailbox-root \"%s\")\r\n$ OK done\r\n",
                                                                             table[i].given);
        g_autofree char *list =
            g_strdup_printf("S * LIST () \"%s\" %s\r\n$ OK done\r\n", table[i].separator, table[i].chats);
        const char *script[] = {
            LOGGED_IN("COI NAMESPACE MOVE"), "C NAMESPACE", namespace, ASK, metadata, "C LIST", list, NULL};
        Peer *peer = peer_new(script, 0);
        CoiImapResult *result = opened(peer);
        g_assert_cmpstr(result->facts->root, ==, table[i].root);
        g_assert_cmpstr(result->facts->chats_name, ==, table[i].chats);
        g_assert_cmpstr(result->facts->chats, ==, table[i].chats);
        g_assert_cmpstr(result->facts->blocked, ==, table[i].blocked);
        g_assert_cmpstr(result->facts->sent_default, ==, table[i].sent);
        g_assert_true(result->facts->moves);
        coi_imap_result_free(result);
        peer_end(peer);
    }
}

/* Everything is asked before anything is answered; a server that is no COI server isn't asked for settings, whatever it
 * announces. LIST refused: the names that mailboxes would get are known all the same. */
static void test_one_round_trip(void)
{
    static const char *const script[] = {
        LOGGED_IN("COI NAMESPACE ID CONDSTORE"),
        "C ID",
        "C NAMESPACE",
        ASK,
        "C LIST",
        "C SELECT \"INBOX\" (CONDSTORE)",
        "S * ID NIL\r\n2 OK done\r\n* NAMESPACE NIL NIL NIL\r\n3 OK done\r\n4 NO no\r\n5 NO no\r\n",
        "S * 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\n* OK [HIGHESTMODSEQ 5] x\r\n$ OK done\r\n",
        NULL};
    static const char *const other[] = {LOGGED_IN("METADATA COIX"), "C LIST", "S $ NO no\r\n", NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    CoiImapResult *result = peer_result(peer, COI_IMAP_OPENED);
    g_assert_true(result->facts->coi);
    g_assert_false(result->facts->coi_enabled);
    g_assert_cmpstr(result->facts->chats_name, ==, "COI/Chats");
    g_assert_cmpuint(result->facts->highest_modseq, ==, 5);
    coi_imap_result_free(result);
    peer_end(peer);
    peer = peer_new(other, 0);
    result = opened(peer);
    g_assert_false(result->facts->coi);
    g_assert_false(result->facts->moves);
    g_assert_cmpstr(result->facts->chats_name, ==, "COI/Chats");
    coi_imap_result_free(result);
    peer_end(peer);
}

/* CONDSTORE announced and not understood: SELECT without it. A mailbox that isn't there is asked for once. */
static void test_condstore_refused(void)
{
    static const char *const script[] = {LOGGED_IN("CONDSTORE"),
                                         "C LIST",
                                         "S $ OK done\r\n",
                                         "C SELECT \"INBOX\" (CONDSTORE)",
                                         "S $ BAD what?\r\n",
                                         "C SELECT \"INBOX\"",
                                         "S * 0 EXISTS\r\n* OK [UIDNEXT 10] x\r\n$ OK done\r\n",
                                         NULL};
    static const char *const missing[] = {LOGGED_IN("CONDSTORE"), "C LIST", "S $ OK done\r\n", "C SELECT",
                                          "S $ NO no\r\n",        NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    CoiImapResult *result = peer_result(peer, COI_IMAP_OPENED);
    g_assert_cmpuint(result->facts->next_uid, ==, 10);
    coi_imap_result_free(result);
    peer_end(peer);
    peer = peer_new(missing, 0);
    peer_open(peer);
    peer_down(peer, COI_ERROR_REFUSED);
    peer_end(peer);
}

static void send_configure(Peer *peer, const char *filter)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_CONFIGURE, 5);
    request->filter = g_strdup(filter);
    coi_imap_link_send(peer->link, request);
}

static void expect_failed(Peer *peer, CoiErrorCode code, const char *words)
{
    CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
    g_assert_error(failed->error, COI_ERROR, (int)code);
    g_assert_cmpuint(failed->tag, ==, 5);
    if (words != NULL)
        g_assert_cmpstr(failed->error->message, ==, words);
    coi_imap_result_free(failed);
}

static void test_configure(void)
{
    static const char *const script[] = {
        LOGGED_IN("COI"),
        ASK,
        "S $ OK done\r\n",
        "C LIST",
        "S $ OK done\r\n",
        "C SETMETADATA \"\" (" CONFIG "/message-filter \"seen\" " CONFIG "/enabled \"yes\")",
        "S $ OK done\r\n",
        "C SETMETADATA \"\" (" CONFIG "/message-filter \"none\" " CONFIG "/enabled \"yes\")",
        "S $ NO [CANNOT] Invalid message-filter value\r\n",
        NULL};
    Peer *peer = peer_new(script, 0);
    coi_imap_result_free(opened(peer));
    send_configure(peer, "seen");
    peer_drop(peer, COI_IMAP_DONE);
    static const char *const wrong[] = {NULL, "", "NIL", "x\" " CONFIG "/enabled NIL) (\""};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        send_configure(peer, wrong[i]);
        expect_failed(peer, COI_ERROR_INVALID, NULL);
    }
    send_configure(peer, "none");
    expect_failed(peer, COI_ERROR_REFUSED, "[CANNOT] Invalid message-filter value");
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap-metadata/shapes", test_shapes);
    g_test_add_func("/imap-metadata/names", test_names);
    g_test_add_func("/imap-metadata/one-round-trip", test_one_round_trip);
    g_test_add_func("/imap-metadata/condstore-refused", test_condstore_refused);
    g_test_add_func("/imap-metadata/configure", test_configure);
    return g_test_run();
}
