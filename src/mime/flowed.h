/* format=flowed (RFC 3676), DelSp off. Pure. */
#pragma once
#include <glib.h>

/* UTF-8 text with "\n" lines → body with CRLF lines, soft breaks at spaces so that no line exceeds 78 columns where a space
 * allows it; a longer word stays whole (without DelSp nothing else comes back as it was), so that such a body needs a
 * transfer encoding. Space-stuffed. Lines that the user typed end hard: trailing spaces of a line (but "-- ") are cut.
 * Owned by the caller. */
char *coi_flowed_encode(const char *text);

/* The reverse: quoted (">") lines are joined only within their depth and keep their ">" marks; "-- " is no soft break.
 * delsp: the parameter's value. */
char *coi_flowed_decode(const char *body, gboolean delsp);
