/* HTML's elements and what they mean to a reader. Pure. Private to this room. */
#pragma once
#include "mime/lines.h"
#include "mime/tags.h"

typedef enum {
    COI_HTML_PHRASE,    /* within a line */
    COI_HTML_BLOCK,     /* on lines of its own */
    COI_HTML_PARAGRAPH, /* with an empty line around */
    COI_HTML_BREAK,
    COI_HTML_RULE,
    COI_HTML_UL,
    COI_HTML_OL,
    COI_HTML_ITEM,
    COI_HTML_CELL,
    COI_HTML_ANCHOR,
    COI_HTML_IMAGE
} CoiHtmlKind;

/* What is true of the text in an element. The first ones are formats, in the order in which their tags are written. */
typedef enum {
    COI_HTML_BOLD,
    COI_HTML_ITALIC,
    COI_HTML_UNDERLINE,
    COI_HTML_STRIKE,
    COI_HTML_SUB,
    COI_HTML_SUP,
    COI_HTML_FORMATS, /* how many formats there are */
    COI_HTML_HIDDEN = COI_HTML_FORMATS,
    COI_HTML_QUOTE,
    COI_HTML_CITED,
    COI_HTML_ATTRIBUTION,
    COI_HTML_PRE,
    COI_HTML_LIST,
    COI_HTML_LINK,
    COI_HTML_EFFECTS /* how many effects there are */
} CoiHtmlEffect;

typedef struct {
    const char *name;
    CoiHtmlKind kind;
    guint effects;    /* 1 << CoiHtmlEffect */
    int size;         /* of its font, 0: as around it */
    gboolean phrase;  /* closes alone, whatever was opened in it */
    gboolean empty;   /* has no content and no end tag */
    gboolean implied; /* ends where the next of its kind begins */
} CoiHtmlElement;

extern const CoiHtmlElement coi_html_elements[];
extern const guint coi_html_elements_count;

/* Its index in coi_html_elements; -1 for one that means nothing here. */
int coi_html_element(const char *name);

/* What the common mail programs say by the classes and ids of their elements. */
CoiMark coi_html_mark(const CoiTags *tags);
