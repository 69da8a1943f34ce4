#include "net/imap_idle.h"

/* Microseconds. */
#define SHORTEST_IDLE (5 * G_USEC_PER_SEC)

gboolean coi_imap_can_idle(const CoiImap *imap)
{
    return !imap->no_idle && coi_imap_has(imap, "IDLE");
}

static gboolean start(CoiImap *imap, GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean done = FALSE;
    guint tag = coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, "IDLE");
    if (!coi_imap_continue(imap, tag, NULL, &done, &local) && coi_imap_is_over(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    imap->no_idle = local != NULL || done;
    imap->idle_tag = imap->no_idle ? 0 : tag;
    imap->idle_began = g_get_monotonic_time();
    return TRUE;
}

/* Takes the lines that are there. In IDLE the server may end it by itself: then the tagged line comes here. */
static gboolean read_lines(CoiImap *imap, GError **error)
{
    coi_stream_begin_command(imap->stream, COI_IMAP_TIMEOUT_COMMAND);
    while (coi_stream_wait(imap->stream, -1, 0, NULL) == COI_WAIT_DATA) {
        g_auto(CoiImapLine) line = {0};
        if (!coi_imap_read_line(imap, imap->idle_tag, &line, error))
            return FALSE;
        if (line.kind == COI_LINE_OK || line.kind == COI_LINE_NO || line.kind == COI_LINE_BAD)
            imap->idle_tag = 0;
        /* What follows is not worth a wait: it is read with the answer to the next command. */
        if (imap->arrived)
            break;
    }
    return TRUE;
}

/* The server ended IDLE by itself: it is asked, and IDLE begins anew. If it does so at once it is better polled. */
static CoiIdle ended(CoiImap *imap)
{
    imap->no_idle |= g_get_monotonic_time() - imap->idle_began < SHORTEST_IDLE;
    return COI_IDLE_TIMEOUT;
}

/* Whether the server has told of something already. */
static gboolean told(const CoiImap *imap, CoiIdle *what)
{
    gboolean arrived = imap->arrived || imap->flags_changed || imap->warned;
    *what = arrived ? COI_IDLE_ARRIVED : COI_IDLE_STATUS;
    return arrived || imap->also_changed;
}

CoiIdle coi_imap_idle(CoiImap *imap, CoiIdleWay way, int fd, gint64 timeout_ms, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + timeout_ms * 1000;
    gboolean follow = way != COI_IDLE_BLIND;
    gboolean idling = way == COI_IDLE_LISTENING && coi_imap_can_idle(imap);
    CoiIdle what;
    if (follow && told(imap, &what))
        return what;
    if (idling && imap->idle_tag == 0 && !start(imap, error))
        return COI_IDLE_FAILED;
    for (;;) {
        if (follow && told(imap, &what))
            return what;
        if (idling && imap->idle_tag == 0)
            return ended(imap);
        gint64 left = (deadline - g_get_monotonic_time() + 999) / 1000; /* rounded up: no end before its time */
        CoiWait wait = coi_stream_wait(imap->stream, fd, MAX(left, 0), error);
        if (wait == COI_WAIT_FD)
            return COI_IDLE_REQUEST;
        if (wait == COI_WAIT_TIMEOUT)
            return COI_IDLE_TIMEOUT;
        if (wait == COI_WAIT_FAILED || !read_lines(imap, error))
            return COI_IDLE_FAILED;
    }
}
