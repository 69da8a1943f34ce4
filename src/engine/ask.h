/* A question of a link thread that only the main thread can answer: a socket (through the user's proxy) or a verdict on a
 * certificate. Shared by reference; whoever answers late answers nobody, and a socket nobody waits for is closed. */
#pragma once
#include "net/server.h"

typedef enum { COI_ASK_DIAL, COI_ASK_TRUST } CoiAskType;

typedef struct _CoiAsk CoiAsk;

CoiAsk *coi_ask_ref(CoiAsk *ask);
void coi_ask_unref(CoiAsk *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiAsk, coi_ask_unref)

/* The question; all borrowed, immutable, any thread. */
CoiAskType coi_ask_type(const CoiAsk *ask);
const char *coi_ask_host(const CoiAsk *ask);
guint16 coi_ask_port(const CoiAsk *ask);
GPtrArray *coi_ask_chain(const CoiAsk *ask); /* TRUST: GBytes in DER, leaf first */

/* Answers, once; later ones are dropped. Main thread. A descriptor given belongs to the ask from then on. */
void coi_ask_answer_socket(CoiAsk *ask, int fd);
void coi_ask_answer_no_socket(CoiAsk *ask, const char *reason);
void coi_ask_answer_trust(CoiAsk *ask, CoiTrust trust);
