#include "client.h"

static void progress(PurpleConnection *gc, const char *text, size_t step, size_t steps)
{
    JsonBuilder *event = event_begin("progress");
    event_account(event, purple_connection_get_account(gc));
    event_string(event, "text", text);
    event_int(event, "step", step);
    event_int(event, "steps", steps);
    event_end(event);
}

static void about_connection(PurpleConnection *gc, const char *name)
{
    JsonBuilder *event = event_begin(name);
    event_account(event, purple_connection_get_account(gc));
    event_end(event);
}

static void connected(PurpleConnection *gc)
{
    about_connection(gc, "connected");
}

static void disconnected(PurpleConnection *gc)
{
    about_connection(gc, "disconnected");
}

static const char *reason_name(PurpleConnectionError reason)
{
    static const char *const names[] = {
        [PURPLE_CONNECTION_ERROR_NETWORK_ERROR] = "network",
        [PURPLE_CONNECTION_ERROR_INVALID_USERNAME] = "invalid-username",
        [PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED] = "authentication-failed",
        [PURPLE_CONNECTION_ERROR_AUTHENTICATION_IMPOSSIBLE] = "authentication-impossible",
        [PURPLE_CONNECTION_ERROR_NO_SSL_SUPPORT] = "no-ssl-support",
        [PURPLE_CONNECTION_ERROR_ENCRYPTION_ERROR] = "encryption-error",
        [PURPLE_CONNECTION_ERROR_NAME_IN_USE] = "name-in-use",
        [PURPLE_CONNECTION_ERROR_INVALID_SETTINGS] = "invalid-settings",
        [PURPLE_CONNECTION_ERROR_CERT_NOT_PROVIDED] = "cert-not-provided",
        [PURPLE_CONNECTION_ERROR_CERT_UNTRUSTED] = "cert-untrusted",
        [PURPLE_CONNECTION_ERROR_CERT_EXPIRED] = "cert-expired",
        [PURPLE_CONNECTION_ERROR_CERT_NOT_ACTIVATED] = "cert-not-activated",
        [PURPLE_CONNECTION_ERROR_CERT_HOSTNAME_MISMATCH] = "cert-hostname-mismatch",
        [PURPLE_CONNECTION_ERROR_CERT_FINGERPRINT_MISMATCH] = "cert-fingerprint-mismatch",
        [PURPLE_CONNECTION_ERROR_CERT_SELF_SIGNED] = "cert-self-signed",
        [PURPLE_CONNECTION_ERROR_CERT_OTHER_ERROR] = "cert-other-error",
        [PURPLE_CONNECTION_ERROR_OTHER_ERROR] = "other",
    };
    return (guint)reason < G_N_ELEMENTS(names) ? names[reason] : "other";
}

static void report_disconnect_reason(PurpleConnection *gc, PurpleConnectionError reason, const char *text)
{
    JsonBuilder *event = event_begin("error");
    event_account(event, purple_connection_get_account(gc));
    event_string(event, "reason", reason_name(reason));
    event_bool(event, "fatal", purple_connection_error_is_fatal(reason));
    event_string(event, "text", text);
    event_end(event);
}

static void add_flags(JsonBuilder *event, PurpleMessageFlags flags)
{
    static const struct {
        PurpleMessageFlags flag;
        const char *name;
    } names[] = {
        {PURPLE_MESSAGE_SEND, "send"},
        {PURPLE_MESSAGE_RECV, "recv"},
        {PURPLE_MESSAGE_SYSTEM, "system"},
        {PURPLE_MESSAGE_ERROR, "error"},
        {PURPLE_MESSAGE_DELAYED, "delayed"},
        {PURPLE_MESSAGE_NO_LOG, "no-log"},
        {PURPLE_MESSAGE_REMOTE_SEND, "remote-send"},
        {PURPLE_MESSAGE_NICK, "nick"},
    };
    json_builder_set_member_name(event, "flags");
    json_builder_begin_array(event);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (flags & names[i].flag)
            json_builder_add_string_value(event, names[i].name);
    json_builder_end_array(event);
}

static void write_conv(PurpleConversation *conversation, const char *who, const char *alias, const char *text,
                       PurpleMessageFlags flags, time_t time)
{
    (void)alias;
    JsonBuilder *event = event_begin("line");
    event_account(event, purple_conversation_get_account(conversation));
    event_string(event, "conversation", purple_conversation_get_name(conversation));
    event_string(event, "who", who);
    event_string(event, "text", text);
    add_flags(event, flags);
    event_int(event, "time", time);
    event_end(event);
    focus_line_written(conversation, flags);
}

static void *notify_message(PurpleNotifyMsgType type, const char *title, const char *primary, const char *secondary)
{
    JsonBuilder *event = event_begin("notify");
    event_string(event, "title", title);
    event_string(event, "primary", primary);
    event_string(event, "secondary", secondary);
    event_string(event, "kind",
                 type == PURPLE_NOTIFY_MSG_ERROR     ? "error"
                 : type == PURPLE_NOTIFY_MSG_WARNING ? "warning"
                                                     : "info");
    event_end(event);
    return NULL;
}

static void message_state(PurpleAccount *account, const char *conversation, const char *message_id, const char *state,
                          gint64 time, gpointer data)
{
    (void)data;
    JsonBuilder *event = event_begin("signal");
    event_string(event, "name", "coi-message-state");
    event_account(event, account);
    event_string(event, "conversation", conversation);
    event_string(event, "message_id", message_id);
    event_string(event, "state", state);
    event_int(event, "time", time);
    event_end(event);
}

static void typing(PurpleAccount *account, const char *name, const char *state)
{
    JsonBuilder *event = event_begin("typing");
    event_account(event, account);
    event_string(event, "conversation", name);
    event_string(event, "state", state);
    event_end(event);
}

static void watch_typing(void *handle)
{
    static const char *const states[][2] = {
        {"buddy-typing", "typing"}, {"buddy-typed", "typed"}, {"buddy-typing-stopped", "stopped"}};
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        purple_signal_connect(purple_conversations_get_handle(), states[i][0], handle, PURPLE_CALLBACK(typing),
                              (void *)states[i][1]);
}

static PurpleConnectionUiOps connection_ops = {
    .connect_progress = progress,
    .connected = connected,
    .disconnected = disconnected,
    .report_disconnect_reason = report_disconnect_reason,
};
static PurpleConversationUiOps conversation_ops = {.write_conv = write_conv};
static PurpleNotifyUiOps notify_ops = {.notify_message = notify_message};
/* Without any libpurple never writes blist.xml. */
static PurpleBlistUiOps blist_ops;

void ui_init(void)
{
    purple_connections_set_ui_ops(&connection_ops);
    focus_init(&conversation_ops);
    purple_conversations_set_ui_ops(&conversation_ops);
    purple_notify_set_ui_ops(&notify_ops);
    purple_blist_set_ui_ops(&blist_ops);
    request_init();
    resolve_init();
}

void ui_watch_signals(void)
{
    static int handle;
    PurplePlugin *prpl = purple_find_prpl(PRPL_ID);
    if (prpl != NULL)
        purple_signal_connect(prpl, "coi-message-state", &handle, PURPLE_CALLBACK(message_state), NULL);
    watch_typing(&handle);
    focus_watch_signals();
}
