#include "engine/ask_wait.h"

#include <unistd.h>

struct _CoiAsk {
    gint references;
    CoiAskType type;
    char *host;
    guint16 port;
    GPtrArray *chain;
    CoiQueue *answers; /* of Answer; the first one counts */
};

typedef struct {
    int fd;
    char *reason;
    CoiTrust trust;
} Answer;

static void answer_free(gpointer data)
{
    Answer *answer = data;
    if (answer->fd >= 0)
        close(answer->fd);
    g_free(answer->reason);
    g_free(answer);
}

CoiAsk *coi_ask_new(CoiAskType type, const char *host, guint16 port, GPtrArray *chain)
{
    CoiQueue *answers = coi_queue_new(answer_free);
    if (answers == NULL)
        return NULL;
    CoiAsk *ask = g_new0(CoiAsk, 1);
    ask->references = 1;
    ask->type = type;
    ask->host = g_strdup(host);
    ask->port = port;
    ask->chain = chain != NULL ? g_ptr_array_ref(chain) : NULL;
    ask->answers = answers;
    return ask;
}

CoiAsk *coi_ask_ref(CoiAsk *ask)
{
    __atomic_add_fetch(&ask->references, 1, __ATOMIC_RELAXED);
    return ask;
}

void coi_ask_unref(CoiAsk *ask)
{
    if (ask == NULL || __atomic_sub_fetch(&ask->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    coi_queue_unref(ask->answers);
    g_clear_pointer(&ask->chain, g_ptr_array_unref);
    g_free(ask->host);
    g_free(ask);
}

CoiAskType coi_ask_type(const CoiAsk *ask)
{
    return ask->type;
}

const char *coi_ask_host(const CoiAsk *ask)
{
    return ask->host;
}

guint16 coi_ask_port(const CoiAsk *ask)
{
    return ask->port;
}

GPtrArray *coi_ask_chain(const CoiAsk *ask)
{
    return ask->chain;
}

static void push_answer(CoiAsk *ask, int fd, const char *reason, CoiTrust trust)
{
    Answer *answer = g_new0(Answer, 1);
    answer->fd = fd;
    answer->reason = g_strdup(reason);
    answer->trust = trust;
    coi_queue_push(ask->answers, answer);
}

void coi_ask_answer_socket(CoiAsk *ask, int fd)
{
    push_answer(ask, fd, NULL, COI_TRUST_INVALID);
}

void coi_ask_answer_no_socket(CoiAsk *ask, const char *reason)
{
    push_answer(ask, -1, reason, COI_TRUST_INVALID);
}

void coi_ask_answer_trust(CoiAsk *ask, CoiTrust trust)
{
    push_answer(ask, -1, NULL, trust);
}

static Answer *wait_for_answer(CoiAsk *ask, GCancellable *stop, gint64 deadline, GError **error)
{
    Answer *answer = coi_queue_pop(ask->answers, deadline, stop);
    if (answer == NULL && g_cancellable_is_cancelled(stop))
        g_set_error_literal(error, COI_ERROR, COI_ERROR_CANCELLED, "stopped");
    else if (answer == NULL)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_TIMEOUT, "no connection in time");
    return answer;
}

int coi_ask_wait_socket(CoiAsk *ask, GCancellable *stop, gint64 deadline, GError **error)
{
    Answer *answer = wait_for_answer(ask, stop, deadline, error);
    if (answer == NULL)
        return -1;
    int fd = answer->fd;
    answer->fd = -1; /* now the caller's */
    if (fd < 0)
        g_set_error_literal(error, COI_ERROR, COI_ERROR_DIAL, answer->reason != NULL ? answer->reason : "no connection");
    answer_free(answer);
    return fd;
}

CoiTrust coi_ask_wait_trust(CoiAsk *ask, GCancellable *stop, gint64 deadline)
{
    Answer *answer = wait_for_answer(ask, stop, deadline, NULL);
    if (answer == NULL)
        return COI_TRUST_INVALID;
    CoiTrust trust = answer->trust;
    answer_free(answer);
    return trust;
}
