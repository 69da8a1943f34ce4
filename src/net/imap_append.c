#include "net/imap_append.h"

#include "base/error.h"
#include "net/imap_search.h"

/* Written in blocks under the size of libetpan's buffer, so that each of them either goes or fails whole. */
#define BLOCK 4096u
/* Besides the usual time: a slow uplink carries at least this many bytes a second. */
#define SLOWEST_UPLINK 4096u
/* A message that is there already may have a date from another clock. */
#define SEARCH_BACK_SECONDS (24 * 60 * 60)

static gboolean open_or_create(CoiImap *imap, const CoiImapRequest *request, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (coi_imap_open_target(imap, request->target, &local))
        return TRUE;
    if (request->must_exist || coi_imap_is_over(local) || g_error_matches(local, COI_ERROR, COI_ERROR_INVALID)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return coi_imap_create(imap, request->target, error) && coi_imap_open_target(imap, request->target, error);
}

static gboolean look(CoiImap *imap, const CoiImapRequest *request, gboolean *found, GError **error)
{
    g_autofree char *bracketed = g_strdup_printf("<%s>", request->message_id);
    g_autofree char *id = coi_imap_quote(bracketed, error);
    if (id == NULL)
        return FALSE;
    g_autofree char *since = coi_imap_date(request->date - SEARCH_BACK_SECONDS);
    if (!coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, error, "UID SEARCH SINCE %s HEADER Message-ID %s", since, id))
        return FALSE;
    const clist *result = imap->session->imap_response_info->rsp_search_result;
    *found = result != NULL && clist_begin(result) != NULL;
    return TRUE;
}

static gboolean write_mail(CoiImap *imap, GBytes *mail)
{
    gsize length;
    const char *bytes = g_bytes_get_data(mail, &length);
    for (gsize at = 0; at < length; at += BLOCK)
        if (!coi_imap_write(imap, bytes + at, MIN(BLOCK, length - at)))
            return FALSE;
    return coi_imap_write(imap, "\r\n", 2) && coi_imap_flush(imap);
}

static gboolean append(CoiImap *imap, const CoiImapRequest *request, GError **error)
{
    g_autofree char *name = coi_imap_quote(request->target, error);
    if (name == NULL)
        return FALSE;
    gsize length = g_bytes_get_size(request->mail);
    g_autofree char *flags = coi_imap_kept_flags(imap, request->flags);
    g_autofree char *date = coi_imap_date_time(request->date);
    g_autofree char *command = g_strdup_printf("APPEND %s (%s) %s {%" G_GSIZE_FORMAT "}", name, flags, date, length);
    guint timeout = COI_IMAP_TIMEOUT_COMMAND + (guint)MIN(length / SLOWEST_UPLINK, 3600u) * 1000u;
    guint tag = coi_imap_send(imap, timeout, command);
    gboolean done = FALSE;
    if (!coi_imap_continue(imap, tag, NULL, &done, error))
        return FALSE;
    if (done || !write_mail(imap, request->mail))
        return coi_imap_broken(imap, error);
    return coi_imap_answer(imap, tag, error);
}

gboolean coi_imap_append(CoiImap *imap, const CoiImapRequest *request, gboolean *was_there, GError **error)
{
    gboolean found = FALSE;
    if (request->target == NULL || request->message_id == NULL || request->mail == NULL) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, "nothing to append, or nowhere");
        return FALSE;
    }
    if (!open_or_create(imap, request, error) || !look(imap, request, &found, error))
        return FALSE;
    if (!found) {
        g_autoptr(GError) local = NULL;
        if (!append(imap, request, &local)) {
            /* Deleted by somebody since it was opened. */
            gboolean again = !request->must_exist && !coi_imap_is_over(local) && g_strcmp0(imap->code, "TRYCREATE") == 0;
            if (!again || !coi_imap_create(imap, request->target, error) || !append(imap, request, error)) {
                if (!again)
                    g_propagate_error(error, g_steal_pointer(&local));
                return FALSE;
            }
        }
    }
    *was_there = found;
    return TRUE;
}
