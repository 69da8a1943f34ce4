/* What the peer may send before libetpan sees it: a pure state machine over the bytes received, fed at any split.
 *
 * libetpan has no limit of its own and parses parentheses recursively (ETPAN.md section 4). The guard therefore has to
 * agree with it about what is a literal: whatever it skips as a literal is not looked at. Where the two could disagree
 * it refuses: a literal is believed only on an untagged line of a kind that carries literals, written exactly {n} CRLF.
 * Any parser of ours that takes a line as plain text must likewise refuse a line that ends in a literal's announcement.
 */
#pragma once
#include <glib.h>

/* Each line costs this much of the budget beyond its bytes: a 6-byte response becomes a list element of libetpan's. */
#define COI_GUARD_LINE_COST 128u
/* Opened and not closed, quoted ones included: holds even if libetpan saw a quotation mark elsewhere than we did.
 * 5,000 levels need 2 MiB of the thread's 8. */
#define COI_GUARD_RAW_DEPTH 5000u

typedef struct {
    gboolean imap;
    guint64 spent;     /* bytes and line costs since the command began */
    gsize line_length; /* of the logical line, literals not counted */
    guint64 literal;   /* bytes of the current literal still to come */
    guint depth, raw_depth;
    gboolean quoted, escaped;
    gboolean bracket; /* the line has a '[' */
    guint tail;       /* how far the line's end looks like {n} CRLF */
    guint64 number;
    guint prefix_length;
    char prefix[32]; /* the line's beginning, which says of what kind it is */
} CoiGuard;

/* imap: all limits; otherwise only SMTP's line length. */
void coi_guard_init(CoiGuard *guard, gboolean imap);
/* A new command: the response budget starts anew. */
void coi_guard_begin_command(CoiGuard *guard);
/* FALSE with COI_ERROR_LIMIT when the peer exceeded a limit: none of these bytes may be used then. */
gboolean coi_guard_feed(CoiGuard *guard, const char *bytes, gsize length, GError **error);
