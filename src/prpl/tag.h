/* libpurple's HTML, piece by piece: what markup.c and format.c read and write. Pure: no libpurple. */
#pragma once
#include <glib.h>

/* A tag, as far as it matters here. */
typedef struct {
    char name[16]; /* lower case, "/" first when it ends an element */
    const char *attributes;
    gsize length; /* of the attributes */
} CoiTag;

/* Reads the tag at html ("<…"). Its end, or NULL when this is no tag but a lonely "<". */
const char *coi_tag_read(const char *html, CoiTag *tag);

/* It begins a line. */
gboolean coi_tag_is_block(const CoiTag *tag);

/* The attribute's value with its entities resolved, or NULL. Owned by the caller. */
char *coi_tag_attribute(const CoiTag *tag, const char *name);

/* Resolves the entity at p ("&…") into text. Its end, or NULL when it is none that we know. */
const char *coi_entity_read(const char *p, GString *text);

/* Clients make links of what looks like one ("ann@x.org" → mailto:, "www.x.org" → http://): no news for the reader. */
gboolean coi_link_is_implied(const char *href, const char *shown);

/* text (valid UTF-8) as HTML: escaped, "\n" as <br>, control characters left out. */
void coi_tag_append_escaped(GString *html, const char *text);
