/* What libetpan's parser doesn't know. Without this any such line is a parse error and ends the connection. Registered
 * for the whole process, so it must never take what another user of libetpan could want: it is asked last of all, and
 * only about text that would be an error. */
#include "net/imap.h"
#include "net/imap_metadata.h"

#include <libetpan/mailimap_extension.h>
#include <string.h>

/* An untagged line of a kind unknown, or a known one malformed: skipped whole. Literals that were read already stand in
 * the buffer as {0} with the rest of the line behind; one that was not read yet makes it an error, since what follows
 * would be the peer's choice. */
static int skip_line(MMAPString *buffer, size_t *at)
{
    const char *start = buffer->str + *at;
    for (;;) {
        const char *end = strchr(start, '\n');
        if (end == NULL)
            return MAILIMAP_ERROR_PARSE;
        const char *text_end = end > start && end[-1] == '\r' ? end - 1 : end;
        if (text_end == start || text_end[-1] != '}') {
            *at = (size_t)(text_end - buffer->str);
            return MAILIMAP_NO_ERROR;
        }
        start = end + 1;
    }
}

/* The end of one value in a FETCH answer: an atom, a quoted string or a list of these; NULL when it isn't on this line.
 */
static const char *value_end(const char *at)
{
    guint depth = 0;
    gboolean quoted = FALSE;
    for (; *at != '\0' && *at != '\r' && *at != '\n'; at++) {
        if (quoted) {
            if (*at == '\\' && at[1] != '\0')
                at++;
            else if (*at == '"')
                quoted = FALSE;
        } else if (*at == '"') {
            quoted = TRUE;
        } else if (*at == '{') {
            return NULL;
        } else if (*at == '(') {
            depth++;
        } else if (*at == ')') {
            if (depth == 0)
                return at;
            if (--depth == 0)
                return at + 1;
        } else if (*at == ' ' && depth == 0) {
            return at;
        }
    }
    return NULL;
}

/* An item of FETCH that libetpan doesn't know or finds malformed: name and value are skipped. */
static int skip_item(MMAPString *buffer, size_t *at)
{
    const char *start = buffer->str + *at;
    gsize name = strcspn(start, " ()\"{\r\n");
    if (name == 0 || start[name] != ' ')
        return MAILIMAP_ERROR_PARSE;
    const char *value = start + name + 1;
    const char *end = value_end(value);
    if (end == NULL || end == value)
        return MAILIMAP_ERROR_PARSE;
    *at = (size_t)(end - buffer->str);
    return MAILIMAP_NO_ERROR;
}

static int parse(int calling_parser, mailstream *fd, MMAPString *buffer, struct mailimap_parser_context *context,
                 size_t *at, struct mailimap_extension_data **result, size_t rate, progress_function *progress)
{
    (void)fd, (void)context, (void)rate, (void)progress;
    *result = NULL;
    if (calling_parser == MAILIMAP_EXTENDED_PARSER_RESPONSE_DATA)
        return skip_line(buffer, at);
    if (calling_parser == MAILIMAP_EXTENDED_PARSER_FETCH_DATA)
        return skip_item(buffer, at);
    return MAILIMAP_ERROR_PARSE;
}

/* Never called: no line leaves data behind. */
static void free_data(struct mailimap_extension_data *data)
{
    (void)data;
}

void coi_imap_init(void)
{
    static char name[] = "COI-UNKNOWN";
    static struct mailimap_extension_api api = {
        .ext_name = name, .ext_id = -1, .ext_parser = parse, .ext_free = free_data};
    static gboolean registered = FALSE;
    if (!registered) {
        coi_imap_metadata_init();
        mailimap_extension_register(&api);
    }
    registered = TRUE;
}
