/* What became of our messages at those they were sent to, as far as anybody has told. */
#pragma once
#include "store/store.h"

typedef enum {
    COI_RECEIPT_NONE,
    COI_RECEIPT_DELAYED,   /* still on its way, a server says */
    COI_RECEIPT_FAILED,    /* it will not arrive, a server says */
    COI_RECEIPT_DELIVERED, /* in the recipient's mailbox, a server says */
    COI_RECEIPT_READ       /* the recipient says so */
} CoiReceipt;

/* One recipient of one message: the latest that is known, and when (unix seconds). NONE with time 0 when nothing is. */
CoiReceipt coi_receipts_get(CoiStore *store, gint64 message, const char *address, gint64 *time);
/* Notes it unless something is known that weighs more: anybody can write what a server says, so nothing but a word of the recipient's
 * follows a message that was read. *news: it was noted. */
gboolean coi_receipts_note(CoiStore *store, gint64 message, const char *address, CoiReceipt receipt, gint64 time, gboolean *news,
                           GError **error);
/* A recipient has read a message that is not known here yet: kept until it is, but no more than the newest few hundred. */
gboolean coi_receipts_keep(CoiStore *store, const char *message_id, const char *address, gint64 time, GError **error);
/* The message is known now: *time (unix seconds) of what was kept, which is taken out, or 0. */
gboolean coi_receipts_take(CoiStore *store, const char *message_id, const char *address, gint64 *time, GError **error);
/* The newest message of ours in the conversation that somebody got or will get, 0: none. */
gint64 coi_receipts_last_own(CoiStore *store, const char *conversation);

/* What we owe others: messages (rows, gint64) of the conversation that ask for a receipt (CoiMessage.wants_receipt) and were read here. */
GArray *coi_receipts_owed(CoiStore *store, const char *conversation);
/* No receipt is owed for the message any more. */
gboolean coi_receipts_settle(CoiStore *store, gint64 message, GError **error);
/* TRUE once something of ours stood in the conversation. */
gboolean coi_receipts_may_know(CoiStore *store, const char *conversation);
