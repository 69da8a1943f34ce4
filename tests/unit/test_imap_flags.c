/* Changed flags and a second mailbox: what the link asks when, and what it hands over. */
#include "imap_peer.h"
#include "net/imap_follow.h"
#include "net/imap_status.h"

/* 3 messages, the next gets UID 10; HIGHESTMODSEQ is 77. */
#define SELECTED                                                                                                       \
    "S * 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\n* OK [HIGHESTMODSEQ 77] x\r\n$ OK done\r\n"
#define WITH(capabilities) LOGGED_IN(capabilities), "C LIST", "S $ OK done\r\n", "C SELECT \"INBOX\"", SELECTED
#define CONDSTORE WITH("IDLE CONDSTORE")
#define CHANGED_SINCE(below, modseq) "C UID FETCH 1:" below " (UID FLAGS) (CHANGEDSINCE " modseq ")"
#define MESSAGE(number, uid)                                                                                           \
    "* " number " FETCH (UID " uid " FLAGS () RFC822.SIZE 99 BODY[HEADER]<0> {14}\r\nSubject: x\r\n\r\n)\r\n"

static void send_follow(Peer *peer, guint32 first_uid, guint64 modseq, const char *also)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_FOLLOW, 2);
    request->first_uid = first_uid;
    request->flags_too = also == NULL;
    request->modseq = modseq;
    request->also = g_strdup(also);
    coi_imap_link_send(peer->link, request);
}

static Peer *following(const char *const *script, guint32 first_uid, guint64 modseq, const char *also)
{
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    send_follow(peer, first_uid, modseq, also);
    return peer;
}

static void expect_flags(Peer *peer, guint32 uid, const char *flags)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_FLAGS);
    g_autofree char *joined = g_strjoinv(" ", result->flags);
    g_assert_cmpuint(result->uid, ==, uid);
    g_assert_cmpuint(result->tag, ==, 2);
    g_assert_cmpstr(joined, ==, flags);
    coi_imap_result_free(result);
}

static void expect_fetched(Peer *peer, guint32 next_uid, guint64 modseq)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_FETCHED);
    g_assert_cmpuint(result->tag, ==, 2);
    g_assert_cmpuint(result->next_uid, ==, next_uid);
    g_assert_cmpuint(result->highest_modseq, ==, modseq);
    coi_imap_result_free(result);
}

static void expect_message(Peer *peer, guint32 uid)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(result->uid, ==, uid);
    coi_imap_result_free(result);
}

static void expect_status(Peer *peer, guint32 uid_validity, guint32 next_uid)
{
    CoiImapResult *result = peer_result(peer, COI_IMAP_STATUS);
    g_assert_cmpuint(result->tag, ==, 2);
    g_assert_cmpuint(result->uid_validity, ==, uid_validity);
    g_assert_cmpuint(result->next_uid, ==, next_uid);
    coi_imap_result_free(result);
}

static void send_bodies(Peer *peer)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_BODIES, 3);
    guint32 uid = 5;
    request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_array_append_val(request->uids, uid);
    coi_imap_link_send(peer->link, request);
}

/* At first, and whenever flags are told: what has changed since then. What SELECT told is sure at first, later what the
 * answers told. A message that is new brings its own. */
static void test_changed_since(void)
{
    static const char *const script[] = {
        CONDSTORE,
        "C UID FETCH 9:* ",
        "S " MESSAGE("3", "9") "$ OK done\r\n",
        CHANGED_SINCE("8", "50"),
        "S * 1 FETCH (UID 5 FLAGS (\\Seen $Chat) MODSEQ (60))\r\n* 2 FETCH (MODSEQ (90) FLAGS () UID 8)\r\n"
        "$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* 1 FETCH (FLAGS (\\Seen) MODSEQ (91))\r\n",
        "R DONE",
        CHANGED_SINCE("9", "77"),
        "S ~ OK idled\r\n* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (91))\r\n$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* 1 FETCH (UID 5 MODSEQ (92))\r\n",
        "Q 50",
        "S * 1 FETCH (UID 5 MODSEQ (93) FLAGS ())\r\n",
        "R DONE",
        CHANGED_SINCE("9", "91"),
        "S ~ OK idled\r\n* 1 FETCH (UID 5 FLAGS () MODSEQ (93))\r\n$ OK done\r\n",
        "I IDLE",
        NULL};
    Peer *peer = following(script, 9, 50, NULL);
    expect_message(peer, 9);
    expect_flags(peer, 5, "\\Seen $Chat");
    expect_flags(peer, 8, "");
    expect_fetched(peer, 10, 77);
    expect_flags(peer, 5, "\\Seen");
    expect_fetched(peer, 10, 91);
    expect_flags(peer, 5, "");
    expect_fetched(peer, 10, 93);
    peer_end(peer);
}

/* Flags of a new message that change while the others are asked for aren't lost. */
static void test_late(void)
{
    static const char *const script[] = {CONDSTORE,
                                         "C UID FETCH 9:* ",
                                         "S " MESSAGE("3", "9") "$ OK done\r\n",
                                         CHANGED_SINCE("8", "50"),
                                         "S * 3 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (90))\r\n$ OK done\r\n",
                                         CHANGED_SINCE("9", "77"),
                                         "S * 3 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (90))\r\n$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script, 9, 50, NULL);
    expect_message(peer, 9);
    expect_fetched(peer, 10, 77);
    expect_flags(peer, 9, "\\Seen");
    expect_fetched(peer, 10, 90);
    peer_end(peer);
}

/* Nothing is known of earlier: nothing is asked; everything up to HIGHESTMODSEQ comes with the messages. */
static void test_first_login(void)
{
    static const char *const script[] = {CONDSTORE, "I IDLE", "S + idling\r\n", NULL};
    Peer *peer = following(script, 0, 0, NULL);
    expect_fetched(peer, 10, 77);
    peer_end(peer);
}

/* Without CONDSTORE, or with a modseq that the mailbox never had: the newest are looked at; without it only those are
 * handed over that differ from before. */
static void test_plain(void)
{
    static const char *const script[] = {
        WITH("IDLE"),
        "C FETCH 1:* (UID FLAGS)",
        "S * 1 FETCH (UID 5 FLAGS (\\Seen))\r\n* 2 FETCH (UID 8 FLAGS ())\r\n* 3 FETCH (UID 10 FLAGS ())\r\n"
        "$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* 2 FETCH (FLAGS (\\Seen))\r\n",
        "R DONE",
        "C FETCH 1:* (UID FLAGS)",
        "S ~ OK idled\r\n* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n* 2 FETCH (UID 8 FLAGS (\\Seen))\r\n$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* 2 FETCH (FLAGS (\\Seen))\r\n",
        "R DONE",
        "C FETCH 1:* (UID FLAGS)",
        "S ~ OK idled\r\n* 2 FETCH (UID 8 FLAGS (\\Seen))\r\n$ OK done\r\n",
        "I IDLE",
        NULL};
    static const char *const other_life[] = {CONDSTORE,
                                             "C FETCH 1:* (UID FLAGS)",
                                             "S * 1 FETCH (UID 5 FLAGS (\\Seen))\r\n$ OK done\r\n",
                                             "I IDLE",
                                             "S + idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n",
                                             "R DONE",
                                             CHANGED_SINCE("9", "77"),
                                             "S ~ OK idled\r\n$ OK done\r\n",
                                             "I IDLE",
                                             NULL};
    Peer *peer = following(script, 10, 0, NULL);
    expect_flags(peer, 5, "\\Seen");
    expect_flags(peer, 8, "");
    expect_fetched(peer, 10, 0);
    expect_flags(peer, 8, "\\Seen");
    expect_fetched(peer, 10, 0);
    peer_end(peer);
    peer = following(other_life, 10, 78, NULL);
    expect_flags(peer, 5, "\\Seen");
    expect_fetched(peer, 10, 77);
    peer_end(peer);
}

/* 500 below first_uid, which are those before the new ones. */
static void test_newest(void)
{
    static const char *const script[] = {
        LOGGED_IN("IDLE"),
        "C LIST",
        "S $ OK done\r\n",
        "C SELECT",
        "S * 1200 EXISTS\r\n* OK [UIDNEXT 2001] x\r\n$ OK done\r\n",
        "C UID FETCH 1999:* ",
        "S " MESSAGE("1199", "1999") MESSAGE("1200", "2000") "$ OK done\r\n",
        "C FETCH 699:* (UID FLAGS)",
        "S * 1199 FETCH (UID 1999 FLAGS ())\r\n* 1198 FETCH (UID 1998 FLAGS ())\r\n$ OK done\r\n",
        "I IDLE",
        NULL};
    Peer *peer = following(script, 1999, 0, NULL);
    expect_message(peer, 1999);
    expect_message(peer, 2000);
    expect_flags(peer, 1998, "");
    expect_fetched(peer, 2001, 0);
    peer_end(peer);
}

/* Refused: the other way is tried, and after that nothing is known; the link lives. */
static void test_refused(void)
{
    static const char *const script[] = {CONDSTORE,
                                         CHANGED_SINCE("9", "50"),
                                         "S $ BAD what?\r\n",
                                         "C FETCH 1:* (UID FLAGS)",
                                         "S $ NO not now\r\n",
                                         "I IDLE",
                                         "S + idling\r\n* 1 FETCH (FLAGS ())\r\n",
                                         "R DONE",
                                         "C FETCH 1:* (UID FLAGS)",
                                         "S ~ OK idled\r\n* 1 FETCH (UID 5 FLAGS ())\r\n$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script, 10, 50, NULL);
    expect_fetched(peer, 10, 0);
    expect_flags(peer, 5, "");
    expect_fetched(peer, 10, 0);
    peer_end(peer);
}

/* A server that tells flags in the answer to every question about flags must not keep us busy. */
static void test_endless(void)
{
    static const char *const script[] = {
        CONDSTORE,
        "C UID FETCH 1:9 ",
        "S $ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* 1 FETCH (FLAGS ())\r\n",
        "R DONE",
        CHANGED_SINCE("9", "77"),
        "S ~ OK idled\r\n* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (80))\r\n* 2 FETCH (FLAGS ())\r\n$ OK done\r\n",
        CHANGED_SINCE("9", "80"),
        "S * 2 FETCH (FLAGS ())\r\n$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n",
        "Q 50",
        NULL};
    Peer *peer = following(script, 10, 77, NULL);
    expect_fetched(peer, 10, 77);
    expect_flags(peer, 5, "\\Seen");
    expect_fetched(peer, 10, 80);
    peer_end(peer);
}

/* A message is handed over before anything else is asked, flags told beside it or not; flags that another command's
 * answer tells are asked for, too. */
static void test_beside(void)
{
    static const char *const script[] = {
        CONDSTORE,
        CHANGED_SINCE("9", "77"),
        "S $ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 4 EXISTS\r\n",
        "R DONE",
        "C UID FETCH 10:* ",
        "S ~ OK idled\r\n" MESSAGE("4", "10") "$ OK done\r\n",
        CHANGED_SINCE("10", "77"),
        "S * 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (80))\r\n$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n",
        "G",
        "R DONE",
        "C UID FETCH 5 ",
        "S ~ OK idled\r\n* 2 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (81))\r\n" MESSAGE("1", "5") "$ OK done\r\n",
        CHANGED_SINCE("10", "80"),
        "S * 2 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (81))\r\n$ OK done\r\n",
        "I IDLE",
        NULL};
    Peer *peer = following(script, 10, 77, NULL);
    expect_fetched(peer, 10, 77);
    expect_message(peer, 10);
    expect_fetched(peer, 11, 77);
    expect_flags(peer, 5, "\\Seen");
    expect_fetched(peer, 11, 80);
    peer_await(peer);
    send_bodies(peer);
    expect_message(peer, 5);
    peer_drop(peer, COI_IMAP_DONE);
    expect_flags(peer, 8, "\\Seen");
    expect_fetched(peer, 11, 81);
    peer_end(peer);
}

/* LOOK asks for flags, too. */
static void test_look(void)
{
    static const char *const script[] = {CONDSTORE,
                                         CHANGED_SINCE("9", "77"),
                                         "S $ OK done\r\n",
                                         "I IDLE",
                                         "S + idling\r\n",
                                         "G",
                                         "R DONE",
                                         "C UID FETCH 10:* (UID)",
                                         "S ~ OK idled\r\n$ OK done\r\n",
                                         CHANGED_SINCE("9", "77"),
                                         "S * 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (80))\r\n$ OK done\r\n",
                                         "I IDLE",
                                         NULL};
    Peer *peer = following(script, 10, 77, NULL);
    expect_fetched(peer, 10, 77);
    peer_await(peer);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_LOOK, 6));
    expect_fetched(peer, 10, 77);
    expect_flags(peer, 5, "\\Seen");
    expect_fetched(peer, 10, 80);
    peer_end(peer);
}

static void test_status_parse(void)
{
    static const struct {
        const char *text, *mailbox;
        guint32 uid_validity, next_uid;
    } table[] = {
        {"Sent (UIDNEXT 5 UIDVALIDITY 7)\r\n", "Sent", 7, 5},
        {"\"a \\\"b\" (MESSAGES 3 uidnext 4294967295 HIGHESTMODSEQ 18446744073709551615)", "a \"b", 0, 4294967295},
        {"Sent ()", "Sent", 0, 0},
        {"Sent (UIDNEXT 4294967296 UIDVALIDITY 99999999999999999999)", "Sent", 0, 0},
        {"Sent ( UIDNEXT 5 )", NULL, 0, 0},
        {"Sent (UIDNEXT -5)", NULL, 0, 0},
        {"Sent (UIDNEXT)", NULL, 0, 0},
        {"Sent (UIDNEXT 5", NULL, 0, 0},
        {"Sent (UIDNEXT", NULL, 0, 0},
        {"Sent (MAILBOXID (x) UIDNEXT 5)", NULL, 0, 0},
        {"Sent", NULL, 0, 0},
        {"\"Sent (UIDNEXT 5)", NULL, 0, 0},
        {"\"Sent\\", NULL, 0, 0},
        {"{4}\r\nSent (UIDNEXT 5)", NULL, 0, 0},
        {"", NULL, 0, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *mailbox = NULL;
        guint32 uid_validity = 0, next_uid = 0;
        gboolean good = coi_imap_status_parse(table[i].text, &mailbox, &uid_validity, &next_uid);
        g_assert_cmpint(good, ==, table[i].mailbox != NULL);
        g_assert_cmpstr(mailbox, ==, table[i].mailbox);
        g_assert_cmpuint(uid_validity, ==, table[i].uid_validity);
        g_assert_cmpuint(next_uid, ==, table[i].next_uid);
    }
}

#define NOTIFY                                                                                                         \
    "C NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) (MAILBOXES \"Sent\" (MessageNew MessageExpunge))"
#define STATUS "C STATUS \"Sent\" (UIDNEXT UIDVALIDITY)"

/* Told in IDLE, which goes on, and in other answers; each change once; other mailboxes are of no interest. */
static void test_notify(void)
{
    static const char *const script[] = {
        WITH("IDLE NOTIFY"),
        NOTIFY,
        "S $ OK done\r\n",
        STATUS,
        "S * STATUS Sent (UIDNEXT 5 UIDVALIDITY 3)\r\n$ OK done\r\n",
        "I IDLE",
        "S + idling\r\n* STATUS \"Sent\" (MESSAGES 2 UIDNEXT 6)\r\n* STATUS Sent (UIDNEXT 6 UIDVALIDITY 3)\r\n",
        "S * STATUS Other (UIDNEXT 60)\r\n* STATUS Sent (MESSAGES 9)\r\n* STATUS {4}x\r\n",
        "Q 50",
        "S * STATUS Sent (UIDNEXT 7 UIDVALIDITY 4 HIGHESTMODSEQ 9)\r\n",
        "Q 50",
        "G",
        "R DONE",
        "C UID FETCH 5 ",
        "S ~ OK idled\r\n* STATUS Sent (UIDNEXT 8 UIDVALIDITY 4 X (y))\r\n* STATUS Sent (MESSAGES 4 UIDNEXT 9 SIZE "
        "5)\r\n"
        "* STATUS Other (UIDNEXT 5)\r\n" MESSAGE("1", "5") "$ OK done\r\n",
        "I IDLE",
        NULL};
    Peer *peer = following(script, 10, 0, "Sent");
    expect_fetched(peer, 10, 0);
    expect_status(peer, 3, 5);
    expect_status(peer, 3, 6);
    expect_status(peer, 4, 7);
    peer_await(peer);
    send_bodies(peer);
    expect_message(peer, 5);
    peer_drop(peer, COI_IMAP_DONE);
    expect_status(peer, 4, 9);
    peer_end(peer);
}

/* NOTIFY refused, the mailbox missing, the server busy; the open mailbox isn't asked for. */
static void test_status_refused(void)
{
    static const char *const refused[] = {WITH("IDLE NOTIFY"),
                                          NOTIFY,
                                          "S $ NO [BADEVENT (x)] no\r\n",
                                          STATUS,
                                          "S * STATUS Sent (UIDNEXT 5 UIDVALIDITY 3)\r\n"
                                          "$ OK done\r\n",
                                          "I IDLE",
                                          NULL};
    static const char *const missing[] = {WITH("IDLE"), STATUS, "S $ NO no such\r\n", "I IDLE", NULL};
    static const char *const busy[] = {WITH("IDLE"), STATUS, "S $ NO [LIMIT] slow down\r\n", "I IDLE", NULL};
    static const char *const cut[] = {WITH("IDLE"), STATUS, "X", NULL};
    static const char *const itself[] = {WITH("IDLE NOTIFY"), "I IDLE", NULL};
    Peer *peer = following(refused, 10, 0, "Sent");
    expect_fetched(peer, 10, 0);
    expect_status(peer, 3, 5);
    peer_end(peer);
    peer = following(missing, 10, 0, "Sent");
    expect_fetched(peer, 10, 0);
    expect_status(peer, 0, 0);
    peer_end(peer);
    peer = following(busy, 10, 0, "Sent");
    expect_fetched(peer, 10, 0);
    peer_end(peer);
    peer = following(cut, 10, 0, "Sent");
    expect_fetched(peer, 10, 0);
    peer_down(peer, COI_ERROR_CLOSED);
    peer_end(peer);
    peer = following(itself, 10, 0, "INBOX");
    expect_fetched(peer, 10, 0);
    peer_end(peer);
}

/* A session without a link, so that time can be set. */
static CoiImap *session(Peer *peer, CoiImapFollower *follower, CoiQueue *results, const char *also)
{
    g_autoptr(GError) error = NULL;
    CoiServer *server = coi_server_new("127.0.0.1", peer->port, COI_SECURITY_NONE);
    CoiImap *imap = coi_imap_new(coi_stream_open(server, COI_STREAM_IMAP, &peer->host, NULL, &error), server, &error);
    g_assert_no_error(error);
    coi_server_free(server);
    guint tag = coi_imap_send_select(imap, "INBOX", NULL);
    g_assert_true(coi_imap_finish_select(imap, tag, &error));
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_FOLLOW, 2);
    request->first_uid = 10;
    request->also = g_strdup(also);
    g_assert_true(coi_imap_follow(follower, imap, request, peer_sink, results, &error));
    coi_imap_request_free(request);
    return imap;
}

/* Without NOTIFY the second mailbox is asked for each minute, and once it is there NOTIFY is tried again; with it as
 * often as IDLE is renewed. */
static void test_status_polled(void)
{
    static const char *const script[] = {"S * OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] hi\r\n",
                                         "C SELECT",
                                         SELECTED,
                                         NOTIFY,
                                         "S $ OK done\r\n",
                                         STATUS,
                                         "S $ NO no such\r\n",
                                         NOTIFY,
                                         "S $ OK done\r\n",
                                         STATUS,
                                         "S * STATUS Sent (UIDNEXT 1 UIDVALIDITY 3)\r\n$ OK done\r\n",
                                         NULL};
    Peer *peer = peer_new(script, 0);
    g_autoptr(GError) error = NULL;
    CoiImapFollower follower = {0};
    CoiImap *imap = session(peer, &follower, peer->results, "Sent");
    g_assert_cmpint(coi_imap_follow_patience(&follower, imap), >, 50000);
    g_assert_cmpint(coi_imap_follow_patience(&follower, imap), <=, 60000);
    follower.status_at = g_get_monotonic_time() - 1;
    g_assert_cmpint(coi_imap_follow_patience(&follower, imap), ==, 0);
    g_assert_true(coi_imap_follow_after_silence(&follower, imap, &error));
    g_assert_cmpint(coi_imap_follow_patience(&follower, imap), >, 500000);
    CoiImapResult *fetched = peer_result(peer, COI_IMAP_FETCHED);
    coi_imap_result_free(fetched);
    CoiImapResult *status = peer_result(peer, COI_IMAP_STATUS);
    g_assert_cmpuint(status->next_uid, ==, 0);
    coi_imap_result_free(status);
    status = peer_result(peer, COI_IMAP_STATUS);
    g_assert_cmpuint(status->next_uid, ==, 1);
    coi_imap_result_free(status);
    coi_imap_follow_clear(&follower);
    coi_imap_free(imap);
    peer_end(peer);
}

/* Who refused NOTIFY once isn't asked for it again. */
static void test_notify_refused(void)
{
    static const char *const script[] = {"S * OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] hi\r\n",
                                         "C SELECT",
                                         SELECTED,
                                         NOTIFY,
                                         "S $ BAD what?\r\n",
                                         STATUS,
                                         "S * STATUS Sent (UIDNEXT 1 UIDVALIDITY 3)\r\n$ OK done\r\n",
                                         STATUS,
                                         "S * STATUS Sent (UIDNEXT 1 UIDVALIDITY 3)\r\n$ OK done\r\n",
                                         NULL};
    Peer *peer = peer_new(script, 0);
    g_autoptr(GError) error = NULL;
    CoiImapFollower follower = {0};
    CoiImap *imap = session(peer, &follower, peer->results, "Sent");
    follower.status_at = g_get_monotonic_time() - 1;
    g_assert_true(coi_imap_follow_after_silence(&follower, imap, &error));
    peer_drop(peer, COI_IMAP_FETCHED);
    peer_drop(peer, COI_IMAP_STATUS);
    coi_imap_follow_clear(&follower);
    coi_imap_free(imap);
    peer_end(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap-flags/changed-since", test_changed_since);
    g_test_add_func("/imap-flags/late", test_late);
    g_test_add_func("/imap-flags/first-login", test_first_login);
    g_test_add_func("/imap-flags/plain", test_plain);
    g_test_add_func("/imap-flags/newest", test_newest);
    g_test_add_func("/imap-flags/refused", test_refused);
    g_test_add_func("/imap-flags/endless", test_endless);
    g_test_add_func("/imap-flags/beside", test_beside);
    g_test_add_func("/imap-flags/look", test_look);
    g_test_add_func("/imap-status/parse", test_status_parse);
    g_test_add_func("/imap-status/notify", test_notify);
    g_test_add_func("/imap-status/refused", test_status_refused);
    g_test_add_func("/imap-status/polled", test_status_polled);
    g_test_add_func("/imap-status/notify-refused", test_notify_refused);
    return g_test_run();
}
