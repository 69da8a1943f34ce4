/* Who is writing (COI.md section 8): mails that are gone within minutes, and that nobody reads. */
#include "engine/private.h"

#include "coi/id.h"

#define LIFE_SECONDS 60
/* Anybody may write any Expires. */
#define LIFE_LIMIT_SECONDS 600

static gboolean is_one(const CoiArrival *arrival, const CoiHeaders *headers)
{
    return coi_content_is_typing(headers->chat_content) && coi_headers_by_chat_program(headers) && headers->from_count == 1 &&
           arrival->list == NULL;
}

void coi_typing_expect(CoiArrival *arrival, const CoiHeaders *headers)
{
    if (!is_one(arrival, headers))
        return;
    gint64 arrived = arrival->message->internal_date;
    gboolean sound = headers->expires >= arrived; /* else the sender's clock is wrong */
    coi_expired_mark(arrival, "typing", sound ? MIN(headers->expires, arrived + LIFE_LIMIT_SECONDS) : arrived + LIFE_SECONDS);
}
