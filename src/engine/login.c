/* From login to logout: what an engine's thread begins and ends with. */
#include "engine/private.h"

#include <pthread.h>
#include <signal.h>

#include "engine/ask_wait.h"
#include "engine/directory.h"
#include "engine/history.h"
#include "net/imap.h"

/* Living engine threads of the process, for coi_engine_join_all. */
static pthread_mutex_t living_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t living_changed; /* on the monotonic clock; made by coi_engine_init */
static guint living;

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
    return coi_expired_forget(engine->store, g_get_real_time() / G_USEC_PER_SEC, error) && coi_outbox_all_due(engine->store, error);
}

static void announce_buddies(CoiEngine *engine)
{
    CoiEvent *event = coi_event_new(COI_EVENT_BUDDIES);
    event->addresses = coi_peers_buddies(engine->store);
    coi_engine_emit(engine, event);
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
    g_free(engine->filter);
    coi_credentials_free(engine->credentials);
    g_ptr_array_unref(engine->imap_servers);
    g_ptr_array_unref(engine->smtp_servers);
    g_free(engine);
}

static void close_down(CoiEngine *engine)
{
    coi_engine_end_links(engine);
    g_clear_pointer(&engine->history, coi_history_free);
    coi_live_clear(&engine->live);
    g_clear_pointer(&engine->typing, coi_typing_free);
    g_clear_pointer(&engine->store, coi_store_close);
    g_clear_pointer(&engine->unacknowledged, g_hash_table_unref);
    g_clear_pointer(&engine->told_waiting, g_hash_table_unref);
    g_clear_pointer(&engine->facts, coi_imap_facts_free);
    g_clear_pointer(&engine->bulk_facts, coi_imap_facts_free);
    g_clear_pointer(&engine->configuring, g_free);
    g_clear_pointer(&engine->lost_words, g_free);
    g_clear_pointer(&engine->smtp_words, g_free);
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
    coi_engine_run(engine);
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

static CoiEngine *engine_new(const CoiEngineConfig *config)
{
    CoiEngine *engine = g_new0(CoiEngine, 1);
    engine->references = 2; /* the main thread's and the engine's own */
    coi_engine_make_queues(engine);
    engine->stop = g_cancellable_new();
    engine->host = (CoiNetHost){.user = engine, .dial = dial, .trust = trust};
    engine->lock_fd = -1;
    engine->directory = g_strdup(config->directory);
    engine->address = g_strdup(config->address);
    engine->credentials = coi_credentials_new(config->login, config->password);
    engine->credentials->token_command = g_strdup(config->token_command);
    engine->credentials->xoauth2 = config->xoauth2;
    engine->imap_servers = coi_servers_copy(config->imap);
    engine->smtp_servers = coi_servers_copy(config->smtp);
    engine->ordinary_all = config->ordinary_mail_all;
    engine->ordinary_none = config->ordinary_mail_none;
    engine->own_copy = config->own_copy;
    engine->own_copy_mail = config->own_copy_mail;
    engine->filter = g_strdup(config->filter != NULL ? config->filter : "ask");
    engine->login_time = g_get_real_time() / G_USEC_PER_SEC;
    engine->chores_due = -1;
    engine->ask_all = config->ask_receipts_all;
    engine->ask_chat = config->ask_receipts_chat;
    engine->receipts_when_seen = config->receipts_when_seen;
    engine->receipts_at_reply = config->receipts_at_reply;
    engine->delivery_receipts = config->delivery_receipts;
    engine->live.wanted = config->fast_replies;
    engine->typing_told = config->typing;
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
