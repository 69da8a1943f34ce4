/* Message-IDs within header fields. Pure. Private to this room. */
#pragma once
#include <glib.h>

/* What may stand in an id: it must come back byte for byte in what we send. */
gboolean coi_ids_is_one(const char *id, gsize length);

/* The ids between < and >, in order; of more than the limit the first and the last ones. value may be NULL. Owned by the
 * caller. */
GStrv coi_ids_scan(const char *value);

/* The one id of a header, or NULL; some programs leave the brackets out. Owned by the caller. */
char *coi_ids_scan_one(const char *value);

/* Ids parted by anything; Delta Chat writes several between one pair of brackets. Owned by the caller. */
GStrv coi_ids_scan_loose(const char *value);
