#include "net/imap_move.h"

#include "base/error.h"
#include "net/imap_copies.h"
#include "net/imap_fetch.h"
#include "net/imap_flags.h"

#include <string.h>

/* UIDs of ten digits: half of what a line may hold (RFC 7162 section 4). */
#define SLICE 300u

/* What is to be done with messages. */
typedef struct {
    CoiImap *imap;
    const char *flags; /* as they go into a command */
    const char *target;
    gboolean must_exist;
    CoiImapCopies copies;
} Job;

/* With n > 0 ascending UIDs. FALSE with COI_ERROR_REFUSED may be because some of them are gone. */
typedef gboolean (*Act)(Job *job, const guint32 *uids, guint n, GError **error);

/* Those of uids that are still there. NULL with error. */
static GArray *still_there(CoiImap *imap, const guint32 *uids, guint n, GError **error)
{
    g_autofree char *set = coi_imap_set(uids, n);
    g_autofree char *command = g_strdup_printf("UID FETCH %s (UID)", set);
    GArray *left = coi_imap_fetch_uids(imap, command, 1, error);
    for (guint i = left == NULL ? 0 : left->len; i-- > 0;)
        if (!coi_imap_includes(uids, n, g_array_index(left, guint32, i)))
            g_array_remove_index(left, i);
    return left;
}

/* Acts; after a refusal once more with what is left if that is less. */
static gboolean act_on(Job *job, Act act, const guint32 *uids, guint n, GError **error)
{
    GError *refusal = NULL;
    if (act(job, uids, n, &refusal))
        return TRUE;
    if (!g_error_matches(refusal, COI_ERROR, COI_ERROR_REFUSED)) {
        g_propagate_error(error, refusal);
        return FALSE;
    }
    g_autoptr(GError) local = NULL;
    g_autoptr(GArray) left = still_there(job->imap, uids, n, &local);
    if (coi_imap_is_over(local)) {
        g_error_free(refusal);
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (left == NULL || left->len >= n) {
        g_propagate_error(error, refusal);
        return FALSE;
    }
    g_error_free(refusal);
    return left->len == 0 || act(job, (const guint32 *)left->data, left->len, error);
}

static gboolean act_on_all(Job *job, Act act, const GArray *uids, GError **error)
{
    for (guint at = 0; at < uids->len; at += SLICE)
        if (!act_on(job, act, &g_array_index(uids, guint32, at), MIN(SLICE, uids->len - at), error))
            return FALSE;
    return TRUE;
}

static GArray *tidied(const GArray *uids)
{
    GArray *copy = g_array_sized_new(FALSE, FALSE, sizeof(guint32), uids->len);
    g_array_append_vals(copy, uids->data, uids->len);
    coi_imap_tidy(copy, 1);
    return copy;
}

static gboolean store(Job *job, const guint32 *uids, guint n, GError **error)
{
    g_autofree char *set = coi_imap_set(uids, n);
    return coi_imap_command(job->imap, COI_IMAP_TIMEOUT_FETCH, error, "UID STORE %s +FLAGS.SILENT (%s)", set,
                            job->flags);
}

gboolean coi_imap_store(CoiImap *imap, const GArray *uids, GStrv flags, GError **error)
{
    g_autofree char *kept = coi_imap_kept_flags(imap, flags);
    g_autoptr(GArray) copy = tidied(uids);
    Job job = {.imap = imap, .flags = kept};
    return *kept == '\0' || act_on_all(&job, store, copy, error);
}

/* Whether a refusal with this code may mean that the target isn't there. */
static gboolean may_be_missing(const char *code)
{
    return code == NULL || strcmp(code, "TRYCREATE") == 0 || strcmp(code, "NONEXISTENT") == 0;
}

/* MOVE or COPY to the target, which is made if it seems to be missing. */
static gboolean to_target(Job *job, const char *verb, const guint32 *uids, guint n, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *set = coi_imap_set(uids, n);
    g_autofree char *name = coi_imap_quote(job->target, error);
    if (name == NULL)
        return FALSE;
    g_autofree char *command = g_strdup_printf("UID %s %s %s", verb, set, name);
    if (coi_imap_command(job->imap, COI_IMAP_TIMEOUT_FETCH, &local, "%s", command))
        return TRUE;
    if (coi_imap_is_over(local) || job->must_exist || !may_be_missing(job->imap->code)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return coi_imap_create(job->imap, job->target, error) &&
           coi_imap_command(job->imap, COI_IMAP_TIMEOUT_FETCH, error, "%s", command);
}

static gboolean move(Job *job, const guint32 *uids, guint n, GError **error)
{
    if (!to_target(job, "MOVE", uids, n, error))
        return FALSE;
    coi_imap_copies_note(&job->copies, job->imap, n);
    return TRUE;
}

/* Those of uids that nobody has moved or deleted yet. NULL with error. */
static GArray *untouched(CoiImap *imap, const guint32 *uids, guint n, GError **error)
{
    g_autofree char *set = coi_imap_set(uids, n);
    g_autofree char *command = g_strdup_printf("UID FETCH %s (UID FLAGS)", set);
    g_autoptr(GPtrArray) messages = coi_imap_flags_fetch(imap, command, error);
    if (messages == NULL)
        return NULL;
    GArray *left = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < messages->len; i++) {
        const CoiImapResult *message = messages->pdata[i];
        if (!coi_imap_includes(uids, n, message->uid))
            imap->flags_changed |= imap->watch_flags;
        else if (!g_strv_contains((const char *const *)message->flags, "\\Deleted"))
            g_array_append_val(left, message->uid);
    }
    coi_imap_tidy(left, 1);
    return left;
}

/* COPY, then away with the original. */
static gboolean copy(Job *job, const guint32 *uids, guint n, GError **error)
{
    g_autoptr(GArray) left = untouched(job->imap, uids, n, error);
    if (left == NULL)
        return FALSE;
    if (left->len == 0)
        return TRUE;
    const guint32 *these = (const guint32 *)left->data;
    if (!to_target(job, "COPY", these, left->len, error))
        return FALSE;
    coi_imap_copies_note(&job->copies, job->imap, left->len);
    return coi_imap_copies_remove(job->imap, these, left->len, error);
}

gboolean coi_imap_move(CoiImap *imap, const CoiImapRequest *request, GArray **copied, GError **error)
{
    if (request->target == NULL) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, "nowhere to move to");
        return FALSE;
    }
    if (!coi_imap_store(imap, request->uids, request->flags, error))
        return FALSE;
    if (g_strcmp0(imap->selected, request->target) == 0)
        return TRUE;
    g_autoptr(GArray) uids = tidied(request->uids);
    Job job = {.imap = imap, .target = request->target, .must_exist = request->must_exist};
    coi_imap_copies_init(&job.copies);
    if (coi_imap_has(imap, "MOVE")) {
        gboolean moved = act_on_all(&job, move, uids, error);
        *copied = g_steal_pointer(&job.copies.uids);
        return moved;
    }
    GError *refusal = NULL, *end = NULL;
    gboolean good = act_on_all(&job, copy, uids, &refusal);
    /* Also what was copied before a refusal. */
    if (!coi_imap_is_over(refusal) && !coi_imap_copies_settle(&job.copies, imap, request->target, &end)) {
        g_clear_error(&refusal);
        good = FALSE;
    }
    coi_imap_copies_clear(&job.copies);
    if (!good)
        g_propagate_error(error, end != NULL ? end : refusal);
    return good;
}
