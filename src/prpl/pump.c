#include "prpl/pump.h"

#include <eventloop.h>

#include "base/limits.h"
#include "prpl/buddy.h"
#include "prpl/dial.h"
#include "prpl/filter.h"
#include "prpl/history.h"
#include "prpl/im.h"
#include "prpl/progress.h"
#include "prpl/receipts.h"
#include "prpl/seen.h"
#include "prpl/state.h"
#include "prpl/trust.h"
#include "prpl/typing.h"

typedef void (*CoiEventHandler)(CoiConnection *connection, const CoiEvent *event);

static void answer(CoiConnection *connection, const CoiEvent *event)
{
    if (coi_ask_type(event->ask) == COI_ASK_DIAL)
        coi_dial(connection, event->ask);
    else
        coi_trust_judge(connection, event->ask);
}

static const CoiEventHandler handlers[] = {
    [COI_EVENT_STEP] = coi_progress_step,
    [COI_EVENT_BUDDIES] = coi_buddy_remembered,
    [COI_EVENT_CONNECTED] = coi_progress_connected,
    [COI_EVENT_FAILED] = coi_progress_failed,
    [COI_EVENT_LINE] = coi_im_show_line,
    [COI_EVENT_NAME] = coi_buddy_named,
    [COI_EVENT_REFUSED] = coi_im_refused,
    [COI_EVENT_STATE] = coi_state_changed,
    [COI_EVENT_RECEIPT] = coi_receipts_told,
    [COI_EVENT_RETRYING] = coi_state_retrying,
    [COI_EVENT_ASK] = answer,
    [COI_EVENT_READ] = coi_seen_elsewhere,
    [COI_EVENT_ASK_FILTER] = coi_filter_ask,
    [COI_EVENT_FILTER_REFUSED] = coi_filter_refused,
    [COI_EVENT_LOST] = coi_progress_lost,
    [COI_EVENT_LISTING] = coi_history_piece,
    [COI_EVENT_TYPING] = coi_typing_told,
    [COI_EVENT_STOPPED] = NULL,
};

/* A handler may close the connection (a plugin reacts to a line, say): the engine is looked at anew each time. What is
 * left when the slice ends keeps the descriptor readable. */
static void work_off(gpointer data, gint fd, PurpleInputCondition condition)
{
    (void)fd;
    (void)condition;
    g_autoptr(CoiConnection) connection = coi_connection_ref(data);
    gint64 end = g_get_monotonic_time() + COI_SLICE_USEC;
    do {
        CoiEvent *event = coi_engine_next_event(connection->engine);
        if (event == NULL)
            return;
        if ((guint)event->type < G_N_ELEMENTS(handlers) && handlers[event->type] != NULL)
            handlers[event->type](connection, event);
        coi_event_free(event);
    } while (connection->engine != NULL && g_get_monotonic_time() < end);
}

void coi_pump_start(CoiConnection *connection)
{
    connection->input =
        purple_input_add(coi_engine_event_fd(connection->engine), PURPLE_INPUT_READ, work_off, connection);
}

void coi_pump_stop(CoiConnection *connection)
{
    if (connection->input != 0)
        purple_input_remove(connection->input);
    connection->input = 0;
}
