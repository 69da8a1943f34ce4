#include "engine/event.h"

CoiEvent *coi_event_new(CoiEventType type)
{
    CoiEvent *event = g_new0(CoiEvent, 1);
    event->type = type;
    return event;
}

void coi_event_free(CoiEvent *event)
{
    if (event == NULL)
        return;
    g_free(event->host);
    g_strfreev(event->addresses);
    g_clear_error(&event->error);
    g_free(event->tried);
    coi_message_free(event->message);
    g_free(event->address);
    g_free(event->name);
    g_free(event->text);
    g_free(event->message_id);
    g_free(event->reply);
    coi_ask_unref(event->ask);
    g_free(event);
}
