/* The link for what may take its time, for those who work over it. Engine's thread only. */
#pragma once
#include "engine/engine.h"

/* Whatever it does ends now; what others wanted of it is done by a new one. */
void coi_bulk_break_off(CoiEngine *engine);
