/* Some servers keep what they send for us in Sent by themselves, which shows after our first send. No copy of ours is
 * wanted there; where chat is sorted, the server's copy moves to Chats, so that each message lies in one place. */
#include "engine/private.h"

/* Fact in the store: "server" or "us"; absent while nothing has been sent. */
#define KEEPER "sent-kept-by"
/* After a mail has been sent, Sent is looked at. */
#define LOOK_AFTER_USEC (1 * G_USEC_PER_SEC)
/* How long the server's copy is waited for: where nothing is known yet, where it is likely but takes its time, and
 * where it came before. */
#define FIRST_USEC (2 * G_USEC_PER_SEC)
#define LIKELY_USEC (15 * G_USEC_PER_SEC)
#define KNOWN_USEC (120 * G_USEC_PER_SEC)
/* More of it, while the look is under way. */
#define MORE_USEC (G_USEC_PER_SEC / 2)

typedef enum { KEPT_UNKNOWN, KEPT_BY_US, KEPT_BY_SERVER } Keeper;

static Keeper keeper(CoiEngine *engine)
{
    g_autofree char *known = coi_store_get(engine->store, KEEPER);
    if (known != NULL)
        return g_str_equal(known, "server") ? KEPT_BY_SERVER : KEPT_BY_US;
    /* Gmail does. */
    return g_strv_contains((const char *const *)engine->facts->capabilities, "X-GM-EXT-1") ? KEPT_BY_SERVER
                                                                                           : KEPT_UNKNOWN;
}

static gint64 patience(CoiEngine *engine, Keeper who)
{
    const char *server = engine->facts->server_id;
    if (who == KEPT_BY_SERVER)
        return KNOWN_USEC;
    return server != NULL && g_str_has_prefix(server, "Microsoft.Exchange") ? LIKELY_USEC : FIRST_USEC;
}

static void learn(CoiEngine *engine, const char *who)
{
    g_autoptr(GError) error = NULL;
    if (!coi_store_set(engine->store, KEEPER, who, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}

void coi_sent_left(CoiEngine *engine)
{
    if (engine->facts == NULL || engine->facts->sent == NULL)
        return;
    Keeper who = keeper(engine);
    gint64 now = g_get_monotonic_time();
    if (who == KEPT_BY_US || (who == KEPT_UNKNOWN && engine->sent_patience > 0))
        return;
    if (engine->sent_look_at == 0)
        engine->sent_look_at = now + LOOK_AFTER_USEC;
    engine->sent_patience = now + patience(engine, who);
}

void coi_sent_opened(CoiEngine *engine)
{
    g_autoptr(CoiOutgoing) mail = coi_outbox_next_copy(engine->store, NULL);
    if (mail != NULL)
        coi_sent_left(engine);
}

gboolean coi_sent_is_awaited(const CoiEngine *engine)
{
    return engine->sent_patience > 0;
}

/* The server's copy has not come. Without a look at Sent that teaches nothing. */
static void lose_patience(CoiEngine *engine, gint64 now)
{
    const CoiWatch *sent = &engine->watches[COI_WATCH_SENT];
    if (sent->state == COI_WATCH_OPENING || sent->state == COI_WATCH_CATCHING_UP || sent->more) {
        engine->sent_patience = now + MORE_USEC;
        return;
    }
    engine->sent_patience = 0;
    engine->bulk_changed = TRUE;
    g_autoptr(CoiOutgoing) mail = coi_outbox_next_copy(engine->store, NULL);
    if (mail != NULL && engine->watches[COI_WATCH_SENT].settled)
        learn(engine, "us");
}

gint64 coi_sent_timers(CoiEngine *engine, gint64 now)
{
    if (engine->sent_look_at > 0 && engine->sent_look_at <= now) {
        engine->sent_look_at = 0;
        coi_watches_visit_sent(engine);
    }
    if (engine->sent_patience > 0 && engine->sent_patience <= now)
        lose_patience(engine, now);
    if (engine->sent_look_at > 0)
        return engine->sent_look_at; /* it comes first */
    return engine->sent_patience > 0 ? engine->sent_patience : -1;
}

/* Not by us: we add neither trace nor another id, and nothing at all before we have tried to. */
static gboolean is_kept_by_server(const CoiEngine *engine, const CoiArrival *arrival, const CoiMessage *message,
                                  const CoiOutgoing *mail)
{
    gboolean untried = mail->copy == COI_COPY_WANTED && mail->copy_attempts == 0 && mail->id > engine->copy_tried &&
                       mail->created >= engine->login_time;
    return arrival->travelled || untried || !g_str_equal(arrival->message->message_id, message->message_id);
}

/* On other devices what travelled proves to be ours by the keyword alone. */
static gboolean is_to_be_moved(CoiEngine *engine, const CoiArrival *arrival, const CoiOutgoing *mail)
{
    return engine->filing != COI_FILING_NONE && (!arrival->travelled || engine->facts->keeps_keywords) &&
           !coi_messages_lies_in(engine->store, mail->id, engine->facts->chats_name);
}

gboolean coi_sent_found(CoiEngine *engine, const char *mailbox, const CoiArrival *arrival, const CoiMessage *message,
                        GError **error)
{
    if (message->kind != COI_LINE_OWN || engine->facts == NULL || g_strcmp0(mailbox, engine->facts->sent) != 0)
        return TRUE;
    g_autoptr(CoiOutgoing) mail = coi_outbox_get(engine->store, message->id);
    if (mail == NULL || !is_kept_by_server(engine, arrival, message, mail))
        return TRUE;
    if (!coi_store_set(engine->store, KEEPER, "server", error))
        return FALSE;
    if (mail->copy != COI_COPY_WANTED || mail->id == engine->copying)
        return TRUE; /* not wanted, or made by us already */
    if (!coi_outbox_copy_attempted(engine->store, mail->id, COI_COPY_DONE, error))
        return FALSE;
    engine->bulk_changed = TRUE;
    return !is_to_be_moved(engine, arrival, mail) ||
           coi_chores_add_now(engine, message->id, COI_CHORE_FILE_SENT, error);
}
