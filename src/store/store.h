/* The account's durable state: SQLite, one file per account. Used by the engine's thread only. Every function that can fail
 * sets COI_ERROR_STORE or COI_ERROR_DISK_FULL and leaves the database as it was. */
#pragma once
#include <glib.h>

typedef struct _CoiStore CoiStore;

/* Opens or creates directory/coi.db (0600, WAL, secure_delete, foreign keys) and brings its schema up to date. A database
 * written by a newer version or damaged is refused with a sentence; nothing is deleted. */
CoiStore *coi_store_open(const char *directory, GError **error);
void coi_store_close(CoiStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiStore, coi_store_close)

/* One transaction; nested calls are a programming error. durable: commit waits for the disk (synchronous=FULL), as the
 * outbox needs; else synchronous=NORMAL: a power cut may forget it, the server still has it. */
gboolean coi_store_begin(CoiStore *store, gboolean durable, GError **error);
gboolean coi_store_commit(CoiStore *store, GError **error);
void coi_store_rollback(CoiStore *store);

/* Small facts: key → value. get: NULL when absent (owned by the caller). set: value NULL removes. */
char *coi_store_get(CoiStore *store, const char *key);
gboolean coi_store_set(CoiStore *store, const char *key, const char *value, GError **error);
