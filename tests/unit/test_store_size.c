/* A store with 100,000 messages: how fast it fills, and that no query of the engine's reads all of it. */
#include "store_fixture.h"

/* A sanitizer makes everything many times slower: there only the answers count. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MESSAGES 20000
#define MOST_USEC 100000
#else
#define MESSAGES 100000
#define MOST_USEC 1000
#endif
#define BATCH 500
#define CONVERSATIONS 200
#define QUEUED 2000
#define PENDING 20

static const char *const to_bob[] = {"bob@b.test", NULL};

static void fill(CoiStore *store)
{
    g_autofree char *text = g_strnfill(120, 't');
    for (int i = 0; i < MESSAGES; i++) {
        if (i % BATCH == 0)
            g_assert_true(coi_store_begin(store, FALSE, NULL));
        g_autofree char *id = g_strdup_printf("%d-3f1c8a52@b.test", i);
        g_autofree char *alias = g_strdup_printf("alias-%d@b.test", i);
        g_autofree char *peer = g_strdup_printf("%d@b.test", i % CONVERSATIONS);
        CoiMessage message = {.message_id = id,
                              .sender = peer,
                              .conversation = peer,
                              .mailbox = (char *)"INBOX",
                              .text = text,
                              .show = i % (MESSAGES / PENDING) ? COI_SHOW_DONE : COI_SHOW_PENDING,
                              .time = i,
                              .internal_date = i,
                              .uid = (guint32)i + 1};
        g_assert_true(coi_messages_insert(store, &message, i % 10 ? NULL : (const char *const[]){alias, NULL}, NULL));
        g_assert_true(coi_messages_add_place(store, message.id, "INBOX", message.uid, FALSE, NULL));
        if (i % BATCH == BATCH - 1)
            g_assert_true(coi_store_commit(store, NULL));
    }
}

static void fill_outbox(CoiStore *store)
{
    g_assert_true(coi_store_begin(store, FALSE, NULL));
    for (int i = 0; i < QUEUED; i++) {
        g_autofree char *id = g_strdup_printf("out-%d@a.test", i);
        g_autofree char *peer = g_strdup_printf("%d@b.test", i % 50);
        gint64 row = enqueue(store, id, peer, to_bob, TRUE);
        CoiOutState state;
        g_assert_true(coi_outbox_attempted(store, row, 1000 + i, "451 later", &state, NULL));
    }
    g_assert_true(coi_store_commit(store, NULL));
}

static void find_by_id(CoiStore *store, int n)
{
    g_autofree char *id = g_strdup_printf("%d-3f1c8a52@b.test", n);
    g_assert_cmpint(coi_messages_find(store, id, NULL), ==, n + 1);
}

static void find_by_alias(CoiStore *store, int n)
{
    g_autofree char *alias = g_strdup_printf("alias-%d@b.test", n / 10 * 10);
    g_autofree char *peer = g_strdup_printf("%d@b.test", n / 10 * 10 % CONVERSATIONS);
    g_assert_cmpint(coi_messages_find(store, alias, peer), ==, n / 10 * 10 + 1);
}

static void find_unknown(CoiStore *store, int n)
{
    (void)n;
    g_assert_cmpint(coi_messages_find(store, "unknown@b.test", "x@b.test"), ==, 0);
}

static void get(CoiStore *store, int n)
{
    g_autoptr(CoiMessage) message = coi_messages_get(store, n + 1);
    g_assert_cmpint(message->time, ==, n);
}

static void pending(CoiStore *store, int n)
{
    (void)n;
    g_autoptr(GPtrArray) messages = coi_messages_pending(store, NULL, 100);
    g_assert_cmpuint(messages->len, ==, PENDING);
}

static void thread(CoiStore *store, int n)
{
    g_autofree char *peer = g_strdup_printf("%d@b.test", n % CONVERSATIONS), *first = NULL, *last = NULL;
    coi_messages_thread(store, peer, &first, &last);
    g_assert_true(first && last && strcmp(first, last) != 0);
}

static void place(CoiStore *store, int n)
{
    g_assert_cmpint(coi_messages_at(store, "INBOX", (guint32)n + 1), ==, n + 1);
}

static void outbox_next(CoiStore *store, int n)
{
    (void)n;
    g_autoptr(CoiOutgoing) none = coi_outbox_next(store, 999, NULL);
    g_assert_null(none);
    g_autoptr(CoiOutgoing) last = coi_outbox_next(store, G_MAXINT64, NULL);
    g_assert_cmpint(last->next_attempt, ==, 1000);
}

static void outbox_due(CoiStore *store, int n)
{
    (void)n;
    g_assert_cmpint(coi_outbox_next_due(store), ==, 1000);
}

static void outbox_copy(CoiStore *store, int n)
{
    (void)n;
    g_assert_null(coi_outbox_next_copy(store, NULL));
}

static void outbox_count(CoiStore *store, int n)
{
    (void)n;
    g_assert_cmpuint(coi_outbox_count(store, COI_OUT_QUEUED), ==, QUEUED);
}

static void set_show(CoiStore *store, int n)
{
    g_assert_true(
        coi_messages_set_show(store, n + 1, n % (MESSAGES / PENDING) ? COI_SHOW_DONE : COI_SHOW_PENDING, NULL));
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

/* The middle one of many, in microseconds: one may meet another process. */
static gint64 median_time(CoiStore *store, void (*query)(CoiStore *, int))
{
    gint64 times[101];
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        int n = g_test_rand_int_range(0, MESSAGES);
        gint64 start = g_get_monotonic_time();
        query(store, n);
        times[i] = g_get_monotonic_time() - start;
    }
    qsort(times, G_N_ELEMENTS(times), sizeof times[0], compare_times);
    return times[G_N_ELEMENTS(times) / 2];
}

static void many_messages(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 start = g_get_monotonic_time();
    fill(f->store);
    gint64 taken = MAX(g_get_monotonic_time() - start, 1);
    g_test_message("%d messages inserted, %" G_GINT64_FORMAT " a second", MESSAGES,
                   (gint64)MESSAGES * G_USEC_PER_SEC / taken);
    fill_outbox(f->store);
    const struct {
        const char *name;
        void (*query)(CoiStore *, int);
    } queries[] = {
        {"find by id", find_by_id},
        {"find by alias", find_by_alias},
        {"find unknown", find_unknown},
        {"get", get},
        {"pending lines", pending},
        {"thread", thread},
        {"place", place},
        {"outbox next", outbox_next},
        {"outbox next due", outbox_due},
        {"outbox copy", outbox_copy},
        {"outbox count", outbox_count},
        {"set show (a commit)", set_show},
    };
    for (guint i = 0; i < G_N_ELEMENTS(queries); i++) {
        gint64 median = median_time(f->store, queries[i].query);
        g_test_message("%s: %" G_GINT64_FORMAT " us", queries[i].name, median);
        g_assert_cmpint(median, <, MOST_USEC);
    }
    start = g_get_monotonic_time();
    g_assert_true(coi_messages_drop_texts(f->store, MESSAGES / 2, NULL));
    g_test_message("half of the texts dropped: %" G_GINT64_FORMAT " ms", (g_get_monotonic_time() - start) / 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/store/many", many_messages);
    return g_test_run();
}
