/* HTML mail → the text that a person reads. Pure. Nothing remote is loaded, no entity but HTML's own is known. */
#pragma once
#include <glib.h>

/* html is valid UTF-8 without NULs. Paragraphs, line breaks, lists ("- ", "1. ") and quotes ("> ") become lines; a link
 * whose text differs from its address is written "text (address)"; script, style and hidden elements are dropped. What
 * is nested too deeply ends the reading. Owned by the caller, never NULL. */
char *coi_html_to_text(const char *html);
