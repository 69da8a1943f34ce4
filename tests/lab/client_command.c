#include "client.h"

#include <string.h>

typedef void (*Runner)(JsonObject *command);

/* What is wrong with a command is told as a client would tell its user. */
static void complain(const char *what)
{
    JsonBuilder *event = event_begin("notify");
    event_string(event, "title", "headless client");
    event_string(event, "primary", what);
    event_string(event, "secondary", NULL);
    event_string(event, "kind", "error");
    event_end(event);
}

static const char *string_of(JsonObject *command, const char *member)
{
    return json_object_get_string_member_with_default(command, member, "");
}

static PurpleAccount *account_of(JsonObject *command)
{
    PurpleAccount *account = purple_accounts_find(string_of(command, "account"), PRPL_ID);
    if (account == NULL)
        complain("no such account");
    return account;
}

static void set_option(PurpleAccount *account, const char *name, JsonNode *value)
{
    GType type = json_node_get_value_type(value);
    if (type == G_TYPE_BOOLEAN)
        purple_account_set_bool(account, name, json_node_get_boolean(value));
    else if (type == G_TYPE_INT64)
        purple_account_set_int(account, name, json_node_get_int(value));
    else
        purple_account_set_string(account, name, json_node_get_string(value));
}

static void set_proxy(PurpleAccount *account, JsonObject *proxy)
{
    static const struct {
        const char *name;
        PurpleProxyType type;
    } types[] = {{"none", PURPLE_PROXY_NONE},
                 {"socks5", PURPLE_PROXY_SOCKS5},
                 {"http", PURPLE_PROXY_HTTP},
                 {"tor", PURPLE_PROXY_TOR}};
    PurpleProxyInfo *info = purple_proxy_info_new();
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(string_of(proxy, "type"), types[i].name) == 0)
            purple_proxy_info_set_type(info, types[i].type);
    purple_proxy_info_set_host(info, string_of(proxy, "host"));
    purple_proxy_info_set_port(info, json_object_get_int_member_with_default(proxy, "port", 0));
    if (json_object_has_member(proxy, "user"))
        purple_proxy_info_set_username(info, string_of(proxy, "user"));
    if (json_object_has_member(proxy, "password"))
        purple_proxy_info_set_password(info, string_of(proxy, "password"));
    purple_account_set_proxy_info(account, info);
}

static void run_add(JsonObject *command)
{
    const char *name = string_of(command, "account");
    PurpleAccount *account = purple_accounts_find(name, PRPL_ID);
    if (account == NULL) {
        account = purple_account_new(name, PRPL_ID);
        purple_accounts_add(account);
    }
    purple_account_set_password(account, string_of(command, "password"));
    purple_account_set_remember_password(account, TRUE);
    if (json_object_has_member(command, "options")) {
        JsonObjectIter iter;
        const char *option;
        JsonNode *value;
        json_object_iter_init(&iter, json_object_get_object_member(command, "options"));
        while (json_object_iter_next(&iter, &option, &value))
            set_option(account, option, value);
    }
    if (json_object_has_member(command, "proxy"))
        set_proxy(account, json_object_get_object_member(command, "proxy"));
}

static void run_login(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account == NULL)
        return;
    purple_account_set_status(account, "available", TRUE, NULL);
    purple_account_set_enabled(account, UI_ID, TRUE);
    if (purple_account_is_disconnected(account))
        purple_account_connect(account);
}

static void run_logout(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account != NULL)
        purple_account_set_enabled(account, UI_ID, FALSE);
}

static PurpleConversation *conversation_of(JsonObject *command, PurpleAccount *account)
{
    const char *to = string_of(command, "to");
    PurpleConversation *found = purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, to, account);
    return found != NULL ? found : purple_conversation_new(PURPLE_CONV_TYPE_IM, account, to);
}

static void run_send(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account == NULL)
        return;
    if (!purple_account_is_connected(account)) {
        complain("not connected");
        return;
    }
    g_autofree char *escaped = g_markup_escape_text(string_of(command, "text"), -1);
    g_auto(GStrv) lines = g_strsplit(escaped, "\n", -1);
    g_autofree char *html =
        json_object_has_member(command, "html") ? g_strdup(string_of(command, "html")) : g_strjoinv("<br>", lines);
    PurpleConversation *conversation = conversation_of(command, account);
    if (json_object_has_member(command, "stamp"))
        event_end(event_begin("typed"));
    purple_conv_im_send(PURPLE_CONV_IM(conversation), html);
    focus_user_wrote(conversation);
}

static void run_typing(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    const char *state = string_of(command, "state");
    if (account == NULL || !purple_account_is_connected(account))
        return;
    JsonBuilder *event = event_begin("typing-again");
    event_int(event, "seconds",
              serv_send_typing(purple_account_get_connection(account), string_of(command, "to"),
                               strcmp(state, "typed") == 0     ? PURPLE_TYPED
                               : strcmp(state, "stopped") == 0 ? PURPLE_NOT_TYPING
                                                               : PURPLE_TYPING));
    event_end(event);
}

static void run_status(JsonObject *command)
{
    gboolean invisible = json_object_get_boolean_member_with_default(command, "invisible", FALSE);
    purple_savedstatus_activate(purple_savedstatus_new(NULL, invisible ? PURPLE_STATUS_INVISIBLE : PURPLE_STATUS_AVAILABLE));
}

static void run_command(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account == NULL)
        return;
    PurpleConversation *conversation = conversation_of(command, account);
    g_autofree char *error = NULL;
    const char *line = string_of(command, "text");
    if (purple_cmd_do_command(conversation, line, line, &error) != PURPLE_CMD_STATUS_OK)
        purple_conversation_write(conversation, "", error != NULL ? error : "Unknown command.",
                                  PURPLE_MESSAGE_NO_LOG | PURPLE_MESSAGE_ERROR, time(NULL));
}

static void run_buddy_add(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account == NULL)
        return;
    PurpleGroup *group = purple_find_group("Buddies");
    if (group == NULL) {
        group = purple_group_new("Buddies");
        purple_blist_add_group(group, NULL);
    }
    PurpleBuddy *buddy = purple_buddy_new(account, string_of(command, "who"), NULL);
    purple_blist_add_buddy(buddy, NULL, group, NULL);
    purple_account_add_buddy(account, buddy);
}

static PurpleBuddy *buddy_of(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    PurpleBuddy *buddy = account != NULL ? purple_find_buddy(account, string_of(command, "who")) : NULL;
    if (buddy == NULL)
        complain("no such buddy");
    return buddy;
}

static void run_buddy_remove(JsonObject *command)
{
    PurpleBuddy *buddy = buddy_of(command);
    if (buddy == NULL)
        return;
    purple_account_remove_buddy(purple_buddy_get_account(buddy), buddy, purple_buddy_get_group(buddy));
    purple_blist_remove_buddy(buddy);
}

static void run_alias(JsonObject *command)
{
    PurpleBuddy *buddy = buddy_of(command);
    if (buddy == NULL)
        return;
    purple_blist_alias_buddy(buddy, string_of(command, "alias"));
    serv_alias_buddy(buddy);
}

static void add_buddy(JsonBuilder *event, PurpleBuddy *buddy)
{
    PurplePresence *presence = purple_buddy_get_presence(buddy);
    json_builder_begin_object(event);
    event_string(event, "name", purple_buddy_get_name(buddy));
    event_string(event, "alias", purple_buddy_get_local_buddy_alias(buddy));
    event_string(event, "server_alias", purple_buddy_get_server_alias(buddy));
    event_bool(event, "online", purple_presence_is_online(presence));
    event_string(event, "status", purple_status_get_id(purple_presence_get_active_status(presence)));
    json_builder_end_object(event);
}

static void run_buddies(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account == NULL)
        return;
    JsonBuilder *event = event_begin("buddies");
    event_account(event, account);
    json_builder_set_member_name(event, "buddies");
    json_builder_begin_array(event);
    GSList *buddies = purple_find_buddies(account, NULL);
    for (GSList *l = buddies; l != NULL; l = l->next)
        add_buddy(event, l->data);
    g_slist_free(buddies);
    json_builder_end_array(event);
    event_end(event);
}

static void run_answer(JsonObject *command)
{
    if (!request_answer(json_object_get_int_member_with_default(command, "id", 0),
                        json_object_get_member(command, "choice")))
        complain("no such request or choice");
}

static void run_option(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account != NULL && json_object_has_member(command, "value"))
        set_option(account, string_of(command, "name"), json_object_get_member(command, "value"));
}

static gboolean write_sync(gpointer data)
{
    JsonBuilder *event = event_begin("sync");
    event_int(event, "n", *(gint64 *)data);
    event_end(event);
    return FALSE;
}

/* Written when nothing else is ready: what was begun before has had its turns. */
static void run_sync(JsonObject *command)
{
    gint64 *n = g_new(gint64, 1);
    *n = json_object_get_int_member_with_default(command, "n", 0);
    g_idle_add_full(G_PRIORITY_LOW, write_sync, n, g_free);
}

static guint count_entries(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    guint count = 0;
    while (directory != NULL && g_dir_read_name(directory) != NULL)
        count++;
    return count;
}

static void run_stats(JsonObject *command)
{
    (void)command;
    JsonBuilder *event = event_begin("stats");
    event_int(event, "threads", count_entries("/proc/self/task"));
    /* One of them is the directory being read. */
    event_int(event, "fds", count_entries("/proc/self/fd") - 1);
    json_builder_set_member_name(event, "longest_stall_ms");
    json_builder_add_double_value(event, loop_take_longest_stall());
    json_builder_set_member_name(event, "longest_own_stall_ms");
    json_builder_add_double_value(event, loop_take_longest_own_stall());
    event_int(event, "connections", g_list_length(purple_connections_get_all()));
    event_end(event);
}

static void run_ui(JsonObject *command)
{
    if (json_object_has_member(command, "requests"))
        request_set_possible(json_object_get_boolean_member(command, "requests"));
    if (json_object_has_member(command, "focus")) {
        focus_set_known(!json_object_get_null_member(command, "focus"));
        focus_set_all(json_object_get_boolean_member_with_default(command, "focus", FALSE));
    }
    if (json_object_has_member(command, "input"))
        focus_set_input(json_object_get_int_member(command, "input"));
}

static void run_focus(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account != NULL)
        focus_turn(conversation_of(command, account),
                   json_object_get_boolean_member_with_default(command, "focused", TRUE));
}

static void run_idle(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    gint64 seconds = json_object_get_int_member_with_default(command, "seconds", 0);
    if (account != NULL)
        purple_presence_set_idle(purple_account_get_presence(account), seconds > 0, time(NULL) - seconds);
}

static void run_deny(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account != NULL)
        purple_privacy_deny(account, string_of(command, "who"), FALSE, FALSE);
}

static void run_undeny(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    if (account != NULL)
        purple_privacy_allow(account, string_of(command, "who"), FALSE, FALSE);
}

static void run_close(JsonObject *command)
{
    PurpleAccount *account = account_of(command);
    PurpleConversation *conversation =
        account != NULL ? purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, string_of(command, "to"), account)
                        : NULL;
    if (conversation != NULL)
        purple_conversation_destroy(conversation);
}

static const struct {
    const char *name;
    Runner run;
} commands[] = {
    {"add", run_add},
    {"login", run_login},
    {"logout", run_logout},
    {"send", run_send},
    {"typing", run_typing},
    {"status", run_status},
    {"command", run_command},
    {"buddy-add", run_buddy_add},
    {"buddy-remove", run_buddy_remove},
    {"alias", run_alias},
    {"buddies", run_buddies},
    {"answer", run_answer},
    {"option", run_option},
    {"sync", run_sync},
    {"stats", run_stats},
    {"ui", run_ui},
    {"focus", run_focus},
    {"idle", run_idle},
    {"deny", run_deny},
    {"undeny", run_undeny},
    {"close", run_close},
};

gboolean command_run(const char *line)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root = json_parser_load_from_data(parser, line, -1, NULL) ? json_parser_get_root(parser) : NULL;
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        complain("not a JSON object");
        return TRUE;
    }
    JsonObject *command = json_node_get_object(root);
    const char *name = string_of(command, "do");
    if (strcmp(name, "quit") == 0)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            commands[i].run(command);
            return TRUE;
        }
    }
    complain("unknown command");
    return TRUE;
}
