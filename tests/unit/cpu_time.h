/* What work costs, whatever else the machine does meanwhile. */
#pragma once

#include <glib.h>

#include <time.h>

/* CPU time of this thread, microseconds. */
static inline gint64 cpu_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}
