#include "mime/address.h"

#include "base/limits.h"
#include "mime/text.h"
#include "mime/words.h"

#include <gio/gio.h>
#include <gmime/gmime.h>
#include <string.h>

/* A mailbox is a name and an address; what is longer is neither. Also keeps GMime's recursion shallow, whatever we
 * missed. */
#define LIMIT_MAILBOX 2048

CoiAddress *coi_address_new(const char *name, const char *address)
{
    g_autofree char *normal = coi_address_normalize(address);
    CoiAddress *result;

    if (normal == NULL)
        return NULL;
    result = g_new0(CoiAddress, 1);
    result->address = g_steal_pointer(&normal);
    if (name != NULL) {
        result->name = coi_text_line(name);
        if (*result->name == '\0')
            g_clear_pointer(&result->name, g_free);
    }
    return result;
}

void coi_address_free(CoiAddress *address)
{
    if (address == NULL)
        return;
    g_free(address->name);
    g_free(address->address);
    g_free(address);
}

/* What may stand in a path of SMTP without quotes; a little more than RFC 5321's Dot-string, since "a..b@" exists. */
static gboolean is_local_char(char c)
{
    return c > 32 && c < 127 && strchr("()<>[]:;@\\,\"", c) == NULL;
}

/* "john.doe" or "\"john.doe\"" → john.doe; NULL when it needs its quotes. Owned by the caller. */
static char *normalize_local(const char *local, gsize length)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean quoted = length >= 2 && local[0] == '"' && local[length - 1] == '"';
    const char *p = quoted ? local + 1 : local;
    const char *end = quoted ? local + length - 1 : local + length;

    for (; p < end; p++) {
        if (quoted && *p == '\\' && p + 1 < end)
            p++;
        if (!is_local_char(*p))
            return NULL;
        g_string_append_c(out, g_ascii_tolower(*p));
    }
    return out->len > 0 ? g_strdup(out->str) : NULL;
}

static gboolean is_literal(const char *domain)
{
    gsize length = strlen(domain);
    g_autofree char *inner = NULL;
    gboolean v6;
    g_autoptr(GInetAddress) address = NULL;

    if (length < 3 || domain[0] != '[' || domain[length - 1] != ']')
        return FALSE;
    inner = g_strndup(domain + 1, length - 2);
    v6 = g_ascii_strncasecmp(inner, "ipv6:", 5) == 0;
    if (strchr(inner, '%') != NULL)
        return FALSE;
    address = g_inet_address_new_from_string(v6 ? inner + 5 : inner);
    return address != NULL && v6 == (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6);
}

/* Letters, digits, hyphens, underscores; no empty label. */
static gboolean is_host(const char *domain)
{
    gsize label = 0;

    for (const char *p = domain; *p != '\0'; p++) {
        if (*p == '.' ? label == 0 : !g_ascii_isalnum(*p) && *p != '-' && *p != '_')
            return FALSE;
        label = *p == '.' ? 0 : label + 1;
        if (label > 63)
            return FALSE;
    }
    return label > 0;
}

static char *normalize_domain(const char *domain)
{
    g_autofree char *ascii = NULL;
    g_autofree char *lower = NULL;
    gsize length;

    if (is_literal(domain))
        return g_ascii_strdown(domain, -1);
    if (*domain == '\0' || !g_utf8_validate(domain, -1, NULL))
        return NULL;
    ascii = g_hostname_to_ascii(domain);
    if (ascii == NULL)
        return NULL;
    lower = g_ascii_strdown(ascii, -1);
    length = strlen(lower);
    if (length > 1 && lower[length - 1] == '.')
        lower[length - 1] = '\0';
    return is_host(lower) ? g_steal_pointer(&lower) : NULL;
}

/* The only @ outside quotes, or NULL. */
static const char *find_at(const char *text)
{
    const char *at = NULL;
    gboolean quoted = FALSE;

    for (const char *p = text; *p != '\0'; p++) {
        if (quoted && *p == '\\' && p[1] != '\0')
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (*p == '@' && !quoted) {
            if (at != NULL)
                return NULL;
            at = p;
        }
    }
    return at;
}

char *coi_address_normalize(const char *text)
{
    g_autofree char *trimmed = NULL;
    g_autofree char *local = NULL;
    g_autofree char *domain = NULL;
    g_autofree char *result = NULL;
    const char *at;

    if (text == NULL || strlen(text) > 4 * COI_LIMIT_ADDRESS)
        return NULL;
    trimmed = g_strstrip(g_strdup(text));
    at = find_at(trimmed);
    if (at == NULL)
        return NULL;
    local = normalize_local(trimmed, (gsize)(at - trimmed));
    domain = local != NULL ? normalize_domain(at + 1) : NULL;
    if (domain == NULL)
        return NULL;
    result = g_strconcat(local, "@", domain, NULL);
    return strlen(result) <= COI_LIMIT_ADDRESS ? g_steal_pointer(&result) : NULL;
}

const char *coi_address_domain(const char *address)
{
    const char *at = strrchr(address, '@');

    return at != NULL ? at + 1 : address + strlen(address);
}

/* One mailbox as it stands between separators → list. GMime reads it, since names come in every quoting and encoding.
 */
static void add_mailbox(GPtrArray *list, const char *text, gsize length)
{
    g_autofree char *one = NULL;
    InternetAddressList *parsed;

    if (length == 0 || length > LIMIT_MAILBOX)
        return;
    one = g_strndup(text, length);
    parsed = internet_address_list_parse(NULL, one);
    for (int i = 0; parsed != NULL && i < internet_address_list_length(parsed); i++) {
        InternetAddress *entry = internet_address_list_get_address(parsed, i);
        CoiAddress *address;

        if (!INTERNET_ADDRESS_IS_MAILBOX(entry) || list->len >= COI_LIMIT_RECIPIENTS)
            continue;
        address = coi_address_new(internet_address_get_name(entry),
                                  internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(entry)));
        if (address != NULL)
            g_ptr_array_add(list, address);
    }
    g_clear_object(&parsed);
}

/* Where a scan of an address list stands. */
typedef struct {
    gboolean quoted;
    gboolean angle;
    gboolean route; /* inside <@hop,@hop:mailbox>, where commas don't separate */
    guint comment;
    const char *comment_start;
} Scan;

/* Takes the character at p into account and says whether it stands in the open, where separators count. */
static gboolean scan_char(Scan *scan, const char *p)
{
    if (scan->quoted) {
        scan->quoted = *p != '"';
    } else if (*p == '(') {
        if (scan->comment++ == 0)
            scan->comment_start = p;
    } else if (scan->comment > 0) {
        scan->comment -= *p == ')';
    } else if (*p == '"') {
        scan->quoted = TRUE;
    } else if (*p == '<') {
        scan->angle = TRUE;
        scan->route = p[1] == '@';
    } else if (*p == '>') {
        scan->angle = FALSE;
    } else {
        return !(scan->angle && (scan->route || *p == ':'));
    }
    return FALSE;
}

/* The list is taken apart here and not by GMime: it recurses without bound in groups (80,000 "a:" overflow the stack),
 * gives up at the first mailbox that it can't read, and doesn't know ";" as a separator. So it never sees a group. */
GPtrArray *coi_address_list_parse(const char *value)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)coi_address_free);
    g_autofree char *merged = coi_words_merge(value); /* Outlook leaves commas in encoded words */
    const char *start = merged;
    Scan scan = {0};
    const char *p;

    for (p = merged; *p != '\0' && list->len < COI_LIMIT_RECIPIENTS; p++) {
        if (*p == '\\' && p[1] != '\0' && (scan.quoted || scan.comment > 0)) {
            p++;
        } else if (scan_char(&scan, p)) {
            if (*p == ',' || *p == ';')
                add_mailbox(list, start, (gsize)(p - start));
            if (*p == ',' || *p == ';' || (*p == ':' && memchr(start, '[', (gsize)(p - start)) == NULL)) {
                start = p + 1;
                scan.angle = FALSE;
            }
        }
    }
    if (list->len < COI_LIMIT_RECIPIENTS) /* an unclosed comment holds no mailbox, and GMime leaks over it */
        add_mailbox(list, start,
                    (gsize)((scan.comment > 0 && scan.comment_start > start ? scan.comment_start : p) - start));
    return list;
}
