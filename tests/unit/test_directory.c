/* The lock of an account's directory, and questions that are answered late. */
#include "engine/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/ask_wait.h"

static char *fresh(void)
{
    g_autofree char *base = g_dir_make_tmp("coi-XXXXXX", NULL);
    return g_build_filename(base, "coi", "ann@example.org", NULL);
}

static void test_made_private(void)
{
    g_autofree char *path = fresh();
    int fd = coi_directory_lock(path, NULL, NULL);
    g_assert_cmpint(fd, >=, 0);
    struct stat info;
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0700);
    coi_directory_unlock(fd);
}

static gpointer unlock_soon(gpointer fd)
{
    g_usleep(100000);
    coi_directory_unlock(GPOINTER_TO_INT(fd));
    return NULL;
}

static void test_waits_for_the_same_process(void)
{
    g_autofree char *path = fresh();
    int first = coi_directory_lock(path, NULL, NULL);
    GThread *thread = g_thread_new("unlock", unlock_soon, GINT_TO_POINTER(first));
    int second = coi_directory_lock(path, NULL, NULL);
    g_assert_cmpint(second, >=, 0);
    g_thread_join(thread);
    coi_directory_unlock(second);
}

static void test_stop_ends_the_wait(void)
{
    g_autofree char *path = fresh();
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) stop = g_cancellable_new();
    int first = coi_directory_lock(path, NULL, NULL);
    g_cancellable_cancel(stop);
    g_assert_cmpint(coi_directory_lock(path, stop, &error), ==, -1);
    g_assert_error(error, COI_ERROR, COI_ERROR_CANCELLED);
    coi_directory_unlock(first);
}

/* A child that holds the lock until killed; ready when it wrote a byte. */
static pid_t holder(const char *path)
{
    int ready[2];
    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (coi_directory_lock(path, NULL, NULL) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char byte;
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void test_other_process_is_refused_and_its_death_frees(void)
{
    g_autofree char *path = fresh();
    g_autoptr(GError) error = NULL;
    pid_t pid = holder(path);
    g_assert_cmpint(coi_directory_lock(path, NULL, &error), ==, -1);
    g_assert_error(error, COI_ERROR, COI_ERROR_IN_USE);
    g_assert_cmpint(atoi(error->message), ==, pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    int fd = coi_directory_lock(path, NULL, NULL);
    g_assert_cmpint(fd, >=, 0);
    coi_directory_unlock(fd);
}

static void test_not_a_directory(void)
{
    g_autofree char *path = fresh();
    g_autofree char *parent = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(parent, "x", 1, NULL));
    g_assert_cmpint(coi_directory_lock(path, NULL, &error), ==, -1);
    g_assert_error(error, COI_ERROR, COI_ERROR_DIRECTORY);
}

static gboolean is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void test_socket_nobody_waits_for_is_closed(void)
{
    CoiAsk *ask = coi_ask_new(COI_ASK_DIAL, "imap.example.org", 993, NULL);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(coi_ask_wait_socket(ask, NULL, g_get_monotonic_time() + 1000, &error), ==, -1);
    g_assert_error(error, COI_ERROR, COI_ERROR_TIMEOUT);
    coi_ask_answer_socket(ask, fd);
    g_assert_true(is_open(fd));
    coi_ask_unref(ask);
    g_assert_false(is_open(fd));
}

static void test_answers(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiAsk) dial = coi_ask_new(COI_ASK_DIAL, "imap.example.org", 993, NULL);
    coi_ask_answer_no_socket(dial, "Connection refused");
    g_assert_cmpint(coi_ask_wait_socket(dial, NULL, -1, &error), ==, -1);
    g_assert_error(error, COI_ERROR, COI_ERROR_DIAL);
    g_assert_cmpstr(error->message, ==, "Connection refused");
    g_autoptr(CoiAsk) trust = coi_ask_new(COI_ASK_TRUST, "imap.example.org", 993, NULL);
    coi_ask_answer_trust(trust, COI_TRUST_ASKING);
    g_assert_cmpint(coi_ask_wait_trust(trust, NULL, -1), ==, COI_TRUST_ASKING);
    /* nobody answered: no trust */
    g_assert_cmpint(coi_ask_wait_trust(trust, NULL, 1), ==, COI_TRUST_INVALID);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/directory/private", test_made_private);
    g_test_add_func("/directory/same-process", test_waits_for_the_same_process);
    g_test_add_func("/directory/stop", test_stop_ends_the_wait);
    g_test_add_func("/directory/other-process", test_other_process_is_refused_and_its_death_frees);
    g_test_add_func("/directory/not-a-directory", test_not_a_directory);
    g_test_add_func("/ask/late-socket", test_socket_nobody_waits_for_is_closed);
    g_test_add_func("/ask/answers", test_answers);
    return g_test_run();
}
