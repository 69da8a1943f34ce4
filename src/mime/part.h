/* A mail's MIME structure as a flat list. Pure. Private to this room.
 * It is taken apart here, not by GMime's parser: ranges of the raw bytes and a work list instead of recursion, limits
 * before any cost, and a nested mail stays a leaf whose address headers nobody parses. GMime reads the values and
 * decodes. */
#pragma once
#include <glib.h>

typedef struct {
    char *media;       /* "text/plain", lower case */
    char *charset;     /* as given, or NULL */
    char *boundary;    /* or NULL */
    char *filename;    /* raw, decoded UTF-8, or NULL */
    char *encoding;    /* Content-Transfer-Encoding, or NULL */
    gboolean attached; /* Content-Disposition: attachment */
    gboolean has_content; /* Chat-Content: what it is beside text, says the writer's program */
    gboolean flowed, delsp;
    const guint8 *header; /* where the part begins */
    const guint8 *body; /* still encoded; points into the mail */
    gsize length;
    guint depth;
    int alternative;    /* the index of the outermost multipart/alternative around it, or -1 */
    gboolean of_report; /* in a multipart/report, but not its first part */
    gboolean digested;  /* a child of multipart/digest: a mail unless it says otherwise */
    gboolean is_multipart;
} CoiPart;

/* Every part in the order of the text, at most COI_LIMIT_MIME_PARTS, nested at most COI_LIMIT_MIME_DEPTH; a multipart
 * stands before its children. A part whose own header exceeds the limits is left out. Array of CoiPart*, owned by the
 * caller; NULL with COI_ERROR_LIMIT when the first header does. */
GPtrArray *coi_parts_scan(const guint8 *bytes, gsize length, GError **error);

/* The body without its transfer encoding (base64 or quoted-printable; others as it stands). Owned by the caller. */
GByteArray *coi_part_decode(const CoiPart *part);
