/* Links: which may be followed, and which lie. Pure. Private to this room. */
#pragma once
#include <glib.h>

/* The address that an html link leads to, made fit for an attribute: one line without spaces, quotes, <, > and control characters
 * (these percent-encoded). NULL when a click on it might do more than open a page, a mail or a chat, or for nothing but a place
 * in the same mail. Owned by the caller. */
char *coi_link_clean(const char *href);

/* Do text and address say the same, so that the address needs no mention? "example.org" and "https://www.example.org/" do. */
gboolean coi_link_says(const char *text, const char *address);

/* Does the text name another place than the address leads to? What is no address itself names none. */
gboolean coi_link_lies(const char *text, const char *address);
