#include "prpl/connection.h"

#include <signals.h>

#include "prpl/dial.h"
#include "prpl/filter.h"
#include "prpl/pump.h"
#include "prpl/seen.h"
#include "prpl/trust.h"

#define UNLOAD_TIMEOUT_MS 2000

void coi_connections_begin(void)
{
    coi_engine_init();
}

/* Threads that outlast this find their code still mapped: the module is linked -z nodelete. */
void coi_connections_end(void)
{
    coi_engine_join_all(UNLOAD_TIMEOUT_MS);
}

CoiConnection *coi_connection_new(PurpleConnection *gc, const char *address)
{
    CoiConnection *connection = g_new0(CoiConnection, 1);
    connection->references = 1;
    connection->gc = gc;
    connection->account = purple_connection_get_account(gc);
    connection->address = g_strdup(address);
    connection->questions = g_hash_table_new(g_str_hash, g_str_equal);
    connection->trusted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    connection->waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return connection;
}

CoiConnection *coi_connection_ref(CoiConnection *connection)
{
    connection->references++;
    return connection;
}

void coi_connection_unref(CoiConnection *connection)
{
    if (connection == NULL || --connection->references > 0)
        return;
    g_hash_table_destroy(connection->questions);
    g_hash_table_destroy(connection->trusted);
    g_hash_table_destroy(connection->waiting);
    g_free(connection->refused_host);
    g_free(connection->refused_fingerprint);
    g_free(connection->address);
    g_free(connection);
}

CoiConnection *coi_connection_of(PurpleConnection *gc)
{
    return gc != NULL ? purple_connection_get_protocol_data(gc) : NULL;
}

void coi_connection_send(CoiConnection *connection, CoiCommand *command)
{
    if (connection->engine != NULL)
        coi_engine_send(connection->engine, command);
    else
        coi_command_free(command);
}

void coi_connection_close(CoiConnection *connection)
{
    purple_signals_disconnect_by_handle(connection);
    coi_pump_stop(connection);
    coi_seen_stop(connection);
    coi_dial_cancel_all(connection);
    coi_trust_close_all(connection);
    coi_filter_close(connection);
    if (connection->engine != NULL)
        coi_engine_release(connection->engine);
    connection->engine = NULL;
    connection->gc = NULL;
}
