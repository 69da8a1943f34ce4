/* A conversation's past, shown in the conversation. Main thread. */
#pragma once
#include "prpl/connection.h"

/* /history: argument is what was typed behind it. */
void coi_history_ask(CoiConnection *connection, const char *peer, const char *argument);

/* COI_EVENT_LISTING. */
void coi_history_piece(CoiConnection *connection, const CoiEvent *event);
