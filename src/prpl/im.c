#include "prpl/im.h"

#include <errno.h>
#include <string.h>

#include <conversation.h>
#include <server.h>

#include "base/limits.h"
#include "mime/address.h"
#include "prpl/command.h"
#include "prpl/failure.h"
#include "prpl/format.h"
#include "prpl/i18n.h"
#include "prpl/line.h"
#include "prpl/markup.h"
#include "prpl/notice.h"
#include "prpl/seen.h"
#include "prpl/typing.h"
#include "prpl/ui.h"

/* The client has emptied its entry: the text must stay where the user can copy it. */
static void give_back(CoiConnection *connection, const char *peer, const char *why, const char *text)
{
    g_autofree char *line = g_strdup_printf(_("Not sent: %s\nYour text was: %s"), why, text);
    coi_notice(connection, peer, COI_NOTICE_ERROR, line);
}

static gboolean is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void hand_over(CoiConnection *connection, CoiCommandType type, const char *peer, const char *text,
                      const char *html)
{
    CoiCommand *command = coi_command_new(type);
    command->address = g_strdup(peer);
    command->label = g_strdup(type == COI_COMMAND_EDIT ? _("Edited") : NULL);
    command->text = g_strdup(text);
    command->html = html != NULL ? coi_format_clean(html) : NULL;
    command->token = ++connection->last_token;
    coi_connection_send(connection, command);
}

static void write_to(CoiConnection *connection, CoiCommandType type, const char *who, const char *text,
                     const char *html)
{
    g_autofree char *peer = coi_address_normalize(who);
    if (peer == NULL)
        give_back(connection, who, _("the conversation's name is no mail address."), text);
    else if (strlen(text) > COI_LIMIT_SENT_TEXT)
        give_back(connection, peer, _("it is too long for one message."), text);
    else if (is_blank(text))
        coi_notice(connection, peer, COI_NOTICE_ERROR, _("Not sent: there is no text in it."));
    else
        hand_over(connection, type, peer, text, html);
}

int coi_im_send(PurpleConnection *gc, const char *who, const char *html, PurpleMessageFlags flags)
{
    CoiConnection *connection = coi_connection_of(gc);
    if (connection == NULL)
        return -ENOTCONN;
    if (!(flags & PURPLE_MESSAGE_AUTO_RESP))
        coi_seen_written(connection, who);
    g_autofree char *text = coi_markup_to_text(html);
    if (!coi_ui_has_commands() && coi_command_typed(connection, who, text))
        return 0;
    write_to(connection, COI_COMMAND_SEND, who, text, html);
    return 0;
}

void coi_im_edit(CoiConnection *connection, const char *who, const char *text)
{
    coi_seen_written(connection, who);
    write_to(connection, COI_COMMAND_EDIT, who, text, NULL);
}

void coi_im_delete(CoiConnection *connection, const char *who)
{
    g_autofree char *peer = coi_address_normalize(who);
    if (peer != NULL)
        hand_over(connection, COI_COMMAND_DELETE, peer,
                  _("I have deleted a message that I sent to you. Please take no notice of it."), NULL);
}

static void show_ours(CoiConnection *connection, const CoiMessage *message, const char *html, PurpleMessageFlags flags)
{
    PurpleConversation *conversation = coi_conversation_with(connection, message->conversation);
    if (message->kind == COI_LINE_OWN && message->action != COI_ACTION_NONE && !coi_ui_shows_system_lines()) {
        g_autofree char *text = coi_markup_to_text(html); /* such a client shows no echo of what was typed as a command */
        coi_notice(connection, message->conversation, COI_NOTICE_INFO, text);
        return;
    }
    flags |= PURPLE_MESSAGE_SEND;
    if (message->kind == COI_LINE_REMOTE)
        flags |= PURPLE_MESSAGE_REMOTE_SEND;
    /* Clients take the name for the partner's, and put the account's own in its place. */
    purple_conv_im_write(PURPLE_CONV_IM(conversation), message->conversation, html, flags, message->time);
}

void coi_im_show_line(CoiConnection *connection, const CoiEvent *event)
{
    const CoiMessage *message = event->message;
    if (message->text != NULL) {
        PurpleMessageFlags flags = message->delayed ? PURPLE_MESSAGE_DELAYED : 0;
        g_autofree char *html = coi_line_html(connection, message, &flags);
        if (message->kind == COI_LINE_IN)
            coi_typing_over(connection, message->conversation);
        if (message->kind == COI_LINE_IN)
            serv_got_im(connection->gc, message->conversation, html, flags | PURPLE_MESSAGE_RECV, message->time);
        else
            show_ours(connection, message, html, flags);
    }
    CoiCommand *shown = coi_command_new(COI_COMMAND_SHOWN);
    shown->line = message->id;
    coi_connection_send(connection, shown);
    if (message->text != NULL && message->kind == COI_LINE_IN)
        coi_seen_shown(connection, message->conversation, message->id);
}

void coi_im_refused(CoiConnection *connection, const CoiEvent *event)
{
    g_autofree char *why = coi_failure_of_message(event->error);
    if (event->text != NULL) {
        give_back(connection, event->address, why, event->text);
        return;
    }
    g_autofree char *line = g_strdup_printf(_("Not deleted: %s"), why);
    coi_notice(connection, event->address, COI_NOTICE_ERROR, line);
}
