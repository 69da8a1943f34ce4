#include "engine/live.h"

#include "engine/private.h"

/* After a message. */
#define WROTE_USEC (10 * G_USEC_PER_SEC)
/* After the peer's word that they compose one, which they repeat each 25 s. */
#define COMPOSING_USEC (30 * G_USEC_PER_SEC)
/* A server that was slow has other things to do: no sign of life begins it anew so soon. */
#define REST_USEC (30 * G_USEC_PER_SEC)

gint64 coi_live_end(const CoiLiveTalk *talk)
{
    gint64 wrote = talk->wrote != 0 && talk->looked >= talk->wrote ? talk->wrote + WROTE_USEC : 0;
    gint64 composing = talk->composing != 0 && talk->looked >= talk->composing ? talk->composing + COMPOSING_USEC : 0;
    return MAX(wrote, composing);
}

gboolean coi_live_is_of_use(const char *server_id)
{
    return server_id != NULL && g_ascii_strncasecmp(server_id, "Dovecot", strlen("Dovecot")) == 0;
}

void coi_live_clear(CoiLive *live)
{
    g_clear_pointer(&live->talks, g_hash_table_unref);
}

/* Where chat arrives. */
static CoiWatch *receiving(CoiEngine *engine)
{
    const CoiImapFacts *facts = engine->facts;
    gboolean chats = facts != NULL && facts->coi && facts->coi_enabled && g_strcmp0(facts->coi_filter, "active") == 0;
    return &engine->watches[chats ? COI_WATCH_CHATS : COI_WATCH_INBOX];
}

static gboolean is_possible(CoiEngine *engine)
{
    return engine->live.wanted && engine->facts != NULL && coi_live_is_of_use(engine->facts->server_id) &&
           coi_watch_is_open(receiving(engine)) && g_get_monotonic_time() >= engine->live.rest;
}

static CoiLiveTalk *talk_with(CoiEngine *engine, const char *conversation)
{
    if (engine->live.talks == NULL)
        engine->live.talks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    CoiLiveTalk *talk = g_hash_table_lookup(engine->live.talks, conversation);
    if (talk == NULL) {
        talk = g_new0(CoiLiveTalk, 1);
        g_hash_table_insert(engine->live.talks, g_strdup(conversation), talk);
    }
    return talk;
}

static gboolean is_over(gpointer address, gpointer talk, gpointer now)
{
    (void)address;
    const CoiLiveTalk *one = talk;
    return one->wrote + WROTE_USEC <= *(gint64 *)now && one->composing + COMPOSING_USEC <= *(gint64 *)now;
}

/* Forgets what is over; the latest end of the others. */
static gint64 latest_end(CoiLive *live, gint64 now)
{
    GHashTableIter iter;
    gpointer talk;
    gint64 end = 0;
    g_hash_table_foreach_remove(live->talks, is_over, &now);
    g_hash_table_iter_init(&iter, live->talks);
    while (g_hash_table_iter_next(&iter, NULL, &talk))
        end = MAX(end, coi_live_end(talk));
    return end > now ? end : 0;
}

/* One link asks, however many conversations are live. */
static void tell_link(CoiEngine *engine)
{
    CoiLive *live = &engine->live;
    gint64 now = g_get_monotonic_time();
    gint64 until = latest_end(live, now);
    if (live->until <= now)
        live->until = 0; /* the link has ended by itself */
    if (until == live->until || !is_possible(engine))
        return;
    live->until = until;
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_HURRY, coi_engine_next_tag(engine));
    request->until = until;
    coi_imap_link_send(receiving(engine)->link, request);
}

void coi_live_heard(CoiEngine *engine, const CoiWatch *watch, const CoiMessage *message)
{
    const CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    gboolean shown = message->show == COI_SHOW_PENDING || message->show == COI_SHOW_BETWEEN;
    if (!engine->live.wanted || message->id == 0 || !shown || message->kind != COI_LINE_IN || message->delayed ||
        watch->sync != COI_SYNC_LIVE ||
        (receiving(engine) == chats && watch != chats)) /* ordinary mail */
        return;
    CoiLiveTalk *talk = talk_with(engine, message->conversation);
    talk->wrote = g_get_monotonic_time();
}

void coi_live_composing(CoiEngine *engine, const char *conversation, gint64 since)
{
    if (!engine->live.wanted || (since == 0 && engine->live.talks == NULL))
        return;
    talk_with(engine, conversation)->composing = since;
    tell_link(engine);
}

void coi_live_looked(CoiEngine *engine, const char *conversation)
{
    CoiLiveTalk *talk = engine->live.talks != NULL ? g_hash_table_lookup(engine->live.talks, conversation) : NULL;
    if (talk == NULL)
        return;
    talk->looked = g_get_monotonic_time();
    tell_link(engine);
}

static void give_up(CoiEngine *engine)
{
    engine->live.until = 0;
    engine->live.rest = g_get_monotonic_time() + REST_USEC;
}

void coi_live_lags(CoiEngine *engine, const CoiWatch *watch)
{
    g_debug("%s: too slow for a live exchange", watch->mailbox);
    give_up(engine);
}

void coi_live_down(CoiEngine *engine, const CoiWatch *watch, const GError *error)
{
    if (watch != receiving(engine))
        return;
    if (error != NULL && engine->live.until > g_get_monotonic_time())
        give_up(engine);
    engine->live.until = 0;
}
