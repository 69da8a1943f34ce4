#include "prpl/typing.h"

#include <conversation.h>
#include <privacy.h>
#include <savedstatuses.h>
#include <server.h>

#include "base/limits.h"
#include "mime/address.h"
#include "prpl/seen.h"

/* This protocol has no status for it: the client's own choice counts. */
static gboolean is_invisible(PurpleAccount *account)
{
    PurpleStatus *status = purple_account_get_active_status(account);
    return purple_savedstatus_get_type(purple_savedstatus_get_current()) == PURPLE_STATUS_INVISIBLE ||
           (status != NULL && purple_status_type_get_primitive(purple_status_get_type(status)) == PURPLE_STATUS_INVISIBLE);
}

unsigned int coi_typing_send(PurpleConnection *gc, const char *who, PurpleTypingState state)
{
    static const CoiTypingState states[] = {[PURPLE_NOT_TYPING] = COI_TYPING_DONE, [PURPLE_TYPING] = COI_TYPING_COMPOSING,
                                            [PURPLE_TYPED] = COI_TYPING_PAUSED};
    CoiConnection *connection = coi_connection_of(gc);
    g_autofree char *address = coi_address_normalize(who);
    if (connection == NULL || address == NULL)
        return 0;
    if (state == PURPLE_TYPING)
        coi_seen_written(connection, who);
    if (!purple_account_get_bool(connection->account, "typing", TRUE) || is_invisible(connection->account))
        return 0;
    CoiCommand *command = coi_command_new(COI_COMMAND_TYPING);
    command->address = g_steal_pointer(&address);
    command->typing = states[state];
    coi_connection_send(connection, command);
    return state == PURPLE_TYPING ? COI_TYPING_AGAIN_SECONDS : 0;
}

void coi_typing_told(CoiConnection *connection, const CoiEvent *event)
{
    if (!purple_privacy_check(connection->account, event->address))
        return;
    if (event->typing == COI_TYPING_COMPOSING)
        coi_seen_composing(connection, event->address);
    if (event->typing == COI_TYPING_DONE)
        serv_got_typing_stopped(connection->gc, event->address);
    else
        serv_got_typing(connection->gc, event->address, (int)event->count,
                        event->typing == COI_TYPING_PAUSED ? PURPLE_TYPED : PURPLE_TYPING);
}

void coi_typing_over(CoiConnection *connection, const char *peer)
{
    PurpleConversation *window = purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, peer, connection->account);
    if (window != NULL && purple_conv_im_get_typing_state(PURPLE_CONV_IM(window)) != PURPLE_NOT_TYPING)
        serv_got_typing_stopped(connection->gc, peer);
}
