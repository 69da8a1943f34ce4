#include "prpl/dial.h"

#include <proxy.h>

#include "prpl/i18n.h"

typedef struct {
    CoiConnection *connection; /* borrowed: a connection cancels its dials before it goes */
    CoiAsk *ask;
    PurpleProxyConnectData *attempt;
} CoiDial;

static void dial_free(CoiDial *dial)
{
    coi_ask_unref(dial->ask);
    g_free(dial);
}

static void dialled(gpointer data, gint fd, const gchar *error)
{
    CoiDial *dial = data;
    dial->connection->dials = g_slist_remove(dial->connection->dials, dial);
    if (fd >= 0)
        coi_ask_answer_socket(dial->ask, fd);
    else
        coi_ask_answer_no_socket(dial->ask, error != NULL ? error : _("No connection"));
    dial_free(dial);
}

/* The handle is the dial's own: libpurple cancels gc's attempts behind our back before it calls close(). */
void coi_dial(CoiConnection *connection, CoiAsk *ask)
{
    CoiDial *dial = g_new0(CoiDial, 1);
    dial->connection = connection;
    dial->ask = coi_ask_ref(ask);
    dial->attempt =
        purple_proxy_connect(dial, connection->account, coi_ask_host(ask), coi_ask_port(ask), dialled, dial);
    if (dial->attempt != NULL) {
        connection->dials = g_slist_prepend(connection->dials, dial);
        return;
    }
    coi_ask_answer_no_socket(ask, _("The proxy settings of the account are not usable."));
    dial_free(dial);
}

void coi_dial_cancel_all(CoiConnection *connection)
{
    while (connection->dials != NULL) {
        CoiDial *dial = connection->dials->data;
        connection->dials = g_slist_delete_link(connection->dials, connection->dials);
        purple_proxy_connect_cancel(dial->attempt);
        coi_ask_answer_no_socket(dial->ask, _("Logged out"));
        dial_free(dial);
    }
}
