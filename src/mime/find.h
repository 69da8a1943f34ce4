/* Finding words in texts as a person means it: whatever the case, however accents and widths are encoded. Pure. */
#pragma once
#include <glib.h>

/* The words of what the user typed: separated by white space, everything else (quote marks, too) belongs to a word; at most 16, each
 * of at most 200 bytes. Valid UTF-8 without control characters. Owned by the caller, never NULL. */
GStrv coi_find_words(const char *typed);

/* TRUE when each word occurs in one of n texts (NULLs are passed over). Valid UTF-8. */
gboolean coi_find_all(const GStrv words, const char *const *texts, guint n);

/* About `limit` characters of text around the first place where one of words occurs, as coi_snippet gives them; without such a place
 * the text's beginning. Owned by the caller. */
char *coi_find_snippet(const GStrv words, const char *text, guint limit);
