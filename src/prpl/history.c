#include "prpl/history.h"

#include <string.h>

#include <conversation.h>

#include "base/limits.h"
#include "mime/address.h"
#include "prpl/failure.h"
#include "prpl/i18n.h"
#include "prpl/line.h"
#include "prpl/markup.h"
#include "prpl/notice.h"
#include "prpl/ui.h"

#define USUAL_LINES 20

/* A number and nothing else, or 0. */
static guint number(const char *typed)
{
    guint64 value;
    return g_ascii_string_to_unsigned(typed, 10, 1, G_MAXUINT, &value, NULL) ? (guint)value : 0;
}

void coi_history_ask(CoiConnection *connection, const char *peer, const char *argument)
{
    g_autofree char *typed = g_strstrip(g_strdup(argument));
    g_autofree char *address = coi_address_normalize(peer);
    guint count = *typed == '\0' ? USUAL_LINES : number(typed);
    if (address == NULL)
        return;
    if (count == 0) {
        coi_notice(connection, address, COI_NOTICE_INFO, _("How many messages? Type a number, such as 20."));
        return;
    }
    CoiCommand *command = coi_command_new(COI_COMMAND_HISTORY);
    command->address = g_steal_pointer(&address);
    command->count = count;
    coi_connection_send(connection, command);
}

/* Whose line it is, for clients that would take it for a new one. */
static const char *author(CoiConnection *connection, const CoiMessage *message)
{
    if (message->kind != COI_LINE_IN)
        return connection->address;
    return message->sender_name != NULL ? message->sender_name : message->sender;
}

static void show_as_notice(CoiConnection *connection, const CoiMessage *message, const char *html)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(message->time);
    g_autofree char *date = when != NULL ? g_date_time_format(when, "%F %R") : g_strdup("");
    g_autofree char *text = coi_markup_to_text(html);
    g_autofree char *line = g_strdup_printf("[%s] %s: %s", date, author(connection, message), text);
    coi_notice(connection, message->conversation, COI_NOTICE_INFO, line);
}

/* Not logged, since it has been; not by serv_got_im, since it is no news: no sound, nothing unread, no automatic answer. */
static void show_line(CoiConnection *connection, const CoiEvent *event)
{
    const CoiMessage *message = event->message;
    PurpleMessageFlags flags = PURPLE_MESSAGE_NO_LOG | PURPLE_MESSAGE_DELAYED |
                               (message->kind == COI_LINE_IN ? PURPLE_MESSAGE_RECV : PURPLE_MESSAGE_SEND);
    g_autofree char *said = message->text != NULL ? coi_line_html(connection, message, &flags) : g_strdup(_("(no longer on the server)"));
    g_autofree char *number = event->count > 0 ? g_strdup_printf("#%d ", (int)event->count) : g_strdup("");
    g_autofree char *html = g_strconcat(number, said, NULL);
    if (!coi_ui_shows_system_lines()) {
        show_as_notice(connection, message, html);
        return;
    }
    PurpleConversation *conversation = coi_conversation_with(connection, event->address);
    purple_conv_im_write(PURPLE_CONV_IM(conversation), event->address, html, flags, message->time);
}

static void show_head(CoiConnection *connection, const CoiEvent *event)
{
    if (event->count == 0)
        return;
    g_autofree char *text = g_strdup_printf(ngettext_("History: the latest message", "History: the latest %d messages", (gulong)event->count),
                                            (int)event->count);
    coi_notice(connection, event->address, COI_NOTICE_INFO, text);
}

static void show_end(CoiConnection *connection, const CoiEvent *event)
{
    const char *text = event->count == 0 ? _("History: there are no messages in this conversation.")
                       : event->more     ? _("End of the history; there are older messages, too.")
                                         : _("End of the history; there are no older messages.");
    g_autofree char *why = event->error != NULL ? coi_failure_of_message(event->error) : NULL;
    g_autofree char *line = why == NULL ? g_strdup(text)
                                        : g_strdup_printf(_("End of what is known here. The server could not be asked for more: %s"), why);
    coi_notice(connection, event->address, COI_NOTICE_INFO, line);
}

void coi_history_piece(CoiConnection *connection, const CoiEvent *event)
{
    if (event->listing == COI_LISTING_HEAD)
        show_head(connection, event);
    else if (event->listing == COI_LISTING_LINE)
        show_line(connection, event);
    else
        show_end(connection, event);
}
