/* A conversation's past: /history and /search, from the store first, then from the server over the bulk link; and the quiet filling of
 * what is only known by its headers. Engine's thread only. */
#pragma once
#include "engine/engine.h"

typedef struct _CoiHistory CoiHistory;

/* COI_COMMAND_HISTORY: the answer is COI_EVENT_LISTING, as soon as it is known. */
void coi_history_asked(CoiEngine *engine, const CoiCommand *command);
/* COI_COMMAND_SEARCH: looks, or gives up what is being looked for there. */
void coi_history_look(CoiEngine *engine, const CoiCommand *command);

gboolean coi_history_waits(CoiEngine *engine); /* for the bulk link */
void coi_history_pump(CoiEngine *engine);      /* the bulk link is open */
gboolean coi_history_is_mine(CoiEngine *engine, const CoiImapResult *result);
void coi_history_result(CoiEngine *engine, CoiImapResult *result);
void coi_history_down(CoiEngine *engine, const GError *error); /* the bulk link is gone; NULL: by our own wish */
void coi_history_free(CoiHistory *history);
