/* The outbox: order, recipients, retries and own copies. */
#include "store_fixture.h"

static const char *const to_bob[] = {"bob@b.test", NULL};
static const char *const to_two[] = {"bob@b.test", "carol@b.test", "bob@b.test", NULL};

static CoiOutState attempted(CoiStore *store, gint64 id, gint64 next, const char *reply)
{
    g_autoptr(GError) error = NULL;
    CoiOutState state = (CoiOutState)-1;
    gboolean ok = coi_outbox_attempted(store, id, next, reply, &state, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return state;
}

static void done(CoiStore *store, gint64 id, const char *address, gboolean accepted, const char *reply)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = coi_outbox_recipient_done(store, id, address, accepted, reply, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

static void assert_recipients(const CoiOutgoing *outgoing, const char *expected)
{
    g_autofree char *joined = g_strjoinv(" ", outgoing->recipients);
    g_assert_cmpstr(joined, ==, expected);
}

/* Which mail goes next; 0 when none. */
static gint64 next(CoiStore *store, gint64 now, GHashTable *busy)
{
    g_autoptr(CoiOutgoing) outgoing = coi_outbox_next(store, now, busy);
    return outgoing ? outgoing->id : 0;
}

static void a_mail_is_kept_whole(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 id = enqueue(f->store, "one@a", "bob@b.test", to_two, TRUE);
    reopen(f);
    g_autoptr(CoiOutgoing) got = coi_outbox_get(f->store, id);
    g_assert_cmpint(got->id, ==, id);
    g_assert_cmpstr(got->message_id, ==, "one@a");
    g_assert_cmpstr(got->conversation, ==, "bob@b.test");
    g_assert_cmpint(got->created, ==, 100);
    g_assert_cmpint(got->state, ==, COI_OUT_QUEUED);
    g_assert_cmpuint(got->attempts, ==, 0);
    g_assert_cmpint(got->next_attempt, ==, 0);
    g_assert_null(got->last_reply);
    g_assert_cmpint(got->copy, ==, COI_COPY_WANTED);
    assert_recipients(got, "bob@b.test carol@b.test");
    g_assert_cmpmem(g_bytes_get_data(got->mail, NULL), g_bytes_get_size(got->mail), "From: a\r\n\0\r\nb\r\n", 16);
    g_assert_null(coi_outbox_get(f->store, id + 1));
}

static void refused_inserts_leave_nothing(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GBytes) mail = g_bytes_new_static("x", 1);
    gint64 queued = enqueue(f->store, "one@a", "bob@b.test", to_bob, FALSE);
    gint64 other = insert(f->store, "two@a", "me@a.test", "bob@b.test");
    const struct {
        gint64 id;
        const char *const *recipients;
        GBytes *mail;
    } bad[] = {
        {999, to_bob, mail},
        {other, (const char *const[]){NULL}, mail},
        {queued, to_two, mail},
        {other, to_bob, NULL}, /* fails at its second step */
    };
    /* Also in the middle of a transaction that is committed nevertheless. */
    for (guint i = 0; i < 2 * G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        guint n = i / 2;
        g_assert_true(i % 2 == 0 || coi_store_begin(f->store, TRUE, NULL));
        g_assert_false(coi_outbox_insert(f->store, bad[n].id, bad[n].mail, bad[n].recipients, FALSE, 1, &error));
        g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
        g_assert_true(i % 2 == 0 || coi_store_commit(f->store, NULL));
    }
    g_assert_cmpint(peek(f->directory, "SELECT count(*) FROM outbox"), ==, 1);
    g_assert_cmpint(peek(f->directory, "SELECT count(*) FROM mails"), ==, 1);
    g_assert_cmpint(peek(f->directory, "SELECT count(*) FROM recipients"), ==, 1);
}

static void order_is_per_conversation(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(coi_outbox_next_due(f->store), ==, -1);
    g_assert_cmpint(next(f->store, G_MAXINT64, NULL), ==, 0);
    gint64 b1 = enqueue(f->store, "b1@a", "bob@b.test", to_bob, FALSE);
    gint64 b2 = enqueue(f->store, "b2@a", "bob@b.test", to_bob, FALSE);
    gint64 a1 = enqueue(f->store, "a1@a", "anna@b.test", to_bob, FALSE);
    g_assert_cmpint(coi_outbox_next_due(f->store), ==, 0);
    g_assert_cmpint(next(f->store, 0, NULL), ==, b1);

    /* The first is on its way: the second of its conversation waits, another conversation passes. */
    g_autoptr(GHashTable) busy = new_id_set();
    add_id(busy, b1);
    g_assert_cmpint(next(f->store, 0, busy), ==, a1);
    add_id(busy, a1);
    g_assert_cmpint(next(f->store, 0, busy), ==, 0);

    /* It backs off: the same, and the second's being due wakes nobody. */
    g_assert_cmpint(attempted(f->store, b1, 500, "451 later"), ==, COI_OUT_QUEUED);
    g_assert_cmpint(next(f->store, 499, NULL), ==, a1);
    done(f->store, a1, "bob@b.test", TRUE, NULL);
    g_assert_cmpint(attempted(f->store, a1, 0, NULL), ==, COI_OUT_SENT);
    g_assert_cmpint(next(f->store, 499, NULL), ==, 0);
    g_assert_cmpint(coi_outbox_next_due(f->store), ==, 500);
    g_assert_cmpint(next(f->store, 500, NULL), ==, b1);
    g_assert_true(coi_outbox_all_due(f->store, NULL));
    g_assert_cmpint(coi_outbox_next_due(f->store), ==, 0);
    g_assert_cmpint(next(f->store, 0, NULL), ==, b1);

    /* A failed one holds nobody up. */
    g_assert_true(coi_outbox_fail(f->store, b1, "550 no", NULL));
    g_assert_cmpint(next(f->store, 0, NULL), ==, b2);
    done(f->store, b2, "bob@b.test", TRUE, NULL);
    g_assert_cmpint(attempted(f->store, b2, 0, NULL), ==, COI_OUT_SENT);
    g_assert_cmpint(next(f->store, G_MAXINT64, NULL), ==, 0);
    g_assert_cmpint(coi_outbox_next_due(f->store), ==, -1);
    g_assert_cmpuint(coi_outbox_count(f->store, COI_OUT_SENT), ==, 2);
    g_assert_cmpuint(coi_outbox_count(f->store, COI_OUT_FAILED), ==, 1);
}

static void state_follows_the_recipients(Fixture *f, gconstpointer data)
{
    (void)data;
    enum { OPEN, YES, NO };
    const struct {
        int bob, carol;
        const char *reply;
        CoiOutState state;
        const char *left, *last_reply;
    } table[] = {
        {OPEN, OPEN, "no route", COI_OUT_QUEUED, "bob@b.test carol@b.test", "no route"},
        {YES, OPEN, "451 later", COI_OUT_QUEUED, "carol@b.test", "451 later"},
        {NO, OPEN, NULL, COI_OUT_QUEUED, "carol@b.test", "550 no"},
        {YES, YES, NULL, COI_OUT_SENT, "", NULL},
        {YES, NO, NULL, COI_OUT_SENT, "", "550 no"},
        {NO, NO, NULL, COI_OUT_FAILED, "", "550 no"},
        {NO, NO, "554 rejected", COI_OUT_FAILED, "", "554 rejected"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *name = g_strdup_printf("%u@a", i);
        gint64 id = enqueue(f->store, name, "bob@b.test", to_two, FALSE);
        if (table[i].bob != OPEN)
            done(f->store, id, "bob@b.test", table[i].bob == YES, table[i].bob == YES ? NULL : "550 no");
        if (table[i].carol != OPEN)
            done(f->store, id, "carol@b.test", table[i].carol == YES, table[i].carol == YES ? NULL : "550 no");
        g_assert_cmpint(attempted(f->store, id, 700, table[i].reply), ==, table[i].state);
        g_autoptr(CoiOutgoing) got = coi_outbox_get(f->store, id);
        g_assert_cmpint(got->state, ==, table[i].state);
        g_assert_cmpuint(got->attempts, ==, 1);
        assert_recipients(got, table[i].left);
        g_assert_cmpstr(got->last_reply, ==, table[i].last_reply);
        g_assert_cmpint(got->mail != NULL, ==, table[i].state != COI_OUT_SENT);
        if (got->state == COI_OUT_QUEUED)
            g_assert_cmpint(got->next_attempt, ==, 700);
    }
}

static void what_is_delivered_stays_delivered(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    gint64 id = enqueue(f->store, "one@a", "bob@b.test", to_bob, TRUE);
    g_assert_false(coi_outbox_recipient_done(f->store, id, "eve@b.test", TRUE, NULL, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
    done(f->store, id, "bob@b.test", TRUE, NULL);
    done(f->store, id, "bob@b.test", FALSE, "550 changed my mind");
    g_assert_cmpint(attempted(f->store, id, 0, NULL), ==, COI_OUT_SENT);
    g_clear_error(&error);
    g_assert_false(coi_outbox_fail(f->store, id, "late", &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
    g_autoptr(CoiOutgoing) got = coi_outbox_get(f->store, id);
    g_assert_cmpint(got->state, ==, COI_OUT_SENT);
    g_assert_null(got->last_reply);

    CoiOutState state = COI_OUT_FAILED;
    g_clear_error(&error);
    g_assert_false(coi_outbox_attempted(f->store, 999, 0, NULL, &state, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
    g_assert_cmpint(state, ==, COI_OUT_FAILED);
}

static void retry_queues_what_failed(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 failed = enqueue(f->store, "1@a", "bob@b.test", to_two, TRUE);
    gint64 waiting = enqueue(f->store, "2@a", "bob@b.test", to_bob, FALSE);
    gint64 sent = enqueue(f->store, "3@a", "bob@b.test", to_two, FALSE);
    gint64 elsewhere = enqueue(f->store, "4@a", "anna@b.test", to_bob, FALSE);
    done(f->store, failed, "bob@b.test", TRUE, NULL);
    g_assert_cmpint(attempted(f->store, failed, 900, "451 later"), ==, COI_OUT_QUEUED);
    done(f->store, failed, "carol@b.test", FALSE, "550 no");
    g_assert_true(coi_outbox_fail(f->store, failed, "given up", NULL));
    attempted(f->store, waiting, 900, "451 later");
    done(f->store, sent, "bob@b.test", TRUE, NULL);
    done(f->store, sent, "carol@b.test", FALSE, "550 no");
    attempted(f->store, sent, 0, NULL);
    attempted(f->store, elsewhere, 900, "451 later");
    g_assert_true(coi_outbox_fail(f->store, elsewhere, NULL, NULL));

    g_assert_cmpint(coi_outbox_retry(f->store, "bob@b.test", 5000, NULL), ==, 2);
    g_assert_cmpint(coi_outbox_retry(f->store, "nobody@b.test", 5000, NULL), ==, 0);
    g_autoptr(CoiOutgoing) again = coi_outbox_get(f->store, failed);
    g_assert_cmpint(again->state, ==, COI_OUT_QUEUED);
    g_assert_cmpint(again->created, ==, 5000);
    g_assert_cmpint(again->next_attempt, ==, 0);
    g_assert_cmpuint(again->attempts, ==, 0);
    g_assert_null(again->last_reply);
    assert_recipients(again, "carol@b.test");
    g_assert_nonnull(again->mail);
    g_autoptr(CoiOutgoing) due = coi_outbox_get(f->store, waiting);
    g_assert_cmpint(due->next_attempt, ==, 0);
    g_assert_cmpint(due->created, ==, 100);
    g_autoptr(CoiOutgoing) untouched = coi_outbox_get(f->store, sent);
    g_assert_cmpint(untouched->state, ==, COI_OUT_SENT);
    assert_recipients(untouched, "");
    g_autoptr(CoiOutgoing) other = coi_outbox_get(f->store, elsewhere);
    g_assert_cmpint(other->state, ==, COI_OUT_FAILED);
    g_assert_cmpstr(other->last_reply, ==, "451 later");
}

static gint64 next_copy(CoiStore *store, GHashTable *busy)
{
    g_autoptr(CoiOutgoing) outgoing = coi_outbox_next_copy(store, busy);
    return outgoing ? outgoing->id : 0;
}

static void copies_have_their_own_state(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 ids[4];
    for (int i = 0; i < 4; i++) {
        g_autofree char *name = g_strdup_printf("%d@a", i);
        ids[i] = enqueue(f->store, name, "bob@b.test", to_bob, i != 1);
    }
    g_assert_cmpint(next_copy(f->store, NULL), ==, 0);
    for (int i = 0; i < 3; i++) {
        done(f->store, ids[i], "bob@b.test", TRUE, NULL);
        g_assert_cmpint(attempted(f->store, ids[i], 0, NULL), ==, COI_OUT_SENT);
    }
    g_assert_cmpint(next_copy(f->store, NULL), ==, ids[0]);
    g_autoptr(GHashTable) busy = new_id_set();
    add_id(busy, ids[0]);
    g_assert_cmpint(next_copy(f->store, busy), ==, ids[2]);

    g_assert_true(coi_outbox_copy_attempted(f->store, ids[0], COI_COPY_WANTED, NULL));
    g_autoptr(CoiOutgoing) again = coi_outbox_get(f->store, ids[0]);
    g_assert_cmpuint(again->copy_attempts, ==, 1);
    g_assert_nonnull(again->mail);
    g_assert_true(coi_outbox_copy_attempted(f->store, ids[0], COI_COPY_GIVEN_UP, NULL));
    g_assert_true(coi_outbox_copy_attempted(f->store, ids[2], COI_COPY_DONE, NULL));
    /* Its copy was there before the mail was sent: the bytes are still needed. */
    g_assert_true(coi_outbox_copy_attempted(f->store, ids[3], COI_COPY_DONE, NULL));
    for (int i = 0; i < 4; i++) {
        g_autoptr(CoiOutgoing) got = coi_outbox_get(f->store, ids[i]);
        g_assert_cmpint(got->mail != NULL, ==, i == 3);
    }
    g_assert_cmpint(next_copy(f->store, NULL), ==, 0);
    g_autoptr(GError) error = NULL;
    g_assert_false(coi_outbox_copy_attempted(f->store, 999, COI_COPY_DONE, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/outbox/whole", a_mail_is_kept_whole);
    STORE_TEST("/outbox/refused-inserts", refused_inserts_leave_nothing);
    STORE_TEST("/outbox/order", order_is_per_conversation);
    STORE_TEST("/outbox/state", state_follows_the_recipients);
    STORE_TEST("/outbox/delivered", what_is_delivered_stays_delivered);
    STORE_TEST("/outbox/retry", retry_queues_what_failed);
    STORE_TEST("/outbox/copies", copies_have_their_own_state);
    return g_test_run();
}
