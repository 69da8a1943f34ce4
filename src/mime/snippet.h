/* The beginning of a text, for places that have no room for more. Pure. */
#pragma once
#include <glib.h>

/* The first `limit` characters of text (valid UTF-8, which is cut with an ellipsis) in one line without control characters, at a word
 * where that leaves enough, never between a character and what is written onto it. "" for a text without anything to see.
 * Owned by the caller. */
char *coi_snippet(const char *text, guint limit);
