#include "engine/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define WAIT_STEP_MS 20
#define WAIT_LIMIT_USEC (30 * G_USEC_PER_SEC)

static int fail(GError **error, int code, const char *path)
{
    g_set_error(error, COI_ERROR, code, "%s: %s", path, g_strerror(errno));
    return -1;
}

/* The process that wrote the lock file, 0 when nobody has yet. */
static pid_t holder(int fd)
{
    char text[32] = "";
    if (pread(fd, text, sizeof text - 1, 0) <= 0)
        return 0;
    return (pid_t)strtol(text, NULL, 10);
}

/* libpurple forks resolver processes that inherit the lock: a dead holder's lock ends when they do, so it is waited for. */
static gboolean worth_waiting(pid_t pid)
{
    return pid == 0 || pid == getpid() || (kill(pid, 0) < 0 && errno == ESRCH);
}

static gboolean pause_unless_stopped(GCancellable *stop)
{
    GPollFD cancel = {.fd = -1};
    gboolean can_cancel = g_cancellable_make_pollfd(stop, &cancel);
    struct pollfd fd = {.fd = cancel.fd, .events = POLLIN};
    poll(&fd, can_cancel ? 1 : 0, WAIT_STEP_MS);
    if (can_cancel)
        g_cancellable_release_fd(stop);
    return !g_cancellable_is_cancelled(stop);
}

static gboolean lock(int fd, GCancellable *stop, GError **error)
{
    gint64 limit = g_get_monotonic_time() + WAIT_LIMIT_USEC;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK) { /* a file system without locks */
            g_set_error(error, COI_ERROR, COI_ERROR_DIRECTORY, "%s", g_strerror(errno));
            return FALSE;
        }
        pid_t pid = holder(fd);
        if (!worth_waiting(pid) || g_get_monotonic_time() > limit) {
            g_set_error(error, COI_ERROR, COI_ERROR_IN_USE, "%ld", (long)pid);
            return FALSE;
        }
        if (!pause_unless_stopped(stop)) {
            g_set_error_literal(error, COI_ERROR, COI_ERROR_CANCELLED, "stopped");
            return FALSE;
        }
    }
    return TRUE;
}

int coi_directory_lock(const char *path, GCancellable *stop, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) < 0)
        return fail(error, COI_ERROR_DIRECTORY, path);
    g_autofree char *file = g_build_filename(path, "lock", NULL);
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(error, errno == ENOSPC ? COI_ERROR_DISK_FULL : COI_ERROR_DIRECTORY, file);
    if (!lock(fd, stop, error)) {
        close(fd);
        return -1;
    }
    /* Written in place and padded, so that a full disk can't leave it half written once it exists. */
    char text[16];
    g_snprintf(text, sizeof text, "%-14ld\n", (long)getpid());
    if (pwrite(fd, text, sizeof text - 1, 0) < 0) {
        fail(error, errno == ENOSPC ? COI_ERROR_DISK_FULL : COI_ERROR_DIRECTORY, file);
        coi_directory_unlock(fd);
        return -1;
    }
    return fd;
}

void coi_directory_unlock(int fd)
{
    if (fd < 0)
        return;
    flock(fd, LOCK_UN); /* explicitly: forked children still hold copies of the descriptor */
    close(fd);
}
