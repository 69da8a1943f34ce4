/* An SMTP link and a scripted server for it. */
#pragma once
#include "net/smtp_link.h"
#include "net_peer.h"

#define SCRIPTS(...) ((const char *const *const[]){__VA_ARGS__, NULL})
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

/* How every conversation begins here. */
#define HELLO "S: 220 hi", "C: EHLO [127.0.0.1]", "S: 250 me"
#define HELLO_PIPELINING                                                                                               \
    "S: 220 hi", "C: EHLO [127.0.0.1]", "S- 250-me\r\n250-8BITMIME\r\n250-SIZE 1000\r\n250 PIPELINING\r\n"
#define FROM "C: MAIL FROM:<ann@example.org>"
#define TO(who) "C: RCPT TO:<" who "@example.org>"

typedef struct {
    TestHost self;
    CoiNetHost host;
    Peer *peer;
    CoiQueue *results;
    CoiSmtpLink *link;
    guint64 tag;
    CoiSecurity security;
    guint16 wrong_port; /* not 0: a server that isn't there comes first */
    gboolean without_credentials;
    gboolean held;
    gint64 not_after;
} Fixture;

G_GNUC_UNUSED static void sink(CoiSmtpResult *result, gpointer user)
{
    coi_queue_push(user, result);
}

G_GNUC_UNUSED static void set_up(Fixture *f, guint idle_ms, const char *const *const *scripts)
{
    memset(f, 0, sizeof *f);
    f->security = COI_SECURITY_NONE;
    f->self.verdict = COI_TRUST_VALID;
    f->peer = peer_new(scripts);
    f->host = test_host(&f->self);
    f->results = coi_queue_new((GDestroyNotify)coi_smtp_result_free);
    f->link = coi_smtp_link_new(&f->host, idle_ms, sink, f->results);
}

G_GNUC_UNUSED static CoiSmtpResult *next(Fixture *f, CoiSmtpResultType type)
{
    CoiSmtpResult *result = coi_queue_pop(f->results, g_get_monotonic_time() + 20 * G_USEC_PER_SEC, NULL);
    g_assert_nonnull(result);
    if (result->error != NULL && type != COI_SMTP_FAILED)
        g_error("failed: %s", result->error->message);
    g_assert_cmpint(result->type, ==, type);
    g_assert_true(result->link == f->link);
    return result;
}

G_GNUC_UNUSED static void expect(Fixture *f, CoiSmtpResultType type)
{
    coi_smtp_result_free(next(f, type));
}

G_GNUC_UNUSED static void expect_failed(Fixture *f, gint code)
{
    CoiSmtpResult *result = next(f, COI_SMTP_FAILED);
    g_assert_error(result->error, COI_ERROR, code);
    g_assert_cmpuint(result->tag, ==, f->tag);
    g_assert_null(result->recipients);
    coi_smtp_result_free(result);
}

/* Ends the link, which has nothing more to say but ENDED, and the peer, whose every line was played. */
G_GNUC_UNUSED static void tear_down(Fixture *f)
{
    coi_smtp_link_stop(f->link);
    expect(f, COI_SMTP_ENDED);
    coi_smtp_link_free(f->link);
    g_assert_null(coi_queue_try_pop(f->results));
    coi_queue_unref(f->results);
    peer_free(f->peer, FALSE);
}

G_GNUC_UNUSED static void send_mail(Fixture *f, const char *mail, const char *recipients)
{
    CoiSmtpRequest *request = coi_smtp_request_new(++f->tag);
    request->servers = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    if (f->wrong_port != 0)
        g_ptr_array_add(request->servers, coi_server_new("localhost", f->wrong_port, COI_SECURITY_TLS));
    g_ptr_array_add(request->servers, coi_server_new("localhost", f->peer->port, f->security));
    request->credentials = f->without_credentials ? NULL : coi_credentials_new("ann", "secret");
    request->sender = g_strdup("ann@example.org");
    request->recipients = g_strsplit(recipients, ",", -1);
    request->mail = g_bytes_new(mail, strlen(mail));
    request->held = f->held;
    request->not_after = f->not_after;
    coi_smtp_link_send(f->link, request);
}

/* Each as "A", "R reply" or "D reply". */
G_GNUC_UNUSED static void expect_sent(Fixture *f, const char *const *expected)
{
    CoiSmtpResult *result = next(f, COI_SMTP_SENT);
    g_assert_cmpuint(result->tag, ==, f->tag);
    g_assert_cmpuint(result->recipients->len, ==, g_strv_length((char **)expected));
    for (guint i = 0; i < result->recipients->len; i++) {
        const CoiRecipientResult *recipient = result->recipients->pdata[i];
        g_autofree char *found =
            g_strdup_printf("%c%s%s", "ARD"[recipient->status], recipient -> reply != NULL ? " " : "",
                            recipient->reply != NULL ? recipient->reply : "");
        g_assert_cmpstr(found, ==, expected[i]);
    }
    coi_smtp_result_free(result);
}

#define SENT(...) expect_sent(&f, SCRIPT(__VA_ARGS__))
