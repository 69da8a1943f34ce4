/* The words by which mail programs set apart what they quote, forward and sign, in the languages that they speak. Pure. Private to
 * this room. */
#pragma once
#include <glib.h>

/* text in lower case, with single spaces, without "*" and what nobody sees; NULL when it is longer than any such words are. Owned by
 * the caller. All functions below want it so. */
char *coi_quote_normal(const char *text, gsize length);

/* How sure it is that a line introduces a quote. */
typedef enum {
    COI_ATTRIBUTION_NONE,
    COI_ATTRIBUTION_WEAK,  /* if a quote follows */
    COI_ATTRIBUTION_DATED, /* the same, and it says when: it is whole */
    COI_ATTRIBUTION_FULL   /* when, who with address, and that they wrote: whatever follows */
} CoiAttribution;

/* "On …, … wrote:" */
CoiAttribution coi_quote_attribution(const char *normal);
/* Does it begin as an attribution does ("on …")? */
gboolean coi_quote_begins_attribution(const char *normal);
/* Is it the end of something that began in the line before ("alice@example.org> wrote:", "wrote:")? */
gboolean coi_quote_is_continued(const char *normal);

/* The fields of the header block that Outlook and others put above a quote. */
typedef enum { COI_LABEL_NONE, COI_LABEL_FROM, COI_LABEL_DATE, COI_LABEL_TO, COI_LABEL_CC, COI_LABEL_SUBJECT } CoiLabel;

/* Of a line as it stands (not normal): "From: …". */
CoiLabel coi_quote_label(const char *text, gsize length);

/* "-----Original Message-----" */
gboolean coi_quote_is_original(const char *normal);
/* "---------- Forwarded message ---------", "Begin forwarded message:" */
gboolean coi_quote_is_forward(const char *normal);
/* "Sent from my iPhone" */
gboolean coi_quote_is_mobile(const char *normal);
