#include "net/imap_search.h"

#include "base/error.h"
#include "net/imap_fetch.h"

#include <string.h>

/* A word that anybody types; longer ones would only be refused by the server. */
#define MAX_WORD 1000u
/* Servers without an index read every mail; whoever has enough of waiting stops the link. */
#define TIMEOUT_WORDS (10u * 60 * 1000)

gboolean coi_imap_open_target(CoiImap *imap, const char *mailbox, GError **error)
{
    if (g_strcmp0(imap->selected, mailbox) == 0)
        return coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, error, "NOOP"); /* or SEARCH may not see the newest */
    guint tag = coi_imap_send_select(imap, mailbox, error);
    return tag != 0 && coi_imap_finish_select(imap, tag, error);
}

/* the search's arguments */

static gboolean is_plain(const char *word)
{
    for (; *word != '\0'; word++)
        if (!g_ascii_isprint(*word))
            return FALSE;
    return TRUE;
}

/* One string, quoted or, where it has bytes that quotes can't hold, as a literal. */
static gboolean add_string(GPtrArray *pieces, GString **piece, const char *text, GError **error)
{
    gsize length = strlen(text);
    if (is_plain(text)) {
        g_autofree char *quoted = coi_imap_quote(text, error);
        if (quoted != NULL)
            g_string_append(*piece, quoted);
        return quoted != NULL;
    }
    if (length > MAX_WORD || !g_utf8_validate(text, -1, NULL)) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, "a word can't be searched for");
        return FALSE;
    }
    g_string_append_printf(*piece, "{%" G_GSIZE_FORMAT "}", length);
    g_ptr_array_add(pieces, g_string_free(*piece, FALSE));
    *piece = g_string_new(text);
    return TRUE;
}

static gboolean add_words(GPtrArray *pieces, GString **piece, const GStrv words, GError **error)
{
    for (char **word = words; word != NULL && *word != NULL; word++) {
        g_string_append(*piece, " OR SUBJECT ");
        if (!add_string(pieces, piece, *word, error))
            return FALSE;
        g_string_append(*piece, " BODY ");
        if (!add_string(pieces, piece, *word, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean all_plain(const GStrv words)
{
    for (char **word = words; word != NULL && *word != NULL; word++)
        if (!is_plain(*word))
            return FALSE;
    return TRUE;
}

GPtrArray *coi_imap_search_keys(const CoiImapRequest *request, GError **error)
{
    g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *peer = request->peer != NULL ? coi_imap_quote(request->peer, error) : NULL;
    if (request->peer != NULL && peer == NULL)
        return NULL;
    GString *piece = g_string_new(all_plain(request->words) ? "" : "CHARSET UTF-8 ");
    if (request->below > 0)
        g_string_append_printf(piece, "UID 1:%u ", MAX(request->below, 2) - 1);
    g_string_append(piece, "UNDELETED");
    if (peer != NULL)
        g_string_append_printf(piece, " OR FROM %s OR TO %s CC %s", peer, peer, peer);
    gboolean good = add_words(pieces, &piece, request->words, error);
    g_ptr_array_add(pieces, g_string_free(piece, FALSE));
    return good ? g_steal_pointer(&pieces) : NULL;
}

/* the search */

/* All in one go where the server takes literals without asking for them. */
static char *in_one(const GPtrArray *pieces)
{
    GString *command = g_string_new("UID SEARCH ");
    for (guint i = 0; i < pieces->len; i++) {
        g_string_append(command, pieces->pdata[i]);
        if (i + 1 < pieces->len) {
            g_string_truncate(command, command->len - 1);
            g_string_append(command, "+}\r\n");
        }
    }
    return g_string_free(command, FALSE);
}

static gboolean send_in_pieces(CoiImap *imap, guint timeout_ms, const GPtrArray *pieces, guint *tag, GError **error)
{
    g_autofree char *first = g_strconcat("UID SEARCH ", pieces->pdata[0], NULL);
    gboolean done;
    *tag = coi_imap_send(imap, timeout_ms, first);
    for (guint i = 1; i < pieces->len; i++) {
        const char *piece = pieces->pdata[i];
        if (!coi_imap_continue(imap, *tag, NULL, &done, error))
            return FALSE;
        if (done || !coi_imap_write(imap, piece, strlen(piece)) || !coi_imap_write(imap, "\r\n", 2) || !coi_imap_flush(imap))
            return coi_imap_broken(imap, error);
    }
    return TRUE;
}

static gboolean send_search(CoiImap *imap, const CoiImapRequest *request, const GPtrArray *pieces, guint *tag, GError **error)
{
    guint timeout_ms = request->words != NULL ? TIMEOUT_WORDS : COI_IMAP_TIMEOUT_FETCH;
    /* LITERAL-, too, takes short ones (RFC 7888). */
    if (!coi_imap_has(imap, "LITERAL+") && !coi_imap_has(imap, "LITERAL-"))
        return send_in_pieces(imap, timeout_ms, pieces, tag, error);
    g_autofree char *command = in_one(pieces);
    *tag = coi_imap_send(imap, timeout_ms, command);
    return TRUE;
}

static GArray *found(const CoiImap *imap, const CoiImapRequest *request)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    const clist *result = imap->session->imap_response_info->rsp_search_result;
    for (clistiter *at = result == NULL ? NULL : clist_begin(result); at != NULL; at = clist_next(at)) {
        guint32 uid = *(const guint32 *)clist_content(at);
        if (request->below == 0 || uid < request->below)
            g_array_append_val(uids, uid);
    }
    coi_imap_tidy(uids, 1);
    return uids;
}

GArray *coi_imap_search(CoiImap *imap, const CoiImapRequest *request, GError **error)
{
    guint tag;
    g_autoptr(GPtrArray) pieces = coi_imap_search_keys(request, error);
    if (pieces == NULL || !coi_imap_open_target(imap, request->target, error) || !send_search(imap, request, pieces, &tag, error) ||
        !coi_imap_answer(imap, tag, error))
        return NULL;
    return found(imap, request);
}

gboolean coi_imap_search_fetch(CoiImap *imap, const CoiImapRequest *request, CoiImapGive give, gpointer user, GError **error)
{
    if (request->uids == NULL || request->uids->len == 0)
        return TRUE;
    if (!coi_imap_open_target(imap, request->target, error))
        return FALSE;
    if (imap->session->imap_selection_info->sel_uidvalidity != request->uid_validity) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_REFUSED, "the mailbox was made anew");
        return FALSE;
    }
    return coi_imap_fetch_some(imap, request->uids, request->whole, TRUE, give, user, error);
}
