/* The link against servers that fail, lie or attack. */
#include "imap_peer.h"

#define MESSAGE(number, uid) "* " number " FETCH (UID " uid " BODY[HEADER]<0> {14}\r\nSubject: " number "\r\n\r\n)\r\n"

/* Opens and follows from UID 8 on. */
static Peer *follower(const char *const *script)
{
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_follow(peer, 8);
    return peer;
}

static void expect_message(Peer *peer, guint32 uid)
{
    CoiImapResult *message = peer_result(peer, COI_IMAP_MESSAGE);
    g_assert_cmpuint(message->uid, ==, uid);
    coi_imap_result_free(message);
}

/* Answers to FETCH that end the connection, and how. */
static void test_fatal_answers(void)
{
    static const struct {
        const char *answer;
        CoiErrorCode code;
    } table[] = {{"S * 3 FETCH (UID 9 BODY[HEADER]<0> {100}\r\nSubject", COI_ERROR_CLOSED},
                 {"S * 3 FETCH (UID 9 BODY", COI_ERROR_CLOSED},
                 {"S * BYE going down\r\n", COI_ERROR_CLOSED},
                 {"S * BYE going down\r\n$ OK done\r\n", COI_ERROR_CLOSED},
                 {"S $ OK\r\n", COI_ERROR_PROTOCOL},
                 {"S 99 OK not yours\r\n", COI_ERROR_PROTOCOL},
                 {"S garbage\r\n", COI_ERROR_PROTOCOL},
                 {"S * 3 FETCH (UID 9 BODY[HEADER]<0> {4294967295}\r\nx", COI_ERROR_LIMIT},
                 {"S * 3 FETCH (UID 9 BODY[HEADER]<0> {99999999}\r\nx", COI_ERROR_LIMIT},
                 {"S * XYZ {3}\r\nabc\r\n$ OK done\r\n", COI_ERROR_LIMIT}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const char *script[] = {OPENED, "C UID FETCH 8:*", table[i].answer, "X", NULL};
        Peer *peer = follower(script);
        CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
        g_assert_error(down->error, COI_ERROR, (int)table[i].code);
        g_assert_cmpuint(down->tag, ==, 2);
        if (strstr(table[i].answer, "BYE") != NULL)
            g_assert_cmpstr(down->error->message, ==, "going down");
        coi_imap_result_free(down);
        peer_end(peer);
    }
}

/* Answers that are odd and do no harm: the good message beside them comes. */
static void test_odd_answers(void)
{
    static const char *const table[] = {
        "* ESEARCH (TAG \"5\") UID COUNT 17\r\n",
        "* XYZ what is (this \"\r\n",
        "* STATUS INBOX (MESSAGES 1 SIZE 5)\r\n",
        "* 3 FETCH (FLAGS (\\Seen))\r\n",
        "* 3 FETCH (BODY[HEADER]<0> {3}\r\nabc)\r\n",
        "* 3 FETCH (UID 8 BODY[HEADER]<0> NIL)\r\n",
        "* 3 FETCH (UID 8)\r\n",
        "* 3 FETCH (UID 0 BODY[HEADER]<0> {1}\r\nx)\r\n",
        "* 3 FETCH (UID 8 BODY[HEADER]<0> {3}\r\nabc {\r\n",
        "* 3 FETCH ()\r\n",
        "* 3 FETCH (UID 7 BODY[HEADER]<0> {3}\r\nabc)\r\n",
        "* 0 FETCH (UID 7)\r\n",
        "* -1 FETCH (UID 7)\r\n",
        "* FLAGS (\xc3\xa4)\r\n",
        "* OK [PERMANENTFLAGS (\xc3\xa4 \\*)] x\r\n",
        "* OK [UIDNEXT x] y\r\n",
        "* OK\r\n",
        "* SEARCH 1 2 3\r\n",
        "* LIST (\\X) NIL \xff\r\n",
        "* CAPABILITY\r\n",
        "* NO [ALERT] careful\r\n",
        "+ what\r\n",
        "\r\n",
        MESSAGE("3", "9"),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *answer = g_strconcat("S ", table[i], MESSAGE("3", "9"), "$ OK done\r\n", NULL);
        const char *script[] = {OPENED, "C UID FETCH 8:*", answer, "C IDLE", "S + idling\r\n", NULL};
        Peer *peer = follower(script);
        expect_message(peer, 9);
        peer_drop(peer, COI_IMAP_FETCHED);
        peer_end(peer);
    }
}

/* What libetpan can't parse of a message costs neither the message nor the flags that can be read. */
static void test_odd_items(void)
{
    static const char *const table[] = {"FLAGS (\\Seen \xe4\xff $Chat \\X\xff) BODY[HEADER]<0> {3}\r\nabc",
                                        "FLAGS (\\Seen [x] $Chat) BODY[HEADER]<0> {3}\r\nabc",
                                        "FLAGS (\\Seen \"quoted\" $Chat) BODY[HEADER]<0> {3}\r\nabc",
                                        "PREVIEW \"a (b\\\" \" BODY[HEADER]<0> {3}\r\nabc FLAGS (\\Seen $Chat)",
                                        "FLAGS (\\Seen $Chat) X (a (\"b)\") c) BODY[HEADER]<0> {3}\r\nabc Y 17",
                                        "FLAGS (\\Seen $Chat) BODY[HEADER]<0> \"abc\""};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *answer = g_strconcat("S * 3 FETCH (UID 9 ", table[i], ")\r\n$ OK done\r\n", NULL);
        const char *script[] = {OPENED, "C UID FETCH 8:*", answer, "C IDLE", NULL};
        Peer *peer = follower(script);
        CoiImapResult *message = peer_result(peer, COI_IMAP_MESSAGE);
        g_assert_cmpuint(message->uid, ==, 9);
        g_assert_cmpmem(g_bytes_get_data(message->bytes, NULL), g_bytes_get_size(message->bytes), "abc", 3);
        g_assert_true(g_strv_contains((const char *const *)message->flags, "\\Seen"));
        g_assert_true(g_strv_contains((const char *const *)message->flags, "$Chat"));
        for (char **flag = message->flags; *flag != NULL; flag++)
            g_assert_true(g_utf8_validate(*flag, -1, NULL));
        coi_imap_result_free(message);
        peer_drop(peer, COI_IMAP_FETCHED);
        peer_end(peer);
    }
}

/* The highest UID there is: the next one must not wrap around to the first. */
static void test_highest_uid(void)
{
    static const char *const script[] = {OPENED, "C UID FETCH 8:*", "S " MESSAGE("3", "4294967295") "$ OK done\r\n",
                                         "C IDLE", NULL};
    Peer *peer = follower(script);
    expect_message(peer, G_MAXUINT32);
    CoiImapResult *fetched = peer_result(peer, COI_IMAP_FETCHED);
    g_assert_cmpuint(fetched->next_uid, ==, G_MAXUINT32);
    coi_imap_result_free(fetched);
    peer_end(peer);
}

static void test_idle_faults(void)
{
    static const struct {
        const char *said;
        CoiErrorCode code;
    } table[] = {{"S + idling\r\n* BYE see you\r\n", COI_ERROR_CLOSED},
                 {"S * BYE see you\r\n", COI_ERROR_CLOSED},
                 {"S + idling\r\n", COI_ERROR_CLOSED},
                 {"S + idling\r\n* 3 FETCH (BODY[] {3}\r\n", COI_ERROR_PROTOCOL},
                 {"S + idling\r\n* XYZ {3}\r\n", COI_ERROR_LIMIT}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const char *script[] = {
            OPENED, "C UID FETCH 8:*", "S " MESSAGE("3", "9") "$ OK done\r\n", "C IDLE", table[i].said, "X", NULL};
        Peer *peer = follower(script);
        expect_message(peer, 9);
        peer_drop(peer, COI_IMAP_FETCHED);
        CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
        g_assert_error(down->error, COI_ERROR, (int)table[i].code);
        if (strstr(table[i].said, "BYE") != NULL)
            g_assert_cmpstr(down->error->message, ==, "see you");
        coi_imap_result_free(down);
        peer_end(peer);
    }
}

static void test_login_refused(void)
{
    static const struct {
        const char *answer;
        CoiErrorCode code;
    } table[] = {{"S $ NO [AUTHENTICATIONFAILED] wrong\r\n", COI_ERROR_AUTH},
                 {"S $ NO [AUTHORIZATIONFAILED] wrong\r\n", COI_ERROR_AUTH},
                 {"S $ NO [EXPIRED] wrong\r\n", COI_ERROR_AUTH},
                 {"S $ NO [PRIVACYREQUIRED] wrong\r\n", COI_ERROR_AUTH},
                 {"S $ NO wrong\r\n", COI_ERROR_AUTH},
                 {"S $ BAD wrong\r\n", COI_ERROR_AUTH},
                 {"S $ NO [UNAVAILABLE] later\r\n", COI_ERROR_AUTH_TEMPORARY},
                 {"S $ NO [inuse] later\r\n", COI_ERROR_AUTH_TEMPORARY},
                 {"S $ NO [LIMIT] later\r\n", COI_ERROR_AUTH_TEMPORARY},
                 {"S $ NO [SERVERBUG] later\r\n", COI_ERROR_AUTH_TEMPORARY},
                 {"S * BYE too many\r\n", COI_ERROR_CLOSED}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const char *script[] = {"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi\r\n", "C AUTHENTICATE PLAIN ",
                                table[i].answer, "X", NULL};
        Peer *peer = peer_new(script, 0);
        peer_open(peer);
        peer_down(peer, table[i].code);
        peer_end(peer);
    }
}

/* Without a mechanism of ours: LOGIN, by literals; not where it is disabled. */
static void test_login_command(void)
{
    static const char *const script[] = {"S * OK [CAPABILITY IMAP4rev1 AUTH=XYZ] hi\r\n",
                                         "C LOGIN {4}",
                                         "S + go\r\n",
                                         "R anna {6}",
                                         "S + go\r\n",
                                         "R secret",
                                         "S $ NO [UNAVAILABLE] later\r\n",
                                         NULL};
    static const char *const disabled[] = {"S * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n", NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_down(peer, COI_ERROR_AUTH_TEMPORARY);
    peer_end(peer);
    peer = peer_new(disabled, 0);
    peer_open(peer);
    peer_down(peer, COI_ERROR_AUTH_MECHANISM);
    peer_end(peer);
}

static void test_greetings(void)
{
    static const struct {
        const char *greeting;
        CoiSecurity security;
        CoiErrorCode code;
    } table[] = {{"S * BYE [UNAVAILABLE] later\r\n", COI_SECURITY_NONE, COI_ERROR_CLOSED},
                 {"S 220 mail.example.org ESMTP\r\n", COI_SECURITY_NONE, COI_ERROR_PROTOCOL},
                 {"S \r\n", COI_SECURITY_NONE, COI_ERROR_PROTOCOL},
                 {"S * OK", COI_SECURITY_NONE, COI_ERROR_CLOSED},
                 {"S * PREAUTH welcome\r\n", COI_SECURITY_STARTTLS, COI_ERROR_TLS}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const char *script[] = {table[i].greeting, "X", NULL};
        Peer *peer = peer_new(script, 0);
        coi_imap_link_send(peer->link, peer_open_request(peer, "INBOX", table[i].security));
        CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
        g_assert_error(down->error, COI_ERROR, (int)table[i].code);
        g_assert_cmpuint(down->tag, ==, 1);
        g_assert_nonnull(strstr(down->tried, "127.0.0.1:"));
        coi_imap_result_free(down);
        peer_end(peer);
    }
}

static void test_starttls_refused(void)
{
    static const char *const refused[] = {"S * OK hi\r\n", "C STARTTLS", "S $ BAD what\r\n", "X", NULL};
    static const char *const injected[] = {"S * OK hi\r\n", "C STARTTLS",
                                           "S $ OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", NULL};
    Peer *peer = peer_new(refused, 0);
    coi_imap_link_send(peer->link, peer_open_request(peer, "INBOX", COI_SECURITY_STARTTLS));
    peer_down(peer, COI_ERROR_NO_STARTTLS);
    peer_end(peer);
    peer = peer_new(injected, 0);
    coi_imap_link_send(peer->link, peer_open_request(peer, "INBOX", COI_SECURITY_STARTTLS));
    peer_down(peer, COI_ERROR_TLS);
    peer_end(peer);
}

/* The mailbox is gone: said with the server's words. */
static void test_select_refused(void)
{
    static const char *const script[] = {LOGGED_IN("IDLE"),
                                         "C LIST",
                                         "S $ NO no list today\r\n",
                                         "C SELECT \"INBOX\"",
                                         "S $ NO [NONEXISTENT] no such box\r\n",
                                         NULL};
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
    g_assert_error(down->error, COI_ERROR, COI_ERROR_REFUSED);
    g_assert_cmpstr(down->error->message, ==, "[NONEXISTENT] no such box");
    coi_imap_result_free(down);
    peer_end(peer);
}

/* Neither a mailbox's name nor anything else can bring in a command. */
static void test_injection(void)
{
    static const char *const script[] = {LOGGED_IN("IDLE"), "C LIST", "S $ OK done\r\n", NULL};
    Peer *peer = peer_new(script, 0);
    coi_imap_link_send(peer->link, peer_open_request(peer, "a\"\r\n9 LOGOUT\r\n", COI_SECURITY_NONE));
    peer_down(peer, COI_ERROR_INVALID);
    peer_end(peer);
}

static void test_not_connected(void)
{
    static const char *const script[] = {OPENED, "X", NULL};
    Peer *peer = peer_new(script, 0);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_BODIES, 5));
    CoiImapResult *failed = peer_result(peer, COI_IMAP_FAILED);
    g_assert_error(failed->error, COI_ERROR, COI_ERROR_CLOSED);
    g_assert_cmpuint(failed->tag, ==, 5);
    coi_imap_result_free(failed);
    coi_imap_link_send(peer->link, coi_imap_request_new(COI_IMAP_CLOSE, 6));
    CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
    g_assert_no_error(down->error);
    coi_imap_result_free(down);
    /* Nobody follows yet: the cut is noticed all the same. */
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    peer_down(peer, COI_ERROR_CLOSED);
    peer_end(peer);
}

static guint count_descriptors(void)
{
    guint n = 0;
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static void test_descriptors(void)
{
    static const char *const script[] = {
        OPENED,          "X", "S * BYE no\r\n", "X", "S * OK [CAPABILITY AUTH=PLAIN] hi\r\n", "C AUTHENTICATE",
        "S $ NO no\r\n", "X", OPENED,           NULL};
    guint before = count_descriptors();
    Peer *peer = peer_new(script, 0);
    peer_open(peer);
    peer_drop(peer, COI_IMAP_OPENED);
    static const CoiErrorCode downs[] = {COI_ERROR_CLOSED, COI_ERROR_CLOSED, COI_ERROR_AUTH};
    for (gsize i = 0; i < G_N_ELEMENTS(downs); i++) {
        peer_down(peer, downs[i]);
        peer_open(peer);
    }
    peer_drop(peer, COI_IMAP_OPENED);
    peer_end(peer);
    g_assert_cmpuint(count_descriptors(), ==, before);
}

/* A stop ends it wherever it is. */
static void test_stop(void)
{
    static const char *const silent[] = {"G", NULL};
    static const char *const in_login[] = {"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi\r\n", "C AUTHENTICATE",
                                           "G", NULL};
    static const char *const in_fetch[] = {OPENED, "C UID FETCH", "S * 3 FETCH (UID 9 BODY[HEADER]<0> {100}\r\nSub",
                                           "G", NULL};
    static const char *const in_idle[] = {OPENED, "C UID FETCH", "S $ OK done\r\n", "C IDLE", "S + idling\r\n",
                                          "G",    NULL};
    static const char *const *const scripts[] = {silent, in_login, in_fetch, in_idle};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        Peer *peer = peer_new(scripts[i], 0);
        peer_open(peer);
        if (i >= 2) {
            peer_drop(peer, COI_IMAP_OPENED);
            peer_follow(peer, 8);
        }
        if (i == 3)
            peer_drop(peer, COI_IMAP_FETCHED);
        peer_await(peer);
        for (CoiImapResult *step; i < 2 && (step = coi_queue_try_pop(peer->results)) != NULL;)
            coi_imap_result_free(step);
        peer_end(peer);
    }
    CoiNetHost host = {0};
    g_autoptr(CoiQueue) results = coi_queue_new((GDestroyNotify)coi_imap_result_free);
    CoiImapLink *link = coi_imap_link_new(&host, 0, peer_sink, results);
    coi_imap_link_stop(link);
    coi_imap_link_free(link);
    CoiImapResult *ended = coi_queue_try_pop(results);
    g_assert_cmpint(ended->type, ==, COI_IMAP_ENDED);
    coi_imap_result_free(ended);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_imap_init();
    g_test_add_func("/imap-faults/fatal-answers", test_fatal_answers);
    g_test_add_func("/imap-faults/odd-answers", test_odd_answers);
    g_test_add_func("/imap-faults/odd-items", test_odd_items);
    g_test_add_func("/imap-faults/highest-uid", test_highest_uid);
    g_test_add_func("/imap-faults/idle-faults", test_idle_faults);
    g_test_add_func("/imap-faults/login-refused", test_login_refused);
    g_test_add_func("/imap-faults/login-command", test_login_command);
    g_test_add_func("/imap-faults/greetings", test_greetings);
    g_test_add_func("/imap-faults/starttls-refused", test_starttls_refused);
    g_test_add_func("/imap-faults/select-refused", test_select_refused);
    g_test_add_func("/imap-faults/injection", test_injection);
    g_test_add_func("/imap-faults/not-connected", test_not_connected);
    g_test_add_func("/imap-faults/descriptors", test_descriptors);
    g_test_add_func("/imap-faults/stop", test_stop);
    return g_test_run();
}
