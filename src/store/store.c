#include "store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "store/db.h"

/* The engine holds the directory's lock; only a curious sqlite3 shell can be in the way. */
#define BUSY_MS 1000

/* temp_store: no text of a mail in /tmp. journal_size_limit: no old text in a log that grew once. */
static const char settings[] = "PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -1000; PRAGMA journal_size_limit = 4194304;"
                               "PRAGMA synchronous = NORMAL;";

/* SQLite gives -wal and -shm the mode of the database, so this goes first. */
static gboolean make_private(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && fchmod(fd, 0600) == 0) {
        close(fd);
        return TRUE;
    }
    int reason = errno;
    if (fd >= 0)
        close(fd);
    CoiErrorCode code = reason == ENOSPC || reason == EDQUOT ? COI_ERROR_DISK_FULL : COI_ERROR_STORE;
    g_set_error(error, COI_ERROR, code, "%s: %s", path, g_strerror(reason));
    return FALSE;
}

/* Leftovers of a crash keep the mode that they had. */
static void make_leftover_private(const char *path, const char *suffix)
{
    g_autofree char *name = g_strconcat(path, suffix, NULL);
    if (chmod(name, 0600) != 0 && errno != ENOENT)
        g_warning("store: %s%s: %s", "coi.db", suffix, g_strerror(errno));
}

static void finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

CoiStore *coi_store_open(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "coi.db", NULL);
    if (!make_private(path, error))
        return NULL;
    make_leftover_private(path, "-wal");
    make_leftover_private(path, "-shm");

    g_autoptr(CoiStore) store = g_new0(CoiStore, 1);
    store->statements = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, finalize);
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        coi_db_set_error(store->db, error);
        return NULL;
    }
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    /* The schema is looked at before journal_mode writes into what may be somebody else's file. */
    if (!coi_db_exec(store->db, settings, error) || !coi_schema_update(store->db, error) ||
        !coi_db_exec(store->db, "PRAGMA journal_mode = WAL", error))
        return NULL;
    return g_steal_pointer(&store);
}

void coi_store_close(CoiStore *store)
{
    if (!store)
        return;
    if (store->in_transaction)
        coi_store_rollback(store);
    g_hash_table_destroy(store->statements);
    sqlite3_close_v2(store->db);
    g_free(store);
}

/* SQLite ignores this inside a transaction. */
static gboolean set_durable(CoiStore *store, gboolean durable, GError **error)
{
    if (store->durable == durable)
        return TRUE;
    if (!coi_db_exec(store->db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", error))
        return FALSE;
    store->durable = durable;
    return TRUE;
}

static void end_transaction(CoiStore *store)
{
    if (!sqlite3_get_autocommit(store->db))
        coi_db_exec(store->db, "ROLLBACK", NULL);
    store->in_transaction = FALSE;
    set_durable(store, FALSE, NULL);
}

gboolean coi_store_begin(CoiStore *store, gboolean durable, GError **error)
{
    g_assert(!store->in_transaction);
    if (!set_durable(store, durable, error))
        return FALSE;
    if (!coi_db_run(store, error, "BEGIN IMMEDIATE")) {
        end_transaction(store);
        return FALSE;
    }
    store->in_transaction = TRUE;
    return TRUE;
}

gboolean coi_store_commit(CoiStore *store, GError **error)
{
    g_assert(store->in_transaction);
    gboolean ok = coi_db_run(store, error, "COMMIT");
    end_transaction(store);
    return ok;
}

void coi_store_rollback(CoiStore *store)
{
    end_transaction(store);
}

char *coi_store_get(CoiStore *store, const char *key)
{
    g_autoptr(CoiRows) rows = coi_db_query(store, "SELECT value FROM facts WHERE key = ?", coi_db_text(key));
    return coi_db_next(rows) ? coi_db_dup_text(rows, 0) : NULL;
}

gboolean coi_store_set(CoiStore *store, const char *key, const char *value, GError **error)
{
    if (!value)
        return coi_db_run(store, error, "DELETE FROM facts WHERE key = ?", coi_db_text(key));
    return coi_db_run(store, error, "INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", coi_db_text(key),
                      coi_db_text(value));
}
