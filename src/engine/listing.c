#include "engine/listing.h"

#include "engine/private.h"

static gint by_id(gconstpointer a, gconstpointer b)
{
    const CoiMessage *one = *(CoiMessage *const *)a, *two = *(CoiMessage *const *)b;
    return (one->id > two->id) - (one->id < two->id);
}

/* Lines of one second: rows came in the order in which they were shown. What was never shown stays in its place. */
static void as_shown(GPtrArray *lines, guint from, guint end)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    for (guint i = from; i < end; i++)
        if (((CoiMessage *)lines->pdata[i])->show != COI_SHOW_NEVER)
            g_ptr_array_add(shown, lines->pdata[i]);
    g_ptr_array_sort(shown, by_id);
    for (guint i = from, next = 0; i < end; i++)
        if (((CoiMessage *)lines->pdata[i])->show != COI_SHOW_NEVER)
            lines->pdata[i] = shown->pdata[next++];
}

/* Lines in the store's order: those of one second come as they did when they were shown. */
static void order(GPtrArray *lines)
{
    for (guint from = 0, end; from < lines->len; from = end) {
        const CoiMessage *first = lines->pdata[from];
        for (end = from + 1; end < lines->len && ((CoiMessage *)lines->pdata[end])->internal_date == first->internal_date;)
            end++;
        as_shown(lines, from, end);
    }
}

GPtrArray *coi_listing_lines(CoiEngine *engine, const GArray *rows)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)coi_message_free);
    for (guint i = 0; i < rows->len; i++) {
        CoiMessage *message = coi_messages_get(engine->store, g_array_index(rows, gint64, i));
        if (message != NULL)
            g_ptr_array_add(lines, message);
    }
    order(lines);
    return lines;
}

void coi_listing_keep_last(GPtrArray *lines, guint wanted)
{
    if (lines->len > wanted)
        g_ptr_array_remove_range(lines, 0, lines->len - wanted);
}

static CoiEvent *piece(const CoiListed *listed, CoiListing what)
{
    CoiEvent *event = coi_event_new(COI_EVENT_LISTING);
    event->address = g_strdup(listed->conversation);
    event->listing = what;
    event->look = listed->look;
    event->text = g_strdup(listed->words);
    event->count = listed->lines->len;
    event->more = listed->more;
    if (what == COI_LISTING_END && listed->error != NULL)
        event->error = g_error_copy(listed->error);
    return event;
}

void coi_listing_say(CoiEngine *engine, const char *conversation, CoiLook look, CoiListing what, guint count)
{
    CoiEvent *event = coi_event_new(COI_EVENT_LISTING);
    event->address = g_strdup(conversation);
    event->listing = what;
    event->look = look;
    event->count = count;
    coi_engine_emit(engine, event);
}

void coi_listing_emit(CoiEngine *engine, const CoiListed *listed)
{
    coi_engine_emit(engine, piece(listed, COI_LISTING_HEAD));
    for (guint i = 0; i < listed->lines->len; i++) {
        CoiEvent *line = piece(listed, COI_LISTING_LINE);
        line->message = g_steal_pointer(&listed->lines->pdata[i]);
        line->count = listed->first_number > 0 ? listed->first_number + i : 0;
        coi_engine_emit(engine, line);
    }
    coi_engine_emit(engine, piece(listed, COI_LISTING_END));
}
