#include "mime/bounce.h"

#include "base/limits.h"
#include "mime/address.h"
#include "mime/text.h"

#include <string.h>

/* A reason longer than this is a page of advice. */
#define LIMIT_WORDS 300
/* So many lines say why. */
#define REASON_LINES 6

char *coi_bounce_words(const char *text)
{
    g_autofree char *line = coi_text_line(text);

    if (*line == '\0')
        return NULL;
    if (strlen(line) > LIMIT_WORDS) {
        coi_text_truncate(line, LIMIT_WORDS);
        return g_strconcat(line, "…", NULL);
    }
    return g_steal_pointer(&line);
}

/* "5.1.1" at p: its length, 0 when it is none. RFC 3463: three numbers of at most three digits. */
static gsize status_length(const char *p)
{
    gsize length = 1;

    if (*p != '2' && *p != '4' && *p != '5')
        return 0;
    for (int number = 0; number < 2; number++) {
        gsize digits = 0;

        if (p[length++] != '.')
            return 0;
        while (digits < 4 && g_ascii_isdigit(p[length + digits]))
            digits++;
        if (digits == 0 || digits == 4)
            return 0;
        length += digits;
    }
    return p[length] == '.' && g_ascii_isdigit(p[length + 1]) ? 0 : length; /* an IP address has four */
}

char *coi_bounce_status(const char *words)
{
    for (const char *p = words; p != NULL && *p != '\0'; p++) {
        gsize length = p == words || !(g_ascii_isalnum(p[-1]) || p[-1] == '.') ? status_length(p) : 0;

        if (length > 0)
            return g_strndup(p, length);
    }
    return NULL;
}

static const char *line_end(const char *line)
{
    const char *end = strchr(line, '\n');

    return end != NULL ? end : line + strlen(line);
}

static const char *next_line(const char *line)
{
    const char *end = line_end(line);

    return *end != '\0' ? end + 1 : end;
}

static gboolean is_blank_line(const char *line)
{
    line += strspn(line, " \t\r");
    return *line == '\n' || *line == '\0';
}

/* A server's rule before the mail that it sends back: "--- Below this line is a copy of the message.",
 * "------ This is a copy of the message, including all the headers. ------", "----- Original message -----" and their like. */
static gboolean is_rule(const char *line)
{
    return g_str_has_prefix(line, "---") && strspn(line, "-") < (gsize)(line_end(line) - line);
}

const char *coi_bounce_original(const char *text)
{
    static const char field[] = "Message-ID:";
    const char *begin = NULL;
    gboolean behind_rule = FALSE;

    for (const char *line = text; *line != '\0'; line = next_line(line)) {
        if (is_rule(line)) {
            behind_rule = TRUE;
            begin = NULL;
        } else if (is_blank_line(line)) {
            behind_rule &= begin == NULL;
            begin = NULL;
        } else if (behind_rule) {
            begin = begin != NULL ? begin : line;
            if (g_ascii_strncasecmp(line, field, strlen(field)) == 0)
                return begin;
        }
    }
    return NULL;
}

/* The address in a line that has nothing else to say: "<bob@example.org>:", "  bob@example.org", "'bob@example.org' on 1/2/2026".
 * Owned by the caller. */
static char *address_in(const char *line)
{
    const char *end = line_end(line);
    const char *p = line + strspn(line, " \t");
    gboolean indented = p > line;
    g_autofree char *word = NULL;
    gsize length;

    if (end - p > (gssize)COI_LIMIT_ADDRESS)
        return NULL;
    if (*p == '<' || *p == '\'' || *p == '"')
        p++;
    else if (!indented)
        return NULL;
    length = strcspn(p, "<>'\"(), \t\r\n");
    word = g_strndup(p, length);
    if (g_str_has_suffix(word, ":"))
        word[length - 1] = '\0';
    return strchr(word, '@') != NULL ? coi_address_normalize(word) : NULL;
}

static gboolean contains(const char *text, const char *words)
{
    g_autofree char *lower = text != NULL ? g_ascii_strdown(text, -1) : NULL;

    return lower != NULL && strstr(lower, words) != NULL;
}

/* Most of these letters are about failures; a warning says so. */
static CoiReportAction action_of(const char *text, const char *subject)
{
    static const char *const warnings[] = {"delayed", "warning", "will be retried", "will continue to be",
                                           "do not need to resend", "not yet been delivered"};
    g_autofree char *begin = g_strndup(text, 600);

    for (gsize i = 0; i < G_N_ELEMENTS(warnings); i++)
        if (contains(subject, warnings[i]) || contains(begin, warnings[i]))
            return COI_REPORT_DELAYED;
    return COI_REPORT_FAILED;
}

/* The lines behind the address, up to an empty one; a rest of the address' own line too. Owned by the caller. */
static char *reason_behind(const char *line)
{
    g_autoptr(GString) reason = g_string_new(NULL);

    line = next_line(line);
    if (is_blank_line(line)) /* Exchange leaves one out */
        return NULL;
    for (int i = 0; i < REASON_LINES && !is_blank_line(line) && !is_rule(line); i++, line = next_line(line)) {
        g_autofree char *other = address_in(line);
        if (other != NULL)
            break;
        g_string_append_len(reason, line, line_end(line) - line);
        g_string_append_c(reason, ' ');
    }
    return coi_bounce_words(reason->str);
}

static void add(GPtrArray *recipients, char *address, CoiReportAction action, char *words)
{
    CoiReportRecipient *recipient = g_new0(CoiReportRecipient, 1);

    recipient->address = address;
    recipient->action = action;
    recipient->words = words;
    recipient->status = coi_bounce_status(words);
    g_ptr_array_add(recipients, recipient);
}

static gboolean is_known(const GPtrArray *recipients, const char *address)
{
    for (guint i = 0; i < recipients->len; i++)
        if (g_strcmp0(((CoiReportRecipient *)g_ptr_array_index(recipients, i))->address, address) == 0)
            return TRUE;
    return FALSE;
}

static void add_failed(const char *failed, GPtrArray *recipients)
{
    g_auto(GStrv) words = g_strsplit(failed != NULL ? failed : "", ",", COI_LIMIT_RECIPIENTS);

    for (guint i = 0; words[i] != NULL; i++) {
        g_autofree char *address = coi_address_normalize(g_strstrip(words[i]));

        if (address != NULL && !is_known(recipients, address) && recipients->len < COI_LIMIT_RECIPIENTS)
            add(recipients, g_steal_pointer(&address), COI_REPORT_FAILED, NULL);
    }
}

/* The first line that a code of SMTP stands in, for letters that name nobody. */
static char *any_reason(const char *text, const char *end)
{
    for (const char *line = text; line < end && *line != '\0'; line = next_line(line)) {
        g_autofree char *one = g_strndup(line, (gsize)(line_end(line) - line));
        g_autofree char *status = coi_bounce_status(one);

        if (status != NULL)
            return coi_bounce_words(one);
    }
    return NULL;
}

void coi_bounce_read(const char *text, const char *subject, const char *failed, GPtrArray *recipients)
{
    const char *original = coi_bounce_original(text);
    const char *end = original != NULL ? original : text + strlen(text);
    CoiReportAction action = action_of(text, subject);
    g_autofree char *any = any_reason(text, end);

    for (const char *line = text; line < end && *line != '\0' && recipients->len < COI_LIMIT_RECIPIENTS; line = next_line(line)) {
        g_autofree char *address = address_in(line);

        if (address != NULL && !is_known(recipients, address)) {
            char *reason = reason_behind(line);
            add(recipients, g_steal_pointer(&address), action, reason != NULL ? reason : g_strdup(any));
        }
    }
    add_failed(failed, recipients);
    if (recipients->len == 0)
        add(recipients, NULL, action, g_strdup(any));
}
