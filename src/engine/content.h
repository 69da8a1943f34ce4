/* What of a mail becomes a line. Pure. */
#pragma once
#include "mime/parse.h"
#include "store/messages.h"

/* Stands for what is on the server and was not fetched. */
#define COI_CONTENT_MORE "[…]"

/* The subject of an ordinary mail where it is news: it begins a thread, or changes that of the thread; else NULL. known: the subject of the
 * mail that it answers ("" when that had none), NULL when we know none. Owned by the caller. */
char *coi_content_subject(const CoiHeaders *headers, const char *known);

/* Sets text, html and whole of a message that has none, and takes its subject away where the text says it. Files, mails that were passed
 * on and appointments stand below the text, named in words. mail NULL: it can't be read. cut: only its beginning was fetched. */
void coi_content_fill(CoiMessage *message, const CoiMail *mail, gboolean cut);
