/* A scripted IMAP server on loopback and a link that talks to it. Each line of a script begins with
 *   C text   reads a line, which must contain text behind its tag; "$" stands for that tag from then on
 *   I text   the same; "~" stands for its tag (IDLE, whose answer comes later)
 *   R text   reads a line without a tag
 *   N number reads that many bytes
 *   S text   sends text
 *   P ms     pauses
 *   Q ms     nothing may come for so long
 *   G        lets peer_await return
 *   X        closes the connection and waits for the next one
 * At its end the peer keeps the connection open until the client closes it. */
#pragma once
#include "base/error.h"
#include "net/imap.h"
#include "net/imap_link.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a session says up to the open mailbox: 3 messages, the next gets UID 10. */
#define LOGGED_IN(capabilities)                                                                                        \
    "S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi\r\n", "C AUTHENTICATE PLAIN AGFubmEAc2VjcmV0",                \
        "S $ OK [CAPABILITY IMAP4rev1 " capabilities "] in\r\n"
#define OPENED                                                                                                         \
    LOGGED_IN("IDLE"), "C LIST", "S * LIST (\\HasNoChildren) \"/\" INBOX\r\n$ OK done\r\n", "C SELECT \"INBOX\"",      \
        "S * FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\n"                        \
        "* OK [PERMANENTFLAGS (\\Seen Known \\*)] x\r\n* OK [HIGHESTMODSEQ 77] x\r\n$ OK [READ-WRITE] done\r\n"
typedef struct {
    const char *const *script;
    int listener, connection;
    guint16 port;
    GThread *thread;
    char *complaint; /* where the client left the script */
    gint gate;
    gint done; /* the script's end was reached, or left */
    char tag[32], idle_tag[32];
    CoiQueue *results;
    CoiImapLink *link;
    CoiNetHost host;
} Peer;

static inline char *peer_read_line(Peer *peer)
{
    GString *line = g_string_new(NULL);
    char c;
    while (recv(peer->connection, &c, 1, 0) == 1 && c != '\n')
        if (c != '\r')
            g_string_append_c(line, c);
    return g_string_free(line, FALSE);
}

static inline void peer_send(Peer *peer, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "$ ", -1);
    g_autofree char *tag = g_strconcat(peer->tag, " ", NULL);
    g_autofree char *tagged = g_strjoinv(tag, parts);
    g_auto(GStrv) idle_parts = g_strsplit(tagged, "~ ", -1);
    g_autofree char *idle_tag = g_strconcat(peer->idle_tag, " ", NULL);
    g_autofree char *whole = g_strjoinv(idle_tag, idle_parts);
    gsize length = strlen(whole);
    for (gsize at = 0; at < length;) {
        gssize n = send(peer->connection, whole + at, length - at, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        at += (gsize)n;
    }
}

static inline gboolean peer_expect(Peer *peer, char op, const char *text)
{
    g_autofree char *line = peer_read_line(peer);
    const char *rest = line;
    if (op != 'R') {
        rest = strchr(line, ' ');
        g_strlcpy(op == 'I' ? peer->idle_tag : peer->tag, line,
                  MIN(sizeof peer->tag, rest == NULL ? 1 : (gsize)(rest - line) + 1));
    }
    if (rest != NULL && strstr(rest, text) != NULL)
        return TRUE;
    peer->complaint = g_strdup_printf("'%s' instead of '%s'", line, text);
    return FALSE;
}

static inline void peer_read_bytes(Peer *peer, int n)
{
    char c;
    while (n-- > 0 && recv(peer->connection, &c, 1, 0) == 1)
        continue;
}

static inline gpointer peer_run(gpointer user)
{
    Peer *peer = user;
    char rest[4096];
    peer->connection = accept(peer->listener, NULL, NULL);
    for (const char *const *at = peer->script; *at != NULL && peer->complaint == NULL; at++) {
        const char *text = strlen(*at) > 2 ? *at + 2 : "";
        if (**at == 'S')
            peer_send(peer, text);
        else if (**at == 'P')
            g_usleep((gulong)atoi(text) * 1000);
        else if (**at == 'Q' && poll(&(struct pollfd){.fd = peer->connection, .events = POLLIN}, 1, atoi(text)) != 0)
            peer->complaint = g_strdup("something came in a silence");
        else if (**at == 'Q')
            continue;
        else if (**at == 'G')
            __atomic_store_n(&peer->gate, 1, __ATOMIC_RELEASE);
        else if (**at == 'N')
            peer_read_bytes(peer, atoi(text));
        else if (**at == 'X') {
            close(peer->connection);
            peer->connection = at[1] == NULL ? -1 : accept(peer->listener, NULL, NULL);
        } else if (!peer_expect(peer, **at, text))
            break;
    }
    __atomic_store_n(&peer->done, 1, __ATOMIC_RELEASE);
    if (peer->complaint != NULL)
        shutdown(peer->connection, SHUT_RDWR);
    while (peer->connection >= 0 && recv(peer->connection, rest, sizeof rest, 0) > 0)
        continue;
    close(peer->connection);
    return NULL;
}

static inline int peer_dial(gpointer user, const char *host, guint16 port, GCancellable *stop, gint64 deadline,
                            GError **error)
{
    (void)user, (void)host, (void)stop, (void)deadline;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    g_set_error_literal(error, COI_ERROR, COI_ERROR_DIAL, "refused");
    return -1;
}

static inline void peer_sink(CoiImapResult *result, gpointer user)
{
    coi_queue_push(user, result);
}

static inline Peer *peer_new(const char *const *script, guint idle_close_ms)
{
    Peer *peer = g_new0(Peer, 1);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->script = script;
    peer->connection = -1;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(peer->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(peer->listener, 5), ==, 0);
    getsockname(peer->listener, (struct sockaddr *)&address, &length);
    peer->port = ntohs(address.sin_port);
    peer->thread = g_thread_new("peer", peer_run, peer);
    peer->host.dial = peer_dial;
    peer->results = coi_queue_new((GDestroyNotify)coi_imap_result_free);
    peer->link = coi_imap_link_new(&peer->host, idle_close_ms, peer_sink, peer->results);
    return peer;
}

static inline CoiImapResult *peer_next(Peer *peer)
{
    CoiImapResult *result = coi_queue_pop(peer->results, g_get_monotonic_time() + 5 * G_USEC_PER_SEC, NULL);
    if (result == NULL)
        g_error("no result; the peer says: %s", peer->complaint != NULL ? peer->complaint : "nothing");
    return result;
}

/* The next result but for progress, which must be of that type. Owned by the caller. */
static inline CoiImapResult *peer_result(Peer *peer, CoiImapResultType type)
{
    CoiImapResult *result = peer_next(peer);
    while (result->type == COI_IMAP_STEP && type != COI_IMAP_STEP) {
        coi_imap_result_free(result);
        result = peer_next(peer);
    }
    if (result->type != type)
        g_error("result %d instead of %d: %s; peer: %s", (int)result->type, (int)type,
                result->error != NULL ? result->error->message : "", peer->complaint);
    return result;
}

static inline void peer_drop(Peer *peer, CoiImapResultType type)
{
    coi_imap_result_free(peer_result(peer, type));
}

static inline void peer_down(Peer *peer, CoiErrorCode code)
{
    CoiImapResult *down = peer_result(peer, COI_IMAP_DOWN);
    g_assert_error(down->error, COI_ERROR, (int)code);
    coi_imap_result_free(down);
}

static inline CoiImapRequest *peer_open_request(Peer *peer, const char *mailbox, CoiSecurity security)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_OPEN, 1);
    request->servers = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    g_ptr_array_add(request->servers, coi_server_new("127.0.0.1", peer->port, security));
    request->credentials = coi_credentials_new("anna", "secret");
    request->mailbox = g_strdup(mailbox);
    request->root = g_strdup("COI");
    return request;
}

static inline void peer_open(Peer *peer)
{
    coi_imap_link_send(peer->link, peer_open_request(peer, "INBOX", COI_SECURITY_NONE));
}

static inline void peer_follow_as(Peer *peer, guint32 first_uid, gboolean leave_out)
{
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_FOLLOW, 2);
    request->first_uid = first_uid;
    request->leave_out = leave_out;
    coi_imap_link_send(peer->link, request);
}

static inline void peer_follow(Peer *peer, guint32 first_uid)
{
    peer_follow_as(peer, first_uid, FALSE);
}

static inline void peer_wait_for(gint *flag)
{
    for (int i = 0; i < 3000 && !__atomic_load_n(flag, __ATOMIC_ACQUIRE); i++)
        g_usleep(1000);
}

static inline void peer_await(Peer *peer)
{
    peer_wait_for(&peer->gate);
}

/* Stops the link once the script is done; all that was said must have been what the script asks for, and nothing may
 * have come besides. */
static inline void peer_end(Peer *peer)
{
    peer_wait_for(&peer->done);
    gint64 began = g_get_monotonic_time();
    coi_imap_link_stop(peer->link);
    CoiImapResult *result;
    while ((result = peer_next(peer))->type != COI_IMAP_ENDED) {
        g_assert_cmpint(result->type, ==, COI_IMAP_DOWN);
        g_assert_error(result->error, COI_ERROR, COI_ERROR_CANCELLED);
        coi_imap_result_free(result);
    }
    coi_imap_result_free(result);
    coi_imap_link_free(peer->link);
    g_assert_cmpint(g_get_monotonic_time() - began, <, G_USEC_PER_SEC);
    shutdown(peer->listener, SHUT_RDWR);
    g_thread_join(peer->thread);
    g_assert_cmpstr(peer->complaint, ==, NULL);
    close(peer->listener);
    coi_queue_unref(peer->results);
    g_free(peer);
}
