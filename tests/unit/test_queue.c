/* Queues between threads (thread sanitizer: yes). */
#include "base/queue.h"

#include <poll.h>

static gboolean readable(CoiQueue *queue)
{
    struct pollfd fd = {.fd = coi_queue_fd(queue), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void test_order_and_descriptor(void)
{
    g_autoptr(CoiQueue) queue = coi_queue_new(NULL);
    g_assert_null(coi_queue_try_pop(queue));
    g_assert_false(readable(queue));
    for (gsize i = 1; i <= 3; i++)
        coi_queue_push(queue, GSIZE_TO_POINTER(i));
    for (gsize i = 1; i <= 3; i++) {
        g_assert_true(readable(queue));
        g_assert_cmpuint(GPOINTER_TO_SIZE(coi_queue_try_pop(queue)), ==, i);
    }
    g_assert_false(readable(queue));
}

static guint freed;

static void count_free(gpointer item)
{
    (void)item;
    freed++;
}

static void test_frees_what_nobody_took(void)
{
    freed = 0;
    CoiQueue *queue = coi_queue_new(count_free);
    CoiQueue *second = coi_queue_ref(queue);
    coi_queue_push(queue, "a");
    coi_queue_push(queue, "b");
    coi_queue_unref(queue);
    g_assert_cmpuint(freed, ==, 0);
    coi_queue_unref(second);
    g_assert_cmpuint(freed, ==, 2);
}

static void test_deadline(void)
{
    g_autoptr(CoiQueue) queue = coi_queue_new(NULL);
    gint64 start = g_get_monotonic_time();
    g_assert_null(coi_queue_pop(queue, start + 30000, NULL));
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 30000);
    g_assert_null(coi_queue_pop(queue, 0, NULL));
}

static gpointer cancel_soon(gpointer cancellable)
{
    g_usleep(20000);
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void test_cancel(void)
{
    g_autoptr(CoiQueue) queue = coi_queue_new(NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = g_thread_new("cancel", cancel_soon, cancellable);
    gint64 start = g_get_monotonic_time();
    g_assert_null(coi_queue_pop(queue, -1, cancellable));
    g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
    g_thread_join(thread);
}

#define ITEMS 20000

static gpointer produce(gpointer data)
{
    for (gsize i = 1; i <= ITEMS; i++)
        coi_queue_push(data, g_memdup2(&i, sizeof i));
    return NULL;
}

static void test_two_producers(void)
{
    g_autoptr(CoiQueue) queue = coi_queue_new(g_free);
    GThread *threads[] = {g_thread_new("one", produce, queue), g_thread_new("two", produce, queue)};
    guint64 sum = 0;
    for (guint i = 0; i < 2 * ITEMS; i++) {
        g_autofree gsize *item = coi_queue_pop(queue, -1, NULL);
        sum += *item;
    }
    g_assert_cmpuint(sum, ==, (guint64)ITEMS * (ITEMS + 1));
    g_assert_null(coi_queue_try_pop(queue));
    g_assert_false(readable(queue));
    for (guint i = 0; i < 2; i++)
        g_thread_join(threads[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/order", test_order_and_descriptor);
    g_test_add_func("/queue/frees", test_frees_what_nobody_took);
    g_test_add_func("/queue/deadline", test_deadline);
    g_test_add_func("/queue/cancel", test_cancel);
    g_test_add_func("/queue/producers", test_two_producers);
    return g_test_run();
}
