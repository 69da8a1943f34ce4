/* Where chat messages live on the server: the one question about it, and what is said when the server won't have it. */
#pragma once
#include "prpl/connection.h"

/* COI_EVENT_ASK_FILTER: asks, unless the question is open already. The answer goes to the engine as COI_COMMAND_FILTER.
 */
void coi_filter_ask(CoiConnection *connection, const CoiEvent *event);

/* COI_EVENT_FILTER_REFUSED: said once a login. */
void coi_filter_refused(CoiConnection *connection, const CoiEvent *event);

/* Withdraws the question; unanswered, it is asked again at the next login. */
void coi_filter_close(CoiConnection *connection);
