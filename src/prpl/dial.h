/* Sockets for the links: through the user's proxy, with names resolved where the proxy says, and nowhere else. */
#pragma once
#include "prpl/connection.h"

/* Answers the ask with a connected socket, or with the reason why there is none, some time later. */
void coi_dial(CoiConnection *connection, CoiAsk *ask);

void coi_dial_cancel_all(CoiConnection *connection);
