/* HTML mail → the lines that a person reads. Pure. Nothing remote is loaded, no entity but HTML's own is known. Private to this room. */
#pragma once
#include "mime/lines.h"

/* Appends html (valid UTF-8 without NULs) to lines. Paragraphs, line breaks, lists ("- ", "1. ") and quotes ("> ") become lines. In
 * the text, a link is followed by its address in parentheses where it says something else; in the markup, only where it lies
 * about its target. Links that may do more than open a page, a mail or a chat are their text; scripts, styles, pictures and what
 * is hidden from the eyes are left out. */
void coi_html_read(CoiLines *lines, const char *html);
