/* One login: what hangs on a PurpleConnection between login and close. Main thread only. */
#pragma once
#include <connection.h>
#include "engine/engine.h"

/* Why the last certificate was refused. */
typedef enum {
    COI_REFUSAL_NONE,
    COI_REFUSAL_VERIFIER,   /* libpurple's verifier, without asking */
    COI_REFUSAL_USER,       /* the user said no */
    COI_REFUSAL_UNANSWERED, /* the user said nothing for a long time */
    COI_REFUSAL_NOBODY,     /* this client cannot ask */
    COI_REFUSAL_NO_VERIFIER /* libpurple has no TLS plugin */
} CoiRefusal;

typedef struct _CoiConnection {
    guint references;
    PurpleConnection *gc; /* NULL once closed; so is engine */
    PurpleAccount *account;
    char *address; /* canonical */
    CoiEngine *engine;
    guint input;           /* pump.c */
    GSList *dials;         /* dial.c */
    GHashTable *questions; /* trust.c: host → the open question */
    GHashTable *trusted;   /* trust.c: host → fingerprint that libpurple's verifier accepted in this login */
    CoiRefusal refusal;    /* trust.c: the certificate refused last */
    char *refused_host, *refused_fingerprint;
    GHashTable *waiting;      /* state.c: conversations that know of the outage */
    GHashTable *talks;        /* seen.c: address → what the user has seen of the conversation; NULL once closed */
    gboolean clearing_unseen; /* seen.c: the update being told to the client is ours */
    gboolean asking_filter;   /* filter.c: the question is open */
    gboolean filter_refusal_told;
    PurplePrivacyType privacy; /* privacy.c: the mode that the engine knows of */
    guint64 last_token;
} CoiConnection;

/* When the plugin is loaded, before the first login; and when it is unloaded: waits for what is left of logins, not
 * long. */
void coi_connections_begin(void);
void coi_connections_end(void);

/* The reference is the caller's. Starts no engine. */
CoiConnection *coi_connection_new(PurpleConnection *gc, const char *address);
CoiConnection *coi_connection_ref(CoiConnection *connection);
void coi_connection_unref(CoiConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiConnection, coi_connection_unref)

/* The login behind gc; NULL before login and after close. */
CoiConnection *coi_connection_of(PurpleConnection *gc);

/* Sends a command to the engine; dropped when the connection is closed. Takes ownership. */
void coi_connection_send(CoiConnection *connection, CoiCommand *command);

/* Ends everything at once: open sockets' dialling, open questions, the pump, the engine. Never waits. */
void coi_connection_close(CoiConnection *connection);
