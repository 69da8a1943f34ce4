/* The door: what libpurple loads. Nothing is decided here. */
#define PURPLE_PLUGINS /* else libpurple's headers take it for a part of libpurple */
#include <locale.h>

#include <plugin.h>
#include <prpl.h>
#include <version.h>

#include "prpl/account.h"
#include "prpl/buddy.h"
#include "prpl/command.h"
#include "prpl/connection.h"
#include "prpl/i18n.h"
#include "prpl/history.h"
#include "prpl/im.h"
#include "prpl/options.h"
#include "prpl/privacy.h"
#include "prpl/seen.h"
#include "prpl/state.h"
#include "prpl/typing.h"

static gboolean load(PurplePlugin *plugin)
{
    coi_connections_begin();
    coi_state_register(plugin);
    return TRUE;
}

static gboolean unload(PurplePlugin *plugin)
{
    coi_commands_unregister();
    coi_state_unregister(plugin);
    coi_connections_end();
    return TRUE;
}

static PurplePluginProtocolInfo protocol_info = {
    .options = OPT_PROTO_PASSWORD_OPTIONAL, /* asked for by ourselves: see prpl/password.h */
    .icon_spec = NO_BUDDY_ICONS,
    .list_icon = coi_account_list_icon,
    .tooltip_text = coi_buddy_tooltip,
    .status_types = coi_account_status_types,
    .login = coi_account_login,
    .close = coi_account_close,
    .send_im = coi_im_send,
    .convo_closed = coi_history_closed,
    .send_typing = coi_typing_send,
    .set_idle = coi_seen_idle,
    .add_buddy = coi_buddy_add,
    .remove_buddy = coi_buddy_remove,
    .add_deny = coi_privacy_add_deny,
    .rem_deny = coi_privacy_remove_deny,
    .set_permit_deny = coi_privacy_mode_changed,
    .normalize = coi_account_normalize,
    .offline_message = coi_buddy_takes_offline_messages,
    .struct_size = sizeof(PurplePluginProtocolInfo),
};

static PurplePluginInfo info = {
    .magic = PURPLE_PLUGIN_MAGIC,
    .major_version = PURPLE_MAJOR_VERSION,
    .minor_version = PURPLE_MINOR_VERSION,
    .type = PURPLE_PLUGIN_PROTOCOL,
    .priority = PURPLE_PRIORITY_DEFAULT,
    .id = (char *)"prpl-coi",
    .name = (char *)"COI",
    .version = (char *)COI_VERSION,
    .load = load,
    .unload = unload,
    .extra_info = &protocol_info,
};

/* libpurple asks for the options before it loads the plugin, so this is where translation begins. */
static void init(PurplePlugin *plugin)
{
    (void)plugin;
    bindtextdomain(GETTEXT_PACKAGE, COI_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    info.summary = (char *)_("Chat over Internet mail");
    info.description = (char *)_("Chats with anybody who has a mail address, through your own mailbox.");
    protocol_info.protocol_options = coi_options_list();
}

PURPLE_INIT_PLUGIN(coi, init, info)
