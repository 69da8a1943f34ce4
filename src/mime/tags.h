/* HTML → tokens, cut where the HTML standard cuts them. Pure, one pass whatever the input is. Private to this room.
 * Not a library's parser: those close elements by walking the open ones at every tag, which a hostile mail makes slow, read
 * Outlook's "<![if …]>" as text, and differ from version to version. No tree is needed for reading. */
#pragma once
#include <glib.h>

typedef enum { COI_TAGS_TEXT, COI_TAGS_START, COI_TAGS_END } CoiTagsKind;

typedef struct {
    CoiTagsKind kind;
    char name[24];     /* of START and END: lower case, cut */
    const char *begin; /* TEXT: the text, with its references; else the attributes */
    const char *end;
    gboolean literal;  /* TEXT of an element whose text has no references (<xmp>, …) */

    const char *next, *limit; /* what is left */
    const char *raw;          /* the open element whose content is text up to its end tag; or NULL */
} CoiTags;

/* [html, html + length) is valid UTF-8 and outlives tags. */
void coi_tags_init(CoiTags *tags, const char *html, gsize length);

/* The next token; FALSE at the end. Comments, declarations and what is no tag for want of its ">" are passed over, and so are script
 * and style with all that is in them. */
gboolean coi_tags_next(CoiTags *tags);

/* The value of a START's attribute (name in lower case), its references resolved; NULL when it has none. Owned by the caller. */
char *coi_tags_attribute(const CoiTags *tags, const char *name);

/* Appends text with its references resolved. */
void coi_tags_decode(const char *text, const char *end, gboolean in_attribute, GString *out);
