/* Who is writing (COI.md section 8): mails that are gone within minutes, and that nobody reads. */
#include "engine/private.h"

#include "base/i18n.h"
#include "coi/id.h"
#include "mime/compose.h"

#define LIFE_SECONDS 60
/* Anybody may write any Expires. */
#define LIFE_LIMIT_SECONDS 600
/* Servers deliver a mail and the next one in any order, but not long after each other. */
#define OVERTAKEN_SECONDS 60
/* Clients say that nobody writes any more before they hand over what was written. */
#define DONE_USEC (3 * G_USEC_PER_SEC)

struct _CoiTyping {
    GHashTable *peers; /* address → Peer */
    gint64 due;        /* monotonic; the earliest done_at, -1: none */
    char *under_way;   /* whom the latest mail went to */
};

typedef struct {
    /* theirs */
    CoiTypingState state;
    gint64 until;         /* monotonic; the state holds so long */
    gint64 told;          /* when they wrote what the state is from, by their clock */
    gint64 wrote, came;   /* when their latest message was written, by their clock, and when it came, by the server's */
    char *latest;         /* its id, or NULL */
    /* ours */
    gint64 composed_at;   /* monotonic; our latest "composing", 0: none */
    gboolean composing;   /* it holds: neither a message nor "done" has followed */
    gint64 done_at;       /* monotonic; when "done" is to be said, 0: never */
    gboolean refused;     /* the server has refused such a mail: none is sent there any more in this login */
} Peer;

static void peer_free(gpointer data)
{
    g_free(((Peer *)data)->latest);
    g_free(data);
}

static Peer *peer_of(CoiEngine *engine, const char *address)
{
    if (engine->typing == NULL) {
        engine->typing = g_new0(CoiTyping, 1);
        engine->typing->peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, peer_free);
        engine->typing->due = -1;
    }
    Peer *peer = g_hash_table_lookup(engine->typing->peers, address);
    if (peer == NULL) {
        peer = g_new0(Peer, 1);
        g_hash_table_insert(engine->typing->peers, g_strdup(address), peer);
    }
    return peer;
}

void coi_typing_free(CoiTyping *typing)
{
    g_hash_table_unref(typing->peers);
    g_free(typing->under_way);
    g_free(typing);
}

static gboolean is_one(const CoiArrival *arrival, const CoiHeaders *headers)
{
    return coi_content_is_typing(headers->chat_content) && coi_headers_by_chat_program(headers) && headers->from_count == 1 &&
           arrival->list == NULL;
}

void coi_typing_expect(CoiArrival *arrival, const CoiHeaders *headers)
{
    if (!is_one(arrival, headers))
        return;
    gint64 arrived = arrival->message->internal_date;
    gboolean sound = headers->expires >= arrived; /* else the sender's clock is wrong */
    coi_expired_mark(arrival, "typing", sound ? MIN(headers->expires, arrived + LIFE_LIMIT_SECONDS) : arrived + LIFE_SECONDS);
    arrival->is_typing = TRUE;
    arrival->typing = coi_typing_state(headers);
}

static void tell(CoiEngine *engine, const char *address, const Peer *peer)
{
    gint64 left = peer->until - g_get_monotonic_time();
    CoiEvent *event = coi_event_new(COI_EVENT_TYPING);
    event->address = g_strdup(address);
    event->typing = peer->state;
    event->count = MAX((left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC, 1);
    coi_engine_emit(engine, event);
}

static gboolean holds(const Peer *peer, gint64 now)
{
    return (peer->state == COI_TYPING_COMPOSING || peer->state == COI_TYPING_PAUSED) && peer->until > now;
}

/* A message or a later word of theirs has come already. Within a second the message that the mail comes after tells. */
static gboolean is_overtaken(const Peer *peer, const CoiArrival *arrival)
{
    const CoiMessage *mail = arrival->message;
    gboolean before = mail->time < peer->wrote ||
                      (mail->time == peer->wrote && g_strcmp0(arrival->last_reference, peer->latest) != 0);
    return mail->time < peer->told || (before && mail->internal_date <= peer->came + OVERTAKEN_SECONDS);
}

void coi_typing_heard(CoiEngine *engine, const CoiArrival *arrival)
{
    const CoiMessage *mail = arrival->message;
    gint64 now = g_get_monotonic_time(), age = coi_clock_now(engine) - mail->internal_date;
    gint64 left = MIN(mail->expires - mail->internal_date, LIFE_SECONDS) - MAX(age, 0);
    if (arrival->typing == COI_TYPING_NONE || mail->kind != COI_LINE_IN || g_str_equal(mail->sender, engine->address) || left <= 0)
        return;
    g_autoptr(CoiPeer) known = coi_peers_get(engine->store, mail->sender);
    Peer *peer = peer_of(engine, mail->sender);
    if (known->is_blocked || is_overtaken(peer, arrival))
        return;
    gboolean is_new = arrival->typing != COI_TYPING_DONE || holds(peer, now);
    peer->state = arrival->typing;
    peer->told = mail->time;
    peer->until = now + left * G_USEC_PER_SEC;
    coi_live_composing(engine, mail->sender, peer->state == COI_TYPING_COMPOSING ? now - MAX(age, 0) * G_USEC_PER_SEC : 0);
    if (is_new)
        tell(engine, mail->sender, peer);
}

static Peer *known_peer(const CoiEngine *engine, const char *address)
{
    return engine->typing != NULL ? g_hash_table_lookup(engine->typing->peers, address) : NULL;
}

void coi_typing_wrote(CoiEngine *engine, const CoiArrival *arrival)
{
    const CoiMessage *message = arrival->message;
    Peer *peer = arrival->takes_typing ? peer_of(engine, message->sender) : known_peer(engine, message->sender);
    if (peer == NULL)
        return;
    if (message->time >= peer->wrote) {
        g_free(peer->latest);
        peer->latest = g_strdup(message->message_id);
    }
    peer->wrote = MAX(peer->wrote, message->time);
    peer->came = MAX(peer->came, message->internal_date);
    if (peer->told > message->time)
        return;
    peer->state = COI_TYPING_NONE;
    coi_live_composing(engine, message->sender, 0);
}

void coi_typing_shown(CoiEngine *engine, const char *address)
{
    const Peer *peer = known_peer(engine, address);
    if (peer != NULL && holds(peer, g_get_monotonic_time()))
        tell(engine, address, peer);
}

gboolean coi_typing_is_wanted(const CoiEngine *engine)
{
    const CoiImapFacts *facts = engine->facts;
    return engine->typing_told && facts != NULL && facts->coi && facts->coi_enabled && g_strcmp0(facts->coi_filter, "active") == 0;
}

/* Encrypted exactly when the conversation is: this is the place. */
static GBytes *compose(CoiEngine *engine, const char *address, CoiTypingState state)
{
    g_autofree char *first = NULL, *last = NULL, *id = coi_id_new(coi_address_domain(engine->address));
    g_autoptr(GPtrArray) to = g_ptr_array_new_with_free_func((GDestroyNotify)coi_address_free);
    CoiAddress *recipient = coi_address_new(NULL, address);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GError) error = NULL;
    if (recipient == NULL)
        return NULL;
    g_ptr_array_add(to, recipient);
    coi_messages_thread(engine->store, address, &first, &last);
    CoiDraft draft = {.from = engine->address,
                      .to = to,
                      .message_id = id,
                      .first_reference = first,
                      .last_reference = last,
                      .chat_content = coi_typing_content(state),
                      .automatic = "auto-generated",
                      .date = now,
                      .expires = now + LIFE_SECONDS,
                      .subject = _("Writing"),
                      .text = state == COI_TYPING_COMPOSING ? _("I am writing a message to you.")
                                                            : _("I am not writing a message any more.")};
    GBytes *mail = coi_mail_compose(&draft, &error);
    if (mail == NULL)
        g_debug("no typing mail: %s", error->message);
    return mail;
}

static gboolean may_send(CoiEngine *engine, const char *address, const Peer *peer)
{
    if (engine->store == NULL || !engine->typing_told || peer->refused || !coi_watches_up(engine) || !coi_outbound_is_idle(engine))
        return FALSE;
    g_autoptr(CoiPeer) known = coi_peers_get(engine->store, address);
    return known->takes_typing && !known->is_blocked && known->list_id == NULL && !g_str_equal(address, engine->address);
}

static gboolean send(CoiEngine *engine, const char *address, const Peer *peer, CoiTypingState state)
{
    g_autoptr(GBytes) mail = NULL;
    if (!may_send(engine, address, peer) || !coi_budget_take(engine, COI_BUDGET_TYPING) ||
        (mail = compose(engine, address, state)) == NULL)
        return FALSE;
    g_free(engine->typing->under_way);
    engine->typing->under_way = g_strdup(address);
    coi_outbound_aside(engine, address, mail);
    return TRUE;
}

void coi_typing_asked(CoiEngine *engine, const CoiCommand *command)
{
    Peer *peer = peer_of(engine, command->address);
    gint64 now = g_get_monotonic_time();
    if (command->typing == COI_TYPING_COMPOSING) {
        peer->done_at = 0;
        gboolean again = peer->composed_at == 0 || now - peer->composed_at >= COI_TYPING_AGAIN_SECONDS * G_USEC_PER_SEC;
        if (again && send(engine, command->address, peer, COI_TYPING_COMPOSING)) {
            peer->composed_at = now;
            peer->composing = TRUE;
        }
    } else if (command->typing == COI_TYPING_DONE && peer->composing) {
        peer->done_at = now + DONE_USEC;
        engine->typing->due = engine->typing->due < 0 ? peer->done_at : MIN(engine->typing->due, peer->done_at);
    }
}

void coi_typing_sent(CoiEngine *engine, const char *address)
{
    Peer *peer = known_peer(engine, address);
    if (peer == NULL)
        return;
    peer->composing = FALSE;
    peer->done_at = 0;
}

/* What the other side believes ends by itself: then "done" would tell nothing. */
static void say_done(CoiEngine *engine, const char *address, Peer *peer, gint64 now)
{
    if (peer->composing && now - peer->composed_at < LIFE_SECONDS * G_USEC_PER_SEC)
        send(engine, address, peer, COI_TYPING_DONE);
    peer->composing = FALSE;
    peer->done_at = 0;
}

gint64 coi_typing_timers(CoiEngine *engine, gint64 now)
{
    GHashTableIter iter;
    gpointer address, value;
    if (engine->typing == NULL || engine->typing->due < 0 || engine->typing->due > now)
        return engine->typing != NULL ? engine->typing->due : -1;
    engine->typing->due = -1;
    g_hash_table_iter_init(&iter, engine->typing->peers);
    while (g_hash_table_iter_next(&iter, &address, &value)) {
        Peer *peer = value;
        if (peer->done_at != 0 && peer->done_at <= now)
            say_done(engine, address, peer, now);
        if (peer->done_at != 0 && (engine->typing->due < 0 || peer->done_at < engine->typing->due))
            engine->typing->due = peer->done_at;
    }
    return engine->typing->due;
}

void coi_typing_answered(CoiEngine *engine, const CoiSmtpResult *result)
{
    const CoiRecipientResult *recipient = result->recipients->len > 0 ? result->recipients->pdata[0] : NULL;
    Peer *peer = engine->typing != NULL && engine->typing->under_way != NULL ? known_peer(engine, engine->typing->under_way) : NULL;
    if (peer != NULL && recipient != NULL && recipient->status != COI_RECIPIENT_ACCEPTED)
        peer->refused = TRUE;
}
