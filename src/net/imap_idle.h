/* Waiting for the server and for requests at once. */
#pragma once
#include "net/imap.h"

typedef enum {
    COI_IDLE_ARRIVED, /* imap->arrived, ->flags_changed or ->warned: there may be something new */
    COI_IDLE_STATUS,  /* imap->also_changed; IDLE is still under way */
    COI_IDLE_REQUEST, /* fd is readable */
    COI_IDLE_TIMEOUT,
    COI_IDLE_FAILED /* the session is over */
} CoiIdle;

typedef enum {
    COI_IDLE_BLIND,  /* what the server tells meanwhile is no matter */
    COI_IDLE_ASKING, /* it matters, but nothing is begun: the caller is about to ask */
    COI_IDLE_LISTENING /* in IDLE (started here if it isn't under way, and left so: the next command ends it), or where the server has
                          none, as ASKING */
} CoiIdleWay;

/* Waits at most timeout_ms. Where no IDLE is under way the caller asks the server from time to time. */
CoiIdle coi_imap_idle(CoiImap *imap, CoiIdleWay way, int fd, gint64 timeout_ms, GError **error);
/* Whether this server tells of arrivals by itself. */
gboolean coi_imap_can_idle(const CoiImap *imap);
