#include "client.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *plugin_path, *user_dir;
static gboolean debug;
static GMainLoop *loop;

static const GOptionEntry options[] = {
    {"plugin", 0, 0, G_OPTION_ARG_FILENAME, &plugin_path, "the plugin to load", "FILE"},
    {"user-dir", 0, 0, G_OPTION_ARG_FILENAME, &user_dir, "libpurple's user directory", "DIR"},
    {"debug", 0, 0, G_OPTION_ARG_NONE, &debug, "libpurple's debug messages on standard error", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL},
};

static void print_to_stderr(const char *text)
{
    fputs(text, stderr);
}

/* Takes the complete lines off buffer. FALSE when the client shall end. */
static gboolean run_lines(GString *buffer)
{
    char *end;
    gboolean go_on = TRUE;
    while (go_on && (end = memchr(buffer->str, '\n', buffer->len)) != NULL) {
        g_autofree char *line = g_strndup(buffer->str, end - buffer->str);
        g_string_erase(buffer, 0, end - buffer->str + 1);
        if (line[0] != '\0')
            go_on = command_run(line);
    }
    return go_on;
}

static gboolean read_commands(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    char chunk[65536];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n > 0) {
        g_string_append_len(data, chunk, n);
        if (run_lines(data))
            return G_SOURCE_CONTINUE;
    }
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static PurpleCoreUiOps core_ops = {.ui_init = ui_init};

static gboolean start_purple(void)
{
    g_autofree char *directory = g_path_get_dirname(plugin_path);
    g_set_print_handler(print_to_stderr);
    purple_util_set_user_dir(user_dir);
    purple_debug_set_enabled(debug);
    purple_core_set_ui_ops(&core_ops);
    loop_init(plugin_path);
    purple_plugins_add_search_path(directory);
    if (!purple_core_init(UI_ID))
        return FALSE;
    purple_set_blist(purple_blist_new());
    purple_blist_load();
    purple_prefs_load();
    purple_prefs_set_string("/purple/away/idle_reporting", "none");
    purple_prefs_set_bool("/purple/away/away_when_idle", FALSE);
    ui_watch_signals();
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, options, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error) || plugin_path == NULL || user_dir == NULL) {
        fprintf(stderr, "%s\n", error != NULL ? error->message : "--plugin and --user-dir are needed");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    if (!start_purple())
        return 1;
    if (purple_find_prpl(PRPL_ID) == NULL) {
        fprintf(stderr, "%s: not loaded\n", plugin_path);
        return 1;
    }
    loop = g_main_loop_new(NULL, FALSE);
    GString *buffer = g_string_new(NULL);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, read_commands, buffer);
    event_end(event_begin("ready"));
    g_main_loop_run(loop);
    purple_core_quit();
    g_string_free(buffer, TRUE);
    g_main_loop_unref(loop);
    g_free(plugin_path);
    g_free(user_dir);
    return 0;
}
