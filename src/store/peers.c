#include "store/peers.h"
#include "store/db.h"

void coi_peer_free(CoiPeer *peer)
{
    if (!peer)
        return;
    g_free(peer->name);
    g_free(peer->list_id);
    g_free(peer);
}

CoiPeer *coi_peers_get(CoiStore *store, const char *address)
{
    CoiPeer *peer = g_new0(CoiPeer, 1);
    g_autoptr(CoiRows) rows =
        coi_db_query(store, "SELECT name, chats, is_buddy, is_blocked, list_id, takes_typing FROM peers WHERE address = ?",
                     coi_db_text(address));
    if (coi_db_next(rows)) {
        peer->name = coi_db_dup_text(rows, 0);
        peer->chats = sqlite3_column_int(rows, 1) != 0;
        peer->is_buddy = sqlite3_column_int(rows, 2) != 0;
        peer->is_blocked = sqlite3_column_int(rows, 3) != 0;
        peer->list_id = coi_db_dup_text(rows, 4);
        peer->takes_typing = sqlite3_column_int(rows, 5) != 0;
    }
    return peer;
}

gboolean coi_peers_heard(CoiStore *store, const char *address, const char *name, gboolean chats, GError **error)
{
    /* A mail without a name takes no name away. */
    return coi_db_run(store, error,
                      "INSERT INTO peers (address, name, chats) VALUES (?, ?, ?) ON CONFLICT (address)"
                      " DO UPDATE SET name = coalesce(excluded.name, name), chats = excluded.chats",
                      coi_db_text(address), coi_db_text(name), coi_db_int(chats != FALSE));
}

gboolean coi_peers_set_takes_typing(CoiStore *store, const char *address, gboolean takes_typing, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT INTO peers (address, takes_typing) VALUES (?, ?) ON CONFLICT (address)"
                      " DO UPDATE SET takes_typing = excluded.takes_typing WHERE takes_typing <> excluded.takes_typing",
                      coi_db_text(address), coi_db_int(takes_typing != FALSE));
}

gboolean coi_peers_set_buddy(CoiStore *store, const char *address, gboolean is_buddy, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT INTO peers (address, is_buddy) VALUES (?, ?) ON CONFLICT (address)"
                      " DO UPDATE SET is_buddy = excluded.is_buddy",
                      coi_db_text(address), coi_db_int(is_buddy != FALSE));
}

gboolean coi_peers_set_blocked(CoiStore *store, const char *address, gboolean is_blocked, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT INTO peers (address, is_blocked) VALUES (?, ?) ON CONFLICT (address)"
                      " DO UPDATE SET is_blocked = excluded.is_blocked",
                      coi_db_text(address), coi_db_int(is_blocked != FALSE));
}

gboolean coi_peers_set_list(CoiStore *store, const char *address, const char *list_id, GError **error)
{
    return coi_db_run(store, error,
                      "INSERT INTO peers (address, list_id) VALUES (?, ?) ON CONFLICT (address)"
                      " DO UPDATE SET list_id = excluded.list_id WHERE list_id IS NOT excluded.list_id",
                      coi_db_text(address), coi_db_text(list_id));
}

char *coi_peers_list(CoiStore *store, const char *list_id)
{
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT address FROM peers WHERE list_id = ? ORDER BY address LIMIT 1",
                                           coi_db_text(list_id));
    return coi_db_next(rows) ? coi_db_dup_text(rows, 0) : NULL;
}

GStrv coi_peers_buddies(CoiStore *store)
{
    GPtrArray *addresses = g_ptr_array_new();
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT address FROM peers WHERE is_buddy = 1 ORDER BY address");
    while (coi_db_next(rows))
        g_ptr_array_add(addresses, coi_db_dup_text(rows, 0));
    g_ptr_array_add(addresses, NULL);
    return (GStrv)g_ptr_array_free(addresses, FALSE);
}
