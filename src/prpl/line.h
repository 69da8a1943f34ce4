/* A message as the client is given it. */
#pragma once
#include <conversation.h>

#include "prpl/connection.h"

/* HTML that clients may be given: whose line it is where that isn't clear, what it is about, its subject and its text, with its
 * formatting where the client shows it. What is too long is cut, and says how to see the rest. flags: what the client must be told with
 * it is added. Owned by the caller. */
char *coi_line_html(CoiConnection *connection, const CoiMessage *message, PurpleMessageFlags *flags);

/* html (taken) as the client must be given it, so that what is text in it stays text; flags: as above. Owned by the caller. */
char *coi_line_guard(char *html, PurpleMessageFlags *flags);
