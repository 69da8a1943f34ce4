/* What machines tell of our messages: receipts (COI.md section 3) and delivery reports. Anybody can write either: a receipt counts from
 * whom the message was sent to, and what a server says never overrules it. */
#include "engine/private.h"

#include "store/receipts.h"

/* So long every device of ours can learn from it; then it is removed from the server. */
#define KEPT_SECONDS (7 * 86400)
/* By so many ids a receipt names its message. */
#define EARLY_IDS 4

/* Those who write letters about deliveries. */
static gboolean is_from_server(const CoiHeaders *headers)
{
    static const char *const names[] = {"mailer-daemon@", "postmaster@", "mail-daemon@", "maildaemon@", "microsoftexchange"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_has_prefix(headers->from->address, names[i]))
            return TRUE;
    return FALSE;
}

static gboolean looks_like_report(const CoiHeaders *headers)
{
    return headers->from_count == 1 && (g_str_equal(headers->content_type, "multipart/report") || is_from_server(headers));
}

gboolean coi_reports_expect(CoiEngine *engine, CoiArrival *arrival, const CoiHeaders *headers, gboolean wanted)
{
    CoiMessage *message = arrival->message;
    gint64 oldest = g_get_real_time() / G_USEC_PER_SEC - COI_FIRST_LOGIN_DAYS * 86400;
    if (!looks_like_report(headers) || message->internal_date < oldest || g_str_equal(message->sender, engine->address))
        return FALSE;
    g_autoptr(CoiPeer) sender = coi_peers_get(engine->store, message->sender);
    if (sender->is_blocked)
        return FALSE;
    if (message->conversation == NULL)
        message->conversation = g_strdup(message->sender);
    arrival->may_report = TRUE;
    arrival->only_report = !wanted;
    arrival->show_otherwise = message->show;
    message->show = COI_SHOW_PENDING; /* only of what is to be shown the text is fetched */
    return TRUE;
}

gboolean coi_reports_take(CoiArrival *arrival, GBytes *bytes)
{
    CoiMessage *message = arrival->message;
    gsize length;
    const guint8 *data = g_bytes_get_data(bytes, &length);
    if (!arrival->may_report)
        return FALSE;
    arrival->report = coi_report_parse(data, length);
    arrival->place_only = arrival->report == NULL && arrival->only_report;
    message->show = arrival->only_report || (arrival->report != NULL && arrival->report->kind == COI_REPORT_MDN)
                        ? COI_SHOW_NEVER
                        : arrival->show_otherwise;
    return message->show == COI_SHOW_NEVER;
}

/* The message of ours that goes by one of these ids. */
static CoiMessage *find_reported(CoiEngine *engine, const CoiReport *report)
{
    for (guint i = 0; report->ids[i] != NULL; i++) {
        gint64 row = coi_messages_find(engine->store, report->ids[i], engine->address);
        g_autoptr(CoiMessage) message = row != 0 ? coi_messages_get(engine->store, row) : NULL;
        if (message != NULL && message->kind != COI_LINE_IN && message->expires == 0)
            return g_steal_pointer(&message);
    }
    return NULL;
}

/* What a delivery report says of whom the message was sent to. Behind an address that forwards, a server that doesn't pass on ORCPT names
 * another one: that is believed of a failure alone, from <>. Nothing proves that it was a server who wrote it, but who knows the id has
 * the message or has carried it, could as well name the right address, and is heard only as a server's word: it takes back no receipt
 * and proves no delivery. */
static const CoiReportRecipient *recipient_of(CoiEngine *engine, const CoiReport *report, const CoiMessage *message)
{
    for (guint i = 0; i < report->recipients->len; i++) {
        const CoiReportRecipient *recipient = report->recipients->pdata[i];
        if (g_strcmp0(recipient->address, message->conversation) == 0)
            return recipient;
    }
    const CoiReportRecipient *only = report->recipients->len == 1 ? report->recipients->pdata[0] : NULL;
    gboolean failure = only != NULL && (only->action == COI_REPORT_FAILED || only->action == COI_REPORT_DELAYED);
    return failure && report->from_nobody && g_strcmp0(only->address, engine->address) != 0 ? only : NULL;
}

static gboolean concerns(CoiEngine *engine, const CoiArrival *arrival, const CoiMessage *message)
{
    if (arrival->report->kind == COI_REPORT_MDN)
        return g_str_equal(message->conversation, arrival->message->sender);
    return recipient_of(engine, arrival->report, message) != NULL;
}

static gboolean is_failure(CoiEngine *engine, const CoiReport *report, const CoiMessage *message)
{
    const CoiReportRecipient *recipient = recipient_of(engine, report, message);
    return report->kind == COI_REPORT_DSN && recipient != NULL && recipient->action == COI_REPORT_FAILED;
}

/* Of a message that another device has sent, and whose copy comes later. */
static void keep_for_later(CoiEngine *engine, const CoiArrival *arrival)
{
    const CoiReport *report = arrival->report;
    const CoiReportRecipient *recipient = report->recipients->pdata[0];
    g_autoptr(GError) error = NULL;
    if (report->kind != COI_REPORT_MDN || recipient->action != COI_REPORT_DISPLAYED)
        return;
    for (guint i = 0; i < EARLY_IDS && report->ids[i] != NULL; i++)
        if (!coi_receipts_keep(engine->store, report->ids[i], arrival->message->sender, arrival->message->time, &error)) {
            coi_engine_store_failed(engine, g_steal_pointer(&error));
            return;
        }
}

gboolean coi_reports_judge(CoiEngine *engine, CoiArrival *arrival)
{
    CoiMessage *mail = arrival->message;
    if (arrival->report == NULL)
        return TRUE;
    g_autoptr(CoiMessage) message = find_reported(engine, arrival->report);
    gboolean ours = message != NULL && concerns(engine, arrival, message);
    gboolean mdn = arrival->report->kind == COI_REPORT_MDN;
    if (message == NULL)
        keep_for_later(engine, arrival);
    if (!ours && (arrival->only_report || (mdn && !mail->chat)))
        return FALSE;
    if (!ours && !mdn)
        return TRUE; /* about mail of another program's: mail as any other */
    arrival->reported = ours ? message->id : 0;
    mail->chat &= mdn; /* what servers write stays where they put it */
    if (!ours || !is_failure(engine, arrival->report, message)) {
        coi_expired_mark(arrival, "report", mail->internal_date + KEPT_SECONDS);
        return TRUE;
    }
    mail->show = COI_SHOW_NEVER;
    mail->seen = TRUE; /* so the server learns it, too */
    g_clear_pointer(&mail->text, g_free);
    g_clear_pointer(&mail->html, g_free);
    g_clear_pointer(&mail->whole, g_free);
    g_clear_pointer(&mail->subject, g_free);
    return TRUE;
}

static CoiReceipt receipt_of(CoiReportAction action)
{
    static const CoiReceipt receipts[] = {[COI_REPORT_DISPLAYED] = COI_RECEIPT_READ, [COI_REPORT_DELIVERED] = COI_RECEIPT_DELIVERED,
                                          [COI_REPORT_DELAYED] = COI_RECEIPT_DELAYED, [COI_REPORT_FAILED] = COI_RECEIPT_FAILED};
    return (guint)action < G_N_ELEMENTS(receipts) ? receipts[action] : COI_RECEIPT_NONE;
}

static CoiMessageState state_of(CoiReceipt receipt)
{
    static const CoiMessageState states[] = {
        [COI_RECEIPT_NONE] = COI_STATE_SENT,           [COI_RECEIPT_DELAYED] = COI_STATE_DELAYED, [COI_RECEIPT_FAILED] = COI_STATE_BOUNCED,
        [COI_RECEIPT_DELIVERED] = COI_STATE_DELIVERED, [COI_RECEIPT_READ] = COI_STATE_READ};
    return states[receipt];
}

static CoiEvent *new_state(CoiEngine *engine, const CoiMessage *message, CoiReceipt receipt, gint64 time, const char *words)
{
    CoiEvent *event = coi_event_new(COI_EVENT_STATE);
    event->address = g_strdup(message->conversation);
    event->message_id = g_strdup(message->message_id);
    event->state = state_of(receipt);
    event->reply = g_strdup(words);
    event->text = coi_replies_quote(message);
    event->time = time;
    event->latest = coi_receipts_last_own(engine->store, message->conversation) == message->id;
    return event;
}

static void say(CoiEngine *engine, const CoiMessage *message, CoiReceipt receipt, gint64 time, const char *words)
{
    coi_engine_emit(engine, new_state(engine, message, receipt, time, words));
}

gboolean coi_reports_note(CoiEngine *engine, const CoiArrival *arrival, GError **error)
{
    g_autoptr(CoiMessage) message = arrival->reported != 0 ? coi_messages_get(engine->store, arrival->reported) : NULL;
    if (message == NULL)
        return TRUE;
    const CoiReport *report = arrival->report;
    const CoiReportRecipient *recipient = report->kind == COI_REPORT_MDN ? report->recipients->pdata[0]
                                                                         : recipient_of(engine, report, message);
    /* Each kind says what it can know. */
    gboolean knows = (recipient->action == COI_REPORT_DISPLAYED) == (report->kind == COI_REPORT_MDN);
    CoiReceipt receipt = knows ? receipt_of(recipient->action) : COI_RECEIPT_NONE;
    gint64 time = MAX(arrival->message->time, message->time);
    gboolean news = FALSE;
    if (receipt == COI_RECEIPT_NONE)
        return TRUE;
    if (!coi_receipts_note(engine->store, message->id, message->conversation, receipt, time, &news, error))
        return FALSE;
    if (news)
        say(engine, message, receipt, time, recipient->words != NULL ? recipient->words : recipient->status);
    return TRUE;
}

CoiEvent *coi_reports_state(CoiEngine *engine, const CoiMessage *message)
{
    gint64 time;
    if (message->kind != COI_LINE_REMOTE)
        return NULL; /* what was sent here was known before anybody could tell anything of it */
    CoiReceipt receipt = coi_receipts_get(engine->store, message->id, message->conversation, &time);
    return receipt != COI_RECEIPT_NONE ? new_state(engine, message, receipt, time, NULL) : NULL;
}

gboolean coi_reports_known_as(CoiEngine *engine, const CoiMessage *message, const char *id, GError **error)
{
    gint64 time = 0;
    gboolean news = FALSE;
    if (id == NULL || message->kind == COI_LINE_IN || message->expires != 0)
        return TRUE;
    if (!coi_receipts_take(engine->store, id, message->conversation, &time, error))
        return FALSE;
    time = MAX(time, time != 0 ? message->time : 0);
    if (time != 0 && !coi_receipts_note(engine->store, message->id, message->conversation, COI_RECEIPT_READ, time, &news, error))
        return FALSE;
    if (news && message->show == COI_SHOW_DONE) /* else with its line */
        say(engine, message, COI_RECEIPT_READ, time, NULL);
    return TRUE;
}

/* Of a message of which nobody has told anything: what our own outbox knows. */
static CoiMessageState own_state(CoiEngine *engine, const CoiMessage *message, gint64 *time)
{
    g_autoptr(CoiOutgoing) mail = coi_outbox_get(engine->store, message->id);
    *time = message->time;
    if (mail == NULL || mail->state == COI_OUT_SENT)
        return COI_STATE_SENT;
    return mail->state == COI_OUT_FAILED ? COI_STATE_FAILED : COI_STATE_QUEUED;
}

void coi_reports_tell(CoiEngine *engine, const char *conversation)
{
    if (engine->store == NULL || engine->failed)
        return;
    gint64 row = coi_receipts_last_own(engine->store, conversation);
    g_autoptr(CoiMessage) message = row != 0 ? coi_messages_get(engine->store, row) : NULL;
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, conversation);
    CoiEvent *event = coi_event_new(COI_EVENT_RECEIPT);
    event->address = g_strdup(conversation);
    event->name = g_strdup(peer->name);
    event->count = message != NULL;
    if (message != NULL) {
        CoiReceipt receipt = coi_receipts_get(engine->store, row, conversation, &event->time);
        event->state = receipt != COI_RECEIPT_NONE ? state_of(receipt) : own_state(engine, message, &event->time);
    }
    coi_engine_emit(engine, event);
}
