/* Lines that are about another one, in words. Main thread. */
#pragma once
#include "store/messages.h"

/* html: what the message says by itself. What is to be shown instead: with its label, and with a short quote of what it is about.
 * Owned by the caller. */
char *coi_relation_html(const CoiMessage *message, const char *html);
