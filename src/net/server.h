/* What a link needs to know of a server, and what it needs from the world above: sockets and trust. */
#pragma once
#include <gio/gio.h>

typedef enum {
    COI_SECURITY_TLS,      /* TLS from the first byte */
    COI_SECURITY_STARTTLS, /* STARTTLS, required */
    COI_SECURITY_NONE      /* loopback only */
} CoiSecurity;

/* One place where a server may answer. Immutable. */
typedef struct {
    char *host;
    guint16 port;
    CoiSecurity security;
} CoiServer;

CoiServer *coi_server_new(const char *host, guint16 port, CoiSecurity security);
void coi_server_free(CoiServer *server);
/* A deep copy of an array of CoiServer, with coi_server_free as its free function. */
GPtrArray *coi_servers_copy(const GPtrArray *servers);

/* Who logs in. Immutable; the password is wiped when freed. */
typedef struct {
    char *login;
    char *password;      /* or token */
    char *token_command; /* a program whose output is the password or token, or NULL */
    gboolean xoauth2;    /* XOAUTH2 and nothing else; else never that */
    gboolean no_scram; /* this server offered SCRAM before and then refused it: another mechanism is taken if there is one */
} CoiCredentials;

CoiCredentials *coi_credentials_new(const char *login, const char *password);
CoiCredentials *coi_credentials_copy(const CoiCredentials *credentials);
void coi_credentials_free(CoiCredentials *credentials);

typedef enum {
    COI_TRUST_VALID,
    COI_TRUST_INVALID, /* the user or libpurple refused */
    COI_TRUST_ASKING   /* the user is being asked: end the handshake, the engine opens the link again after the verdict */
} CoiTrust;

/* What links ask of the rooms above. Both functions are called on link threads, block until answered, until stop fires, or
 * until deadline (monotonic microseconds), and never touch libpurple themselves. */
typedef struct {
    gpointer user;
    /* A connected stream socket that the caller owns (close-on-exec, O_NONBLOCK set or not), or -1 with error
     * COI_ERROR_DIAL, _TIMEOUT or _CANCELLED. */
    int (*dial)(gpointer user, const char *host, guint16 port, GCancellable *stop, gint64 deadline, GError **error);
    /* chain: GBytes in DER, leaf first; borrowed. No credential has been sent before this says VALID. */
    CoiTrust (*trust)(gpointer user, const char *host, guint16 port, GPtrArray *chain, GCancellable *stop, gint64 deadline);
} CoiNetHost;

/* "host port tls|starttls|none", to remember one by. Owned by the caller. */
char *coi_server_to_text(const CoiServer *server);
/* Moves the server with that text (may be NULL; freed here) to the front, if it is among them. */
void coi_servers_prefer(GPtrArray *servers, char *text);
void coi_servers_move_first(GPtrArray *servers, guint index);
