/* Mail of machines does not stay: whoever of our clients comes first after its time removes it (COI.md section 8). Only what the
 * store marks with a time is ever removed, and a copy that another client has removed meanwhile is none that is missed. */
#include "engine/private.h"

#define BATCH 200

/* Our content for programs has a time of its own, bounded since anybody may write it. */
#define TYPING_SECONDS 60
#define TYPING_LIMIT_SECONDS 600

void coi_expired_mark(CoiMessage *message, const CoiHeaders *headers)
{
    if (!coi_content_is_ours(headers->chat_content))
        return;
    message->expires = headers->expires > 0 ? MIN(headers->expires, message->internal_date + TYPING_LIMIT_SECONDS)
                                            : message->internal_date + TYPING_SECONDS;
    message->expires = MAX(message->expires, 1);
    message->seen = TRUE;
}

CoiImapRequest *coi_expired_request(CoiEngine *engine, CoiWatch *watch)
{
    g_autoptr(GArray) uids =
        coi_expired_at(engine->store, watch->mailbox, g_get_real_time() / G_USEC_PER_SEC, BATCH);
    if (uids->len == 0)
        return NULL;
    g_clear_pointer(&watch->extra, g_array_unref);
    watch->extra = g_steal_pointer(&uids);
    CoiImapRequest *request = coi_imap_request_new(COI_IMAP_REMOVE, coi_engine_next_tag(engine));
    request->uids = g_array_ref(watch->extra);
    return request;
}

gint64 coi_expired_due(CoiEngine *engine, const CoiWatch *watch, gint64 now)
{
    gint64 expires = coi_expired_next(engine->store, watch->mailbox);
    if (expires == 0)
        return -1;
    return now + MAX(expires * G_USEC_PER_SEC - g_get_real_time(), 0);
}
