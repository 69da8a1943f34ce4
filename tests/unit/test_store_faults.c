/* The store when things go wrong: files of others, damage, kill -9, a full disk. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "store_fixture.h"

static const char *const to_bob[] = {"bob@b.test", NULL};

static void assert_private(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    GStatBuf info;
    g_assert_cmpint(g_stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

static void files_are_private(Fixture *f, gconstpointer data)
{
    (void)data;
    mode_t old = umask(0);
    g_clear_pointer(&f->store, coi_store_close);
    g_autofree char *path = g_build_filename(f->directory, "coi.db", NULL);
    /* Once new, once with a mode somebody gave it. */
    for (int round = 0; round < 2; round++) {
        if (round == 0)
            g_unlink(path);
        else
            g_chmod(path, 0666);
        reopen(f);
        g_assert_true(coi_store_set(f->store, "a", "1", NULL));
        assert_private(f->directory, "coi.db");
        assert_private(f->directory, "coi.db-wal");
        assert_private(f->directory, "coi.db-shm");
        g_clear_pointer(&f->store, coi_store_close);
    }
    umask(old);
}

static void assert_refused(Fixture *f, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(coi_store_open(f->directory, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
    g_assert_nonnull(strstr(error->message, word));
}

static void files_of_others_are_refused(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(coi_store_set(f->store, "a", "1", NULL));
    g_clear_pointer(&f->store, coi_store_close);
    gint64 version = peek(f->directory, "PRAGMA user_version");
    g_assert_cmpint(version, >, 0);

    peek(f->directory, "PRAGMA user_version = 1000");
    assert_refused(f, "newer");
    peek(f->directory, "PRAGMA user_version = 0");
    assert_refused(f, "not written by");
    g_autofree char *back = g_strdup_printf("PRAGMA user_version = %d", (int)version);
    peek(f->directory, back);
    gint64 owner = peek(f->directory, "PRAGMA application_id");
    peek(f->directory, "PRAGMA application_id = 1");
    assert_refused(f, "not written by");
    g_autofree char *ours = g_strdup_printf("PRAGMA application_id = %d", (int)owner);
    peek(f->directory, ours);

    /* Nothing was touched by all that. */
    reopen(f);
    g_autofree char *value = coi_store_get(f->store, "a");
    g_assert_cmpstr(value, ==, "1");
}

static void damaged_files_are_refused(Fixture *f, gconstpointer data)
{
    (void)data;
    for (int i = 0; i < 100; i++) {
        g_autofree char *id = g_strdup_printf("%d@a", i);
        insert(f->store, id, "b@b.test", "b@b.test");
    }
    g_clear_pointer(&f->store, coi_store_close);
    g_autofree char *path = g_build_filename(f->directory, "coi.db", NULL);
    g_autofree char *good = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &good, &length, NULL));
    const struct {
        gsize length, spoilt; /* of what is left, how much of it is zeroed */
    } table[] = {{length / 2, 0}, {100, 0}, {length, 100}, {length, 4096}, {length, length}};
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *bad = g_memdup2(good, length);
        memset(bad, 'x', table[i].spoilt);
        g_assert_true(g_file_set_contents(path, bad, (gssize)table[i].length, NULL));
        g_autoptr(GError) error = NULL;
        g_assert_null(coi_store_open(f->directory, &error));
        g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
        g_autofree char *after = NULL;
        gsize after_length;
        g_assert_true(g_file_get_contents(path, &after, &after_length, NULL));
        g_assert_cmpmem(after, after_length, bad, table[i].length);
    }
    g_assert_true(g_file_set_contents(path, good, (gssize)length, NULL));
    reopen(f);
    g_assert_cmpint(coi_messages_find(f->store, "99@a", NULL), >, 0);
}

static void a_missing_directory_is_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(coi_store_open("/nonexistent/coi", &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
}

/* One mail written, tried twice and sent, as the engine does it; FALSE as soon as something fails. */
static gboolean write_one(CoiStore *store, int i, GBytes *mail, GError **error)
{
    CoiOutState state;
    g_autofree char *id = g_strdup_printf("%d@a", i);
    g_autofree char *conversation = g_strdup_printf("%d@b.test", i % 5);
    g_autoptr(CoiMessage) message = new_message(id, "me@a.test", conversation);
    if (!coi_store_begin(store, TRUE, error))
        return FALSE;
    if (!coi_messages_insert(store, message, to_bob, error) ||
        !coi_outbox_insert(store, message->id, mail, to_bob, TRUE, 1, error)) {
        coi_store_rollback(store);
        return FALSE;
    }
    if (!coi_store_commit(store, error))
        return FALSE;
    return coi_outbox_attempted(store, message->id, 5, "later", &state, error) &&
           coi_outbox_recipient_done(store, message->id, to_bob[0], TRUE, NULL, error) &&
           coi_outbox_attempted(store, message->id, 0, NULL, &state, error) &&
           coi_outbox_copy_attempted(store, message->id, COI_COPY_DONE, error) &&
           coi_messages_add_place(store, message->id, "Chats", (guint32)i + 1, FALSE, error) &&
           coi_messages_set_show(store, message->id, COI_SHOW_DONE, error);
}

/* Whatever happened: rows fit together, and the first n mails are there. */
static void assert_whole(const char *directory, int n)
{
    static const char *const broken[] = {
        "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
        "SELECT count(*) FROM pragma_foreign_key_check",
        "SELECT count(*) FROM messages WHERE id NOT IN (SELECT id FROM outbox)",
        "SELECT count(*) FROM messages WHERE id NOT IN (SELECT message FROM aliases)",
        "SELECT count(*) FROM outbox WHERE id NOT IN (SELECT id FROM recipients)",
        "SELECT count(*) FROM outbox o WHERE (o.state = 1 AND o.copy = 2) = EXISTS (SELECT 1 FROM mails WHERE id = "
        "o.id)",
        "SELECT count(*) FROM outbox o WHERE state = 1 AND EXISTS"
        " (SELECT 1 FROM recipients WHERE id = o.id AND status <> 1)",
    };
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++)
        g_assert_cmpint(peek(directory, broken[i]), ==, 0);
    g_autofree char *present = g_strdup_printf("SELECT count(*) FROM messages WHERE CAST(message_id AS INT) < %d", n);
    g_assert_cmpint(peek(directory, present), ==, n);
}

static void write_until_killed(const char *directory, int report, int first)
{
    g_autoptr(GBytes) mail = g_bytes_new_take(g_strnfill(20000, 'm'), 20000);
    CoiStore *store = coi_store_open(directory, NULL);
    for (int i = first; store && write_one(store, i, mail, NULL); i++) {
        if (write(report, &i, sizeof i) != sizeof i)
            break;
    }
    _exit(1);
}

/* A child writes until it is killed; what it reported written must be there. */
static void kill_loses_nothing(Fixture *f, gconstpointer data)
{
    (void)data;
    int written = 0;
    guint kills = 0;
    for (; kills < 40 || (written == 0 && kills < 400); kills++) {
        g_clear_pointer(&f->store, coi_store_close);
        int pipe_fds[2];
        g_assert_cmpint(pipe(pipe_fds), ==, 0);
        pid_t child = fork();
        g_assert_cmpint(child, >=, 0);
        if (child == 0)
            write_until_killed(f->directory, pipe_fds[1], written);
        close(pipe_fds[1]);
        /* A busy machine may write nothing in 40 short lives: then they become longer. */
        g_usleep((gulong)g_test_rand_int_range(1000, 40000) * (1 + kills / 40));
        kill(child, SIGKILL);
        int status, i;
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFSIGNALED(status));
        while (read(pipe_fds[0], &i, sizeof i) == sizeof i)
            written = i + 1;
        close(pipe_fds[0]);
        reopen(f);
        assert_whole(f->directory, written);
        /* One more may have been committed and not reported: the next child starts after it. */
        written = (int)peek(f->directory, "SELECT count(*) FROM messages");
    }
    g_test_message("%u kills, %d mails written, none lost", kills, written);
    g_assert_cmpint(written, >, 0);
}

/* Every write says "full", crashes nothing, and what is there can be read. Small values meet the full disk in COMMIT,
 * large ones in the statement; there SQLite undoes the transaction by itself, and a caller that goes on as if it were
 * still open must change nothing. */
static void assert_full(CoiStore *store)
{
    for (int n = 0; n < 20; n++) {
        g_autoptr(GError) error = NULL;
        gsize size = n % 4 < 2 ? 200000 : 5000000;
        g_autofree char *value = g_strnfill(size, 'v');
        g_assert_true(coi_store_begin(store, n % 2, NULL));
        gboolean set = coi_store_set(store, "big", value, &error);
        g_assert_true(!set || !coi_store_commit(store, &error));
        g_assert_error(error, COI_ERROR, COI_ERROR_DISK_FULL);
        if (!set)
            coi_store_set(store, "after", "1", NULL);
        coi_store_rollback(store);
        g_autofree char *after = coi_store_get(store, "after");
        g_assert_null(after);
        g_assert_cmpint(coi_messages_find(store, "0@a", NULL), >, 0);
    }
}

static void write_past_full(const char *directory, void (*make_room)(const char *))
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) mail = g_bytes_new_take(g_strnfill(3000, 'm'), 3000);
    CoiStore *store = coi_store_open(directory, &error);
    g_assert_no_error(error);
    int count = 0;
    while (write_one(store, count, mail, &error))
        count++;
    g_assert_error(error, COI_ERROR, COI_ERROR_DISK_FULL);
    g_assert_cmpint(count, >, 0);
    g_test_message("full after %d mails: %s", count, error->message);
    g_clear_error(&error);
    assert_full(store);
    make_room(directory);
    /* The mail that met the full disk may have got in before a later step of it failed. */
    count = (int)peek(directory, "SELECT count(*) FROM messages");
    for (int end = count + 50; count < end; count++) {
        g_assert_true(write_one(store, count, mail, &error));
        g_assert_no_error(error);
    }
    coi_store_close(store);
    g_assert_cmpint(peek(directory, "SELECT count(*) FROM messages"), ==, count);
    static const char integrity[] = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
    g_assert_cmpint(peek(directory, integrity), ==, 0);
    g_assert_cmpint(peek(directory, "SELECT count(*) FROM pragma_foreign_key_check"), ==, 0);
    _exit(0);
}

static int wait_for(pid_t child)
{
    int status;
    g_assert_cmpint(child, >, 0);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void lift_limit(const char *directory)
{
    (void)directory;
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* As with a quota; what is being written when it is met depends on where it is. */
static void files_that_cant_grow(Fixture *f, gconstpointer data)
{
    (void)data;
    for (rlim_t most = 300000; most < 3000000; most += 900000) {
        g_clear_pointer(&f->store, coi_store_close);
        fixture_tear_down(f, NULL);
        fixture_set_up(f, NULL);
        g_clear_pointer(&f->store, coi_store_close);
        pid_t child = fork();
        if (child == 0) {
            struct rlimit limit;
            getrlimit(RLIMIT_FSIZE, &limit);
            limit.rlim_cur = most;
            signal(SIGXFSZ, SIG_IGN);
            if (setrlimit(RLIMIT_FSIZE, &limit) == 0)
                write_past_full(f->directory, lift_limit);
            _exit(1);
        }
        g_assert_cmpint(wait_for(child), ==, 0);
        reopen(f);
    }
}

static void enlarge_disk(const char *directory)
{
    g_assert_cmpint(mount("none", directory, "tmpfs", MS_REMOUNT, "size=64m"), ==, 0);
}

static void a_full_disk(Fixture *f, gconstpointer data)
{
    (void)data;
    enum { MAY_NOT_MOUNT = 77 };
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", f->directory, "tmpfs", 0, "size=2m") != 0)
            _exit(MAY_NOT_MOUNT);
        write_past_full(f->directory, enlarge_disk);
    }
    int status = wait_for(child);
    if (status == MAY_NOT_MOUNT)
        g_test_skip("a small disk can only be mounted by root");
    else
        g_assert_cmpint(status, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/store/files/private", files_are_private);
    STORE_TEST("/store/files/of-others", files_of_others_are_refused);
    STORE_TEST("/store/files/damaged", damaged_files_are_refused);
    g_test_add_func("/store/files/missing-directory", a_missing_directory_is_refused);
    STORE_TEST("/store/kill", kill_loses_nothing);
    STORE_TEST("/store/full/limit", files_that_cant_grow);
    STORE_TEST("/store/full/disk", a_full_disk);
    return g_test_run();
}
