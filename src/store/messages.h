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
    COI_SHOW_DONE,
    COI_SHOW_BETWEEN /* own lines of other devices and what was read there: shown only between shown ones */
} CoiShow;

/* What a message does to another one. */
typedef enum {
    COI_ACTION_NONE,
    COI_ACTION_EDIT,   /* its text replaces that of `original` */
    COI_ACTION_DELETE, /* `original` is to be gone */
    COI_ACTION_REACT   /* its text is a reaction to `original` */
} CoiAction;

typedef struct {
    gint64 id;            /* row id; 0 before insertion */
    char *message_id;     /* without <>, or "hash:" and the header's hash */
    char *sender;         /* canonical address */
    char *conversation;   /* canonical address of the peer */
    char *sender_name;    /* display name as sent, or NULL */
    char *sent_as;        /* the id by which its sender knows it, where a server on the way has replaced that; else NULL */
    CoiLineKind kind;
    CoiShow show;
    gboolean seen;        /* read by the user, wherever; own lines always are */
    gboolean chat;        /* chat, or an answer to a message of ours: filed as such */
    gboolean delayed;     /* waited on the server while we were away */
    gint64 time;          /* effective date, unix seconds */
    gint64 internal_date; /* order of display: internal_date, mailbox, uid */
    char *mailbox;        /* where first seen; "" for sent ones */
    guint32 uid;
    char *text;           /* NULL while only the header is known */
    char *html;           /* the same with formatting, as the clean markup of mime/lines.h; NULL when it has none */
    char *whole;          /* text with the quotes and the signature that `text` leaves out; NULL when it leaves out nothing */
    char *subject;        /* of ordinary mail, decoded, where it says what the text and the thread do not; else NULL */
    char *topic;          /* of mail by a mail program: its subject without reply marks, "" when it has none; else NULL */
    char *thread;         /* of mail by a mail program: the id of the first message of its thread; NULL when unknown */
    char *quote;          /* the beginning of the message that this one answers, one line; NULL when it needn't be shown */
    CoiAction action;
    gint64 original;      /* the row it is about, the first version of it; 0: none or unknown */
    gint64 version;       /* of an edit or a deletion: the row that it names, the first version or an edit of it; 0: none, or nobody got this edit */
    gboolean wants_receipt; /* its sender asked for one, in a way that may be answered (COI.md section 3) */
    gint64 expires;       /* mail of machines: when any client of ours removes it from the server, unix seconds; 0: never */
    char *follows;        /* id of the message that it comes after, or NULL; kept until it was shown */
} CoiMessage;

void coi_message_free(CoiMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiMessage, coi_message_free)

/* Inserts and sets message->id. aliases: further ids of the same message (NULL-terminated, may be NULL). */
gboolean coi_messages_insert(CoiStore *store, CoiMessage *message, const char *const *aliases, GError **error);
/* An inserted message is put behind the one that it follows, and those that follow it and wait to be shown behind it, where time
 * and UID say otherwise. Two mailboxes have no order within a second: that is left to who shows. */
gboolean coi_messages_put_in_order(CoiStore *store, const CoiMessage *message, GError **error);
/* A further id of a known message. */
gboolean coi_messages_add_alias(CoiStore *store, gint64 id, const char *alias, GError **error);
/* The row of this identity (by id or alias), 0 when unknown. sender NULL: from whomever. */
gint64 coi_messages_find(CoiStore *store, const char *message_id, const char *sender);
/* TRUE if a message of ours, or chat of whomever, has this id (or alias). */
gboolean coi_messages_is_chat(CoiStore *store, const char *message_id);
/* Whole row or NULL. */
CoiMessage *coi_messages_get(CoiStore *store, gint64 id);
/* After a catch-up: what waits with COI_SHOW_BETWEEN becomes PENDING where its conversation has a pending line before and
 * one after it, else NEVER. */
gboolean coi_messages_settle_between(CoiStore *store, GError **error);
gboolean coi_messages_set_seen(CoiStore *store, gint64 id, gboolean seen, GError **error);
/* Every received line of the conversation from row first to row last (0: whatever its row) that was shown and not seen becomes seen.
 * Their ids (gint64), NULL on error. */
GArray *coi_messages_see(CoiStore *store, const char *conversation, gint64 first, gint64 last, GError **error);
/* TRUE while a received line of the conversation that was or will be shown is not seen. */
gboolean coi_messages_any_unseen(CoiStore *store, const char *conversation);
gboolean coi_messages_set_show(CoiStore *store, gint64 id, CoiShow show, GError **error);
/* Lines to show, in the order of display, at most limit, none of those with an id in skip (a GHashTable set of gint64*
 * made with g_int64_hash; may be NULL). Array of CoiMessage. */
GPtrArray *coi_messages_pending(CoiStore *store, GHashTable *skip, guint limit);
/* The ids to thread an answer by: the first known and the newest message id of the conversation, machines' left out, NULL when there is none. Owned by the
 * caller. Hash ids are never given. */
void coi_messages_thread(CoiStore *store, const char *conversation, char **first, char **last);
/* The newest message of others in the conversation, or a mail that we wrote in a mail program; mail of machines left out; or NULL. */
CoiMessage *coi_messages_newest_in(CoiStore *store, const char *conversation);
/* TRUE once a line by this address stood in its own conversation. */
gboolean coi_messages_has_written(CoiStore *store, const char *address);
/* The latest received line of the conversation that was or will be shown and has more than that to it: quotes or a signature that were
 * left out, or a text of more than `longest` bytes. 0: none. */
gint64 coi_messages_latest_shortened(CoiStore *store, const char *conversation, gsize longest);
/* The latest line of the conversation that was or will be shown, 0: none. */
gint64 coi_messages_latest_line(CoiStore *store, const char *conversation);

/* Where copies lie: (mailbox, uid) → message, and whether that copy has \Seen. Replaces an older entry of the same place. */
gboolean coi_messages_add_place(CoiStore *store, gint64 id, const char *mailbox, guint32 uid, gboolean seen, GError **error);
/* The copy's flag has changed. */
gboolean coi_messages_set_place_seen(CoiStore *store, const char *mailbox, guint32 uid, gboolean seen, GError **error);
/* The copy's flag as last told; FALSE also for an unknown place. */
gboolean coi_messages_place_seen(CoiStore *store, const char *mailbox, guint32 uid);
gboolean coi_messages_remove_place(CoiStore *store, const char *mailbox, guint32 uid, GError **error);
/* TRUE if a copy lies in mailbox. */
gboolean coi_messages_lies_in(CoiStore *store, gint64 id, const char *mailbox);
/* Where its copies lie in mailbox: UIDs (guint32), ascending. Owned by the caller. */
GArray *coi_messages_places(CoiStore *store, gint64 id, const char *mailbox);
gboolean coi_messages_forget_places(CoiStore *store, const char *mailbox, GError **error);
/* TRUE if this UID of this mailbox was looked at before and is a message of ours. */
gint64 coi_messages_at(CoiStore *store, const char *mailbox, guint32 uid);
/* Texts of messages older than before (unix seconds) that need not be shown and lie on the server are dropped; ids stay for matching. */
gboolean coi_messages_drop_texts(CoiStore *store, gint64 before, GError **error);
