#include "base/queue.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* pthread rather than GMutex: ThreadSanitizer sees pthread's synchronisation, not GLib's futexes. */
struct _CoiQueue {
    gint references;
    pthread_mutex_t mutex;
    GQueue items;
    int fd; /* eventfd, readable exactly while items is not empty */
    GDestroyNotify free_item;
};

CoiQueue *coi_queue_new(GDestroyNotify free_item)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return NULL;
    CoiQueue *queue = g_new0(CoiQueue, 1);
    queue->references = 1;
    pthread_mutex_init(&queue->mutex, NULL);
    g_queue_init(&queue->items);
    queue->fd = fd;
    queue->free_item = free_item;
    return queue;
}

CoiQueue *coi_queue_ref(CoiQueue *queue)
{
    __atomic_add_fetch(&queue->references, 1, __ATOMIC_RELAXED);
    return queue;
}

void coi_queue_unref(CoiQueue *queue)
{
    if (queue == NULL || __atomic_sub_fetch(&queue->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    gpointer item;
    while ((item = g_queue_pop_head(&queue->items)) != NULL)
        if (queue->free_item != NULL)
            queue->free_item(item);
    pthread_mutex_destroy(&queue->mutex);
    close(queue->fd);
    g_free(queue);
}

void coi_queue_push(CoiQueue *queue, gpointer item)
{
    pthread_mutex_lock(&queue->mutex);
    gboolean was_empty = g_queue_is_empty(&queue->items);
    g_queue_push_tail(&queue->items, item);
    if (was_empty)
        eventfd_write(queue->fd, 1);
    pthread_mutex_unlock(&queue->mutex);
}

gpointer coi_queue_try_pop(CoiQueue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    gpointer item = g_queue_pop_head(&queue->items);
    if (item != NULL && g_queue_is_empty(&queue->items)) {
        eventfd_t count;
        eventfd_read(queue->fd, &count);
    }
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

/* Milliseconds until deadline for poll(), rounded up so that a wait never ends early and spins. */
static int poll_timeout(gint64 deadline)
{
    if (deadline < 0)
        return -1;
    gint64 left = deadline - g_get_monotonic_time();
    return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

gpointer coi_queue_pop(CoiQueue *queue, gint64 deadline, GCancellable *cancellable)
{
    GPollFD cancel = {.fd = -1};
    gboolean can_cancel = g_cancellable_make_pollfd(cancellable, &cancel);
    gpointer item = NULL;
    while (!g_cancellable_is_cancelled(cancellable)) {
        if ((item = coi_queue_try_pop(queue)) != NULL)
            break;
        struct pollfd fds[2] = {{.fd = queue->fd, .events = POLLIN}, {.fd = cancel.fd, .events = POLLIN}};
        int n = poll(fds, can_cancel ? 2 : 1, poll_timeout(deadline));
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
    }
    if (can_cancel)
        g_cancellable_release_fd(cancellable);
    return item;
}

int coi_queue_fd(CoiQueue *queue)
{
    return queue->fd;
}
