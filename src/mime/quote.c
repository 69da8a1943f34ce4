#include "mime/quote.h"

#include "mime/quote_words.h"

#include <string.h>

/* Lines of an attribution that was wrapped, and of a header block. */
#define LIMIT_ATTRIBUTION 3u
#define LIMIT_HEADER 12u
/* Empty lines between an attribution and its quote. */
#define LIMIT_GAP 3u
/* A signature of more lines isn't one. */
#define LIMIT_SIGNATURE 60u
/* Attributions looked for in one mail, and lines read for words and labels: a hostile one stops here. */
#define LIMIT_LOOKS 500u
#define LIMIT_READ 10000u

/* The last byte of "：". */
#define FULL_WIDTH_COLON_END 0x9A

/* Ranges of lines are [begin, end) everywhere. */
typedef struct {
    CoiLines *lines;
    guint looks, read;
} Fold;

typedef struct {
    guint begin, end;
    guint attribution;  /* where the lines begin that introduce it; `begin` when there are none before it */
    gboolean attributed;/* something says that it is quoted */
} Run;

static CoiLine *line_at(const Fold *fold, guint i)
{
    return &g_array_index(fold->lines->lines, CoiLine, i);
}

static gboolean is_quoted(const CoiLine *line)
{
    return line->quotes > 0 || line->mark == COI_MARK_CITED;
}

static void fold_away(Fold *fold, guint begin, guint end)
{
    for (guint i = begin; i < end; i++)
        line_at(fold, i)->folded = TRUE;
}

/* Lines [begin, end) as one, normal. NULL when that is too long. Owned by the caller. */
static char *normal(Fold *fold, guint begin, guint end)
{
    g_autoptr(GString) joined = NULL;
    gsize length;
    const char *text = coi_line_content(fold->lines, line_at(fold, begin), &length);

    if (end == begin + 1)
        return coi_quote_normal(text, length);
    joined = g_string_new(NULL);
    for (guint i = begin; i < end; i++) {
        text = coi_line_content(fold->lines, line_at(fold, i), &length);
        g_string_append_len(joined, text, (gssize)MIN(length, 4096));
        g_string_append_c(joined, ' ');
    }
    return coi_quote_normal(joined->str, joined->len);
}

static gboolean line_is(Fold *fold, guint i, gboolean (*test)(const char *normal))
{
    g_autofree char *words = fold->read++ < LIMIT_READ ? normal(fold, i, i + 1) : NULL;

    return words != NULL && test(words);
}

/* --- where something begins below which nothing is the writer's own --- */

/* Five dashes or the like: cheap to see. */
static gboolean is_ruled(Fold *fold, const CoiLine *line)
{
    gsize length;
    const char *text = coi_line_content(fold->lines, line, &length);

    return length >= 3 && (memcmp(text, "---", 3) == 0 || memcmp(text, "___", 3) == 0 || memcmp(text, "===", 3) == 0);
}

/* Only where a paragraph begins, in plain text; html says so itself or ends a line without an empty one. */
static gboolean may_begin_header(Fold *fold, guint i, guint begin)
{
    const CoiLine *before = i > begin ? line_at(fold, i - 1) : NULL;

    return before == NULL || before->blank || line_at(fold, i)->from_html || is_ruled(fold, before);
}

/* "From: …", "Sent: …", "To: …", "Subject: …" in any language, from line i on. */
static gboolean is_header_block(Fold *fold, guint i, guint end)
{
    guint seen = 0;

    for (guint n = i; n < end && n < i + LIMIT_HEADER && !line_at(fold, n)->blank; n++) {
        gsize length;
        const char *text = coi_line_content(fold->lines, line_at(fold, n), &length);
        CoiLabel label = fold->read++ < LIMIT_READ ? coi_quote_label(text, length) : COI_LABEL_NONE;

        if (n == i && label != COI_LABEL_FROM && label != COI_LABEL_DATE)
            return FALSE;
        seen |= label != COI_LABEL_NONE ? 1u << label : 0;
    }
    return (seen & 1u << COI_LABEL_FROM) && (seen & 1u << COI_LABEL_DATE) &&
           (seen & (1u << COI_LABEL_TO | 1u << COI_LABEL_SUBJECT));
}

/* Outlook's way: a header block, a line of dashes with words, or what html says. end: there is none. */
static guint find_header(Fold *fold, guint begin, guint end)
{
    for (guint i = begin; i < end; i++) {
        const CoiLine *line = line_at(fold, i);

        if (line->blank || is_quoted(line))
            continue;
        if (line->mark == COI_MARK_HEADER || (is_ruled(fold, line) && line_is(fold, i, coi_quote_is_original)) ||
            (may_begin_header(fold, i, begin) && is_header_block(fold, i, end)))
            return i;
    }
    return end;
}

/* A mark above the mail that is passed on. In a quote it only counts where nothing says that this was written by others. */
static guint find_forward(Fold *fold, guint begin, guint end)
{
    gboolean in_quote = FALSE;

    for (guint i = begin; i < end; i++) {
        const CoiLine *line = line_at(fold, i);
        gsize length;
        const char *text = coi_line_content(fold->lines, line, &length);
        gboolean first_quoted = is_quoted(line) && !in_quote;

        if (line->blank)
            continue;
        in_quote = is_quoted(line);
        if (length < 7 || (in_quote && !first_quoted))
            continue;
        if ((is_ruled(fold, line) || text[length - 1] == ':' || (guchar)text[length - 1] == FULL_WIDTH_COLON_END) &&
            line_is(fold, i, coi_quote_is_forward))
            return i;
    }
    return end;
}

/* Lines of dashes and empty ones above line i belong to what begins there. */
static guint with_rule_above(Fold *fold, guint i, guint begin)
{
    guint start = i;

    for (guint n = i; n > begin && i - n < LIMIT_GAP; n--) {
        const CoiLine *line = line_at(fold, n - 1);

        if (!line->blank && !is_ruled(fold, line))
            break;
        if (!line->blank)
            start = n - 1;
    }
    return start;
}

/* --- signatures --- */

static gboolean is_separator(Fold *fold, const CoiLine *line)
{
    gsize length;
    const char *text = coi_line_content(fold->lines, line, &length);

    if (line->quotes > 0)
        return FALSE;
    if (line->from_html) /* where spaces at the end get lost */
        return (length == 2 || (length == 3 && text[2] == ' ')) && memcmp(text, "--", 2) == 0;
    return (length == 3 && memcmp(text, "-- ", 3) == 0) || (length == 5 && memcmp(text, "- -- ", 5) == 0);
}

static void fold_signatures(Fold *fold, guint begin, guint end)
{
    for (guint i = begin; i < end; i++) {
        guint stop = i + 1, filled = 0;

        if (!is_separator(fold, line_at(fold, i)))
            continue;
        while (stop < end && !is_quoted(line_at(fold, stop)))
            filled += !line_at(fold, stop++)->blank;
        if (filled <= LIMIT_SIGNATURE)
            fold_away(fold, i, stop);
        i = stop - 1;
    }
}

static gboolean begins(const char *text, gsize length, const char *word)
{
    return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* The armor of a signature within the text. */
static void fold_armor(Fold *fold, guint begin, guint end)
{
    static const char signed_message[] = "-----BEGIN PGP SIGNED MESSAGE-----", signature[] = "-----BEGIN PGP SIGNATURE-----",
                      last[] = "-----END PGP SIGNATURE-----";
    gboolean in_armor = FALSE, in_fields = FALSE;

    for (guint i = begin; i < end; i++) {
        CoiLine *line = line_at(fold, i);
        gsize length;
        const char *text = coi_line_content(fold->lines, line, &length);

        if (line->quotes > 0)
            continue;
        in_fields = (in_fields && !line->blank) || begins(text, length, signed_message);
        in_armor |= begins(text, length, signature);
        line->folded |= in_armor || in_fields;
        in_armor = in_armor && !begins(text, length, last);
    }
}

/* The last lines of what is left of the writer's own, if a phone wrote them. */
static void fold_mobile(Fold *fold, guint begin, guint end)
{
    guint lines = 0;

    for (guint i = end; i > begin && lines < 2; i--) {
        CoiLine *line = line_at(fold, i - 1);

        if (line->blank || line->folded)
            continue;
        if (is_quoted(line) || (!line_is(fold, i - 1, coi_quote_is_mobile) && !is_ruled(fold, line)))
            return;
        if (is_ruled(fold, line)) /* between the two of Outlook's */
            continue;
        line->folded = TRUE;
        lines++;
    }
}

/* --- quotes --- */

/* The lines that end before `end` and introduce what stands there: their beginning, or `end`. */
static guint attribution_before(Fold *fold, guint begin, guint end)
{
    guint found = end;
    gboolean continued = FALSE;

    if (fold->looks >= LIMIT_LOOKS)
        return end;
    fold->looks++;
    for (guint n = 1; n <= LIMIT_ATTRIBUTION && n <= end - begin && !line_at(fold, end - n)->blank; n++) {
        gboolean paragraph = end - n == begin || line_at(fold, end - n - 1)->blank;
        g_autofree char *words = normal(fold, end - n, end);
        CoiAttribution sure = words != NULL ? coi_quote_attribution(words) : COI_ATTRIBUTION_NONE;

        if (words == NULL)
            break;
        if (sure != COI_ATTRIBUTION_NONE && (n == 1 || coi_quote_begins_attribution(words) || (continued && paragraph)))
            found = end - n;
        if (sure >= COI_ATTRIBUTION_DATED && found == end - n)
            break;
        continued = n == 1 ? coi_quote_is_continued(words) : continued;
        if (sure == COI_ATTRIBUTION_NONE && !continued)
            break;
    }
    return found;
}

/* Finds what introduces a run: before it, or in its first lines. */
static void find_attribution(Fold *fold, Run *run, guint begin)
{
    guint end = run->begin, first = run->begin;

    while (end > begin && run->begin - end < LIMIT_GAP && line_at(fold, end - 1)->blank)
        end--;
    run->attribution = run->begin;
    if (end > begin && line_at(fold, end - 1)->mark == COI_MARK_ATTRIBUTION) {
        while (end > begin && line_at(fold, end - 1)->mark == COI_MARK_ATTRIBUTION)
            end--;
        run->attribution = end;
    } else if (end > begin && !is_quoted(line_at(fold, end - 1))) {
        guint found = attribution_before(fold, begin, end);

        run->attribution = found < end ? found : run->begin;
    }
    run->attributed = run->attribution < run->begin;
    while (first < run->end && line_at(fold, first)->blank)
        first++;
    for (guint n = 1; n <= LIMIT_ATTRIBUTION && first + n <= run->end && !run->attributed; n++)
        run->attributed = attribution_before(fold, first, first + n) == first;
    for (guint i = run->begin; i < run->end && !run->attributed; i++)
        run->attributed = line_at(fold, i)->mark == COI_MARK_CITED;
}

static GArray *find_runs(Fold *fold, guint begin, guint end)
{
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(Run));

    for (guint i = begin; i < end; i++) {
        Run run = {.begin = i};

        if (!is_quoted(line_at(fold, i)))
            continue;
        for (run.end = i + 1; i < end && (is_quoted(line_at(fold, i)) || line_at(fold, i)->blank); i++)
            if (is_quoted(line_at(fold, i)))
                run.end = i + 1;
        find_attribution(fold, &run, runs->len > 0 ? g_array_index(runs, Run, runs->len - 1).end : begin);
        if (runs->len > 0 && g_array_index(runs, Run, runs->len - 1).attributed)
            run.attributed = TRUE; /* the same quote goes on */
        g_array_append_val(runs, run);
    }
    return runs;
}

/* A mailing list's foot isn't the writer's either, but nothing that they have quoted: it stays and counts for nothing. */
static gboolean is_foot(Fold *fold, guint i)
{
    gsize length;
    const char *text = coi_line_content(fold->lines, line_at(fold, i), &length);

    return length >= 20 && strspn(text, "_") >= 20;
}

/* Behind the last line of [begin, end) that the writer wrote. */
static guint end_of_own(Fold *fold, guint begin, guint end, const GArray *runs)
{
    guint own = begin, next = 0;

    for (guint i = begin; i < end; i++) {
        while (next < runs->len && g_array_index(runs, Run, next).end <= i)
            next++;
        if (next < runs->len && g_array_index(runs, Run, next).attribution <= i) {
            i = g_array_index(runs, Run, next).end - 1;
            continue;
        }
        if (is_foot(fold, i) && end - i <= LIMIT_HEADER && i >= (runs->len > 0 ? g_array_index(runs, Run, runs->len - 1).end : 0))
            break;
        if (!line_at(fold, i)->blank && !line_at(fold, i)->folded)
            own = i + 1;
    }
    return own;
}

static gboolean any_own_before(Fold *fold, guint begin, guint end)
{
    for (guint i = begin; i < end; i++)
        if (!line_at(fold, i)->blank && !line_at(fold, i)->folded)
            return TRUE;
    return FALSE;
}

/* Quotes below the last own words are folded away, and one that stands above all of them; those between stay. */
static void fold_runs(Fold *fold, guint begin, guint end)
{
    g_autoptr(GArray) runs = find_runs(fold, begin, end);
    guint own = end_of_own(fold, begin, end, runs);
    guint answered = 0;

    for (guint i = 0; i < runs->len; i++)
        answered += g_array_index(runs, Run, i).end <= own;
    for (guint i = 0; i < runs->len; i++) {
        const Run *run = &g_array_index(runs, Run, i);
        gboolean above = i == 0 && answered == 1 && !any_own_before(fold, begin, run->attribution);

        fold_away(fold, run->attribution, run->begin);
        if (run->attributed && (run->end > own || above))
            fold_away(fold, run->begin, run->end);
    }
}

/* Cheap to see. */
static gboolean may_end_attribution(const char *text, gsize length)
{
    return length > 0 && (text[length - 1] == ':' || text[length - 1] == ' ' || (guchar)text[length - 1] == FULL_WIDTH_COLON_END);
}

/* An attribution below which nothing is marked as quoted: Yahoo's way. end: there is none. */
static guint find_unmarked(Fold *fold, guint begin, guint end)
{
    for (guint i = begin; i < end && fold->looks < LIMIT_LOOKS; i++) {
        const CoiLine *line = line_at(fold, i);
        gsize length;
        const char *text = coi_line_content(fold->lines, line, &length);
        guint next = i + 1, found;
        g_autofree char *words = NULL;

        if (line->blank || is_quoted(line) || line->folded || !may_end_attribution(text, length))
            continue;
        while (next < end && line_at(fold, next)->blank)
            next++;
        if (next == end || is_quoted(line_at(fold, next)))
            continue;
        found = attribution_before(fold, begin, i + 1);
        words = found <= i ? normal(fold, found, i + 1) : NULL;
        if (words != NULL && (coi_quote_attribution(words) == COI_ATTRIBUTION_FULL || line->mark == COI_MARK_ATTRIBUTION))
            return found;
    }
    return end;
}

static void fold_part(Fold *fold, guint begin, guint end, const CoiQuoteHints *hints)
{
    guint forward = find_forward(fold, begin, end);
    guint header = find_header(fold, begin, forward);
    guint limit = forward;

    fold_armor(fold, begin, end);
    if (header < forward && hints->is_reply && !hints->is_forward) {
        limit = with_rule_above(fold, header, begin);
        fold_away(fold, limit, end);
    } else if (header < forward) {
        limit = hints->is_forward ? with_rule_above(fold, header, begin) : forward;
    }
    fold_signatures(fold, begin, limit);
    if (hints->is_reply && !hints->is_forward) {
        guint unmarked = find_unmarked(fold, begin, limit);

        if (unmarked < limit) {
            fold_away(fold, unmarked, end);
            limit = unmarked;
        }
        fold_runs(fold, begin, limit);
    }
    fold_mobile(fold, begin, limit);
}

void coi_quote_fold(CoiLines *lines, const CoiQuoteHints *hints)
{
    Fold fold = {.lines = lines};
    guint begin = 0;

    for (guint i = 1; i <= lines->lines->len; i++) {
        if (i < lines->lines->len && !line_at(&fold, i)->first)
            continue;
        fold_part(&fold, begin, i, hints);
        begin = i;
    }
}
