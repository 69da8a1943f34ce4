#include "net/imap_metadata.h"

#include "base/error.h"

#include <libetpan/mailimap_extension.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG "/private/vendor/vendor.dovecot/coi/config"
/* Names of mailboxes longer than this are not to be believed. */
#define MAX_ROOT 200u

/* Of libetpan's own parsers, exported and not in its installed headers. Each reads literals from fd as it meets them
 * and moves *at on behind what it took. */
int mailimap_token_case_insensitive_parse(mailstream *fd, MMAPString *buffer, size_t *at, const char *token);
int mailimap_space_parse(mailstream *fd, MMAPString *buffer, size_t *at);
int mailimap_oparenth_parse(mailstream *fd, MMAPString *buffer, struct mailimap_parser_context *context, size_t *at);
int mailimap_cparenth_parse(mailstream *fd, MMAPString *buffer, struct mailimap_parser_context *context, size_t *at);
int mailimap_astring_parse(mailstream *fd, MMAPString *buffer, struct mailimap_parser_context *context, size_t *at,
                           char **result, size_t rate, progress_function *progress);
int mailimap_nstring_parse(mailstream *fd, MMAPString *buffer, struct mailimap_parser_context *context, size_t *at,
                           char **result, size_t *length, size_t rate, progress_function *progress);

/* parsing: the data of one answer is a GHashTable of values by their names in lower case */

typedef struct {
    mailstream *fd;
    MMAPString *buffer;
    struct mailimap_parser_context *context;
    size_t at;
} Parser;

/* name SP value: kept unless the value is NIL. */
static int parse_entry(Parser *p, GHashTable *entries)
{
    char *name = NULL, *value = NULL;
    int r = mailimap_astring_parse(p->fd, p->buffer, p->context, &p->at, &name, 0, NULL);
    if (r == MAILIMAP_NO_ERROR)
        r = mailimap_space_parse(p->fd, p->buffer, &p->at);
    if (r == MAILIMAP_NO_ERROR) {
        /* A literal8 is a literal with something before it (RFC 3516). */
        if (p->at < p->buffer->len && p->buffer->str[p->at] == '~')
            p->at++;
        r = mailimap_nstring_parse(p->fd, p->buffer, p->context, &p->at, &value, NULL, 0, NULL);
    }
    if (r == MAILIMAP_NO_ERROR && value != NULL)
        g_hash_table_insert(entries, g_ascii_strdown(name, -1), g_strdup(value));
    if (name != NULL)
        mailimap_astring_free(name);
    if (value != NULL)
        mailimap_nstring_free(value);
    return r;
}

/* What is behind "METADATA ": mailbox SP "(" entries ")". Entries of other mailboxes than "" are read and dropped. */
static int parse_values(Parser *p, GHashTable *entries)
{
    char *mailbox = NULL;
    int r = mailimap_astring_parse(p->fd, p->buffer, p->context, &p->at, &mailbox, 0, NULL);
    if (r != MAILIMAP_NO_ERROR)
        return r;
    gboolean other = *mailbox != '\0';
    mailimap_astring_free(mailbox);
    r = mailimap_space_parse(p->fd, p->buffer, &p->at);
    if (r == MAILIMAP_NO_ERROR)
        r = mailimap_oparenth_parse(p->fd, p->buffer, p->context, &p->at);
    while (r == MAILIMAP_NO_ERROR && (r = parse_entry(p, entries)) == MAILIMAP_NO_ERROR) {
        r = mailimap_space_parse(p->fd, p->buffer, &p->at);
        if (r == MAILIMAP_ERROR_PARSE)
            break;
    }
    if (r == MAILIMAP_ERROR_PARSE)
        r = mailimap_cparenth_parse(p->fd, p->buffer, p->context, &p->at);
    if (other)
        g_hash_table_remove_all(entries);
    return r;
}

static struct mailimap_extension_api api;

static int parse(int calling_parser, mailstream *fd, MMAPString *buffer, struct mailimap_parser_context *context,
                 size_t *at, struct mailimap_extension_data **result, size_t rate, progress_function *progress)
{
    (void)rate, (void)progress;
    Parser p = {.fd = fd, .buffer = buffer, .context = context, .at = *at};
    if (calling_parser != MAILIMAP_EXTENDED_PARSER_RESPONSE_DATA ||
        mailimap_token_case_insensitive_parse(fd, buffer, &p.at, "METADATA") != MAILIMAP_NO_ERROR ||
        mailimap_space_parse(fd, buffer, &p.at) != MAILIMAP_NO_ERROR)
        return MAILIMAP_ERROR_PARSE;
    GHashTable *entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    int r = parse_values(&p, entries);
    struct mailimap_extension_data *data =
        r == MAILIMAP_NO_ERROR ? mailimap_extension_data_new(&api, 0, entries) : NULL;
    if (data == NULL) {
        g_hash_table_unref(entries);
        return r == MAILIMAP_NO_ERROR ? MAILIMAP_ERROR_MEMORY : r;
    }
    *result = data;
    *at = p.at;
    return MAILIMAP_NO_ERROR;
}

static void free_data(struct mailimap_extension_data *data)
{
    g_hash_table_unref(data->ext_data);
    free(data);
}

void coi_imap_metadata_init(void)
{
    static char name[] = "METADATA";
    api = (struct mailimap_extension_api){.ext_name = name, .ext_id = -1, .ext_parser = parse, .ext_free = free_data};
    mailimap_extension_register(&api);
}

/* settings */

guint coi_imap_metadata_send(CoiImap *imap)
{
    return coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, "GETMETADATA (DEPTH 1) \"\" (" CONFIG ")");
}

/* The value is UTF-8. One that is a name in modified UTF-7 as it stands is taken for that. */
static char *mailbox_name(const char *value)
{
    g_autofree char *decoded = coi_imap_utf7_decode(value);
    if (*value == '\0' || strlen(value) > MAX_ROOT)
        return NULL;
    for (const char *at = value; *at != '\0'; at++)
        if (g_ascii_iscntrl(*at))
            return NULL;
    return decoded != NULL ? g_strdup(value) : coi_imap_utf7_encode(value);
}

static void take_entries(GHashTable *entries, CoiImapFacts *facts, char **root)
{
    const char *enabled = g_hash_table_lookup(entries, CONFIG "/enabled");
    const char *filter = g_hash_table_lookup(entries, CONFIG "/message-filter");
    const char *given = g_hash_table_lookup(entries, CONFIG "/mailbox-root");
    if (enabled != NULL)
        facts->coi_enabled = g_ascii_strcasecmp(enabled, "yes") == 0;
    if (filter != NULL && facts->coi_filter == NULL) {
        g_autofree char *words = coi_imap_words(filter, strlen(filter));
        facts->coi_filter = g_ascii_strdown(words, -1);
    }
    if (given != NULL && *root == NULL)
        *root = mailbox_name(given);
}

void coi_imap_metadata_take(const CoiImap *imap, CoiImapFacts *facts, char **root)
{
    const struct mailimap_response_info *info = imap->session->imap_response_info;
    for (clistiter *at = info == NULL ? NULL : clist_begin(info->rsp_extension_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_extension_data *data = clist_content(at);
        if (data != NULL && data->ext_extension == &api)
            take_entries(data->ext_data, facts, root);
    }
}

/* Never NIL: a server's process may die of that (COI.md section 2). */
gboolean coi_imap_configure(CoiImap *imap, const char *filter, GError **error)
{
    static const char *const filters[] = {"none", "active", "seen", NULL};
    if (filter == NULL || !g_strv_contains(filters, filter)) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, "no such message-filter");
        return FALSE;
    }
    return coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, error,
                            "SETMETADATA \"\" (" CONFIG "/message-filter \"%s\" " CONFIG "/enabled \"yes\")", filter);
}
