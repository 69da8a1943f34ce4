/* The engine's inside, shared by the files of this room. Everything but `shared` belongs to the engine's thread. */
#pragma once
#include "base/limits.h"
#include "coi/content.h"
#include "engine/engine.h"
#include "engine/live.h"
#include "engine/watch.h"
#include "mime/parse.h"
#include "mime/report.h"
#include "net/smtp_link.h"
#include "store/chores.h"
#include "store/folders.h"
#include "store/outbox.h"
#include "store/peers.h"
#include "store/versions.h"

/* COI's mailbox-root where no server names another. */
#define COI_ROOT "COI"

/* A message on its way into the store. */
typedef struct {
    CoiMessage *message;
    char *alias;
    char *last_reference;   /* the message it follows, or NULL */
    CoiContent content;
    GStrv subjects;         /* ids of the messages that an edit, a deletion or a reaction is about; else NULL */
    char *answers;          /* the id of the message that it answers, or NULL */
    char *list;             /* the mailing list that it was posted to, or NULL */
    char *list_id;          /* what the list calls itself, or NULL */
    GArray *deleted;        /* gint64: rows that it deletes, or NULL */
    guint32 uid;            /* where it lies; message->uid is its place in the order */
    guint depth;            /* among messages of equal place */
    gboolean chat;          /* from a chat program */
    gboolean takes_typing;  /* … that takes typing mails */
    gboolean place_only;    /* known or unwanted: at most its place is noted */
    gboolean seen;          /* this copy has \Seen */
    gboolean keyword;       /* this copy has $Chat */
    gboolean travelled;     /* this copy has Received */
    gboolean may_report;    /* it may be a machine's report: its text will tell */
    gboolean only_report;   /* … and if it is none, it is none of our business */
    CoiShow show_otherwise; /* … and if it is none, this is how to show it */
    CoiReport *report;      /* a machine's report, or NULL */
    gboolean is_typing;     /* a typing mail */
    CoiTypingState typing;  /* … and what it says */
    gint64 reported;        /* the row of ours that it is about, 0: unknown */
} CoiArrival;

/* A message of ours to a person. */
typedef struct {
    CoiMessage *line;     /* as it stands here: its conversation, id, text */
    const char *body;     /* what is sent; NULL: the line's text */
    const char *subject;  /* NULL: made from the text */
    const char *content;  /* Chat-Content, or NULL */
    const char *answers;  /* In-Reply-To, or NULL */
    const char *replaces; /* Chat-Edit for Delta Chat, or NULL */
} CoiLetter;


/* Where chat messages live on the server. */
typedef enum { COI_FILING_NONE, COI_FILING_ACTIVE, COI_FILING_SEEN } CoiFiling;

/* Where the only connection is. */
typedef enum {
    COI_LENDING_NONE,
    COI_LENDING_ASKED, /* INBOX's link is about to close */
    COI_LENDING_LENT,
    COI_LENDING_BACK /* the borrower's link is about to close */
} CoiLending;

struct _CoiEngine {
    /* shared with the main thread and with links: set before the thread starts, immutable but for the queues */
    gint references;
    CoiQueue *in;           /* Parcel */
    CoiQueue *out;          /* CoiEvent */
    GCancellable *stop;
    CoiNetHost host;
    GThread *thread;

    /* configuration */
    char *directory, *address, *login_name;
    CoiCredentials *credentials;
    GPtrArray *imap_servers, *smtp_servers;
    gboolean ordinary_all, ordinary_none, own_copy, own_copy_mail, ask_all, ask_chat;
    gboolean receipts_when_seen, receipts_at_reply, delivery_receipts, typing_told;
    char *filter;           /* option: "ask", "active", "seen", "none" */
    int history_days;

    CoiLive live;           /* live.c; but for `wanted` the thread's only */

    /* the engine's thread only */
    int lock_fd;
    CoiStore *store;
    guint64 last_tag;
    gboolean failed;        /* FAILED was said: nothing is tried any more */
    gboolean stopping;
    gint64 stop_deadline;
    gboolean connected;     /* CONNECTED was said */
    gint64 login_time;      /* unix seconds; what comes later is news even after a cut */
    guint verdicts;         /* certificates accepted so far; an answer may overtake the link's word that it was asked */
    gint64 lost_since;      /* monotonic; 0: INBOX is watched */
    gboolean lost_said;
    char *lost_words;       /* why, where the server has asked to wait; or NULL */
    CoiWatch watches[COI_WATCHES];
    CoiImapFacts *facts;    /* newest, from INBOX's OPENED */
    gboolean status_pending;/* Sent's STATUS has been asked for since INBOX was opened */
    guint32 sent_next_uid, sent_validity; /* as last told */
    guint own_appended;     /* copies of ours in Sent since */

    /* filing.c */
    CoiFiling filing;
    gboolean filter_asked;  /* in this login */
    gint64 doubt_at;        /* monotonic; not before */
    guint doubts;
    char *configuring;      /* message-filter to be written on the server, or NULL */
    guint64 configure_tag;  /* in flight, 0: not yet */

    /* chores.c */
    gboolean chores_changed;
    gint64 chores_due;      /* monotonic, -1: nothing waits for its time */

    /* extra.c */
    gboolean extra_pending; /* there may be copies to be removed: spares queries per turn */

    /* show.c */
    GHashTable *unacknowledged; /* set of gint64* */
    gboolean lines_pending;     /* the store may hold lines to show; spares a query per turn */
    gint64 hold_lines_until;    /* monotonic; a catch-up is merged before its first line */
    gint64 look_until;          /* monotonic; lines wait no longer for a look at another mailbox */
    gboolean between_pending;   /* the store may hold lines with COI_SHOW_BETWEEN */

    /* outbound.c */
    CoiSmtpLink *smtp;
    gboolean smtp_open;
    gboolean outbox_changed;    /* something may have become due: spares queries per turn */
    gint64 outbox_due;          /* monotonic; when the next mail may go, -1: none waits */
    gint64 sending;             /* outbox row in flight, 0: none */
    gint64 smtp_retry_at;       /* monotonic; after a failure of the connection */
    gint64 smtp_quiet_until;    /* monotonic; the server has asked for it */
    guint smtp_quiets;          /* in a row */
    char *smtp_words;           /* of the latest, or NULL */
    guint smtp_failures;
    guint smtp_verdicts;        /* engine->verdicts when the mail in flight was handed over */
    gboolean smtp_asking;
    GHashTable *told_waiting;   /* set of gint64*: rows whose user knows that they wait */

    /* bulk.c */
    CoiImapLink *bulk;
    gboolean bulk_opening;
    CoiImapFacts *bulk_facts;   /* while the bulk link is open */
    gboolean bulk_changed;      /* there may be work for it: spares queries per turn */
    gint64 bulk_retry_at;       /* monotonic */
    struct _CoiHistory *history; /* history.c */
    guint bulk_failures;
    guint bulk_swaps;           /* limit.c */

    /* copy.c */
    gint64 copying;             /* outbox row in flight, 0: none */
    guint64 copy_tag;
    gboolean copy_to_sent;
    gint64 copy_tried;          /* outbox row, in this login; no later one has been tried */

    /* clock.c */
    gint64 clock_ahead;         /* seconds that the server's clock shows more than ours */
    gint64 clock_known_until;   /* monotonic */

    struct _CoiTyping *typing;  /* typing.c; NULL: nobody has written yet */

    /* limit.c */
    gint64 limited_until;       /* monotonic; the server allows no second connection, 0: it does */
    gconstpointer borrower;     /* a watch, or the address of `bulk`, or NULL */
    CoiLending lending;

    /* sent.c */
    gint64 sent_look_at;        /* monotonic, 0: Sent need not be looked at */
    gint64 sent_patience;       /* monotonic; so long copies wait for the server's own, 0: they don't */
};

/* engine.c */
void coi_engine_make_queues(CoiEngine *engine);
/* The engine's thread from the open store to the last word of logout. */
void coi_engine_run(CoiEngine *engine);
/* Until nothing of ours runs any more: each link says ENDED as its last word. */
void coi_engine_end_links(CoiEngine *engine);
/* The user's credentials for one service, with what was learnt of its mechanisms. Owned by the caller. */
CoiCredentials *coi_engine_credentials(CoiEngine *engine, CoiService service);
/* The service refused SCRAM that it offered: from now on, also after the next login, another mechanism is taken. */
void coi_engine_no_scram(CoiEngine *engine, CoiService service);
void coi_engine_emit(CoiEngine *engine, CoiEvent *event);
guint64 coi_engine_next_tag(CoiEngine *engine);
/* The account cannot go on: says FAILED once; takes error. */
void coi_engine_fail(CoiEngine *engine, CoiService service, GError *error, const char *tried);
/* A store failure: said as FAILED; takes error. */
void coi_engine_store_failed(CoiEngine *engine, GError *error);
void coi_engine_imap_sink(CoiImapResult *result, gpointer engine);
void coi_engine_smtp_sink(CoiSmtpResult *result, gpointer engine);
/* Delay before attempt number failures+1, in microseconds: first, doubling, at most limit, ±25 % jitter. */
gint64 coi_engine_backoff(guint failures, gint64 first, gint64 limit);
/* The same for a server that has asked for less. */
gint64 coi_engine_quiet(guint failures);

/* inbound.c: what a mail means */
CoiArrival *coi_inbound_classify(CoiEngine *engine, const CoiWatch *watch, const CoiImapResult *result);
void coi_inbound_fill(CoiArrival *arrival, const CoiImapResult *result);
/* The row of the message that goes by its id, or by alias (may be NULL); 0: it isn't known. */
gint64 coi_inbound_known(CoiEngine *engine, const CoiMessage *message, const char *alias);
void coi_arrival_free(gpointer arrival);

/* intake.c: what a mail leaves behind */
/* Stores what has arrived by watch; everything: so its folder is up to date. */
gboolean coi_intake_store(CoiEngine *engine, CoiWatch *watch, gboolean everything, GError **error);
/* Internal date of the newest message ever stored from mailbox, 0 when none. */
gint64 coi_intake_newest(CoiEngine *engine, const char *mailbox);

/* filing.c */
void coi_filing_learn(CoiEngine *engine); /* engine->facts are new */
/* Chats isn't there as it was. On a COI server that means that somebody has switched COI off, and to make it would switch it on again:
 * the settings are looked at anew. */
void coi_filing_in_doubt(CoiEngine *engine);
/* Chat has a folder of its own here, made by our hand. On a COI server to make it would switch COI on. */
gboolean coi_filing_makes_chats(const CoiEngine *engine);
void coi_filing_answer(CoiEngine *engine, const CoiCommand *command);
gboolean coi_filing_waits(CoiEngine *engine);
void coi_filing_pump(CoiEngine *engine); /* the bulk link is open */
void coi_filing_result(CoiEngine *engine, CoiImapResult *result);
void coi_filing_down(CoiEngine *engine); /* the bulk link is gone */
/* A copy of message lies in mailbox: what is to be done about it becomes chores. */
gboolean coi_filing_judge(CoiEngine *engine, const char *mailbox, const CoiArrival *arrival, const CoiMessage *message,
                          GError **error);
/* The message has been read: where that decides about its place. */
gboolean coi_filing_seen(CoiEngine *engine, gint64 message, GError **error);

/* chores.c */
gboolean coi_chores_add_now(CoiEngine *engine, gint64 message, CoiChore chore, GError **error);
void coi_chores_result(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result); /* of watch->chore_tag */
gint64 coi_chores_timers(CoiEngine *engine, gint64 now);

/* extra.c */
/* places: CoiChorePlace, copied: guint32 (may be NULL). Within the caller's transaction. */
gboolean coi_extra_moved(CoiEngine *engine, const GArray *places, const GArray *copied, GError **error);
void coi_extra_check(CoiEngine *engine); /* a message lies in Chats twice, or it may */
CoiImapRequest *coi_extra_request(CoiEngine *engine, CoiWatch *watch); /* NULL: nothing to be removed there */
gboolean coi_extra_removed(CoiEngine *engine, CoiWatch *watch, GError **error);

/* expired.c: mail of machines, which is removed after its time (unix seconds) */
/* The mail is such mail and nothing else: nobody reads, answers or is told of it. In the store its id is one that no mail for people can have
 * (kind, a word, and a space before it), so that neither is ever taken for the other, whoever chose their ids. */
void coi_expired_mark(CoiArrival *arrival, const char *kind, gint64 expires);
CoiImapRequest *coi_expired_request(CoiEngine *engine, CoiWatch *watch); /* NULL: nothing has expired there */
gint64 coi_expired_due(CoiEngine *engine, const CoiWatch *watch, gint64 now); /* monotonic; -1: nothing is to expire there */
gint64 coi_expired_visit(CoiEngine *engine, CoiWatch *watch, gint64 now); /* the same of a mailbox at rest, opened when it is time */
gboolean coi_expired_removed(CoiEngine *engine, CoiWatch *watch, GError **error);
void coi_expired_refused(CoiWatch *watch);

/* clock.c: the server's clock, as far as it is known */
void coi_clock_arrived(CoiEngine *engine, gint64 internal_date); /* a mail that has just come */
gint64 coi_clock_now(const CoiEngine *engine); /* unix seconds */

/* typing.c: who is writing (COI.md section 8) */
typedef struct _CoiTyping CoiTyping;
void coi_typing_free(CoiTyping *typing);
/* A mail that says so, and nothing else: it is marked as mail of machines. By its header, before its id is looked for. */
void coi_typing_expect(CoiArrival *arrival, const CoiHeaders *headers);
void coi_typing_heard(CoiEngine *engine, const CoiArrival *arrival); /* it is stored now, for the first time */
void coi_typing_wrote(CoiEngine *engine, const CoiArrival *arrival); /* a message of theirs is stored now */
/* A line of theirs was told, which ends what was told before: they may have gone on writing since. */
void coi_typing_shown(CoiEngine *engine, const char *address);
/* Messages of ours say so: our mailbox keeps chat, and so typing mails, where no other program rings for it. */
gboolean coi_typing_is_wanted(const CoiEngine *engine);
void coi_typing_asked(CoiEngine *engine, const CoiCommand *command); /* our user writes, pauses or has given up */
void coi_typing_sent(CoiEngine *engine, const char *address);        /* … or has sent what was written */
void coi_typing_answered(CoiEngine *engine, const CoiSmtpResult *result); /* to the typing mail under way */
gint64 coi_typing_timers(CoiEngine *engine, gint64 now);

/* seen.c */
/* The user has seen what was shown there from line first to line last, 0: all of it. */
void coi_seen_here(CoiEngine *engine, const char *conversation, gint64 first, gint64 last);
/* A copy of the message has \Seen, or has it no longer: true of the message, too. */
gboolean coi_seen_flag(CoiEngine *engine, gint64 message, gboolean seen, GError **error);
void coi_seen_flags(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result);

/* bulk.c: the link for what may take its time */
void coi_bulk_back_off(CoiEngine *engine, const GError *error); /* error: NULL or what it failed of */
void coi_bulk_result(CoiEngine *engine, CoiImapResult *result);
gint64 coi_bulk_timers(CoiEngine *engine, gint64 now);

/* order.c */
void coi_order_arrived(GPtrArray *arrived);
void coi_order_lines(GPtrArray *lines); /* CoiMessage, in the store's order */

/* show.c: lines to the client */
void coi_show_pump(CoiEngine *engine);
void coi_show_acknowledged(CoiEngine *engine, gint64 line);

/* letter.c: what is sent to a person */
/* The line of a message of ours in this conversation, with a new id. Owned by the caller. */
CoiMessage *coi_letter_line(CoiEngine *engine, const char *conversation, const char *text);
/* The finished mail; NULL with error. */
GBytes *coi_letter_compose(CoiEngine *engine, const CoiLetter *letter, GError **error);

/* edits.c: messages that are about another one */
/* What the headers say of it, at first the mail's own, later those of its first part, too. */
void coi_edits_read(CoiArrival *arrival, const CoiHeaders *headers);
/* Before a message is stored: what it does to which message we know, if its sender may; else it is a message like any other. */
void coi_edits_judge(CoiEngine *engine, CoiArrival *arrival);
gboolean coi_edits_note(CoiEngine *engine, const CoiArrival *arrival, GError **error); /* it is stored now */
/* What is to be told when the line was shown: which versions are no more. Array of CoiEvent, whose owner is the caller. */
GPtrArray *coi_edits_states(CoiEngine *engine, const CoiMessage *message);
void coi_edits_edit(CoiEngine *engine, const CoiCommand *command);
void coi_edits_delete(CoiEngine *engine, const CoiCommand *command);

/* reports.c: what machines tell of our messages */
/* From the headers, after the rest of them was judged (wanted: the mail is our business anyway): TRUE when the text is needed first. */
gboolean coi_reports_expect(CoiEngine *engine, CoiArrival *arrival, const CoiHeaders *headers, gboolean wanted);
/* The text is here: TRUE when nothing of it is for people. */
gboolean coi_reports_take(CoiArrival *arrival, GBytes *bytes);
/* Before the mail is stored: which message it is about; FALSE when it is none of our business. */
gboolean coi_reports_judge(CoiEngine *engine, CoiArrival *arrival);
gboolean coi_reports_note(CoiEngine *engine, const CoiArrival *arrival, GError **error); /* it is stored now */
/* A message may be one of ours of which something was told before it was known by this id (may be NULL). Inside a transaction. */
gboolean coi_reports_known_as(CoiEngine *engine, const CoiMessage *message, const char *id, GError **error);
/* What is to be told when the line was shown: what is known of it already, or NULL. Owned by the caller. */
CoiEvent *coi_reports_state(CoiEngine *engine, const CoiMessage *message);
/* The user asks what is known of the latest message of theirs in the conversation. */
void coi_reports_tell(CoiEngine *engine, const char *conversation);

/* receipts.c: receipts that others ask us for (COI.md section 3) */
/* A mail arrives: may one be sent? claimed: another client has sent one. */
void coi_receipts_expect(CoiEngine *engine, CoiArrival *arrival, const CoiHeaders *headers, gboolean claimed);
/* The user has seen the message. *claims: \Seen is set together with the claim for a receipt. */
gboolean coi_receipts_seen(CoiEngine *engine, const CoiMessage *message, gboolean *claims, GError **error);
void coi_receipts_replied(CoiEngine *engine, const char *conversation);
/* It was read on another device, which may send one. */
gboolean coi_receipts_elsewhere(CoiEngine *engine, gint64 message, GError **error);
/* The answer to a claim for places (CoiChorePlace): the receipts that are ours to be sent go to the outbox. Inside a transaction. */
gboolean coi_receipts_claimed(CoiEngine *engine, const char *mailbox, const GArray *places, const CoiImapResult *result, GError **error);
/* A receipt in the outbox: its conversation is no person's. */
gboolean coi_receipts_is_one(const CoiOutgoing *mail);

/* lists.c: mailing lists */
/* The address of the list that a mail was posted to, NULL when it wasn't or nobody knows. Owned by the caller. */
char *coi_lists_address(CoiEngine *engine, const CoiHeaders *headers);
/* Some lists put their own address in the place of the author's, who is left in Reply-To. */
void coi_lists_find_author(const char *list, const CoiHeaders *headers, CoiMessage *message);

/* replies.c: messages that answer an earlier one */
/* What the headers say of it. */
void coi_replies_read(CoiArrival *arrival, const CoiHeaders *headers);
/* Before a message is stored: the quote that it needs in order to be understood. */
void coi_replies_judge(CoiEngine *engine, CoiArrival *arrival);
/* The beginning of a message for a quote, one line; NULL when nothing of its text is known. Owned by the caller. */
char *coi_replies_quote(const CoiMessage *message);
/* A thread of a mail program's in which the conversation's next message of ours stands. */
typedef struct {
    char *first;   /* the id of its first message, or NULL */
    char *subject; /* of an answer; NULL: it has none */
} CoiThread;
/* FALSE, and nothing set, where the latest message is chat. The strings are the caller's. */
gboolean coi_replies_thread(CoiEngine *engine, const char *conversation, CoiThread *thread);

/* outbound.c: mails out */
void coi_outbound_send(CoiEngine *engine, const CoiCommand *command);
/* Stores line and mail, echoes and sends it; REFUSED, with the command's token and text, when that fails. */
void coi_outbound_post(CoiEngine *engine, const CoiCommand *command, const CoiLetter *letter);
void coi_outbound_refuse(CoiEngine *engine, const CoiCommand *command, GError *error); /* takes error */
/* Mails that may get lost: no user waits for them, they leave at once or never, and only while nothing else is on its way. */
gboolean coi_outbound_is_idle(const CoiEngine *engine);
void coi_outbound_aside(CoiEngine *engine, const char *recipient, GBytes *mail);
void coi_outbound_retry(CoiEngine *engine, const char *address);
void coi_outbound_network(CoiEngine *engine);      /* a server answered: no back-off of the connection any more */
void coi_outbound_network_back(CoiEngine *engine); /* the same, and deferred mails are due at once */
void coi_outbound_result(CoiEngine *engine, CoiSmtpResult *result);
gint64 coi_outbound_timers(CoiEngine *engine, gint64 now);
/* At logout: nothing more can be sent now, since nothing is due or no connection is open (nobody dials any more). */
gboolean coi_outbound_done(CoiEngine *engine);

/* copy.c: own copies on the server */
gboolean coi_copy_waits(CoiEngine *engine);
void coi_copy_pump(CoiEngine *engine); /* the bulk link is open */
void coi_copy_result(CoiEngine *engine, CoiImapResult *result);
void coi_copy_down(CoiEngine *engine);

/* limit.c: life with one connection */
gboolean coi_limit_active(const CoiEngine *engine);
/* A second connection was refused while INBOX's lives: TRUE when that is the server's limit, met just now. */
gboolean coi_limit_met(CoiEngine *engine, const GError *error);
/* Where connections are swapped the server has refused one: when to try it again (monotonic); 0: it is no use. attempts:
 * so far, in a row. */
gint64 coi_limit_again(const CoiEngine *engine, const GError *error, guint *attempts);
/* who (a watch or &engine->bulk) wants to open: 0: it may; else its turn has not come, and when to ask again (monotonic). */
gint64 coi_limit_turn(CoiEngine *engine, gconstpointer who);
/* INBOX's link is down: TRUE when that was for engine->borrower, whose turn it is now. */
gboolean coi_limit_lend(CoiEngine *engine, gboolean closed_well);
/* who has opened: TRUE when it began before the limit was known and has got the connection that INBOX gave up for another, or
 * wants back. Then it is to close, and to wait for its turn: nothing else would make it leave. */
gboolean coi_limit_is_stray(const CoiEngine *engine, gconstpointer who);
/* who is down: TRUE when INBOX is to be opened again. */
gboolean coi_limit_return(CoiEngine *engine, gconstpointer who);
gint64 coi_limit_timers(CoiEngine *engine, gint64 now);

/* budget.c: mail that no user wrote, so and so much a day */
typedef enum { COI_BUDGET_RECEIPT, COI_BUDGET_TYPING } CoiBudget;
/* FALSE: none is left for today (UTC). Inside a transaction or as one of its own; where the store fails, that is said. */
gboolean coi_budget_take(CoiEngine *engine, CoiBudget kind);

/* sent.c: the server's own copies of what we send */
void coi_sent_left(CoiEngine *engine);   /* a mail whose copy is wanted was sent */
void coi_sent_opened(CoiEngine *engine); /* engine->facts are new */
gboolean coi_sent_is_awaited(const CoiEngine *engine);
gint64 coi_sent_timers(CoiEngine *engine, gint64 now);
/* A copy of message lies in mailbox. Inside a transaction. */
gboolean coi_sent_found(CoiEngine *engine, const char *mailbox, const CoiArrival *arrival, const CoiMessage *message,
                        GError **error);
