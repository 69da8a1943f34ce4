/* What an element's attributes say about its looks, reduced to what a chat shows. Pure. Private to this room. */
#pragma once
#include "mime/tags.h"

typedef struct {
    gboolean hidden;             /* not for a person's eyes */
    gboolean bold, italic, underline, strike;
    gboolean tight;              /* no empty line around a paragraph */
    gboolean upright;            /* not bold although the element is */
    char color[8];               /* "#rrggbb", or "" for none worth showing */
    int size;                    /* 1 to 7 as <font> counts, 0: none worth showing */
} CoiStyle;

void coi_style_read(CoiStyle *style, const CoiTags *tags);

/* A font's name as it may stand in an attribute; NULL when nothing is left of it. Owned by the caller. */
char *coi_style_face(const char *value);

/* A color of HTML or CSS as "#rrggbb". FALSE for one that we don't know, and for those that vanish on a background of the
 * client's choice or are the usual color of text: nearly black, white and grey. */
gboolean coi_style_color(const char *value, char color[8]);

/* The value of <font size>; 0 for the usual one. Not so small that it can't be read. */
int coi_style_size(const char *value);
