/* What the main thread asks of an engine. Immutable once sent; the engine frees. */
#pragma once
#include <gio/gio.h>

#include "coi/typing.h"

typedef enum {
    COI_COMMAND_SEND,         /* address, text, html, token */
    COI_COMMAND_EDIT,         /* address, text, label, token: the latest message of ours there becomes text */
    COI_COMMAND_DELETE,       /* address, text, token: it is to be gone; text says so to those whose program can't delete it */
    COI_COMMAND_RETRY,        /* address: send again what failed there */
    COI_COMMAND_RECEIPT,      /* address: what is known of the latest message of ours there */
    COI_COMMAND_SHOWN,        /* line: the client has written it */
    COI_COMMAND_BUDDY,        /* address, is_buddy */
    COI_COMMAND_VERDICT,      /* host, fingerprint, accepted: the user's answer about a certificate */
    COI_COMMAND_SEEN,         /* address, first, line: the user has seen what was shown there from line first to line (0: everything) */
    COI_COMMAND_LOOKS,        /* address: the user has the conversation before their eyes, in which somebody composes a message */
    COI_COMMAND_BLOCK,        /* address, is_blocked */
    COI_COMMAND_FILTER,       /* text: "active", "seen" or "none", the user's answer; unasked: nobody could be asked */
    COI_COMMAND_NETWORK,      /* the network may be back: try everything at once */
    COI_COMMAND_HISTORY,      /* address, count: the conversation's latest lines; around: those around find number `count` */
    COI_COMMAND_SEARCH,       /* address, text: look for these words there; NULL: look no more (unasked: and say nothing of it) */
    COI_COMMAND_FULL,         /* address: all of the latest message there that was shown shortened */
    COI_COMMAND_TYPING,       /* address, typing: what the user does there */
    COI_COMMAND_STOP          /* log out: end every thread, then COI_EVENT_STOPPED */
} CoiCommandType;

typedef struct {
    CoiCommandType type;
    char *address;     /* canonical */
    char *text;        /* UTF-8, "\n" lines */
    char *html;        /* the same with formatting, clean markup (prpl/format.h), or NULL */
    char *label;       /* one line: what a mail program's list says of it, before the text's beginning */
    guint64 token;     /* chosen by the sender, comes back in ACCEPTED or REFUSED */
    gint64 line;
    gint64 first;
    gboolean is_buddy;
    gboolean is_blocked;
    gboolean unasked;  /* not to be remembered as the user's answer */
    char *host;
    char *fingerprint;
    gboolean accepted;
    guint count;
    CoiTypingState typing;
    gboolean around;
} CoiCommand;

CoiCommand *coi_command_new(CoiCommandType type);
void coi_command_free(CoiCommand *command);
