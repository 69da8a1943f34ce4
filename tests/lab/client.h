/* The headless client: libpurple without a screen. Commands come in as lines of JSON, what a user would see goes out as
 * such (README.md). */
#pragma once
#include <json-glib/json-glib.h>
#include <purple.h>

/* Who this client says it is: the plugin knows some by their names. */
#define UI_ID (g_getenv("COI_LAB_UI") != NULL ? g_getenv("COI_LAB_UI") : "coi-lab")
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

/* client_focus.c: where the user looks, and what was written elsewhere meanwhile, as Pidgin keeps it. */
void focus_init(PurpleConversationUiOps *conversation_ops);
void focus_watch_signals(void);
/* FALSE: this client does not know which conversation has the focus, and keeps no count of unseen lines. */
void focus_set_known(gboolean known);
/* Of the conversations that focus_turn() was not told about. */
void focus_set_all(gboolean focused);
/* How long ago the user touched something; negative: this client does not know. */
void focus_set_input(gint64 seconds);
/* The user turns to a conversation, and so away from all others; or away from it. */
void focus_turn(PurpleConversation *conversation, gboolean focused);
void focus_line_written(PurpleConversation *conversation, PurpleMessageFlags flags);
void focus_user_wrote(PurpleConversation *conversation);

/* client_request.c: questions to the user. */
void request_init(void);
/* client_resolve.c */
void resolve_init(void);
void request_set_possible(gboolean possible);
/* choice: the label of a button without its underscore, or its number. FALSE when there is no such question or button.
 */
gboolean request_answer(gint64 id, JsonNode *choice);

/* client_command.c: runs one command; FALSE when the client shall end. */
gboolean command_run(const char *line);
