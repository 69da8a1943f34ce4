/* SASL mechanisms as pure functions, for IMAP and SMTP alike: PLAIN (RFC 4616), LOGIN, SCRAM-SHA-256 (RFC 5802, 7677),
 * XOAUTH2 (Google, Microsoft). No I/O. Credentials are UTF-8. */
#pragma once
#include "net/server.h"

typedef struct _CoiSasl CoiSasl;

/* Chooses the best of the mechanisms offered (NULL-terminated, any case): SCRAM-SHA-256, PLAIN, LOGIN, or XOAUTH2 where the
 * credentials say so. NULL with
 * COI_ERROR_AUTH_MECHANISM when none is ours. random_nonce: NULL in the product; fixed in tests of published vectors. */
CoiSasl *coi_sasl_new(const char *const *offered, const CoiCredentials *credentials, const char *random_nonce, GError **error);
/* After the server refused with COI_ERROR_AUTH: the next mechanism it offers, if what it refused was the mechanism rather than
 * a password. That is so with SCRAM when no challenge came: servers offer it also for accounts whose stored hash can't do it.
 * NULL otherwise; the refusal stands. */
CoiSasl *coi_sasl_fallback(const CoiSasl *refused, const char *const *offered);
void coi_sasl_free(CoiSasl *sasl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiSasl, coi_sasl_free)

/* The mechanism's registered name. */
const char *coi_sasl_name(const CoiSasl *sasl);
/* TRUE if the mechanism speaks first: step(NULL) gives its initial response. */
gboolean coi_sasl_client_first(const CoiSasl *sasl);
/* The base64 answer to the server's base64 challenge (NULL: initial response). Owned by the caller, wipe it. NULL with
 * error COI_ERROR_PROTOCOL when the challenge is wrong, also when SCRAM's server signature does not verify, and with
 * COI_ERROR_AUTH when SCRAM's last message says "e=". */
char *coi_sasl_step(CoiSasl *sasl, const char *challenge, GError **error);
/* TRUE once the exchange may be believed: for SCRAM only after the server proved that it knows the password. */
gboolean coi_sasl_complete(const CoiSasl *sasl);
