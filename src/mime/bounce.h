/* Letters in which mail servers say in words what became of a mail: qmail's, Exim's, Exchange's and others that send no
 * delivery report. Pure. Private to this room. */
#pragma once
#include "mime/part.h"
#include "mime/report.h"

/* Adds the recipients of whom the text (UTF-8, "\n" lines) speaks, one without an address when it names none. subject and failed
 * (X-Failed-Recipients) may be NULL. */
void coi_bounce_read(const char *text, const char *subject, const char *failed, GPtrArray *recipients);

/* The header of the mail that the letter is about, where it stands in the letter's own text; NULL when it doesn't. */
const char *coi_bounce_original(const char *text);

/* What a server said, as one line for people; NULL when nothing is left. Owned by the caller. */
char *coi_bounce_words(const char *text);

/* The first enhanced status code in words, "5.1.1"; NULL when there is none. Owned by the caller. */
char *coi_bounce_status(const char *words);
