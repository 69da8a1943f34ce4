/* A conversation's past, shown in the conversation. Main thread. */
#pragma once
#include "prpl/connection.h"

/* /history: argument is what was typed behind it. */
void coi_history_ask(CoiConnection *connection, const char *peer, const char *argument);

/* /search: words, or nothing to stop looking. */
void coi_history_search(CoiConnection *connection, const char *peer, const char *argument);

/* /full. */
void coi_history_full(CoiConnection *connection, const char *peer);

/* The prpl's convo_closed: nobody waits there any more. */
void coi_history_closed(PurpleConnection *gc, const char *who);

/* COI_EVENT_LISTING. */
void coi_history_piece(CoiConnection *connection, const CoiEvent *event);
