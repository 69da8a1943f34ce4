#include "engine/private.h"

/* A clock that was set meanwhile is believed again after this long. */
#define BELIEVED_USEC (600 * G_USEC_PER_SEC)

void coi_clock_arrived(CoiEngine *engine, gint64 internal_date)
{
    gint64 now = g_get_monotonic_time(), ahead = internal_date - g_get_real_time() / G_USEC_PER_SEC;
    /* What took its time on the way says less than what came at once. */
    if (engine->clock_known_until > now && ahead <= engine->clock_ahead)
        return;
    engine->clock_ahead = ahead;
    engine->clock_known_until = now + BELIEVED_USEC;
}

gint64 coi_clock_now(const CoiEngine *engine)
{
    gint64 ours = g_get_real_time() / G_USEC_PER_SEC;
    return engine->clock_known_until > g_get_monotonic_time() ? ours + engine->clock_ahead : ours;
}
