/* What the guard lets through to libetpan's parser and what not, whole and at every split. */
#include "base/error.h"
#include "base/limits.h"
#include "net/stream_guard.h"

#include <string.h>

#define TEN "(((((((((("
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define FIVE_HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define DEEP "* 1 FETCH (BODYSTRUCTURE " FIVE_HUNDRED "\r\n"

static const char *const good[] = {
    "* OK [CAPABILITY IMAP4rev1] ready\r\n",
    "* 1 FETCH (FLAGS (\\Seen) BODY[] {5}\r\n(((((\r\n) UID 3)\r\nA1 OK done\r\n",
    "* 1 FETCH (BODY[] {0}\r\n)\r\n",
    "* 1 fetch (BODY[] {5+}\r\n(((((\r\n)\r\n",
    "* 12345 FETCH (BODY[HEADER] {3}\r\na\r\n BODY[TEXT]<0> {2}\r\nxx)\r\n",
    "* LIST () \"/\" {5}\r\nINBOX\r\n",
    "* METADATA INBOX (/private/x {3}\r\n\r\n\r)\r\n",
    "* OK do you like {5}\r\n* OK yes\r\n",
    "A1 NO really {7000000}\r\nA2 OK yes\r\n",
    "+ idling {12}\r\n* 1 EXISTS\r\n",
    "* OK it's 5\" wide\r\n* 1 FETCH (FLAGS ())\r\n",
    "* LIST () \".\" \"" FIVE_HUNDRED FIVE_HUNDRED "\"\r\n",
    "* LIST () \".\" \"a\\\"" FIVE_HUNDRED "(\"\r\n",
    "* 1 FETCH (X " HUNDRED HUNDRED HUNDRED HUNDRED "\r\n"
    "* 1 FETCH (X " HUNDRED HUNDRED "\r\n",
    "* 1 FETCH (BODY[] {500}\r\n" FIVE_HUNDRED ")\r\n",
    "\r\n",
    "",
};

static const char *const bad[] = {
    "* 1 FETCH (BODY[] {4294967295}\r\n",
    "* 1 FETCH (BODY[] {4294967301}\r\n", /* 5, where 32 bits wrap */
    "* 1 FETCH (BODY[] {18446744073709551621}\r\n",
    "* 1 FETCH (BODY[] {99999999999999999999999999999999}\r\n",
    "* 1 FETCH (BODY[] {7340033}\r\n",
    DEEP,
    /* Hidden behind what only one of guard and parser takes for a literal. */
    "* OK x {3000}\r\n" DEEP,
    "A1 OK x {3000}\r\n" DEEP,
    "+ x {3000}\r\n" DEEP,
    "* OK [BADCHARSET ({3000}\r\n",
    "* NO [X \"]\" {3000}\r\n",
    "* SEARCH {3000}\r\n",
    "* FOO {3000}\r\n",
    "* 1 EXPUNGE {3000}\r\n",
    "* CAPABILITY {3000}\r\n",
    " * 1 FETCH (BODY[] {3000}\r\n",
    "*  1 FETCH (BODY[] {3000}\r\n",
    "* 1  FETCH (BODY[] {3000}\r\n",
    "* FETCHX {3000}\r\n",
    "* 1 FETCH (BODY[] {3000}\n",
    "* 1 FETCH (BODY[] {3000} \r\n",
    "* 1 FETCH (BODY[] {3000}\r\r\n",
    "* 1 FETCH (BODY[] { 3000}\r\n",
    "* 1 FETCH (BODY[] {3000 }\r\n",
    "* 1 FETCH (BODY[] {3000 +}\r\n",
    "* 1 FETCH (BODY[] {3000-}\r\n",
    "* 1 FETCH (BODY[] {}\r\n",
    "* 1 FETCH (X \"quote {3000}\r\n",
    /* After a real literal, and after a quotation mark that wasn't one. */
    "* 1 FETCH (BODY[] {2}\r\nxx BODYSTRUCTURE " FIVE_HUNDRED "\r\n",
    "* OK \"\r\n" DEEP,
    "* LIST () \".\" \"\\\\\" " FIVE_HUNDRED "(\r\n",
};

/* Feeds text in two parts; TRUE if both pass. */
static gboolean passes(const char *text, gsize split)
{
    g_autoptr(GError) error = NULL;
    CoiGuard guard;
    coi_guard_init(&guard, TRUE);
    gboolean pass = coi_guard_feed(&guard, text, split, &error) &&
                    coi_guard_feed(&guard, text + split, strlen(text) - split, &error);
    if (!pass)
        g_assert_error(error, COI_ERROR, COI_ERROR_LIMIT);
    return pass;
}

static gboolean passes_by_byte(const char *text)
{
    CoiGuard guard;
    coi_guard_init(&guard, TRUE);
    for (const char *p = text; *p != '\0'; p++)
        if (!coi_guard_feed(&guard, p, 1, NULL))
            return FALSE;
    return TRUE;
}

static void check(const char *text, gboolean expected)
{
    for (gsize split = 0; split <= strlen(text); split++)
        if (passes(text, split) != expected)
            g_error("%.60s… split at %zu: %s", text, split, expected ? "refused" : "let through");
    g_assert_cmpint(passes_by_byte(text), ==, expected);
}

static void test_tables(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        check(good[i], TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        check(bad[i], FALSE);
}

static void test_nul(void)
{
    CoiGuard guard;
    coi_guard_init(&guard, TRUE);
    g_assert_true(coi_guard_feed(&guard, "* 1 FETCH (BODY[] {1}\r\n\0)\r\n", 27, NULL));
    g_assert_false(coi_guard_feed(&guard, "* OK \0\r\n", 8, NULL));
}

/* Parentheses in quotes count too, but far later: nobody but us has to agree on what is a quote then. */
static void test_raw_depth(void)
{
    CoiGuard guard;
    coi_guard_init(&guard, TRUE);
    g_assert_true(coi_guard_feed(&guard, "* LIST () \".\" \"", 15, NULL));
    for (guint i = 0; i < COI_GUARD_RAW_DEPTH; i++)
        g_assert_true(coi_guard_feed(&guard, "(", 1, NULL));
    g_assert_false(coi_guard_feed(&guard, "(", 1, NULL));
}

static void test_line(void)
{
    g_autofree char *line = g_strnfill(COI_LIMIT_IMAP_LINE, 'x');
    CoiGuard guard;
    coi_guard_init(&guard, TRUE);
    g_assert_true(coi_guard_feed(&guard, line, COI_LIMIT_IMAP_LINE, NULL));
    g_assert_true(coi_guard_feed(&guard, "\n", 1, NULL));
    g_assert_true(coi_guard_feed(&guard, line, COI_LIMIT_IMAP_LINE, NULL));
    g_assert_false(coi_guard_feed(&guard, "y", 1, NULL));
}

/* Literals and tiny lines count for a command's budget, and a new command starts anew. */
static void test_budget(void)
{
    g_autofree char *block = g_strnfill(7 * 1024 * 1024, 'x');
    CoiGuard guard;
    coi_guard_init(&guard, TRUE);
    for (guint command = 0; command < 2; command++) {
        coi_guard_begin_command(&guard);
        for (guint i = 0; i < 10; i++) {
            gboolean pass = coi_guard_feed(&guard, "* 1 FETCH (BODY[] {7340032}\r\n", 29, NULL) &&
                            coi_guard_feed(&guard, block, 7340032, NULL) && coi_guard_feed(&guard, ")\r\n", 3, NULL);
            g_assert_cmpint(pass, ==, i < 9);
        }
    }
    coi_guard_init(&guard, TRUE);
    guint lines = 0;
    while (coi_guard_feed(&guard, "* X\r\n", 5, NULL))
        lines++;
    g_assert_cmpuint(lines, ==, COI_LIMIT_IMAP_RESPONSE / (5 + COI_GUARD_LINE_COST));
}

static void test_smtp(void)
{
    g_autofree char *line = g_strnfill(COI_LIMIT_SMTP_LINE, '(');
    CoiGuard guard;
    coi_guard_init(&guard, FALSE);
    for (guint i = 0; i < 3; i++) {
        g_assert_true(coi_guard_feed(&guard, line, COI_LIMIT_SMTP_LINE, NULL));
        g_assert_true(coi_guard_feed(&guard, "\n250 {9999999999}\r\n", 19, NULL));
    }
    g_assert_true(coi_guard_feed(&guard, line, COI_LIMIT_SMTP_LINE, NULL));
    g_assert_false(coi_guard_feed(&guard, "(", 1, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guard/tables", test_tables);
    g_test_add_func("/guard/nul", test_nul);
    g_test_add_func("/guard/raw-depth", test_raw_depth);
    g_test_add_func("/guard/line", test_line);
    g_test_add_func("/guard/budget", test_budget);
    g_test_add_func("/guard/smtp", test_smtp);
    return g_test_run();
}
