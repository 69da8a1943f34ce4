/* Text → header fields (RFC 5322, RFC 2047). Pure. Private to this room. GMime's encoders aren't used: they mix encoded
 * and plain words and choose the charset, and here every byte that leaves is to be known. */
#pragma once
#include <glib.h>

/* Unstructured text (one line, valid UTF-8) as it may stand in a field: itself when it is harmless ASCII, else encoded
 * words. Owned by the caller. */
char *coi_encode_text(const char *text);

/* The same for a display name: an atom, a quoted string or encoded words. */
char *coi_encode_name(const char *name);

/* Appends "name: value" CRLF, folded at spaces so that lines stay within 78 columns where spaces allow it. FALSE, and
 * nothing appended, when value holds anything but printable ASCII and spaces or a line would exceed 998 bytes: the last
 * gate against header injection. */
gboolean coi_encode_field(GString *out, const char *name, const char *value);
