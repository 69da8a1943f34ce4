#include "net/imap_copies.h"

#include "base/error.h"
#include "base/limits.h"
#include "net/imap_fetch.h"

#include <libetpan/mailimap_extension.h>
#include <libetpan/uidplus_types.h>
#include <string.h>

#define SLICE 300u
/* Each is looked for, which costs the server time. */
#define MAX_COPIES 500u
/* Bytes; with one more key a line stays below what every server takes (RFC 7162 section 4). */
#define MAX_SEARCH 6000u

/* What equal copies have in common, and where they lie. */
#define ITEMS "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"

void coi_imap_copies_init(CoiImapCopies *copies)
{
    *copies = (CoiImapCopies){.uids = g_array_new(FALSE, FALSE, sizeof(guint32))};
}

void coi_imap_copies_clear(CoiImapCopies *copies)
{
    g_clear_pointer(&copies->uids, g_array_unref);
}

/* Appends set's UIDs; FALSE when they aren't n. */
static gboolean expand(const struct mailimap_set *set, guint n, GArray *uids)
{
    guint64 count = 0;
    for (clistiter *at = set->set_list == NULL ? NULL : clist_begin(set->set_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_set_item *item = clist_content(at);
        guint32 first = MIN(item->set_first, item->set_last), last = MAX(item->set_first, item->set_last);
        count += (guint64)last - first + 1;
        if (first == 0 || count > n)
            return FALSE;
        for (guint32 uid = first; uid - first <= last - first && uid >= first; uid++)
            g_array_append_val(uids, uid);
    }
    return count > 0;
}

void coi_imap_copies_note(CoiImapCopies *copies, const CoiImap *imap, guint n)
{
    const struct mailimap_uidplus_resp_code_copy *code =
        coi_imap_extension_data(imap, MAILIMAP_EXTENSION_UIDPLUS, MAILIMAP_UIDPLUS_RESP_CODE_COPY);
    guint before = copies->uids->len;
    gboolean other = before > 0 && code != NULL && code->uid_uidvalidity != copies->uid_validity;
    if (code == NULL || code->uid_dest_set == NULL || other || before + n > MAX_COPIES)
        return;
    copies->uid_validity = code->uid_uidvalidity;
    if (!expand(code->uid_dest_set, n, copies->uids))
        g_array_set_size(copies->uids, before);
}

gboolean coi_imap_copies_remove(CoiImap *imap, const guint32 *uids, guint n, GError **error)
{
    g_autofree char *set = coi_imap_set(uids, n);
    if (!coi_imap_command(imap, COI_IMAP_TIMEOUT_FETCH, error, "UID STORE %s +FLAGS.SILENT (\\Deleted)", set))
        return FALSE;
    return !coi_imap_has(imap, "UIDPLUS") ||
           coi_imap_command(imap, COI_IMAP_TIMEOUT_FETCH, error, "UID EXPUNGE %s", set);
}

/* the look: refusals mean that nothing is known to be extra */

static void collect(CoiImapResult *message, gpointer results)
{
    g_ptr_array_add(results, message);
}

/* ITEMS of uids; FALSE when the session is over. */
static gboolean fetch(CoiImap *imap, const GArray *uids, GPtrArray **messages, GError **error)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)coi_imap_result_free);
    for (guint at = 0; at < uids->len; at += SLICE) {
        g_autofree char *set = coi_imap_set(&g_array_index(uids, guint32, at), MIN(SLICE, uids->len - at));
        g_autofree char *command = g_strdup_printf("UID FETCH %s " ITEMS, set);
        gboolean good;
        guint tag = coi_imap_send(imap, COI_IMAP_TIMEOUT_FETCH, command);
        imap->fetched = collect;
        imap->fetched_user = results;
        gboolean alive = coi_imap_try_answer(imap, tag, &good, error);
        imap->fetched = NULL;
        if (!alive)
            return FALSE;
    }
    *messages = g_steal_pointer(&results);
    return TRUE;
}

/* "<…>" out of the header field, or NULL when it can't be looked for. */
static char *message_id(const CoiImapResult *message)
{
    gsize length;
    const char *bytes = g_bytes_get_data(message->bytes, &length);
    const char *start = bytes == NULL ? NULL : memchr(bytes, '<', length);
    const char *end = start == NULL ? NULL : memchr(start, '>', length - (gsize)(start - bytes));
    if (end == NULL || end - start > (gssize)COI_LIMIT_MESSAGE_ID)
        return NULL;
    return g_strndup(start, (gsize)(end - start) + 1);
}

/* "HEADER Message-ID …" for each of messages that has one. */
static GPtrArray *search_keys(const GPtrArray *messages)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < messages->len; i++) {
        g_autofree char *id = message_id(messages->pdata[i]);
        g_autofree char *quoted = id == NULL ? NULL : coi_imap_quote(id, NULL);
        if (quoted != NULL)
            g_ptr_array_add(keys, g_strconcat("HEADER Message-ID ", quoted, NULL));
    }
    return keys;
}

/* A search for any of the keys from *at on, as many as a line may hold. */
static char *next_search(const GPtrArray *keys, guint *at)
{
    GString *command = g_string_new(keys->pdata[*at]);
    for (++*at; *at < keys->len && command->len < MAX_SEARCH; ++*at) {
        g_string_prepend(command, " ");
        g_string_prepend(command, keys->pdata[*at]);
        g_string_prepend(command, "OR ");
    }
    g_string_prepend(command, "UID SEARCH ");
    return g_string_free(command, FALSE);
}

/* Adds what the search found, if it is below one of ours and is none. */
static void take_found(const CoiImap *imap, const GArray *ours, GArray *found)
{
    const clist *result = imap->session->imap_response_info->rsp_search_result;
    for (clistiter *at = result == NULL ? NULL : clist_begin(result); at != NULL; at = clist_next(at)) {
        guint32 uid = *(const guint32 *)clist_content(at);
        if (uid < g_array_index(ours, guint32, ours->len - 1) &&
            !coi_imap_includes((const guint32 *)ours->data, ours->len, uid))
            g_array_append_val(found, uid);
    }
}

/* The messages of others that have a Message-ID of one of ours. NULL: the session is over. */
static GArray *search(CoiImap *imap, const CoiImapCopies *copies, const GPtrArray *ours, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GPtrArray) keys = search_keys(ours);
    for (guint at = 0; at < keys->len;) {
        gboolean good;
        g_autofree char *command = next_search(keys, &at);
        if (!coi_imap_try_answer(imap, coi_imap_send(imap, COI_IMAP_TIMEOUT_FETCH, command), &good, error))
            return NULL;
        if (good)
            take_found(imap, copies->uids, found);
    }
    coi_imap_tidy(found, 1);
    return g_steal_pointer(&found);
}

/* COPY keeps the date, so two deliveries of one message, whose headers differ, are seldom taken for equal. */
static gboolean is_equal(const CoiImapResult *a, const CoiImapResult *b)
{
    g_autofree char *left = message_id(a), *right = message_id(b);
    return a->size == b->size && a->internal_date == b->internal_date && g_strcmp0(left, right) == 0 &&
           !(b->flags != NULL && g_strv_contains((const char *const *)b->flags, "\\Deleted"));
}

static GArray *extras(const GPtrArray *ours, const GPtrArray *others)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < ours->len; i++) {
        const CoiImapResult *copy = ours->pdata[i];
        for (guint j = 0; j < others->len; j++) {
            const CoiImapResult *other = others->pdata[j];
            if (other->uid < copy->uid && is_equal(copy, other))
                g_array_append_val(uids, copy->uid);
        }
    }
    coi_imap_tidy(uids, 1);
    return uids;
}

/* In the mailbox copied to. */
static gboolean remove_extras(CoiImap *imap, const CoiImapCopies *copies, GError **error)
{
    g_autoptr(GPtrArray) ours = NULL, others = NULL;
    g_autoptr(GError) local = NULL;
    if (!fetch(imap, copies->uids, &ours, error))
        return FALSE;
    g_autoptr(GArray) found = search(imap, copies, ours, error);
    if (found == NULL)
        return FALSE;
    if (found->len == 0)
        return TRUE;
    if (!fetch(imap, found, &others, error))
        return FALSE;
    g_autoptr(GArray) extra = extras(ours, others);
    if (extra->len == 0 || coi_imap_copies_remove(imap, (const guint32 *)extra->data, extra->len, &local) ||
        !coi_imap_is_over(local))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* Back to the mailbox that was open; what happened there meanwhile is asked for. */
static gboolean come_back(CoiImap *imap, const char *mailbox, guint32 uid_validity, GError **error)
{
    g_autoptr(GError) local = NULL;
    guint tag = coi_imap_send_select(imap, mailbox, &local);
    gboolean good = tag != 0 && coi_imap_finish_select(imap, tag, &local);
    if (!good && coi_imap_is_over(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (!good || imap->session->imap_selection_info->sel_uidvalidity != uid_validity) {
        g_set_error(error, COI_ERROR, COI_ERROR_CLOSED, "%s", good ? "the mailbox was made anew" : local->message);
        return FALSE;
    }
    imap->arrived = TRUE;
    imap->flags_changed |= imap->watch_flags;
    return TRUE;
}

gboolean coi_imap_copies_settle(const CoiImapCopies *copies, CoiImap *imap, const char *target, GError **error)
{
    if (copies->uids->len == 0)
        return TRUE;
    coi_imap_tidy(copies->uids, 1);
    g_autofree char *mailbox = g_strdup(imap->selected);
    guint32 uid_validity = imap->session->imap_selection_info->sel_uidvalidity;
    gboolean watch_flags = imap->watch_flags;
    g_autofree char *name = coi_imap_quote(target, NULL);
    if (name == NULL)
        return TRUE;
    imap->watch_flags = FALSE;
    guint tag = coi_imap_send_select(imap, target, NULL);
    g_autoptr(GError) local = NULL;
    gboolean good = coi_imap_finish_select(imap, tag, &local);
    if (coi_imap_is_over(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (good && imap->session->imap_selection_info->sel_uidvalidity == copies->uid_validity &&
        !remove_extras(imap, copies, error))
        return FALSE;
    imap->watch_flags = watch_flags;
    return come_back(imap, mailbox, uid_validity, error);
}
