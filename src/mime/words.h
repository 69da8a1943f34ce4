/* Encoded words (RFC 2047) → UTF-8. Pure. Private to this room.
 * Not GMime's: 3.2.13 reads neighbouring base64 words as one stream and loses all behind the first padding, which is
 * the usual form of every longer subject. */
#pragma once
#include <glib.h>

/* An unstructured value with its encoded words decoded: valid UTF-8 without NULs, what is raw 8-bit read as UTF-8 or
 * Windows-1252. May hold control characters. Owned by the caller. */
char *coi_words_decode(const char *value);

/* The value with each run of encoded words replaced by one that GMime reads right. Owned by the caller. */
char *coi_words_merge(const char *value);
