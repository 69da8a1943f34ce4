#include "net/imap_link.h"

CoiImapRequest *coi_imap_request_new(CoiImapRequestType type, guint64 tag)
{
    CoiImapRequest *request = g_new0(CoiImapRequest, 1);
    request->type = type;
    request->tag = tag;
    return request;
}

void coi_imap_request_free(CoiImapRequest *request)
{
    if (request == NULL)
        return;
    g_clear_pointer(&request->servers, g_ptr_array_unref);
    coi_credentials_free(request->credentials);
    g_free(request->mailbox);
    g_free(request->root);
    g_clear_pointer(&request->uids, g_array_unref);
    g_free(request->message_id);
    g_free(request->target);
    g_clear_pointer(&request->mail, g_bytes_unref);
    g_strfreev(request->flags);
    g_free(request->also);
    g_free(request->peer);
    g_strfreev(request->words);
    g_free(request->filter);
    g_free(request);
}

void coi_imap_facts_free(CoiImapFacts *facts)
{
    if (facts == NULL)
        return;
    g_strfreev(facts->capabilities);
    g_free(facts->server_id);
    g_free(facts->coi_filter);
    g_free(facts->root);
    g_free(facts->blocked);
    g_free(facts->chats);
    g_free(facts->chats_name);
    g_free(facts->sent);
    g_free(facts->sent_default);
    g_free(facts);
}

void coi_imap_result_free(CoiImapResult *result)
{
    if (result == NULL)
        return;
    coi_server_free(result->server);
    coi_imap_facts_free(result->facts);
    g_strfreev(result->flags);
    g_clear_pointer(&result->bytes, g_bytes_unref);
    g_clear_pointer(&result->copied, g_array_unref);
    g_clear_pointer(&result->uids, g_array_unref);
    g_clear_pointer(&result->gone, g_array_unref);
    g_clear_error(&result->error);
    g_free(result->tried);
    g_free(result);
}
