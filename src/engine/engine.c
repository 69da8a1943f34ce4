#include "engine/full.h"
#include "engine/history.h"
#include "engine/private.h"
#include "store/archive.h"

/* How long a logout may keep threads alive to finish the mail that is being sent: an interrupted one is sent twice. */
#define STOP_GRACE_USEC (3 * G_USEC_PER_SEC)
#define LOST_AFTER_USEC (30 * G_USEC_PER_SEC)
/* Much longer than for a line that is broken: who goes on asking is shut out for hours. The first time still shorter than
 * what is told as an outage. */
#define QUIET_FIRST_USEC (20 * G_USEC_PER_SEC)
#define QUIET_LIMIT_USEC (G_GINT64_CONSTANT(1800) * G_USEC_PER_SEC)

/* What arrives in an engine's queue. */
typedef enum { PARCEL_COMMAND, PARCEL_IMAP, PARCEL_SMTP } ParcelType;

typedef struct {
    ParcelType type;
    gpointer content;
} Parcel;

static void parcel_free(gpointer data)
{
    Parcel *parcel = data;
    if (parcel->type == PARCEL_COMMAND)
        coi_command_free(parcel->content);
    else if (parcel->type == PARCEL_IMAP)
        coi_imap_result_free(parcel->content);
    else
        coi_smtp_result_free(parcel->content);
    g_free(parcel);
}

static void event_free(gpointer event)
{
    coi_event_free(event);
}

static void push(CoiEngine *engine, ParcelType type, gpointer content)
{
    Parcel *parcel = g_new(Parcel, 1);
    parcel->type = type;
    parcel->content = content;
    coi_queue_push(engine->in, parcel);
}

void coi_engine_make_queues(CoiEngine *engine)
{
    engine->in = coi_queue_new(parcel_free);
    engine->out = coi_queue_new(event_free);
}

void coi_engine_imap_sink(CoiImapResult *result, gpointer engine)
{
    push(engine, PARCEL_IMAP, result);
}

void coi_engine_smtp_sink(CoiSmtpResult *result, gpointer engine)
{
    push(engine, PARCEL_SMTP, result);
}

void coi_engine_emit(CoiEngine *engine, CoiEvent *event)
{
    coi_queue_push(engine->out, event);
}

guint64 coi_engine_next_tag(CoiEngine *engine)
{
    return ++engine->last_tag;
}

gint64 coi_engine_backoff(guint failures, gint64 first, gint64 limit)
{
    gint64 delay = first;
    while (failures-- > 0 && delay < limit)
        delay *= 2;
    return (gint64)((double)MIN(delay, limit) * g_random_double_range(0.75, 1.25));
}

gint64 coi_engine_quiet(guint failures)
{
    return coi_engine_backoff(failures, QUIET_FIRST_USEC, QUIET_LIMIT_USEC);
}

void coi_engine_fail(CoiEngine *engine, CoiService service, GError *error, const char *tried)
{
    gboolean say = !engine->failed && !engine->stopping;
    engine->failed = TRUE; /* at logout, too: nothing more may be tried */
    if (!say) {
        g_error_free(error);
        return;
    }
    CoiEvent *event = coi_event_new(COI_EVENT_FAILED);
    event->service = service;
    event->error = error;
    event->tried = g_strdup(tried);
    coi_engine_emit(engine, event);
    coi_watches_stop(engine);
}

void coi_engine_store_failed(CoiEngine *engine, GError *error)
{
    coi_engine_fail(engine, COI_SERVICE_STORE, error, NULL);
}

static const char *scram_key(CoiService service)
{
    return service == COI_SERVICE_IMAP ? "imap-no-scram" : "smtp-no-scram";
}

CoiCredentials *coi_engine_credentials(CoiEngine *engine, CoiService service)
{
    g_autofree char *known = coi_store_get(engine->store, scram_key(service));
    CoiCredentials *credentials = coi_credentials_copy(engine->credentials);
    credentials->no_scram = known != NULL;
    return credentials;
}

void coi_engine_no_scram(CoiEngine *engine, CoiService service)
{
    coi_store_set(engine->store, scram_key(service), "1", NULL); /* only saves time at the next login */
}

static void set_buddy(CoiEngine *engine, const CoiCommand *command)
{
    if (engine->store == NULL)
        return;
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, command->address);
    g_autoptr(GError) error = NULL;
    /* Ordinary mail of a buddy's may mean something where it meant nothing before. */
    if (!peer->is_buddy != !command->is_buddy &&
        (!coi_peers_set_buddy(engine->store, command->address, command->is_buddy, &error) ||
         !coi_archive_doubt(engine->store, command->address, &error)))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}

static gboolean block(CoiEngine *engine, const CoiCommand *command, GError **error)
{
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, command->address);
    return !peer->is_blocked == !command->is_blocked ||
           coi_peers_set_blocked(engine->store, command->address, command->is_blocked, error);
}

static void set_blocked(CoiEngine *engine, const CoiCommand *command)
{
    g_autoptr(GError) error = NULL;
    if (engine->store != NULL && !block(engine, command, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}

static void verdict(CoiEngine *engine, const CoiCommand *command)
{
    if (!command->accepted) {
        CoiService service = coi_watches_asking(engine) ? COI_SERVICE_IMAP : COI_SERVICE_SMTP;
        coi_engine_fail(engine, service, g_error_new_literal(COI_ERROR, COI_ERROR_UNTRUSTED, command->host), NULL);
        return;
    }
    engine->verdicts++;
    coi_watches_verdict(engine);
    engine->smtp_asking = FALSE;
    coi_outbound_network(engine);
}

static void begin_stop(CoiEngine *engine)
{
    if (engine->stopping)
        return;
    engine->stopping = TRUE;
    engine->stop_deadline = g_get_monotonic_time() + STOP_GRACE_USEC;
    coi_watches_stop(engine);
}

static void handle_command(CoiEngine *engine, const CoiCommand *command)
{
    switch (command->type) {
    case COI_COMMAND_SEND:
        coi_outbound_send(engine, command);
        coi_receipts_replied(engine, command->address);
        coi_typing_sent(engine, command->address);
        break;
    case COI_COMMAND_EDIT:
        coi_edits_edit(engine, command);
        coi_typing_sent(engine, command->address);
        break;
    case COI_COMMAND_DELETE:
        coi_edits_delete(engine, command);
        coi_typing_sent(engine, command->address);
        break;
    case COI_COMMAND_RETRY:
        coi_outbound_retry(engine, command->address);
        break;
    case COI_COMMAND_RECEIPT:
        coi_reports_tell(engine, command->address);
        break;
    case COI_COMMAND_SHOWN:
        coi_show_acknowledged(engine, command->line);
        break;
    case COI_COMMAND_BUDDY:
        set_buddy(engine, command);
        break;
    case COI_COMMAND_VERDICT:
        verdict(engine, command);
        break;
    case COI_COMMAND_NETWORK:
        coi_watches_network(engine);
        coi_outbound_network_back(engine);
        break;
    case COI_COMMAND_SEEN:
        coi_seen_here(engine, command->address, command->first, command->line);
        coi_live_looked(engine, command->address);
        break;
    case COI_COMMAND_LOOKS:
        coi_live_looked(engine, command->address);
        break;
    case COI_COMMAND_BLOCK:
        set_blocked(engine, command);
        break;
    case COI_COMMAND_FILTER:
        coi_filing_answer(engine, command);
        break;
    case COI_COMMAND_HISTORY:
        coi_history_asked(engine, command);
        break;
    case COI_COMMAND_SEARCH:
        coi_history_look(engine, command);
        break;
    case COI_COMMAND_FULL:
        coi_full_asked(engine, command);
        break;
    case COI_COMMAND_TYPING:
        coi_typing_asked(engine, command);
        break;
    case COI_COMMAND_STOP:
        begin_stop(engine);
        break;
    }
}

static void handle_imap(CoiEngine *engine, CoiImapResult *result)
{
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->watches[i].link == result->link)
            coi_watches_result(engine, &engine->watches[i], result);
    if (engine->bulk != NULL && engine->bulk == result->link)
        coi_bulk_result(engine, result);
}

static void handle_parcel(CoiEngine *engine, Parcel *parcel)
{
    if (parcel->type == PARCEL_COMMAND)
        handle_command(engine, parcel->content);
    else if (parcel->type == PARCEL_IMAP)
        handle_imap(engine, parcel->content);
    else
        coi_outbound_result(engine, parcel->content);
    parcel_free(parcel);
}

/* After half a minute without INBOX the client is told; until then nobody needs to know. */
static gint64 lost_timer(CoiEngine *engine, gint64 now)
{
    if (!engine->connected || engine->failed || engine->lost_since == 0 || engine->lost_said || coi_watches_asking(engine))
        return -1; /* a question that is open is not withdrawn */
    gint64 due = engine->lost_since + LOST_AFTER_USEC;
    if (now < due)
        return due;
    engine->lost_said = TRUE;
    CoiEvent *event = coi_event_new(COI_EVENT_LOST);
    if (engine->lost_words != NULL)
        event->error = g_error_new_literal(COI_ERROR, COI_ERROR_THROTTLED, engine->lost_words);
    coi_engine_emit(engine, event);
    return -1;
}

static gint64 sooner(gint64 a, gint64 b)
{
    if (a < 0 || b < 0)
        return MAX(a, b);
    return MIN(a, b);
}

/* Works what is due and gives the time of the next turn, -1: only when something arrives. */
static gint64 timers(CoiEngine *engine)
{
    gint64 now = g_get_monotonic_time();
    gint64 next = -1;
    if (!engine->failed && !engine->stopping) {
        next = coi_watches_timers(engine, now);
        next = sooner(next, coi_sent_timers(engine, now));
        next = sooner(next, coi_bulk_timers(engine, now));
        next = sooner(next, coi_chores_timers(engine, now));
        next = sooner(next, coi_limit_timers(engine, now));
        next = sooner(next, coi_typing_timers(engine, now));
        next = sooner(next, lost_timer(engine, now));
        if (engine->hold_lines_until > now)
            next = sooner(next, engine->hold_lines_until);
        if (engine->look_until > now)
            next = sooner(next, engine->look_until);
    }
    if (!engine->failed)
        next = sooner(next, coi_outbound_timers(engine, now));
    if (engine->stopping)
        next = sooner(next, engine->stop_deadline);
    return next;
}

static gboolean finished(CoiEngine *engine)
{
    if (!engine->stopping)
        return FALSE;
    return (engine->failed && engine->sending == 0) || coi_outbound_done(engine) || g_get_monotonic_time() >= engine->stop_deadline;
}

void coi_engine_run(CoiEngine *engine)
{
    while (!finished(engine)) {
        gint64 next = timers(engine);
        coi_show_pump(engine);
        Parcel *parcel = coi_queue_pop(engine->in, next, NULL);
        if (parcel != NULL)
            handle_parcel(engine, parcel);
    }
}

/* Until nothing of ours runs any more: each link says ENDED as its last word. */
void coi_engine_end_links(CoiEngine *engine)
{
    guint left = 0;
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->watches[i].link != NULL) {
            coi_imap_link_stop(engine->watches[i].link);
            left++;
        }
    if (engine->bulk != NULL) {
        coi_imap_link_stop(engine->bulk);
        left++;
    }
    if (engine->smtp != NULL) {
        coi_smtp_link_stop(engine->smtp);
        left++;
    }
    while (left > 0) {
        Parcel *parcel = coi_queue_pop(engine->in, -1, NULL);
        if ((parcel->type == PARCEL_IMAP && ((CoiImapResult *)parcel->content)->type == COI_IMAP_ENDED) ||
            (parcel->type == PARCEL_SMTP && ((CoiSmtpResult *)parcel->content)->type == COI_SMTP_ENDED))
            left--;
        parcel_free(parcel);
    }
    for (guint i = 0; i < COI_WATCHES; i++) {
        g_clear_pointer(&engine->watches[i].link, coi_imap_link_free);
        coi_watch_clear(&engine->watches[i]);
    }
    g_clear_pointer(&engine->bulk, coi_imap_link_free);
    g_clear_pointer(&engine->smtp, coi_smtp_link_free);
}

void coi_engine_send(CoiEngine *engine, CoiCommand *command)
{
    push(engine, PARCEL_COMMAND, command);
}

int coi_engine_event_fd(CoiEngine *engine)
{
    return coi_queue_fd(engine->out);
}

CoiEvent *coi_engine_next_event(CoiEngine *engine)
{
    return coi_queue_try_pop(engine->out);
}
