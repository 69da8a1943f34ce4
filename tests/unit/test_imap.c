/* The link against a scripted server: what it says, and what it makes of the answers. */
#include "imap_peer.h"
#include "net/imap_idle.h"

/* One message with header "Subject: N\r\n\r\n" (14 bytes). */
#define MESSAGE(number, uid)                                                                                           \
    "* " number " FETCH (UID " uid                                                                                     \
    " FLAGS (\\Seen $Chat) INTERNALDATE \"29-Feb-2024 23:59:59 +0000\" RFC822.SIZE 1234 "                              \
    "BODY[HEADER]<0> {14}\r\nSubject: " number "\r\n\r\n)\r\n"

static void expect_message(Peer *peer, guint32 uid)
{
    CoiImapResult *message = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(message->uid, ==, uid);
    coi_imap_result_free(message);
}

static void expect_fetched(Peer *peer, guint32 next_uid)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_FETCHED);
    g_assert_cmpuint(result->tag, ==, 2);
    g_assert_cmpuint(result->next_uid, ==, next_uid);
    coi_imap_result_free(result);
}

/* Opens and follows from UID 10 on, where nothing is. */
static Peer *following(const char *const *script)
{
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 10);
    expect_fetched(peer, 10);
    return peer;
}

static void test_open(void)
{
    static const char *const script[] = {
        "S * OK hi\r\n",
        "C CAPABILITY",
        "S * CAPABILITY imap4rev1 auth=plain\r\n$ OK done\r\n",
        "C AUTHENTICATE PLAIN",
        "S + \r\n",
        "R AGFubmEAc2VjcmV0",
        "S * CAPABILITY IMAP4rev1 NONSENSE\r\n$ OK in\r\n",
        "C CAPABILITY",
        "S * CAPABILITY IMAP4rev1 ID NAMESPACE SPECIAL-USE LIST-EXTENDED\r\n$ OK done\r\n",
        "C ID (\"name\" \"purple-coi\"",
        "S * ID (\"name\" \"Imaginary\" \"version\" NIL)\r\n$ OK done\r\n",
        "C NAMESPACE",
        "S * NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n$ OK done\r\n",
        "C LIST \"\" \"*\" RETURN (SPECIAL-USE)",
        "S * LIST (\\Noselect) \".\" INBOX.COI\r\n* LIST () \".\" \"INBOX.COI.Chats\"\r\n* LIST () \".\" COI.Chats\r\n"
        "* LIST () \".\" INBOX.Sent\r\n* LIST (\\HasNoChildren \\Sent) \".\" {10}\r\nINBOX.Post\r\n* LIST () \".\" "
        "\"INBOX.Sent Items\"\r\n$ OK done\r\n",
        "C SELECT \"INBOX\"",
        "S * 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\n* OK [HIGHESTMODSEQ 4294967297] x\r\n"
        "* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n$ OK [READ-WRITE] done\r\n",
        NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    static const CoiStep steps[] = {COI_STEP_CONNECTING, COI_STEP_LOGGING_IN, COI_STEP_OPENING};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        CoiImapResult *step = peer_result(peer, COI_IMAP_STEP);
        g_assert_cmpint(step->step, ==, steps[i]);
        g_assert_cmpuint(step->server->port, ==, peer->port);
        coi_imap_result_free(step);
    }
    CoiImapResult *opened = peer_result(peer, COI_IMAP_OPENED);
    const CoiImapFacts *facts = opened->facts;
    g_assert_cmpuint(opened->tag, ==, 1);
    g_assert_cmpstr(facts->server_id, ==, "Imaginary");
    g_assert_cmpstr(facts->chats, ==, "INBOX.COI.Chats");
    g_assert_cmpstr(facts->sent, ==, "INBOX.Post");
    g_assert_cmpstr(facts->sent_default, ==, "INBOX.Sent");
    g_assert_cmpuint(facts->uid_validity, ==, 7);
    g_assert_cmpuint(facts->next_uid, ==, 10);
    g_assert_cmpuint(facts->exists, ==, 3);
    g_assert_cmpuint(facts->highest_modseq, ==, 4294967297);
    g_assert_true(facts->keeps_keywords);
    g_assert_true(g_strv_contains((const char *const *)facts->capabilities, "SPECIAL-USE"));
    g_assert_false(g_strv_contains((const char *const *)facts->capabilities, "NONSENSE"));
    coi_imap_result_free(opened);
    peer_end(peer);
}

/* No UIDNEXT, no NAMESPACE, no keywords, Sent by its name. */
static void test_open_poor(void)
{
    static const char *const script[] = {
        LOGGED_IN(""),
        "C LIST \"\" \"*\"",
        "S * LIST () \"/\" sent\r\n* LIST (\\Noselect) \"/\" COI/Chats\r\n$ OK done\r\n",
        "C SELECT \"INBOX\"",
        "S * 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n$ OK done\r\n",
        "C UID FETCH * (UID)",
        "S * 3 FETCH (UID 41)\r\n$ OK done\r\n",
        NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    CoiImapResult *opened = peer_result(peer, COI_IMAP_OPENED);
    g_assert_cmpuint(opened->facts->next_uid, ==, 42);
    g_assert_cmpstr(opened->facts->sent, ==, "sent");
    g_assert_cmpstr(opened->facts->chats, ==, NULL);
    g_assert_false(opened->facts->keeps_keywords);
    coi_imap_result_free(opened);
    peer_end(peer);
}

static void test_message(void)
{
    static const char *const script[] = {
        OPENED, "C UID FETCH 8:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]<0.65537>)",
        "S " MESSAGE("2", "8") MESSAGE("3", "9") "$ OK done\r\n", "I IDLE", NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 8);
    CoiImapResult *message = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(message->tag, ==, 2);
    g_assert_cmpuint(message->uid, ==, 8);
    g_assert_cmpuint(message->size, ==, 1234);
    g_assert_cmpint(message->internal_date, ==, 1709251199);
    g_assert_false(message->whole);
    g_assert_cmpuint(g_strv_length(message->flags), ==, 2);
    g_assert_cmpstr(message->flags[0], ==, "\\Seen");
    g_assert_cmpstr(message->flags[1], ==, "$Chat");
    g_assert_cmpmem(g_bytes_get_data(message->bytes, NULL), g_bytes_get_size(message->bytes), "Subject: 2\r\n\r\n", 14);
    coi_imap_result_free(message);
    expect_message(peer, 9);
    expect_fetched(peer, 10);
    peer_end(peer);
}

static void test_newest(void)
{
    static const char *const script[] = {OPENED,
                                         "C FETCH 2:* (UID)",
                                         "S * 2 FETCH (UID 8)\r\n* 3 FETCH (UID 9)\r\n$ OK done\r\n",
                                         "C UID FETCH 8:9 ",
                                         "S " MESSAGE("3", "9") MESSAGE("2", "8") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_FOLLOW, 2);
    request->newest = 2;
    coi_imap_link_send(peer->link, request);
    expect_message(peer, 9); /* as they come */
    expect_message(peer, 8);
    expect_fetched(peer, 10);
    peer_end(peer);
}

/* The arrival may come in one segment with "+ idling", or before it: it must not sleep in a buffer. */
static void test_exists_glued(void)
{
    static const char *const glued[] = {OPENED,
                                        "I IDLE",
                                        "S + idling\r\n* 4 EXISTS\r\n",
                                        "R DONE",
                                        "C UID FETCH 10:* ",
                                        "S ~ OK idled\r\n" MESSAGE("4", "10") "$ OK done\r\n",
                                        "I IDLE",
                                        "S + idling\r\n",
                                        NULL};
    static const char *const before[] = {OPENED,
                                         "I IDLE",
                                         "S * 4 EXISTS\r\n+ idling\r\n",
                                         "R DONE",
                                         "C UID FETCH 10:* ",
                                         "S ~ OK idled\r\n" MESSAGE("4", "10") "$ OK done\r\n",
                                         "I IDLE",
                                         "S + idling\r\n",
                                         NULL};
    static const char *const *const scripts[] = {glued, before};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        Peer *peer = following(scripts[i]);
        expect_message(peer, 10);
        expect_fetched(peer, 11);
        peer_end(peer);
    }
}

/* What isn't an arrival leaves IDLE alone. */
static void test_idle_noise(void)
{
    static const char *const script[] = {
        OPENED,
        "I IDLE",
        "S + idling\r\n* OK still here\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 2 EXPUNGE\r\n* XYZ\r\n",
        "P 50",
        "S * 3 EXISTS\r\n",
        "R DONE",
        "C UID FETCH 10:* ",
        "S ~ OK idled\r\n" MESSAGE("3", "10") "$ OK done\r\n",
        "I IDLE",
        NULL};
    Peer *peer = following(script);
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    peer_end(peer);
}

/* EXISTS in the answer to another command: fetched at once, not with the next event. */
static void test_exists_during_command(void)
{
    static const char *const script[] = {OPENED,
                                         "I IDLE",
                                         "S + idling\r\n",
                                         "G",
                                         "R DONE",
                                         "C UID FETCH 3,5:6 (UID",
                                         "S ~ OK idled\r\n* 4 EXISTS\r\n" MESSAGE("2", "5") "$ OK done\r\n",
                                         "C UID FETCH 10:* ",
                                         "S " MESSAGE("4", "10") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script);
    peer_await(peer);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_BODIES, 3);
    guint32 uids[] = {6, 3, 5, 5, 0};
    request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_array_append_vals(request->uids, uids, G_N_ELEMENTS(uids));
    coi_imap_link_send(peer->link, request);
    CoiImapResult *message = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(message->tag, ==, 3);
    g_assert_true(message->whole);
    coi_imap_result_free(message);
    peer_drop(peer, COI_IMAP_DONE);
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    peer_end(peer);
}

/* A server that repeats EXISTS with every answer must not keep us busy. */
static void test_exists_repeated(void)
{
    static const char *const script[] = {
        OPENED,
        "I IDLE",
        "S + idling\r\n* 3 EXISTS\r\n",
        "Q 50",
        "S * 4 EXISTS\r\n",
        "R DONE",
        "C UID FETCH 10:* ",
        "S ~ OK idled\r\n* 4 EXISTS\r\n" MESSAGE("4", "10") "* 4 EXISTS\r\n$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* 4 EXISTS\r\n",
        "Q 50",
        "S * 4 EXPUNGE\r\n* 4 EXISTS\r\n",
        "R DONE",
        "C UID FETCH 11:* ",
        "S ~ OK idled\r\n" MESSAGE("4", "11") "$ OK done\r\n",
        "I IDLE",
        NULL};
    Peer *peer = following(script);
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    expect_message(peer, 11);
    expect_fetched(peer, 12);
    peer_end(peer);
}

/* Fewer than before, and nobody told what went: something may have come all the same. */
static void test_exists_fewer(void)
{
    static const char *const script[] = {OPENED,
                                         "I IDLE",
                                         "S + idling\r\n* 2 EXISTS\r\n",
                                         "R DONE",
                                         "C UID FETCH 10:* ",
                                         "S ~ OK idled\r\n" MESSAGE("2", "10") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script);
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    peer_end(peer);
}

/* Where a command right behind DONE was lost once, the answer to IDLE is waited for. */
static void test_one_by_one(void)
{
    static const char *const script[] = {"S * OK [CAPABILITY IMAP4rev1 IDLE] hi\r\n",
                                         "I IDLE",
                                         "S + idling\r\n",
                                         "R DONE",
                                         "Q 50",
                                         "S ~ OK idled\r\n",
                                         "C NOOP",
                                         "S $ OK done\r\n",
                                         NULL};
    Peer *peer = peer_new(script, 0);
    CoiServer *server = coi_server_new("127.0.0.1", peer->port, COI_SECURITY_NONE);
    g_autoptr(GError) error = NULL;
    CoiStream *stream = coi_stream_open(server, COI_STREAM_IMAP, &peer->host, NULL, &error);
    g_assert_no_error(error);
    CoiImap *imap = coi_imap_new(stream, server, &error);
    g_assert_no_error(error);
    imap->one_by_one = TRUE;
    g_assert_cmpint(coi_imap_idle(imap, COI_IDLE_LISTENING, -1, 1, &error), ==, COI_IDLE_TIMEOUT);
    g_assert_true(coi_imap_command(imap, 1000, &error, "NOOP"));
    coi_imap_free(imap);
    coi_server_free(server);
    peer_end(peer);
}

static void expect_polled(Peer *peer, gboolean polled)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_FETCHED);
    g_assert_cmpint(result->polled, ==, polled);
    coi_imap_result_free(result);
}

/* Without IDLE, or where it is refused, the server is asked: soon where somebody is talking. */
static void test_no_idle(void)
{
    static const char *const script[] = {OPENED,
                                         "C IDLE",
                                         "S $ NO not today\r\n",
                                         "C NOOP",
                                         "S $ OK done\r\n",
                                         "G",
                                         "C UID FETCH 10:* (UID)",
                                         "S $ OK done\r\n",
                                         "Q 2500",
                                         "C NOOP",
                                         "S * 4 EXISTS\r\n$ OK done\r\n",
                                         "C UID FETCH 10:* ",
                                         "S " MESSAGE("4", "10") "$ OK done\r\n",
                                         NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 10);
    expect_polled(peer, FALSE);
    expect_polled(peer, TRUE);
    peer_await(peer);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_LOOK, 6));
    expect_fetched(peer, 10);
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    peer_end(peer);
}

/* What the server only notices while it answers belongs to the answer. */
static void test_look_is_behind(void)
{
    static const char *const script[] = {OPENED,
                                         "I IDLE",
                                         "S + idling\r\n",
                                         "G",
                                         "R DONE",
                                         "C UID FETCH 10:* (UID)",
                                         "S ~ OK idled\r\n* 3 FETCH (UID 9)\r\n* 4 EXISTS\r\n$ OK done\r\n",
                                         "C UID FETCH 10:* ",
                                         "S " MESSAGE("4", "10") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script);
    peer_await(peer);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_LOOK, 6));
    expect_message(peer, 10);
    CoiImapResult *result = peer_result(peer, COI_IMAP_FETCHED);
    g_assert_true(result->looked);
    coi_imap_result_free(result);
    peer_end(peer);
}

/* A server that complains by itself may no longer see its mailbox: we begin again, but not each time. */
static void test_complaint(void)
{
    static const char *const script[] = {OPENED,
                                         "I IDLE",
                                         "S + idling\r\n* NO Internal error\r\n",
                                         "X",
                                         OPENED,
                                         "I IDLE",
                                         "S + idling\r\n* NO Internal error\r\n",
                                         "P 50",
                                         "S * 4 EXISTS\r\n",
                                         "R DONE",
                                         "C UID FETCH 10:* ",
                                         "S ~ OK idled\r\n" MESSAGE("4", "10") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script);
    CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
    g_assert_error(down->error, COI_ERROR, COI_ERROR_CLOSED);
    coi_imap_result_free(down);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 10);
    expect_fetched(peer, 10);
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    peer_end(peer);
}

/* A server that notices only at the end of a command what has come: a look's answer holds that, too. */
static void test_look_late(void)
{
    static const char *const script[] = {OPENED,
                                         "I IDLE",
                                         "S + idling\r\n",
                                         "G",
                                         "R DONE",
                                         "C UID FETCH 10:* (UID)",
                                         "S ~ OK idled\r\n* 3 FETCH (UID 9)\r\n* 4 EXISTS\r\n$ OK done\r\n",
                                         "C UID FETCH 10:* ",
                                         "S " MESSAGE("4", "10") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script);
    peer_await(peer);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_LOOK, 6));
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    peer_end(peer);
}

/* "n:*" brings the last message even if its UID is below n. */
static void test_nothing_new(void)
{
    static const char *const script[] = {OPENED,
                                         "I IDLE",
                                         "S + idling\r\n* 4 EXISTS\r\n",
                                         "R DONE",
                                         "C UID FETCH 10:* ",
                                         "S ~ OK idled\r\n" MESSAGE("3", "9") "$ OK done\r\n",
                                         "I IDLE",
                                         "S + idling\r\n* 5 EXISTS\r\n",
                                         "R DONE",
                                         "C UID FETCH 10:* ",
                                         "S ~ OK idled\r\n" MESSAGE("5", "10") "$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script);
    expect_fetched(peer, 10);
    expect_message(peer, 10);
    expect_fetched(peer, 11);
    peer_end(peer);
}

/* A command refused as a whole: which there are is asked, then for each alone. The refusal may pass, so it ends the session
 * and nothing behind it is taken for looked at; only who asks for it leaves out what is refused alone. */
static void test_refused(gconstpointer leave_out)
{
    const char *const script[] = {
        OPENED,
        "C UID FETCH 1:* (UID FLAGS",
        "S $ NO [SERVERBUG] bad mail\r\n",
        "C UID FETCH 1:* (UID)",
        "S * 1 FETCH (UID 2)\r\n* 2 FETCH (UID 5)\r\n* 3 FETCH (UID 9)\r\n$ OK done\r\n",
        "C UID FETCH 2,5,9 ",
        "S $ NO [SERVERBUG] bad mail\r\n",
        "C UID FETCH 2 ",
        "S " MESSAGE("1", "2") "$ OK done\r\n",
        "C UID FETCH 5 ",
        "S $ NO [SERVERBUG] bad mail\r\n",
        leave_out != NULL ? "C UID FETCH 9 " : NULL,
        "S " MESSAGE("3", "9") "$ OK done\r\n",
        "I IDLE",
        NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow_as(peer, 1, leave_out != NULL);
    expect_message(peer, 2);
    if (leave_out != NULL) {
        expect_message(peer, 9);
        expect_fetched(peer, 10);
    } else {
        CoiImapResult *result = peer_result(peer, COI_IMAP_DOWN);
        g_assert_error(result->error, COI_ERROR, COI_ERROR_REFUSED);
        coi_imap_result_free(result);
    }
    peer_end(peer);
}

/* A link that only has a session, no mailbox. */
#define BULK LOGGED_IN("IDLE"), "C LIST", "S $ OK done\r\n"

static void test_close(void)
{
    static const char *const script[] = {
        OPENED, "I IDLE", "S + idling\r\n", "G", "R DONE", "C LOGOUT", "S ~ OK idled\r\n* BYE bye\r\n$ OK out\r\n",
        NULL};
    static const char *const by_itself[] = {BULK, "C LOGOUT", "S * BYE bye\r\n$ OK out\r\n", NULL};
    Peer *peer = following(script);
    peer_await(peer);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_CLOSE, 6));
    CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
    g_assert_no_error(down->error);
    g_assert_cmpuint(down->tag, ==, 6);
    coi_imap_result_free(down);
    peer_end(peer);
    peer = peer_new(by_itself, 100);
    coi_imap_link_send(peer->link, peer_open_request(peer, NULL, COI_SECURITY_NONE));
    peer_drop(peer, COI_IMAP_OPENED);
    down = peer_result(peer, COI_IMAP_DOWN);
    g_assert_no_error(down->error);
    coi_imap_result_free(down);
    peer_end(peer);
}

/* The first server that speaks is taken; after a cut the link opens again. */
static void test_servers_and_again(void)
{
    static const char *const script[] = {OPENED, "X", OPENED, NULL};
    Peer *peer = peer_new(script, 0);
    for (int round = 0; round < 2; round++) {
        CoiImapRequest *request = peer_open_request(peer, "INBOX", COI_SECURITY_NONE);
        g_ptr_array_insert(request->servers, 0, coi_server_new("127.0.0.1", 1, COI_SECURITY_NONE));
        coi_imap_link_send(peer->link, request);
        CoiImapResult *opened = peer_result(peer, COI_IMAP_OPENED);
        g_assert_cmpuint(opened->facts->server_index, ==, 1);
        coi_imap_result_free(opened);
        if (round == 0)
            peer_down(peer, COI_ERROR_CLOSED);
    }
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap/open", test_open);
    g_test_add_func("/imap/open-poor", test_open_poor);
    g_test_add_func("/imap/message", test_message);
    g_test_add_func("/imap/newest", test_newest);
    g_test_add_func("/imap/exists-glued", test_exists_glued);
    g_test_add_func("/imap/idle-noise", test_idle_noise);
    g_test_add_func("/imap/exists-during-command", test_exists_during_command);
    g_test_add_func("/imap/exists-repeated", test_exists_repeated);
    g_test_add_func("/imap/exists-fewer", test_exists_fewer);
    g_test_add_func("/imap/one-by-one", test_one_by_one);
    g_test_add_func("/imap/no-idle", test_no_idle);
    g_test_add_func("/imap/look-late", test_look_late);
    g_test_add_func("/imap/nothing-new", test_nothing_new);
    g_test_add_func("/imap/look-is-behind", test_look_is_behind);
    g_test_add_func("/imap/complaint", test_complaint);
    g_test_add_data_func("/imap/refused/passing", NULL, test_refused);
    g_test_add_data_func("/imap/refused/left-out", "yes", test_refused);
    g_test_add_func("/imap/close", test_close);
    g_test_add_func("/imap/servers-and-again", test_servers_and_again);
    return g_test_run();
}
