/* Is a server's certificate to be trusted? libpurple's verifier decides, and where it cannot, the user or the account's
 * pin. */
#pragma once
#include "prpl/connection.h"

/* Answers the ask before it returns. While the user is being asked the answer is COI_TRUST_ASKING; what the user says
 * goes to the engine as COI_COMMAND_VERDICT. There is one question per host, whoever asks how often. */
void coi_trust_judge(CoiConnection *connection, CoiAsk *ask);

/* Withdraws every open question. */
void coi_trust_close_all(CoiConnection *connection);
