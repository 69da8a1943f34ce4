#include "engine/private.h"

#include "net/throttle.h"

#define RECONNECT_FIRST_USEC (1 * G_USEC_PER_SEC)
#define RECONNECT_LIMIT_USEC (300 * G_USEC_PER_SEC)
/* UIDVALIDITY changed: how far back identities are compared. */
#define REMAP_MESSAGES 2000
/* So many sessions in a row may end before they caught up, as on a bad line. After that it is the server or a mail: what it
 * refuses to give is left out, calls become rarer, and the user is told. */
#define PATIENCE 5
/* Fact in the store: until when (unix seconds) the server has asked us to wait; more than this is a clock that was set. */
#define QUIET "imap-quiet-until"
#define QUIET_MOST_USEC (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
/* Texts asked for in one request, and messages stored in one transaction: bounds what a catch-up keeps in memory. */
#define BATCH 200
/* How long lines wait for a look at another mailbox. */
#define LOOK_USEC (1 * G_USEC_PER_SEC)
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

/* Forgets what was fetched and not stored: it is fetched again, since next_uid did not advance. */
static void reset(CoiWatch *watch)
{
    g_hash_table_remove_all(watch->waiting);
    g_array_set_size(watch->to_ask, 0);
    g_ptr_array_set_size(watch->arrived, 0);
    watch->bodies_pending = 0;
    watch->chore_tag = 0;
    watch->removing = watch->more = FALSE;
    watch->looks = watch->looked = 0;
}

static CoiWatch *inbox(CoiEngine *engine)
{
    return &engine->watches[COI_WATCH_INBOX];
}

static gboolean is_inbox(CoiEngine *engine, CoiWatch *watch)
{
    return watch == inbox(engine);
}

static gboolean is_open(const CoiWatch *watch)
{
    return watch->state == COI_WATCH_CATCHING_UP || watch->state == COI_WATCH_FOLLOWING;
}

gboolean coi_watches_up(const CoiEngine *engine)
{
    return is_open(&engine->watches[COI_WATCH_INBOX]);
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
           (is_open(in) && (is_coming(chats) || engine->status_pending)) ||
           (!sent->settled && (sent->state == COI_WATCH_CATCHING_UP || is_opening_well(sent)));
}

static void open_watch(CoiEngine *engine, CoiWatch *watch)
{
    watch->visited |= coi_limit_active(engine) && !is_inbox(engine, watch);
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
        watch->retry_at = g_get_monotonic_time() + RECONNECT_FIRST_USEC;
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

/* Outlives this login: libpurple's clients call again by timers of their own. */
static void remember_quiet(CoiEngine *engine, gint64 until)
{
    gint64 seconds = (g_get_real_time() + until - g_get_monotonic_time()) / G_USEC_PER_SEC;
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, seconds);
    coi_store_set(engine->store, QUIET, text, NULL);
}

/* When the server may be called again, monotonic; 0: at once. */
static gint64 quiet_until(CoiEngine *engine)
{
    g_autofree char *text = coi_store_get(engine->store, QUIET);
    gint64 left = text != NULL ? g_ascii_strtoll(text, NULL, 10) * G_USEC_PER_SEC - g_get_real_time() : 0;
    return left > 0 && left < QUIET_MOST_USEC ? g_get_monotonic_time() + left : 0;
}

void coi_watches_start(CoiEngine *engine)
{
    coi_servers_prefer(engine->imap_servers, coi_store_get(engine->store, "imap-server"));
    inbox(engine)->mailbox = g_strdup("INBOX");
    inbox(engine)->state = COI_WATCH_DOWN;
    inbox(engine)->retry_at = quiet_until(engine);
}

void coi_watches_stop(CoiEngine *engine)
{
    for (guint i = 0; i < COI_WATCHES; i++) {
        CoiWatch *watch = &engine->watches[i];
        if (watch->link != NULL && is_open(watch))
            coi_imap_link_send(watch->link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
        watch->state = COI_WATCH_OFF;
    }
}

static void look(CoiEngine *engine, CoiWatch *watch)
{
    watch->looks++;
    coi_imap_link_send(watch->link, coi_imap_request_new(COI_IMAP_LOOK, coi_engine_next_tag(engine)));
}

static void open_all(CoiEngine *engine, CoiWatchState state)
{
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->watches[i].state == state && engine->watches[i].quiets == 0) { /* else we were asked to wait */
            engine->watches[i].failures = 0;
            open_watch(engine, &engine->watches[i]);
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
            look(engine, &engine->watches[i]);
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
            open_watch(engine, watch);
        if (watch->state == COI_WATCH_DOWN && (next < 0 || watch->retry_at < next))
            next = watch->retry_at;
    }
    return next;
}

void coi_watches_log_in_anew(CoiEngine *engine)
{
    for (guint i = 0; i < COI_WATCHES; i++) {
        CoiWatch *watch = &engine->watches[i];
        watch->anew = watch->link != NULL && is_open(watch) && !watch->visited;
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
    if (engine->connected || !is_inbox(engine, watch))
        return;
    CoiEvent *event = coi_event_new(COI_EVENT_STEP);
    event->step = result->step;
    event->host = g_strdup(result->server != NULL ? result->server->host : NULL);
    coi_engine_emit(engine, event);
}

static gboolean chats_are_visited(const CoiEngine *engine)
{
    const CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    return coi_limit_active(engine) && chats->visited && chats->mailbox != NULL && !is_open(chats);
}

/* The mailbox whose STATUS INBOX's link follows: Sent, or Chats where it can't have a link of its own. */
static const char *to_be_told_of(const CoiEngine *engine, const CoiImapFacts *facts)
{
    if (chats_are_visited(engine))
        return engine->watches[COI_WATCH_CHATS].mailbox;
    return g_strcmp0(facts->sent, facts->chats) != 0 ? facts->sent : NULL;
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
        watch->newest_before = coi_inbound_newest(engine, watch->mailbox);
    } else {
        watch->sync = COI_SYNC_LATER;
        request->first_uid = MAX(known.next_uid, 1);
        request->whole = watch->whole;
        request->modseq = known.highest_modseq;
    }
    request->flags_too = !watch->visited;
    if (is_inbox(engine, watch)) {
        request->also = g_strdup(to_be_told_of(engine, facts));
        engine->status_pending = request->also != NULL;
    }
    if (watch->visited && watch->settled && watch->sync == COI_SYNC_LATER)
        watch->sync = COI_SYNC_LIVE; /* it rested, and INBOX's link told at once that something has come */
    request->leave_out = watch->barren > PATIENCE;
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
    open_watch(engine, chats);
}

static void visit_sent(CoiEngine *engine)
{
    CoiWatch *sent = &engine->watches[COI_WATCH_SENT];
    g_free(sent->mailbox);
    sent->mailbox = g_strdup(engine->facts->sent);
    sent->visited = TRUE;
    open_watch(engine, sent);
}

void coi_watches_visit_sent(CoiEngine *engine)
{
    CoiWatch *sent = &engine->watches[COI_WATCH_SENT];
    if (engine->failed || engine->stopping || engine->facts == NULL || engine->facts->sent == NULL)
        return;
    if (sent->state == COI_WATCH_OFF || sent->state == COI_WATCH_RESTING)
        visit_sent(engine);
    else if (sent->state == COI_WATCH_FOLLOWING)
        look(engine, sent);
}

static gboolean is_up_to_date(CoiEngine *engine, const char *mailbox, const CoiImapResult *result)
{
    CoiFolder known;
    return coi_folders_get(engine->store, mailbox, &known) && known.uid_validity == result->uid_validity &&
           known.next_uid == result->next_uid;
}

static void chats_status(CoiEngine *engine, const CoiImapResult *result)
{
    CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    engine->status_pending = FALSE;
    if (result->next_uid != 0 && chats->state == COI_WATCH_RESTING && !is_up_to_date(engine, chats->mailbox, result))
        open_watch(engine, chats);
}

void coi_watches_expect(CoiEngine *engine)
{
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++)
        if (engine->watches[i].state == COI_WATCH_FOLLOWING && engine->watches[i].polled)
            look(engine, &engine->watches[i]);
}

/* INBOX's link tells how far Sent has got. Copies that we put there ourselves are no reason to go and look. */
static void status(CoiEngine *engine, const CoiImapResult *result)
{
    CoiWatch *sent = &engine->watches[COI_WATCH_SENT];
    gboolean first = engine->status_pending;
    engine->status_pending = FALSE;
    guint32 arrived = result->next_uid > engine->sent_next_uid ? result->next_uid - engine->sent_next_uid : 0;
    gboolean same = result->uid_validity == engine->sent_validity && result->next_uid >= engine->sent_next_uid;
    gboolean only_ours = !first && same && arrived <= engine->own_appended;
    engine->own_appended -= only_ours ? arrived : engine->own_appended;
    engine->sent_next_uid = result->next_uid;
    engine->sent_validity = result->uid_validity;
    if (result->next_uid == 0 || only_ours || (sent->state != COI_WATCH_OFF && sent->state != COI_WATCH_RESTING))
        return;
    if (is_up_to_date(engine, engine->facts->sent, result))
        sent->settled = TRUE;
    else
        visit_sent(engine);
}

void coi_watches_leave_chats(CoiEngine *engine)
{
    CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    if (chats->state == COI_WATCH_DOWN)
        chats->state = COI_WATCH_OFF;
}

/* Connected: the next UID of everything that is watched is known, or Chats can't be had now. */
static void say_connected(CoiEngine *engine)
{
    const CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    if (engine->connected || engine->failed || !coi_watches_up(engine) || (chats->state == COI_WATCH_OPENING && chats->failures == 0))
        return;
    engine->connected = TRUE;
    engine->outbox_changed = engine->bulk_changed = TRUE;
    coi_engine_emit(engine, coi_event_new(COI_EVENT_CONNECTED));
}

static void opened(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    if (watch->state != COI_WATCH_OPENING || result->tag != watch->tag)
        return;
    reset(watch);
    if (++watch->barren <= PATIENCE) {
        watch->failures = 0;
        if (is_inbox(engine, watch))
            engine->lost_since = 0;
    }
    if (!forget_void_places(engine, watch, result->facts))
        return;
    follow(engine, watch, result->facts);
    if (result->facts->scram_refused)
        coi_engine_no_scram(engine, COI_SERVICE_IMAP);
    if (is_inbox(engine, watch)) {
        coi_servers_move_first(engine->imap_servers, result->facts->server_index);
        g_autofree char *server = coi_server_to_text(g_ptr_array_index(engine->imap_servers, 0));
        coi_store_set(engine->store, "imap-server", server, NULL); /* only saves time at the next login */
        g_clear_pointer(&engine->facts, coi_imap_facts_free);
        engine->facts = g_steal_pointer(&result->facts);
        coi_watches_start_chats(engine, engine->facts->chats);
        coi_outbound_network(engine);
    }
    say_connected(engine);
    if (is_inbox(engine, watch) && !engine->failed) {
        coi_filing_learn(engine);
        coi_sent_opened(engine);
    }
}

static gboolean ends_it(const GError *error)
{
    return g_error_matches(error, COI_ERROR, COI_ERROR_AUTH) || g_error_matches(error, COI_ERROR, COI_ERROR_UNTRUSTED) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_AUTH_MECHANISM) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_TOKEN_REFUSED) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_CLEARTEXT) || g_error_matches(error, COI_ERROR, COI_ERROR_INVALID) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_MISSING);
}

static void note_words(CoiEngine *engine, const GError *error)
{
    g_free(engine->lost_words);
    engine->lost_words = coi_throttled(error->message) ? g_strdup(error->message) : NULL;
}

static void retry_later(CoiEngine *engine, CoiWatch *watch, const GError *error)
{
    gint64 now = g_get_monotonic_time();
    gboolean throttled = error != NULL && coi_throttled(error->message);
    watch->state = COI_WATCH_DOWN;
    watch->retry_at = now + (throttled ? coi_engine_quiet(watch->quiets++)
                                       : coi_engine_backoff(watch->failures, RECONNECT_FIRST_USEC, RECONNECT_LIMIT_USEC));
    watch->failures++;
    engine->chores_changed = engine->bulk_changed = engine->lines_pending = TRUE; /* they may have waited for it */
    if (!is_inbox(engine, watch))
        return;
    if (engine->lost_since == 0)
        engine->lost_since = now;
    if (error != NULL)
        note_words(engine, error);
    if (throttled)
        remember_quiet(engine, watch->retry_at);
}

static gboolean store(CoiEngine *engine, CoiWatch *watch, gboolean everything)
{
    g_autoptr(GError) error = NULL;
    if (coi_inbound_store(engine, watch, everything, &error)) {
        if (is_inbox(engine, watch))
            engine->lost_since = 0; /* it goes on, however much there is */
        return TRUE;
    }
    coi_engine_store_failed(engine, g_steal_pointer(&error));
    return FALSE;
}

void coi_watches_inbox_again(CoiEngine *engine)
{
    if (!engine->failed && !engine->stopping && inbox(engine)->state == COI_WATCH_RESTING)
        open_watch(engine, inbox(engine));
}

void coi_watches_unlimited(CoiEngine *engine)
{
    CoiWatch *chats = &engine->watches[COI_WATCH_CHATS], *in = inbox(engine);
    chats->visited = FALSE;
    if (chats->state == COI_WATCH_RESTING) {
        chats->state = COI_WATCH_DOWN;
        chats->retry_at = 0;
    }
    in->anew = is_open(in);
    if (in->anew)
        coi_imap_link_send(in->link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
}

/* INBOX's connection is wanted by somebody else. */
static void lend(CoiEngine *engine)
{
    inbox(engine)->state = COI_WATCH_RESTING;
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->borrower == &engine->watches[i])
            open_watch(engine, &engine->watches[i]);
}

/* The first refusal of a second connection: from now on there is one. */
static gboolean limit_met(CoiEngine *engine, CoiWatch *watch, const GError *error)
{
    if (is_inbox(engine, watch) || !coi_limit_met(engine, error))
        return FALSE;
    watch->state = COI_WATCH_DOWN;
    watch->retry_at = 0;
    return TRUE;
}

/* The account begins: what the server says is said by libpurple, whose clients call again; not before the time is over. */
static void fail(CoiEngine *engine, CoiImapResult *result)
{
    if (coi_throttled(result->error->message) && !ends_it(result->error)) {
        result->error->code = COI_ERROR_THROTTLED;
        remember_quiet(engine, g_get_monotonic_time() + coi_engine_quiet(0));
    }
    coi_engine_fail(engine, COI_SERVICE_IMAP, g_steal_pointer(&result->error), result->tried);
}

static void gone(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    gboolean anew = watch->anew && result->error == NULL;
    watch->anew = FALSE;
    if (is_inbox(engine, watch) && coi_limit_lend(engine, result->error == NULL)) {
        lend(engine);
    } else if (anew) {
        open_watch(engine, watch);
    } else if (watch->visited && result->error == NULL && watch->refusal == NULL) {
        watch->state = COI_WATCH_RESTING;
    } else if (g_error_matches(result->error, COI_ERROR, COI_ERROR_ASKING)) {
        watch->state = COI_WATCH_ASKING;
        if (watch->verdicts != engine->verdicts)
            open_watch(engine, watch);
    } else if (is_inbox(engine, watch) && result->error != NULL && (!engine->connected || ends_it(result->error))) {
        fail(engine, result);
    } else if (!limit_met(engine, watch, result->error)) {
        if (watch == &engine->watches[COI_WATCH_CHATS] && g_error_matches(result->error, COI_ERROR, COI_ERROR_REFUSED))
            coi_filing_in_doubt(engine);
        retry_later(engine, watch, result->error != NULL ? result->error : watch->refusal);
    }
}

static void down(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    gint64 again = coi_limit_again(engine, result->error, &watch->swaps);
    gboolean back = again == 0 && coi_limit_return(engine, watch);
    g_debug("%s: connection gone: %s", watch->mailbox, result->error != NULL ? result->error->message : "closed");
    if (watch->state == COI_WATCH_OFF || engine->failed || engine->stopping)
        return;
    /* What came whole stays: a line that is cut again and again gets on all the same. */
    if (watch->arrived->len > 0 && !store(engine, watch, FALSE))
        return;
    reset(watch);
    if (is_inbox(engine, watch))
        engine->status_pending = FALSE;
    if (again > 0) {
        watch->state = COI_WATCH_DOWN;
        watch->retry_at = again;
        return;
    }
    gone(engine, watch, result);
    g_clear_error(&watch->refusal);
    if (back)
        coi_watches_inbox_again(engine);
    say_connected(engine);
}

static void ask_for_texts(CoiEngine *engine, CoiWatch *watch)
{
    for (guint from = 0; from < watch->to_ask->len; from += BATCH) {
        guint n = MIN(BATCH, watch->to_ask->len - from);
        CoiImapRequest *request = coi_imap_request_new(COI_IMAP_BODIES, coi_engine_next_tag(engine));
        request->leave_out = watch->barren > PATIENCE;
        request->uids = g_array_sized_new(FALSE, FALSE, sizeof(guint32), n);
        g_array_append_vals(request->uids, &g_array_index(watch->to_ask, guint32, from), n);
        coi_imap_link_send(watch->link, request);
        watch->bodies_pending++;
    }
    g_array_set_size(watch->to_ask, 0);
}

/* Everything that was announced is here: it goes into the store together with the place to go on from. */
static void settle_if_complete(CoiEngine *engine, CoiWatch *watch)
{
    if (watch->bodies_pending > 0 || watch->to_ask->len > 0)
        return;
    g_hash_table_remove_all(watch->waiting); /* gone from the server before their text came */
    /* As long as old messages are to come there is no place to go on from: who is cut off before looks again for the first
     * time. */
    if (!store(engine, watch, !watch->more))
        return;
    watch->state = COI_WATCH_FOLLOWING;
    watch->sync = COI_SYNC_LIVE;
    watch->failures = watch->quiets = watch->swaps = 0;
    watch->barren = watch->more ? watch->barren : 0;
    watch->settled = TRUE;
    watch->looks -= MIN(watch->looked, watch->looks);
    watch->looked = 0;
    watch->last_uid = MAX(watch->last_uid, watch->folder.next_uid - 1);
    engine->chores_changed = engine->bulk_changed = TRUE;
    if (watch == &engine->watches[COI_WATCH_CHATS])
        coi_extra_check(engine);
    if (is_inbox(engine, watch))
        engine->lost_said = FALSE;
}

void coi_watches_look_elsewhere(CoiEngine *engine, const CoiWatch *watch)
{
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++) {
        CoiWatch *other = &engine->watches[i];
        if (other == watch || other->state != COI_WATCH_FOLLOWING || other->visited || other->looks > 1)
            continue; /* of two one has not begun */
        engine->look_until = g_get_monotonic_time() + LOOK_USEC;
        look(engine, other);
    }
}

gboolean coi_watches_looking(const CoiEngine *engine)
{
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++)
        if (engine->watches[i].looks > 0 && g_get_monotonic_time() < engine->look_until)
            return TRUE;
    return FALSE;
}

/* Between this message and the last one there were others, which somebody has filed before we saw them. */
static void mind_the_gap(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result)
{
    if (watch->sync == COI_SYNC_LIVE && is_inbox(engine, watch) && result->uid > watch->last_uid + 1 &&
        engine->filing != COI_FILING_NONE)
        coi_watches_look_elsewhere(engine, watch);
    watch->last_uid = MAX(watch->last_uid, result->uid);
}

static void message(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result)
{
    mind_the_gap(engine, watch, result);
    CoiArrival *waiting = g_hash_table_lookup(watch->waiting, GUINT_TO_POINTER(result->uid));
    if (waiting != NULL && result->whole) {
        g_hash_table_steal(watch->waiting, GUINT_TO_POINTER(result->uid));
        coi_inbound_fill(waiting, result);
        g_ptr_array_add(watch->arrived, waiting);
    } else if (waiting == NULL) {
        CoiArrival *arrival = coi_inbound_classify(engine, watch, result);
        if (arrival == NULL)
            return;
        if (arrival->place_only || arrival->message->show == COI_SHOW_NEVER || result->whole) {
            if (result->whole)
                coi_inbound_fill(arrival, result);
            g_ptr_array_add(watch->arrived, arrival);
        } else {
            g_hash_table_insert(watch->waiting, GUINT_TO_POINTER(result->uid), arrival);
            g_array_append_val(watch->to_ask, result->uid);
        }
    }
    if (watch->arrived->len >= BATCH)
        store(engine, watch, FALSE);
}

static void close_after(CoiEngine *engine, CoiWatch *watch, const GError *refusal)
{
    if (watch->refusal == NULL && refusal != NULL)
        watch->refusal = g_error_copy(refusal);
    coi_imap_link_send(watch->link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
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
        if (is_open(watch))
            message(engine, watch, result);
        break;
    case COI_IMAP_FETCHED:
        if (is_open(watch)) {
            watch->folder.next_uid = result->next_uid;
            watch->folder.highest_modseq = result->highest_modseq;
            watch->more = result->more;
            watch->polled = result->polled;
            watch->looked += result->looked ? 1 : 0;
            ask_for_texts(engine, watch);
            settle_if_complete(engine, watch);
        }
        break;
    case COI_IMAP_FLAGS:
        if (is_open(watch))
            coi_seen_flags(engine, watch, result);
        break;
    case COI_IMAP_STATUS:
        if (is_open(watch) && is_inbox(engine, watch) && chats_are_visited(engine))
            chats_status(engine, result);
        else if (is_open(watch) && is_inbox(engine, watch))
            status(engine, result);
        break;
    case COI_IMAP_DONE:
        if (is_open(watch) && watch->chore_tag != 0 && result->tag == watch->chore_tag) {
            coi_chores_result(engine, watch, result);
        } else if (is_open(watch) && watch->bodies_pending > 0) {
            watch->bodies_pending--;
            settle_if_complete(engine, watch);
        }
        break;
    case COI_IMAP_FAILED: /* a fetch that the server refused: a new session starts from what is stored */
        if (is_open(watch) && watch->chore_tag != 0 && result->tag == watch->chore_tag)
            coi_chores_result(engine, watch, result);
        else if (is_open(watch) && result->tag >= watch->tag)
            close_after(engine, watch, result->error);
        break;
    case COI_IMAP_DOWN:
        down(engine, watch, result);
        break;
    case COI_IMAP_APPENDED:
    case COI_IMAP_FOUND:
    case COI_IMAP_ENDED:
        break;
    }
}
