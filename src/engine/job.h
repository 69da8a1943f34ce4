/* One look into the past: what is to be asked of the server, and what has come of it. Engine's thread only. */
#pragma once
#include "engine/engine.h"

/* A request to be. */
typedef struct {
    gboolean search;      /* else a fetch */
    gboolean plain;       /* the server knows no other words than ASCII's: the rest is compared here */
    char *mailbox;
    guint32 below;        /* search */
    guint wanted;         /* of what a search finds, the newest */
    guint32 uid_validity; /* fetch */
    GArray *uids;         /* guint32 */
    guint32 floor;        /* once it is done, all of the conversation from here on is known; 0: that isn't said */
} CoiJobStep;

typedef struct {
    CoiLook kind;
    char *conversation;  /* NULL: of all */
    guint wanted;
    char *typed;         /* words as they were typed */
    GStrv words;
    gint64 around;       /* row */
    GQueue steps;        /* CoiJobStep */
    guint mailboxes;     /* that are searched */
    CoiJobStep *step;    /* in flight, or NULL */
    GQueue done;         /* CoiJobStep, whose floors are not yet written down */
    guint64 tag;         /* of its request */
    GPtrArray *arrived;  /* CoiArrival, not yet stored */
    GArray *known;       /* gint64: rows that were found, and were here */
    guint64 finds;       /* as the server counts */
    gboolean compare;    /* not all words were the server's: it may have found too much */
    gboolean texts_asked; /* what is only known by its headers has been asked for */
    gint64 said_at;      /* monotonic; when the user was last told that it goes on */
    GError *error;
} CoiJob;

CoiJob *coi_job_new(CoiLook kind, const char *conversation);
void coi_job_free(gpointer job);
CoiJobStep *coi_job_add(CoiJob *job, gboolean search, const char *mailbox);
void coi_job_step_free(gpointer step);
/* Fetches of these (guint32, ascending; the newest first), in pieces. floor: see CoiJobStep. */
void coi_job_fetch(CoiJob *job, const char *mailbox, guint32 uid_validity, const GArray *uids, guint32 floor);
/* Fetches for those of rows (gint64) that have no text. FALSE: there are none. */
gboolean coi_job_fetch_texts(CoiEngine *engine, CoiJob *job, const GArray *rows);
