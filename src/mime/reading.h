/* Which parts of a mail a person reads in place, and what stands in them. Pure. Private to this room. */
#pragma once
#include "mime/lines.h"
#include "mime/part.h"

/* A part that is read in place, not named as an attachment. */
gboolean coi_reading_is_shown(const CoiPart *part);

/* The part's text, decoded and clean: valid UTF-8, "\n" lines, no control character but \n and \t; flowed paragraphs joined. Html as
 * it stands. Owned by the caller. */
char *coi_reading_text(const CoiPart *part);

/* The lines of all parts that are read in place; of alternatives the plain one, else the html one. Names of files that stand in
 * their text are added to files (char*). */
CoiLines *coi_reading_lines(const GPtrArray *parts, GPtrArray *files);

/* The lines of the html alternative to the plain text of a chat message; NULL when there is none or it isn't the same text but data
 * for programs. */
CoiLines *coi_reading_html(const GPtrArray *parts);
