/* The one error domain of the rooms below prpl/. What a user reads is made from the code in
 * prpl/failure.c; the message holds the server's or library's own words. */
#pragma once
#include <glib.h>

#define COI_ERROR (coi_error_quark())
GQuark coi_error_quark(void);

typedef enum {
    COI_ERROR_CANCELLED,     /* the link was stopped */
    COI_ERROR_DIAL,          /* no connection: refused, no route, unknown host, proxy */
    COI_ERROR_TIMEOUT,       /* a deadline passed */
    COI_ERROR_CLOSED,        /* the peer ended the connection */
    COI_ERROR_TLS,           /* the handshake failed for a reason other than trust, or STARTTLS was tampered with */
    COI_ERROR_UNTRUSTED,     /* the certificate was refused */
    COI_ERROR_ASKING,        /* the user is being asked about the certificate; try again after the verdict */
    COI_ERROR_NO_STARTTLS,   /* the server offers no STARTTLS */
    COI_ERROR_CLEARTEXT,     /* asked to speak without TLS to a host that isn't loopback */
    COI_ERROR_AUTH,          /* login refused for good */
    COI_ERROR_AUTH_TEMPORARY,/* login refused for now: [UNAVAILABLE], [INUSE], [LIMIT], SMTP 454/421 */
    COI_ERROR_AUTH_MECHANISM,/* none of our mechanisms is offered */
    COI_ERROR_MISSING,       /* the server lacks what we need; the message names it */
    COI_ERROR_PROTOCOL,      /* the peer's answer could not be understood; the connection is given up */
    COI_ERROR_LIMIT,         /* the peer's answer exceeded a limit of limits.h */
    COI_ERROR_REFUSED,       /* NO or BAD, 4xx or 5xx to one command; the session goes on */
    COI_ERROR_INVALID,       /* an argument of ours can't be sent (CR, LF, NUL, too long) */
    COI_ERROR_PARSE,         /* a mail could not be parsed */
    COI_ERROR_STORE,         /* SQLite: the message says what */
    COI_ERROR_DISK_FULL,     /* SQLite: no room */
    COI_ERROR_IN_USE,        /* the account's directory is locked by another process; the message is its pid */
    COI_ERROR_TOKEN_COMMAND, /* the program that gives the password or token fails; the message says how */
    COI_ERROR_TOKEN_REFUSED, /* what that program says was refused for good, also when asked anew */
    COI_ERROR_THROTTLED,     /* the server wants less of us; the message is what it said */
    COI_ERROR_NO_ORIGINAL,   /* there is no message of ours that could be edited or deleted */
    COI_ERROR_DIRECTORY      /* the account's directory can't be made or written */
} CoiErrorCode;
