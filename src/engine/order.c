/* The order of what arrived together. Servers deliver in parallel, so of two mails sent within a second the later one may get
 * the lower UID. A message is shown after the one that its References name last, if that came in the same batch. Of two
 * mailboxes nobody knows which mail came first within a second, but for the references again. */
#include "engine/private.h"

#include <string.h>

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

/* The first of lines from `from` to `end` whose predecessors have all been taken: those in its mailbox, and the one that it follows. */
static guint next_line(const GPtrArray *lines, guint from, guint end, GHashTable *left)
{
    const char *mailbox = NULL;
    for (guint i = from; i < end; i++) {
        const CoiMessage *line = lines->pdata[i];
        if (line == NULL || g_strcmp0(line->mailbox, mailbox) == 0)
            continue; /* only the first of each mailbox */
        mailbox = line->mailbox;
        if (line->follows == NULL || g_str_equal(line->follows, line->message_id) || !g_hash_table_contains(left, line->follows))
            return i;
    }
    for (guint i = from; i < end; i++)
        if (lines->pdata[i] != NULL)
            return i; /* a circle */
    return end;
}

/* Lines of one second. */
static void merge(GPtrArray *lines, guint from, guint end)
{
    g_autoptr(GHashTable) left = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) merged = g_ptr_array_new();
    for (guint i = from; i < end; i++)
        g_hash_table_add(left, ((CoiMessage *)lines->pdata[i])->message_id);
    while (merged->len < end - from) {
        guint next = next_line(lines, from, end, left);
        g_hash_table_remove(left, ((CoiMessage *)lines->pdata[next])->message_id);
        g_ptr_array_add(merged, lines->pdata[next]);
        lines->pdata[next] = NULL;
    }
    memcpy(lines->pdata + from, merged->pdata, sizeof(gpointer) * merged->len);
}

void coi_order_lines(GPtrArray *lines)
{
    for (guint from = 0, end; from < lines->len; from = end) {
        const CoiMessage *first = lines->pdata[from];
        gboolean mixed = FALSE;
        for (end = from + 1; end < lines->len; end++) {
            const CoiMessage *line = lines->pdata[end];
            if (line->internal_date != first->internal_date)
                break;
            mixed |= g_strcmp0(line->mailbox, first->mailbox) != 0;
        }
        if (mixed)
            merge(lines, from, end);
    }
}
