/* Plain text → the lines that a person reads. Pure. Private to this room. */
#pragma once
#include "mime/lines.h"

/* Appends text (valid UTF-8, "\n" lines, no controls) to lines. ">" marks become the lines' depth of quotation and stay in the text.
 * Files that stand in the text by uuencode are left out; their names are added to files (char*). */
void coi_plain_read(CoiLines *lines, const char *text, GPtrArray *files);
