/* Mailing lists: one conversation for each, with the address that it is written to (DESIGN section 6). */
#include "engine/private.h"

#include <string.h>

/* "dev.lists.example.org" is the id of dev@lists.example.org (RFC 2919 suggests so). */
static gboolean is_id_of(const char *id, const char *address)
{
    g_autofree char *dotted = g_strdelimit(g_strdup(address), "@", '.');
    return g_str_equal(id, dotted);
}

static const char *addressee_with_id(const GPtrArray *addresses, const char *id)
{
    for (guint i = 0; i < addresses->len; i++) {
        const CoiAddress *address = g_ptr_array_index(addresses, i);
        if (is_id_of(id, address->address))
            return address->address;
    }
    return NULL;
}

/* Who writes by themselves is no list, whatever a mail says. */
static gboolean may_be_list(CoiEngine *engine, const char *address)
{
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, address);
    return !g_str_equal(address, engine->address) &&
           (peer->list_id != NULL || !coi_messages_has_written(engine->store, address));
}

static char *posted_to(CoiEngine *engine, const CoiHeaders *headers)
{
    const char *address = headers->list_post;
    if (address == NULL)
        address = addressee_with_id(headers->to, headers->list_id);
    if (address == NULL)
        address = addressee_with_id(headers->cc, headers->list_id);
    return address != NULL ? g_strdup(address) : coi_peers_list(engine->store, headers->list_id);
}

/* The copy that its author sent us beside the list's, if the list has a conversation. */
static char *copied_to(CoiEngine *engine, const GPtrArray *addresses)
{
    for (guint i = 0; i < addresses->len; i++) {
        const CoiAddress *address = g_ptr_array_index(addresses, i);
        g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, address->address);
        if (peer->list_id != NULL && (engine->ordinary_all || peer->is_buddy))
            return g_strdup(address->address);
    }
    return NULL;
}

char *coi_lists_address(CoiEngine *engine, const CoiHeaders *headers)
{
    if (headers->list_id == NULL) {
        char *copied = engine->ordinary_none ? NULL : copied_to(engine, headers->to);
        return copied != NULL || engine->ordinary_none ? copied : copied_to(engine, headers->cc);
    }
    g_autofree char *address = posted_to(engine, headers);
    return address != NULL && may_be_list(engine, address) ? g_steal_pointer(&address) : NULL;
}

void coi_lists_find_author(const char *list, const CoiHeaders *headers, CoiMessage *message)
{
    const CoiAddress *author = headers->reply_to;
    if (!g_str_equal(message->sender, list) || author == NULL || g_str_equal(author->address, list))
        return;
    g_free(message->sender);
    message->sender = g_strdup(author->address);
    if (author->name == NULL)
        return;
    g_free(message->sender_name);
    message->sender_name = g_strdup(author->name);
}
