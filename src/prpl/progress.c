#include "prpl/progress.h"

#include "prpl/buddy.h"
#include "prpl/failure.h"
#include "prpl/i18n.h"

/* Begin, four steps, connected. */
#define STEP_COUNT 6

void coi_progress_begin(CoiConnection *connection)
{
    purple_connection_update_progress(connection->gc, _("Starting"), 0, STEP_COUNT);
}

void coi_progress_step(CoiConnection *connection, const CoiEvent *event)
{
    static const char *const texts[] = {
        [COI_STEP_CONNECTING] = N_("Connecting to %s"),
        [COI_STEP_SECURING] = N_("Securing the connection to %s"),
        [COI_STEP_LOGGING_IN] = N_("Logging in to %s"),
        [COI_STEP_OPENING] = N_("Opening the mailbox on %s"),
    };
    /* A reconnect of its own is no business of the user's. */
    if (purple_connection_get_state(connection->gc) != PURPLE_CONNECTING || (guint)event->step >= G_N_ELEMENTS(texts))
        return;
    const char *host = event->host != NULL ? event->host : _("the mail server");
    g_autofree char *text = g_strdup_printf(_(texts[event->step]), host);
    purple_connection_update_progress(connection->gc, text, event->step + 1, STEP_COUNT);
}

void coi_progress_connected(CoiConnection *connection, const CoiEvent *event)
{
    (void)event;
    g_hash_table_remove_all(connection->waiting);
    if (purple_connection_get_state(connection->gc) != PURPLE_CONNECTING)
        return;
    purple_connection_set_state(connection->gc, PURPLE_CONNECTED);
    coi_buddy_show_all_available(connection);
}

static PurpleConnectionError explain(CoiConnection *connection, const CoiEvent *event, char **sentence)
{
    CoiFailure failure = {
        .error = event->error,
        .service = event->service,
        .host = event->host,
        .tried = event->tried,
        .refusal = connection->refusal,
        .refused_host = connection->refused_host,
        .refused_fingerprint = connection->refused_fingerprint,
    };
    return coi_failure_explain(&failure, sentence);
}

void coi_progress_failed(CoiConnection *connection, const CoiEvent *event)
{
    g_autofree char *sentence = NULL;
    PurpleConnectionError reason = explain(connection, event, &sentence);
    purple_connection_error_reason(connection->gc, reason, sentence);
}

/* libpurple shows an outage only as an error; its clients then come back by timers of their own. */
void coi_progress_lost(CoiConnection *connection, const CoiEvent *event)
{
    g_autoptr(GError) closed = g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "");
    CoiEvent lost = *event;
    if (lost.error == NULL)
        lost.error = closed;
    g_autofree char *sentence = NULL;
    explain(connection, &lost, &sentence);
    purple_connection_error_reason(connection->gc, PURPLE_CONNECTION_ERROR_NETWORK_ERROR, sentence);
}
