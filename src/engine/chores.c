/* What is left to be done on the server about messages: flags and moves, wherever their copies lie now. */
#include "engine/private.h"

#define BATCH 200
#define RETRY_FIRST_USEC (2 * G_USEC_PER_SEC)
#define RETRY_LIMIT_USEC (900 * G_USEC_PER_SEC)
/* Without MOVE two clients of ours may copy the same message: each waits for a moment of its own. */
#define JITTER_USEC (10 * G_USEC_PER_SEC)

/* Reading is told first: what is moved then takes its flags along. */
static const CoiChore order[] = {COI_CHORE_CLAIM, COI_CHORE_SEEN, COI_CHORE_BLOCK, COI_CHORE_FILE, COI_CHORE_FILE_SENT,
                                 COI_CHORE_KEYWORD};

gboolean coi_chores_add_now(CoiEngine *engine, gint64 message, CoiChore chore, GError **error)
{
    engine->chores_changed = TRUE;
    return coi_chores_add(engine->store, message, chore, error);
}

static gboolean is_move(CoiChore chore)
{
    return chore == COI_CHORE_FILE || chore == COI_CHORE_FILE_SENT || chore == COI_CHORE_BLOCK;
}

static const char *target(const CoiEngine *engine, CoiChore chore)
{
    return chore == COI_CHORE_BLOCK ? engine->facts->blocked : engine->facts->chats_name;
}

/* FILE is for INBOX alone, FILE_SENT for Sent; nothing is moved to where it is. */
static gboolean applies(CoiEngine *engine, const CoiWatch *watch, CoiChore chore)
{
    if ((chore == COI_CHORE_FILE || chore == COI_CHORE_FILE_SENT) && coi_watches_chats_coming(engine))
        return FALSE;
    if (chore == COI_CHORE_FILE)
        return watch == &engine->watches[COI_WATCH_INBOX] && engine->filing != COI_FILING_NONE;
    if (chore == COI_CHORE_FILE_SENT)
        return watch == &engine->watches[COI_WATCH_SENT] && engine->filing != COI_FILING_NONE;
    return !is_move(chore) || g_strcmp0(watch->mailbox, target(engine, chore)) != 0;
}

static gboolean is_our_turn(CoiEngine *engine, CoiWatch *watch, CoiChore chore, gint64 now)
{
    if (!is_move(chore) || engine->facts->moves)
        return TRUE;
    if (watch->file_at == 0)
        watch->file_at = now + (gint64)(g_random_double() * JITTER_USEC);
    return watch->file_at <= now;
}

/* This copy has \Seen, and by us: what others have read is not claimed. */
static gboolean we_have_read(CoiEngine *engine, const CoiWatch *watch, guint place)
{
    return coi_messages_place_seen(engine->store, watch->mailbox, g_array_index(watch->chore_places, CoiChorePlace, place).uid);
}

/* One request claims either what has \Seen or what hasn't. */
static void leave_alike(CoiEngine *engine, CoiWatch *watch)
{
    gboolean read = we_have_read(engine, watch, 0);
    for (guint i = watch->chore_places->len; i-- > 1;)
        if (we_have_read(engine, watch, i) != read)
            g_array_remove_index(watch->chore_places, i);
}

static void send(CoiEngine *engine, CoiWatch *watch, CoiChore chore)
{
    static const char *const seen[] = {"\\Seen", NULL}, *const keyword[] = {"$Chat", NULL};
    static const char *const sent[] = {"$Chat", "$Submitted", NULL}; /* the latter: for our other devices, that it is ours */
    watch->chore = chore;
    watch->chore_tag = coi_engine_next_tag(engine);
    watch->file_at = 0;
    CoiImapRequest *request =
        coi_imap_request_new(is_move(chore) ? COI_IMAP_MOVE : chore == COI_CHORE_CLAIM ? COI_IMAP_CLAIM : COI_IMAP_STORE,
                             watch->chore_tag);
    request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < watch->chore_places->len; i++)
        g_array_append_val(request->uids, g_array_index(watch->chore_places, CoiChorePlace, i).uid);
    if (is_move(chore))
        request->target = g_strdup(target(engine, chore));
    request->must_exist = (chore == COI_CHORE_FILE || chore == COI_CHORE_FILE_SENT) && engine->facts->coi;
    request->again = chore == COI_CHORE_CLAIM && we_have_read(engine, watch, 0);
    if (chore != COI_CHORE_BLOCK && chore != COI_CHORE_CLAIM)
        request->flags = g_strdupv((GStrv)(chore == COI_CHORE_SEEN ? seen : chore == COI_CHORE_FILE_SENT ? sent : keyword));
    coi_imap_link_send(watch->link, request);
}

/* After a refusal one by one, in any order: a single message that the server can't move keeps no other waiting. */
static void pick_one(GArray *places)
{
    CoiChorePlace one = g_array_index(places, CoiChorePlace, g_random_int_range(0, (gint32)places->len));
    g_array_set_size(places, 0);
    g_array_append_val(places, one);
}

static gint64 sooner(gint64 a, gint64 b)
{
    return a < 0 || b < 0 ? MAX(a, b) : MIN(a, b);
}

/* What is to be removed from this mailbox now, or NULL; then *next says when it is to be looked at again. */
static CoiImapRequest *removal(CoiEngine *engine, CoiWatch *watch, gint64 now, gint64 *next)
{
    gint64 again = watch->tries[0].at, due = coi_expired_due(engine, watch, now);
    CoiImapRequest *request = again <= now ? coi_extra_request(engine, watch) : NULL;
    watch->expiring = request == NULL && due >= 0 && due <= now;
    if (watch->expiring)
        request = coi_expired_request(engine, watch);
    *next = sooner(again > now ? again : -1, due);
    return request;
}

/* Sends what is to be done next in this mailbox; when it is to be looked at again, -1: after the answer, or never. */
static gint64 pump(CoiEngine *engine, CoiWatch *watch, gint64 now)
{
    gint64 next;
    if (watch->state == COI_WATCH_RESTING)
        return coi_expired_visit(engine, watch, now);
    if (watch->state != COI_WATCH_FOLLOWING || watch->chore_tag != 0 || engine->facts == NULL)
        return -1;
    CoiImapRequest *remove = removal(engine, watch, now, &next);
    if (remove != NULL) {
        watch->removing = TRUE;
        watch->chore_tag = remove->tag;
        coi_imap_link_send(watch->link, remove);
        return -1;
    }
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        CoiChoreTries *tries = &watch->tries[order[i]];
        if (!applies(engine, watch, order[i]))
            continue;
        if (tries->at > now) {
            next = sooner(next, tries->at);
            continue;
        }
        g_clear_pointer(&watch->chore_places, g_array_unref);
        watch->chore_places = coi_chores_at(engine->store, watch->mailbox, order[i], BATCH);
        if (watch->chore_places->len == 0) {
            tries->failures = 0;
            continue;
        }
        if (order[i] == COI_CHORE_CLAIM)
            leave_alike(engine, watch);
        if (tries->failures > 0)
            pick_one(watch->chore_places);
        if (is_our_turn(engine, watch, order[i], now)) {
            send(engine, watch, order[i]);
            return -1;
        }
        next = sooner(next, watch->file_at);
    }
    return next;
}

/* \Seen counts for this copy alone. */
static gboolean note_place(CoiEngine *engine, CoiWatch *watch, const CoiChorePlace *place, GError **error)
{
    if (watch->chore == COI_CHORE_SEEN)
        return coi_messages_set_place_seen(engine->store, watch->mailbox, place->uid, TRUE, error) &&
               coi_chores_settle_seen(engine->store, place->message, error);
    return coi_chores_done(engine->store, place->message, watch->chore, error) &&
           (!is_move(watch->chore) || coi_messages_remove_place(engine->store, watch->mailbox, place->uid, error));
}

static gboolean note_done(CoiEngine *engine, CoiWatch *watch, const CoiImapResult *result, GError **error)
{
    const GArray *copied = result->copied;
    gboolean filed = watch->chore == COI_CHORE_FILE || watch->chore == COI_CHORE_FILE_SENT;
    gboolean claimed = watch->chore == COI_CHORE_CLAIM;
    if (!coi_store_begin(engine->store, claimed, error))
        return FALSE;
    gboolean good = !claimed || coi_receipts_claimed(engine, watch->mailbox, watch->chore_places, result, error);
    for (guint i = 0; good && !claimed && i < watch->chore_places->len; i++)
        good = note_place(engine, watch, &g_array_index(watch->chore_places, CoiChorePlace, i), error);
    if (good && (!filed || coi_extra_moved(engine, watch->chore_places, copied, error)) && coi_store_commit(engine->store, error))
        return TRUE;
    coi_store_rollback(engine->store);
    return FALSE;
}

static gboolean note_removed(CoiEngine *engine, CoiWatch *watch, GError **error)
{
    if (watch->expiring)
        return coi_expired_removed(engine, watch, error);
    watch->tries[0].failures = 0;
    return coi_extra_removed(engine, watch, error);
}

void coi_chores_result(CoiEngine *engine, CoiWatch *watch, CoiImapResult *result)
{
    g_autoptr(GError) error = NULL;
    gboolean removing = watch->removing;
    watch->chore_tag = 0;
    watch->removing = FALSE;
    engine->chores_changed = TRUE;
    if (result->type == COI_IMAP_FAILED && removing && watch->expiring) {
        coi_expired_refused(watch);
        return;
    }
    if (result->type == COI_IMAP_FAILED) {
        if (!removing && watch->chore == COI_CHORE_FILE)
            coi_filing_in_doubt(engine);
        CoiChoreTries *tries = &watch->tries[removing ? 0 : watch->chore];
        tries->at = g_get_monotonic_time() + coi_engine_backoff(tries->failures++, RETRY_FIRST_USEC, RETRY_LIMIT_USEC);
        return;
    }
    if (removing ? !note_removed(engine, watch, &error) : !note_done(engine, watch, result, &error)) {
        coi_engine_store_failed(engine, g_steal_pointer(&error));
    } else if (!removing && (watch->chore == COI_CHORE_FILE || watch->chore == COI_CHORE_FILE_SENT)) {
        coi_watches_start_chats(engine, engine->facts->chats_name); /* it may just have been made */
    }
}

gint64 coi_chores_timers(CoiEngine *engine, gint64 now)
{
    if (engine->store == NULL || (!engine->chores_changed && (engine->chores_due < 0 || engine->chores_due > now)))
        return engine->chores_due;
    engine->chores_changed = FALSE;
    engine->chores_due = -1;
    for (guint i = 0; i < COI_WATCHES; i++)
        engine->chores_due = sooner(engine->chores_due, pump(engine, &engine->watches[i], now));
    return engine->chores_due;
}
