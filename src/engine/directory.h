/* The account's directory: made when missing, locked while an engine lives in it. Engine thread. */
#pragma once
#include <gio/gio.h>

/* Makes path (0700) and locks it. While an earlier engine of this very process, or of one that died, still holds the lock this
 * waits (until stop fires, 30 s at most); a living other process is COI_ERROR_IN_USE. The lock's descriptor, or -1. */
int coi_directory_lock(const char *path, GCancellable *stop, GError **error);
void coi_directory_unlock(int fd);
