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

gint64 coi_inbound_known(CoiEngine *engine, const CoiMessage *message, const char *alias)
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
    if (!is_past(watch) && coi_inbound_known(engine, arrival->message, arrival->alias) > 0) {
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
