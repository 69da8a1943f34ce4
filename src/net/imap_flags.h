/* Flags of messages: what they are, and what has changed. */
#pragma once
#include "net/imap_fetch.h"

/* What is known of the flags of the mailbox that is followed. */
typedef struct {
    guint64 modseq;    /* all changes up to it were handed over (CONDSTORE); 0: not so */
    gboolean begun;    /* they were asked for on this connection */
    gboolean late;     /* the last answer told of messages that were not asked for */
    gboolean plain;    /* without CONDSTORE */
    GHashTable *given; /* plain: UID → flags as one text, as handed over last */
} CoiImapFlags;

/* Of a mailbox just selected; modseq: up to it they were handed over before. */
void coi_imap_flags_begin(CoiImapFlags *flags, CoiImap *imap, guint64 modseq);
void coi_imap_flags_clear(CoiImapFlags *flags);
/* Hands over (FLAGS) what has changed in messages with UIDs under `below`, or may have; newer: how many messages there
 * are from there on. A refusal counts as no change. *count: how many were given. */
gboolean coi_imap_flags_ask(CoiImap *imap, CoiImapFlags *flags, guint32 below, guint32 newer, guint *count,
                            CoiImapGive give, gpointer user, GError **error);

/* The flags that command brings: CoiImapResult (FLAGS), owned by the array. NULL with error. */
GPtrArray *coi_imap_flags_fetch(CoiImap *imap, const char *command, GError **error);
