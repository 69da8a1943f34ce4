/* Where chat messages live on the server: what the user wants, what a COI server does by itself, and what is left to do by our
 * own hand so that every device finds the same (DESIGN section 6, COI.md section 2). */
#include "engine/private.h"

/* Facts in the store: the answer to the question; the choice carried out last; that a COI server refused it. */
#define ANSWER "filter-answer"
#define WRITTEN "filter-written"
#define REFUSED "filter-refused"

/* The settings are looked at anew by a new login: at once, and then more and more rarely. */
#define DOUBT_FIRST_USEC (60 * G_USEC_PER_SEC)
#define DOUBT_LIMIT_USEC (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

static CoiFiling filing_of(const char *filter)
{
    if (g_strcmp0(filter, "active") == 0)
        return COI_FILING_ACTIVE;
    return g_strcmp0(filter, "seen") == 0 ? COI_FILING_SEEN : COI_FILING_NONE;
}

/* The message-filter of a server that does COI for this user, else NULL. */
static const char *server_filter(const CoiImapFacts *facts)
{
    if (!facts->coi || !facts->coi_enabled)
        return NULL;
    return facts->coi_filter != NULL ? facts->coi_filter : "none";
}

static void remember(CoiEngine *engine, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;
    if (!coi_store_set(engine->store, key, value, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}

static void set_filing(CoiEngine *engine, CoiFiling filing)
{
    g_autoptr(GError) error = NULL;
    if (filing == engine->filing)
        return;
    gboolean ok = filing == COI_FILING_NONE ? coi_chores_drop_all(engine->store, COI_CHORE_FILE, &error)
                                            : coi_chores_file_all(engine->store, "INBOX", engine->facts->chats_name, engine->address,
                                                                  filing == COI_FILING_SEEN, &error);
    engine->filing = filing;
    engine->chores_changed = TRUE;
    if (coi_filing_makes_chats(engine))
        coi_watches_start_chats(engine, engine->facts->chats_name);
    if (!ok)
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}

static void ask(CoiEngine *engine)
{
    set_filing(engine, COI_FILING_NONE);
    if (engine->filter_asked)
        return;
    engine->filter_asked = TRUE;
    CoiEvent *event = coi_event_new(COI_EVENT_ASK_FILTER);
    event->count = engine->facts->coi;
    coi_engine_emit(engine, event);
}

/* The user has decided, or changed their mind: carried out once, never again at later logins. */
static void carry_out(CoiEngine *engine, const char *filter)
{
    const char *there = server_filter(engine->facts);
    gboolean write = engine->facts->coi && g_strcmp0(there, filter) != 0 && (there != NULL || !g_str_equal(filter, "none"));
    if (write) {
        g_free(engine->configuring);
        engine->configuring = g_strdup(filter);
        engine->bulk_changed = TRUE;
        return;
    }
    remember(engine, WRITTEN, filter);
    remember(engine, REFUSED, NULL);
    set_filing(engine, filing_of(filter));
}

/* The wish was carried out in an earlier login. */
static void go_on(CoiEngine *engine, const char *filter)
{
    const char *there = server_filter(engine->facts);
    g_autofree char *refused = coi_store_get(engine->store, REFUSED);
    if (!engine->facts->coi)
        set_filing(engine, filing_of(filter));
    else if (there != NULL)
        set_filing(engine, filing_of(there)); /* another program may have changed it since */
    else if (refused != NULL)
        set_filing(engine, engine->facts->chats != NULL ? filing_of(filter) : COI_FILING_NONE);
    else if (g_str_equal(filter, "none"))
        set_filing(engine, COI_FILING_NONE);
    else
        ask(engine); /* switched off elsewhere: that was a wish, too */
}

void coi_filing_learn(CoiEngine *engine)
{
    g_autofree char *answer = coi_store_get(engine->store, ANSWER);
    g_autofree char *written = coi_store_get(engine->store, WRITTEN);
    const char *there = server_filter(engine->facts);
    const char *wish = g_str_equal(engine->filter, "ask") ? answer : engine->filter;
    if (engine->facts->coi && there == NULL)
        coi_watches_leave_chats(engine);
    if (wish == NULL && there == NULL)
        ask(engine);
    else if (wish == NULL)
        set_filing(engine, filing_of(there));
    else if (g_strcmp0(wish, written) != 0)
        carry_out(engine, wish);
    else
        go_on(engine, wish);
}

gboolean coi_filing_makes_chats(const CoiEngine *engine)
{
    return engine->facts != NULL && !engine->facts->coi && engine->filing != COI_FILING_NONE;
}

void coi_filing_in_doubt(CoiEngine *engine)
{
    gint64 now = g_get_monotonic_time();
    if (engine->facts == NULL || !engine->facts->coi || engine->filing == COI_FILING_NONE || engine->configuring != NULL ||
        now < engine->doubt_at)
        return;
    engine->doubt_at = now + coi_engine_backoff(engine->doubts++, DOUBT_FIRST_USEC, DOUBT_LIMIT_USEC);
    set_filing(engine, COI_FILING_NONE);
    engine->filter_asked = FALSE;
    coi_watches_log_in_anew(engine);
}

void coi_filing_answer(CoiEngine *engine, const CoiCommand *command)
{
    if (engine->store == NULL || engine->facts == NULL || engine->failed || command->text == NULL || command->unasked)
        return;
    if (g_str_equal(engine->filter, "ask"))
        remember(engine, ANSWER, command->text);
    carry_out(engine, command->text);
}

gboolean coi_filing_waits(CoiEngine *engine)
{
    return engine->configuring != NULL;
}

void coi_filing_pump(CoiEngine *engine)
{
    if (engine->configuring == NULL || engine->configure_tag != 0)
        return;
    engine->configure_tag = coi_engine_next_tag(engine);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_CONFIGURE, engine->configure_tag);
    request->filter = g_strdup(engine->configuring);
    coi_imap_link_send(engine->bulk, request);
}

static void refused(CoiEngine *engine, const GError *error)
{
    CoiEvent *event = coi_event_new(COI_EVENT_FILTER_REFUSED);
    event->reply = g_strdup(error != NULL ? error->message : NULL);
    coi_engine_emit(engine, event);
    remember(engine, REFUSED, "1");
    go_on(engine, engine->configuring);
}

void coi_filing_result(CoiEngine *engine, CoiImapResult *result)
{
    if (result->type != COI_IMAP_DONE && result->type != COI_IMAP_FAILED)
        return;
    engine->configure_tag = 0;
    remember(engine, WRITTEN, engine->configuring);
    if (result->type == COI_IMAP_FAILED) {
        refused(engine, result->error);
    } else {
        remember(engine, REFUSED, NULL);
        coi_watches_log_in_anew(engine); /* a session keeps the settings that it first saw */
    }
    g_clear_pointer(&engine->configuring, g_free);
}

void coi_filing_down(CoiEngine *engine)
{
    engine->configure_tag = 0; /* written again: the same values do no harm */
}

/* chat in INBOX */

static gboolean file(CoiEngine *engine, gint64 message, GError **error)
{
    const char *chats = engine->facts != NULL ? engine->facts->chats_name : NULL;
    if (chats != NULL && coi_messages_lies_in(engine->store, message, chats))
        return TRUE; /* a copy is there already */
    return coi_chores_add_now(engine, message, COI_CHORE_FILE, error);
}

static gboolean is_to_be_filed(const CoiEngine *engine, gboolean own, gboolean seen)
{
    return engine->filing == COI_FILING_ACTIVE || (engine->filing == COI_FILING_SEEN && (own || seen));
}

/* Chat has its keyword wherever it lies; but on a COI server only where the user has COI. What is an answer to us by what our store
 * knows is chat that the server doesn't recognize: the keyword tells it. */
static gboolean gives_keyword(const CoiEngine *engine)
{
    const CoiImapFacts *facts = engine->facts;
    return facts != NULL && facts->keeps_keywords && (!facts->coi || facts->coi_enabled);
}

gboolean coi_filing_judge(CoiEngine *engine, const char *mailbox, const CoiArrival *arrival, const CoiMessage *message,
                          GError **error)
{
    gboolean own = message->kind != COI_LINE_IN;
    if (arrival->is_typing)
        return TRUE; /* gone in a minute */
    if (!own && g_str_equal(message->sender, engine->address))
        return TRUE; /* not proven to be ours: left alone */
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, message->sender);
    g_autoptr(CoiPeer) talk = coi_peers_get(engine->store, message->conversation); /* a list */
    if (!own && (peer->is_blocked || talk->is_blocked))
        return coi_chores_add_now(engine, message->id, COI_CHORE_BLOCK, error);
    if (!message->chat || !g_str_equal(mailbox, "INBOX"))
        return TRUE;
    if (own && !arrival->seen && !coi_chores_add_now(engine, message->id, COI_CHORE_SEEN, error))
        return FALSE;
    if (is_to_be_filed(engine, own, message->seen))
        return file(engine, message->id, error);
    return !gives_keyword(engine) || arrival->keyword || coi_chores_add_now(engine, message->id, COI_CHORE_KEYWORD, error);
}

gboolean coi_filing_seen(CoiEngine *engine, gint64 id, GError **error)
{
    if (engine->filing != COI_FILING_SEEN || !coi_messages_lies_in(engine->store, id, "INBOX"))
        return TRUE;
    g_autoptr(CoiMessage) message = coi_messages_get(engine->store, id);
    return message == NULL || !message->chat || file(engine, id, error);
}
