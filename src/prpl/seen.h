/* Has the user seen what a conversation shows? "Read" must be true: the client says that the conversation has the focus
 * and the user is there, or the user writes in it. */
#pragma once
#include "prpl/connection.h"

/* At login: listens to the client's conversations, with the connection as the signals' handle. */
void coi_seen_start(CoiConnection *connection);
void coi_seen_stop(CoiConnection *connection);

/* This line of the peer's has been handed to the client: is the user looking? Tells the engine if so. */
void coi_seen_shown(CoiConnection *connection, const char *peer, gint64 line);

/* The user writes in the conversation with this name. */
void coi_seen_written(CoiConnection *connection, const char *name);

/* The peer composes a message: tells the engine if that is before the user's eyes. */
void coi_seen_composing(CoiConnection *connection, const char *peer);

/* COI_EVENT_READ: the client's mark of something unread goes; the engine is told nothing, since nobody read it here. */
void coi_seen_elsewhere(CoiConnection *connection, const CoiEvent *event);

/* A member of the prpl. */
void coi_seen_idle(PurpleConnection *gc, int seconds);
