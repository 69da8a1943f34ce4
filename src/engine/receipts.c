/* Receipts that others ask us for (COI.md section 3). Whatever number of devices has shown a message, one receipt leaves: the one of the
 * client that could flag it first. */
#include "engine/private.h"

#include <string.h>

#include "base/i18n.h"
#include "coi/id.h"
#include "mime/compose.h"
#include "store/receipts.h"

/* What stands in the outbox in place of a person: the order among messages to them is not touched, and no address looks so. */
#define CONVERSATION "receipt:"
/* Our own devices need it no longer than others' receipts. */
#define KEPT_SECONDS (7 * 86400)

gboolean coi_receipts_is_one(const CoiOutgoing *mail)
{
    return g_str_has_prefix(mail->conversation, CONVERSATION);
}

void coi_receipts_expect(CoiEngine *engine, CoiArrival *arrival, const CoiHeaders *headers, gboolean claimed)
{
    CoiMessage *message = arrival->message;
    message->wants_receipt = engine->receipts_at_reply && headers->asks_receipt && !claimed && !arrival->seen && arrival->list == NULL &&
                             headers->message_id != NULL && !g_str_equal(message->sender, engine->address);
}

static gboolean may_be_sent(CoiEngine *engine, const CoiMessage *message)
{
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, message->sender);
    return message->wants_receipt && message->kind == COI_LINE_IN && !peer->is_blocked && peer->list_id == NULL &&
           g_str_equal(message->conversation, message->sender) &&
           (peer->is_buddy || coi_receipts_may_know(engine->store, message->conversation));
}

gboolean coi_receipts_seen(CoiEngine *engine, const CoiMessage *message, gboolean *claims, GError **error)
{
    *claims = engine->receipts_when_seen && may_be_sent(engine, message);
    return !*claims || coi_chores_add_now(engine, message->id, COI_CHORE_CLAIM, error);
}

static gboolean note_reply(CoiEngine *engine, const char *conversation, GError **error)
{
    g_autoptr(GArray) owed = coi_receipts_owed(engine->store, conversation);
    for (guint i = 0; i < owed->len; i++) {
        gint64 id = g_array_index(owed, gint64, i);
        g_autoptr(CoiMessage) message = coi_messages_get(engine->store, id);
        if (message == NULL || !may_be_sent(engine, message))
            continue;
        /* Where the server doesn't know yet that it was read, that is told by the claim. */
        if (!coi_chores_add_now(engine, id, COI_CHORE_CLAIM, error) || !coi_chores_done(engine->store, id, COI_CHORE_SEEN, error))
            return FALSE;
    }
    return TRUE;
}

void coi_receipts_replied(CoiEngine *engine, const char *conversation)
{
    g_autoptr(GError) error = NULL;
    if (engine->store == NULL || engine->failed || !engine->receipts_at_reply)
        return;
    if (coi_store_begin(engine->store, FALSE, &error)) {
        if (note_reply(engine, conversation, &error) && coi_store_commit(engine->store, &error))
            return;
        coi_store_rollback(engine->store);
    }
    coi_engine_store_failed(engine, g_steal_pointer(&error));
}

gboolean coi_receipts_elsewhere(CoiEngine *engine, gint64 message, GError **error)
{
    return coi_receipts_settle(engine->store, message, error) && coi_chores_done(engine->store, message, COI_CHORE_CLAIM, error);
}

static GBytes *compose(CoiEngine *engine, const CoiMessage *about, const CoiMessage *receipt, GError **error)
{
    g_autofree char *first = NULL, *last = NULL;
    coi_messages_thread(engine->store, about->conversation, &first, &last);
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, about->sender);
    g_autoptr(GPtrArray) to = g_ptr_array_new_with_free_func((GDestroyNotify)coi_address_free);
    CoiAddress *recipient = coi_address_new(peer->name, about->sender);
    if (recipient == NULL) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, about->sender);
        return NULL;
    }
    g_ptr_array_add(to, recipient);
    CoiDraft draft = {.from = engine->address,
                      .to = to,
                      .message_id = receipt->message_id,
                      .first_reference = first,
                      .last_reference = about->message_id,
                      .date = receipt->time,
                      .subject = _("Read receipt"),
                      .text = _("Your message was displayed. That does not mean that it was read or understood."),
                      .automatic = "auto-replied",
                      .receipt_for = about->sent_as != NULL ? about->sent_as : about->message_id};
    return coi_mail_compose(&draft, error);
}

/* A mail like any other of ours, but of a conversation that is nobody's. */
static CoiMessage *new_row(CoiEngine *engine, const CoiMessage *about)
{
    CoiMessage *row = coi_letter_line(engine, about->sender, "");
    char *conversation = g_strconcat(CONVERSATION, about->sender, NULL);
    g_free(row->conversation);
    row->conversation = conversation;
    g_clear_pointer(&row->text, g_free);
    row->show = COI_SHOW_NEVER;
    row->expires = row->time + KEPT_SECONDS;
    return row;
}

static gboolean send(CoiEngine *engine, gint64 id, GError **error)
{
    g_autoptr(CoiMessage) about = coi_messages_get(engine->store, id);
    if (about == NULL || !may_be_sent(engine, about) || !coi_budget_take(engine, COI_BUDGET_RECEIPT))
        return TRUE;
    g_autoptr(CoiMessage) row = new_row(engine, about);
    g_autoptr(GError) unfit = NULL;
    g_autoptr(GBytes) mail = compose(engine, about, row, &unfit);
    const char *recipients[] = {about->sender, NULL};
    if (mail == NULL) {
        g_debug("no receipt: %s", unfit->message);
        return TRUE;
    }
    engine->outbox_changed = TRUE;
    return coi_messages_insert(engine->store, row, NULL, error) &&
           coi_outbox_insert(engine->store, row->id, mail, recipients, FALSE, row->time, error);
}

static gboolean contains(const GArray *uids, guint32 uid)
{
    for (guint i = 0; uids != NULL && i < uids->len; i++)
        if (g_array_index(uids, guint32, i) == uid)
            return TRUE;
    return FALSE;
}

static gboolean note_claim(CoiEngine *engine, const char *mailbox, const CoiChorePlace *place, gboolean won, GError **error)
{
    gint64 id = place->message;
    /* Of two copies one is enough. */
    if (won && coi_chores_waits(engine->store, id, COI_CHORE_CLAIM) && !send(engine, id, error))
        return FALSE;
    if (won && !coi_messages_set_place_seen(engine->store, mailbox, place->uid, TRUE, error))
        return FALSE;
    return coi_receipts_elsewhere(engine, id, error) && coi_chores_add_now(engine, id, COI_CHORE_SEEN, error) &&
           coi_chores_settle_seen(engine->store, id, error);
}

gboolean coi_receipts_claimed(CoiEngine *engine, const char *mailbox, const GArray *places, const CoiImapResult *result, GError **error)
{
    for (guint i = 0; i < places->len; i++) {
        const CoiChorePlace *place = &g_array_index(places, CoiChorePlace, i);
        gboolean gone = contains(result->gone, place->uid);
        /* What was moved is claimed where it turns up. */
        if (gone ? !coi_messages_remove_place(engine->store, mailbox, place->uid, error)
                 : !note_claim(engine, mailbox, place, contains(result->uids, place->uid), error))
            return FALSE;
    }
    return TRUE;
}
