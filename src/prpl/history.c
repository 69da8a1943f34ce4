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
    gboolean around = *typed == '#';
    guint count = *typed == '\0' ? USUAL_LINES : number(typed + around);
    if (address == NULL)
        return;
    if (count == 0) {
        coi_notice(connection, address, COI_NOTICE_INFO, _("How many messages? Type a number, such as 20."));
        return;
    }
    CoiCommand *command = coi_command_new(COI_COMMAND_HISTORY);
    command->address = g_steal_pointer(&address);
    command->count = count;
    command->around = around;
    coi_connection_send(connection, command);
}

void coi_history_search(CoiConnection *connection, const char *peer, const char *argument)
{
    g_autofree char *text = g_strstrip(g_strdup(argument));
    char *address = coi_address_normalize(peer);
    if (address == NULL)
        return;
    CoiCommand *command = coi_command_new(COI_COMMAND_SEARCH);
    command->address = address;
    command->text = *text != '\0' ? g_steal_pointer(&text) : NULL;
    coi_connection_send(connection, command);
}

void coi_history_closed(PurpleConnection *gc, const char *who)
{
    CoiConnection *connection = coi_connection_of(gc);
    char *address = connection != NULL ? coi_address_normalize(who) : NULL;
    if (address == NULL)
        return;
    CoiCommand *command = coi_command_new(COI_COMMAND_SEARCH);
    command->address = address;
    command->unasked = TRUE;
    coi_connection_send(connection, command);
}

void coi_history_full(CoiConnection *connection, const char *peer)
{
    char *address = coi_address_normalize(peer);
    if (address == NULL)
        return;
    CoiCommand *command = coi_command_new(COI_COMMAND_FULL);
    command->address = address;
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

/* Not logged, since it has been. PURPLE_MESSAGE_NO_LOG would do, but Pidgin takes such a line for a remark of its own: without time
 * and name. Not by serv_got_im, since it is no news: no sound, nothing unread, no automatic answer. */
static void write_unlogged(PurpleConversation *conversation, const char *who, const char *html, PurpleMessageFlags flags, time_t when)
{
    gboolean logging = purple_conversation_is_logging(conversation);
    purple_conversation_set_logging(conversation, FALSE);
    purple_conv_im_write(PURPLE_CONV_IM(conversation), who, html, flags, when);
    purple_conversation_set_logging(conversation, logging);
}

static void show_line(CoiConnection *connection, const CoiEvent *event)
{
    const CoiMessage *message = event->message;
    PurpleMessageFlags flags = PURPLE_MESSAGE_DELAYED | (message->kind == COI_LINE_IN ? PURPLE_MESSAGE_RECV : PURPLE_MESSAGE_SEND);
    g_autofree char *said = message->text != NULL ? coi_line_html(connection, message, &flags) : g_strdup(_("(its text is not here)"));
    g_autofree char *number = event->count > 0 ? g_strdup_printf("#%d ", (int)event->count) : g_strdup("");
    g_autofree char *html = g_strconcat(number, said, NULL);
    if (!coi_ui_shows_system_lines()) {
        show_as_notice(connection, message, html);
        return;
    }
    PurpleConversation *conversation = coi_conversation_with(connection, event->address);
    write_unlogged(conversation, event->address, html, flags, message->time);
}

static char *head(const CoiEvent *event)
{
    gulong n = (gulong)event->count;
    if (event->look == COI_LOOK_FULL)
        return g_strdup(_("All of the latest message that was shortened:"));
    if (event->look == COI_LOOK_AROUND)
        return g_strdup(_("Around this find:"));
    if (event->look == COI_LOOK_WORDS)
        return event->more == 0 ? g_strdup_printf(_("Found for “%s”:"), event->text)
                                : g_strdup_printf(ngettext_("Found for “%s”, the latest one:", "Found for “%s”, the latest %d:", n),
                                                  event->text, (int)n);
    return g_strdup_printf(ngettext_("History: the latest message", "History: the latest %d messages", n), (int)n);
}

static char *end_of_search(const CoiEvent *event)
{
    if (event->count == 0)
        return g_strdup_printf(_("Not found: “%s”"), event->text);
    g_autofree char *command = g_strconcat(coi_ui_has_commands() ? "/" : "!coi ", "history #", NULL);
    g_autofree char *more = event->more > 0 ? g_strdup_printf(ngettext_("There is %d older one.", "There are %d older ones.",
                                                                        (gulong)event->more), (int)event->more)
                                            : g_strdup("");
    return g_strdup_printf(_("End of what was found. %s1, %s2, … show the messages around one. %s"), command, command, more);
}

static char *end(const CoiEvent *event)
{
    if (event->error != NULL) {
        g_autofree char *why = coi_failure_of_message(event->error);
        return g_strdup_printf(_("End of what is known here. The server could not be asked for more: %s"), why);
    }
    if (event->look == COI_LOOK_WORDS)
        return end_of_search(event);
    if (event->look == COI_LOOK_FULL)
        return g_strdup(_("End of this message."));
    if (event->look == COI_LOOK_AROUND)
        return g_strdup(_("End of the messages around this find."));
    return g_strdup(event->count == 0 ? _("History: there are no messages in this conversation.")
                    : event->more     ? _("End of the history; there may be older messages, too.")
                                      : _("End of the history; there are no older messages."));
}

static char *goes_on(const CoiEvent *event)
{
    if (event->count > 0)
        return g_strdup_printf(ngettext_("Looking on: %d mailbox of the server has been searched.",
                                         "Looking on: %d mailboxes of the server have been searched.", (gulong)event->count),
                               (int)event->count);
    return g_strdup(event->look == COI_LOOK_WORDS ? _("Looking on the server…") : _("Looking on the server for older messages…"));
}

static char *stopped(const CoiEvent *event)
{
    if (event->look == COI_LOOK_FULL)
        return g_strdup(_("No message of this conversation was shortened."));
    if (event->look == COI_LOOK_AROUND)
        return g_strdup(_("No such find: look for words first, then name one of the numbers."));
    return g_strdup(event->count > 0 ? _("Looking no more.") : _("What words? Nothing is being looked for now."));
}

static char *words_of(const CoiEvent *event)
{
    switch (event->listing) {
    case COI_LISTING_HEAD:
        return event->count > 0 ? head(event) : NULL;
    case COI_LISTING_END:
        return end(event);
    case COI_LISTING_LOOKING:
        return goes_on(event);
    case COI_LISTING_STOPPED:
        return stopped(event);
    default:
        return NULL;
    }
}

void coi_history_piece(CoiConnection *connection, const CoiEvent *event)
{
    g_autofree char *words = words_of(event);
    if (event->listing == COI_LISTING_LINE)
        show_line(connection, event);
    else if (words != NULL)
        coi_notice(connection, event->address, COI_NOTICE_INFO, words);
}
