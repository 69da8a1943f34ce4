/* Messages that answer an earlier one: theirs are shown with a quote where nobody could tell otherwise what they are about, ours
 * find their place in the threads of mail programs. */
#include "engine/private.h"

#include <string.h>

#include "coi/id.h"
#include "mime/snippet.h"
#include "mime/subject.h"

/* What is quoted of a message. */
#define QUOTED 60

void coi_replies_read(CoiArrival *arrival, const CoiHeaders *headers)
{
    CoiMessage *message = arrival->message;
    const char *first = headers->references[0] != NULL ? headers->references[0] : headers->in_reply_to[0];
    arrival->answers = g_strdup(headers->in_reply_to[0]);
    if (coi_headers_by_chat_program(headers))
        return;
    message->topic = headers->subject != NULL ? coi_subject_bare(headers->subject) : g_strdup("");
    message->thread = g_strdup(first != NULL ? first : headers->message_id);
}

char *coi_replies_quote(const CoiMessage *message)
{
    const char *text = message->text != NULL && *message->text != '\0' ? message->text : message->topic;
    g_autofree char *quote = text != NULL ? coi_snippet(text, QUOTED) : NULL;
    return quote != NULL && *quote != '\0' ? g_steal_pointer(&quote) : NULL;
}

/* Two senders may use the same id: the one's own conversation comes first. */
static CoiMessage *find_answered(CoiEngine *engine, const CoiArrival *arrival)
{
    const char *conversation = arrival->message->conversation;
    const char *const senders[] = {conversation, engine->address, NULL};
    for (guint i = 0; i < G_N_ELEMENTS(senders); i++) {
        gint64 id = coi_messages_find(engine->store, arrival->answers, senders[i]);
        g_autoptr(CoiMessage) found = id != 0 ? coi_messages_get(engine->store, id) : NULL;
        if (found != NULL && g_str_equal(found->conversation, conversation) && found->expires == 0)
            return g_steal_pointer(&found);
    }
    return NULL;
}

/* It, or a later version of it, is what the user has before their eyes. */
static gboolean is_latest(CoiEngine *engine, const CoiMessage *answered)
{
    gint64 id = coi_messages_latest_line(engine->store, answered->conversation);
    if (id == answered->id)
        return TRUE;
    gint64 first = answered->original != 0 ? answered->original : answered->id;
    g_autoptr(CoiMessage) latest = coi_messages_get(engine->store, id);
    return latest != NULL && latest->action == COI_ACTION_EDIT && latest->original == first;
}

/* Takes the lines that begin with ">" away from the beginning of text, and the empty ones behind them. Their words, owned by the
 * caller; NULL, and nothing taken, when there are none or nothing else. */
static char *take_quote(char *text)
{
    g_autoptr(GString) words = g_string_new(NULL);
    const char *p = text;
    while (*p == '>') {
        gsize length = strcspn(p, "\n");
        g_string_append_len(words, p + 1, (gssize)length - 1);
        g_string_append_c(words, '\n');
        p += length + (p[length] == '\n');
    }
    p += strspn(p, "\n");
    if (p == text || *p == '\0')
        return NULL;
    memmove(text, p, strlen(p) + 1);
    return coi_snippet(words->str, QUOTED);
}

/* Delta Chat's way to answer a certain message; people who chat by other programs may write such lines by hand. */
static char *written_quote(CoiMessage *message)
{
    if (message->kind != COI_LINE_IN || message->html != NULL || !coi_id_is_delta_chat(message->message_id))
        return NULL;
    g_autofree char *whole = g_strdup(message->whole != NULL ? message->whole : message->text);
    gboolean folded = *message->text != '>'; /* away already */
    g_autofree char *quote = folded ? take_quote(whole) : take_quote(message->text);
    if (quote != NULL && !folded && message->whole == NULL)
        message->whole = g_steal_pointer(&whole);
    return g_steal_pointer(&quote);
}

void coi_replies_judge(CoiEngine *engine, CoiArrival *arrival)
{
    CoiMessage *message = arrival->message;
    if (arrival->answers == NULL || message->action != COI_ACTION_NONE || message->text == NULL || message->show == COI_SHOW_NEVER)
        return;
    g_autofree char *written = written_quote(message);
    g_autoptr(CoiMessage) answered = find_answered(engine, arrival);
    if (answered == NULL)
        message->quote = g_steal_pointer(&written);
    else if (!is_latest(engine, answered))
        message->quote = coi_replies_quote(answered);
}

gboolean coi_replies_thread(CoiEngine *engine, const char *conversation, CoiThread *thread)
{
    g_autoptr(CoiMessage) heard = coi_messages_newest_in(engine->store, conversation);
    if (heard == NULL || heard->topic == NULL)
        return FALSE;
    thread->first = g_steal_pointer(&heard->thread);
    thread->subject = *heard->topic != '\0' ? g_strconcat("Re: ", heard->topic, NULL) : NULL;
    return TRUE;
}
