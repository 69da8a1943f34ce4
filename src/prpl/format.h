/* What the user formatted. Pure: no libpurple. */
#pragma once
#include <glib.h>

/* What a client hands to send_im, as clean markup that any mail program and any client may be given: <b> <i> <u> <s>, <font> with color,
 * face and size, <a href>, <br>, well nested, everything else left out. NULL when nothing of it is formatting: then the plain text says
 * all; links that a client made of addresses aren't. Owned by the caller. */
char *coi_format_clean(const char *html);
