#include "prpl/state.h"

#include <signals.h>
#include <value.h>

#include "prpl/i18n.h"
#include "prpl/notice.h"
#include "prpl/receipts.h"
#include "prpl/ui.h"

#define SIGNAL "coi-message-state"

/* libpurple has no marshaller of this shape. */
static void marshal(PurpleCallback callback, va_list arguments, void *data, void **result)
{
    (void)result;
    gpointer account = va_arg(arguments, gpointer);
    const char *conversation = va_arg(arguments, const char *);
    const char *message_id = va_arg(arguments, const char *);
    const char *state = va_arg(arguments, const char *);
    gint64 time = va_arg(arguments, gint64);
    ((void (*)(gpointer, const char *, const char *, const char *, gint64, void *))callback)(
        account, conversation, message_id, state, time, data);
}

void coi_state_register(PurplePlugin *plugin)
{
    purple_signal_register(plugin, SIGNAL, marshal, NULL, 5,
                           purple_value_new(PURPLE_TYPE_SUBTYPE, PURPLE_SUBTYPE_ACCOUNT),
                           purple_value_new(PURPLE_TYPE_STRING), purple_value_new(PURPLE_TYPE_STRING),
                           purple_value_new(PURPLE_TYPE_STRING), purple_value_new(PURPLE_TYPE_INT64));
}

void coi_state_unregister(PurplePlugin *plugin)
{
    purple_signals_unregister_by_instance(plugin);
}

static void emit(CoiConnection *connection, const CoiEvent *event, const char *state)
{
    purple_signal_emit(purple_connection_get_prpl(connection->gc), SIGNAL, connection->account, event->address,
                       event->message_id, state, event->time != 0 ? event->time : g_get_real_time() / G_USEC_PER_SEC);
}

/* "/retry", as this client lets one type it. */
static const char *retry(void)
{
    return coi_ui_has_commands() ? "/retry" : "!coi retry";
}

static void tell_failed(CoiConnection *connection, const CoiEvent *event)
{
    g_autofree char *text =
        event->reply != NULL && event->reply[0] != '\0'
            ? g_strdup_printf(_("The message was not delivered. The mail server said: “%s”. Type %s to send it again."),
                              event->reply, retry())
            : g_strdup_printf(_("The message was not delivered. Type %s to send it again."), retry());
    coi_notice(connection, event->address, COI_NOTICE_ERROR, text);
}

static void tell_waiting(CoiConnection *connection, const CoiEvent *event)
{
    if (!g_hash_table_add(connection->waiting, g_strdup(event->address)))
        return;
    g_autofree char *text =
        event->throttled
            ? g_strdup_printf(_("The mail server asks to be sent less for a while; the message will be sent later by "
                                "itself (%s)."),
                              event->reply)
        : event->reply != NULL && event->reply[0] != '\0'
            ? g_strdup_printf(_("The message will be sent when the mail server takes it (%s)."), event->reply)
            : g_strdup(_("The message will be sent when the connection is back."));
    coi_notice(connection, event->address, COI_NOTICE_INFO, text);
}

void coi_state_retrying(CoiConnection *connection, const CoiEvent *event)
{
    g_autofree char *text = event->count > 0
                                ? g_strdup_printf(ngettext_("%d message is sent again.", "%d messages are sent again.",
                                                            (gulong)event->count),
                                                  (int)event->count)
                                : g_strdup(_("There is no message here that waits to be sent again."));
    coi_notice(connection, event->address, COI_NOTICE_INFO, text);
}

void coi_state_changed(CoiConnection *connection, const CoiEvent *event)
{
    switch (event->state) {
    case COI_STATE_QUEUED:
        emit(connection, event, "queued");
        break;
    case COI_STATE_SENT:
        g_hash_table_remove(connection->waiting, event->address);
        emit(connection, event, "sent");
        break;
    case COI_STATE_FAILED:
        g_hash_table_remove(connection->waiting, event->address);
        emit(connection, event, "failed");
        tell_failed(connection, event);
        break;
    case COI_STATE_EDITED:
        emit(connection, event, "edited");
        break;
    case COI_STATE_DELETED:
        emit(connection, event, "deleted");
        break;
    case COI_STATE_DELIVERED:
        emit(connection, event, "delivered");
        break;
    case COI_STATE_READ:
        emit(connection, event, "read");
        coi_receipts_read(connection, event);
        break;
    case COI_STATE_DELAYED:
        coi_receipts_delayed(connection, event);
        break;
    case COI_STATE_BOUNCED:
        emit(connection, event, "failed");
        coi_receipts_bounced(connection, event);
        break;
    case COI_STATE_WAITING:
        tell_waiting(connection, event);
        break;
    }
}
