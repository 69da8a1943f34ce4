/* Of several clients one flags a message first: what is said to the server, and who may call it theirs. */
#include "imap_peer.h"

#define SELECTED(permanent, modseq)                                                                                    \
    "S * 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\n* OK [PERMANENTFLAGS (" permanent ")] x\r\n" modseq \
    "$ OK done\r\n"
#define WITH(capabilities, permanent, modseq)                                                                          \
    LOGGED_IN("IDLE " capabilities), "C LIST", "S $ OK done\r\n", "C SELECT \"INBOX\"", SELECTED(permanent, modseq)
#define KEYWORDS "\\Seen \\*"
#define MODSEQ "* OK [HIGHESTMODSEQ 77] x\r\n"
#define CONDSTORE WITH("CONDSTORE", KEYWORDS, MODSEQ)
#define PLAIN WITH("", KEYWORDS, "")
#define DONE "S $ OK done\r\n"
/* The question about one message, and its answer. */
#define LOOK(uid) "C UID FETCH " uid " (UID FLAGS MODSEQ)"
#define LOOK_PLAIN(uid) "C UID FETCH " uid " (UID FLAGS)"
#define IS(uid, flags, modseq) "S * 4 FETCH (UID " uid " FLAGS (" flags ") MODSEQ (" modseq "))\r\n$ OK done\r\n"
#define IS_PLAIN(uid, flags) "S * 4 FETCH (UID " uid " FLAGS (" flags "))\r\n$ OK done\r\n"
#define STORE(uid, modseq) "C UID STORE " uid " (UNCHANGEDSINCE " modseq ") +FLAGS.SILENT (\\Seen $MDNSent)"
#define STORE_PLAIN(uid) "C UID STORE " uid " +FLAGS.SILENT (\\Seen $MDNSent)"
#define MODIFIED "S $ OK [MODIFIED 4] other flags by now\r\n"

static char *joined(const GArray *uids)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; uids != NULL && i < uids->len; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? "," : "", g_array_index(uids, guint32, i));
    return g_string_free(text, FALSE);
}

static Peer *claiming(const char *const *script, const char *uids, gboolean again)
{
    Peer *peer = peer_new(script, 0);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_CLAIM, 4);
    g_auto(GStrv) list = g_strsplit(uids, ",", -1);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    request->again = again;
    request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (char **at = list; *at != NULL; at++) {
        guint32 uid = (guint32)g_ascii_strtoull(*at, NULL, 10);
        g_array_append_val(request->uids, uid);
    }
    coi_imap_link_send(peer->link, request);
    return peer;
}

static void claim(const char *const *script, const char *uids, gboolean again, const char *won, const char *gone)
{
    Peer *peer = claiming(script, uids, again);
    CoiImapResult *done = peer_result(peer, COI_IMAP_DONE);
    g_autofree char *ours = joined(done->uids);
    g_autofree char *lost = joined(done->gone);
    g_assert_cmpuint(done->tag, ==, 4);
    g_assert_cmpstr(ours, ==, won);
    g_assert_cmpstr(lost, ==, gone);
    coi_imap_result_free(done);
    peer_end(peer);
}

/* Looked at, then flagged unless anything has changed since; what has either flag is somebody else's, what isn't there is nobody's. */
static void test_condition(void)
{
    static const char *const script[] = {CONDSTORE,
                                         LOOK("3"), IS("3", "\\Recent $Chat", "41"), STORE("3", "41"), DONE,
                                         LOOK("4"), IS("4", "\\Seen", "42"),
                                         LOOK("5"), IS("5", "$mdnsent", "43"),
                                         LOOK("6"), DONE,
                                         LOOK("7"), IS("7", "", "18446744073709551615"), STORE("7", "18446744073709551615"), DONE,
                                         "Q 50", NULL};
    claim(script, "3,4,5,6,7", FALSE, "3,7", "6");
}

/* The server had heard of another change: looked at again, a few times. Some servers say so with NO. */
static void test_modified(void)
{
    static const char *const answered[] = {CONDSTORE, LOOK("3"), IS("3", "", "41"), STORE("3", "41"), MODIFIED,
                                           LOOK("3"), IS("3", "\\Answered", "50"), STORE("3", "50"), DONE, NULL};
    static const char *const taken[] = {CONDSTORE, LOOK("3"), IS("3", "", "41"), STORE("3", "41"), MODIFIED,
                                        LOOK("3"), IS("3", "\\Seen $MDNSent", "50"), "Q 50", NULL};
    static const char *const removed[] = {CONDSTORE, LOOK("3"), IS("3", "", "41"), STORE("3", "41"), MODIFIED,
                                          LOOK("3"), "S * 4 EXPUNGE\r\n$ OK done\r\n", "Q 50", NULL};
    static const char *const no[] = {CONDSTORE, LOOK("3"), IS("3", "", "41"), STORE("3", "41"), "S $ NO [MODIFIED 4] other flags\r\n",
                                     LOOK("3"), IS("3", "", "50"), STORE("3", "50"), DONE, NULL};
    static const char *const restless[] = {CONDSTORE, LOOK("3"), IS("3", "", "41"), STORE("3", "41"), MODIFIED,
                                           LOOK("3"), IS("3", "", "50"), STORE("3", "50"), MODIFIED,
                                           LOOK("3"), IS("3", "", "60"), STORE("3", "60"), MODIFIED, "Q 50", NULL};
    claim(answered, "3", FALSE, "3", "");
    claim(taken, "3", FALSE, "", "");
    claim(removed, "3", FALSE, "", "3");
    claim(no, "3", FALSE, "3", "");
    claim(restless, "3", FALSE, "", "");
}

/* Without CONDSTORE, or for a mailbox or a message without MODSEQ: as soon after looking as can be. */
static void test_unconditional(void)
{
    static const char *const plain[] = {PLAIN, LOOK_PLAIN("3"), IS_PLAIN("3", ""), STORE_PLAIN("3"), DONE,
                                        LOOK_PLAIN("4"), IS_PLAIN("4", "\\Seen"), "Q 50", NULL};
    static const char *const no_modseq[] = {WITH("CONDSTORE", KEYWORDS, "* OK [NOMODSEQ] x\r\n"), LOOK_PLAIN("3"), IS_PLAIN("3", ""),
                                            STORE_PLAIN("3"), DONE, NULL};
    static const char *const message[] = {CONDSTORE, LOOK("3"), IS_PLAIN("3", ""), STORE_PLAIN("3"), DONE, NULL};
    claim(plain, "3,4", FALSE, "3", "");
    claim(no_modseq, "3", FALSE, "3", "");
    claim(message, "3", FALSE, "3", "");
}

/* A mailbox that keeps no keywords: \Seen stands for both; where we have set that before, nothing could tell
 * others. */
static void test_without_keywords(void)
{
    static const char *const seen[] = {WITH("CONDSTORE", "\\Seen", MODSEQ), LOOK("3"), IS("3", "", "41"),
                                       "C UID STORE 3 (UNCHANGEDSINCE 41) +FLAGS.SILENT (\\Seen)", DONE,
                                       LOOK("4"), IS("4", "\\Seen", "42"), "Q 50", NULL};
    static const char *const again[] = {WITH("CONDSTORE", "\\Seen", MODSEQ), "Q 50", NULL};
    claim(seen, "3,4", FALSE, "3", "");
    claim(again, "3", TRUE, "", "");
}

/* What we have read before and answer now has our own \Seen. */
static void test_again(void)
{
    static const char *const script[] = {CONDSTORE, LOOK("3"), IS("3", "\\Seen", "41"), STORE("3", "41"), DONE,
                                         LOOK("4"), IS("4", "\\Seen $MDNSent", "42"), "Q 50", NULL};
    claim(script, "3,4", TRUE, "3", "");
}

/* What the server refuses is not ours, and concerns that message alone. */
static void test_refused(void)
{
    static const char *const script[] = {CONDSTORE, LOOK("3"), IS("3", "", "41"), STORE("3", "41"), DONE,
                                         LOOK("4"), IS("4", "", "42"), STORE("4", "42"), "S $ NO [NOPERM] read only\r\n",
                                         LOOK("5"), "S $ BAD what?\r\n",
                                         LOOK("6"), IS("6", "", "43"), STORE("6", "43"), DONE, NULL};
    claim(script, "3,4,5,6", FALSE, "3,6", "");
}

/* Other messages' flags that come along are no answer. */
static void test_others_beside(void)
{
    static const char *const script[] = {CONDSTORE, LOOK("3"),
                                         "S * 5 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (44))\r\n* 4 FETCH (UID 3 FLAGS () MODSEQ (41))\r\n"
                                         "$ OK done\r\n",
                                         STORE("3", "41"), "S * 4 FETCH (UID 3 MODSEQ (45))\r\n$ OK done\r\n", NULL};
    claim(script, "3", FALSE, "3", "");
}

/* Cut in the middle: nobody knows whether the flags were set, so nobody says that they are ours. */
static void test_cut(void)
{
    static const char *const scripts[][24] = {{CONDSTORE, LOOK("3"), "X", NULL},
                                              {CONDSTORE, LOOK("3"), IS("3", "", "41"), STORE("3", "41"), "X", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        Peer *peer = claiming(scripts[i], "3", FALSE);
        peer_down(peer, COI_ERROR_CLOSED);
        peer_end(peer);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap-claim/condition", test_condition);
    g_test_add_func("/imap-claim/modified", test_modified);
    g_test_add_func("/imap-claim/unconditional", test_unconditional);
    g_test_add_func("/imap-claim/without-keywords", test_without_keywords);
    g_test_add_func("/imap-claim/again", test_again);
    g_test_add_func("/imap-claim/refused", test_refused);
    g_test_add_func("/imap-claim/others-beside", test_others_beside);
    g_test_add_func("/imap-claim/cut", test_cut);
    return g_test_run();
}
