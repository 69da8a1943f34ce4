/* /full: what was left out of a line. Engine's thread only. */
#pragma once
#include "engine/engine.h"

/* COI_COMMAND_FULL: the answer is COI_EVENT_LISTING with COI_LOOK_FULL, the message in lines that are short enough to be shown; or only
 * COI_LISTING_STOPPED when no message of the conversation was shortened. */
void coi_full_asked(CoiEngine *engine, const CoiCommand *command);
