/* Text as markup. Pure. */
#pragma once
#include <glib.h>

/* Markup that shows text (valid UTF-8, "\n" lines) and nothing else: escaped, "<br>" for line ends. Owned by the caller. */
char *coi_markup_of_text(const char *text);
