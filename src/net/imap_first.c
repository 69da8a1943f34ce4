#include "net/imap_first.h"

#include "base/error.h"

/* Old messages fetched by one command, for whose end everything else must wait. */
#define SLICE 100u
/* SINCE knows days only, in a time zone of the server's. */
#define DAY_SECONDS (24 * 60 * 60)

void coi_imap_first_clear(CoiImapFirst *first)
{
    g_clear_pointer(&first->unread, g_array_unref);
    g_clear_pointer(&first->rest, g_array_unref);
    *first = (CoiImapFirst){0};
}

/* The number of the oldest message that is wanted. */
static guint32 oldest(const CoiImap *imap, guint newest)
{
    guint32 exists = imap->session->imap_selection_info->sel_exists;
    return exists > newest ? exists - newest + 1 : 1;
}

static void leave_out(GArray *uids, const GArray *these, guint32 below)
{
    guint kept = 0;
    for (guint i = 0; i < uids->len; i++) {
        guint32 uid = g_array_index(uids, guint32, i);
        if (uid < below && (these == NULL || !coi_imap_includes((const guint32 *)these->data, these->len, uid)))
            g_array_index(uids, guint32, kept++) = uid;
    }
    g_array_set_size(uids, kept);
}

/* *uids stays NULL where the server can't search. FALSE when the session is over. */
static gboolean search(CoiImap *imap, guint newest, gint64 since, GArray **uids, GError **error)
{
    gboolean good = FALSE;
    g_autofree char *day = coi_imap_date(since - DAY_SECONDS);
    g_autofree char *command = g_strdup_printf("UID SEARCH %u:* UNSEEN SINCE %s", oldest(imap, newest), day);
    if (!coi_imap_try_answer(imap, coi_imap_send(imap, COI_IMAP_TIMEOUT_FETCH, command), &good, error))
        return FALSE;
    if (!good)
        return TRUE;
    *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    const clist *result = imap->session->imap_response_info->rsp_search_result;
    for (clistiter *at = result == NULL ? NULL : clist_begin(result); at != NULL; at = clist_next(at))
        g_array_append_vals(*uids, clist_content(at), 1);
    coi_imap_tidy(*uids, 1);
    if ((*uids)->len > newest)
        g_array_remove_range(*uids, 0, (*uids)->len - newest);
    return TRUE;
}

gboolean coi_imap_first_look(CoiImapFirst *first, CoiImap *imap, CoiImapFollow *follow, gint64 since, CoiImapGive give,
                             gpointer user, GError **error)
{
    guint32 next = 0;
    g_autoptr(GArray) unread = NULL;
    coi_imap_first_clear(first);
    /* What came since the mailbox was opened lies behind its UIDNEXT. */
    if (imap->session->imap_selection_info->sel_exists == 0 || imap->arrived)
        return coi_imap_fetch_new(imap, follow, give, user, error);
    if (!coi_imap_fetch_next_uid(imap, &next, error) || !search(imap, follow->newest, since, &unread, error))
        return FALSE;
    if (unread == NULL)
        return coi_imap_fetch_new(imap, follow, give, user, error);
    leave_out(unread, NULL, next);
    if (!coi_imap_fetch_some(imap, unread, FALSE, follow->leave_out, give, user, error))
        return FALSE;
    follow->next_uid = next;
    follow->caught_up = TRUE;
    /* Where the server refuses to give messages again and again, no more is asked for than must be. */
    if (follow->leave_out || unread->len == imap->session->imap_selection_info->sel_exists)
        return TRUE;
    first->below = next;
    first->newest = follow->newest;
    first->unread = g_steal_pointer(&unread);
    return TRUE;
}

gboolean coi_imap_first_is_behind(const CoiImapFirst *first)
{
    return first->below > 0;
}

/* FALSE when the session is over. */
static gboolean learn_rest(CoiImapFirst *first, CoiImap *imap, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (imap->session->imap_selection_info->sel_exists > 0) {
        g_autofree char *command = g_strdup_printf("FETCH %u:* (UID)", oldest(imap, first->newest));
        first->rest = coi_imap_fetch_uids(imap, command, 1, &local);
    }
    if (coi_imap_is_over(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (first->rest == NULL)
        first->rest = g_array_new(FALSE, FALSE, sizeof(guint32));
    leave_out(first->rest, first->unread, first->below);
    if (first->rest->len > first->newest)
        g_array_remove_range(first->rest, 0, first->rest->len - first->newest);
    if (first->rest->len == 0)
        g_array_set_size(first->unread, 0);
    return TRUE;
}

gboolean coi_imap_first_go_on(CoiImapFirst *first, CoiImap *imap, CoiImapGive give, gpointer user, GError **error)
{
    if (first->rest == NULL && !learn_rest(first, imap, error))
        return FALSE;
    guint n = MIN(SLICE, first->rest->len - first->at);
    g_autoptr(GArray) slice = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_array_append_vals(slice, &g_array_index(first->rest, guint32, first->at), n);
    first->at += n;
    /* What can't be had of the past is left where it is. */
    if (!coi_imap_fetch_some(imap, slice, FALSE, TRUE, give, user, error))
        return FALSE;
    if (first->at < first->rest->len)
        return TRUE;
    if (first->unread == NULL || first->unread->len == 0) {
        coi_imap_first_clear(first);
        return TRUE;
    }
    g_array_unref(first->rest);
    first->rest = g_steal_pointer(&first->unread);
    first->at = 0;
    return TRUE;
}
