#include "net/connect.h"

#include "base/error.h"

static gboolean goes_on(const GError *error)
{
    switch ((CoiErrorCode)error->code) {
    case COI_ERROR_DIAL:
    case COI_ERROR_TIMEOUT:
    case COI_ERROR_TLS:
    case COI_ERROR_NO_STARTTLS:
    case COI_ERROR_CLOSED:
    case COI_ERROR_PROTOCOL:
        return error->domain == COI_ERROR;
    default:
        return FALSE;
    }
}

static gboolean reached_nothing(const GError *error)
{
    return g_error_matches(error, COI_ERROR, COI_ERROR_DIAL) || g_error_matches(error, COI_ERROR, COI_ERROR_TIMEOUT);
}

static void note(GString *tried, const CoiServer *server, const GError *error)
{
    static const char *const names[] = {
        [COI_SECURITY_TLS] = "TLS", [COI_SECURITY_STARTTLS] = "STARTTLS", [COI_SECURITY_NONE] = "no TLS"};
    g_string_append_printf(tried, "%s%s:%u (%s): %s", tried->len > 0 ? "; " : "", server->host, server->port,
                           names[server->security], error->message);
}

/* Keeps in *best what says most: the first that isn't merely "nobody there". An error that ends the search always does.
 */
static void keep_best(GError **best, GError *error)
{
    if (*best == NULL || !goes_on(error) || (reached_nothing(*best) && !reached_nothing(error))) {
        g_clear_error(best);
        *best = error;
    } else {
        g_error_free(error);
    }
}

static CoiStream *attempt(const CoiConnect *connect, const CoiServer *server, GError **error)
{
    if (connect->trying != NULL)
        connect->trying(connect->user, server);
    g_autoptr(CoiStream) stream = coi_stream_open(server, connect->protocol, connect->host, connect->stop, error);
    if (stream == NULL || !connect->greet(connect->user, stream, server, error))
        return NULL;
    return g_steal_pointer(&stream);
}

CoiStream *coi_connect(const CoiConnect *connect, const GPtrArray *servers, guint first, guint *index, char **tried,
                       GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GError *best = NULL;
    guint count = servers != NULL ? servers->len : 0;
    for (guint i = 0; i < count; i++) {
        guint at = (first % count + i) % count;
        const CoiServer *server = servers->pdata[at];
        GError *failure = NULL;
        CoiStream *stream = attempt(connect, server, &failure);
        if (stream != NULL) {
            g_clear_error(&best);
            *index = at;
            return stream;
        }
        note(text, server, failure);
        gboolean on = goes_on(failure);
        keep_best(&best, failure);
        if (!on)
            break;
    }
    if (best == NULL)
        best = g_error_new_literal(COI_ERROR, COI_ERROR_DIAL, "no server is known");
    g_propagate_error(error, best);
    *tried = g_string_free(g_steal_pointer(&text), FALSE);
    return NULL;
}
