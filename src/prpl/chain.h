/* Certificate chains as links hand them over, and as libpurple wants them. */
#pragma once
#include <glib.h>

/* SHA-256 of the leaf, 64 lower case hex digits. NULL when the chain is empty. */
char *coi_chain_fingerprint(GPtrArray *chain);

/* "AB:CD:…", for people. */
char *coi_chain_readable(const char *fingerprint);

/* Is the fingerprint among the pins (hex, separated by commas; colons, spaces and case don't matter)? */
gboolean coi_chain_is_pinned(const char *fingerprint, const char *pins);

/* The chain (GBytes in DER, leaf first) as PurpleCertificates in the same order; freed with
 * purple_certificate_destroy_list(). NULL unless the first of them is the certificate with this fingerprint. */
GList *coi_chain_import(GPtrArray *chain, const char *fingerprint);
