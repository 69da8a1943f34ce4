#define _GNU_SOURCE
#include "client.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *plugin_file;
static gint64 longest, longest_own;
static int schedstat = -1;

typedef struct {
    GSourceFunc timeout;
    PurpleInputFunction input;
    gpointer data;
    gboolean is_plugins;
} Callback;

/* A callback is the plugin's when its code lies in the plugin's file. */
static gboolean is_plugins(gpointer function)
{
    Dl_info info;
    if (plugin_file == NULL || dladdr(function, &info) == 0 || info.dli_fname == NULL)
        return FALSE;
    g_autofree char *file = realpath(info.dli_fname, NULL);
    return g_strcmp0(file, plugin_file) == 0;
}

static Callback *callback_new(GSourceFunc timeout, PurpleInputFunction input, gpointer data)
{
    Callback *callback = g_new0(Callback, 1);
    callback->timeout = timeout;
    callback->input = input;
    callback->data = data;
    callback->is_plugins = is_plugins(timeout != NULL ? (gpointer)timeout : (gpointer)input);
    return callback;
}

/* How long this thread was ready to run and other programs had the processors, in microseconds. */
static gint64 passed_over(void)
{
    char text[128] = "";
    long long ran, waited = 0;
    if (schedstat < 0 || pread(schedstat, text, sizeof text - 1, 0) <= 0 || sscanf(text, "%lld %lld", &ran, &waited) != 2)
        return 0;
    return waited / 1000;
}

typedef struct {
    gint64 time, passed_over;
} Moment;

static Moment now(void)
{
    gint64 waited = passed_over();
    return (Moment){g_get_monotonic_time(), waited};
}

/* The callback may have been freed by what it called. */
static void measured(gboolean plugins, Moment start)
{
    gint64 took = g_get_monotonic_time() - start.time;
    gint64 own = took - (passed_over() - start.passed_over);
    if (plugins && took > longest)
        longest = took;
    if (plugins && own > longest_own)
        longest_own = own;
}

static gboolean run_timeout(gpointer data)
{
    Callback *callback = data;
    gboolean plugins = callback->is_plugins;
    Moment start = now();
    gboolean again = callback->timeout(callback->data);
    measured(plugins, start);
    return again;
}

static gboolean run_input(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    Callback *callback = data;
    gboolean plugins = callback->is_plugins;
    PurpleInputCondition ready = 0;
    if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
        ready |= PURPLE_INPUT_READ;
    if (condition & (G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL))
        ready |= PURPLE_INPUT_WRITE;
    Moment start = now();
    callback->input(callback->data, g_io_channel_unix_get_fd(channel), ready);
    measured(plugins, start);
    return TRUE;
}

static guint timeout_add(guint interval, GSourceFunc function, gpointer data)
{
    return g_timeout_add_full(G_PRIORITY_DEFAULT, interval, run_timeout, callback_new(function, NULL, data), g_free);
}

static guint timeout_add_seconds(guint interval, GSourceFunc function, gpointer data)
{
    return g_timeout_add_seconds_full(G_PRIORITY_DEFAULT, interval, run_timeout, callback_new(function, NULL, data),
                                      g_free);
}

static guint input_add(int fd, PurpleInputCondition condition, PurpleInputFunction function, gpointer data)
{
    GIOCondition wanted = 0;
    if (condition & PURPLE_INPUT_READ)
        wanted |= G_IO_IN | G_IO_HUP | G_IO_ERR;
    if (condition & PURPLE_INPUT_WRITE)
        wanted |= G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL;
    GIOChannel *channel = g_io_channel_unix_new(fd);
    guint id =
        g_io_add_watch_full(channel, G_PRIORITY_DEFAULT, wanted, run_input, callback_new(NULL, function, data), g_free);
    g_io_channel_unref(channel);
    return id;
}

static PurpleEventLoopUiOps ops = {
    .timeout_add = timeout_add,
    .timeout_remove = g_source_remove,
    .input_add = input_add,
    .input_remove = g_source_remove,
    .timeout_add_seconds = timeout_add_seconds,
};

void loop_init(const char *plugin_path)
{
    plugin_file = realpath(plugin_path, NULL);
    schedstat = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
    purple_eventloop_set_ui_ops(&ops);
}

static double take_milliseconds(gint64 *microseconds)
{
    double milliseconds = *microseconds / 1000.0;
    *microseconds = 0;
    return milliseconds;
}

double loop_take_longest_stall(void)
{
    return take_milliseconds(&longest);
}

double loop_take_longest_own_stall(void)
{
    return take_milliseconds(&longest_own);
}
