#include "engine/private.h"

#include "net/throttle.h"

#define SMTP_RETRY_FIRST_USEC (1 * G_USEC_PER_SEC)
#define SMTP_RETRY_LIMIT_USEC (300 * G_USEC_PER_SEC)
/* A recipient that was deferred: from half a minute to a quarter of an hour, for two days. */
#define DEFER_FIRST_SECONDS 30
#define DEFER_LIMIT_SECONDS (15 * 60)
#define GIVE_UP_SECONDS (48 * 3600)
#define SMTP_IDLE_CLOSE_MS (60 * 1000)
/* engine->sending while the link is about to give up a mail that was never written down. */
#define NO_MAIL (-1)
/* … and while a mail is under way that nobody will miss */
#define ASIDE (-2)
#define ASIDE_USEC (5 * G_USEC_PER_SEC)

static gint64 seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static void say_state(CoiEngine *engine, const CoiOutgoing *mail, CoiMessageState state, const char *reply)
{
    if (coi_receipts_is_one(mail))
        return; /* the user knows nothing of it */
    CoiEvent *event = coi_event_new(COI_EVENT_STATE);
    event->address = g_strdup(mail->conversation);
    event->message_id = g_strdup(mail->message_id);
    event->state = state;
    event->reply = g_strdup(reply);
    event->throttled = coi_throttled(reply);
    coi_engine_emit(engine, event);
}

/* Once per message: that it waits, and why. */
static void say_waiting(CoiEngine *engine, const CoiOutgoing *mail, const char *reply)
{
    gint64 *id = g_memdup2(&mail->id, sizeof mail->id);
    if (g_hash_table_add(engine->told_waiting, id))
        say_state(engine, mail, COI_STATE_WAITING, reply);
}

void coi_outbound_refuse(CoiEngine *engine, const CoiCommand *command, GError *error)
{
    CoiEvent *event = coi_event_new(COI_EVENT_REFUSED);
    event->token = command->token;
    event->address = g_strdup(command->address);
    event->text = g_strdup(command->type == COI_COMMAND_DELETE ? NULL : command->text);
    event->error = error;
    coi_engine_emit(engine, event);
}

/* Who else gets it: ourselves, where devices of ours look for their copies in INBOX; with the first attempt only. */
static GStrv envelope(const CoiEngine *engine, const char *const *recipients, gboolean first)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    g_strv_builder_addv(all, (const char **)recipients);
    if (engine->own_copy_mail && first && !g_strv_contains(recipients, engine->address))
        g_strv_builder_add(all, engine->address);
    return g_strv_builder_end(all);
}

/* id: of the message; NULL: no person wrote it, and no report shall answer it. */
static CoiSmtpRequest *request_for(CoiEngine *engine, const char *const *recipients, GBytes *mail, const char *id, gboolean first)
{
    CoiSmtpRequest *request = coi_smtp_request_new(coi_engine_next_tag(engine));
    request->servers = coi_servers_copy(engine->smtp_servers);
    request->credentials = coi_engine_credentials(engine, COI_SERVICE_SMTP);
    request->sender = g_strdup(id != NULL ? engine->address : "");
    request->sender_otherwise = g_strdup(id != NULL ? NULL : engine->address);
    request->notify = id == NULL ? "NEVER" : engine->delivery_receipts ? "SUCCESS,FAILURE,DELAY" : NULL;
    request->envelope_id = g_strdup(engine->delivery_receipts ? id : NULL);
    request->recipients = envelope(engine, recipients, first && id != NULL);
    request->mail = g_bytes_ref(mail);
    engine->smtp_verdicts = engine->verdicts;
    return request;
}

/* Line and bytes in one durable transaction: once echoed, a message survives anything. */
static gboolean write_down(CoiEngine *engine, CoiMessage *line, GBytes *mail, const char *recipient, GError **error)
{
    const char *recipients[] = {recipient, NULL};
    if (!coi_store_begin(engine->store, TRUE, error))
        return FALSE;
    if (coi_messages_insert(engine->store, line, NULL, error) &&
        (line->action != COI_ACTION_DELETE || coi_versions_delete(engine->store, line->version, line->id, error)) &&
        coi_outbox_insert(engine->store, line->id, mail, recipients, engine->own_copy && !engine->own_copy_mail, line->time,
                          error) &&
        coi_store_commit(engine->store, error))
        return TRUE;
    coi_store_rollback(engine->store);
    return FALSE;
}

/* Nothing else waits, and a session is open: this mail is the next one, whatever becomes of it. */
static gboolean is_next(const CoiEngine *engine)
{
    return engine->smtp_open && engine->sending == 0 && !engine->smtp_asking && engine->connected && !engine->stopping &&
           !engine->outbox_changed && engine->outbox_due < 0 && g_get_monotonic_time() >= engine->smtp_quiet_until;
}

/* While the disk makes the message durable, the server hears its envelope. */
static gboolean enqueue(CoiEngine *engine, CoiMessage *line, GBytes *mail, const char *recipient, GError **error)
{
    const char *const recipients[] = {recipient, NULL};
    if (!is_next(engine))
        return write_down(engine, line, mail, recipient, error);
    CoiSmtpRequest *request = request_for(engine, recipients, mail, line->message_id, TRUE);
    request->held = TRUE;
    coi_smtp_link_send(engine->smtp, request);
    gboolean written = write_down(engine, line, mail, recipient, error);
    coi_smtp_link_release(engine->smtp, written);
    engine->sending = written ? line->id : NO_MAIL;
    return written;
}

void coi_outbound_send(CoiEngine *engine, const CoiCommand *command)
{
    g_autoptr(CoiMessage) line = coi_letter_line(engine, command->address, command->text);
    CoiLetter letter = {.line = line};
    line->html = g_strdup(command->html);
    coi_outbound_post(engine, command, &letter);
}

void coi_outbound_post(CoiEngine *engine, const CoiCommand *command, const CoiLetter *letter)
{
    g_autoptr(GError) error = NULL;
    CoiMessage *line = letter->line;
    if (engine->store == NULL || engine->failed) {
        coi_outbound_refuse(engine, command, g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "not connected"));
        return;
    }
    g_autoptr(GBytes) mail = coi_letter_compose(engine, letter, &error);
    if (mail == NULL || !enqueue(engine, line, mail, command->address, &error)) {
        coi_outbound_refuse(engine, command, g_steal_pointer(&error));
        return;
    }
    engine->lines_pending = TRUE;
    coi_show_pump(engine); /* the echo comes before the state */
    g_autoptr(CoiOutgoing) outgoing = coi_outbox_get(engine->store, line->id);
    if (outgoing != NULL)
        say_state(engine, outgoing, COI_STATE_QUEUED, NULL);
    if (outgoing != NULL && coi_watches_lost(engine))
        say_waiting(engine, outgoing, NULL);
    else if (outgoing != NULL && g_get_monotonic_time() < engine->smtp_quiet_until)
        say_waiting(engine, outgoing, engine->smtp_words);
    engine->outbox_changed = TRUE;
    coi_watches_expect(engine);
}

void coi_outbound_retry(CoiEngine *engine, const char *address)
{
    g_autoptr(GError) error = NULL;
    if (engine->store == NULL || engine->failed)
        return;
    int count = coi_outbox_retry(engine->store, address, seconds_now(), &error);
    if (count < 0) {
        coi_engine_store_failed(engine, g_steal_pointer(&error));
        return;
    }
    CoiEvent *event = coi_event_new(COI_EVENT_RETRYING);
    event->address = g_strdup(address);
    event->count = count;
    coi_engine_emit(engine, event);
    engine->smtp_quiet_until = 0;
    coi_outbound_network(engine);
}

void coi_outbound_network_back(CoiEngine *engine)
{
    g_autoptr(GError) error = NULL;
    if (engine->store != NULL && !coi_outbox_all_due(engine->store, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
    coi_outbound_network(engine);
}

void coi_outbound_network(CoiEngine *engine)
{
    engine->smtp_retry_at = 0;
    engine->smtp_failures = 0;
    engine->outbox_changed = TRUE;
}

static void give_up(CoiEngine *engine, const CoiOutgoing *mail, const char *reply)
{
    g_autoptr(GError) error = NULL;
    if (!coi_outbox_fail(engine->store, mail->id, reply, &error)) {
        coi_engine_store_failed(engine, g_steal_pointer(&error));
        return;
    }
    g_hash_table_remove(engine->told_waiting, &mail->id);
    say_state(engine, mail, COI_STATE_FAILED, reply);
}

static gboolean has_link(CoiEngine *engine)
{
    if (engine->smtp == NULL)
        engine->smtp = coi_smtp_link_new(&engine->host, SMTP_IDLE_CLOSE_MS, coi_engine_smtp_sink, engine);
    if (engine->smtp == NULL)
        engine->smtp_retry_at = g_get_monotonic_time() + SMTP_RETRY_FIRST_USEC;
    return engine->smtp != NULL;
}

static void send_mail(CoiEngine *engine, const CoiOutgoing *mail)
{
    if (!has_link(engine))
        return;
    engine->sending = mail->id;
    coi_smtp_link_send(engine->smtp, request_for(engine, (const char *const *)mail->recipients, mail->mail,
                                                 coi_receipts_is_one(mail) ? NULL : mail->message_id, mail->attempts == 0));
}

gboolean coi_outbound_is_idle(const CoiEngine *engine)
{
    gint64 now = g_get_monotonic_time();
    return engine->connected && !engine->failed && !engine->stopping && engine->sending == 0 && !engine->smtp_asking &&
           !engine->outbox_changed && (engine->outbox_due < 0 || engine->outbox_due > now) &&
           now >= MAX(engine->smtp_retry_at, engine->smtp_quiet_until);
}

void coi_outbound_aside(CoiEngine *engine, const char *recipient, GBytes *mail)
{
    const char *const recipients[] = {recipient, NULL};
    if (!has_link(engine))
        return;
    CoiSmtpRequest *request = request_for(engine, recipients, mail, NULL, FALSE);
    request->not_after = g_get_monotonic_time() + ASIDE_USEC;
    engine->sending = ASIDE;
    coi_smtp_link_send(engine->smtp, request);
}

/* Old as it may be, each mail is tried at least once in every login: it may have waited for this machine to be switched on. */
static gboolean was_tried(CoiEngine *engine, const CoiOutgoing *mail)
{
    return mail->attempts > 0 || g_hash_table_contains(engine->told_waiting, &mail->id);
}

static void pump(CoiEngine *engine)
{
    if (engine->store == NULL || engine->failed || engine->sending != 0 || engine->smtp_asking || !engine->connected ||
        g_get_monotonic_time() < MAX(engine->smtp_retry_at, engine->smtp_quiet_until))
        return;
    g_autoptr(CoiOutgoing) mail = NULL;
    while ((mail = coi_outbox_next(engine->store, seconds_now(), NULL)) != NULL) {
        if (seconds_now() - mail->created < GIVE_UP_SECONDS || !was_tried(engine, mail)) {
            send_mail(engine, mail);
            return;
        }
        give_up(engine, mail, mail->last_reply);
        if (engine->failed)
            return;
        g_clear_pointer(&mail, coi_outgoing_free);
    }
}

static const char *note_recipients(CoiEngine *engine, const CoiSmtpResult *result, const CoiOutgoing *mail, GError **error)
{
    const char *reply = "";
    for (guint i = 0; i < result->recipients->len; i++) {
        const CoiRecipientResult *recipient = g_ptr_array_index(result->recipients, i);
        if (!g_strv_contains((const char *const *)mail->recipients, recipient->address))
            continue; /* what becomes of our own copy is no matter of the message's */
        if (recipient->reply != NULL)
            reply = recipient->reply;
        if (recipient->status != COI_RECIPIENT_DEFERRED &&
            !coi_outbox_recipient_done(engine->store, engine->sending, recipient->address,
                                       recipient->status == COI_RECIPIENT_ACCEPTED, recipient->reply, error))
            return NULL;
    }
    return reply;
}

/* The recipients' answers and the new state, in one transaction. */
static gboolean note_answer(CoiEngine *engine, const CoiSmtpResult *result, const CoiOutgoing *mail, CoiOutState *state,
                            GError **error)
{
    gint64 delay = coi_engine_backoff(mail->attempts, DEFER_FIRST_SECONDS, DEFER_LIMIT_SECONDS);
    if (!coi_store_begin(engine->store, FALSE, error))
        return FALSE;
    const char *reply = note_recipients(engine, result, mail, error);
    if (reply != NULL &&
        coi_outbox_attempted(engine->store, mail->id, seconds_now() + delay, *reply != '\0' ? reply : NULL, state, error) &&
        coi_store_commit(engine->store, error))
        return TRUE;
    coi_store_rollback(engine->store);
    return FALSE;
}

/* The server has asked for fewer mails: no conversation's goes for a while. */
static void be_quiet(CoiEngine *engine, const char *words)
{
    if (!coi_throttled(words))
        return;
    g_free(engine->smtp_words);
    engine->smtp_words = g_strdup(words);
    engine->smtp_quiet_until = g_get_monotonic_time() + coi_engine_quiet(engine->smtp_quiets++);
}

static void answered(CoiEngine *engine, const CoiSmtpResult *result)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiOutgoing) mail = coi_outbox_get(engine->store, engine->sending);
    CoiOutState state;
    if (mail == NULL)
        return;
    if (!note_answer(engine, result, mail, &state, &error)) {
        coi_engine_store_failed(engine, g_steal_pointer(&error));
        return;
    }
    g_autoptr(CoiOutgoing) after = coi_outbox_get(engine->store, engine->sending);
    const char *reply = after != NULL ? after->last_reply : NULL;
    if (state == COI_OUT_QUEUED) {
        be_quiet(engine, reply);
        say_waiting(engine, mail, reply);
    } else {
        g_hash_table_remove(engine->told_waiting, &mail->id);
        say_state(engine, mail, state == COI_OUT_SENT ? COI_STATE_SENT : COI_STATE_FAILED, reply);
        if (state == COI_OUT_SENT)
            engine->smtp_quiets = 0;
        if (state == COI_OUT_SENT && mail->copy == COI_COPY_WANTED)
            coi_sent_left(engine);
        engine->bulk_changed = TRUE;
    }
}

static gboolean connection_error_is_final(const GError *error)
{
    return g_error_matches(error, COI_ERROR, COI_ERROR_AUTH) || g_error_matches(error, COI_ERROR, COI_ERROR_AUTH_MECHANISM) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_TOKEN_REFUSED) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_UNTRUSTED) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_CLEARTEXT) || g_error_matches(error, COI_ERROR, COI_ERROR_INVALID) ||
           g_error_matches(error, COI_ERROR, COI_ERROR_MISSING);
}

/* No answer for this mail: the connection failed, not the message. */
static void unanswered(CoiEngine *engine, const CoiSmtpResult *result)
{
    g_autoptr(CoiOutgoing) mail = coi_outbox_get(engine->store, engine->sending);
    if (mail == NULL || g_error_matches(result->error, COI_ERROR, COI_ERROR_CANCELLED))
        return;
    const char *words = result->tried != NULL ? result->tried : result->error->message;
    if (g_error_matches(result->error, COI_ERROR, COI_ERROR_ASKING)) {
        engine->smtp_asking = engine->smtp_verdicts == engine->verdicts;
    } else if (connection_error_is_final(result->error)) {
        give_up(engine, mail, words);
    } else {
        be_quiet(engine, result->error->message);
        engine->smtp_retry_at = g_get_monotonic_time() + coi_engine_backoff(engine->smtp_failures++, SMTP_RETRY_FIRST_USEC,
                                                                            SMTP_RETRY_LIMIT_USEC);
        say_waiting(engine, mail, engine->smtp_quiets > 0 ? result->error->message : words);
    }
}

void coi_outbound_result(CoiEngine *engine, CoiSmtpResult *result)
{
    switch (result->type) {
    case COI_SMTP_OPENED:
        engine->smtp_open = TRUE;
        if (result->scram_refused)
            coi_engine_no_scram(engine, COI_SERVICE_SMTP);
        coi_servers_move_first(engine->smtp_servers, result->server_index);
        engine->smtp_failures = 0;
        break;
    case COI_SMTP_SENT:
        if (engine->sending == ASIDE)
            coi_typing_answered(engine, result);
        else
            answered(engine, result);
        engine->sending = 0;
        break;
    case COI_SMTP_FAILED:
        engine->smtp_open = FALSE;
        unanswered(engine, result);
        engine->sending = 0;
        break;
    case COI_SMTP_CLOSED:
        engine->smtp_open = FALSE;
        break;
    case COI_SMTP_ENDED:
        break;
    }
    engine->outbox_changed = TRUE;
}

/* When the next mail may go, monotonic; -1: nothing waits, or something else must happen first. */
static gint64 next_due(CoiEngine *engine, gint64 now)
{
    if (engine->store == NULL || engine->sending != 0 || engine->smtp_asking || !engine->connected)
        return -1;
    gint64 due = coi_outbox_next_due(engine->store);
    if (due < 0)
        return -1;
    gint64 wait = MAX(due - seconds_now(), 0);
    if (wait > 2 * DEFER_LIMIT_SECONDS && coi_outbox_all_due(engine->store, NULL))
        wait = 0; /* there is no such delay: the clock was set back */
    return MAX(now + wait * G_USEC_PER_SEC, MAX(engine->smtp_retry_at, engine->smtp_quiet_until));
}

gint64 coi_outbound_timers(CoiEngine *engine, gint64 now)
{
    if (engine->outbox_changed || (engine->outbox_due >= 0 && now >= engine->outbox_due)) {
        engine->outbox_changed = FALSE;
        pump(engine);
        engine->outbox_due = next_due(engine, now);
    }
    return engine->outbox_due;
}

gboolean coi_outbound_done(CoiEngine *engine)
{
    if (engine->store == NULL || !engine->smtp_open)
        return TRUE;
    if (engine->sending != 0 && engine->sending != ASIDE)
        return FALSE;
    gint64 due = coi_outbox_next_due(engine->store);
    return due < 0 || due > seconds_now() ||
           MAX(engine->smtp_retry_at, engine->smtp_quiet_until) > g_get_monotonic_time();
}
