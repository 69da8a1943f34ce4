#include "client.h"

#include <string.h>

typedef struct {
    gint64 id;
    gpointer data;
    GPtrArray *labels;
    GArray *callbacks; /* PurpleRequestActionCb */
} Request;

static GHashTable *requests; /* gint64 id → Request */
static PurpleRequestUiOps ops;

static void request_free(gpointer data)
{
    Request *request = data;
    g_ptr_array_unref(request->labels);
    g_array_unref(request->callbacks);
    g_free(request);
}

static char *without_underscores(const char *label)
{
    g_auto(GStrv) parts = g_strsplit(label, "_", -1);
    return g_strjoinv("", parts);
}

static void write_request(const Request *request, const char *title, const char *primary, const char *secondary)
{
    JsonBuilder *event = event_begin("request");
    event_int(event, "id", request->id);
    event_string(event, "title", title);
    event_string(event, "primary", primary);
    event_string(event, "secondary", secondary);
    json_builder_set_member_name(event, "choices");
    json_builder_begin_array(event);
    for (guint i = 0; i < request->labels->len; i++)
        json_builder_add_string_value(event, g_ptr_array_index(request->labels, i));
    json_builder_end_array(event);
    event_end(event);
}

static void *request_action(const char *title, const char *primary, const char *secondary, int standard,
                            PurpleAccount *account, const char *who, PurpleConversation *conversation, void *data,
                            size_t count, va_list actions)
{
    (void)standard;
    (void)account;
    (void)who;
    (void)conversation;
    static gint64 last_id;
    Request *request = g_new0(Request, 1);
    request->id = ++last_id;
    request->data = data;
    request->labels = g_ptr_array_new_with_free_func(g_free);
    request->callbacks = g_array_new(FALSE, FALSE, sizeof(PurpleRequestActionCb));
    for (size_t i = 0; i < count; i++) {
        g_ptr_array_add(request->labels, without_underscores(va_arg(actions, const char *)));
        PurpleRequestActionCb callback = va_arg(actions, PurpleRequestActionCb);
        g_array_append_val(request->callbacks, callback);
    }
    g_hash_table_insert(requests, &request->id, request);
    write_request(request, title, primary, secondary);
    return request;
}

static void close_request(PurpleRequestType type, void *handle)
{
    (void)type;
    Request *request = handle;
    JsonBuilder *event = event_begin("request-closed");
    event_int(event, "id", request->id);
    event_end(event);
    g_hash_table_remove(requests, &request->id);
}

static int find_choice(const Request *request, JsonNode *choice)
{
    if (choice != NULL && json_node_get_value_type(choice) == G_TYPE_INT64) {
        gint64 number = json_node_get_int(choice);
        return number >= 0 && number < request->labels->len ? (int)number : -1;
    }
    const char *label = choice != NULL ? json_node_get_string(choice) : NULL;
    for (guint i = 0; label != NULL && i < request->labels->len; i++)
        if (strcmp(g_ptr_array_index(request->labels, i), label) == 0)
            return i;
    return -1;
}

gboolean request_answer(gint64 id, JsonNode *choice)
{
    Request *request = g_hash_table_lookup(requests, &id);
    int index = request != NULL ? find_choice(request, choice) : -1;
    if (index < 0)
        return FALSE;
    /* As Pidgin does: the callback first, then the dialog goes. */
    PurpleRequestActionCb callback = g_array_index(request->callbacks, PurpleRequestActionCb, index);
    if (callback != NULL)
        callback(request->data, index);
    if (g_hash_table_lookup(requests, &id) == request)
        purple_request_close(PURPLE_REQUEST_ACTION, request);
    return TRUE;
}

void request_set_possible(gboolean possible)
{
    ops.request_action = possible ? request_action : NULL;
}

void request_init(void)
{
    requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, request_free);
    ops.close_request = close_request;
    request_set_possible(TRUE);
    purple_request_set_ui_ops(&ops);
}
