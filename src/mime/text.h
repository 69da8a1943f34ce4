/* Bytes and strings that came from outside → text that may be shown. Pure. Private to this room. */
#pragma once
#include <glib.h>

/* bytes in charset (a MIME name; NULL: none given) → valid UTF-8, what can't be read as U+FFFD. Unknown charsets are
 * read as UTF-8 where that fits, else as Windows-1252. May hold NULs and any control character. Owned by the caller. */
GString *coi_text_from_charset(const guint8 *bytes, gsize length, const char *charset);

/* A body that may be shown: CRLF and CR become "\n"; NUL and all control characters but \n and \t are dropped. text is
 * valid UTF-8 but may hold NULs. Owned by the caller. */
char *coi_text_clean(const char *text, gsize length);

/* Trailing empty lines (also of spaces only) cut off in place. Returns text. */
char *coi_text_trim_end(char *text);

/* One line of a header that may be shown: valid UTF-8, white space collapsed to single spaces and trimmed, no control
 * character, no bidi control (U+202A-202E, U+2066-2069: they make one name look like another). Owned by the caller. */
char *coi_text_line(const char *text);

/* Cuts valid UTF-8 in place to at most limit bytes, never inside a character. Returns text. */
char *coi_text_truncate(char *text, gsize limit);

/* White space, or nothing that anybody sees. */
gboolean coi_text_is_space(gunichar c);

/* What stands in text from `from` on can't turn the direction of writing of what follows: overrides and embeddings are taken out,
 * isolates that are still open at the end are closed there. */
void coi_text_close_bidi(GString *text, gsize from);

/* Appends text as markup that shows exactly that (one line: no line ends in it). */
void coi_text_escape(GString *markup, const char *text, gsize length);
