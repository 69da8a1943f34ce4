/* Whom the user has blocked: libpurple's deny list, told to the engine, which drops and files what they send. */
#pragma once
#include "prpl/connection.h"

/* At login: the client's list, when it is in force. Nobody is unblocked by this: another device may have blocked them.
 */
void coi_privacy_announce_all(CoiConnection *connection);

/* Members of the prpl. */
void coi_privacy_add_deny(PurpleConnection *gc, const char *who);
void coi_privacy_remove_deny(PurpleConnection *gc, const char *who);
void coi_privacy_mode_changed(PurpleConnection *gc);
