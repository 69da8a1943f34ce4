#include "net/imap_hurry.h"

/* Every 250 ms, but not to the beat of the other side's client: an answer would wait for the same part of it each time. */
#define POLL_USEC (250 * 1000)
#define OFF_BEAT_USEC (50 * 1000)
/* Who takes longer to say that there is nothing has other things to do. */
#define SLOW_USEC (300 * 1000)

void coi_imap_hurry(CoiImapHurry *hurry, gint64 until)
{
    if (hurry->until == 0)
        hurry->next_at = 0;
    hurry->until = until;
}

gint64 coi_imap_hurry_patience(const CoiImapHurry *hurry)
{
    gint64 now = g_get_monotonic_time();
    if (hurry->until == 0)
        return -1;
    return MAX(MIN(hurry->next_at, hurry->until) - now + 999, 0) / 1000;
}

gboolean coi_imap_hurry_ask(CoiImapHurry *hurry, CoiImap *imap, gboolean *lags, GError **error)
{
    gint64 began = g_get_monotonic_time();
    gboolean good = FALSE;
    *lags = FALSE;
    if (began >= hurry->until) {
        hurry->until = 0;
        return TRUE;
    }
    if (began < hurry->next_at)
        return TRUE;
    if (!coi_imap_try_answer(imap, coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, "NOOP"), &good, error))
        return FALSE;
    *lags = !good || g_get_monotonic_time() - began > SLOW_USEC;
    if (*lags)
        hurry->until = 0;
    hurry->next_at = began + POLL_USEC + g_random_int_range(-OFF_BEAT_USEC, OFF_BEAT_USEC);
    return TRUE;
}
