/* Where the password or token comes from that a login takes: the account's own, or what a program of the user's says.
 */
#pragma once
#include "net/server.h"

/* How a command is run: as it is (argv, NULL-terminated), or by /bin/sh where it has what only a shell understands.
 * Pure. NULL when its quotes don't match or it is empty. Owned by the caller. */
GStrv coi_secret_arguments(const char *command);

/* Runs the command and gives the first line of what it writes, without blanks around it. Blocks, a minute at most. NULL
 * with COI_ERROR_TOKEN_COMMAND or _CANCELLED. Owned by the caller, to be wiped. */
char *coi_secret_ask(const char *command, GCancellable *stop, GError **error);
/* Wipes and frees; NULL is fine. */
void coi_secret_wipe(char *secret);

/* One attempt to log in; FALSE with COI_ERROR_AUTH when it was refused for good. */
typedef gboolean (*CoiSecretLogin)(gpointer session, const CoiCredentials *credentials, GError **error);

/* Logs in by these credentials (NULL: without). With a token_command its output is the password: *kept, what it said
 * last, is tried first; what is refused is asked for anew, once. COI_ERROR_TOKEN_REFUSED when that doesn't help. */
gboolean coi_secret_log_in(const CoiCredentials *credentials, char **kept, GCancellable *stop, CoiSecretLogin login,
                           gpointer session, GError **error);
