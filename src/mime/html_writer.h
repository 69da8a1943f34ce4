/* The lines of an html mail in the making: white space as a browser sees it, text and markup side by side. Pure. Private to this
 * room; html.c knows the elements and says what is wanted. */
#pragma once
#include "mime/html_elements.h"

typedef struct {
    char color[8]; /* "" for none */
    char *face;    /* or NULL */
    int size;      /* 0 for none */
} CoiHtmlFont;

/* How text is formatted. */
typedef struct {
    guint effects; /* 1 << CoiHtmlEffect, below COI_HTML_FORMATS */
    guint font;    /* index into fonts */
    gboolean link;
} CoiHtmlFormat;

typedef struct {
    CoiLines *lines;

    /* set by html.c */
    CoiHtmlFormat wanted;
    guint quotes;
    CoiMark mark;
    gboolean header;    /* the next line begins what the mail quotes */
    guint pre;          /* white space counts */
    GArray *list_numbers; /* guint: the next number of each open list, 0: not numbered */
    gboolean item;      /* a list's item begins: its bullet is due */

    /* the writer's own */
    GArray *fonts;      /* CoiHtmlFont; the first one is the usual */
    gsize markup_limit;
    gboolean plain;     /* no markup any more */
    CoiHtmlFormat format; /* of the markup written so far */
    guint newlines;     /* line ends that are due before the next text */
    gboolean space;     /* a space is due before the next text */
    gboolean began;     /* something was written */
    gboolean at_start;  /* of a line */
    gsize content;      /* of the line: where its quote marks end */
    guint line_quotes;
    CoiMark line_mark;
    char *link;         /* the open link's address, or NULL */
    GString *link_text; /* its text so far, cut */
    gsize link_markup;  /* where its tag was written, G_MAXSIZE: it wasn't */
    guint link_line;    /* and in which line */
} CoiHtmlWriter;

/* html_length: how much is to come; the markup is kept in proportion to it. */
void coi_html_writer_init(CoiHtmlWriter *writer, CoiLines *lines, gsize html_length);
/* Ends the last line. */
void coi_html_writer_finish(CoiHtmlWriter *writer);

/* The font's index; takes font.face. */
guint coi_html_writer_font(CoiHtmlWriter *writer, CoiHtmlFont font);

void coi_html_writer_text(CoiHtmlWriter *writer, const char *text);
/* At least so many line ends before the next text. */
void coi_html_writer_due(CoiHtmlWriter *writer, guint newlines);
void coi_html_writer_break(CoiHtmlWriter *writer);
void coi_html_writer_cell(CoiHtmlWriter *writer);

/* What follows leads to address (taken; as coi_link_clean() made it, or NULL). */
void coi_html_writer_begin_link(CoiHtmlWriter *writer, char *address);
void coi_html_writer_end_link(CoiHtmlWriter *writer);
