#include "engine/private.h"

#include <string.h>

#include "coi/id.h"
#include "engine/content.h"

void coi_arrival_free(gpointer data)
{
    CoiArrival *arrival = data;
    if (arrival == NULL)
        return;
    coi_message_free(arrival->message);
    g_free(arrival->alias);
    g_free(arrival->last_reference);
    g_free(arrival->answers);
    g_free(arrival->list);
    g_free(arrival->list_id);
    g_strfreev(arrival->subjects);
    g_clear_pointer(&arrival->deleted, g_array_unref);
    coi_report_free(arrival->report);
    g_free(arrival);
}

static gboolean has_flag(const CoiImapResult *result, const char *name)
{
    for (guint i = 0; result->flags != NULL && result->flags[i] != NULL; i++)
        if (g_ascii_strcasecmp(result->flags[i], name) == 0)
            return TRUE;
    return FALSE;
}

/* Somebody's answer counts when it is to a message of ours or to chat; our own, wherever written, when we know what it is to. */
static gboolean answers(CoiEngine *engine, GStrv ids, gboolean own)
{
    for (guint i = 0; ids[i] != NULL; i++)
        if (coi_messages_is_chat(engine->store, ids[i]) || (own && coi_messages_find(engine->store, ids[i], NULL) > 0))
            return TRUE;
    return FALSE;
}

/* Chat for the world, or an answer within a conversation (COI.md section 1). What is posted to a list is no chat by itself. */
static gboolean is_chat(CoiEngine *engine, const CoiHeaders *headers, gboolean own, const char *list)
{
    if (headers->from_count > 1)
        return FALSE;
    return (list == NULL && coi_headers_are_chat(headers)) || answers(engine, headers->in_reply_to, own) ||
           answers(engine, headers->references, own);
}

/* list: what it was posted to, or NULL. */
static gboolean ordinary_mail_is_wanted(CoiEngine *engine, const CoiHeaders *headers, const char *list)
{
    if (engine->ordinary_none || engine->ordinary_all)
        return engine->ordinary_all;
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, list != NULL ? list : headers->from->address);
    return peer->is_buddy && (list != NULL || headers->list_id == NULL);
}

/* What has a meaning of its own is no line of talk: machines' reports, and COI's contents that carry data. */
static gboolean is_talk(const CoiHeaders *headers)
{
    if (g_strcmp0(headers->content_type, "multipart/report") == 0 &&
        g_strcmp0(headers->report_type, "disposition-notification") == 0)
        return FALSE;
    switch (coi_content_of(headers)) {
    case COI_CONTENT_HIDDEN:
    case COI_CONTENT_CONTACT:
    case COI_CONTENT_PREVIEW:
    case COI_CONTENT_GROUP:
        return FALSE;
    default:
        return TRUE;
    }
}

/* Nobody follows the mailbox: the message was fetched since somebody wants to see it again (past.h). */
static gboolean is_past(const CoiWatch *watch)
{
    return watch->state == COI_WATCH_OFF;
}

/* Is this news to the user? read: by them, or written by them, on another device. */
static gboolean is_news(const CoiEngine *engine, const CoiWatch *watch, const CoiImapResult *result, gboolean read, gint64 now)
{
    CoiSync sync = result->old ? COI_SYNC_FIRST : watch->sync;
    gint64 date = result->internal_date;
    if (sync == COI_SYNC_LIVE) /* old mail that another program moves here is no news */
        return !read || date >= now - 86400;
    if (date >= engine->login_time) /* missed in a cut of this very login */
        return TRUE;
    if (sync == COI_SYNC_FIRST)
        return !read && date >= now - COI_FIRST_LOGIN_DAYS * 86400;
    return !read && (sync == COI_SYNC_LATER || date >= watch->newest_before);
}

/* What is no news only belongs to the history, but between news it is shown, too, unless these have long been shown. */
static CoiShow how_to_show(CoiEngine *engine, const CoiWatch *watch, const CoiImapResult *result, gboolean read, gint64 now)
{
    if (is_past(watch))
        return COI_SHOW_BETWEEN; /* if at all; past.c knows better */
    if (is_news(engine, watch, result, read, now))
        return COI_SHOW_PENDING;
    return read && !result->old && result->internal_date >= now - COI_FIRST_LOGIN_DAYS * 86400 ? COI_SHOW_BETWEEN : COI_SHOW_NEVER;
}

/* What lies in the folder for sent mail was put there by us or by our server. */
static gboolean is_in_sent(CoiEngine *engine, const CoiWatch *watch)
{
    return watch == &engine->watches[COI_WATCH_SENT] ||
           (is_past(watch) && engine->facts != NULL && g_strcmp0(watch->mailbox, engine->facts->sent) == 0);
}

/* From us: a device of ours appended it if it never travelled, or moved it here from Sent, as a keyword says that only
 * we can set. Anything else is not proven ours: it is shown in the
 * conversation with the person it names, but as no line of ours. */
static gboolean conversation_of_own(CoiEngine *engine, const CoiWatch *watch, const CoiImapResult *result,
                                    const CoiHeaders *headers, CoiMessage *message)
{
    gboolean proven = !headers->has_received || is_in_sent(engine, watch) || has_flag(result, "$Submitted");
    for (guint i = 0; i < headers->to->len; i++) {
        const CoiAddress *to = g_ptr_array_index(headers->to, i);
        if (g_strcmp0(to->address, engine->address) != 0) {
            message->kind = proven ? COI_LINE_REMOTE : COI_LINE_IN;
            message->conversation = g_strdup(to->address);
            return TRUE;
        }
    }
    return FALSE;
}

static CoiMessage *new_message(const CoiWatch *watch, const CoiImapResult *result, const CoiHeaders *headers, gint64 now)
{
    gsize length;
    const guint8 *bytes = g_bytes_get_data(result->bytes, &length);
    CoiMessage *message = g_new0(CoiMessage, 1);
    message->sender = g_strdup(headers->from->address);
    message->sender_name = g_strdup(headers->from->name);
    if (headers->message_id != NULL) {
        message->message_id = g_strdup(headers->message_id);
    } else {
        g_autofree char *hash = coi_header_hash(bytes, length);
        message->message_id = g_strconcat("hash:", hash, NULL);
    }
    if (g_strcmp0(headers->alias_id, headers->message_id) != 0)
        message->sent_as = g_strdup(headers->alias_id);
    message->kind = COI_LINE_IN;
    message->show = COI_SHOW_NEVER;
    message->internal_date = result->internal_date;
    message->time = headers->date > 0 ? MIN(headers->date, result->internal_date) : result->internal_date;
    message->time = MIN(message->time, now);
    message->delayed = watch->sync != COI_SYNC_LIVE || result->old;
    message->mailbox = g_strdup(watch->mailbox);
    message->uid = result->uid;
    return message;
}

static gint64 known_as(CoiEngine *engine, const CoiMessage *message, const char *alias)
{
    gint64 id = coi_messages_find(engine->store, message->message_id, message->sender);
    return id == 0 && alias != NULL ? coi_messages_find(engine->store, alias, message->sender) : id;
}

/* Ordinary mail of ours to somebody whose ordinary mail is shown: answers written in webmail belong to the conversation. */
static gboolean own_ordinary_mail_is_wanted(CoiEngine *engine, const CoiWatch *watch, const CoiHeaders *headers)
{
    if (!is_in_sent(engine, watch) || engine->ordinary_none || headers->to->len != 1)
        return FALSE;
    const CoiAddress *to = g_ptr_array_index(headers->to, 0);
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, to->address);
    return engine->ordinary_all || peer->is_buddy;
}

static gboolean is_blocked(CoiEngine *engine, const CoiArrival *arrival)
{
    g_autoptr(CoiPeer) sender = coi_peers_get(engine->store, arrival->message->sender);
    g_autoptr(CoiPeer) list = arrival->list != NULL ? coi_peers_get(engine->store, arrival->list) : NULL;
    return sender->is_blocked || (list != NULL && list->is_blocked);
}

/* The list that it was posted to, and who did. */
static void look_for_list(CoiEngine *engine, const CoiHeaders *headers, CoiArrival *arrival)
{
    if (g_str_equal(headers->from->address, engine->address))
        return;
    arrival->list = coi_lists_address(engine, headers);
    arrival->list_id = arrival->list != NULL ? g_strdup(headers->list_id) : NULL;
    if (arrival->list != NULL)
        coi_lists_find_author(arrival->list, headers, arrival->message);
}

/* The conversation and whether the user gets to see it; FALSE: a mail that is none of our business. */
static gboolean judge(CoiEngine *engine, const CoiWatch *watch, const CoiImapResult *result, const CoiHeaders *headers,
                      CoiArrival *arrival, gint64 now)
{
    CoiMessage *message = arrival->message;
    gboolean own = g_str_equal(message->sender, engine->address);
    gboolean blocked = !own && is_blocked(engine, arrival);
    if (own && headers->list_id != NULL && !is_in_sent(engine, watch))
        return FALSE; /* what we posted comes back: our own copy says it better */
    message->chat = is_chat(engine, headers, own, arrival->list);
    if (!message->chat && !blocked &&
        !(own ? own_ordinary_mail_is_wanted(engine, watch, headers) : ordinary_mail_is_wanted(engine, headers, arrival->list)))
        return FALSE;
    if (own && !conversation_of_own(engine, watch, result, headers, message))
        return FALSE;
    if (!own)
        message->conversation = g_strdup(arrival->list != NULL ? arrival->list : message->sender);
    arrival->chat = coi_headers_by_chat_program(headers);
    arrival->takes_typing = coi_typing_is_welcome(headers);
    message->seen = arrival->seen || message->kind != COI_LINE_IN || coi_content_is_ours(headers->chat_content);
    if (is_talk(headers) && !blocked)
        message->show = how_to_show(engine, watch, result, message->seen, now);
    return TRUE;
}

/* What the mail that this one answers is about, "" when that says nothing; NULL when we know none. Owned by the caller. */
static char *known_subject(CoiEngine *engine, const CoiHeaders *headers)
{
    guint references = g_strv_length(headers->references);
    const char *const ids[] = {headers->in_reply_to[0], references > 0 ? headers->references[references - 1] : NULL};
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        gint64 id = ids[i] != NULL ? coi_messages_find(engine->store, ids[i], NULL) : 0;
        g_autoptr(CoiMessage) known = id != 0 ? coi_messages_get(engine->store, id) : NULL;
        if (known != NULL)
            return g_strdup(known->topic != NULL ? known->topic : "");
    }
    return NULL;
}

CoiArrival *coi_inbound_classify(CoiEngine *engine, const CoiWatch *watch, const CoiImapResult *result)
{
    gsize length;
    const guint8 *bytes = g_bytes_get_data(result->bytes, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiHeaders) headers = coi_headers_parse(bytes, length, &error);
    if (headers == NULL || headers->from == NULL) {
        g_debug("mail %u of %s left alone: %s", result->uid, watch->mailbox, error != NULL ? error->message : "no sender");
        return NULL;
    }
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    CoiArrival *arrival = g_new0(CoiArrival, 1);
    arrival->message = new_message(watch, result, headers, now);
    look_for_list(engine, headers, arrival);
    arrival->alias = g_strdup(headers->alias_id);
    coi_edits_read(arrival, headers);
    coi_replies_read(arrival, headers);
    guint references = g_strv_length(headers->references);
    arrival->last_reference = references > 0 ? g_strdup(headers->references[references - 1]) : NULL;
    arrival->message->follows = g_strdup(arrival->last_reference);
    arrival->uid = result->uid;
    arrival->seen = has_flag(result, "\\Seen");
    arrival->keyword = has_flag(result, "$Chat");
    arrival->travelled = headers->has_received;
    coi_typing_expect(arrival, headers);
    if (!is_past(watch) && known_as(engine, arrival->message, arrival->alias) > 0) {
        arrival->place_only = TRUE;
        return arrival;
    }
    gboolean wanted = judge(engine, watch, result, headers, arrival, now);
    gboolean news = !is_past(watch) && !coi_content_is_ours(headers->chat_content);
    if (news)
        coi_receipts_expect(engine, arrival, headers, has_flag(result, "$MDNSent"));
    if ((!news || !coi_reports_expect(engine, arrival, headers, wanted)) && !wanted) {
        coi_arrival_free(arrival);
        return NULL;
    }
    if (arrival->message->expires != 0)
        return arrival;
    g_autofree char *known = known_subject(engine, headers);
    arrival->message->subject = coi_content_subject(headers, known);
    return arrival;
}

void coi_inbound_fill(CoiArrival *arrival, const CoiImapResult *result)
{
    CoiMessage *message = arrival->message;
    if (arrival->place_only || message->show == COI_SHOW_NEVER || coi_reports_take(arrival, result->bytes))
        return;
    gsize length;
    const guint8 *bytes = g_bytes_get_data(result->bytes, &length);
    g_autoptr(CoiMail) mail = coi_mail_parse(bytes, length, NULL);
    coi_content_fill(message, mail, result->size > length);
    if (mail != NULL)
        coi_edits_read(arrival, mail->headers);
    if (*message->text == '\0' && message->whole == NULL && arrival->subjects == NULL)
        message->show = COI_SHOW_NEVER; /* nothing to see */
}

static void say_name(CoiEngine *engine, const CoiMessage *message)
{
    CoiEvent *event = coi_event_new(COI_EVENT_NAME);
    event->address = g_strdup(message->sender);
    event->name = g_strdup(message->sender_name);
    coi_engine_emit(engine, event);
}

static gboolean heard(CoiEngine *engine, const CoiArrival *arrival, GError **error)
{
    const CoiMessage *message = arrival->message;
    if (arrival->list != NULL) /* its author hasn't written to us */
        return arrival->list_id == NULL || coi_peers_set_list(engine->store, arrival->list, arrival->list_id, error);
    gboolean is_line = message->show == COI_SHOW_PENDING || message->show == COI_SHOW_BETWEEN;
    if (message->kind != COI_LINE_IN || !is_line || g_str_equal(message->sender, engine->address))
        return TRUE;
    coi_typing_wrote(engine, arrival);
    if (arrival->chat && !coi_peers_set_takes_typing(engine->store, message->sender, arrival->takes_typing, error))
        return FALSE;
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, message->sender);
    if (message->sender_name != NULL && g_strcmp0(peer->name, message->sender_name) != 0)
        say_name(engine, message);
    return coi_peers_heard(engine->store, message->sender, message->sender_name, arrival->chat, error);
}

/* A server gave this copy an id of its own, by which answers may name it. */
static gboolean note_other_id(CoiEngine *engine, const CoiMessage *copy, const CoiMessage *known, GError **error)
{
    return g_str_equal(copy->message_id, known->message_id) || g_str_has_prefix(copy->message_id, "hash:") ||
           (coi_messages_add_alias(engine->store, known->id, copy->message_id, error) &&
            coi_reports_known_as(engine, known, copy->message_id, error));
}

/* A copy of message id lies in mailbox: its flags, and what is to be done about it. */
static gboolean look_at_place(CoiEngine *engine, const char *mailbox, const CoiArrival *arrival, gint64 id, GError **error)
{
    g_autoptr(CoiMessage) known = NULL;
    const CoiMessage *message = arrival->message;
    if (message->id != id) {
        message = known = coi_messages_get(engine->store, id);
        if (known == NULL || (arrival->seen && (!coi_seen_flag(engine, id, TRUE, error) ||
                                                !coi_chores_settle_seen(engine->store, id, error))))
            return known == NULL;
        if (!note_other_id(engine, arrival->message, known, error) ||
            !coi_sent_found(engine, mailbox, arrival, known, error))
            return FALSE;
        coi_extra_check(engine);
    }
    /* Somebody filed it before \Seen had reached it. */
    if (message->seen && message->kind == COI_LINE_IN && !arrival->seen &&
        !coi_chores_add_now(engine, id, COI_CHORE_SEEN, error))
        return FALSE;
    return coi_filing_judge(engine, mailbox, arrival, message, error);
}

static gboolean insert(CoiEngine *engine, CoiArrival *arrival, GError **error)
{
    CoiMessage *message = arrival->message;
    const char *aliases[] = {arrival->alias, NULL};
    coi_edits_judge(engine, arrival);
    coi_replies_judge(engine, arrival);
    if (!coi_messages_insert(engine->store, message, aliases, error) || !coi_edits_note(engine, arrival, error) ||
        !coi_reports_note(engine, arrival, error) || !coi_reports_known_as(engine, message, message->message_id, error) ||
        !coi_reports_known_as(engine, message, arrival->alias, error) ||
        !coi_messages_put_in_order(engine->store, message, error) || !heard(engine, arrival, error))
        return FALSE;
    if (!message->delayed)
        coi_clock_arrived(engine, message->internal_date);
    if (arrival->typing != COI_TYPING_NONE)
        coi_typing_heard(engine, arrival);
    engine->chores_changed |= message->expires != 0;
    engine->between_pending |= message->show == COI_SHOW_BETWEEN;
    return TRUE;
}

static gboolean store_one(CoiEngine *engine, CoiArrival *arrival, GError **error)
{
    CoiMessage *message = arrival->message;
    gint64 id = known_as(engine, message, arrival->alias); /* again: a copy may have come by another mailbox meanwhile */
    if (id == 0 && !arrival->place_only && coi_reports_judge(engine, arrival)) {
        id = known_as(engine, message, arrival->alias); /* a report has another id, now that it is known to be one */
        if (id == 0 && !insert(engine, arrival, error))
            return FALSE;
        id = id != 0 ? id : message->id;
    }
    return id == 0 || (coi_messages_add_place(engine->store, id, message->mailbox, arrival->uid, arrival->seen, error) &&
                       look_at_place(engine, message->mailbox, arrival, id, error));
}

static char *newest_key(const char *mailbox)
{
    return g_strconcat("newest:", mailbox, NULL);
}

gint64 coi_inbound_newest(CoiEngine *engine, const char *mailbox)
{
    g_autofree char *key = newest_key(mailbox);
    g_autofree char *value = coi_store_get(engine->store, key);
    return value != NULL ? g_ascii_strtoll(value, NULL, 10) : 0;
}

static gboolean note_newest(CoiEngine *engine, CoiWatch *watch, GError **error)
{
    gint64 newest = coi_inbound_newest(engine, watch->mailbox);
    gint64 now_newest = newest;
    for (guint i = 0; i < watch->arrived->len; i++) {
        const CoiArrival *arrival = g_ptr_array_index(watch->arrived, i);
        now_newest = MAX(now_newest, arrival->message->internal_date);
    }
    if (now_newest == newest)
        return TRUE;
    g_autofree char *key = newest_key(watch->mailbox);
    g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, now_newest);
    return coi_store_set(engine->store, key, value, error);
}

/* Live, a message follows one that we know, or begins. Else something came before it that we have not seen yet. */
static gboolean follows_the_unknown(CoiEngine *engine, const CoiWatch *watch, const CoiArrival *arrival)
{
    if (watch->sync != COI_SYNC_LIVE || arrival->message->delayed || arrival->message->expires != 0 || arrival->place_only || arrival->last_reference == NULL ||
        g_str_equal(arrival->last_reference, arrival->message->message_id))
        return FALSE;
    for (guint i = 0; i < watch->arrived->len; i++)
        if (g_strcmp0(((CoiArrival *)watch->arrived->pdata[i])->message->message_id, arrival->last_reference) == 0)
            return FALSE;
    return coi_messages_find(engine->store, arrival->last_reference, NULL) == 0;
}

static gboolean store_arrived(CoiEngine *engine, CoiWatch *watch, gboolean everything, GError **error)
{
    coi_order_arrived(watch->arrived);
    for (guint i = 0; i < watch->arrived->len; i++)
        if (follows_the_unknown(engine, watch, watch->arrived->pdata[i]))
            coi_watches_look_elsewhere(engine, watch);
    for (guint i = 0; i < watch->arrived->len; i++)
        if (!store_one(engine, g_ptr_array_index(watch->arrived, i), error))
            return FALSE;
    for (guint i = 0; i < watch->arrived->len; i++)
        coi_live_heard(engine, watch, ((CoiArrival *)watch->arrived->pdata[i])->message);
    if (!note_newest(engine, watch, error))
        return FALSE;
    return !everything || coi_folders_set(engine->store, watch->mailbox, &watch->folder, error);
}

gboolean coi_inbound_store(CoiEngine *engine, CoiWatch *watch, gboolean everything, GError **error)
{
    if (!coi_store_begin(engine->store, FALSE, error))
        return FALSE;
    if (!store_arrived(engine, watch, everything, error) || !coi_store_commit(engine->store, error)) {
        coi_store_rollback(engine->store);
        return FALSE;
    }
    g_ptr_array_set_size(watch->arrived, 0);
    engine->lines_pending = TRUE;
    return TRUE;
}
