#include "client.h"

#include <stdio.h>

JsonBuilder *event_begin(const char *name)
{
    JsonBuilder *event = json_builder_new();
    json_builder_begin_object(event);
    event_string(event, "event", name);
    event_int(event, "mono", g_get_monotonic_time());
    return event;
}

void event_string(JsonBuilder *event, const char *member, const char *value)
{
    g_autofree char *valid = value != NULL ? g_utf8_make_valid(value, -1) : NULL;
    json_builder_set_member_name(event, member);
    if (valid != NULL)
        json_builder_add_string_value(event, valid);
    else
        json_builder_add_null_value(event);
}

void event_int(JsonBuilder *event, const char *member, gint64 value)
{
    json_builder_set_member_name(event, member);
    json_builder_add_int_value(event, value);
}

void event_bool(JsonBuilder *event, const char *member, gboolean value)
{
    json_builder_set_member_name(event, member);
    json_builder_add_boolean_value(event, value);
}

void event_account(JsonBuilder *event, PurpleAccount *account)
{
    event_string(event, "account", account != NULL ? purple_account_get_username(account) : NULL);
}

void event_end(JsonBuilder *event)
{
    json_builder_end_object(event);
    g_autoptr(JsonNode) root = json_builder_get_root(event);
    g_autofree char *line = json_to_string(root, FALSE);
    puts(line);
    fflush(stdout);
    g_object_unref(event);
}
