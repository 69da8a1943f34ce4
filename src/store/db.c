#include "store/db.h"
#include <errno.h>
#include "base/error.h"

CoiDbValue coi_db_bytes(GBytes *bytes)
{
    CoiDbValue value = {.type = SQLITE_BLOB};
    if (bytes)
        value.data = g_bytes_get_data(bytes, &value.size);
    return value;
}

/* Only ENOSPC in a plain write comes as SQLITE_FULL. A quota or a file size limit is SQLITE_IOERR_WRITE, and when
 * COMMIT meets it SQLite forgets errno; a -shm that can't grow is SQLITE_IOERR_SHMSIZE. */
static gboolean is_disk_full(sqlite3 *db)
{
    int code = sqlite3_extended_errcode(db);
    if ((code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE)
        return TRUE;
    if ((code & 0xff) != SQLITE_IOERR && (code & 0xff) != SQLITE_CANTOPEN)
        return FALSE;
    int reason = sqlite3_system_errno(db);
    return reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
}

void coi_db_set_error(sqlite3 *db, GError **error)
{
    CoiErrorCode code = is_disk_full(db) ? COI_ERROR_DISK_FULL : COI_ERROR_STORE;
    g_set_error_literal(error, COI_ERROR, code, sqlite3_errmsg(db));
}

static int bind_value(sqlite3_stmt *statement, int index, const CoiDbValue *value)
{
    if (value->type == SQLITE_INTEGER)
        return sqlite3_bind_int64(statement, index, value->integer);
    if (!value->data)
        return sqlite3_bind_null(statement, index);
    if (value->type == SQLITE_TEXT)
        return sqlite3_bind_text64(statement, index, value->data, strlen(value->data), SQLITE_STATIC, SQLITE_UTF8);
    return sqlite3_bind_blob64(statement, index, value->data, value->size, SQLITE_STATIC);
}

static sqlite3_stmt *cached(CoiStore *store, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(store->statements, sql);
    if (statement)
        return statement;
    if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        coi_db_set_error(store->db, error);
        return NULL;
    }
    g_hash_table_insert(store->statements, (gpointer)sql, statement);
    return statement;
}

static sqlite3_stmt *prepare(CoiStore *store, const char *sql, const CoiDbValue *values, gsize n_values, GError **error)
{
    sqlite3_stmt *statement = cached(store, sql, error);
    if (!statement)
        return NULL;
    g_assert(!sqlite3_stmt_busy(statement));
    g_assert_cmpuint(sqlite3_bind_parameter_count(statement), ==, n_values);
    for (gsize i = 0; i < n_values; i++) {
        if (bind_value(statement, (int)i + 1, &values[i]) != SQLITE_OK) {
            coi_db_set_error(store->db, error);
            coi_db_done(statement);
            return NULL;
        }
    }
    return statement;
}

void coi_db_done(CoiRows *rows)
{
    if (!rows)
        return;
    sqlite3_reset(rows);
    sqlite3_clear_bindings(rows);
}

/* A full disk makes SQLite undo the whole transaction by itself; what follows must not run as if it were inside. */
static gboolean transaction_lost(CoiStore *store, GError **error)
{
    if (!store->in_transaction || !sqlite3_get_autocommit(store->db))
        return FALSE;
    g_set_error_literal(error, COI_ERROR, COI_ERROR_STORE, "the transaction was undone after an earlier error");
    return TRUE;
}

gboolean coi_db_run_values(CoiStore *store, GError **error, const char *sql, const CoiDbValue *values, gsize n_values)
{
    if (transaction_lost(store, error))
        return FALSE;
    g_autoptr(CoiRows) rows = prepare(store, sql, values, n_values, error);
    if (!rows)
        return FALSE;
    int result;
    while ((result = sqlite3_step(rows)) == SQLITE_ROW)
        ;
    if (result != SQLITE_DONE)
        coi_db_set_error(store->db, error);
    return result == SQLITE_DONE;
}

CoiRows *coi_db_query_values(CoiStore *store, const char *sql, const CoiDbValue *values, gsize n_values)
{
    g_autoptr(GError) error = NULL;
    sqlite3_stmt *statement = prepare(store, sql, values, n_values, &error);
    if (!statement)
        g_warning("store: %s", error->message);
    return statement;
}

gboolean coi_db_next(CoiRows *rows)
{
    if (!rows)
        return FALSE;
    int result = sqlite3_step(rows);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        g_warning("store: %s", sqlite3_errmsg(sqlite3_db_handle(rows)));
    return result == SQLITE_ROW;
}

gint64 coi_db_number_values(CoiStore *store, gint64 missing, const char *sql, const CoiDbValue *values, gsize n_values)
{
    g_autoptr(CoiRows) rows = coi_db_query_values(store, sql, values, n_values);
    return coi_db_next(rows) ? sqlite3_column_int64(rows, 0) : missing;
}

char *coi_db_dup_text(CoiRows *rows, int column)
{
    return g_strdup((const char *)sqlite3_column_text(rows, column));
}

gboolean coi_db_exec(sqlite3 *db, const char *sql, GError **error)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return TRUE;
    coi_db_set_error(db, error);
    return FALSE;
}

gboolean coi_db_enter(CoiStore *store, GError **error)
{
    return coi_db_run(store, error, "SAVEPOINT step");
}

gboolean coi_db_leave(CoiStore *store, gboolean ok, GError **error)
{
    if (ok && coi_db_run(store, error, "RELEASE step"))
        return TRUE;
    /* Nothing to undo when SQLite has undone everything by itself. */
    if (!sqlite3_get_autocommit(store->db)) {
        coi_db_exec(store->db, "ROLLBACK TO step", NULL);
        coi_db_exec(store->db, "RELEASE step", NULL);
    }
    /* A savepoint of its own that can't be released would stay open as a transaction. */
    if (!store->in_transaction && !sqlite3_get_autocommit(store->db))
        coi_db_exec(store->db, "ROLLBACK", NULL);
    return FALSE;
}
