/* The one place that turns a failure into libpurple's reason and a sentence for people: what happened, what the server
 * said, what to do. */
#pragma once
#include "prpl/connection.h"

typedef struct {
    const GError *error; /* COI_ERROR */
    CoiService service;
    const char *host;   /* or NULL */
    const char *tried;  /* servers and what became of each, or NULL */
    CoiRefusal refusal; /* COI_ERROR_UNTRUSTED: why, and whose certificate */
    const char *refused_host, *refused_fingerprint;
} CoiFailure;

/* Sets *sentence (plain text, owned by the caller). */
PurpleConnectionError coi_failure_explain(const CoiFailure *failure, char **sentence);

/* Why one message was not taken: plain text, owned by the caller. */
char *coi_failure_of_message(const GError *error);
