/* Flags and moves: what is said to servers of each kind, and that only what is ours is removed. */
#include "imap_peer.h"

#define SELECTED                                                                                                       \
    "S * 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\n* OK [PERMANENTFLAGS (\\Seen known)] x\r\n"      \
    "$ OK done\r\n"
#define WITH(capabilities) LOGGED_IN("IDLE " capabilities), "C LIST", "S $ OK done\r\n", "C SELECT \"INBOX\"", SELECTED
#define DONE "S $ OK done\r\n"

static void request(Peer *peer, CoiImapRequestType type, const char *uids, const char *flags, const char *target)
{
    CoiImapRequest *one = coi_imap_request_new(type, 4);
    one->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_auto(GStrv) list = g_strsplit(uids, ",", -1);
    for (char **at = list; *at != NULL; at++) {
        guint32 uid = (guint32)g_ascii_strtoull(*at, NULL, 10);
        g_array_append_val(one->uids, uid);
    }
    one->flags = flags == NULL ? NULL : g_strsplit(flags, " ", -1);
    one->target = g_strdup(target);
    coi_imap_link_send(peer->link, one);
}

static Peer *opened(const char *const *script)
{
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    return peer;
}

static void expect_failed(Peer *peer, CoiErrorCode code, const char *words)
{
    CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
    g_assert_error(failed->error, COI_ERROR, (int)code);
    g_assert_cmpuint(failed->tag, ==, 4);
    if (words != NULL)
        g_assert_cmpstr(failed->error->message, ==, words);
    coi_imap_result_free(failed);
}

static void expect_done(Peer *peer)
{
    CoiImapResult *done = peer_result(peer, COI_IMAP_DONE);
    g_assert_cmpuint(done->tag, ==, 4);
    coi_imap_result_free(done);
}

/* UIDs in order, once; flags that the mailbox keeps; nothing to store is nothing to say. */
static void test_store(void)
{
    static const char *const script[] = {WITH(""), "C UID STORE 3,5:6 +FLAGS.SILENT (\\Seen Known)", DONE, "Q 50",
                                         NULL};
    Peer *peer = opened(script);
    request(peer, COI_IMAP_STORE, "6,3,5,5,0", "\\Seen $Chat Known bad)flag", NULL);
    expect_done(peer);
    request(peer, COI_IMAP_STORE, "3", "$Chat", NULL);
    expect_done(peer);
    request(peer, COI_IMAP_STORE, "3", NULL, NULL);
    expect_done(peer);
    request(peer, COI_IMAP_STORE, "0", "\\Seen", NULL);
    expect_done(peer);
    peer_end(peer);
}

/* Many at once don't make too long a line: with every second UID the set takes all the room it can. */
static void test_slices(void)
{
    static const char *const script[] = {
        WITH(""), "C UID STORE 2000000000,2000000002,", DONE, "C UID STORE 2000000600,2000000602,", DONE, NULL};
    g_autoptr(GString) uids = g_string_new(NULL);
    for (guint i = 0; i < 400; i++)
        g_string_append_printf(uids, i == 0 ? "%u" : ",%u", 2000000000u + 2 * i);
    Peer *peer = opened(script);
    request(peer, COI_IMAP_STORE, uids->str, "\\Seen", NULL);
    expect_done(peer);
    peer_end(peer);
}

/* A refusal because some are gone isn't one for those that are left; one for another reason is said. */
static void test_store_refused(void)
{
    static const char *const script[] = {WITH(""),
                                         "C UID STORE 3:5 ",
                                         "S $ NO [EXPUNGEISSUED] some are gone\r\n",
                                         "C UID FETCH 3:5 (UID)",
                                         "S * 2 FETCH (UID 4)\r\n* 3 FETCH (UID 9)\r\n$ OK done\r\n",
                                         "C UID STORE 4 ",
                                         DONE,
                                         "C UID STORE 6 ",
                                         "S $ NO gone\r\n",
                                         "C UID FETCH 6 (UID)",
                                         DONE,
                                         "C UID STORE 7 ",
                                         "S $ NO [NOPERM] look, don't touch\r\n",
                                         "C UID FETCH 7 (UID)",
                                         "S * 1 FETCH (UID 7)\r\n$ OK done\r\n",
                                         "C UID STORE 8 ",
                                         "X",
                                         NULL};
    Peer *peer = opened(script);
    request(peer, COI_IMAP_STORE, "3,4,5", "\\Seen", NULL);
    expect_done(peer);
    request(peer, COI_IMAP_STORE, "6", "\\Seen", NULL);
    expect_done(peer);
    request(peer, COI_IMAP_STORE, "7", "\\Seen", NULL);
    expect_failed(peer, COI_ERROR_REFUSED, "[NOPERM] look, don't touch");
    request(peer, COI_IMAP_STORE, "8", "\\Seen", NULL);
    peer_down(peer, COI_ERROR_CLOSED);
    peer_end(peer);
}

static void test_invalid(void)
{
    static const char *const script[] = {WITH("MOVE"), "Q 50", NULL};
    Peer *peer = opened(script);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_STORE, 4));
    expect_failed(peer, COI_ERROR_INVALID, NULL);
    request(peer, COI_IMAP_MOVE, "3", NULL, NULL);
    expect_failed(peer, COI_ERROR_INVALID, NULL);
    request(peer, COI_IMAP_MOVE, "3", NULL, "x\"\r\n9 LOGOUT");
    expect_failed(peer, COI_ERROR_INVALID, NULL);
    request(peer, COI_IMAP_MOVE, "3", NULL, "INBOX"); /* they are there */
    expect_done(peer);
    peer_end(peer);
}

#define BULK LOGGED_IN("MOVE"), "C LIST", "S $ OK done\r\n"

static void test_nothing_open(void)
{
    static const char *const script[] = {BULK, "Q 50", NULL};
    Peer *peer = peer_new(script, 0);
    coi_imap_link_send(peer->link, peer_open_request(peer, NULL, COI_SECURITY_NONE));
    peer_drop(peer, COI_IMAP_OPENED);
    request(peer, COI_IMAP_STORE, "3", "\\Seen", NULL);
    expect_failed(peer, COI_ERROR_INVALID, NULL);
    request(peer, COI_IMAP_MOVE, "3", NULL, "COI/Chats");
    expect_failed(peer, COI_ERROR_INVALID, NULL);
    peer_end(peer);
}

static void test_move(void)
{
    static const char *const script[] = {WITH("MOVE"),
                                         "C UID STORE 3:4 +FLAGS.SILENT (\\Seen)",
                                         DONE,
                                         "C UID MOVE 3:4 \"COI/Chats\"",
                                         "S * OK [COPYUID 9 3:4 8:9] x\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n$ OK done\r\n",
                                         "C UID MOVE 5 \"Blocked\"",
                                         "S $ NO [TRYCREATE] no such mailbox\r\n",
                                         "C CREATE \"Blocked\"",
                                         DONE,
                                         "C SUBSCRIBE \"Blocked\"",
                                         DONE,
                                         "C UID MOVE 5 \"Blocked\"",
                                         "S $ OK No messages found\r\n",
                                         "Q 50",
                                         NULL};
    Peer *peer = opened(script);
    request(peer, COI_IMAP_MOVE, "4,3", "\\Seen $Chat", "COI/Chats");
    expect_done(peer);
    request(peer, COI_IMAP_MOVE, "5", NULL, "Blocked");
    expect_done(peer);
    peer_end(peer);
}

/* No mailbox is made for a refusal that has another reason; one that can't be made is a refusal. */
static void test_move_refused(void)
{
    static const char *const script[] = {WITH("MOVE"),
                                         "C UID MOVE 3 ",
                                         "S $ NO [OVERQUOTA] full\r\n",
                                         "C UID FETCH 3 (UID)",
                                         "S * 1 FETCH (UID 3)\r\n$ OK done\r\n",
                                         "C UID MOVE 3 ",
                                         "S $ NO no such\r\n",
                                         "C CREATE",
                                         "S $ NO never\r\n",
                                         "C SUBSCRIBE",
                                         "S $ NO never\r\n",
                                         "C UID MOVE 3 ",
                                         "S $ NO no such\r\n",
                                         "C UID FETCH 3 (UID)",
                                         "S * 1 FETCH (UID 3)\r\n$ OK done\r\n",
                                         "Q 50",
                                         NULL};
    Peer *peer = opened(script);
    request(peer, COI_IMAP_MOVE, "3", NULL, "COI/Chats");
    expect_failed(peer, COI_ERROR_REFUSED, "[OVERQUOTA] full");
    request(peer, COI_IMAP_MOVE, "3", NULL, "COI/Chats");
    expect_failed(peer, COI_ERROR_REFUSED, "no such");
    peer_end(peer);
}

/* Neither MOVE nor UIDPLUS: never a plain EXPUNGE. What another client has seen to is left alone. */
static void test_copy_poor(void)
{
    static const char *const script[] = {
        WITH(""),
        "C UID FETCH 3:6 (UID FLAGS)",
        "S * 1 FETCH (UID 3 FLAGS (\\Seen))\r\n* 2 FETCH (UID 4 FLAGS (\\Seen \\Deleted))\r\n"
        "* 3 FETCH (UID 9 FLAGS ())\r\n* 4 FETCH (UID 6 FLAGS ())\r\n$ OK done\r\n",
        "C UID COPY 3,6 \"COI/Chats\"",
        "S $ NO [TRYCREATE] no such\r\n",
        "C CREATE \"COI/Chats\"",
        DONE,
        "C SUBSCRIBE \"COI/Chats\"",
        DONE,
        "C UID COPY 3,6 \"COI/Chats\"",
        DONE,
        "C UID STORE 3,6 +FLAGS.SILENT (\\Deleted)",
        DONE,
        "C UID FETCH 3 (UID FLAGS)",
        "S * 1 FETCH (UID 3 FLAGS (\\Seen \\Deleted))\r\n$ OK done\r\n",
        "Q 50",
        NULL};
    Peer *peer = opened(script);
    request(peer, COI_IMAP_MOVE, "3,4,5,6", NULL, "COI/Chats");
    expect_done(peer);
    request(peer, COI_IMAP_MOVE, "3", NULL, "COI/Chats");
    expect_done(peer);
    peer_end(peer);
}

/* A session that follows INBOX on a server without MOVE and copies UID 3 and 4 to 21 and 22 of Chats. */
#define COPIED(copyuid)                                                                                                \
    WITH("UIDPLUS"), "I IDLE", "S + idling\r\n", "G", "R DONE", "C UID FETCH 3:4 (UID FLAGS)",                         \
        "S ~ OK idled\r\n* 1 FETCH (UID 3 FLAGS ())\r\n* 2 FETCH (UID 4 FLAGS ())\r\n$ OK done\r\n",                   \
        "C UID COPY 3:4 \"COI/Chats\"", "S $ OK [" copyuid "] done\r\n", "C UID STORE 3:4 +FLAGS.SILENT (\\Deleted)",  \
        DONE, "C UID EXPUNGE 3:4", "S * 1 EXPUNGE\r\n* 1 EXPUNGE\r\n$ OK done\r\n"
#define IN_CHATS                                                                                                       \
    "C SELECT \"COI/Chats\"", "S * 22 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\n* OK [UIDNEXT 23] x\r\n$ OK done\r\n"
#define ITEMS "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
/* With 27 bytes of header. */
#define COPY(number, uid, flags, size, id)                                                                             \
    "* " number " FETCH (UID " uid " FLAGS (" flags ") INTERNALDATE \"29-Feb-2024 23:59:59 +0000\" RFC822.SIZE " size  \
    " BODY[HEADER.FIELDS (MESSAGE-ID)] {27}\r\nMessage-ID:\r\n <" id "@b.c>\r\n\r\n)\r\n"
#define OURS "C UID FETCH 21:22 " ITEMS, "S " COPY("21", "21", "", "99", "aaa") COPY("22", "22", "", "98", "b\"b") DONE_
#define DONE_ "$ OK done\r\n"
#define SEARCH "C UID SEARCH OR HEADER Message-ID \"<b\\\"b@b.c>\" HEADER Message-ID \"<aaa@b.c>\""
/* Back in INBOX, where something has arrived between. */
#define BACK                                                                                                           \
    "C SELECT \"INBOX\"", "S * 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 11] x\r\n$ OK done\r\n",            \
        "C UID FETCH 10:* ",                                                                                           \
        "S * 2 FETCH (UID 10 FLAGS () RFC822.SIZE 99 BODY[]<0> {14}\r\nSubject: x\r\n\r\n)\r\n$ OK done\r\n", "I IDLE"

static Peer *copying(const char *const *script)
{
    Peer *peer = opened(script);
    peer_follow(peer, 10);
    peer_drop(peer, COI_IMAP_FETCHED);
    peer_await(peer);
    request(peer, COI_IMAP_MOVE, "3,4", NULL, "COI/Chats");
    return peer;
}

static void expect_back(Peer *peer)
{
    expect_done(peer);
    CoiImapResult *message = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(message->uid, ==, 10);
    g_assert_cmpuint(message->tag, ==, 2);
    coi_imap_result_free(message);
    CoiImapResult *fetched = peer_result(peer, COI_IMAP_FETCHED);
    g_assert_cmpuint(fetched->next_uid, ==, 11);
    coi_imap_result_free(fetched);
    peer_end(peer);
}

/* Nobody else copied; somebody did later, whose copy isn't ours to remove; somebody did before: ours is extra. */
static void test_copies(void)
{
    static const char *const alone[] = {COPIED("COPYUID 9 3:4 21:22"),          IN_CHATS, OURS, SEARCH,
                                        "S * SEARCH 22 23 21\r\n$ OK done\r\n", BACK,     NULL};
    static const char *const second[] = {
        COPIED("COPYUID 9 3:4 21:22"), IN_CHATS, OURS, SEARCH,
        "S * SEARCH 21 20\r\n* SEARCH 22 17 18 19\r\n$ OK done\r\n", "C UID FETCH 17:20 " ITEMS,
        /* Another size, another id, deleted already: not equal. */
        "S " COPY("17", "17", "", "77", "b\"b") COPY("18", "18", "", "98", "ccc")
            COPY("19", "19", "\\Deleted", "98", "b\"b") COPY("20", "20", "\\Seen", "99", "aaa") DONE_,
        "C UID STORE 21 +FLAGS.SILENT (\\Deleted)", DONE, "C UID EXPUNGE 21", DONE, BACK, NULL};
    static const char *const first[] = {COPIED("COPYUID 9 3:4 21,23"),
                                        IN_CHATS,
                                        "C UID FETCH 21,23 " ITEMS,
                                        "S " COPY("21", "21", "", "99", "aaa") COPY("23", "23", "", "98", "b\"b") DONE_,
                                        SEARCH,
                                        "S * SEARCH 21 22 23\r\n$ OK done\r\n",
                                        "C UID FETCH 22 " ITEMS,
                                        "S " COPY("22", "22", "", "99", "aaa") DONE_,
                                        BACK,
                                        NULL};
    expect_back(copying(alone));
    expect_back(copying(first));
    expect_back(copying(second));
}

/* Whatever the look is refused: we come back, and nothing is removed. */
static void test_copies_refused(void)
{
    static const char *const no_select[] = {COPIED("COPYUID 9 3:4 21:22"), "C SELECT \"COI/Chats\"", "S $ NO no\r\n",
                                            BACK, NULL};
    static const char *const made_anew[] = {COPIED("COPYUID 8 3:4 21:22"), IN_CHATS, BACK, NULL};
    static const char *const no_search[] = {COPIED("COPYUID 9 3:4 21:22"), IN_CHATS, OURS, SEARCH,
                                            "S $ BAD what?\r\n",           BACK,     NULL};
    static const char *const no_fetch[] = {
        COPIED("COPYUID 9 3:4 21:22"), IN_CHATS, "C UID FETCH", "S $ NO no\r\n", BACK, NULL};
    static const char *const *const scripts[] = {no_select, made_anew, no_search, no_fetch};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++)
        expect_back(copying(scripts[i]));
}

/* A COPYUID that is none, or names more than was copied: there is nothing to look for. */
static void test_copies_odd(void)
{
#define STAY(copyuid)                                                                                                  \
    {                                                                                                                  \
        COPIED(copyuid), "I IDLE", "S + idling\r\n", "Q 50", NULL                                                      \
    }
    static const char *const scripts[][40] = {STAY("X"), STAY("COPYUID 9 3:4 1:4294967295"),
                                              STAY("COPYUID 9 3:4 21:23"), STAY("COPYUID 9 3:4 x")};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        Peer *peer = copying(scripts[i]);
        expect_done(peer);
        peer_end(peer);
    }
}

/* If the mailbox isn't what it was, its UIDs mean nothing: the session ends. */
static void test_lost_place(void)
{
    static const char *const anew[] = {COPIED("COPYUID 8 3:4 21:22"), IN_CHATS, "C SELECT \"INBOX\"",
                                       "S * 0 EXISTS\r\n* OK [UIDVALIDITY 8] x\r\n* OK [UIDNEXT 1] x\r\n$ OK done\r\n",
                                       NULL};
    static const char *const gone[] = {COPIED("COPYUID 8 3:4 21:22"), IN_CHATS, "C SELECT \"INBOX\"", "S $ NO no\r\n",
                                       NULL};
    static const char *const *const scripts[] = {anew, gone};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        Peer *peer = copying(scripts[i]);
        peer_down(peer, COI_ERROR_CLOSED);
        peer_end(peer);
    }
}

/* A copy that is refused after all: the original stays. */
static void test_copy_refused(void)
{
    static const char *const script[] = {WITH("UIDPLUS"),
                                         "C UID FETCH 3 (UID FLAGS)",
                                         "S * 1 FETCH (UID 3 FLAGS ())\r\n$ OK done\r\n",
                                         "C UID COPY 3 ",
                                         "S $ NO [OVERQUOTA] full\r\n",
                                         "C UID FETCH 3 (UID)",
                                         "S * 1 FETCH (UID 3)\r\n$ OK done\r\n",
                                         "Q 50",
                                         NULL};
    Peer *peer = opened(script);
    request(peer, COI_IMAP_MOVE, "3", NULL, "COI/Chats");
    expect_failed(peer, COI_ERROR_REFUSED, "[OVERQUOTA] full");
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap-move/store", test_store);
    g_test_add_func("/imap-move/slices", test_slices);
    g_test_add_func("/imap-move/store-refused", test_store_refused);
    g_test_add_func("/imap-move/invalid", test_invalid);
    g_test_add_func("/imap-move/nothing-open", test_nothing_open);
    g_test_add_func("/imap-move/move", test_move);
    g_test_add_func("/imap-move/move-refused", test_move_refused);
    g_test_add_func("/imap-move/copy-poor", test_copy_poor);
    g_test_add_func("/imap-move/copies", test_copies);
    g_test_add_func("/imap-move/copies-refused", test_copies_refused);
    g_test_add_func("/imap-move/copies-odd", test_copies_odd);
    g_test_add_func("/imap-move/lost-place", test_lost_place);
    g_test_add_func("/imap-move/copy-refused", test_copy_refused);
    return g_test_run();
}
