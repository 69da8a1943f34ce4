/* What is left to be done on the server about messages. Kept by message: UIDs become void, copies move. */
#pragma once
#include "store/store.h"

typedef enum {
    COI_CHORE_SEEN = 1, /* the user has read it: \Seen */
    COI_CHORE_KEYWORD,  /* it is chat: $Chat */
    COI_CHORE_FILE,     /* it is chat: to Chats */
    COI_CHORE_BLOCK,    /* its sender is blocked: to Blocked */
    COI_CHORE_FILE_SENT /* we sent it, and the server put a copy into Sent: that one to Chats */
} CoiChore;

typedef struct {
    gint64 message;
    guint32 uid;
} CoiChorePlace;

/* Once, however often it is asked for. */
gboolean coi_chores_add(CoiStore *store, gint64 message, CoiChore chore, GError **error);
/* FILE for every chat message that lies in mailbox, or for the seen ones. */
gboolean coi_chores_file_all(CoiStore *store, const char *mailbox, gboolean only_seen, GError **error);
/* The places in mailbox where this is to be done, by UID, at most limit. Array of CoiChorePlace. */
GArray *coi_chores_at(CoiStore *store, const char *mailbox, CoiChore chore, guint limit);
gboolean coi_chores_done(CoiStore *store, gint64 message, CoiChore chore, GError **error);
gboolean coi_chores_waits(CoiStore *store, gint64 message, CoiChore chore);
/* Nothing of this kind is wanted any more. */
gboolean coi_chores_drop_all(CoiStore *store, CoiChore chore, GError **error);
