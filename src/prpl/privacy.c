#include "prpl/privacy.h"

#include <privacy.h>

#include "mime/address.h"

static void tell(CoiConnection *connection, const char *who, gboolean is_blocked)
{
    char *address = coi_address_normalize(who);
    if (connection == NULL || address == NULL) {
        g_free(address);
        return;
    }
    CoiCommand *command = coi_command_new(COI_COMMAND_BLOCK);
    command->address = address;
    command->is_blocked = is_blocked;
    coi_connection_send(connection, command);
}

static void tell_all(CoiConnection *connection, gboolean is_blocked)
{
    for (GSList *l = connection->account->deny; l != NULL; l = l->next)
        tell(connection, l->data, is_blocked);
}

void coi_privacy_announce_all(CoiConnection *connection)
{
    connection->privacy = connection->account->perm_deny;
    if (connection->privacy == PURPLE_PRIVACY_DENY_USERS)
        tell_all(connection, TRUE);
}

/* Whatever the mode: bitlbee blocks without ever changing it. */
void coi_privacy_add_deny(PurpleConnection *gc, const char *who)
{
    tell(coi_connection_of(gc), who, TRUE);
}

void coi_privacy_remove_deny(PurpleConnection *gc, const char *who)
{
    tell(coi_connection_of(gc), who, FALSE);
}

/* libpurple calls this at every login, too. The other modes name nobody whom the server should know as blocked;
 * libpurple itself holds back what they forbid. */
void coi_privacy_mode_changed(PurpleConnection *gc)
{
    CoiConnection *connection = coi_connection_of(gc);
    if (connection == NULL || connection->privacy == connection->account->perm_deny)
        return;
    connection->privacy = connection->account->perm_deny;
    if (connection->privacy == PURPLE_PRIVACY_DENY_USERS || connection->privacy == PURPLE_PRIVACY_ALLOW_ALL)
        tell_all(connection, connection->privacy == PURPLE_PRIVACY_DENY_USERS);
}
