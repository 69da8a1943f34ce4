/* What became of our messages: the signal for companion plugins, and a word in the conversation where one is due. */
#pragma once
#include <plugin.h>
#include "prpl/connection.h"

/* Registers "coi-message-state" (PurpleAccount *, conversation name, message id, state, gint64 unix seconds) on the
 * prpl. */
void coi_state_register(PurplePlugin *plugin);
void coi_state_unregister(PurplePlugin *plugin);

void coi_state_changed(CoiConnection *connection, const CoiEvent *event);

/* The answer to /retry. */
void coi_state_retrying(CoiConnection *connection, const CoiEvent *event);
