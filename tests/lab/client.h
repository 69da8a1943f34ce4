/* The headless client: libpurple without a screen. Commands come in as lines of JSON, what a user would see goes out as
 * such (README.md). */
#pragma once
#include <json-glib/json-glib.h>
#include <purple.h>

#define UI_ID "coi-lab"
#define PRPL_ID "prpl-coi"

/* client_event.c: one line of output. */
JsonBuilder *event_begin(const char *name);
void event_string(JsonBuilder *event, const char *member, const char *value);
void event_int(JsonBuilder *event, const char *member, gint64 value);
void event_bool(JsonBuilder *event, const char *member, gboolean value);
void event_account(JsonBuilder *event, PurpleAccount *account);
void event_end(JsonBuilder *event);

/* client_loop.c: GLib's main loop, measured. */
void loop_init(const char *plugin_path);
/* The longest time in milliseconds that one callback of the plugin's took since the last call. */
double loop_take_longest_stall(void);
/* Likewise, without the time in which the thread was ready and other programs had the processors. */
double loop_take_longest_own_stall(void);

/* client_ui.c: what libpurple shows becomes events. */
void ui_init(void);
/* After the core is up. */
void ui_watch_signals(void);
void ui_set_focus(gboolean has_focus);

/* client_request.c: questions to the user. */
void request_init(void);
void request_set_possible(gboolean possible);
/* choice: the label of a button without its underscore, or its number. FALSE when there is no such question or button.
 */
gboolean request_answer(gint64 id, JsonNode *choice);

/* client_command.c: runs one command; FALSE when the client shall end. */
gboolean command_run(const char *line);
