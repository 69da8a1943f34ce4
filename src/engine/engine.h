/* The engine of one account: one thread that decides everything, from login to logout. */
#pragma once
#include "engine/command.h"
#include "engine/event.h"

/* Everything a login needs; copied by coi_engine_start. */
typedef struct {
    const char *directory;    /* <purple user dir>/coi/<address>; made (0700) when missing */
    const char *address;      /* canonical */
    const char *login;        /* the server's login name */
    const char *password;            /* or token */
    const char *token_command;       /* a program whose output is the password or token; NULL: none */
    gboolean xoauth2;                /* option auth is "xoauth2" */
    const GPtrArray *imap;    /* CoiServer, to be tried in order */
    const GPtrArray *smtp;
    gboolean ordinary_mail_all;      /* option ordinary_mail is "all" */
    gboolean ordinary_mail_none;     /* … is "none" */
    gboolean own_copy;               /* option own_copy is not "none" */
    gboolean own_copy_mail;          /* … is "mail" */
    const char *filter;              /* "ask", "active", "seen" or "none" */
    gboolean ask_receipts_all, ask_receipts_chat;
    gboolean receipts_when_seen;     /* option send_receipts is "seen": when the user has seen the message */
    gboolean receipts_at_reply;      /* … "seen" or "reply": when the user answers */
    gboolean typing;                 /* others learn when the user writes, and may tell when they do */
    gboolean delivery_receipts;      /* servers are asked to tell of deliveries */
    gboolean fast_replies;           /* a server that holds back what it tells is asked often while an exchange is live */
    int history_days;
} CoiEngineConfig;

typedef struct _CoiEngine CoiEngine;

/* Once per process, on the main thread, before the first engine: libraries' global state. */
void coi_engine_init(void);

/* Starts the thread. Main thread, never blocks. NULL only when the process is out of descriptors or threads. */
CoiEngine *coi_engine_start(const CoiEngineConfig *config);

/* Any thread; takes ownership. */
void coi_engine_send(CoiEngine *engine, CoiCommand *command);

/* Events, main thread only: a descriptor readable while there are some, and the next one (owned by the caller) or NULL. */
int coi_engine_event_fd(CoiEngine *engine);
CoiEvent *coi_engine_next_event(CoiEngine *engine);

/* Logs out: asks every thread of the engine to end and forgets the engine; returns at once. No event is given any more; what
 * the threads still hold frees itself, and the account's directory is unlocked last. */
void coi_engine_release(CoiEngine *engine);

/* Plugin unload: waits at most timeout_ms for the threads of all released engines. TRUE when none is left. */
gboolean coi_engine_join_all(guint timeout_ms);
