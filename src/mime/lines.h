/* What a person reads of a mail, line by line, as text and as markup at once. Pure. Private to this room.
 * Readers of parts (plain.h, html.h) write it, quote.h folds lines away, and what is left is put together here. */
#pragma once
#include <glib.h>

/* What the writer's program says about a line. */
typedef enum {
    COI_MARK_NONE,
    COI_MARK_CITED,       /* it is quoted */
    COI_MARK_ATTRIBUTION, /* it says who wrote what is quoted below */
    COI_MARK_HEADER       /* here begins all that it quotes, with the header of the mail that is answered */
} CoiMark;

typedef struct {
    gsize text, length;        /* in CoiLines.text, without its line end */
    gsize content;             /* behind its quote marks, from `text` on */
    gsize markup, markup_length; /* in CoiLines.markup; none for a line of plain text */
    guint quotes;              /* how deep it is quoted */
    CoiMark mark;
    gboolean first;            /* of a part */
    gboolean from_html;
    gboolean blank;            /* nothing to see behind the quote marks */
    gboolean folded;           /* left out unless all is asked for */
} CoiLine;

typedef struct {
    GString *text, *markup;
    GArray *lines;       /* CoiLine */
    gboolean part_begins;/* the next line is a part's first one */
} CoiLines;

CoiLines *coi_lines_new(void);
void coi_lines_free(CoiLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiLines, coi_lines_free)

/* What comes is another part's, apart from what is there by an empty line. */
void coi_lines_begin_part(CoiLines *lines);

/* Takes what was appended to lines->text (and ->markup) since the last line as a line. content: as in CoiLine. Whatever turns the
 * direction of writing is ended with the line, or left out. */
CoiLine *coi_lines_end_line(CoiLines *lines, guint quotes, gsize content, gboolean from_html);

/* The text of a line behind its quote marks; not terminated. */
const char *coi_line_content(const CoiLines *lines, const CoiLine *line, gsize *length);

gboolean coi_lines_any_folded(const CoiLines *lines);
/* Is there something to see in what isn't folded? */
gboolean coi_lines_any_shown(const CoiLines *lines);
void coi_lines_unfold(CoiLines *lines);

/* The text; all: the folded lines too. Trailing empty lines are cut. Owned by the caller, never NULL. */
char *coi_lines_text(const CoiLines *lines, gboolean all);

/* The unfolded lines as markup, "<br>" between them: b i u s sub sup, a with href, font with color, face or size, each balanced
 * within its line. NULL when there is no formatting in them. Owned by the caller. */
char *coi_lines_markup(const CoiLines *lines);
