#include "base/error.h"
#include "net/sasl.h"

#include <string.h>

#define NONCE "rOprNGfwEbeRWgbNEkqO"
#define SERVER_FIRST "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static const char *const scram_only[] = {"scram-sha-256", NULL};
static const char *const plain_only[] = {"PLAIN", NULL};
static const char *const login_only[] = {"Login", NULL};

static CoiSasl *sasl_new(const char *const *offered, const char *login, const char *password)
{
    g_autoptr(GError) error = NULL;
    CoiCredentials *credentials = coi_credentials_new(login, password);
    CoiSasl *sasl = coi_sasl_new(offered, credentials, NONCE, &error);
    coi_credentials_free(credentials);
    g_assert_no_error(error);
    return sasl;
}

/* The mechanism's answer to a challenge, both decoded. */
static char *step(CoiSasl *sasl, const char *challenge, GError **error)
{
    g_autofree char *encoded = challenge == NULL ? NULL : g_base64_encode((const guchar *)challenge, strlen(challenge));
    g_autofree char *answer = coi_sasl_step(sasl, encoded, error);
    if (answer == NULL)
        return NULL;
    gsize length = 0;
    g_autofree guchar *decoded = g_base64_decode(answer, &length);
    return g_strndup((const char *)decoded, length);
}

static void assert_step(CoiSasl *sasl, const char *challenge, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *answer = step(sasl, challenge, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(answer, ==, expected);
}

static void assert_refused(CoiSasl *sasl, const char *challenge, gint code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *answer = step(sasl, challenge, &error);
    g_assert_null(answer);
    g_assert_error(error, COI_ERROR, code);
    g_assert_false(coi_sasl_complete(sasl));
}

static void test_choice(void)
{
    static const struct {
        const char *offered[5];
        const char *chosen;
    } table[] = {{{"LOGIN", "PLAIN", "SCRAM-SHA-256", NULL}, "SCRAM-SHA-256"},
                 {{"SCRAM-SHA-256-PLUS", "login", "plain", NULL}, "PLAIN"},
                 {{"CRAM-MD5", "login", NULL}, "LOGIN"},
                 {{"CRAM-MD5", "SCRAM-SHA-1", "PLAINER", "", NULL}, NULL},
                 {{NULL}, NULL}};
    CoiCredentials *credentials = coi_credentials_new("u", "p");
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CoiSasl) sasl = coi_sasl_new(table[i].offered, credentials, NULL, &error);
        g_assert_cmpstr(sasl != NULL ? coi_sasl_name(sasl) : NULL, ==, table[i].chosen);
        if (sasl == NULL)
            g_assert_error(error, COI_ERROR, COI_ERROR_AUTH_MECHANISM);
    }
    coi_credentials_free(credentials);
}

/* RFC 4616, section 4, without the authorization identity. */
/* What the server refused, SCRAM itself or the password, decides whether another mechanism is tried. */
static void test_fallback(void)
{
    static const char *const all[] = {"PLAIN", "LOGIN", "SCRAM-SHA-256", NULL};
    g_autoptr(CoiSasl) sasl = sasl_new(all, "user", "pencil");
    assert_step(sasl, NULL, "n,,n=user,r=" NONCE);
    g_autoptr(CoiSasl) next = coi_sasl_fallback(sasl, all);
    g_assert_cmpstr(coi_sasl_name(next), ==, "PLAIN");
    g_assert_null(coi_sasl_fallback(sasl, scram_only));
    g_assert_null(coi_sasl_fallback(next, all));
    g_autofree char *answer = step(sasl, SERVER_FIRST, NULL);
    g_assert_nonnull(answer);
    g_assert_null(coi_sasl_fallback(sasl, all));
}

static void test_plain(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiSasl) sasl = sasl_new(plain_only, "tim", "tanstaaftanstaaf");
    g_assert_true(coi_sasl_client_first(sasl));
    g_assert_false(coi_sasl_complete(sasl));
    g_autofree char *answer = coi_sasl_step(sasl, NULL, &error);
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(answer, &length);
    g_assert_cmpmem(bytes, length, "\0tim\0tanstaaftanstaaf", 21);
    g_assert_true(coi_sasl_complete(sasl));
    assert_refused(sasl, "more?", COI_ERROR_PROTOCOL);
}

static void test_login(void)
{
    g_autoptr(CoiSasl) sasl = sasl_new(login_only, "tim", "s=c,ret");
    g_assert_false(coi_sasl_client_first(sasl));
    assert_step(sasl, "Username:", "tim");
    g_assert_false(coi_sasl_complete(sasl));
    assert_step(sasl, "Password:", "s=c,ret");
    g_assert_true(coi_sasl_complete(sasl));
    assert_refused(sasl, "Again:", COI_ERROR_PROTOCOL);
    g_autoptr(CoiSasl) eager = sasl_new(login_only, "tim", "secret");
    assert_refused(eager, NULL, COI_ERROR_PROTOCOL);
}

/* RFC 7677, section 3. */
static void test_scram_vector(void)
{
    g_autoptr(CoiSasl) sasl = sasl_new(scram_only, "user", "pencil");
    assert_step(sasl, NULL, "n,,n=user,r=" NONCE);
    assert_step(sasl, SERVER_FIRST,
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    g_assert_false(coi_sasl_complete(sasl));
    assert_step(sasl, SERVER_FINAL, "");
    g_assert_true(coi_sasl_complete(sasl));
    assert_refused(sasl, SERVER_FINAL, COI_ERROR_PROTOCOL);
}

static void test_scram_names(void)
{
    g_autoptr(CoiSasl) sasl = sasl_new(scram_only, "a,b=c\xef\xbc\xa1", "x");
    assert_step(sasl, NULL, "n,,n=a=2Cb=3DcA,r=" NONCE);
}

static void test_scram_random_nonce(void)
{
    CoiCredentials *credentials = coi_credentials_new("u", "p");
    g_autoptr(CoiSasl) a = coi_sasl_new(scram_only, credentials, NULL, NULL);
    g_autoptr(CoiSasl) b = coi_sasl_new(scram_only, credentials, NULL, NULL);
    g_autofree char *first = step(a, NULL, NULL), *second = step(b, NULL, NULL);
    g_assert_true(g_str_has_prefix(first, "n,,n=u,r="));
    g_assert_cmpuint(strlen(first), >=, strlen("n,,n=u,r=") + 24);
    g_assert_cmpstr(first, !=, second);
    coi_credentials_free(credentials);
}

static void test_scram_bad_first(void)
{
    static const char *const table[] = {
        "",
        "r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        "r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1",
        "r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x",
        "r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=",
        "r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001",
        "r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999999999999",
        "r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==",
        "r=" NONCE "x,s=,i=4096",
        "r=" NONCE "x,s=W22Z!J0SNY7soEsUEjb6gQ==,i=4096",
        "r=" NONCE "x,i=4096,s=W22ZaJ0SNY7soEsUEjb6gQ==",
        "r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", /* the server added nothing */
        "r=somebody elses nonce,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "m=ext,r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", /* mandatory extension */
        "e=other-error",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(CoiSasl) sasl = sasl_new(scram_only, "user", "pencil");
        assert_step(sasl, NULL, "n,,n=user,r=" NONCE);
        assert_refused(sasl, table[i], COI_ERROR_PROTOCOL);
        assert_refused(sasl, SERVER_FIRST, COI_ERROR_PROTOCOL);
    }
}

static void test_scram_bad_final(void)
{
    static const struct {
        const char *final;
        gint code;
    } table[] = {{"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", COI_ERROR_PROTOCOL},
                 {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4", COI_ERROR_PROTOCOL},
                 {"v=6rri", COI_ERROR_PROTOCOL},
                 {"v=", COI_ERROR_PROTOCOL},
                 {"", COI_ERROR_PROTOCOL},
                 {"x=1," SERVER_FINAL, COI_ERROR_PROTOCOL},
                 {"e=invalid-proof", COI_ERROR_AUTH}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(CoiSasl) sasl = sasl_new(scram_only, "user", "pencil");
        g_free(step(sasl, NULL, NULL));
        g_autofree char *proof = step(sasl, SERVER_FIRST, NULL);
        g_assert_nonnull(proof);
        assert_refused(sasl, table[i].final, table[i].code);
        assert_refused(sasl, SERVER_FINAL, COI_ERROR_PROTOCOL);
    }
}

static void test_bad_base64(void)
{
    g_autofree char *huge = g_strnfill(8192, 'A');
    const char *const table[] = {"A",     "AA",   "AAA",  "A===",     "====",  "AA=A",
                                 "AA\nA", "AA A", "!!!!", "AAAA\r\n", "AAAA=", huge};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CoiSasl) sasl = sasl_new(scram_only, "user", "pencil");
        g_free(coi_sasl_step(sasl, NULL, NULL));
        g_assert_null(coi_sasl_step(sasl, table[i], &error));
        g_assert_error(error, COI_ERROR, COI_ERROR_PROTOCOL);
    }
}

static CoiSasl *xoauth2_new(const char *const *offered, GError **error)
{
    CoiCredentials *credentials = coi_credentials_new("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
    credentials->xoauth2 = TRUE;
    CoiSasl *sasl = coi_sasl_new(offered, credentials, NULL, error);
    coi_credentials_free(credentials);
    return sasl;
}

/* The example of Google's own description. */
static void test_xoauth2(void)
{
    static const char *const both[] = {"PLAIN", "xoauth2", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiSasl) sasl = xoauth2_new(both, &error);
    g_assert_no_error(error);
    g_assert_true(coi_sasl_client_first(sasl));
    g_assert_false(coi_sasl_complete(sasl));
    g_autofree char *answer = coi_sasl_step(sasl, NULL, &error);
    g_assert_cmpstr(answer, ==,
                    "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1sem"
                    "RHRXVZMjl0Q2cBAQ==");
    g_assert_true(coi_sasl_complete(sasl));
    /* Why it is refused: that is answered by an empty line, once. */
    assert_step(sasl, "{\"status\":\"401\"}", "");
    g_assert_false(coi_sasl_complete(sasl));
    assert_refused(sasl, "more?", COI_ERROR_PROTOCOL);
    g_assert_null(coi_sasl_fallback(sasl, both));
}

/* Where a token was chosen nothing else is tried, and the other way round. */
static void test_xoauth2_choice(void)
{
    static const char *const xoauth2_only[] = {"XOAUTH2", NULL};
    g_autoptr(GError) error = NULL;
    g_assert_null(xoauth2_new(plain_only, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_AUTH_MECHANISM);
    g_clear_error(&error);
    CoiCredentials *credentials = coi_credentials_new("u", "p");
    g_assert_null(coi_sasl_new(xoauth2_only, credentials, NULL, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_AUTH_MECHANISM);
    coi_credentials_free(credentials);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sasl/choice", test_choice);
    g_test_add_func("/sasl/fallback", test_fallback);
    g_test_add_func("/sasl/plain", test_plain);
    g_test_add_func("/sasl/login", test_login);
    g_test_add_func("/sasl/scram/vector", test_scram_vector);
    g_test_add_func("/sasl/scram/names", test_scram_names);
    g_test_add_func("/sasl/scram/random-nonce", test_scram_random_nonce);
    g_test_add_func("/sasl/scram/bad-first", test_scram_bad_first);
    g_test_add_func("/sasl/scram/bad-final", test_scram_bad_final);
    g_test_add_func("/sasl/bad-base64", test_bad_base64);
    g_test_add_func("/sasl/xoauth2/vector", test_xoauth2);
    g_test_add_func("/sasl/xoauth2/choice", test_xoauth2_choice);
    return g_test_run();
}
