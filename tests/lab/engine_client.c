/* The engine without libpurple behind the headless client's protocol (tests/lab/README.md), for ThreadSanitizer, which
 * does not know libpurple's world. Trusts every certificate, knows no proxy; text goes in and out as plain text. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/engine.h"

typedef struct {
    char *name;
    char *password;
    JsonObject *options;
    CoiEngine *engine;
    guint source;
} Account;

static GMainLoop *loop;
static GHashTable *accounts;
static const char *user_dir;
static guint64 tokens;

static void write_event(JsonBuilder *builder)
{
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *line = json_to_string(root, FALSE);
    puts(line);
    fflush(stdout);
    g_object_unref(builder);
}

static void add(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, value != NULL ? value : "");
}

static void add_int(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static JsonBuilder *event(const char *name, const Account *account)
{
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    add(builder, "event", name);
    if (account != NULL)
        add(builder, "account", account->name);
    return builder;
}

static int dial(const char *host, guint16 port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const char *ip = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && inet_pton(AF_INET, ip, &address.sin_addr) == 1 &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void answer(CoiAsk *ask)
{
    if (coi_ask_type(ask) == COI_ASK_TRUST) {
        coi_ask_answer_trust(ask, COI_TRUST_VALID);
        return;
    }
    int fd = dial(coi_ask_host(ask), coi_ask_port(ask));
    if (fd >= 0)
        coi_ask_answer_socket(ask, fd);
    else
        coi_ask_answer_no_socket(ask, g_strerror(errno));
}

static void line(Account *account, const CoiMessage *message)
{
    JsonBuilder *builder = event("line", account);
    add(builder, "conversation", message->conversation);
    add(builder, "who", message->kind == COI_LINE_IN ? message->sender : message->conversation);
    add(builder, "text", message->text);
    json_builder_set_member_name(builder, "flags");
    json_builder_begin_array(builder);
    json_builder_add_string_value(builder, message->kind == COI_LINE_IN ? "recv" : "send");
    if (message->delayed)
        json_builder_add_string_value(builder, "delayed");
    json_builder_end_array(builder);
    add_int(builder, "time", message->time);
    write_event(builder);
    CoiCommand *shown = coi_command_new(COI_COMMAND_SHOWN);
    shown->line = message->id;
    coi_engine_send(account->engine, shown);
}

static const char *reason(const GError *error)
{
    if (g_error_matches(error, COI_ERROR, COI_ERROR_AUTH))
        return "authentication-failed";
    if (g_error_matches(error, COI_ERROR, COI_ERROR_IN_USE))
        return "name-in-use";
    return "network";
}

static void logout(Account *account)
{
    if (account->engine == NULL)
        return;
    g_source_remove(account->source);
    coi_engine_release(account->engine);
    account->engine = NULL;
    write_event(event("disconnected", account));
}

static void failed(Account *account, const CoiEvent *what)
{
    JsonBuilder *builder = event("error", account);
    const char *text = what->error != NULL ? what->error->message : "connection lost";
    add(builder, "reason", what->error != NULL ? reason(what->error) : "network");
    add(builder, "text", what->tried != NULL ? what->tried : text);
    json_builder_set_member_name(builder, "fatal");
    json_builder_add_boolean_value(builder, g_error_matches(what->error, COI_ERROR, COI_ERROR_AUTH));
    write_event(builder);
    logout(account);
}

static void state(Account *account, const CoiEvent *what)
{
    static const char *const names[] = {"queued", "sent", "failed", "waiting", "edited", "deleted", "delivered", "read", "delayed", "failed"};
    JsonBuilder *builder = event("signal", account);
    add(builder, "name", "coi-message-state");
    add(builder, "conversation", what->address);
    add(builder, "message_id", what->message_id);
    add(builder, "state", names[what->state]);
    write_event(builder);
}

static void progress(Account *account, const CoiEvent *what)
{
    static const char *const names[] = {"Connecting", "Securing", "Logging in", "Opening"};
    JsonBuilder *builder = event("progress", account);
    add(builder, "text", names[what->step]);
    add_int(builder, "step", what->step);
    write_event(builder);
}

static gboolean events(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    Account *account = data;
    CoiEvent *what;
    while (account->engine != NULL && (what = coi_engine_next_event(account->engine)) != NULL) {
        if (what->type == COI_EVENT_CONNECTED)
            write_event(event("connected", account));
        else if (what->type == COI_EVENT_STEP)
            progress(account, what);
        else if (what->type == COI_EVENT_LINE)
            line(account, what->message);
        else if (what->type == COI_EVENT_ASK)
            answer(what->ask);
        else if (what->type == COI_EVENT_STATE)
            state(account, what);
        else if (what->type == COI_EVENT_FAILED || what->type == COI_EVENT_LOST)
            failed(account, what);
        coi_event_free(what);
    }
    return G_SOURCE_CONTINUE;
}

static const char *option(const Account *account, const char *name, const char *fallback)
{
    return json_object_has_member(account->options, name) ? json_object_get_string_member(account->options, name) : fallback;
}

static GPtrArray *servers(const Account *account, const char *service)
{
    g_autofree char *server = g_strconcat(service, "_server", NULL);
    g_autofree char *port = g_strconcat(service, "_port", NULL);
    g_autofree char *security = g_strconcat(service, "_security", NULL);
    const char *how = option(account, security, "tls");
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    g_ptr_array_add(list, coi_server_new(option(account, server, "localhost"),
                                         (guint16)json_object_get_int_member(account->options, port),
                                         strcmp(how, "starttls") == 0 ? COI_SECURITY_STARTTLS
                                         : strcmp(how, "none") == 0   ? COI_SECURITY_NONE
                                                                      : COI_SECURITY_TLS));
    return list;
}

static void login(Account *account)
{
    if (account->engine != NULL)
        return;
    g_autofree char *directory = g_build_filename(user_dir, "coi", account->name, NULL);
    g_autoptr(GPtrArray) imap = servers(account, "imap");
    g_autoptr(GPtrArray) smtp = servers(account, "smtp");
    CoiEngineConfig config = {.directory = directory, .address = account->name, .login = account->name,
                              .password = account->password, .imap = imap, .smtp = smtp, .own_copy = TRUE,
                              .ask_receipts_chat = TRUE, .history_days = 30};
    account->engine = coi_engine_start(&config);
    account->source = g_unix_fd_add(coi_engine_event_fd(account->engine), G_IO_IN, events, account);
}

static void account_free(gpointer data)
{
    Account *account = data;
    logout(account);
    g_free(account->name);
    g_free(account->password);
    json_object_unref(account->options);
    g_free(account);
}

static void add_account(JsonObject *command)
{
    Account *account = g_new0(Account, 1);
    account->name = g_strdup(json_object_get_string_member(command, "account"));
    account->password = g_strdup(json_object_get_string_member(command, "password"));
    account->options = json_object_has_member(command, "options")
                           ? json_object_ref(json_object_get_object_member(command, "options"))
                           : json_object_new();
    g_hash_table_replace(accounts, account->name, account);
}

static void send_command(Account *account, CoiCommandType type, JsonObject *command, const char *whom)
{
    if (account->engine == NULL)
        return;
    CoiCommand *request = coi_command_new(type);
    request->address = g_strdup(json_object_get_string_member(command, whom));
    request->token = ++tokens;
    request->is_buddy = TRUE;
    if (type == COI_COMMAND_SEND)
        request->text = g_strdup(json_object_get_string_member(command, "text"));
    coi_engine_send(account->engine, request);
}

static guint entries(const char *path)
{
    guint count = 0;
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && g_dir_read_name(dir) != NULL)
        count++;
    return count;
}

static guint connected_accounts(void)
{
    guint count = 0;
    GHashTableIter iter;
    gpointer account;
    g_hash_table_iter_init(&iter, accounts);
    while (g_hash_table_iter_next(&iter, NULL, &account))
        count += ((Account *)account)->engine != NULL;
    return count;
}

static void stats(void)
{
    JsonBuilder *builder = event("stats", NULL);
    add_int(builder, "threads", entries("/proc/self/task"));
    add_int(builder, "fds", entries("/proc/self/fd"));
    add_int(builder, "longest_stall_ms", 0);
    add_int(builder, "connections", connected_accounts());
    write_event(builder);
}

static void act(JsonObject *command)
{
    const char *what = json_object_get_string_member(command, "do");
    const char *name = json_object_has_member(command, "account") ? json_object_get_string_member(command, "account") : "";
    Account *account = g_hash_table_lookup(accounts, name);
    if (strcmp(what, "add") == 0) {
        add_account(command);
    } else if (strcmp(what, "quit") == 0) {
        g_main_loop_quit(loop);
    } else if (strcmp(what, "stats") == 0) {
        stats();
    } else if (strcmp(what, "sync") == 0) {
        JsonBuilder *builder = event("sync", NULL);
        add_int(builder, "n", json_object_get_int_member(command, "n"));
        write_event(builder);
    } else if (account == NULL) {
        g_printerr("no such account: %s\n", name);
    } else if (strcmp(what, "login") == 0) {
        login(account);
    } else if (strcmp(what, "logout") == 0) {
        logout(account);
    } else if (strcmp(what, "send") == 0) {
        send_command(account, COI_COMMAND_SEND, command, "to");
    } else if (strcmp(what, "command") == 0) {
        send_command(account, COI_COMMAND_RETRY, command, "to");
    } else if (strcmp(what, "buddy-add") == 0) {
        send_command(account, COI_COMMAND_BUDDY, command, "who");
    }
}

static gboolean input(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    (void)condition;
    (void)data;
    g_autofree char *text = NULL;
    if (g_io_channel_read_line(channel, &text, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
        g_main_loop_quit(loop);
        return G_SOURCE_REMOVE;
    }
    g_autoptr(JsonParser) parser = json_parser_new();
    if (json_parser_load_from_data(parser, text, -1, NULL) && JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        act(json_node_get_object(json_parser_get_root(parser)));
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--user-dir") == 0)
            user_dir = argv[i + 1];
    if (user_dir == NULL)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    coi_engine_init();
    loop = g_main_loop_new(NULL, FALSE);
    accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, account_free);
    GIOChannel *channel = g_io_channel_unix_new(0);
    g_io_add_watch(channel, G_IO_IN | G_IO_HUP, input, NULL);
    write_event(event("ready", NULL));
    g_main_loop_run(loop);
    g_hash_table_unref(accounts);
    g_io_channel_unref(channel);
    g_main_loop_unref(loop);
    return coi_engine_join_all(10000) ? 0 : 3;
}
