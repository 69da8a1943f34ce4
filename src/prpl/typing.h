/* Who is writing: what the client tells of its user, and what it shows of others. Main thread. */
#pragma once
#include "prpl/connection.h"

/* A member of the prpl. Who writes in a conversation has read it, whatever others learn of it. */
unsigned int coi_typing_send(PurpleConnection *gc, const char *who, PurpleTypingState state);

/* COI_EVENT_TYPING */
void coi_typing_told(CoiConnection *connection, const CoiEvent *event);
/* A line of theirs is shown: what was told before is over. */
void coi_typing_over(CoiConnection *connection, const char *peer);
