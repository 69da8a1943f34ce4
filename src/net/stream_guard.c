#include "net/stream_guard.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* The end of a line as a literal's announcement. DIRTY is what only a lenient parser would take for one. */
enum { TAIL_NONE, TAIL_OPEN, TAIL_DIGITS, TAIL_PLUS, TAIL_CLOSED, TAIL_CR, TAIL_DIRTY_OPEN, TAIL_DIRTY };

/* Untagged responses whose grammar has strings in it; FETCH comes after a number. */
static const char *const literal_kinds[] = {"FETCH",     "LIST",       "LSUB",    "XLIST", "STATUS",
                                            "METADATA",  "NAMESPACE",  "ID",      "QUOTA", "ACL",
                                            "QUOTAROOT", "LISTRIGHTS", "MYRIGHTS"};
static const char *const text_kinds[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};

static gboolean fail(GError **error, const char *what)
{
    g_set_error(error, COI_ERROR, COI_ERROR_LIMIT, "the server sent %s", what);
    return FALSE;
}

static void start_line(CoiGuard *guard)
{
    guard->line_length = 0;
    guard->depth = guard->raw_depth = 0;
    guard->quoted = guard->escaped = guard->bracket = FALSE;
    guard->tail = TAIL_NONE;
    guard->prefix_length = 0;
}

void coi_guard_init(CoiGuard *guard, gboolean imap)
{
    memset(guard, 0, sizeof *guard);
    guard->imap = imap;
}

void coi_guard_begin_command(CoiGuard *guard)
{
    guard->spent = 0;
}

/* Copies the response's name of an untagged line ("* 12 FETCH (" gives FETCH); FALSE where there is none. */
static gboolean line_kind(const CoiGuard *guard, char kind[sizeof guard->prefix])
{
    const char *p = guard->prefix, *end = p + guard->prefix_length;
    if (end - p < 2 || p[0] != '*' || p[1] != ' ')
        return FALSE;
    p += 2;
    const char *digits = p;
    while (p < end && g_ascii_isdigit(*p))
        p++;
    if (p > digits && (p == end || *p++ != ' '))
        return FALSE;
    gsize n = 0;
    while (p < end && g_ascii_isalpha(*p))
        kind[n++] = *p++;
    kind[n] = '\0';
    return n > 0 && p < end;
}

static gboolean one_of(const char *kind, const char *const *kinds, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (g_ascii_strcasecmp(kind, kinds[i]) == 0)
            return TRUE;
    return FALSE;
}

/* A line ended like a literal's announcement: literal, mere text, or neither for sure. */
static gboolean end_with_announcement(CoiGuard *guard, GError **error)
{
    char kind[sizeof guard->prefix];
    gboolean untagged = guard->prefix_length > 0 && (guard->prefix[0] == '*' || g_ascii_isspace(guard->prefix[0]));
    gboolean known = line_kind(guard, kind);
    if (!untagged || (known && one_of(kind, text_kinds, G_N_ELEMENTS(text_kinds)))) {
        /* Only a response code could hold a string, so without one this is text for people. */
        if (guard->bracket)
            return fail(error, "a literal in a response code");
        start_line(guard);
        return TRUE;
    }
    if (!known || !one_of(kind, literal_kinds, G_N_ELEMENTS(literal_kinds)) || guard->tail != TAIL_CR || guard->quoted)
        return fail(error, "a literal where none belongs");
    if (guard->number > COI_LIMIT_IMAP_LITERAL)
        return fail(error, "too large a literal");
    guard->literal = guard->number;
    guard->tail = TAIL_NONE;
    return TRUE;
}

static guint next_tail(CoiGuard *guard, char c)
{
    if (c == '{') {
        guard->number = 0;
        return TAIL_OPEN;
    }
    gboolean blank = c == ' ' || c == '\t' || c == '\r';
    switch (guard->tail) {
    case TAIL_OPEN:
    case TAIL_DIGITS:
        if (g_ascii_isdigit(c)) {
            /* Saturates: libetpan's own number would wrap. */
            guard->number = MIN(guard->number * 10 + (guint64)(c - '0'), G_MAXUINT32);
            return TAIL_DIGITS;
        }
        if (guard->tail == TAIL_DIGITS && c == '+')
            return TAIL_PLUS;
        if (guard->tail == TAIL_DIGITS && c == '}')
            return TAIL_CLOSED;
        return blank || c == '+' || c == '-' ? TAIL_DIRTY_OPEN : c == '}' ? TAIL_DIRTY : TAIL_NONE;
    case TAIL_PLUS:
        return c == '}' ? TAIL_CLOSED : blank ? TAIL_DIRTY_OPEN : TAIL_NONE;
    case TAIL_CLOSED:
        return c == '\r' ? TAIL_CR : blank ? TAIL_DIRTY : TAIL_NONE;
    case TAIL_DIRTY_OPEN:
        return c == '}'                                              ? TAIL_DIRTY
               : blank || c == '+' || c == '-' || g_ascii_isdigit(c) ? TAIL_DIRTY_OPEN
                                                                     : TAIL_NONE;
    case TAIL_CR:
    case TAIL_DIRTY:
        return blank ? TAIL_DIRTY : TAIL_NONE;
    default:
        return TAIL_NONE;
    }
}

static gboolean count_parenthesis(CoiGuard *guard, char c, GError **error)
{
    if (c == '(') {
        if (++guard->raw_depth > COI_GUARD_RAW_DEPTH || (!guard->quoted && ++guard->depth > COI_LIMIT_IMAP_DEPTH))
            return fail(error, "too deeply nested a list");
    } else {
        guard->raw_depth -= guard->raw_depth > 0;
        guard->depth -= !guard->quoted && guard->depth > 0;
    }
    return TRUE;
}

static gboolean feed_char(CoiGuard *guard, char c, GError **error)
{
    if (c == '\n') {
        guard->spent += COI_GUARD_LINE_COST;
        if (guard->tail >= TAIL_CLOSED && guard->tail != TAIL_DIRTY_OPEN)
            return end_with_announcement(guard, error);
        start_line(guard);
        return TRUE;
    }
    if (++guard->line_length > COI_LIMIT_IMAP_LINE)
        return fail(error, "too long a line");
    if (c == '\0')
        return fail(error, "a NUL outside a literal");
    if (guard->prefix_length < sizeof guard->prefix)
        guard->prefix[guard->prefix_length++] = c;
    guard->tail = next_tail(guard, c);
    guard->bracket |= c == '[';
    if (c == '(' || c == ')')
        if (!count_parenthesis(guard, c, error))
            return FALSE;
    if (guard->escaped)
        guard->escaped = FALSE;
    else if (c == '\\')
        guard->escaped = guard->quoted;
    else if (c == '"')
        guard->quoted = !guard->quoted;
    return TRUE;
}

static gboolean feed_imap(CoiGuard *guard, const char *bytes, gsize length, GError **error)
{
    guard->spent += length;
    for (gsize i = 0; i < length;) {
        if (guard->literal > 0) {
            gsize skipped = MIN(guard->literal, length - i);
            guard->literal -= skipped;
            i += skipped;
        } else if (!feed_char(guard, bytes[i++], error)) {
            return FALSE;
        }
    }
    return guard->spent <= COI_LIMIT_IMAP_RESPONSE || fail(error, "too long an answer");
}

gboolean coi_guard_feed(CoiGuard *guard, const char *bytes, gsize length, GError **error)
{
    if (guard->imap)
        return feed_imap(guard, bytes, length, error);
    for (gsize i = 0; i < length; i++) {
        guard->line_length = bytes[i] == '\n' ? 0 : guard->line_length + 1;
        if (guard->line_length > COI_LIMIT_SMTP_LINE)
            return fail(error, "too long a line");
    }
    return TRUE;
}
