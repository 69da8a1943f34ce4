/* What is sent to a person: as a mail, and as the line that stands here. */
#include "engine/private.h"

#include "coi/id.h"
#include "mime/compose.h"

CoiMessage *coi_letter_line(CoiEngine *engine, const char *conversation, const char *text)
{
    CoiMessage *line = g_new0(CoiMessage, 1);
    line->message_id = coi_id_new(coi_address_domain(engine->address));
    line->sender = g_strdup(engine->address);
    line->conversation = g_strdup(conversation);
    line->kind = COI_LINE_OWN;
    line->seen = line->chat = TRUE;
    line->show = COI_SHOW_PENDING;
    line->time = line->internal_date = g_get_real_time() / G_USEC_PER_SEC;
    line->mailbox = g_strdup("");
    line->text = g_strdup(text);
    return line;
}

GBytes *coi_letter_compose(CoiEngine *engine, const CoiLetter *letter, GError **error)
{
    const CoiMessage *line = letter->line;
    g_autofree char *first = NULL, *last = NULL;
    CoiThread thread = {0};
    coi_messages_thread(engine->store, line->conversation, &first, &last);
    gboolean threaded = coi_replies_thread(engine, line->conversation, &thread);
    g_autofree char *thread_first = thread.first, *thread_subject = thread.subject;
    g_autoptr(CoiPeer) peer = coi_peers_get(engine->store, line->conversation);
    g_autoptr(GPtrArray) to = g_ptr_array_new_with_free_func((GDestroyNotify)coi_address_free);
    CoiAddress *recipient = coi_address_new(peer->name, line->conversation); /* the name its owner sent, never our alias */
    if (recipient == NULL) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, line->conversation);
        return NULL;
    }
    g_ptr_array_add(to, recipient);
    CoiDraft draft = {.from = engine->address,
                      .to = to,
                      .message_id = line->message_id,
                      .first_reference = thread_first != NULL ? thread_first : first,
                      .last_reference = last,
                      .in_reply_to = letter->answers != NULL ? letter->answers : threaded ? last : NULL,
                      .chat_content = letter->content,
                      .chat_edit = letter->replaces,
                      .date = line->time,
                      .subject = letter->subject != NULL ? letter->subject : thread_subject,
                      .text = letter->body != NULL ? letter->body : line->text,
                      .html = letter->body != NULL ? NULL : line->html,
                      .takes_typing = coi_typing_is_wanted(engine),
                      .ask_receipt = peer->list_id == NULL && (engine->ask_all || (engine->ask_chat && peer->chats))};
    return coi_mail_compose(&draft, error);
}
