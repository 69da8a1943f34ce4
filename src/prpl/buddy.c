#include "prpl/buddy.h"

#include <prpl.h>
#include <server.h>

#include "mime/address.h"
#include "prpl/i18n.h"
#include "prpl/ui.h"

static void tell(CoiConnection *connection, const char *name, gboolean is_buddy)
{
    char *address = coi_address_normalize(name);
    if (address == NULL)
        return;
    CoiCommand *command = coi_command_new(COI_COMMAND_BUDDY);
    command->address = address;
    command->is_buddy = is_buddy;
    coi_connection_send(connection, command);
}

static void show_available(CoiConnection *connection, PurpleBuddy *buddy)
{
    if (purple_account_get_bool(connection->account, "always_available", TRUE))
        purple_prpl_got_user_status(connection->account, purple_buddy_get_name(buddy), "available", NULL);
}

void coi_buddy_announce_all(CoiConnection *connection)
{
    GSList *buddies = purple_find_buddies(connection->account, NULL);
    for (GSList *l = buddies; l != NULL; l = l->next)
        tell(connection, purple_buddy_get_name(l->data), TRUE);
    g_slist_free(buddies);
}

void coi_buddy_show_all_available(CoiConnection *connection)
{
    GSList *buddies = purple_find_buddies(connection->account, NULL);
    for (GSList *l = buddies; l != NULL; l = l->next)
        show_available(connection, l->data);
    g_slist_free(buddies);
}

static void restore(CoiConnection *connection, const char *address)
{
    PurpleBuddy *buddy = purple_buddy_new(connection->account, address, NULL);
    purple_blist_add_buddy(buddy, NULL, NULL, NULL);
    if (purple_connection_get_state(connection->gc) == PURPLE_CONNECTED)
        show_available(connection, buddy);
}

void coi_buddy_remembered(CoiConnection *connection, const CoiEvent *event)
{
    gboolean client_knows = coi_ui_keeps_buddies(connection->account);
    for (guint i = 0; event->addresses != NULL && event->addresses[i] != NULL; i++) {
        if (purple_find_buddy(connection->account, event->addresses[i]) != NULL)
            continue;
        if (client_knows)
            tell(connection, event->addresses[i], FALSE);
        else
            restore(connection, event->addresses[i]);
    }
}

void coi_buddy_named(CoiConnection *connection, const CoiEvent *event)
{
    serv_got_alias(connection->gc, event->address, event->name);
}

void coi_buddy_add(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group)
{
    (void)group;
    CoiConnection *connection = coi_connection_of(gc);
    const char *name = purple_buddy_get_name(buddy);
    g_autofree char *address = coi_address_normalize(name);
    if (connection == NULL)
        return;
    if (address == NULL) {
        g_autofree char *text = g_strdup_printf(_("“%s” is no mail address, so nothing can be sent there."), name);
        purple_notify_error(gc, _("Contact"), text, _("Remove the contact and add it with its full mail address."));
        return;
    }
    if (g_strcmp0(name, address) != 0)
        purple_blist_rename_buddy(buddy, address);
    tell(connection, address, TRUE);
    show_available(connection, buddy);
}

/* Called before the buddy goes, once for each group it is in. */
void coi_buddy_remove(PurpleConnection *gc, PurpleBuddy *buddy, PurpleGroup *group)
{
    (void)group;
    CoiConnection *connection = coi_connection_of(gc);
    if (connection == NULL)
        return;
    GSList *same = purple_find_buddies(connection->account, purple_buddy_get_name(buddy));
    if (g_slist_length(same) <= 1)
        tell(connection, purple_buddy_get_name(buddy), FALSE);
    g_slist_free(same);
}

void coi_buddy_tooltip(PurpleBuddy *buddy, PurpleNotifyUserInfo *info, gboolean full)
{
    (void)full;
    purple_notify_user_info_add_pair_plaintext(info, _("Mail address"), purple_buddy_get_name(buddy));
}

gboolean coi_buddy_takes_offline_messages(const PurpleBuddy *buddy)
{
    (void)buddy;
    return TRUE;
}
