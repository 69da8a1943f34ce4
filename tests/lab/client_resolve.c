/* libpurple looks names up in a child that it forks. In a program with threads a sanitizer's own locks may be held at that
 * moment, and its child waits for them for ever: there this client knows the one name that tests dial by name. */
#include "client.h"

#ifdef __SANITIZE_ADDRESS__
#include <arpa/inet.h>
#include <dnsquery.h>
#include <eventloop.h>
#include <string.h>

static GHashTable *waiting; /* PurpleDnsQueryData → timer */
static PurpleDnsQueryResolvedCallback resolved;

static gboolean answer(gpointer query)
{
    struct sockaddr_in *address = g_new0(struct sockaddr_in, 1);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->sin_port = htons(purple_dnsquery_get_port(query));
    GSList *hosts = g_slist_prepend(NULL, address);
    g_hash_table_remove(waiting, query);
    resolved(query, g_slist_prepend(hosts, GINT_TO_POINTER(sizeof *address)));
    return FALSE;
}

static gboolean resolve_host(PurpleDnsQueryData *query, PurpleDnsQueryResolvedCallback done,
                             PurpleDnsQueryFailedCallback failed)
{
    (void)failed;
    if (strcmp(purple_dnsquery_get_host(query), "localhost") != 0)
        return FALSE;
    resolved = done;
    g_hash_table_insert(waiting, query, GUINT_TO_POINTER(purple_timeout_add(0, answer, query)));
    return TRUE;
}

static void destroy(PurpleDnsQueryData *query)
{
    guint timer = GPOINTER_TO_UINT(g_hash_table_lookup(waiting, query));
    if (timer != 0)
        purple_timeout_remove(timer);
    g_hash_table_remove(waiting, query);
}

void resolve_init(void)
{
    static PurpleDnsQueryUiOps ops = {.resolve_host = resolve_host, .destroy = destroy};
    waiting = g_hash_table_new(NULL, NULL);
    purple_dnsquery_set_ui_ops(&ops);
}
#else
void resolve_init(void)
{
}
#endif
