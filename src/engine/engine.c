#include "engine/private.h"

#include <pthread.h>
#include <signal.h>

#include "engine/ask_wait.h"
#include "engine/directory.h"
#include "net/imap.h"

/* How long a logout may keep threads alive to finish the mail that is being sent: an interrupted one is sent twice. */
#define STOP_GRACE_USEC (3 * G_USEC_PER_SEC)
#define LOST_AFTER_USEC (30 * G_USEC_PER_SEC)

/* What arrives in an engine's queue. */
typedef enum { PARCEL_COMMAND, PARCEL_IMAP, PARCEL_SMTP } ParcelType;

typedef struct {
    ParcelType type;
    gpointer content;
} Parcel;

/* Living engine threads of the process, for coi_engine_join_all. */
static pthread_mutex_t living_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t living_changed; /* on the monotonic clock; made by coi_engine_init */
static guint living;

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

/* The two questions of links, on their threads. */
static CoiAsk *ask_main(CoiEngine *engine, CoiAskType type, const char *host, guint16 port, GPtrArray *chain)
{
    CoiAsk *ask = coi_ask_new(type, host, port, chain);
    if (ask == NULL)
        return NULL;
    CoiEvent *event = coi_event_new(COI_EVENT_ASK);
    event->ask = coi_ask_ref(ask);
    coi_engine_emit(engine, event);
    return ask;
}

static int dial(gpointer user, const char *host, guint16 port, GCancellable *stop, gint64 deadline, GError **error)
{
    g_autoptr(CoiAsk) ask = ask_main(user, COI_ASK_DIAL, host, port, NULL);
    if (ask == NULL) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_DIAL, "out of descriptors");
        return -1;
    }
    return coi_ask_wait_socket(ask, stop, deadline, error);
}

static CoiTrust trust(gpointer user, const char *host, guint16 port, GPtrArray *chain, GCancellable *stop, gint64 deadline)
{
    g_autoptr(CoiAsk) ask = ask_main(user, COI_ASK_TRUST, host, port, chain);
    return ask != NULL ? coi_ask_wait_trust(ask, stop, deadline) : COI_TRUST_INVALID;
}

static void set_buddy(CoiEngine *engine, const CoiCommand *command)
{
    if (engine->store == NULL)
        return;
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, command->address);
    g_autoptr(GError) error = NULL;
    if (!peer->is_buddy != !command->is_buddy &&
        !coi_peers_set_buddy(engine->store, command->address, command->is_buddy, &error))
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
        break;
    case COI_COMMAND_RETRY:
        coi_outbound_retry(engine, command->address);
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
        coi_copy_result(engine, result);
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
    coi_engine_emit(engine, coi_event_new(COI_EVENT_LOST));
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
        next = sooner(next, coi_copy_timers(engine, now));
        next = sooner(next, lost_timer(engine, now));
        if (engine->hold_lines_until > now)
            next = sooner(next, engine->hold_lines_until);
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

static void run(CoiEngine *engine)
{
    while (!finished(engine)) {
        gint64 next = timers(engine);
        coi_show_pump(engine);
        Parcel *parcel = coi_queue_pop(engine->in, next, NULL);
        if (parcel != NULL)
            handle_parcel(engine, parcel);
    }
}

static gboolean open_store(CoiEngine *engine, GError **error)
{
    engine->lock_fd = coi_directory_lock(engine->directory, engine->stop, error);
    if (engine->lock_fd < 0)
        return FALSE;
    engine->store = coi_store_open(engine->directory, error);
    if (engine->store == NULL)
        return FALSE;
    gint64 oldest = g_get_real_time() / G_USEC_PER_SEC - (gint64)engine->history_days * 86400;
    if (engine->history_days > 0 && !coi_messages_drop_texts(engine->store, oldest, error))
        return FALSE;
    return coi_outbox_all_due(engine->store, error);
}

static void announce_buddies(CoiEngine *engine)
{
    CoiEvent *event = coi_event_new(COI_EVENT_BUDDIES);
    event->addresses = coi_peers_buddies(engine->store);
    coi_engine_emit(engine, event);
}

/* Until nothing of ours runs any more: each link says ENDED as its last word. */
static void end_links(CoiEngine *engine)
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

static void engine_unref(CoiEngine *engine)
{
    if (__atomic_sub_fetch(&engine->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    coi_queue_unref(engine->in);
    coi_queue_unref(engine->out);
    g_clear_object(&engine->stop);
    g_clear_pointer(&engine->thread, g_thread_unref);
    g_free(engine->directory);
    g_free(engine->address);
    coi_credentials_free(engine->credentials);
    g_ptr_array_unref(engine->imap_servers);
    g_ptr_array_unref(engine->smtp_servers);
    g_free(engine);
}

static void close_down(CoiEngine *engine)
{
    end_links(engine);
    g_clear_pointer(&engine->store, coi_store_close);
    g_clear_pointer(&engine->unacknowledged, g_hash_table_unref);
    g_clear_pointer(&engine->told_waiting, g_hash_table_unref);
    g_clear_pointer(&engine->facts, coi_imap_facts_free);
    g_clear_pointer(&engine->copy_facts, coi_imap_facts_free);
    coi_directory_unlock(engine->lock_fd);
    coi_engine_emit(engine, coi_event_new(COI_EVENT_STOPPED));
}

static gpointer engine_main(gpointer data)
{
    CoiEngine *engine = data;
    GError *error = NULL;
    engine->unacknowledged = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    engine->told_waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (guint i = 0; i < COI_WATCHES; i++)
        coi_watch_init(&engine->watches[i]);
    if (open_store(engine, &error)) {
        announce_buddies(engine);
        engine->lines_pending = TRUE; /* what a crash left unacknowledged */
        coi_watches_start(engine);
    } else {
        coi_engine_store_failed(engine, error);
    }
    run(engine);
    close_down(engine);
    engine_unref(engine);

    pthread_mutex_lock(&living_mutex);
    living--;
    pthread_cond_broadcast(&living_changed);
    pthread_mutex_unlock(&living_mutex);
    return NULL;
}

void coi_engine_init(void)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&living_changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    coi_error_quark(); /* made once here, so that threads only read it */
    coi_mime_init();
    coi_imap_init();
}

static CoiEngine *engine_new(const CoiEngineConfig *config)
{
    CoiEngine *engine = g_new0(CoiEngine, 1);
    engine->references = 2; /* the main thread's and the engine's own */
    engine->in = coi_queue_new(parcel_free);
    engine->out = coi_queue_new(event_free);
    engine->stop = g_cancellable_new();
    engine->host = (CoiNetHost){.user = engine, .dial = dial, .trust = trust};
    engine->lock_fd = -1;
    engine->directory = g_strdup(config->directory);
    engine->address = g_strdup(config->address);
    engine->credentials = coi_credentials_new(config->login, config->password);
    engine->imap_servers = coi_servers_copy(config->imap);
    engine->smtp_servers = coi_servers_copy(config->smtp);
    engine->ordinary_all = config->ordinary_mail_all;
    engine->ordinary_none = config->ordinary_mail_none;
    engine->own_copy = config->own_copy;
    engine->ask_all = config->ask_receipts_all;
    engine->ask_chat = config->ask_receipts_chat;
    engine->history_days = config->history_days;
    return engine;
}

/* Every signal stays the client's: the new thread inherits a full mask. */
static GThread *start_thread(CoiEngine *engine)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    GThread *thread = g_thread_try_new("coi-engine", engine_main, engine, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}

CoiEngine *coi_engine_start(const CoiEngineConfig *config)
{
    CoiEngine *engine = engine_new(config);
    pthread_mutex_lock(&living_mutex);
    living++;
    pthread_mutex_unlock(&living_mutex);
    if (engine->in != NULL && engine->out != NULL && (engine->thread = start_thread(engine)) != NULL)
        return engine;
    pthread_mutex_lock(&living_mutex);
    living--;
    pthread_mutex_unlock(&living_mutex);
    engine_unref(engine);
    engine_unref(engine);
    return NULL;
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

void coi_engine_release(CoiEngine *engine)
{
    coi_engine_send(engine, coi_command_new(COI_COMMAND_STOP));
    g_cancellable_cancel(engine->stop);
    engine_unref(engine);
}

gboolean coi_engine_join_all(guint timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&living_mutex);
    while (living > 0 && pthread_cond_timedwait(&living_changed, &living_mutex, &until) == 0)
        ;
    gboolean none = living == 0;
    pthread_mutex_unlock(&living_mutex);
    return none;
}
