/* The texts of IMAP (RFC 3501), as pure functions: strings for commands, mailbox names, sequence sets, dates, and
 * single lines of an answer. No I/O. Returned strings are owned by the caller. */
#pragma once
#include <glib.h>

/* Every string of ours that goes into a command passes here: quoted, with escapes. NULL with COI_ERROR_INVALID when it
 * is overlong or holds a control character: CR or LF would begin a command of somebody else's making. 8-bit bytes pass:
 * some servers name mailboxes so. */
char *coi_imap_quote(const char *text, GError **error);

/* A mailbox name in modified UTF-7 (RFC 3501 5.1.3). NULL when utf8 isn't valid UTF-8. */
char *coi_imap_utf7_encode(const char *utf8);
/* The reverse. NULL when name is malformed: bad base64, a lone surrogate, NUL, or ASCII that was encoded. */
char *coi_imap_utf7_decode(const char *name);

/* "1:3,7" for ascending uids without duplicates; n > 0. */
char *coi_imap_set(const guint32 *uids, gsize n);

/* Sorts UIDs (guint32) and leaves out 0, doubles and what is below first. */
void coi_imap_tidy(GArray *uids, guint32 first);
/* Whether uid is among n ascending ones. */
gboolean coi_imap_includes(const guint32 *uids, gsize n, guint32 uid);

/* Whether flag can go into a command as it is: an atom, or a backslash and an atom. */
gboolean coi_imap_is_flag(const char *flag);

/* RFC 3501 date-time in UTC, in its quotes: "\" 1-Feb-2024 10:00:00 +0000\"". Seconds outside of the years 1970-9999
 * become the nearest bound. */
char *coi_imap_date_time(gint64 seconds);
/* RFC 3501 date: "1-Feb-2024". */
char *coi_imap_date(gint64 seconds);
/* Unix seconds of a date-time's parts (zone as written: -130 for -0130); 0 when they make no date. */
gint64 coi_imap_seconds(int year, int month, int day, int hour, int minute, int second, int zone);

typedef enum {
    COI_LINE_OTHER,    /* untagged, or somebody else's tag: not ours to understand */
    COI_LINE_CONTINUE, /* "+": words is what follows */
    COI_LINE_EXISTS,   /* number */
    COI_LINE_EXPUNGE,  /* number */
    COI_LINE_FLAGS,    /* a FETCH that tells flags: number */
    COI_LINE_STATUS,   /* words: what follows, as it is */
    COI_LINE_WARNING,  /* an untagged NO */
    COI_LINE_BYE,
    COI_LINE_OK, /* these three with our tag: code, words */
    COI_LINE_NO,
    COI_LINE_BAD,
    COI_LINE_LITERAL /* ends in the announcement of a literal: can't be taken line by line */
} CoiImapLineKind;

typedef struct {
    CoiImapLineKind kind;
    guint32 number;
    char *code;  /* response code in upper case, without its arguments; or NULL */
    char *words; /* for people, code included: valid UTF-8, one line, bounded; for CONTINUE and STATUS the bytes as they
                    are. Or NULL */
} CoiImapLine;

/* Looks at one line (with or without its CRLF) while `tag` is under way. Never fails; clear with coi_imap_line_clear.
 */
void coi_imap_line_parse(const char *text, guint tag, CoiImapLine *line);
void coi_imap_line_clear(CoiImapLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CoiImapLine, coi_imap_line_clear)

/* Text of the server made fit for people: valid UTF-8, one line, bounded. */
char *coi_imap_words(const char *text, gsize length);
