#include "net/imap_fetch.h"

#include "base/error.h"
#include "base/limits.h"

#include <libetpan/condstore_types.h>
#include <libetpan/mailimap_extension.h>

/* How many messages one command asks for: bounds what is in memory, and what a cut costs. */
#define SLICE_HEADERS 500u
#define SLICE_WHOLE 20u
/* How many are handed over together. */
#define HANDFUL 25u

#define ITEMS "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK"
/* One byte over the limit, so that the reader of the header sees that it is too long. */
#define ITEMS_HEADER "(" ITEMS "[HEADER]<0." G_STRINGIFY(COI_HEADER_BYTES) ">)"
#define ITEMS_WHOLE "(" ITEMS "[]<0." G_STRINGIFY(COI_WHOLE_BYTES) ">)"
/* What arrives while we look on: as many bytes of the message, so that a chat message is here one round trip sooner. */
#define ITEMS_QUICK "(" ITEMS "[]<0." G_STRINGIFY(COI_HEADER_BYTES) ">)"
#define QUICK_MESSAGES 3u
#define COI_HEADER_BYTES 65537
#define COI_WHOLE_BYTES 262144
G_STATIC_ASSERT(COI_HEADER_BYTES == COI_LIMIT_HEADER_BLOCK + 1);
G_STATIC_ASSERT(COI_WHOLE_BYTES == COI_LIMIT_FIRST_FETCH);

/* taking answers apart */

static char *flag_text(const struct mailimap_flag_fetch *one)
{
    static const char *const system_flags[] = {[MAILIMAP_FLAG_ANSWERED] = "\\Answered",
                                               [MAILIMAP_FLAG_FLAGGED] = "\\Flagged",
                                               [MAILIMAP_FLAG_DELETED] = "\\Deleted",
                                               [MAILIMAP_FLAG_SEEN] = "\\Seen",
                                               [MAILIMAP_FLAG_DRAFT] = "\\Draft"};
    if (one->fl_type == MAILIMAP_FLAG_FETCH_RECENT)
        return g_strdup("\\Recent");
    const struct mailimap_flag *flag = one->fl_flag;
    if (flag == NULL)
        return NULL;
    if (flag->fl_type == MAILIMAP_FLAG_KEYWORD)
        return g_utf8_make_valid(flag->fl_data.fl_keyword, -1);
    if (flag->fl_type == MAILIMAP_FLAG_EXTENSION) {
        g_autofree char *valid = g_utf8_make_valid(flag->fl_data.fl_extension, -1);
        return g_strconcat("\\", valid, NULL);
    }
    gboolean known = flag->fl_type >= 0 && flag->fl_type < (int)G_N_ELEMENTS(system_flags);
    return known ? g_strdup(system_flags[flag->fl_type]) : NULL;
}

static GStrv flags_of(const struct mailimap_msg_att_dynamic *dynamic)
{
    GPtrArray *flags = g_ptr_array_new();
    for (clistiter *at = dynamic->att_list == NULL ? NULL : clist_begin(dynamic->att_list); at != NULL;
         at = clist_next(at)) {
        char *flag = flag_text(clist_content(at));
        if (flag != NULL)
            g_ptr_array_add(flags, flag);
    }
    g_ptr_array_add(flags, NULL);
    return (GStrv)g_ptr_array_free(flags, FALSE);
}

static void take_static(const struct mailimap_msg_att_static *att, CoiImapResult *result)
{
    const struct mailimap_date_time *date;
    const struct mailimap_msg_att_body_section *section;
    switch (att->att_type) {
    case MAILIMAP_MSG_ATT_UID:
        result->uid = att->att_data.att_uid;
        break;
    case MAILIMAP_MSG_ATT_RFC822_SIZE:
        result->size = att->att_data.att_rfc822_size;
        break;
    case MAILIMAP_MSG_ATT_INTERNALDATE:
        date = att->att_data.att_internal_date;
        result->internal_date = coi_imap_seconds(date->dt_year, date->dt_month, date->dt_day, date->dt_hour,
                                                 date->dt_min, date->dt_sec, date->dt_zone);
        break;
    case MAILIMAP_MSG_ATT_BODY_SECTION:
        section = att->att_data.att_body_section;
        if (section->sec_body_part != NULL && result->bytes == NULL)
            result->bytes = g_bytes_new(section->sec_body_part, section->sec_length);
        break;
    default:
        break;
    }
}

/* MODSEQ of CONDSTORE. */
static void take_extension(const struct mailimap_extension_data *data, CoiImapResult *result)
{
    if (data != NULL && data->ext_extension->ext_id == MAILIMAP_EXTENSION_CONDSTORE &&
        data->ext_type == MAILIMAP_CONDSTORE_TYPE_FETCH_DATA)
        result->highest_modseq = ((const struct mailimap_condstore_fetch_mod_resp *)data->ext_data)->cs_modseq_value;
}

/* Gives result to whoever asked for it, or notes that nobody did. */
static void sort_in(CoiImap *imap, CoiImapResult *result)
{
    if (imap->learnt != NULL && result->uid != 0)
        g_array_append_val(imap->learnt, result->uid);
    if (imap->fetched != NULL && result->uid != 0 && result->bytes != NULL) {
        result->highest_modseq = 0;
        imap->fetched(result, imap->fetched_user);
    } else if (imap->flagged != NULL && result->uid != 0 && result->flags != NULL) {
        result->type = COI_IMAP_FLAGS;
        g_ptr_array_add(imap->flagged, result);
    } else {
        imap->flags_changed |= imap->watch_flags && result->flags != NULL;
        coi_imap_result_free(result);
    }
}

void coi_imap_take_message(struct mailimap_msg_att *message, void *context)
{
    CoiImap *imap = context;
    if (imap->fetched == NULL && imap->learnt == NULL && imap->flagged == NULL && !imap->watch_flags)
        return;
    CoiImapResult *result = g_new0(CoiImapResult, 1);
    result->type = COI_IMAP_MESSAGE;
    for (clistiter *at = clist_begin(message->att_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);
        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC)
            take_static(item->att_data.att_static, result);
        else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC && result->flags == NULL)
            result->flags = flags_of(item->att_data.att_dyn);
        else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_EXTENSION)
            take_extension(item->att_data.att_extension_data, result);
    }
    sort_in(imap, result);
}

/* handing over */

/* A FETCH under way and where its messages go. */
typedef struct {
    gboolean whole;
    gboolean quick; /* the first bytes at once, which may be all of it, or at least the header */
    gboolean leave_out;
    guint32 first;       /* messages below were not asked for */
    const guint32 *uids; /* NULL: all from first on were */
    guint n;
    GPtrArray *pending;  /* of the command under way, not handed over yet */
    GHashTable *given;   /* set of UIDs that were */
    guint32 highest;     /* UID handed over so far */
    CoiImapGive give;
    gpointer user;
} Fetch;

static gboolean was_asked_for(const Fetch *fetch, guint32 uid)
{
    if (fetch->uids == NULL)
        return uid >= fetch->first;
    return coi_imap_includes(fetch->uids, fetch->n, uid);
}

static void hand_over(Fetch *fetch, CoiImapResult *message)
{
    if (!was_asked_for(fetch, message->uid) || !g_hash_table_add(fetch->given, GUINT_TO_POINTER(message->uid))) {
        coi_imap_result_free(message);
        return;
    }
    fetch->highest = MAX(fetch->highest, message->uid);
    gboolean complete = g_bytes_get_size(message->bytes) >= message->size && message->size > 0;
    message->whole = fetch->whole || (fetch->quick && complete);
    if (message->flags == NULL)
        message->flags = g_new0(char *, 1);
    fetch->give(message, fetch->user);
}

static void hand_over_pending(Fetch *fetch)
{
    for (guint i = 0; i < fetch->pending->len; i++)
        hand_over(fetch, fetch->pending->pdata[i]);
    g_ptr_array_set_size(fetch->pending, 0);
}

/* Whoever takes them is at work while more come, but isn't woken for each. */
static void take(CoiImapResult *message, gpointer user)
{
    Fetch *fetch = user;
    g_ptr_array_add(fetch->pending, message);
    if (fetch->pending->len >= HANDFUL)
        hand_over_pending(fetch);
}

static gboolean run(CoiImap *imap, Fetch *fetch, const char *set, GError **error)
{
    const char *items = fetch->whole ? ITEMS_WHOLE : fetch->quick ? ITEMS_QUICK : ITEMS_HEADER;
    g_autoptr(GHashTable) given = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) pending = g_ptr_array_new();
    fetch->given = given;
    fetch->pending = pending;
    imap->fetched = take;
    imap->fetched_user = fetch;
    gboolean good = coi_imap_command(imap, COI_IMAP_TIMEOUT_FETCH, error, "UID FETCH %s %s", set, items);
    imap->fetched = NULL;
    hand_over_pending(fetch);
    return good;
}

static gboolean run_slice(CoiImap *imap, Fetch *fetch, const guint32 *uids, guint n, GError **error)
{
    g_autofree char *set = coi_imap_set(uids, n);
    fetch->uids = uids;
    fetch->n = n;
    return run(imap, fetch, set, error);
}

/* Each of uids alone. What is refused alone either is left out or ends it. */
static gboolean run_each(CoiImap *imap, Fetch *fetch, const guint32 *uids, guint n, GError **error)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) local = NULL;
        if (!run_slice(imap, fetch, uids + i, 1, &local) && (coi_imap_is_over(local) || !fetch->leave_out)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    }
    return TRUE;
}

/* All of uids. One message that the server can't read makes it refuse the whole command: then each is asked for alone.
 */
static gboolean run_all(CoiImap *imap, Fetch *fetch, const GArray *uids, GError **error)
{
    guint size = fetch->whole ? SLICE_WHOLE : SLICE_HEADERS;
    for (guint at = 0; at < uids->len; at += size) {
        const guint32 *slice = &g_array_index(uids, guint32, at);
        guint n = MIN(size, uids->len - at);
        g_autoptr(GError) local = NULL;
        if (run_slice(imap, fetch, slice, n, &local))
            continue;
        if (coi_imap_is_over(local)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!run_each(imap, fetch, slice, n, error))
            return FALSE;
    }
    return TRUE;
}

/* what is new */

GArray *coi_imap_fetch_uids(CoiImap *imap, const char *command, guint32 first, GError **error)
{
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    imap->learnt = uids;
    gboolean good = coi_imap_command(imap, COI_IMAP_TIMEOUT_FETCH, error, "%s", command);
    imap->learnt = NULL;
    coi_imap_tidy(uids, first);
    return good ? g_steal_pointer(&uids) : NULL;
}

static GArray *learn_new(CoiImap *imap, const CoiImapFollow *follow, GError **error)
{
    guint32 exists = imap->session->imap_selection_info->sel_exists;
    if (follow->next_uid == 0 && (exists == 0 || follow->newest == 0))
        return g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autofree char *command =
        follow->next_uid > 0
            ? g_strdup_printf("UID FETCH %u:* (UID)", follow->next_uid)
            : g_strdup_printf("FETCH %u:* (UID)", exists > follow->newest ? exists - follow->newest + 1 : 1);
    return coi_imap_fetch_uids(imap, command, follow->next_uid, error);
}

static void move_on(const CoiImap *imap, CoiImapFollow *follow, guint32 highest)
{
    follow->next_uid = MAX(follow->next_uid, imap->session->imap_selection_info->sel_uidnext);
    follow->next_uid = MAX(follow->next_uid, highest < G_MAXUINT32 ? highest + 1 : highest);
    follow->caught_up = TRUE;
}

/* First asks which there are, then for these in slices. */
static gboolean fetch_learnt(CoiImap *imap, CoiImapFollow *follow, Fetch *fetch, GError **error)
{
    g_autoptr(GArray) uids = learn_new(imap, follow, error);
    if (uids == NULL || !run_all(imap, fetch, uids, error))
        return FALSE;
    if (uids->len == 0 && follow->next_uid == 0 && !coi_imap_fetch_next_uid(imap, &follow->next_uid, error))
        return FALSE;
    move_on(imap, follow, uids->len > 0 ? g_array_index(uids, guint32, uids->len - 1) : 0);
    return TRUE;
}

/* One command for all that is new. */
static gboolean fetch_direct(CoiImap *imap, CoiImapFollow *follow, Fetch *fetch, GError **error)
{
    g_autofree char *set = g_strdup_printf("%u:*", follow->next_uid);
    g_autoptr(GError) local = NULL;
    if (run(imap, fetch, set, &local)) {
        move_on(imap, follow, fetch->highest);
        return TRUE;
    }
    if (!coi_imap_is_over(local))
        return fetch_learnt(imap, follow, fetch, error);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* How many messages may be new at most; what isn't known is many. */
static guint32 expected(const CoiImap *imap, const CoiImapFollow *follow)
{
    const struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    guint32 more = selection->sel_exists > imap->exists_before ? selection->sel_exists - imap->exists_before : 0;
    if (follow->caught_up)
        return more;
    if (follow->next_uid == 0 || selection->sel_uidnext == 0)
        return G_MAXUINT32;
    guint32 behind = selection->sel_uidnext > follow->next_uid ? selection->sel_uidnext - follow->next_uid : 0;
    return behind > G_MAXUINT32 - more ? G_MAXUINT32 : behind + more;
}

static Fetch fetch_of(const CoiImapFollow *follow, CoiImapGive give, gpointer user)
{
    return (Fetch){
        .whole = follow->whole, .leave_out = follow->leave_out, .first = follow->next_uid, .give = give, .user = user};
}

gboolean coi_imap_fetch_new(CoiImap *imap, CoiImapFollow *follow, CoiImapGive give, gpointer user, GError **error)
{
    Fetch fetch = fetch_of(follow, give, user);
    guint32 count = expected(imap, follow);
    gboolean told = imap->arrived;
    imap->arrived = FALSE;
    imap->exists_before = imap->session->imap_selection_info->sel_exists;
    if (count == 0 && !told) {
        follow->caught_up = TRUE;
        return TRUE;
    }
    fetch.quick = !follow->whole && follow->caught_up && count <= QUICK_MESSAGES;
    return count <= (follow->whole ? SLICE_WHOLE : SLICE_HEADERS) ? fetch_direct(imap, follow, &fetch, error)
                                                                  : fetch_learnt(imap, follow, &fetch, error);
}

gboolean coi_imap_fetch_look(CoiImap *imap, CoiImapFollow *follow, CoiImapGive give, gpointer user, GError **error)
{
    Fetch fetch = fetch_of(follow, give, user);
    imap->arrived = FALSE;
    imap->exists_before = imap->session->imap_selection_info->sel_exists;
    return fetch_learnt(imap, follow, &fetch, error);
}

gboolean coi_imap_fetch_next_uid(CoiImap *imap, guint32 *next_uid, GError **error)
{
    const struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    guint32 next = selection->sel_uidnext;
    if (next == 0 && selection->sel_exists > 0) {
        g_autoptr(GArray) uids = coi_imap_fetch_uids(imap, "UID FETCH * (UID)", 1, error);
        if (uids == NULL)
            return FALSE;
        guint32 last = uids->len > 0 ? g_array_index(uids, guint32, uids->len - 1) : 0;
        next = last < G_MAXUINT32 ? last + 1 : last;
    }
    *next_uid = MAX(next, 1);
    return TRUE;
}

gboolean coi_imap_fetch_some(CoiImap *imap, const GArray *uids, gboolean whole, gboolean leave_out, CoiImapGive give,
                             gpointer user, GError **error)
{
    Fetch fetch = {.whole = whole, .leave_out = leave_out, .give = give, .user = user};
    g_autoptr(GArray) copy = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_array_append_vals(copy, uids->data, uids->len);
    coi_imap_tidy(copy, 1);
    return run_all(imap, &fetch, copy, error);
}
