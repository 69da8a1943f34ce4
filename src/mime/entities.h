/* HTML's character references. Pure. Private to this room. */
#pragma once
#include <glib.h>

/* Appends the character that the reference at p ("&…", before end) stands for. Its end, or NULL, and nothing appended, when it is
 * none that we know. in_attribute: as attributes' values are read, where "&" often stands for itself. */
const char *coi_entity_decode(const char *p, const char *end, gboolean in_attribute, GString *out);
