/* A store in a directory of its own, for the tests of src/store. */
#pragma once
#include <glib/gstdio.h>
#include <sqlite3.h>
#include "base/error.h"
#include "store/folders.h"
#include "store/messages.h"
#include "store/outbox.h"
#include "store/peers.h"
#include "store/store.h"

typedef struct {
    char *directory;
    CoiStore *store;
} Fixture;

G_GNUC_UNUSED static void fixture_set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    f->directory = g_dir_make_tmp("coi-store-XXXXXX", &error);
    g_assert_no_error(error);
    f->store = coi_store_open(f->directory, &error);
    g_assert_no_error(error);
}

G_GNUC_UNUSED static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    g_clear_pointer(&f->store, coi_store_close);
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(f->directory, "/coi.db", suffixes[i], NULL);
        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(f->directory), ==, 0);
    g_free(f->directory);
}

G_GNUC_UNUSED static void reopen(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&f->store, coi_store_close);
    f->store = coi_store_open(f->directory, &error);
    g_assert_no_error(error);
}

/* Owned by the caller; what a test doesn't name is ordinary. */
G_GNUC_UNUSED static CoiMessage *new_message(const char *message_id, const char *sender, const char *conversation)
{
    CoiMessage *message = g_new0(CoiMessage, 1);
    message->message_id = g_strdup(message_id);
    message->sender = g_strdup(sender);
    message->conversation = g_strdup(conversation);
    message->mailbox = g_strdup("INBOX");
    message->text = g_strdup("Hello");
    message->show = COI_SHOW_DONE;
    return message;
}

G_GNUC_UNUSED static gint64 insert(CoiStore *store, const char *message_id, const char *sender,
                                   const char *conversation)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiMessage) message = new_message(message_id, sender, conversation);
    gboolean ok = coi_messages_insert(store, message, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpint(message->id, >, 0);
    return message->id;
}

/* A queued mail of ours to one or more recipients. */
G_GNUC_UNUSED static gint64 enqueue(CoiStore *store, const char *message_id, const char *conversation,
                                    const char *const *recipients, gboolean want_copy)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) mail = g_bytes_new_static("From: a\r\n\0\r\nb\r\n", 16);
    gint64 id = insert(store, message_id, "me@a.test", conversation);
    gboolean ok = coi_outbox_insert(store, id, mail, recipients, want_copy, 100, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return id;
}

/* A look at the file past the store: the first column of the first row. */
G_GNUC_UNUSED static gint64 peek(const char *directory, const char *sql)
{
    g_autofree char *path = g_build_filename(directory, "coi.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    gint64 value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

G_GNUC_UNUSED static GHashTable *new_id_set(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

G_GNUC_UNUSED static void add_id(GHashTable *set, gint64 id)
{
    g_hash_table_add(set, g_memdup2(&id, sizeof id));
}

#define STORE_TEST(path, function) g_test_add(path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
