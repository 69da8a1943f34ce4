#include "engine/private.h"

/* UIDVALIDITY changed: how far back identities are compared. */
#define REMAP_MESSAGES 2000
/* A mailbox that is only visited is left again after this long. */
#define VISIT_IDLE_CLOSE_MS (60 * 1000)

static void message_free(gpointer arrival)
{
    coi_arrival_free(arrival);
}

void coi_watch_init(CoiWatch *watch)
{
    watch->waiting = g_hash_table_new_full(NULL, NULL, NULL, message_free);
    watch->to_ask = g_array_new(FALSE, FALSE, sizeof(guint32));
    watch->arrived = g_ptr_array_new_with_free_func(message_free);
}

void coi_watch_clear(CoiWatch *watch)
{
    g_clear_pointer(&watch->waiting, g_hash_table_unref);
    g_clear_pointer(&watch->to_ask, g_array_unref);
    g_clear_pointer(&watch->arrived, g_ptr_array_unref);
    g_clear_pointer(&watch->chore_places, g_array_unref);
    g_clear_pointer(&watch->extra, g_array_unref);
    g_clear_pointer(&watch->mailbox, g_free);
    g_clear_error(&watch->refusal);
}

CoiWatch *coi_watch_inbox(CoiEngine *engine)
{
    return &engine->watches[COI_WATCH_INBOX];
}

gboolean coi_watch_is_inbox(CoiEngine *engine, CoiWatch *watch)
{
    return watch == coi_watch_inbox(engine);
}

gboolean coi_watch_is_open(const CoiWatch *watch)
{
    return watch->state == COI_WATCH_CATCHING_UP || watch->state == COI_WATCH_FOLLOWING;
}

gboolean coi_watches_up(const CoiEngine *engine)
{
    return coi_watch_is_open(&engine->watches[COI_WATCH_INBOX]);
}

gboolean coi_watches_lost(const CoiEngine *engine)
{
    return engine->lost_since != 0;
}

gboolean coi_watches_asking(const CoiEngine *engine)
{
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->watches[i].state == COI_WATCH_ASKING)
            return TRUE;
    return FALSE;
}

/* For the first time, that is: what fails is not waited for. */
static gboolean is_opening_well(const CoiWatch *watch)
{
    return watch->state == COI_WATCH_OPENING && watch->failures == 0;
}

/* Also after a loss, or one failure: the second attempt is waited for. */
static gboolean is_coming(const CoiWatch *watch)
{
    return (watch->state == COI_WATCH_OPENING || (watch->state == COI_WATCH_DOWN && !watch->visited)) && watch->failures <= 1 &&
           watch->quiets == 0;
}

gboolean coi_watches_chats_coming(const CoiEngine *engine)
{
    const CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    return chats->state == COI_WATCH_CATCHING_UP || is_coming(chats) || chats->more;
}

gboolean coi_watches_catching_up(const CoiEngine *engine)
{
    const CoiWatch *in = &engine->watches[COI_WATCH_INBOX];
    const CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    const CoiWatch *sent = &engine->watches[COI_WATCH_SENT];
    return in->state == COI_WATCH_CATCHING_UP || chats->state == COI_WATCH_CATCHING_UP ||
           (coi_watch_is_open(in) && (is_coming(chats) || engine->status_pending)) ||
           (!sent->settled && (sent->state == COI_WATCH_CATCHING_UP || is_opening_well(sent)));
}

void coi_watch_open(CoiEngine *engine, CoiWatch *watch)
{
    watch->visited |= coi_limit_active(engine) && !coi_watch_is_inbox(engine, watch);
    gint64 turn = coi_limit_turn(engine, watch);
    if (turn > 0) {
        watch->state = COI_WATCH_DOWN;
        watch->retry_at = turn;
        return;
    }
    if (watch->link == NULL)
        watch->link = coi_imap_link_new(&engine->host, watch->visited ? VISIT_IDLE_CLOSE_MS : 0, coi_engine_imap_sink, engine);
    if (watch->link == NULL) {
        watch->state = COI_WATCH_DOWN;
        watch->retry_at = g_get_monotonic_time() + COI_RECONNECT_FIRST_USEC;
        return;
    }
    watch->state = COI_WATCH_OPENING;
    watch->tag = coi_engine_next_tag(engine);
    watch->verdicts = engine->verdicts;
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_OPEN, watch->tag);
    request->servers = coi_servers_copy(engine->imap_servers);
    request->credentials = coi_engine_credentials(engine, COI_SERVICE_IMAP);
    request->mailbox = g_strdup(watch->mailbox);
    request->make = watch == &engine->watches[COI_WATCH_CHATS] && coi_filing_makes_chats(engine);
    request->root = g_strdup(COI_ROOT);
    coi_imap_link_send(watch->link, request);
}

void coi_watches_start(CoiEngine *engine)
{
    coi_servers_prefer(engine->imap_servers, coi_store_get(engine->store, "imap-server"));
    coi_watch_inbox(engine)->mailbox = g_strdup("INBOX");
    coi_watch_inbox(engine)->state = COI_WATCH_DOWN;
    coi_watch_inbox(engine)->retry_at = coi_loss_quiet_until(engine);
}

void coi_watches_stop(CoiEngine *engine)
{
    for (guint i = 0; i < COI_WATCHES; i++) {
        CoiWatch *watch = &engine->watches[i];
        if (watch->link != NULL && coi_watch_is_open(watch))
            coi_imap_link_send(watch->link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
        watch->state = COI_WATCH_OFF;
    }
}

void coi_watch_look(CoiEngine *engine, CoiWatch *watch)
{
    watch->looks++;
    coi_imap_link_send(watch->link, coi_imap_request_new(COI_IMAP_LOOK, coi_engine_next_tag(engine)));
}

static void open_all(CoiEngine *engine, CoiWatchState state)
{
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->watches[i].state == state && engine->watches[i].quiets == 0) { /* else we were asked to wait */
            engine->watches[i].failures = 0;
            coi_watch_open(engine, &engine->watches[i]);
        }
}

/* What is down is opened; what seems to be up is asked, since a network that changed may have left it dead. */
void coi_watches_network(CoiEngine *engine)
{
    if (engine->failed || engine->stopping)
        return;
    open_all(engine, COI_WATCH_DOWN);
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->watches[i].state == COI_WATCH_FOLLOWING)
            coi_watch_look(engine, &engine->watches[i]);
}

void coi_watches_verdict(CoiEngine *engine)
{
    if (!engine->failed && !engine->stopping)
        open_all(engine, COI_WATCH_ASKING);
}

gint64 coi_watches_timers(CoiEngine *engine, gint64 now)
{
    gint64 next = -1;
    for (guint i = 0; i < COI_WATCHES; i++) {
        CoiWatch *watch = &engine->watches[i];
        if (watch->state == COI_WATCH_DOWN && watch->retry_at <= now)
            coi_watch_open(engine, watch);
        if (watch->state == COI_WATCH_DOWN && (next < 0 || watch->retry_at < next))
            next = watch->retry_at;
    }
    return next;
}

void coi_watches_log_in_anew(CoiEngine *engine)
{
    for (guint i = 0; i < COI_WATCHES; i++) {
        CoiWatch *watch = &engine->watches[i];
        watch->anew = watch->link != NULL && coi_watch_is_open(watch) && !watch->visited;
        if (watch->anew)
            coi_imap_link_send(watch->link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
    }
}

/* New UIDVALIDITY, or a mailbox restored from an older state: UIDs mean something else now. */
static gboolean is_void(const CoiFolder *known, const CoiImapFacts *facts)
{
    return known->uid_validity != facts->uid_validity || (facts->next_uid > 0 && facts->next_uid < known->next_uid);
}

static gboolean forget_void_places(CoiEngine *engine, CoiWatch *watch, const CoiImapFacts *facts)
{
    CoiFolder known;
    g_autoptr(GError) error = NULL;
    if (!coi_folders_get(engine->store, watch->mailbox, &known) || !is_void(&known, facts) ||
        coi_messages_forget_places(engine->store, watch->mailbox, &error))
        return TRUE;
    coi_engine_store_failed(engine, g_steal_pointer(&error));
    return FALSE;
}

static void step(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result)
{
    if (engine->connected || !coi_watch_is_inbox(engine, watch))
        return;
    CoiEvent *event = coi_event_new(COI_EVENT_STEP);
    event->step = result->step;
    event->host = g_strdup(result->server != NULL ? result->server->host : NULL);
    coi_engine_emit(engine, event);
}

/* Decides what of the mailbox has to be looked at. */
static void follow(CoiEngine *engine, CoiWatch *watch, const CoiImapFacts *facts)
{
    CoiFolder known;
    gboolean seen_before = coi_folders_get(engine->store, watch->mailbox, &known);
    watch->last_uid = 0;
    watch->folder = (CoiFolder){.uid_validity = facts->uid_validity, .next_uid = facts->next_uid,
                                .highest_modseq = facts->highest_modseq};
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_FOLLOW, watch->tag);
    if (!seen_before) {
        watch->sync = COI_SYNC_FIRST;
        request->newest = COI_FIRST_LOGIN_HEADERS;
        request->unread_since = MAX(g_get_real_time() / G_USEC_PER_SEC - COI_FIRST_LOGIN_DAYS * 86400, 1);
    } else if (is_void(&known, facts)) {
        watch->sync = COI_SYNC_AGAIN;
        request->newest = REMAP_MESSAGES;
        watch->newest_before = coi_intake_newest(engine, watch->mailbox);
    } else {
        watch->sync = COI_SYNC_LATER;
        request->first_uid = MAX(known.next_uid, 1);
        request->whole = watch->whole;
        request->modseq = known.highest_modseq;
    }
    request->flags_too = !watch->visited;
    if (coi_watch_is_inbox(engine, watch)) {
        request->also = g_strdup(coi_visits_told_of(engine, facts));
        engine->status_pending = request->also != NULL;
    }
    if (watch->visited && watch->settled && watch->sync == COI_SYNC_LATER)
        watch->sync = COI_SYNC_LIVE; /* it rested, and INBOX's link told at once that something has come */
    request->leave_out = watch->barren > COI_WATCH_PATIENCE;
    watch->state = COI_WATCH_CATCHING_UP;
    coi_imap_link_send(watch->link, request);
}

void coi_watches_start_chats(CoiEngine *engine, const char *mailbox)
{
    CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    if (chats->state == COI_WATCH_DOWN && mailbox != NULL && !coi_limit_active(engine))
        chats->retry_at = 0; /* it may have been away, and is there now */
    if (chats->state != COI_WATCH_OFF || mailbox == NULL || engine->failed || engine->stopping)
        return;
    g_free(chats->mailbox);
    chats->mailbox = g_strdup(mailbox);
    chats->whole = TRUE;
    chats->failures = 0;
    coi_watch_open(engine, chats);
}

void coi_watches_leave_chats(CoiEngine *engine)
{
    CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    if (chats->state == COI_WATCH_DOWN)
        chats->state = COI_WATCH_OFF;
}

/* Connected: the next UID of everything that is watched is known, or Chats can't be had now. */
void coi_watch_say_connected(CoiEngine *engine)
{
    const CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    if (engine->connected || engine->failed || !coi_watches_up(engine) || (chats->state == COI_WATCH_OPENING && chats->failures == 0))
        return;
    engine->connected = TRUE;
    engine->outbox_changed = engine->bulk_changed = TRUE;
    coi_engine_emit(engine, coi_event_new(COI_EVENT_CONNECTED));
}

static void close_after(CoiEngine *engine, CoiWatch *watch, const GError *refusal)
{
    if (watch->refusal == NULL && refusal != NULL)
        watch->refusal = g_error_copy(refusal);
    coi_imap_link_send(watch->link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
}

static void opened(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    if (watch->state != COI_WATCH_OPENING || result->tag != watch->tag)
        return;
    if (coi_limit_is_stray(engine, watch)) {
        watch->anew = TRUE;
        close_after(engine, watch, NULL);
        return;
    }
    coi_watch_reset(watch);
    if (++watch->barren <= COI_WATCH_PATIENCE) {
        watch->failures = 0;
        if (coi_watch_is_inbox(engine, watch))
            engine->lost_since = 0;
    }
    if (!forget_void_places(engine, watch, result->facts))
        return;
    follow(engine, watch, result->facts);
    if (result->facts->scram_refused)
        coi_engine_no_scram(engine, COI_SERVICE_IMAP);
    if (coi_watch_is_inbox(engine, watch)) {
        coi_servers_move_first(engine->imap_servers, result->facts->server_index);
        g_autofree char *server = coi_server_to_text(g_ptr_array_index(engine->imap_servers, 0));
        coi_store_set(engine->store, "imap-server", server, NULL); /* only saves time at the next login */
        g_clear_pointer(&engine->facts, coi_imap_facts_free);
        engine->facts = g_steal_pointer(&result->facts);
        coi_watches_start_chats(engine, engine->facts->chats);
        coi_outbound_network(engine);
    }
    coi_watch_say_connected(engine);
    if (coi_watch_is_inbox(engine, watch) && !engine->failed) {
        coi_filing_learn(engine);
        coi_sent_opened(engine);
    }
}

/* The messages that it is about have been reported. */
static void fetched(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result)
{
    watch->folder.next_uid = result->next_uid;
    watch->folder.highest_modseq = result->highest_modseq;
    watch->more = result->more;
    watch->polled = result->polled;
    watch->looked += result->looked ? 1 : 0;
    coi_watch_ask_for_texts(engine, watch);
    coi_watch_settle(engine, watch);
}

void coi_watches_result(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    switch (result->type) {
    case COI_IMAP_STEP:
        step(engine, watch, result);
        break;
    case COI_IMAP_OPENED:
        opened(engine, watch, result);
        break;
    case COI_IMAP_MESSAGE:
        if (coi_watch_is_open(watch))
            coi_watch_message(engine, watch, result);
        break;
    case COI_IMAP_FETCHED:
        if (coi_watch_is_open(watch))
            fetched(engine, watch, result);
        break;
    case COI_IMAP_FLAGS:
        if (coi_watch_is_open(watch))
            coi_seen_flags(engine, watch, result);
        break;
    case COI_IMAP_STATUS:
        if (coi_watch_is_open(watch) && coi_watch_is_inbox(engine, watch))
            coi_visits_status(engine, result);
        break;
    case COI_IMAP_DONE:
        if (coi_watch_is_open(watch) && watch->chore_tag != 0 && result->tag == watch->chore_tag) {
            coi_chores_result(engine, watch, result);
        } else if (coi_watch_is_open(watch) && watch->bodies_pending > 0) {
            watch->bodies_pending--;
            coi_watch_settle(engine, watch);
        }
        break;
    case COI_IMAP_FAILED: /* a fetch that the server refused: a new session starts from what is stored */
        if (coi_watch_is_open(watch) && watch->chore_tag != 0 && result->tag == watch->chore_tag)
            coi_chores_result(engine, watch, result);
        else if (coi_watch_is_open(watch) && result->tag >= watch->tag)
            close_after(engine, watch, result->error);
        break;
    case COI_IMAP_DOWN:
        coi_loss(engine, watch, result);
        break;
    case COI_IMAP_LAGS:
        coi_live_lags(engine, watch);
        break;
    case COI_IMAP_APPENDED:
    case COI_IMAP_FOUND:
    case COI_IMAP_ENDED:
        break;
    }
}
