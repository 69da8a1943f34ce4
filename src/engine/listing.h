/* What was asked for, told to the client line by line. Engine's thread only. */
#pragma once
#include "engine/engine.h"

typedef struct {
    const char *conversation;
    CoiLook look;
    const char *words;   /* what was looked for, or NULL */
    GPtrArray *lines;    /* CoiMessage, in the order of display; may be taken out */
    guint first_number;  /* of the first line, 0: they have none */
    guint64 more;        /* how many there are besides; of the history: whether there is older than this */
    const GError *error; /* why the server could not be asked, or NULL */
} CoiListed;

/* A word about what goes on. */
void coi_listing_say(CoiEngine *engine, const char *conversation, CoiLook look, CoiListing what, guint count);
void coi_listing_emit(CoiEngine *engine, const CoiListed *listed);

/* Lines of the store, rows (gint64) in its order, as they are displayed. Owned by the caller. */
GPtrArray *coi_listing_lines(CoiEngine *engine, const GArray *rows);
/* Only the last `wanted` of lines stay. */
void coi_listing_keep_last(GPtrArray *lines, guint wanted);
