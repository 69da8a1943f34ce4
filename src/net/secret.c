#include "net/secret.h"

#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program may have to ask somebody over the network, or the user. */
#define PATIENCE_USEC (60 * G_USEC_PER_SEC)
/* How long a program that has said all may take to end, and the time between looks whether it has. */
#define LINGERING_USEC (2 * G_USEC_PER_SEC)
#define ENDING_USEC (5 * 1000)
/* Tokens have up to some kilobytes. */
#define LONGEST 16384u
/* What a word of a command can't hold unless a shell is to make something of it. */
#define SHELL_SYNTAX "|&;<>()$`~*?[#\n"

void coi_secret_wipe(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

GStrv coi_secret_arguments(const char *command)
{
    GStrv arguments = NULL;
    if (strpbrk(command, SHELL_SYNTAX) != NULL) {
        const char *const shell[] = {"/bin/sh", "-c", command, NULL};
        return g_strdupv((GStrv)shell);
    }
    g_shell_parse_argv(command, NULL, &arguments, NULL);
    return arguments;
}

static gboolean fail(GError **error, const char *why)
{
    g_set_error_literal(error, COI_ERROR, COI_ERROR_TOKEN_COMMAND, why);
    return FALSE;
}

/* In the child, before the program: our threads block every signal, and it shall be stopped with all it starts. */
static void prepare(gpointer user)
{
    sigset_t none;
    (void)user;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
}

/* Waits until fd has something, also its end. */
static gboolean wait_for(int fd, gint64 deadline, GCancellable *stop, GError **error)
{
    GPollFD stopped = {.fd = -1};
    gboolean cancellable = g_cancellable_make_pollfd(stop, &stopped);
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = stopped.fd, .events = POLLIN}};
    gint64 left = deadline - g_get_monotonic_time();
    int n = left > 0 ? poll(fds, 2, (int)((left + 999) / 1000)) : 0;
    gboolean interrupted = n < 0 && errno == EINTR;
    if (cancellable)
        g_cancellable_release_fd(stop);
    if (g_cancellable_is_cancelled(stop)) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_CANCELLED, "stopped");
        return FALSE;
    }
    return n > 0 || interrupted || fail(error, "it took too long");
}

/* All that comes until the end. */
static gboolean read_all(int fd, char *text, gint64 deadline, GCancellable *stop, GError **error)
{
    gsize length = 0;
    for (;;) {
        if (!wait_for(fd, deadline, stop, error))
            return FALSE;
        gssize n = read(fd, text + length, LONGEST - length);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return fail(error, g_strerror(errno));
        if (n == 0)
            return TRUE;
        length += (gsize)n;
        if (length == LONGEST)
            return fail(error, "it says too much");
    }
}

/* The client may reap every child of the process by itself; then what the program wrote has to do. */
static gboolean ended_well(GPid pid, GCancellable *stop, GError **error)
{
    int status = 0;
    pid_t got;
    gint64 deadline = g_get_monotonic_time() + LINGERING_USEC;
    while ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
        if (g_get_monotonic_time() > deadline || g_cancellable_is_cancelled(stop))
            return fail(error, "it has said all and does not end");
        g_usleep(ENDING_USEC);
    }
    if (got < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return TRUE;
    g_autofree char *why =
        WIFEXITED(status) ? g_strdup_printf("it ended with status %d", WEXITSTATUS(status)) : g_strdup("it was killed");
    return fail(error, why);
}

static gboolean take_output(GPid pid, int fd, char *text, GCancellable *stop, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_USEC;
    if (read_all(fd, text, deadline, stop, error) && ended_well(pid, stop, error))
        return TRUE;
    kill(-pid, SIGKILL); /* what has ended can't be meant: its number is its group's as long as one of them lives */
    ended_well(pid, NULL, NULL);
    return FALSE;
}

static char *first_line(const char *text)
{
    text += strspn(text, " \t\r\n");
    gsize length = strcspn(text, "\r\n");
    while (length > 0 && g_ascii_isspace(text[length - 1]))
        length--;
    return g_strndup(text, length);
}

/* Not GSubprocess: it wants SIGCHLD or the status for itself, which clients may take away. */
char *coi_secret_ask(const char *command, GCancellable *stop, GError **error)
{
    g_auto(GStrv) arguments = coi_secret_arguments(command);
    g_autoptr(GError) local = NULL;
    GPid pid = 0;
    int fd = -1;
    if (arguments == NULL) {
        fail(error, "it cannot be understood as a command");
        return NULL;
    }
    if (!g_spawn_async_with_pipes(NULL, arguments, NULL,
                                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, prepare,
                                  NULL, &pid, NULL, &fd, NULL, &local)) {
        fail(error, local->message);
        return NULL;
    }
    char *text = g_malloc0(LONGEST + 1), *secret = NULL;
    if (take_output(pid, fd, text, stop, error))
        secret = first_line(text);
    explicit_bzero(text, LONGEST);
    g_free(text);
    close(fd);
    if (secret != NULL && *secret == '\0') {
        g_clear_pointer(&secret, g_free);
        fail(error, "it says nothing");
    }
    return secret;
}

static gboolean try_secret(const CoiCredentials *credentials, const char *secret, CoiSecretLogin login,
                           gpointer session, GError **error)
{
    CoiCredentials *with = coi_credentials_copy(credentials);
    coi_secret_wipe(with->password);
    with->password = g_strdup(secret);
    gboolean in = login(session, with, error);
    coi_credentials_free(with);
    return in;
}

/* What the program says now; TRUE in *news when that differs from before. */
static gboolean ask_anew(const CoiCredentials *credentials, char **kept, gboolean *news, GCancellable *stop,
                         GError **error)
{
    char *secret = coi_secret_ask(credentials->token_command, stop, error);
    if (secret == NULL)
        return FALSE;
    *news = g_strcmp0(secret, *kept) != 0;
    coi_secret_wipe(*kept);
    *kept = secret;
    return TRUE;
}

gboolean coi_secret_log_in(const CoiCredentials *credentials, char **kept, GCancellable *stop, CoiSecretLogin login,
                           gpointer session, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    gboolean news;
    if (credentials == NULL || credentials->token_command == NULL)
        return login(session, credentials, error);
    if (*kept == NULL && !ask_anew(credentials, kept, &news, stop, error))
        return FALSE;
    if (try_secret(credentials, *kept, login, session, &refusal))
        return TRUE;
    if (g_error_matches(refusal, COI_ERROR, COI_ERROR_AUTH)) {
        if (!ask_anew(credentials, kept, &news, stop, error))
            return FALSE;
        if (news)
            g_clear_error(&refusal);
        if (news && try_secret(credentials, *kept, login, session, &refusal))
            return TRUE;
    }
    if (g_error_matches(refusal, COI_ERROR, COI_ERROR_AUTH))
        refusal->code = COI_ERROR_TOKEN_REFUSED;
    g_propagate_error(error, g_steal_pointer(&refusal));
    return FALSE;
}
