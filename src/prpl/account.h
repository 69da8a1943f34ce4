/* The account's part of the prpl: logging in and out, and what an account and its names look like. */
#pragma once
#include <account.h>
#include <blist.h>

void coi_account_login(PurpleAccount *account);
void coi_account_close(PurpleConnection *gc);

/* With @: the canonical address (trimmed, lower case, IDNA domain); without: unchanged, as group ids are
 * case-sensitive. The result is valid until the next call. Idempotent. */
const char *coi_account_normalize(const PurpleAccount *account, const char *who);

const char *coi_account_list_icon(PurpleAccount *account, PurpleBuddy *buddy);
GList *coi_account_status_types(PurpleAccount *account);
