/* Asking the server often, for a while, instead of waiting until it tells by itself: some hold back what IDLE tells (Dovecot: 500 ms).
 * COI.md section 10. */
#pragma once
#include "net/imap.h"

typedef struct {
    gint64 until;   /* monotonic; 0: in no hurry */
    gint64 next_at; /* monotonic; when it is asked next */
} CoiImapHurry;

/* Begins, goes on or ends: until when (monotonic; 0: no more). */
void coi_imap_hurry(CoiImapHurry *hurry, gint64 until);
/* Milliseconds until the server is to be asked; -1: in no hurry. */
gint64 coi_imap_hurry_patience(const CoiImapHurry *hurry);
/* Asks if it is time to, or ends when the time is over. *lags: it is over because the server took too long. FALSE when the session
 * is over. */
gboolean coi_imap_hurry_ask(CoiImapHurry *hurry, CoiImap *imap, gboolean *lags, GError **error);
