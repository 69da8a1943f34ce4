/* /history: a conversation's past, from the store first. Engine's thread only. */
#pragma once
#include "engine/engine.h"

/* COI_COMMAND_HISTORY: the answer is COI_EVENT_LISTING, as soon as it is known. */
void coi_history_asked(CoiEngine *engine, const CoiCommand *command);
