/* The account's options: what the account editor offers, and what the engine makes of it. */
#pragma once
#include <account.h>
#include "engine/engine.h"

/* PurpleAccountOption list for the prpl's info; made once, libpurple frees it. */
GList *coi_options_list(void);

/* One account's configuration and what it points to. */
typedef struct {
    CoiEngineConfig config;
    char *directory, *address, *login, *token_command;
    GPtrArray *imap, *smtp;
} CoiOptions;

/* The program that gives the password or token, or NULL. Owned by the caller. */
char *coi_options_token_command(PurpleAccount *account);

/* address: canonical. */
void coi_options_read(CoiOptions *options, PurpleAccount *account, const char *address);
void coi_options_clear(CoiOptions *options);
