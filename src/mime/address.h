/* Mail addresses: RFC 5322 lists in, one canonical form out. Pure; any thread after coi_mime_init(). */
#pragma once
#include <glib.h>

typedef struct {
    char *name;    /* display name, decoded UTF-8, without control characters; NULL when none */
    char *address; /* canonical, as coi_address_normalize() */
} CoiAddress;

/* name is cleaned, address normalized; NULL when the address can't be. Owned by the caller. */
CoiAddress *coi_address_new(const char *name, const char *address);
void coi_address_free(CoiAddress *address);

/* The canonical form: trimmed, lower case, IDNA A-label domain. NULL unless it is one plain mailbox that may be put into an
 * SMTP command: exactly one @ outside quotes, non-empty sides, no space, control character, <, >, comma, at most
 * COI_LIMIT_ADDRESS bytes. Owned by the caller. Idempotent. */
char *coi_address_normalize(const char *text);

/* The domain part of a canonical address; borrowed. */
const char *coi_address_domain(const char *address);

/* Every mailbox of an address list header's raw value (groups are opened, ";" separates as "," does, what can't be read is
 * left out), at most COI_LIMIT_RECIPIENTS. Array of CoiAddress, owned by the caller, never NULL. */
GPtrArray *coi_address_list_parse(const char *value);
