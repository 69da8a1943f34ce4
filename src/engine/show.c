#include "engine/private.h"

/* How long lines wait for the other mailbox while a catch-up is merged. */
#define HOLD_LIMIT_USEC (10 * G_USEC_PER_SEC)
/* So many more lines are looked at for one that comes before: the others of the same second. */
#define MERGED 20

static void show(CoiEngine *engine, CoiMessage *message)
{
    gint64 *id = g_new(gint64, 1);
    *id = message->id;
    g_hash_table_add(engine->unacknowledged, id);
    g_autoptr(GPtrArray) states = coi_edits_states(engine, message);
    g_autofree char *writer = message->kind == COI_LINE_IN ? g_strdup(message->conversation) : NULL;
    CoiEvent *known = coi_reports_state(engine, message);
    CoiEvent *event = coi_event_new(COI_EVENT_LINE);
    event->message = message;
    coi_engine_emit(engine, event);
    for (guint i = 0; i < states->len; i++)
        coi_engine_emit(engine, states->pdata[i]);
    if (writer != NULL)
        coi_typing_shown(engine, writer);
    if (known != NULL)
        coi_engine_emit(engine, known);
}

/* TRUE while received lines must wait so that all of them can be shown in order. */
static gboolean holding(CoiEngine *engine)
{
    if (!coi_watches_catching_up(engine)) {
        engine->hold_lines_until = 0;
        return coi_watches_looking(engine);
    }
    gint64 now = g_get_monotonic_time();
    if (engine->hold_lines_until == 0)
        engine->hold_lines_until = now + HOLD_LIMIT_USEC;
    return now < engine->hold_lines_until;
}

static gboolean settle_between(CoiEngine *engine)
{
    g_autoptr(GError) error = NULL;
    engine->between_pending = FALSE;
    if (coi_messages_settle_between(engine->store, &error))
        return TRUE;
    coi_engine_store_failed(engine, g_steal_pointer(&error));
    return FALSE;
}

void coi_show_pump(CoiEngine *engine)
{
    guint shown = g_hash_table_size(engine->unacknowledged);
    if (!engine->connected || !engine->lines_pending || engine->stopping || engine->failed ||
        shown >= COI_LIMIT_UNACKNOWLEDGED)
        return;
    gboolean hold = holding(engine);
    if (!hold && engine->between_pending && !settle_between(engine))
        return;
    guint room = COI_LIMIT_UNACKNOWLEDGED - shown;
    g_autoptr(GPtrArray) lines = coi_messages_pending(engine->store, engine->unacknowledged, room + MERGED);
    if (lines->len < room && !hold)
        engine->lines_pending = FALSE;
    coi_order_lines(lines);
    for (guint i = 0; i < MIN(lines->len, room); i++) {
        CoiMessage *message = g_ptr_array_index(lines, i);
        if (hold && message->kind != COI_LINE_OWN)
            continue;
        lines->pdata[i] = NULL; /* the event owns it now */
        show(engine, message);
    }
}

void coi_show_acknowledged(CoiEngine *engine, gint64 line)
{
    g_autoptr(GError) error = NULL;
    if (!g_hash_table_remove(engine->unacknowledged, &line))
        return;
    if (!coi_messages_set_show(engine->store, line, COI_SHOW_DONE, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}
