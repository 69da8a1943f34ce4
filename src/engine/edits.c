/* Messages that are about another one: edits, deletions, reactions (COI.md section 4). In clear anybody can write any sender, so nothing
 * that is known is ever changed by them: each is a line of its own. */
#include "engine/private.h"

#include <string.h>

#include "coi/id.h"
#include "mime/snippet.h"

/* What a subject tells of a new version. */
#define SUBJECT 60
/* A reaction is a few emoji. */
#define REACTION 20
/* Delta Chat's mark in front of a new version, for programs that don't know edits. */
#define PENCIL "\u270f"
#define AS_EMOJI "\ufe0f"

void coi_edits_read(CoiArrival *arrival, const CoiHeaders *headers)
{
    arrival->content = coi_content_of(headers);
    g_strfreev(arrival->subjects);
    arrival->subjects = coi_content_subjects(headers);
}

/* The message with this id, if it may be changed by this one: by whom wrote it (who is proven to be us like who isn't), in the
 * same conversation. Anybody there may react to it. */
static CoiMessage *find_version(CoiEngine *engine, const CoiArrival *arrival, const char *id)
{
    const CoiMessage *message = arrival->message;
    gboolean reacts = arrival->content == COI_CONTENT_REACTION;
    gint64 row = coi_messages_find(engine->store, id, message->sender);
    if (row == 0 && reacts)
        row = coi_messages_find(engine->store, id, NULL);
    g_autoptr(CoiMessage) found = row != 0 ? coi_messages_get(engine->store, row) : NULL;
    if (found == NULL || !g_str_equal(found->conversation, message->conversation) || found->expires != 0 ||
        (found->action != COI_ACTION_NONE && found->action != COI_ACTION_EDIT) ||
        (!reacts && (found->kind == COI_LINE_IN) != (message->kind == COI_LINE_IN)))
        return NULL;
    return g_steal_pointer(&found);
}

static gint64 first_of(const CoiMessage *version)
{
    return version->action == COI_ACTION_EDIT && version->original != 0 ? version->original : version->id;
}

static void set_original(CoiMessage *message, CoiAction action, const CoiMessage *version)
{
    message->action = action;
    message->original = first_of(version);
    g_free(message->quote);
    message->quote = coi_replies_quote(version);
}

/* "> old", an empty line and the pencil stand before Delta Chat's new text. */
static void strip_decoration(CoiMessage *message)
{
    const char *p = message->text;
    while (*p == '>' || *p == '\n')
        p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n');
    if (!g_str_has_prefix(p, PENCIL))
        return;
    p += strlen(PENCIL);
    if (g_str_has_prefix(p, AS_EMOJI))
        p += strlen(AS_EMOJI);
    memmove(message->text, p, strlen(p) + 1);
    g_clear_pointer(&message->html, g_free);
    g_clear_pointer(&message->whole, g_free);
}

static void judge_edit(CoiEngine *engine, CoiArrival *arrival)
{
    CoiMessage *message = arrival->message;
    g_autoptr(CoiMessage) version = find_version(engine, arrival, arrival->subjects[0]);
    if (version == NULL)
        return;
    set_original(message, COI_ACTION_EDIT, version);
    message->version = version->id;
    if (coi_versions_are_deleted(engine->store, message->original))
        g_clear_pointer(&message->quote, g_free);
    if (message->text != NULL)
        strip_decoration(message);
}

static void judge_deletion(CoiEngine *engine, CoiArrival *arrival)
{
    CoiMessage *message = arrival->message;
    g_autoptr(GString) quotes = g_string_new(NULL);
    for (guint i = 0; arrival->subjects[i] != NULL; i++) {
        g_autoptr(CoiMessage) version = find_version(engine, arrival, arrival->subjects[i]);
        if (version == NULL)
            continue;
        gboolean again = coi_versions_are_deleted(engine->store, first_of(version));
        if (message->original == 0) {
            set_original(message, COI_ACTION_DELETE, version);
            message->version = version->id;
        }
        if (again)
            continue;
        g_autofree char *quote = coi_replies_quote(version);
        if (quote != NULL)
            g_string_append_printf(quotes, "%s%s", quotes->len > 0 ? "\n" : "", quote);
        if (arrival->deleted == NULL)
            arrival->deleted = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_array_append_val(arrival->deleted, version->id);
    }
    if (message->original == 0)
        return;
    g_free(message->quote);
    message->quote = quotes->len > 0 ? g_strdup(quotes->str) : NULL;
    if (arrival->deleted == NULL)
        message->show = COI_SHOW_NEVER; /* it has been said */
}

static void judge_reaction(CoiEngine *engine, CoiArrival *arrival)
{
    CoiMessage *message = arrival->message;
    g_autoptr(CoiMessage) version = find_version(engine, arrival, arrival->subjects[0]);
    if (version == NULL)
        return;
    set_original(message, COI_ACTION_REACT, version);
    if (message->text == NULL)
        return;
    g_autofree char *text = message->text;
    message->text = coi_snippet(text, REACTION);
}

void coi_edits_judge(CoiEngine *engine, CoiArrival *arrival)
{
    CoiMessage *message = arrival->message;
    gboolean empty = message->text != NULL && *message->text == '\0';
    if (arrival->subjects == NULL || arrival->subjects[0] == NULL)
        return;
    if (arrival->content == COI_CONTENT_REACTION)
        judge_reaction(engine, arrival);
    else if (arrival->content == COI_CONTENT_DELETE_REQUEST || empty) /* the draft: an edit to nothing deletes */
        judge_deletion(engine, arrival);
    else
        judge_edit(engine, arrival);
    if (message->action == COI_ACTION_NONE && empty)
        message->show = COI_SHOW_NEVER;
}

gboolean coi_edits_note(CoiEngine *engine, const CoiArrival *arrival, GError **error)
{
    for (guint i = 0; arrival->deleted != NULL && i < arrival->deleted->len; i++)
        if (!coi_versions_delete(engine->store, g_array_index(arrival->deleted, gint64, i), arrival->message->id, error))
            return FALSE;
    return TRUE;
}

static void add_state(GPtrArray *events, const CoiMessage *message, const char *id, CoiMessageState state)
{
    CoiEvent *event = coi_event_new(COI_EVENT_STATE);
    event->address = g_strdup(message->conversation);
    event->message_id = g_strdup(id);
    event->state = state;
    g_ptr_array_add(events, event);
}

GPtrArray *coi_edits_states(CoiEngine *engine, const CoiMessage *message)
{
    GPtrArray *events = g_ptr_array_new();
    if (message->action == COI_ACTION_EDIT && message->version != 0) {
        g_autoptr(CoiMessage) version = coi_messages_get(engine->store, message->version);
        if (version != NULL)
            add_state(events, message, version->message_id, COI_STATE_EDITED);
    } else if (message->action == COI_ACTION_DELETE) {
        g_auto(GStrv) ids = coi_versions_deleted_by(engine->store, message->id);
        for (guint i = 0; ids[i] != NULL; i++)
            add_state(events, message, ids[i], COI_STATE_DELETED);
    }
    return events;
}

/* our own */

/* The latest message of ours in the conversation, ready to be changed: what of it nobody got is withdrawn. NULL when there is none, which
 * has been said then. */
static CoiMessage *own_version(CoiEngine *engine, const CoiCommand *command, gboolean *never_sent)
{
    g_autoptr(GError) error = NULL;
    if (engine->store == NULL || engine->failed) {
        coi_outbound_refuse(engine, command, g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "not connected"));
        return NULL;
    }
    gint64 first = coi_versions_last_own(engine->store, command->address);
    if (first == 0) {
        coi_outbound_refuse(engine, command, g_error_new_literal(COI_ERROR, COI_ERROR_NO_ORIGINAL, command->address));
        return NULL;
    }
    if (!coi_outbox_withdraw(engine->store, first, never_sent, &error)) {
        coi_outbound_refuse(engine, command, g_steal_pointer(&error));
        return NULL;
    }
    gint64 newest = coi_versions_newest(engine->store, first);
    *never_sent &= newest == first;
    return coi_messages_get(engine->store, newest);
}

/* The id of the first version for a peer who uses Delta Chat, which looks for nothing else; NULL for others. */
static char *delta_chat_id(CoiEngine *engine, const CoiMessage *version)
{
    g_autoptr(CoiMessage) heard = coi_messages_newest_in(engine->store, version->conversation);
    if (heard == NULL || !coi_id_is_delta_chat(heard->message_id))
        return NULL;
    g_autoptr(CoiMessage) first = coi_messages_get(engine->store, first_of(version));
    return first != NULL ? g_strdup(first->message_id) : NULL;
}

void coi_edits_edit(CoiEngine *engine, const CoiCommand *command)
{
    g_autoptr(GError) error = NULL;
    gboolean never_sent = FALSE;
    g_autoptr(CoiMessage) version = own_version(engine, command, &never_sent);
    if (version == NULL)
        return;
    g_autoptr(CoiMessage) line = coi_letter_line(engine, command->address, command->text);
    g_autofree char *snippet = coi_snippet(command->text, SUBJECT);
    g_autofree char *subject = g_strdup_printf("%s: %s", command->label, snippet);
    g_autofree char *replaces = delta_chat_id(engine, version);
    CoiLetter letter = {.line = line};
    if (!never_sent) {
        set_original(line, COI_ACTION_EDIT, version);
        line->version = version->id;
        letter.subject = subject;
        letter.content = "editrequest";
        letter.answers = version->message_id;
        letter.replaces = replaces;
    }
    coi_outbound_post(engine, command, &letter);
    if (never_sent && line->id != 0 && !coi_versions_delete(engine->store, version->id, line->id, &error))
        coi_engine_store_failed(engine, g_steal_pointer(&error));
}

/* Nobody is to be asked. */
static gboolean delete_here(CoiEngine *engine, CoiMessage *line, GError **error)
{
    if (!coi_store_begin(engine->store, TRUE, error))
        return FALSE;
    if (!coi_messages_insert(engine->store, line, NULL, error) ||
        !coi_versions_delete(engine->store, line->version, line->id, error) || !coi_store_commit(engine->store, error)) {
        coi_store_rollback(engine->store);
        return FALSE;
    }
    engine->lines_pending = TRUE;
    return TRUE;
}

void coi_edits_delete(CoiEngine *engine, const CoiCommand *command)
{
    g_autoptr(GError) error = NULL;
    gboolean never_sent = FALSE;
    g_autoptr(CoiMessage) version = own_version(engine, command, &never_sent);
    if (version == NULL)
        return;
    g_autoptr(CoiMessage) line = coi_letter_line(engine, command->address, never_sent ? "" : command->text);
    CoiLetter letter = {.line = line, .content = "deleterequest", .answers = version->message_id};
    set_original(line, COI_ACTION_DELETE, version);
    line->version = version->id;
    if (!never_sent)
        coi_outbound_post(engine, command, &letter);
    else if (!delete_here(engine, line, &error))
        coi_outbound_refuse(engine, command, g_steal_pointer(&error));
}
