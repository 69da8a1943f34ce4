#include "net/server.h"

#include <string.h>

CoiServer *coi_server_new(const char *host, guint16 port, CoiSecurity security)
{
    CoiServer *server = g_new0(CoiServer, 1);
    server->host = g_strdup(host);
    server->port = port;
    server->security = security;
    return server;
}

void coi_server_free(CoiServer *server)
{
    if (server == NULL)
        return;
    g_free(server->host);
    g_free(server);
}

GPtrArray *coi_servers_copy(const GPtrArray *servers)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    for (guint i = 0; servers != NULL && i < servers->len; i++) {
        const CoiServer *server = servers->pdata[i];
        g_ptr_array_add(copy, coi_server_new(server->host, server->port, server->security));
    }
    return copy;
}

CoiCredentials *coi_credentials_new(const char *login, const char *password)
{
    CoiCredentials *credentials = g_new0(CoiCredentials, 1);
    credentials->login = g_strdup(login);
    credentials->password = g_strdup(password);
    return credentials;
}

CoiCredentials *coi_credentials_copy(const CoiCredentials *credentials)
{
    if (credentials == NULL)
        return NULL;
    CoiCredentials *copy = coi_credentials_new(credentials->login, credentials->password);
    copy->token_command = g_strdup(credentials->token_command);
    copy->xoauth2 = credentials->xoauth2;
    copy->no_scram = credentials->no_scram;
    return copy;
}

void coi_credentials_free(CoiCredentials *credentials)
{
    if (credentials == NULL)
        return;
    if (credentials->password != NULL)
        explicit_bzero(credentials->password, strlen(credentials->password));
    g_free(credentials->password);
    g_free(credentials->login);
    g_free(credentials->token_command);
    g_free(credentials);
}

char *coi_server_to_text(const CoiServer *server)
{
    static const char *const securities[] = {"tls", "starttls", "none"};
    return g_strdup_printf("%s %u %s", server->host, server->port, securities[server->security]);
}

void coi_servers_move_first(GPtrArray *servers, guint index)
{
    if (index == 0 || index >= servers->len)
        return;
    gpointer server = servers->pdata[index];
    memmove(&servers->pdata[1], &servers->pdata[0], index * sizeof servers->pdata[0]);
    servers->pdata[0] = server;
}

void coi_servers_prefer(GPtrArray *servers, char *text)
{
    for (guint i = 0; text != NULL && i < servers->len; i++) {
        g_autofree char *candidate = coi_server_to_text(servers->pdata[i]);
        if (g_str_equal(candidate, text)) {
            coi_servers_move_first(servers, i);
            break;
        }
    }
    g_free(text);
}
