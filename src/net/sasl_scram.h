/* SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677): the client's messages as text, not base64. */
#pragma once
#include <glib.h>

typedef struct _CoiScram CoiScram;

/* random_nonce NULL: from the kernel. NULL with COI_ERROR_PROTOCOL when the kernel has none. */
CoiScram *coi_scram_new(const char *login, const char *password, const char *random_nonce, GError **error);
void coi_scram_free(CoiScram *scram);
/* The answer to the server's message (NULL: none yet), owned by the caller; "" to the last one, once it proved that the
 * server knows the password. NULL with COI_ERROR_PROTOCOL, or COI_ERROR_AUTH when the server's message says why it
 * refuses. */
char *coi_scram_step(CoiScram *scram, const char *message, GError **error);
gboolean coi_scram_complete(const CoiScram *scram);
/* Strict base64: NULL unless text is well-formed. NUL-terminated beyond *length. */
guint8 *coi_base64_decode_strict(const char *text, gsize *length);
