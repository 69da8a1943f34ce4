#include "prpl/account.h"

#include <string.h>

#include <network.h>
#include <signals.h>

#include "mime/address.h"
#include "prpl/buddy.h"
#include "prpl/command.h"
#include "prpl/connection.h"
#include "prpl/i18n.h"
#include "prpl/options.h"
#include "prpl/password.h"
#include "prpl/privacy.h"
#include "prpl/progress.h"
#include "prpl/pump.h"
#include "prpl/seen.h"

static void network_changed(gpointer data)
{
    coi_connection_send(data, coi_command_new(COI_COMMAND_NETWORK));
}

static void start(CoiConnection *connection, const CoiOptions *options)
{
    connection->engine = coi_engine_start(&options->config);
    if (connection->engine == NULL) {
        purple_connection_error_reason(
            connection->gc, PURPLE_CONNECTION_ERROR_OTHER_ERROR,
            _("The system gives no more threads or open files. Close something and try again."));
        return;
    }
    coi_pump_start(connection);
    coi_seen_start(connection);
    coi_buddy_announce_all(connection);
    coi_privacy_announce_all(connection);
    purple_signal_connect(purple_network_get_handle(), "network-configuration-changed", connection,
                          PURPLE_CALLBACK(network_changed), connection);
    coi_progress_begin(connection);
}

static void begin(PurpleConnection *gc)
{
    CoiConnection *connection = coi_connection_of(gc);
    CoiOptions options;
    coi_options_read(&options, connection->account, connection->address);
    start(connection, &options);
    coi_options_clear(&options);
}

void coi_account_login(PurpleAccount *account)
{
    PurpleConnection *gc = purple_account_get_connection(account);
    coi_commands_register();
    /* What the toolbar offers is what becomes of it in mail. */
    gc->flags |= PURPLE_CONNECTION_HTML | PURPLE_CONNECTION_NO_BGCOLOR | PURPLE_CONNECTION_NO_FONTSIZE | PURPLE_CONNECTION_NO_IMAGES;

    g_autofree char *address = coi_address_normalize(purple_account_get_username(account));
    if (address == NULL) {
        purple_connection_error_reason(gc, PURPLE_CONNECTION_ERROR_INVALID_USERNAME,
                                       _("The user name must be your full mail address, such as ann@example.org."));
        return;
    }
    CoiConnection *connection = coi_connection_new(gc, address);
    purple_connection_set_protocol_data(gc, connection);
    /* Finch names the author of own lines by this; without it an empty alias makes them look like the partner's. */
    purple_connection_set_display_name(gc, address);
    if (coi_password_have(gc, begin))
        begin(gc);
}

void coi_account_close(PurpleConnection *gc)
{
    CoiConnection *connection = coi_connection_of(gc);
    if (connection == NULL)
        return;
    purple_connection_set_protocol_data(gc, NULL);
    coi_connection_close(connection);
    coi_connection_unref(connection);
}

/* What cannot be sent to still needs one spelling: the client may hold it in its list. */
static char *fold(const char *who)
{
    g_autofree char *valid = g_utf8_make_valid(who, -1);
    g_autofree char *folded = g_utf8_strdown(g_strstrip(valid), -1);
    return g_utf8_normalize(folded, -1, G_NORMALIZE_DEFAULT);
}

const char *coi_account_normalize(const PurpleAccount *account, const char *who)
{
    static char buffer[2048];
    const char *end;
    (void)account;
    if (who == NULL)
        return NULL;
    g_autofree char *name = NULL;
    if (strchr(who, '@') != NULL) {
        name = coi_address_normalize(who);
        if (name == NULL)
            name = fold(who);
    }
    g_strlcpy(buffer, name != NULL ? name : who, sizeof buffer);
    /* Never half a character. */
    if (!g_utf8_validate(buffer, -1, &end))
        buffer[end - buffer] = '\0';
    return buffer;
}

const char *coi_account_list_icon(PurpleAccount *account, PurpleBuddy *buddy)
{
    (void)account;
    (void)buddy;
    return "coi";
}

GList *coi_account_status_types(PurpleAccount *account)
{
    (void)account;
    GList *types = NULL;
    types = g_list_append(types, purple_status_type_new_full(PURPLE_STATUS_AVAILABLE, NULL, NULL, TRUE, TRUE, FALSE));
    types = g_list_append(types, purple_status_type_new_full(PURPLE_STATUS_OFFLINE, NULL, NULL, TRUE, TRUE, FALSE));
    return types;
}
