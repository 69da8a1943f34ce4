#include "net/imap.h"

#include "base/error.h"
#include "net/throttle.h"
#include "net/wire.h"

#include <string.h>

/* RFC 5530: these say that the password may well be right. */
static const char *const temporary_codes[] = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", NULL};

/* Makes of a refusal of the login what it means. */
static gboolean login_refused(const CoiImap *imap, GError *refusal, GError **error)
{
    gboolean temporary = (imap->code != NULL && g_strv_contains(temporary_codes, imap->code)) ||
                         coi_throttled(refusal->message);
    if (g_error_matches(refusal, COI_ERROR, COI_ERROR_REFUSED))
        refusal->code = temporary ? COI_ERROR_AUTH_TEMPORARY : COI_ERROR_AUTH;
    g_propagate_error(error, refusal);
    return FALSE;
}

static void wipe(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

static GStrv offered_mechanisms(const CoiImap *imap)
{
    GPtrArray *names = g_ptr_array_new();
    for (char **at = imap->capabilities; *at != NULL; at++)
        if (g_str_has_prefix(*at, "AUTH="))
            g_ptr_array_add(names, g_strdup(*at + 5));
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}

/* Answers one challenge (NULL: the initial response is asked for). On a challenge that is wrong the exchange is
 * cancelled. */
static gboolean answer_challenge(CoiImap *imap, CoiSasl *sasl, const char *challenge, guint tag, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (coi_wire_answer_challenge(imap->stream, sasl, challenge, &local))
        return TRUE;
    if (coi_wire_send(imap->stream, "*\r\n", NULL))
        coi_imap_answer(imap, tag, NULL);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* The first line; with the initial response in it where the server takes that. 0 with error. */
static guint send_authenticate(CoiImap *imap, CoiSasl *sasl, gboolean initial_too, GError **error)
{
    char *initial = NULL;
    if (initial_too && (initial = coi_sasl_step(sasl, NULL, error)) == NULL)
        return 0;
    guint tag = ++imap->last_tag;
    char *line = g_strdup_printf("%u AUTHENTICATE %s%s%s", tag, coi_sasl_name(sasl), initial_too ? " " : "",
                                 initial == NULL    ? ""
                                 : *initial == '\0' ? "="
                                                    : initial);
    coi_stream_begin_command(imap->stream, COI_IMAP_TIMEOUT_LOGIN);
    gboolean sent = coi_wire_send_secret(imap->stream, line, error);
    wipe(initial);
    wipe(line);
    return sent ? tag : 0;
}

static gboolean authenticate(CoiImap *imap, CoiSasl *sasl, GError **error)
{
    gboolean done = FALSE, initial_too = coi_sasl_client_first(sasl) && coi_imap_has(imap, "SASL-IR");
    gboolean owe_initial = coi_sasl_client_first(sasl) && !initial_too;
    guint tag = send_authenticate(imap, sasl, initial_too, error);
    if (tag == 0)
        return FALSE;
    while (!done) {
        g_autoptr(GError) local = NULL;
        g_autofree char *challenge = NULL;
        if (!coi_imap_continue(imap, tag, &challenge, &done, &local))
            return login_refused(imap, g_steal_pointer(&local), error);
        if (!done && !answer_challenge(imap, sasl, owe_initial ? NULL : challenge, tag, error))
            return FALSE;
        owe_initial = FALSE;
    }
    if (coi_sasl_complete(sasl))
        return TRUE;
    g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL, "the server did not prove that it knows the password");
    return FALSE;
}

static gboolean authenticate_somehow(CoiImap *imap, CoiSasl *sasl, GStrv offered, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    if (authenticate(imap, sasl, &refusal))
        return TRUE;
    g_autoptr(CoiSasl) next = g_error_matches(refusal, COI_ERROR, COI_ERROR_AUTH)
                                  ? coi_sasl_fallback(sasl, (const char *const *)offered)
                                  : NULL;
    if (next != NULL)
        return imap->scram_refused = authenticate(imap, next, error);
    g_propagate_error(error, g_steal_pointer(&refusal));
    return FALSE;
}

/* Arguments as literals, which take any byte: each is announced at the end of what was sent, and written after "+". */
static gboolean send_literals(CoiImap *imap, guint tag, const CoiCredentials *credentials, GError **error)
{
    gboolean done = FALSE;
    char *login = g_strdup_printf("%s {%" G_GSIZE_FORMAT "}", credentials->login, strlen(credentials->password));
    gboolean good = coi_imap_continue(imap, tag, NULL, &done, error) && !done &&
                    coi_wire_send_secret(imap->stream, login, error) &&
                    coi_imap_continue(imap, tag, NULL, &done, error) && !done &&
                    coi_wire_send_secret(imap->stream, credentials->password, error) &&
                    coi_imap_continue(imap, tag, NULL, &done, error) && done;
    wipe(login);
    return good;
}

static gboolean login_command(CoiImap *imap, const CoiCredentials *credentials, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *command = g_strdup_printf("LOGIN {%" G_GSIZE_FORMAT "}", strlen(credentials->login));
    guint tag = coi_imap_send(imap, COI_IMAP_TIMEOUT_LOGIN, command);
    if (send_literals(imap, tag, credentials, &local))
        return TRUE;
    if (local == NULL)
        coi_imap_broken(imap, &local);
    return login_refused(imap, g_steal_pointer(&local), error);
}

gboolean coi_imap_login(CoiImap *imap, const CoiCredentials *credentials, GError **error)
{
    if (imap->logged_in)
        return TRUE;
    g_auto(GStrv) offered = offered_mechanisms(imap);
    g_autoptr(GError) local = NULL;
    g_autoptr(CoiSasl) sasl = coi_sasl_new((const char *const *)offered, credentials, NULL, &local);
    if (sasl != NULL) {
        imap->logged_in = authenticate_somehow(imap, sasl, offered, error);
    } else if (credentials->xoauth2 || !g_error_matches(local, COI_ERROR, COI_ERROR_AUTH_MECHANISM) ||
               coi_imap_has(imap, "LOGINDISABLED")) {
        g_propagate_error(error, g_steal_pointer(&local));
    } else {
        imap->logged_in = login_command(imap, credentials, error);
    }
    return imap->logged_in && (coi_imap_take_capabilities(imap) || coi_imap_ask_capabilities(imap, error));
}
