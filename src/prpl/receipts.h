/* What the other side's receipts, and servers' reports, look like to the user. Main thread. */
#pragma once
#include "prpl/connection.h"

/* COI_EVENT_STATE, READ: one quiet line behind the latest message of ours, where the conversation is open. */
void coi_receipts_read(CoiConnection *connection, const CoiEvent *event);
/* COI_EVENT_STATE, DELAYED and BOUNCED. */
void coi_receipts_delayed(CoiConnection *connection, const CoiEvent *event);
void coi_receipts_bounced(CoiConnection *connection, const CoiEvent *event);
/* COI_EVENT_RECEIPT. */
void coi_receipts_told(CoiConnection *connection, const CoiEvent *event);
/* The command /receipt. */
void coi_receipts_ask(CoiConnection *connection, const char *peer, const char *argument);
