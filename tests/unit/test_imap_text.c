#include "base/error.h"
#include "net/imap_text.h"

#include <string.h>

static void test_quote(void)
{
    static const struct {
        const char *in, *out;
    } table[] = {{"INBOX", "\"INBOX\""},
                 {"", "\"\""},
                 {"a \"b\\", "\"a \\\"b\\\\\""},
                 {"{5}", "\"{5}\""},
                 {"\xc3\xa4", "\"\xc3\xa4\""},
                 {"a\r\nX LOGOUT", NULL},
                 {"a\n", NULL},
                 {"\r", NULL},
                 {"a\x01", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *quoted = coi_imap_quote(table[i].in, &error);
        g_assert_cmpstr(quoted, ==, table[i].out);
        if (table[i].out == NULL)
            g_assert_error(error, COI_ERROR, COI_ERROR_INVALID);
    }
    g_autofree char *overlong = g_strnfill(100000, 'a');
    g_assert_null(coi_imap_quote(overlong, NULL));
}

static void test_utf7(void)
{
    /* The first is RFC 3501's own example. */
    static const struct {
        const char *utf8, *name;
    } table[] = {{"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
                  "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
                 {"", ""},
                 {"INBOX", "INBOX"},
                 {"a&b", "a&-b"},
                 {"&", "&-"},
                 {"Entw\xc3\xbcrfe", "Entw&APw-rfe"},
                 {"\xc3\xa4\xc3\xb6", "&AOQA9g-"},
                 {"\xc3\xa4\xc3\xb6\xc3\xbc", "&AOQA9gD8-"},
                 {"\xf0\x9f\x98\x80", "&2D3eAA-"},
                 {"x\xf0\x9f\x98\x80\xc3\xa4-", "x&2D3eAADk--"},
                 {"\t", "&AAk-"}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *name = coi_imap_utf7_encode(table[i].utf8);
        g_autofree char *utf8 = coi_imap_utf7_decode(table[i].name);
        g_assert_cmpstr(name, ==, table[i].name);
        g_assert_cmpstr(utf8, ==, table[i].utf8);
    }
    g_assert_null(coi_imap_utf7_encode("\xff"));
    static const char *const bad[] = {"&",     "&AOQ",      "&AO-",   "&A-",   "&!-",      "&2D0-",
                                      "&3gA-", "&2D0A5A-",  "&AEE-",  "&AAA-", "\xc3\xa4", "a\x01b",
                                      "&AOR-", "&AOQ-\x7f", "&AOQA-", "&AOQ=-"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *utf8 = coi_imap_utf7_decode(bad[i]);
        if (utf8 != NULL)
            g_error("'%s' was decoded", bad[i]);
    }
}

static void test_set(void)
{
    static const struct {
        guint32 uids[6];
        guint n;
        const char *set;
    } table[] = {{{7}, 1, "7"},
                 {{1, 2, 3}, 3, "1:3"},
                 {{1, 2, 3, 7, 9, 10}, 6, "1:3,7,9:10"},
                 {{5, 4294967294u, 4294967295u}, 3, "5,4294967294:4294967295"}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *set = coi_imap_set(table[i].uids, table[i].n);
        g_assert_cmpstr(set, ==, table[i].set);
    }
}

static void test_dates(void)
{
    static const struct {
        gint64 seconds;
        const char *time, *date;
    } table[] = {{0, "\" 1-Jan-1970 00:00:00 +0000\"", "1-Jan-1970"},
                 {1709251199, "\"29-Feb-2024 23:59:59 +0000\"", "29-Feb-2024"},
                 {-5, "\" 1-Jan-1970 00:00:00 +0000\"", "1-Jan-1970"},
                 {G_MAXINT64, "\"31-Dec-9999 23:59:59 +0000\"", "31-Dec-9999"}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *time = coi_imap_date_time(table[i].seconds);
        g_autofree char *date = coi_imap_date(table[i].seconds);
        g_assert_cmpstr(time, ==, table[i].time);
        g_assert_cmpstr(date, ==, table[i].date);
    }
    g_assert_cmpint(coi_imap_seconds(2024, 2, 29, 23, 59, 59, 0), ==, 1709251199);
    g_assert_cmpint(coi_imap_seconds(2024, 3, 1, 1, 29, 59, 130), ==, 1709251199);
    g_assert_cmpint(coi_imap_seconds(2024, 2, 29, 22, 29, 59, -130), ==, 1709251199);
    g_assert_cmpint(coi_imap_seconds(2024, 13, 1, 0, 0, 0, 0), ==, 0);
    g_assert_cmpint(coi_imap_seconds(2024, 0, 1, 0, 0, 0, 0), ==, 0);
    g_assert_cmpint(coi_imap_seconds(99999, 1, 1, 0, 0, 0, 0), ==, 0);
    g_assert_cmpint(coi_imap_seconds(2024, 1, 1, 0, 0, 0, G_MAXINT), ==, 0);
}

static void test_lines(void)
{
    static const struct {
        const char *text;
        CoiImapLineKind kind;
        guint32 number;
        const char *code, *words;
    } table[] = {{"* 5 EXISTS\r\n", COI_LINE_EXISTS, 5, NULL, NULL},
                 {"* 5 exists", COI_LINE_EXISTS, 5, NULL, NULL},
                 {"* 4 EXPUNGE\r\n", COI_LINE_EXPUNGE, 4, NULL, NULL},
                 {"* 5 EXISTSX\r\n", COI_LINE_OTHER, 5, NULL, NULL},
                 {"* 99999999999 EXISTS\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"* -5 EXISTS\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"*5 EXISTS\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"* BYE [UNAVAILABLE] see you\r\n", COI_LINE_BYE, 0, "UNAVAILABLE", "[UNAVAILABLE] see you"},
                 {"* BYE", COI_LINE_BYE, 0, NULL, ""},
                 {"* OK still here {3}\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"* NO Internal error {3}\r\n", COI_LINE_WARNING, 0, NULL, NULL},
                 {"* 5 FETCH (BODY[] {3}\r\n", COI_LINE_LITERAL, 0, NULL, NULL},
                 {"* XYZ {3+}\r\n", COI_LINE_LITERAL, 0, NULL, NULL},
                 {"* XYZ {}\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"+ idling\r\n", COI_LINE_CONTINUE, 0, NULL, "idling"},
                 {"+\r\n", COI_LINE_CONTINUE, 0, NULL, ""},
                 {"+ \r\n", COI_LINE_CONTINUE, 0, NULL, ""},
                 {"12 OK done\r\n", COI_LINE_OK, 0, NULL, "done"},
                 {"12 ok [read-write] done\r\n", COI_LINE_OK, 0, "READ-WRITE", "[read-write] done"},
                 {"12 NO [LIMIT 5] no\r\n", COI_LINE_NO, 0, "LIMIT", "[LIMIT 5] no"},
                 {"12 NO [LIMIT", COI_LINE_NO, 0, NULL, "[LIMIT"},
                 {"12 NO [] x", COI_LINE_NO, 0, NULL, "[] x"},
                 {"12 BAD\r\n", COI_LINE_BAD, 0, NULL, ""},
                 {"12 NO a\x01"
                  "b\xff\r\n",
                  COI_LINE_NO, 0, NULL, "ab\xef\xbf\xbd"},
                 {"123 OK done\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"1 OK done\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"12 OKAY\r\n", COI_LINE_OTHER, 0, NULL, NULL},
                 {"* 5 FETCH (FLAGS (\\Seen))\r\n", COI_LINE_FLAGS, 5, NULL, NULL},
                 {"* 5 fetch (UID 7 MODSEQ (9) flags ())", COI_LINE_FLAGS, 5, NULL, NULL},
                 {"* 5 FETCH (UID 7 MODSEQ (9))\r\n", COI_LINE_OTHER, 5, NULL, NULL},
                 {"* 5 FETCH (XFLAGS (a))\r\n", COI_LINE_OTHER, 5, NULL, NULL},
                 {"* 5 FETCH (FLAGS", COI_LINE_OTHER, 5, NULL, NULL},
                 {"* 5 FETCH", COI_LINE_OTHER, 5, NULL, NULL},
                 {"* STATUS \"a b\" (UIDNEXT 5)\r\n", COI_LINE_STATUS, 0, NULL, "\"a b\" (UIDNEXT 5)"},
                 {"* STATUS {4}\r\n", COI_LINE_LITERAL, 0, NULL, NULL},
                 {"* STATUS", COI_LINE_STATUS, 0, NULL, ""},
                 {"", COI_LINE_OTHER, 0, NULL, NULL},
                 {"\r\n", COI_LINE_OTHER, 0, NULL, NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_auto(CoiImapLine) line = {0};
        coi_imap_line_parse(table[i].text, 12, &line);
        g_assert_cmpint(line.kind, ==, table[i].kind);
        g_assert_cmpint(line.number, ==, table[i].number);
        g_assert_cmpstr(line.code, ==, table[i].code);
        g_assert_cmpstr(line.words, ==, table[i].words);
    }
}

static void test_uids(void)
{
    guint32 some[] = {7, 3, 0, 7, 5, G_MAXUINT32, 1}, expected[] = {3, 5, 7, G_MAXUINT32};
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    coi_imap_tidy(uids, 1);
    g_assert_cmpuint(uids->len, ==, 0);
    g_array_append_vals(uids, some, G_N_ELEMENTS(some));
    coi_imap_tidy(uids, 2);
    g_assert_cmpmem(uids->data, uids->len * sizeof(guint32), expected, sizeof expected);
    g_assert_true(coi_imap_includes(expected, G_N_ELEMENTS(expected), 5));
    g_assert_false(coi_imap_includes(expected, G_N_ELEMENTS(expected), 6));
    g_assert_false(coi_imap_includes(expected, 0, 3));
}

static void test_flags(void)
{
    static const char *const good[] = {"\\Seen", "$Chat", "x.y-z"};
    static const char *const bad[] = {"",   "\\",  "a b", "a)",  "(a",    "\\a\\b",
                                      "a]", "a\"", "*",   "\\*", "a\r\n", "\xc3\xa4"};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(coi_imap_is_flag(good[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(coi_imap_is_flag(bad[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap-text/quote", test_quote);
    g_test_add_func("/imap-text/utf7", test_utf7);
    g_test_add_func("/imap-text/set", test_set);
    g_test_add_func("/imap-text/dates", test_dates);
    g_test_add_func("/imap-text/lines", test_lines);
    g_test_add_func("/imap-text/uids", test_uids);
    g_test_add_func("/imap-text/flags", test_flags);
    return g_test_run();
}
