/* Reports of machines about a mail: receipts (MDN, RFC 8098) and delivery reports (DSN, RFC 3464, and the letters that
 * mail servers write instead). Pure, hostile input welcome. */
#pragma once
#include "mime/parse.h"

typedef enum {
    COI_REPORT_MDN, /* what became of the mail at a reader's */
    COI_REPORT_DSN  /* … on its way there */
} CoiReportKind;

typedef enum {
    COI_REPORT_OTHER,     /* nothing that is to be told: deleted unread, refused by the reader, unknown words */
    COI_REPORT_DISPLAYED, /* MDN */
    COI_REPORT_DELIVERED, /* in the recipient's mailbox */
    COI_REPORT_RELAYED,   /* handed over to a server that tells no more */
    COI_REPORT_EXPANDED,  /* handed over to several, such as a list's members */
    COI_REPORT_DELAYED,   /* still on its way */
    COI_REPORT_FAILED
} CoiReportAction;

/* What a report says about one recipient. */
typedef struct {
    char *address;  /* whom the sender had written to, canonical; else where the mail ended up; NULL when not told */
    CoiReportAction action;
    char *status;   /* enhanced status code, "5.1.1"; also taken out of the words; NULL when there is none */
    char *words;    /* what the server said, for people: one line of UTF-8, bounded; NULL when nothing */
} CoiReportRecipient;

typedef struct {
    CoiReportKind kind;
    gboolean from_nobody;  /* its Return-Path is <>, as a report's is */
    GStrv ids;             /* by any of these the mail may be known, without <>; never NULL */
    GPtrArray *recipients; /* CoiReportRecipient, in the order of the report, at least one */
} CoiReport;

/* What the mail reports; NULL when it is no report, or not one that could be understood, or tells of deliveries and a person has sent it. bytes: the whole mail, or its
 * beginning. */
CoiReport *coi_report_parse(const guint8 *bytes, gsize length);
void coi_report_free(CoiReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiReport, coi_report_free)
