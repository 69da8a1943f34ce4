/* The buddy list: mail contacts, which have no presence and are kept where the client or the store remembers them. */
#pragma once
#include <blist.h>
#include <notify.h>
#include "prpl/connection.h"

/* Tells the engine of every buddy that the client has. */
void coi_buddy_announce_all(CoiConnection *connection);

/* Nobody tells us of presence; what a list hides as offline cannot be written to. Follows the option always_available.
 */
void coi_buddy_show_all_available(CoiConnection *connection);

/* The store's buddies: added where the client forgets its list; else the client's list is right. */
void coi_buddy_remembered(CoiConnection *connection, const CoiEvent *event);

/* What somebody calls themselves. */
void coi_buddy_named(CoiConnection *connection, const CoiEvent *event);

/* Members of the prpl. */
void coi_buddy_add(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group);
void coi_buddy_remove(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group);
void coi_buddy_tooltip(PurpleBuddy *buddy, PurpleNotifyUserInfo *info, gboolean full);
gboolean coi_buddy_takes_offline_messages(const PurpleBuddy *buddy);
