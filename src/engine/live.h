/* The live exchange (COI.md section 10): while somebody composes a message before the user's eyes, or has just written one, the link that
 * receives chat asks the server often instead of waiting until it tells. Engine's thread only. */
#pragma once
#include "engine/watch.h"

/* What is known of a conversation; times are monotonic, 0: never. */
typedef struct {
    gint64 wrote;     /* when the peer's latest message came */
    gint64 composing; /* when they last said that they compose one; 0: they have said or shown that they don't any more */
    gint64 looked;    /* when the user was last known to have it before their eyes */
} CoiLiveTalk;

typedef struct {
    gboolean wanted;  /* option fast_replies */
    GHashTable *talks; /* address → CoiLiveTalk; NULL: none yet */
    gint64 until;     /* monotonic; as the link was told last; 0: in no hurry */
    gint64 rest;      /* monotonic; not before, since the server was slow or hung up */
} CoiLive;

/* Until when the exchange is live as far as this conversation goes; may be past, 0: it isn't. */
gint64 coi_live_end(const CoiLiveTalk *talk);
/* Whether a server of this ID (may be NULL) holds back what it tells by itself. */
gboolean coi_live_is_of_use(const char *server_id);
void coi_live_clear(CoiLive *live);

/* A message has come by watch and been stored, unless it was known. */
void coi_live_heard(CoiEngine *engine, const CoiWatch *watch, const CoiMessage *message);
/* The peer has said at that time (monotonic) that they compose a message; 0: they don't any more. */
void coi_live_composing(CoiEngine *engine, const char *conversation, gint64 since);
/* The user has the conversation before their eyes. */
void coi_live_looked(CoiEngine *engine, const char *conversation);
/* The watch's server took too long to answer. */
void coi_live_lags(CoiEngine *engine, const CoiWatch *watch);
/* The watch's link is down; error: why, NULL when that was wanted. */
void coi_live_down(CoiEngine *engine, const CoiWatch *watch, const GError *error);
