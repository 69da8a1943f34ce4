#include "prpl/command.h"

#include <string.h>

#include <cmds.h>
#include <conversation.h>

#include "mime/address.h"
#include "prpl/history.h"
#include "prpl/i18n.h"
#include "prpl/im.h"
#include "prpl/notice.h"
#include "prpl/receipts.h"
#include "prpl/ui.h"

#define PRPL_ID "prpl-coi"
#define PREFIX "!coi"

typedef struct {
    const char *name;
    const char *help; /* "%s": how it is typed here */
    void (*run)(CoiConnection *connection, const char *peer, const char *argument);
} Command;

static void run_edit(CoiConnection *connection, const char *peer, const char *argument);
static void run_delete(CoiConnection *connection, const char *peer, const char *argument);
static void run_retry(CoiConnection *connection, const char *peer, const char *argument);
static void run_history(CoiConnection *connection, const char *peer, const char *argument);
static void run_search(CoiConnection *connection, const char *peer, const char *argument);
static void run_full(CoiConnection *connection, const char *peer, const char *argument);

static const Command commands[] = {
    {"history", N_("%s [N]: show the latest N messages of this conversation (20 when you name no number), also from the server; N as #1 or #2: the messages around that find of the latest search"), run_history},
    {"search", N_("%s WORDS: look on the server for messages of this conversation with all of these words; without words: stop looking"), run_search},
    {"full", N_("%s: show all of the latest message in this conversation that was shortened or came with a quote"), run_full},
    {"edit", N_("%s TEXT: put this text in the place of your latest message in this conversation"), run_edit},
    {"delete", N_("%s: ask the other side to delete your latest message in this conversation"), run_delete},
    {"retry", N_("%s: send again what could not be delivered in this conversation"), run_retry},
    {"receipt", N_("%s: tell whether your latest message in this conversation was read, and when"), coi_receipts_ask},
};

static PurpleCmdId ids[G_N_ELEMENTS(commands) + 1];

static void run_retry(CoiConnection *connection, const char *peer, const char *argument)
{
    (void)argument;
    char *address = coi_address_normalize(peer);
    if (address == NULL)
        return;
    CoiCommand *retry = coi_command_new(COI_COMMAND_RETRY);
    retry->address = address;
    coi_connection_send(connection, retry);
}

static void run_edit(CoiConnection *connection, const char *peer, const char *argument)
{
    coi_im_edit(connection, peer, argument != NULL ? argument : "");
}

static void run_delete(CoiConnection *connection, const char *peer, const char *argument)
{
    (void)argument;
    coi_im_delete(connection, peer);
}

static void run_history(CoiConnection *connection, const char *peer, const char *argument)
{
    coi_history_ask(connection, peer, argument != NULL ? argument : "");
}

static void run_search(CoiConnection *connection, const char *peer, const char *argument)
{
    coi_history_search(connection, peer, argument != NULL ? argument : "");
}

static void run_full(CoiConnection *connection, const char *peer, const char *argument)
{
    (void)argument;
    coi_history_full(connection, peer);
}

static char *help_text(void)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *typed = g_strconcat(coi_ui_has_commands() ? "/" : PREFIX " ", commands[i].name, NULL);
        g_string_append(text, i > 0 ? "\n" : "");
        g_string_append_printf(text, _(commands[i].help), typed);
    }
    return g_string_free(text, FALSE);
}

/* line: a command's name and its argument; anything unknown gets the help. */
static void obey(CoiConnection *connection, const char *peer, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 2);
    for (guint i = 0; words[0] != NULL && i < G_N_ELEMENTS(commands); i++) {
        if (g_ascii_strcasecmp(words[0], commands[i].name) == 0) {
            commands[i].run(connection, peer, words[1]);
            return;
        }
    }
    g_autofree char *help = help_text();
    coi_notice(connection, peer, COI_NOTICE_INFO, help);
}

gboolean coi_command_typed(CoiConnection *connection, const char *peer, const char *text)
{
    if (!g_str_has_prefix(text, PREFIX) || (text[strlen(PREFIX)] != '\0' && text[strlen(PREFIX)] != ' '))
        return FALSE;
    g_autofree char *line = g_strstrip(g_strdup(text + strlen(PREFIX)));
    obey(connection, peer, line);
    return TRUE;
}

/* data: the Command, or NULL for /coi itself. */
static PurpleCmdRet slash(PurpleConversation *conversation, const gchar *name, gchar **arguments, gchar **error,
                          void *data)
{
    (void)name;
    const Command *command = data;
    CoiConnection *connection = coi_connection_of(purple_conversation_get_gc(conversation));
    if (connection == NULL) {
        *error = g_strdup(_("The account is not connected."));
        return PURPLE_CMD_RET_FAILED;
    }
    const char *peer = purple_conversation_get_name(conversation);
    const char *argument = arguments != NULL && arguments[0] != NULL ? arguments[0] : "";
    if (command != NULL)
        command->run(connection, peer, argument);
    else
        obey(connection, peer, argument);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdId offer(const char *name, const char *help, const Command *command)
{
    return purple_cmd_register(name, "s", PURPLE_CMD_P_PRPL,
                               PURPLE_CMD_FLAG_IM | PURPLE_CMD_FLAG_PRPL_ONLY | PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS,
                               PRPL_ID, slash, help, (void *)command);
}

void coi_commands_register(void)
{
    if (ids[0] != 0 || !coi_ui_has_commands())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *help = g_strdup_printf(_(commands[i].help), commands[i].name);
        ids[i + 1] = offer(commands[i].name, help, &commands[i]);
    }
    g_autofree char *all = help_text();
    ids[0] = offer("coi", all, NULL);
}

void coi_commands_unregister(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        if (ids[i] != 0)
            purple_cmd_unregister(ids[i]);
        ids[i] = 0;
    }
}
