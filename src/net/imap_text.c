#include "net/imap_text.h"

#include "net/wire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Servers must take lines of 8192 bytes (RFC 7162 section 4), and a name has to leave room. */
#define MAX_ARGUMENT 4096

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char *coi_imap_quote(const char *text, GError **error)
{
    if (!coi_wire_check_argument(text, MAX_ARGUMENT, error))
        return NULL;
    GString *quoted = g_string_new("\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *text);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

/* modified UTF-7 */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Bits collected while the shift sequence runs. */
typedef struct {
    guint32 bits;
    guint count;
    gboolean open;
} Shift;

static void shift_put(Shift *shift, GString *out, guint16 unit)
{
    if (!shift->open)
        g_string_append_c(out, '&');
    shift->open = TRUE;
    shift->bits = (shift->bits << 16) | unit;
    for (shift->count += 16; shift->count >= 6; shift->count -= 6)
        g_string_append_c(out, base64[(shift->bits >> (shift->count - 6)) & 63]);
}

static void shift_end(Shift *shift, GString *out)
{
    if (!shift->open)
        return;
    if (shift->count > 0)
        g_string_append_c(out, base64[(shift->bits << (6 - shift->count)) & 63]);
    g_string_append_c(out, '-');
    *shift = (Shift){0};
}

char *coi_imap_utf7_encode(const char *utf8)
{
    if (!g_utf8_validate(utf8, -1, NULL))
        return NULL;
    GString *out = g_string_new(NULL);
    Shift shift = {0};
    for (const char *at = utf8; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c >= 0x20 && c < 0x7f) {
            shift_end(&shift, out);
            g_string_append(out, c == '&' ? "&-" : (char[]){(char)c, '\0'});
        } else if (c < 0x10000) {
            shift_put(&shift, out, (guint16)c);
        } else {
            shift_put(&shift, out, (guint16)(0xd800 + ((c - 0x10000) >> 10)));
            shift_put(&shift, out, (guint16)(0xdc00 + ((c - 0x10000) & 0x3ff)));
        }
    }
    shift_end(&shift, out);
    return g_string_free(out, FALSE);
}

/* Appends one UTF-16 unit; high holds a surrogate that waits for its other half. FALSE when the sequence is wrong. */
static gboolean put_unit(GString *out, guint16 unit, guint16 *high)
{
    if (*high != 0) {
        if (unit < 0xdc00 || unit > 0xdfff)
            return FALSE;
        g_string_append_unichar(out, 0x10000 + ((gunichar)(*high - 0xd800) << 10) + (unit - 0xdc00));
        *high = 0;
        return TRUE;
    }
    if (unit >= 0xd800 && unit <= 0xdbff) {
        *high = unit;
        return TRUE;
    }
    if ((unit >= 0xdc00 && unit <= 0xdfff) || unit == 0 || (unit >= 0x20 && unit < 0x7f))
        return FALSE;
    g_string_append_unichar(out, unit);
    return TRUE;
}

/* Decodes from behind '&' to behind '-'; NULL when malformed. */
static const char *decode_shift(const char *at, GString *out)
{
    guint32 bits = 0;
    guint count = 0;
    guint16 high = 0;
    for (; *at != '-'; at++) {
        const char *digit = *at == '\0' ? NULL : strchr(base64, *at);
        if (digit == NULL)
            return NULL;
        bits = (bits << 6) | (guint32)(digit - base64);
        count += 6;
        if (count < 16)
            continue;
        count -= 16;
        if (!put_unit(out, (guint16)(bits >> count), &high))
            return NULL;
    }
    if (high != 0 || count >= 6 || (bits & ((1u << count) - 1)) != 0)
        return NULL;
    return at + 1;
}

char *coi_imap_utf7_decode(const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *at = name; *at != '\0';) {
        if (*at == '&' && at[1] == '-') {
            g_string_append_c(out, '&');
            at += 2;
        } else if (*at == '&') {
            if ((at = decode_shift(at + 1, out)) == NULL)
                return NULL;
        } else if (*at >= 0x20 && *at < 0x7f) {
            g_string_append_c(out, *at++);
        } else {
            return NULL;
        }
    }
    return g_strdup(out->str);
}

char *coi_imap_set(const guint32 *uids, gsize n)
{
    GString *set = g_string_new(NULL);
    for (gsize i = 0; i < n;) {
        gsize last = i;
        while (last + 1 < n && uids[last + 1] == uids[last] + 1)
            last++;
        g_string_append_printf(set, i > 0 ? ",%u" : "%u", uids[i]);
        if (last > i)
            g_string_append_printf(set, ":%u", uids[last]);
        i = last + 1;
    }
    return g_string_free(set, FALSE);
}

static gint compare_uids(gconstpointer a, gconstpointer b)
{
    guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;
    return left < right ? -1 : left > right;
}

void coi_imap_tidy(GArray *uids, guint32 first)
{
    guint kept = 0;
    g_array_sort(uids, compare_uids);
    for (guint i = 0; i < uids->len; i++) {
        guint32 uid = g_array_index(uids, guint32, i);
        if (uid >= MAX(first, 1) && (kept == 0 || g_array_index(uids, guint32, kept - 1) != uid))
            g_array_index(uids, guint32, kept++) = uid;
    }
    g_array_set_size(uids, kept);
}

gboolean coi_imap_includes(const guint32 *uids, gsize n, guint32 uid)
{
    return n > 0 && bsearch(&uid, uids, n, sizeof uid, compare_uids) != NULL;
}

gboolean coi_imap_is_flag(const char *flag)
{
    const char *atom = flag + (*flag == '\\');
    if (*atom == '\0')
        return FALSE;
    for (; *atom != '\0'; atom++)
        if (!g_ascii_isgraph(*atom) || strchr("(){%*\"\\]", *atom) != NULL)
            return FALSE;
    return TRUE;
}

/* dates */

static void broken_down(gint64 seconds, struct tm *tm)
{
    time_t clamped = (time_t)CLAMP(seconds, 0, G_GINT64_CONSTANT(253402300799));
    gmtime_r(&clamped, tm);
}

char *coi_imap_date_time(gint64 seconds)
{
    struct tm tm;
    broken_down(seconds, &tm);
    return g_strdup_printf("\"%2d-%s-%04d %02d:%02d:%02d +0000\"", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
                           tm.tm_hour, tm.tm_min, tm.tm_sec);
}

char *coi_imap_date(gint64 seconds)
{
    struct tm tm;
    broken_down(seconds, &tm);
    return g_strdup_printf("%d-%s-%04d", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900);
}

gint64 coi_imap_seconds(int year, int month, int day, int hour, int minute, int second, int zone)
{
    if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 24 ||
        minute < 0 || minute > 59 || second < 0 || second > 60 || zone < -9959 || zone > 9959)
        return 0;
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    gint64 offset = ((gint64)(zone / 100) * 60 + zone % 100) * 60;
    return MAX((gint64)timegm(&tm) - offset, 0);
}

/* lines */

char *coi_imap_words(const char *text, gsize length)
{
    g_autofree char *copy = g_strndup(text, length);
    return g_strstrip(coi_wire_printable(copy));
}

/* What follows OK, NO, BAD or BYE: [CODE arguments] text. */
static void parse_text(const char *text, gsize length, CoiImapLine *line)
{
    line->words = coi_imap_words(text, length);
    if (line->words[0] != '[')
        return;
    gsize end = strcspn(line->words + 1, " ]");
    if (line->words[end + 1] != '\0' && end > 0)
        line->code = g_ascii_strup(line->words + 1, (gssize)end);
}

/* TRUE if text begins with word and a space or the end follows; rest is what is behind. */
static gboolean take_word(const char *text, gsize length, const char *word, const char **rest)
{
    gsize n = strlen(word);
    if (length < n || g_ascii_strncasecmp(text, word, n) != 0 || (length > n && text[n] != ' '))
        return FALSE;
    *rest = text + n + (length > n ? 1 : 0);
    return TRUE;
}

static gboolean announces_literal(const char *text, gsize length)
{
    if (length < 3 || text[length - 1] != '}')
        return FALSE;
    gsize at = length - 2;
    if (text[at] == '+' && at > 0)
        at--;
    gsize digits = 0;
    for (; at > 0 && g_ascii_isdigit(text[at]); at--)
        digits++;
    return digits > 0 && text[at] == '{';
}

/* Whether one of FETCH's items is FLAGS. Text in quotes may look like it: that costs a question too many. */
static gboolean tells_flags(const char *items, gsize length)
{
    static const char key[] = "FLAGS (";
    for (gsize i = 1; i + sizeof key - 1 <= length; i++)
        if ((items[i - 1] == '(' || items[i - 1] == ' ') && g_ascii_strncasecmp(items + i, key, sizeof key - 1) == 0)
            return TRUE;
    return FALSE;
}

static void parse_untagged(const char *text, gsize length, CoiImapLine *line)
{
    const char *rest;
    if (take_word(text, length, "BYE", &rest)) {
        line->kind = COI_LINE_BYE;
        parse_text(rest, (gsize)(text + length - rest), line);
        return;
    }
    /* Status lines are text to their end; whatever else announces a literal needs more than this line. */
    if (take_word(text, length, "OK", &rest) || take_word(text, length, "BAD", &rest))
        return;
    if (take_word(text, length, "NO", &rest)) {
        line->kind = COI_LINE_WARNING;
        return;
    }
    if (announces_literal(text, length)) {
        line->kind = COI_LINE_LITERAL;
        return;
    }
    if (take_word(text, length, "STATUS", &rest)) {
        line->kind = COI_LINE_STATUS;
        line->words = g_strndup(rest, (gsize)(text + length - rest));
        return;
    }
    char *end = NULL;
    guint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;
    if (end == NULL || *end != ' ' || number > G_MAXUINT32)
        return;
    gsize left = (gsize)(text + length - (end + 1));
    line->number = (guint32)number;
    if (take_word(end + 1, left, "EXISTS", &rest))
        line->kind = COI_LINE_EXISTS;
    else if (take_word(end + 1, left, "EXPUNGE", &rest))
        line->kind = COI_LINE_EXPUNGE;
    else if (take_word(end + 1, left, "FETCH", &rest) && tells_flags(rest, (gsize)(text + length - rest)))
        line->kind = COI_LINE_FLAGS;
}

void coi_imap_line_parse(const char *text, guint tag, CoiImapLine *line)
{
    static const struct {
        const char *word;
        CoiImapLineKind kind;
    } answers[] = {{"OK", COI_LINE_OK}, {"NO", COI_LINE_NO}, {"BAD", COI_LINE_BAD}};
    *line = (CoiImapLine){.kind = COI_LINE_OTHER};
    gsize length = strcspn(text, "\r\n");
    const char *rest;
    if (take_word(text, length, "*", &rest)) {
        parse_untagged(rest, (gsize)(text + length - rest), line);
        return;
    }
    if (take_word(text, length, "+", &rest)) {
        line->kind = COI_LINE_CONTINUE;
        line->words = g_strndup(rest, (gsize)(text + length - rest));
        return;
    }
    char tag_text[16];
    g_snprintf(tag_text, sizeof tag_text, "%u", tag);
    if (!take_word(text, length, tag_text, &rest))
        return;
    gsize left = (gsize)(text + length - rest);
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        const char *words;
        if (!take_word(rest, left, answers[i].word, &words))
            continue;
        line->kind = answers[i].kind;
        parse_text(words, (gsize)(text + length - words), line);
        return;
    }
}

void coi_imap_line_clear(CoiImapLine *line)
{
    g_clear_pointer(&line->code, g_free);
    g_clear_pointer(&line->words, g_free);
    line->kind = COI_LINE_OTHER;
}
