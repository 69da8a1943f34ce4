/* Brings the engine's events to libpurple, in slices that never keep the main loop. */
#pragma once
#include "prpl/connection.h"

void coi_pump_start(CoiConnection *connection);
void coi_pump_stop(CoiConnection *connection);
