/* One IMAP session on one connection, for the files imap*.c of this room only. Used by the link's thread alone.
 *
 * libetpan parses the answers, over the stream of ours. Commands are written as raw lines with quoted arguments, since
 * libetpan's own senders check nothing (ETPAN.md section 3). After any error other than COI_ERROR_REFUSED or _INVALID
 * (coi_imap_is_over) the session is dead and must be freed. */
#pragma once
#include "net/imap_link.h"
#include "net/imap_text.h"
#include "net/stream.h"
#include <libetpan/mailimap.h>

#define COI_IMAP_TIMEOUT_LOGIN 30000u
#define COI_IMAP_TIMEOUT_COMMAND 60000u
#define COI_IMAP_TIMEOUT_FETCH 120000u
#define COI_IMAP_TIMEOUT_LOGOUT 2000u

/* Takes one message (MESSAGE; its tag and link are still unset), which it owns now. */
typedef void (*CoiImapGive)(CoiImapResult *result, gpointer user);

typedef struct {
    CoiStream *stream;
    mailimap *session;
    GStrv capabilities; /* upper case */
    char *selected;     /* the open mailbox, or NULL */
    char *code;         /* response code of the last tagged answer, upper case, or NULL */
    gboolean bad;       /* the last tagged answer was BAD */
    guint last_tag;
    guint idle_tag;        /* an IDLE is under way, or 0; the next command ends it */
    guint done_tag;        /* an IDLE that was ended and not yet answered, or 0 */
    gboolean one_by_one;   /* this server can't take a command right behind DONE */
    gint64 idle_began;     /* monotonic */
    gboolean no_idle;      /* this server refused IDLE */
    gboolean no_condstore; /* this server can't take SELECT with CONDSTORE although it announces it */
    gboolean no_notify;    /* this server refused NOTIFY */
    gboolean logged_in;
    gboolean scram_refused; /* at this login, before another mechanism went through */
    gboolean arrived;       /* EXISTS told of a change since this was last cleared: there may be something new */
    gboolean warned;        /* the server has complained by itself since this was last cleared */
    guint32 exists_before;  /* of the messages now in the mailbox, how many were there when we last looked */
    CoiImapGive fetched;    /* takes the messages of an answer, each as it comes; NULL: nobody asked */
    gpointer fetched_user;
    GArray *learnt;         /* where UIDs of an answer go: guint32; NULL: nobody asked */
    GPtrArray *flagged; /* where flags of an answer go: CoiImapResult (FLAGS, with highest_modseq the message's own) */
    guint64 highest_modseq;            /* of the open mailbox when it was selected; 0: it has none */
    gboolean watch_flags;              /* changes of flags matter */
    gboolean flags_changed;            /* flags were told that nobody asked for, since this was last cleared */
    char *also;                        /* a mailbox whose status is noted, or NULL */
    gboolean also_known, also_changed; /* anything noted; something other than before since this was last cleared */
    guint32 also_validity, also_next;  /* what was noted; both 0: it doesn't exist */
    gboolean also_told;                /* this server tells of changes there by itself (NOTIFY) */
} CoiImap;

/* imap_extra.c. Once on the main thread before any link is started: registers the parser for what libetpan doesn't
 * know. */
void coi_imap_init(void);

/* A session on a fresh connection: reads the greeting, does STARTTLS where server says so, learns the capabilities.
 * Owns stream on success; NULL with error. */
CoiImap *coi_imap_new(CoiStream *stream, const CoiServer *server, GError **error);
void coi_imap_free(CoiImap *imap); /* closes, without LOGOUT */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiImap, coi_imap_free)

/* imap_login.c: logs in and learns the capabilities anew. */
gboolean coi_imap_login(CoiImap *imap, const CoiCredentials *credentials, GError **error);

/* imap_folders.c: looks at the mailboxes and selects mailbox (may be NULL; make: made when it is missing). Fills facts but for server_index. */
CoiImapFacts *coi_imap_look(CoiImap *imap, const char *mailbox, gboolean make, const char *root, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiImapFacts, coi_imap_facts_free)
/* SELECT in two steps, asking for HIGHESTMODSEQ where there is CONDSTORE. The first gives 0 with error when the name
 * can't be sent. */
guint coi_imap_send_select(CoiImap *imap, const char *mailbox, GError **error);
gboolean coi_imap_finish_select(CoiImap *imap, guint tag, GError **error);
/* No mailbox is open any more, if the server can do that. FALSE only when the session is over. */
gboolean coi_imap_let_go(CoiImap *imap, GError **error);
/* Whether the open mailbox keeps flag: system flags, "\*" or the keyword among PERMANENTFLAGS. */
gboolean coi_imap_keeps_flag(const CoiImap *imap, const char *flag);
/* Those of flags that can be stored in the open mailbox, as one text; "" when none. */
char *coi_imap_kept_flags(const CoiImap *imap, GStrv flags);
/* CREATE and SUBSCRIBE. Refusals are left to what is tried next: another client may have been faster. */
gboolean coi_imap_create(CoiImap *imap, const char *mailbox, GError **error);
/* The data that libetpan's extension `id` parsed out of the last answer (type < 0: any), or NULL. */
void *coi_imap_extension_data(const CoiImap *imap, int id, int type);

gboolean coi_imap_has(const CoiImap *imap, const char *capability);
gboolean coi_imap_ask_capabilities(CoiImap *imap, GError **error);
/* Capabilities out of the line read last, if it has them as its response code. */
gboolean coi_imap_take_capabilities(CoiImap *imap);

/* Writes one command line and starts its deadline; ends an IDLE under way first. Gives its tag; failures show when the
 * answer is read. Several commands may be sent before their answers are read in the same order. */
guint coi_imap_send(CoiImap *imap, guint timeout_ms, const char *command);
/* Reads up to the tagged answer through libetpan; untagged data is then in imap->session. FALSE with COI_ERROR_REFUSED
 * and the server's words on NO and BAD. */
gboolean coi_imap_answer(CoiImap *imap, guint tag, GError **error);
/* The same for an answer whose refusal only means that we know less; tag 0: the command was not sent. FALSE only when
 * the session is over. */
gboolean coi_imap_try_answer(CoiImap *imap, guint tag, gboolean *good, GError **error);
/* Send and answer, formatted. */
gboolean coi_imap_command(CoiImap *imap, guint timeout_ms, GError **error, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Reads up to "+" (TRUE; challenge, may be NULL, is what follows it) or to the tagged answer: TRUE with *done when it
 * is OK, else FALSE with COI_ERROR_REFUSED. */
gboolean coi_imap_continue(CoiImap *imap, guint tag, char **challenge, gboolean *done, GError **error);
/* Reads one line, for what is better taken apart by hand (IDLE). FALSE also on BYE and on lines with literals. */
gboolean coi_imap_read_line(CoiImap *imap, guint tag, CoiImapLine *line, GError **error);
/* Writes bytes that belong to the command under way; not flushed. FALSE when the connection is broken: explain it. */
gboolean coi_imap_write(CoiImap *imap, const char *bytes, gsize length);
gboolean coi_imap_flush(CoiImap *imap);
/* Sets error to what broke the connection, with the words of a BYE if there was one. Returns FALSE. */
gboolean coi_imap_broken(CoiImap *imap, GError **error);

/* FALSE for errors after which the session goes on. */
gboolean coi_imap_is_over(const GError *error);
