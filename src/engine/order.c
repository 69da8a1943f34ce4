/* The order of what arrived together. Servers deliver in parallel, so of two mails sent within a second the later one may get
 * the lower UID. A message is shown after the one that its References name last, if that came in the same batch. */
#include "engine/private.h"

/* A chain out of order is a few messages long; a hostile circle of references ends here. */
#define PASSES 20

static gint compare(gconstpointer a, gconstpointer b)
{
    const CoiArrival *first = *(CoiArrival *const *)a;
    const CoiArrival *second = *(CoiArrival *const *)b;
    const CoiMessage *one = first->message, *two = second->message;
    if (one->internal_date != two->internal_date)
        return one->internal_date < two->internal_date ? -1 : 1;
    if (one->uid != two->uid)
        return one->uid < two->uid ? -1 : 1;
    return (first->depth > second->depth) - (first->depth < second->depth);
}

static const CoiArrival *predecessor(GHashTable *by_id, const CoiArrival *arrival)
{
    if (arrival->place_only || arrival->last_reference == NULL)
        return NULL;
    const CoiArrival *before = g_hash_table_lookup(by_id, arrival->last_reference);
    if (before == NULL || before == arrival ||
        g_strcmp0(before->message->conversation, arrival->message->conversation) != 0)
        return NULL;
    return before;
}

/* The place in the order moves, never the place on the server (CoiArrival.uid). */
static gboolean move_after(CoiArrival *arrival, const CoiArrival *before)
{
    if (compare(&before, &arrival) < 0)
        return FALSE;
    arrival->message->internal_date = before->message->internal_date;
    arrival->message->uid = before->message->uid;
    arrival->depth = before->depth + 1;
    return TRUE;
}

void coi_order_arrived(GPtrArray *arrived)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < arrived->len; i++) {
        CoiArrival *arrival = g_ptr_array_index(arrived, i);
        if (!arrival->place_only)
            g_hash_table_insert(by_id, arrival->message->message_id, arrival);
    }
    gboolean moved = TRUE;
    for (guint pass = 0; moved && pass < PASSES; pass++) {
        moved = FALSE;
        for (guint i = 0; i < arrived->len; i++) {
            CoiArrival *arrival = g_ptr_array_index(arrived, i);
            const CoiArrival *before = predecessor(by_id, arrival);
            if (before != NULL && move_after(arrival, before))
                moved = TRUE;
        }
    }
    g_ptr_array_sort(arrived, compare);
}
