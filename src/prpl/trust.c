#include "prpl/trust.h"

#include <certificate.h>
#include <eventloop.h>
#include <request.h>
#include <sslconn.h>

#include "prpl/chain.h"
#include "prpl/ui.h"

/* A dialog that was closed without an answer looks like one that is still open. */
#define ANSWER_SECONDS (10 * 60)

/* One verification; also the handle of libpurple's dialog. */
typedef struct {
    CoiConnection *connection; /* borrowed: a connection withdraws its questions before it goes */
    char *host;
    char *fingerprint;
    gboolean verifying; /* still inside purple_certificate_verify() */
    gboolean answered;
    gboolean accepted;
    guint timeout;
} CoiQuestion;

static void question_free(CoiQuestion *question)
{
    if (question->timeout != 0)
        purple_timeout_remove(question->timeout);
    g_free(question->host);
    g_free(question->fingerprint);
    g_free(question);
}

static void refuse(CoiConnection *connection, const char *host, const char *fingerprint, CoiRefusal why)
{
    connection->refusal = why;
    g_free(connection->refused_host);
    connection->refused_host = g_strdup(host);
    g_free(connection->refused_fingerprint);
    connection->refused_fingerprint = g_strdup(fingerprint);
}

/* The end of an open question. */
static void conclude(CoiQuestion *question, gboolean accepted, CoiRefusal why)
{
    CoiConnection *connection = question->connection;
    g_hash_table_remove(connection->questions, question->host);
    if (!accepted)
        refuse(connection, question->host, question->fingerprint, why);
    CoiCommand *verdict = coi_command_new(COI_COMMAND_VERDICT);
    verdict->host = g_strdup(question->host);
    verdict->fingerprint = g_strdup(question->fingerprint);
    verdict->accepted = accepted;
    coi_connection_send(connection, verdict);
    question_free(question);
}

static void verified(PurpleCertificateVerificationStatus status, gpointer data)
{
    CoiQuestion *question = data;
    if (!question->verifying) {
        conclude(question, status == PURPLE_CERTIFICATE_VALID, COI_REFUSAL_USER);
        return;
    }
    question->answered = TRUE;
    question->accepted = status == PURPLE_CERTIFICATE_VALID;
}

static gboolean unanswered(gpointer data)
{
    CoiQuestion *question = data;
    question->timeout = 0;
    purple_request_close_with_handle(question);
    conclude(question, FALSE, COI_REFUSAL_UNANSWERED);
    return FALSE;
}

/* Hands the chain to libpurple's verifier. FALSE when it could not even be begun. */
static gboolean verify(CoiQuestion *question, GPtrArray *chain)
{
    PurpleCertificateVerifier *verifier =
        purple_ssl_is_supported() ? purple_certificate_find_verifier("x509", "tls_cached") : NULL;
    GList *certificates = verifier != NULL ? coi_chain_import(chain, question->fingerprint) : NULL;
    if (certificates == NULL)
        return FALSE;
    question->verifying = TRUE;
    purple_certificate_verify(verifier, question->host, certificates, verified, question);
    question->verifying = FALSE;
    purple_certificate_destroy_list(certificates);
    return TRUE;
}

/* The verifier did not answer at once: it has asked the user, if there is somebody to ask. */
static CoiTrust wait_for_user(CoiQuestion *question)
{
    CoiConnection *connection = question->connection;
    if (!coi_ui_can_ask()) {
        refuse(connection, question->host, question->fingerprint, COI_REFUSAL_NOBODY);
        question_free(question);
        return COI_TRUST_INVALID;
    }
    g_hash_table_insert(connection->questions, question->host, question);
    question->timeout = purple_timeout_add_seconds(ANSWER_SECONDS, unanswered, question);
    return COI_TRUST_ASKING;
}

static CoiTrust judge(CoiConnection *connection, const char *host, GPtrArray *chain)
{
    if (g_hash_table_contains(connection->questions, host))
        return COI_TRUST_ASKING;
    g_autofree char *fingerprint = coi_chain_fingerprint(chain);
    if (fingerprint == NULL)
        return COI_TRUST_INVALID;
    /* The verifier reads files: once a login is enough for a certificate. */
    if (g_strcmp0(g_hash_table_lookup(connection->trusted, host), fingerprint) == 0)
        return COI_TRUST_VALID;
    /* Another link met it before the engine had heard of the refusal: the user has said what there is to say. */
    if (g_strcmp0(connection->refused_host, host) == 0 && g_strcmp0(connection->refused_fingerprint, fingerprint) == 0)
        return COI_TRUST_INVALID;
    if (coi_chain_is_pinned(fingerprint, purple_account_get_string(connection->account, "pin", "")))
        return COI_TRUST_VALID;

    CoiQuestion *question = g_new0(CoiQuestion, 1);
    question->connection = connection;
    question->host = g_strdup(host);
    question->fingerprint = g_steal_pointer(&fingerprint);
    gboolean begun = verify(question, chain);
    if (begun && !question->answered)
        return wait_for_user(question);
    CoiTrust trust = question->accepted ? COI_TRUST_VALID : COI_TRUST_INVALID;
    if (question->accepted)
        g_hash_table_replace(connection->trusted, g_strdup(host), g_strdup(question->fingerprint));
    if (!question->accepted)
        refuse(connection, host, question->fingerprint, begun ? COI_REFUSAL_VERIFIER : COI_REFUSAL_NO_VERIFIER);
    question_free(question);
    return trust;
}

void coi_trust_judge(CoiConnection *connection, CoiAsk *ask)
{
    coi_ask_answer_trust(ask, judge(connection, coi_ask_host(ask), coi_ask_chain(ask)));
}

void coi_trust_close_all(CoiConnection *connection)
{
    g_autoptr(GList) questions = g_hash_table_get_values(connection->questions);
    g_hash_table_remove_all(connection->questions);
    for (GList *l = questions; l != NULL; l = l->next) {
        purple_request_close_with_handle(l->data);
        question_free(l->data);
    }
}
