#include "base/error.h"
#include "net/secret.h"

/* The words of a command, joined by "|". */
static void test_arguments(void)
{
    static const char *const table[][2] = {
        {"pass show mail", "pass|show|mail"},
        {"\"a b\" 'c d'", "a b|c d"},
        {"oama access me@example.org", "oama|access|me@example.org"},
        {"pass show mail | head -1", "/bin/sh|-c|pass show mail | head -1"},
        {"cat ~/token", "/bin/sh|-c|cat ~/token"},
        {"echo $TOKEN", "/bin/sh|-c|echo $TOKEN"},
        {"echo \"", NULL},
        {"  ", NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_auto(GStrv) arguments = coi_secret_arguments(table[i][0]);
        g_autofree char *joined = arguments != NULL ? g_strjoinv("|", arguments) : NULL;
        g_assert_cmpstr(joined, ==, table[i][1]);
    }
}

static void says(const char *command, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) stop = g_cancellable_new();
    char *secret = coi_secret_ask(command, stop, &error);
    g_assert_cmpstr(secret, ==, expected);
    if (expected == NULL)
        g_assert_error(error, COI_ERROR, COI_ERROR_TOKEN_COMMAND);
    else
        g_assert_no_error(error);
    coi_secret_wipe(secret);
}

static void test_ask(void)
{
    says("echo word", "word");
    says("printf '\\n  word \\r\\nsecond\\n'", "word");
    says("echo $((20 + 3))", "23");
    says("printf ''", NULL);
    says("false", NULL);
    says("echo word; exit 3", NULL);
    says("yes", NULL);
    says("/no/such/program", NULL);
}

static void test_stop(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) stop = g_cancellable_new();
    g_cancellable_cancel(stop);
    gint64 begin = g_get_monotonic_time();
    g_assert_null(coi_secret_ask("sleep 20", stop, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_CANCELLED);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 10 * G_USEC_PER_SEC);
}

/* A server that takes one word. */
typedef struct {
    const char *word;
    guint tries;
} Server;

static gboolean log_in(gpointer session, const CoiCredentials *credentials, GError **error)
{
    Server *server = session;
    server->tries++;
    if (g_strcmp0(credentials->password, server->word) == 0)
        return TRUE;
    g_set_error_literal(error, COI_ERROR, COI_ERROR_AUTH, "no");
    return FALSE;
}

/* kept: what was said before; the program says `now`; how often it is tried; NULL: refused. */
static void attempt(const char *kept, const char *now, guint tries, gboolean in)
{
    g_autoptr(GError) error = NULL;
    Server server = {"good", 0};
    char *said = g_strdup(kept);
    CoiCredentials *credentials = coi_credentials_new("me", "unused");
    credentials->token_command = g_strdup(now);
    g_assert_cmpint(coi_secret_log_in(credentials, &said, NULL, log_in, &server, &error), ==, in);
    g_assert_cmpuint(server.tries, ==, tries);
    if (!in)
        g_assert_error(error, COI_ERROR, COI_ERROR_TOKEN_REFUSED);
    coi_secret_wipe(said);
    coi_credentials_free(credentials);
}

static void test_log_in(void)
{
    attempt(NULL, "echo good", 1, TRUE);
    attempt("good", "echo other", 1, TRUE);
    attempt("old", "echo good", 2, TRUE);
    attempt("old", "echo old", 1, FALSE);
    attempt(NULL, "echo bad", 1, FALSE);
    attempt("old", "echo bad", 2, FALSE);
}

int main(int argc, char **argv)
{
    coi_error_quark();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secret/arguments", test_arguments);
    g_test_add_func("/secret/ask", test_ask);
    g_test_add_func("/secret/stop", test_stop);
    g_test_add_func("/secret/log-in", test_log_in);
    return g_test_run();
}
