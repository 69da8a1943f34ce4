/* The outbox: finished bytes and what has become of them, recipient by recipient. */
#pragma once
#include "store/store.h"

typedef enum { COI_OUT_QUEUED, COI_OUT_SENT, COI_OUT_FAILED } CoiOutState;
/* The own copy on the server, a state of its own. */
typedef enum { COI_COPY_NONE, COI_COPY_WANTED, COI_COPY_DONE, COI_COPY_GIVEN_UP } CoiCopyState;

typedef struct {
    gint64 id;          /* row; also the message's row id in messages */
    char *message_id;
    char *conversation;
    gint64 created;     /* unix seconds */
    CoiOutState state;
    guint attempts;
    gint64 next_attempt;/* unix seconds; 0: at once */
    char *last_reply;   /* the server's or network's words; NULL when none */
    CoiCopyState copy;
    guint copy_attempts;
    GStrv recipients;   /* those not yet final: what the next attempt addresses */
    GBytes *mail;       /* NULL once sent and copied */
} CoiOutgoing;

void coi_outgoing_free(CoiOutgoing *outgoing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiOutgoing, coi_outgoing_free)

/* Inserts a queued mail for message row id. */
gboolean coi_outbox_insert(CoiStore *store, gint64 id, GBytes *mail, const char *const *recipients, gboolean want_copy, gint64 created,
                           GError **error);
CoiOutgoing *coi_outbox_get(CoiStore *store, gint64 id);
/* The next mail that may go: queued, due at now, the oldest queued one of its conversation, not in `busy` (set of gint64*).
 * NULL when none. */
CoiOutgoing *coi_outbox_next(CoiStore *store, gint64 now, GHashTable *busy);
/* When the next queued mail becomes due (unix seconds), -1 when none. */
gint64 coi_outbox_next_due(CoiStore *store);
/* One recipient is final: delivered (reply NULL) or refused (reply: the server's words). */
gboolean coi_outbox_recipient_done(CoiStore *store, gint64 id, const char *address, gboolean accepted, const char *reply, GError **error);
/* After an attempt: recomputes the state from the recipients (all final: SENT when at least one was accepted, else FAILED);
 * else QUEUED with attempts+1, next_attempt and reply. The new state. */
gboolean coi_outbox_attempted(CoiStore *store, gint64 id, gint64 next_attempt, const char *reply, CoiOutState *state, GError **error);
/* Gives up: FAILED, reply kept. */
gboolean coi_outbox_fail(CoiStore *store, gint64 id, const char *reply, GError **error);
/* Of the messages that are this one or are about it (CoiMessage.original), those that FAILED are taken out: nobody got them, and /retry
 * shall not send them any more. *never_sent: this one was among them. */
gboolean coi_outbox_withdraw(CoiStore *store, gint64 id, gboolean *never_sent, GError **error);
/* /retry: every FAILED mail of the conversation (its unaccepted recipients) is queued again,
 * as if created now, and queued ones become due at once. Returns how many mails that are, -1 on error. */
int coi_outbox_retry(CoiStore *store, const char *conversation, gint64 now, GError **error);
/* Every queued mail becomes due at once (the network is back). */
gboolean coi_outbox_all_due(CoiStore *store, GError **error);
/* The oldest mail that is sent and whose copy is wanted and not in busy, or NULL. */
CoiOutgoing *coi_outbox_next_copy(CoiStore *store, GHashTable *busy);
/* copy_attempts+1 and the new state; DONE and GIVEN_UP drop the bytes of a SENT mail. */
gboolean coi_outbox_copy_attempted(CoiStore *store, gint64 id, CoiCopyState state, GError **error);
/* How many mails are queued, for Connection Details and tests. */
guint coi_outbox_count(CoiStore *store, CoiOutState state);
