/* What is known of people, by canonical address. */
#pragma once
#include "store/store.h"

typedef struct {
    char *name;          /* the name that they sent last, or NULL */
    gboolean chats;      /* their latest message came from a chat program */
    gboolean takes_typing; /* their latest message from a chat program said so */
    gboolean is_buddy;   /* on the user's buddy list */
    gboolean is_blocked; /* the user wants nothing from them */
    char *list_id;       /* of a mailing list: what it calls itself; NULL: a person, as far as is known */
} CoiPeer;

void coi_peer_free(CoiPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiPeer, coi_peer_free)

CoiPeer *coi_peers_get(CoiStore *store, const char *address); /* never NULL */
gboolean coi_peers_heard(CoiStore *store, const char *address, const char *name, gboolean chats, GError **error);
gboolean coi_peers_set_takes_typing(CoiStore *store, const char *address, gboolean takes_typing, GError **error);
gboolean coi_peers_set_buddy(CoiStore *store, const char *address, gboolean is_buddy, GError **error);
gboolean coi_peers_set_blocked(CoiStore *store, const char *address, gboolean is_blocked, GError **error);
/* The address is a mailing list's. */
gboolean coi_peers_set_list(CoiStore *store, const char *address, const char *list_id, GError **error);
/* The address of the list that calls itself so, or NULL. Owned by the caller. */
char *coi_peers_list(CoiStore *store, const char *list_id);
/* Canonical addresses of all buddies, for UIs that forget them (bitlbee). Owned by the caller. */
GStrv coi_peers_buddies(CoiStore *store);
