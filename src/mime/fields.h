/* The fields of a header block, as they stand. Pure. Private to this room.
 * A scanner of our own comes before GMime, because its parser must not see a block beyond our limits, and because ids
 * and hashes need the raw bytes. */
#pragma once
#include <glib.h>

typedef struct {
    const char *name; /* points into the scanned bytes; not terminated */
    gsize name_length;
    const char *value; /* raw, still folded; without the final line end */
    gsize value_length;
} CoiField;

/* The fields before the first empty line; lines that are no fields are skipped. *body is where the body begins (length
 * when there is no empty line). Array of CoiField that lives as long as bytes. NULL with COI_ERROR_LIMIT. */
GArray *coi_fields_scan(const guint8 *bytes, gsize length, gsize *body, GError **error);

/* How many bytes stand before the first empty line. */
gsize coi_fields_block(const guint8 *bytes, gsize length);

/* The first field of that name, unfolded and trimmed, without NULs and line ends; otherwise raw, 8-bit too. NULL when
 * there is none. Owned by the caller. */
char *coi_fields_get(const GArray *fields, const char *name);

/* All fields of that name, separated by ", ". NULL when there is none. Owned by the caller. */
char *coi_fields_get_all(const GArray *fields, const char *name);

gboolean coi_fields_has(const GArray *fields, const char *name);
