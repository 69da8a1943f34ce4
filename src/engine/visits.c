#include "engine/private.h"

gboolean coi_visits_chats(const CoiEngine *engine)
{
    const CoiWatch *chats = &engine->watches[COI_WATCH_CHATS];
    return coi_limit_active(engine) && chats->visited && chats->mailbox != NULL && !coi_watch_is_open(chats);
}

const char *coi_visits_told_of(const CoiEngine *engine, const CoiImapFacts *facts)
{
    if (coi_visits_chats(engine))
        return engine->watches[COI_WATCH_CHATS].mailbox;
    return g_strcmp0(facts->sent, facts->chats) != 0 ? facts->sent : NULL;
}

static void visit_sent(CoiEngine *engine)
{
    CoiWatch *sent = &engine->watches[COI_WATCH_SENT];
    g_free(sent->mailbox);
    sent->mailbox = g_strdup(engine->facts->sent);
    sent->visited = TRUE;
    coi_watch_open(engine, sent);
}

void coi_watches_visit_sent(CoiEngine *engine)
{
    CoiWatch *sent = &engine->watches[COI_WATCH_SENT];
    if (engine->failed || engine->stopping || engine->facts == NULL || engine->facts->sent == NULL)
        return;
    if (sent->state == COI_WATCH_OFF || sent->state == COI_WATCH_RESTING)
        visit_sent(engine);
    else if (sent->state == COI_WATCH_FOLLOWING)
        coi_watch_look(engine, sent);
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
        coi_watch_open(engine, chats);
}

void coi_watches_expect(CoiEngine *engine)
{
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++)
        if (engine->watches[i].state == COI_WATCH_FOLLOWING && engine->watches[i].polled)
            coi_watch_look(engine, &engine->watches[i]);
}

/* INBOX's link tells how far Sent has got. Copies that we put there ourselves are no reason to go and look. */
static void sent_status(CoiEngine *engine, const CoiImapResult *result)
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

void coi_visits_status(CoiEngine *engine, const CoiImapResult *result)
{
    if (coi_visits_chats(engine))
        chats_status(engine, result);
    else
        sent_status(engine, result);
}

void coi_watches_inbox_again(CoiEngine *engine)
{
    if (!engine->failed && !engine->stopping && coi_watch_inbox(engine)->state == COI_WATCH_RESTING)
        coi_watch_open(engine, coi_watch_inbox(engine));
}

void coi_watches_unlimited(CoiEngine *engine)
{
    CoiWatch *chats = &engine->watches[COI_WATCH_CHATS], *in = coi_watch_inbox(engine);
    chats->visited = FALSE;
    if (chats->state == COI_WATCH_RESTING) {
        chats->state = COI_WATCH_DOWN;
        chats->retry_at = 0;
    }
    in->anew = coi_watch_is_open(in);
    if (in->anew)
        coi_imap_link_send(in->link, coi_imap_request_new(COI_IMAP_CLOSE, coi_engine_next_tag(engine)));
}
