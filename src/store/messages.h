/* Messages: one row per identity (message id, From), whatever mailboxes hold copies. */
#pragma once
#include "store/store.h"

typedef enum {
    COI_LINE_IN,     /* from the peer */
    COI_LINE_OWN,    /* sent here */
    COI_LINE_REMOTE  /* ours, sent by another device */
} CoiLineKind;

/* Does a line still have to be written to the client? */
typedef enum {
    COI_SHOW_NEVER,   /* history only, or nothing to see */
    COI_SHOW_PENDING, /* to be shown; shown again after a crash until acknowledged */
    COI_SHOW_DONE
} CoiShow;

typedef struct {
    gint64 id;            /* row id; 0 before insertion */
    char *message_id;     /* without <>, or "hash:" and the header's hash */
    char *sender;         /* canonical address */
    char *conversation;   /* canonical address of the peer */
    char *sender_name;    /* display name as sent, or NULL */
    CoiLineKind kind;
    CoiShow show;
    gboolean delayed;     /* waited on the server while we were away */
    gint64 time;          /* effective date, unix seconds */
    gint64 internal_date; /* order of display: internal_date, mailbox, uid */
    char *mailbox;        /* where first seen; "" for sent ones */
    guint32 uid;
    char *text;           /* NULL while only the header is known */
} CoiMessage;

void coi_message_free(CoiMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiMessage, coi_message_free)

/* Inserts and sets message->id. aliases: further ids of the same message (NULL-terminated, may be NULL). */
gboolean coi_messages_insert(CoiStore *store, CoiMessage *message, const char *const *aliases, GError **error);
/* The row of this identity (by id or alias), 0 when unknown. sender NULL: from whomever. */
gint64 coi_messages_find(CoiStore *store, const char *message_id, const char *sender);
/* Whole row or NULL. */
CoiMessage *coi_messages_get(CoiStore *store, gint64 id);
gboolean coi_messages_set_show(CoiStore *store, gint64 id, CoiShow show, GError **error);
/* Lines to show, in the order of display, at most limit, none of those with an id in skip (a GHashTable set of gint64*
 * made with g_int64_hash; may be NULL). Array of CoiMessage. */
GPtrArray *coi_messages_pending(CoiStore *store, GHashTable *skip, guint limit);
/* The ids to thread an answer by: the oldest and the newest message id of the conversation, NULL when there is none. Owned by the
 * caller. Hash ids are never given. */
void coi_messages_thread(CoiStore *store, const char *conversation, char **first, char **last);
/* TRUE if the newest message from the peer came from a chat program (see coi_messages_insert's peer bookkeeping in peers.h). */

/* Where copies lie: (mailbox, uid) → message. Replaces an older entry of the same place. */
gboolean coi_messages_add_place(CoiStore *store, gint64 id, const char *mailbox, guint32 uid, GError **error);
gboolean coi_messages_forget_places(CoiStore *store, const char *mailbox, GError **error);
/* TRUE if this UID of this mailbox was looked at before and is a message of ours. */
gint64 coi_messages_at(CoiStore *store, const char *mailbox, guint32 uid);
/* Texts of messages older than before (unix seconds) that need not be shown are dropped; ids stay for matching. */
gboolean coi_messages_drop_texts(CoiStore *store, gint64 before, GError **error);
