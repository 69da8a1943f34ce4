#include "prpl/notice.h"

#include <time.h>

#include <conversation.h>

#include "base/limits.h"
#include "prpl/i18n.h"
#include "prpl/line.h"
#include "prpl/markup.h"
#include "prpl/ui.h"

PurpleConversation *coi_conversation_with(CoiConnection *connection, const char *peer)
{
    PurpleConversation *conversation =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, peer, connection->account);
    return conversation != NULL ? conversation
                                : purple_conversation_new(PURPLE_CONV_TYPE_IM, connection->account, peer);
}

void coi_notice(CoiConnection *connection, const char *peer, CoiNotice kind, const char *text)
{
    PurpleConversation *conversation = coi_conversation_with(connection, peer);
    PurpleMessageFlags flags = kind == COI_NOTICE_ERROR ? PURPLE_MESSAGE_ERROR : PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LOG;
    g_autofree char *html = coi_line_guard(coi_markup_from_text(text, COI_LIMIT_SHOWN_LINE, _("(cut)")), &flags);
    if (coi_ui_shows_system_lines()) {
        purple_conversation_write(conversation, NULL, html, flags, time(NULL));
        return;
    }
    /* What is left is a message that seems to come from the peer; it must not read like one. */
    g_autofree char *marked = g_strdup_printf("*** COI: %s", html);
    purple_conv_im_write(PURPLE_CONV_IM(conversation), peer, marked, PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LOG,
                         time(NULL));
}
