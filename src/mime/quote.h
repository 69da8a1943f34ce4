/* What of a mail its writer didn't write for this reader: quotes of earlier mails and signatures. Pure. Private to this room.
 * Better too much is shown than a word too little: only what the common mail programs mark by their own known forms is folded away
 * (quote_words.h), and never what stands under or between a quote that is answered in place. */
#pragma once
#include "mime/lines.h"

typedef struct {
    gboolean is_reply;   /* by its header: quotes are to be expected */
    gboolean is_forward; /* by its subject: what seems to be quoted is what it was sent for */
} CoiQuoteHints;

/* Marks lines as folded. Everything may be. */
void coi_quote_fold(CoiLines *lines, const CoiQuoteHints *hints);
