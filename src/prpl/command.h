/* What the user may type besides text: /retry and the like; "!coi retry" where the client has no /commands. */
#pragma once
#include "prpl/connection.h"

/* Once per process, at the first login: libpurple's conversations don't exist yet when plugins are loaded. */
void coi_commands_register(void);
void coi_commands_unregister(void);

/* TRUE when text was a command ("!coi …") and has been obeyed; else it is a message. */
gboolean coi_command_typed(CoiConnection *connection, const char *peer, const char *text);
