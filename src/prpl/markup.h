/* Text between libpurple (HTML) and mail (plain text). Pure: no libpurple. */
#pragma once
#include <glib.h>

/* What a client hands to send_im, as plain text: tags are dropped, <br> and the starts of blocks are line breaks, a
 * link whose text differs from its address is followed by the address, entities are resolved, everything else stays,
 * leading spaces and line breaks too. The result is valid UTF-8, owned by the caller. */
char *coi_markup_to_text(const char *html);

/* Plain text, whatever it holds, as HTML that shows exactly that: escaped, control characters left out, "\n" as <br>.
 * Cut after `limit` bytes of text at a character, with `note` (plain text) on a line of its own. */
char *coi_markup_from_text(const char *text, gsize limit, const char *note);

/* How many "<" stand in html. */
guint coi_markup_count_tags(const char *html);

/* At most so many links would be made of what looks like an address in html. */
guint coi_markup_count_links(const char *html);

/* html for a reader that resolves its entities twice. Owned by the caller. */
char *coi_markup_escape_again(const char *html);
