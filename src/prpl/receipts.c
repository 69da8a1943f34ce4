#include "prpl/receipts.h"

#include <conversation.h>

#include "mime/address.h"
#include "base/i18n.h"
#include "prpl/notice.h"
#include "prpl/ui.h"

/* "12:03", or the date with it when it isn't today's. */
static char *format_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    if (time == NULL)
        return g_strdup("?");
    gboolean today = g_date_time_get_year(time) == g_date_time_get_year(now) &&
                     g_date_time_get_day_of_year(time) == g_date_time_get_day_of_year(now);
    return g_date_time_format(time, today ? "%H:%M" : "%F %H:%M");
}

void coi_receipts_read(CoiConnection *connection, const CoiEvent *event)
{
    PurpleConversation *conversation =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, event->address, connection->account);
    /* Of a run of messages the last one tells of all; a client without such lines would show it as the peer's words. */
    if (!event->latest || conversation == NULL || !coi_ui_shows_system_lines())
        return;
    g_autofree char *time = format_time(event->time);
    g_autofree char *text = g_strdup_printf(_("Read %s"), time);
    purple_conversation_write(conversation, NULL, text, PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LOG, event->time);
}

/* Which message a server means: it may be an old one. */
static const char *beginning(const CoiEvent *event)
{
    return event->text != NULL ? event->text : "…";
}

void coi_receipts_delayed(CoiConnection *connection, const CoiEvent *event)
{
    g_autofree char *text =
        event->reply != NULL
            ? g_strdup_printf(_("Your message “%s” has not been delivered yet; the mail server goes on trying (%s)."),
                              beginning(event), event->reply)
            : g_strdup_printf(_("Your message “%s” has not been delivered yet; the mail server goes on trying."), beginning(event));
    coi_notice(connection, event->address, COI_NOTICE_INFO, text);
}

void coi_receipts_bounced(CoiConnection *connection, const CoiEvent *event)
{
    g_autofree char *text =
        event->reply != NULL
            ? g_strdup_printf(_("Your message “%s” came back; it was not delivered. A mail server said: “%s”. Check the address, "
                                "or write again later."),
                              beginning(event), event->reply)
            : g_strdup_printf(_("Your message “%s” came back; it was not delivered, and no reason was given. Check the address, "
                                "or write again later."),
                              beginning(event));
    coi_notice(connection, event->address, COI_NOTICE_ERROR, text);
}

static const char *sentence(CoiMessageState state)
{
    switch (state) {
    case COI_STATE_READ:
        return N_("%1$s has read your latest message (%2$s).");
    case COI_STATE_DELIVERED:
        return N_("Your latest message is in the mailbox of %1$s (%2$s); nobody has told that it was read.");
    case COI_STATE_DELAYED:
        return N_("Your latest message to %1$s is delayed, a mail server said (%2$s).");
    case COI_STATE_BOUNCED:
    case COI_STATE_FAILED:
        return N_("Your latest message to %1$s was not delivered (%2$s).");
    case COI_STATE_SENT:
        return N_("Your latest message to %1$s was sent (%2$s); nobody has told that it was read.");
    default:
        return N_("Your latest message to %1$s has not been sent yet (%2$s).");
    }
}

void coi_receipts_told(CoiConnection *connection, const CoiEvent *event)
{
    if (event->count == 0) {
        coi_notice(connection, event->address, COI_NOTICE_INFO, _("There is no message of yours here."));
        return;
    }
    g_autofree char *time = format_time(event->time);
    g_autofree char *text =
        g_strdup_printf(_(sentence(event->state)), event->name != NULL ? event->name : event->address, time);
    coi_notice(connection, event->address, COI_NOTICE_INFO, text);
}

void coi_receipts_ask(CoiConnection *connection, const char *peer, const char *argument)
{
    (void)argument;
    char *address = coi_address_normalize(peer);
    if (address == NULL)
        return;
    CoiCommand *ask = coi_command_new(COI_COMMAND_RECEIPT);
    ask->address = address;
    coi_connection_send(connection, ask);
}
