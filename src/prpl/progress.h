/* How a connection comes up and goes down, as the client shows it. */
#pragma once
#include "prpl/connection.h"

/* The first step, shown before the engine says anything. */
void coi_progress_begin(CoiConnection *connection);

void coi_progress_step(CoiConnection *connection, const CoiEvent *event);
void coi_progress_connected(CoiConnection *connection, const CoiEvent *event);
void coi_progress_failed(CoiConnection *connection, const CoiEvent *event);
void coi_progress_lost(CoiConnection *connection, const CoiEvent *event);
