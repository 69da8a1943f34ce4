/* What is left to be done on the server about messages. Kept by message: UIDs become void, copies move. */
#pragma once
#include "store/store.h"

typedef enum {
    COI_CHORE_SEEN = 1, /* the user has read it: \Seen */
    COI_CHORE_KEYWORD,  /* it is chat: $Chat */
    COI_CHORE_FILE,     /* it is chat: to Chats */
    COI_CHORE_BLOCK,    /* its sender is blocked: to Blocked */
    COI_CHORE_FILE_SENT, /* we sent it, and the server put a copy into Sent: that one to Chats */
    COI_CHORE_CLAIM      /* the user has read it, and its sender is to learn it from one of our clients: \Seen and $MDNSent, by us alone */
} CoiChore;

typedef struct {
    gint64 message;
    guint32 uid;
} CoiChorePlace;

/* Once, however often it is asked for. */
gboolean coi_chores_add(CoiStore *store, gint64 message, CoiChore chore, GError **error);
/* FILE for every chat message that lies in mailbox, or for the seen ones; not for those of which a copy lies in target, nor for what
 * claims to be of own, the account's address, and isn't proven so. */
gboolean coi_chores_file_all(CoiStore *store, const char *mailbox, const char *target, const char *own, gboolean only_seen,
                             GError **error);
/* The places in mailbox where this is to be done, by UID, at most limit. Array of CoiChorePlace. SEEN: where the flag is missing. */
GArray *coi_chores_at(CoiStore *store, const char *mailbox, CoiChore chore, guint limit);
gboolean coi_chores_done(CoiStore *store, gint64 message, CoiChore chore, GError **error);
gboolean coi_chores_waits(CoiStore *store, gint64 message, CoiChore chore);
/* SEEN is done when every known copy has the flag: a server says OK also for a copy that another client has just moved away. */
gboolean coi_chores_settle_seen(CoiStore *store, gint64 message, GError **error);
/* Nothing of this kind is wanted any more. */
gboolean coi_chores_drop_all(CoiStore *store, CoiChore chore, GError **error);

/* Mail of machines whose time was over at now (unix seconds): where its copies lie in mailbox, at most limit. UIDs (guint32),
 * ascending. Owned by the caller. */
GArray *coi_expired_at(CoiStore *store, const char *mailbox, gint64 now, guint limit);
/* When the next mail of machines in mailbox expires or has expired, unix seconds; 0: none lies there. */
gint64 coi_expired_next(CoiStore *store, const char *mailbox);
/* Of mail of machines whose time was over at now and of which no copy is left, nothing is kept but what we sent ourselves, and that
 * expires no more. */
gboolean coi_expired_forget(CoiStore *store, gint64 now, GError **error);

/* UIDs that moves of this client gave to copies; older ones are forgotten. */
gboolean coi_moved_add(CoiStore *store, guint32 uid, GError **error);
gboolean coi_moved_remove(CoiStore *store, guint32 uid, GError **error);
/* Of these, the ones in mailbox beside which lies a copy of the same message with a lower UID, at most limit: UIDs (guint32),
 * ascending. Owned by the caller. */
GArray *coi_moved_extra(CoiStore *store, const char *mailbox, guint limit);
