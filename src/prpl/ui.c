#include "prpl/ui.h"

#include <core.h>
#include <request.h>

static gboolean is_ui(const char *id)
{
    return g_strcmp0(purple_core_get_ui(), id) == 0;
}

gboolean coi_ui_shows_system_lines(void)
{
    return !is_ui("BitlBee");
}

gboolean coi_ui_has_commands(void)
{
    return !is_ui("BitlBee");
}

gboolean coi_ui_keeps_buddies(PurpleAccount *account)
{
    return !is_ui("BitlBee") && g_list_find(purple_accounts_get_all(), account) != NULL;
}

gboolean coi_ui_shows_dates(void)
{
    return !is_ui("gnt-purple");
}

gboolean coi_ui_can_ask(void)
{
    PurpleRequestUiOps *ops = purple_request_get_ui_ops();
    return ops != NULL && ops->request_action != NULL;
}

gboolean coi_ui_shows_addresses(void)
{
    return !is_ui("BitlBee");
}

guint coi_ui_most_tags(void)
{
    return is_ui("gtk-gaim") ? 100 : 0;
}
