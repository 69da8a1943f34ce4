/* What is known of each mailbox (DESIGN section 4). */
#pragma once
#include "store/store.h"

typedef struct {
    guint32 uid_validity; /* 0: never selected */
    guint32 next_uid;     /* everything below was looked at */
    guint64 highest_modseq;
    guint32 floor;        /* everything from here on was looked at when it was new to us; 0: nobody noted */
} CoiFolder;

/* FALSE when the mailbox was never seen; *folder is zeroed then. */
gboolean coi_folders_get(CoiStore *store, const char *mailbox, CoiFolder *folder);
gboolean coi_folders_set(CoiStore *store, const char *mailbox, const CoiFolder *folder, GError **error);
