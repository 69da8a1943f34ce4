/* A queue of owned messages between threads: the only thing threads of ours share. */
#pragma once
#include <gio/gio.h>

typedef struct _CoiQueue CoiQueue;

/* A new queue with one reference. free_item disposes of items nobody popped (may be NULL). NULL only when the process is
 * out of descriptors. */
CoiQueue *coi_queue_new(GDestroyNotify free_item);
CoiQueue *coi_queue_ref(CoiQueue *queue);
void coi_queue_unref(CoiQueue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiQueue, coi_queue_unref)

/* Appends item, which the queue now owns. Any thread. */
void coi_queue_push(CoiQueue *queue, gpointer item);

/* The oldest item, owned by the caller, or NULL at once when there is none. Any thread. */
gpointer coi_queue_try_pop(CoiQueue *queue);

/* Waits for an item until deadline (g_get_monotonic_time() microseconds; -1: for ever) or until cancellable (may be NULL)
 * fires. NULL when neither brought an item. Never on the main thread. */
gpointer coi_queue_pop(CoiQueue *queue, gint64 deadline, GCancellable *cancellable);

/* A descriptor that polls readable while the queue holds an item; the queue's own, never read or closed by others. */
int coi_queue_fd(CoiQueue *queue);
