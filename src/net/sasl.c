#include "net/sasl.h"

#include "base/error.h"
#include "net/sasl_scram.h"

#include <string.h>

/* A challenge is a line; SCRAM's are under 300 bytes. */
#define MAX_CHALLENGE 4096u

typedef struct {
    const char *name;
    gboolean client_first;
    guint steps; /* answers of ours until the exchange is complete; SCRAM keeps its own count */
    guint most;  /* answers that there may be */
    char *(*step)(CoiSasl *sasl, const char *challenge, gsize *length, GError **error);
} Mechanism;

struct _CoiSasl {
    const Mechanism *mechanism;
    CoiCredentials *credentials;
    CoiScram *scram;
    guint done; /* answers given */
};

static char *step_plain(CoiSasl *sasl, const char *challenge, gsize *length, GError **error)
{
    (void)challenge;
    (void)error;
    gsize login = strlen(sasl->credentials->login), password = strlen(sasl->credentials->password);
    *length = login + password + 2;
    char *answer = g_malloc0(*length + 1);
    memcpy(answer + 1, sasl->credentials->login, login);
    memcpy(answer + login + 2, sasl->credentials->password, password);
    return answer;
}

/* The prompts differ from server to server; their order doesn't. */
static char *step_login(CoiSasl *sasl, const char *challenge, gsize *length, GError **error)
{
    (void)challenge;
    (void)error;
    char *answer = g_strdup(sasl->done == 0 ? sasl->credentials->login : sasl->credentials->password);
    *length = strlen(answer);
    return answer;
}

static char *step_scram(CoiSasl *sasl, const char *challenge, gsize *length, GError **error)
{
    char *answer = coi_scram_step(sasl->scram, challenge, error);
    if (answer != NULL)
        *length = strlen(answer);
    return answer;
}

/* The only challenge there is says why the token is refused; the server waits for an empty answer before it says so. */
static char *step_xoauth2(CoiSasl *sasl, const char *challenge, gsize *length, GError **error)
{
    (void)challenge;
    (void)error;
    const CoiCredentials *c = sasl->credentials;
    char *answer =
        sasl->done == 0 ? g_strdup_printf("user=%s\1auth=Bearer %s\1\1", c->login, c->password) : g_strdup("");
    *length = strlen(answer);
    return answer;
}

/* Best first. */
static const Mechanism mechanisms[] = {
    {"SCRAM-SHA-256", TRUE, 3, 3, step_scram},
    {"PLAIN", TRUE, 1, 1, step_plain},
    {"LOGIN", FALSE, 2, 2, step_login},
};
static const Mechanism xoauth2 = {"XOAUTH2", TRUE, 1, 2, step_xoauth2};

static gboolean is_offered(const Mechanism *mechanism, const char *const *offered)
{
    for (const char *const *o = offered; o != NULL && *o != NULL; o++)
        if (g_ascii_strcasecmp(*o, mechanism->name) == 0)
            return TRUE;
    return FALSE;
}

static const Mechanism *choose(const char *const *offered, gsize first)
{
    for (gsize i = first; i < G_N_ELEMENTS(mechanisms); i++)
        if (is_offered(&mechanisms[i], offered))
            return &mechanisms[i];
    return NULL;
}

static CoiSasl *sasl_of(const Mechanism *mechanism, const CoiCredentials *credentials)
{
    CoiSasl *sasl = g_new0(CoiSasl, 1);
    sasl->mechanism = mechanism;
    sasl->credentials = coi_credentials_copy(credentials);
    return sasl;
}

static const Mechanism *pick(const char *const *offered, const CoiCredentials *credentials)
{
    if (credentials->xoauth2)
        return is_offered(&xoauth2, offered) ? &xoauth2 : NULL;
    const Mechanism *mechanism = credentials->no_scram ? choose(offered, 1) : NULL;
    return mechanism != NULL ? mechanism : choose(offered, 0);
}

CoiSasl *coi_sasl_new(const char *const *offered, const CoiCredentials *credentials, const char *random_nonce,
                      GError **error)
{
    const Mechanism *mechanism = pick(offered, credentials);
    if (mechanism == NULL) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_AUTH_MECHANISM,
                            credentials->xoauth2 ? "the server does not offer XOAUTH2"
                                                 : "the server offers none of SCRAM-SHA-256, PLAIN, LOGIN");
        return NULL;
    }
    g_autoptr(CoiSasl) sasl = sasl_of(mechanism, credentials);
    if (mechanism->step == step_scram) {
        sasl->scram = coi_scram_new(credentials->login, credentials->password, random_nonce, error);
        if (sasl->scram == NULL)
            return NULL;
    }
    return g_steal_pointer(&sasl);
}

CoiSasl *coi_sasl_fallback(const CoiSasl *refused, const char *const *offered)
{
    if (refused->scram == NULL || refused->done > 1)
        return NULL;
    const Mechanism *next = choose(offered, (gsize)(refused->mechanism - mechanisms) + 1);
    return next != NULL ? sasl_of(next, refused->credentials) : NULL;
}

void coi_sasl_free(CoiSasl *sasl)
{
    if (sasl == NULL)
        return;
    coi_scram_free(sasl->scram);
    coi_credentials_free(sasl->credentials);
    g_free(sasl);
}

const char *coi_sasl_name(const CoiSasl *sasl)
{
    return sasl->mechanism->name;
}

gboolean coi_sasl_client_first(const CoiSasl *sasl)
{
    return sasl->mechanism->client_first;
}

gboolean coi_sasl_complete(const CoiSasl *sasl)
{
    return sasl->done == sasl->mechanism->steps && (sasl->scram == NULL || coi_scram_complete(sasl->scram));
}

/* FALSE when it isn't the server's turn to have said this. */
static gboolean in_turn(const CoiSasl *sasl, const char *challenge)
{
    gboolean initial = sasl->mechanism->client_first && sasl->done == 0;
    return sasl->done < sasl->mechanism->most && initial == (challenge == NULL) &&
           (challenge == NULL || strlen(challenge) <= MAX_CHALLENGE);
}

char *coi_sasl_step(CoiSasl *sasl, const char *challenge, GError **error)
{
    gsize length = 0;
    g_autofree guint8 *decoded = NULL;
    gboolean fine = in_turn(sasl, challenge);
    if (fine && challenge != NULL) {
        decoded = coi_base64_decode_strict(challenge, &length);
        fine = decoded != NULL && memchr(decoded, '\0', length) == NULL;
    }
    if (!fine) {
        sasl->done = G_MAXUINT;
        g_set_error(error, COI_ERROR, COI_ERROR_PROTOCOL, "%s: the server's challenge is wrong", sasl->mechanism->name);
        return NULL;
    }
    char *answer = sasl->mechanism->step(sasl, (const char *)decoded, &length, error);
    if (answer == NULL)
        return NULL;
    sasl->done++;
    char *encoded = g_base64_encode((const guchar *)answer, length);
    explicit_bzero(answer, length);
    g_free(answer);
    return encoded;
}
