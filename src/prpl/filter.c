#include "prpl/filter.h"

#include <notify.h>
#include <request.h>

#include "prpl/i18n.h"
#include "prpl/ui.h"

static void answer(CoiConnection *connection, const char *filter, gboolean unasked)
{
    CoiCommand *command = coi_command_new(COI_COMMAND_FILTER);
    command->text = g_strdup(filter);
    command->unasked = unasked;
    connection->asking_filter = FALSE;
    coi_connection_send(connection, command);
}

static void accepted(CoiConnection *connection, int action)
{
    (void)action;
    answer(connection, "active", FALSE);
}

static void declined(CoiConnection *connection, int action)
{
    (void)action;
    answer(connection, "none", FALSE);
}

/* Also the handle under which libpurple knows the dialog; nothing else has it. */
static void *handle(CoiConnection *connection)
{
    return &connection->asking_filter;
}

/* bitlbee understands no other captions than these two, and answers are "yes" and "no" there. */
static gboolean ask(CoiConnection *connection, const char *primary, const char *secondary)
{
    return purple_request_action(handle(connection), _("Chat messages"), primary, secondary, PURPLE_DEFAULT_ACTION_NONE,
                                 connection->account, NULL, NULL, connection, 2, _("_Accept"),
                                 PURPLE_CALLBACK(accepted), _("_Cancel"), PURPLE_CALLBACK(declined)) != NULL;
}

void coi_filter_ask(CoiConnection *connection, const CoiEvent *event)
{
    if (connection->asking_filter)
        return;
    if (!coi_ui_can_ask()) {
        answer(connection, "none", TRUE);
        return;
    }
    /* Finch breaks no lines, it cuts them off. */
    g_autofree char *primary =
        g_strdup_printf(_("Shall the chat messages of %s have a folder of their own?"), connection->address);
    const char *secondary = event->count != 0
                                ? _("If you accept, the mail server puts them into a folder of\n"
                                    "their own, for all your devices, and the inbox of other mail\n"
                                    "programs stays free of them. If not, they stay in the inbox.")
                                : _("If you accept, they are moved to a folder of their own on the\n"
                                    "mail server, and the inbox of other mail programs stays free\n"
                                    "of them. If not, they stay in the inbox.");
    connection->asking_filter = TRUE;
    if (!ask(connection, primary, secondary) && connection->asking_filter)
        answer(connection, "none", TRUE);
}

void coi_filter_refused(CoiConnection *connection, const CoiEvent *event)
{
    if (connection->filter_refusal_told)
        return;
    connection->filter_refusal_told = TRUE;
    const char *primary = event->reply != NULL ? _("The mail server does not sort chat messages as you chose.")
                                               : _("Sorting chat messages was switched off on the mail server.");
    g_autofree char *secondary =
        event->reply != NULL ? g_strdup_printf(_("It said: “%s”. Chat messages stay in the inbox."), event->reply)
                             : g_strdup(_("Another program did so. Chat messages stay in the inbox from now on."));
    purple_notify_warning(connection->gc, _("Chat messages"), primary, secondary);
}

void coi_filter_close(CoiConnection *connection)
{
    if (connection->asking_filter)
        purple_request_close_with_handle(handle(connection));
    connection->asking_filter = FALSE;
}
