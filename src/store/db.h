/* Within src/store/ only: prepared statements, bound values, errors and savepoints over one SQLite connection. */
#pragma once
#include <sqlite3.h>
#include "store/store.h"

struct _CoiStore {
    sqlite3 *db;
    GHashTable *statements;  /* SQL text (a literal) → sqlite3_stmt */
    gboolean in_transaction; /* between coi_store_begin and its commit or rollback */
    gboolean durable;        /* synchronous is FULL now */
};

/* A value to bind. Strings and bytes are the caller's and must outlive the statement's use. */
typedef struct {
    int type; /* SQLITE_INTEGER, SQLITE_TEXT, SQLITE_BLOB; a NULL pointer binds NULL */
    gint64 integer;
    const void *data;
    gsize size;
} CoiDbValue;

static inline CoiDbValue coi_db_int(gint64 integer)
{
    return (CoiDbValue){.type = SQLITE_INTEGER, .integer = integer};
}

static inline CoiDbValue coi_db_text(const char *text)
{
    return (CoiDbValue){.type = SQLITE_TEXT, .data = text};
}

CoiDbValue coi_db_bytes(GBytes *bytes);

#define COI_DB_VALUES(...) ((CoiDbValue[]){__VA_ARGS__}), sizeof((CoiDbValue[]){__VA_ARGS__}) / sizeof(CoiDbValue)

/* A cached statement in use; going out of scope resets it. The same SQL can't be in use twice at a time. */
typedef struct sqlite3_stmt CoiRows;
void coi_db_done(CoiRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiRows, coi_db_done)

/* Runs one statement to its end. sql must be a literal: it is the cache's key. */
gboolean coi_db_run_values(CoiStore *store, GError **error, const char *sql, const CoiDbValue *values, gsize n_values);
#define coi_db_run(store, error, sql, ...) coi_db_run_values(store, error, sql, COI_DB_VALUES(__VA_ARGS__))

/* Starts a read; coi_db_next moves to its first row. A failing read is logged and gives no rows: what it
 * would have answered is then unknown, and the write that follows fails with the reason. */
CoiRows *coi_db_query_values(CoiStore *store, const char *sql, const CoiDbValue *values, gsize n_values);
#define coi_db_query(store, sql, ...) coi_db_query_values(store, sql, COI_DB_VALUES(__VA_ARGS__))
gboolean coi_db_next(CoiRows *rows);

/* The first row's first column, or missing. */
gint64 coi_db_number_values(CoiStore *store, gint64 missing, const char *sql, const CoiDbValue *values, gsize n_values);
#define coi_db_number(store, missing, sql, ...) coi_db_number_values(store, missing, sql, COI_DB_VALUES(__VA_ARGS__))

/* A copy of a text column, NULL for NULL. */
char *coi_db_dup_text(CoiRows *rows, int column);

/* Runs SQL that isn't worth caching: pragmas, schema. */
gboolean coi_db_exec(sqlite3 *db, const char *sql, GError **error);
void coi_db_set_error(sqlite3 *db, GError **error);

/* Around several statements of one function: all or none, inside the engine's transaction or as one of its own.
 * leave: keeps the work when ok and returns TRUE if it is kept; else undoes it and returns FALSE. */
gboolean coi_db_enter(CoiStore *store, GError **error);
gboolean coi_db_leave(CoiStore *store, gboolean ok, GError **error);

/* schema.c: checks whose database this is and brings it up to date. */
gboolean coi_schema_update(sqlite3 *db, GError **error);
