/* What became of our messages, and to whom we owe a receipt. */
#include "store/receipts.h"
#include "store_fixture.h"

#define BOB "bob@b.test"

static gboolean note(Fixture *f, gint64 message, CoiReceipt receipt, gint64 time)
{
    g_autoptr(GError) error = NULL;
    gboolean news = FALSE;
    g_assert_true(coi_receipts_note(f->store, message, BOB, receipt, time, &news, &error));
    g_assert_no_error(error);
    return news;
}

/* One row each: what was known, what is told, what is known then. N nothing, L late, F failed, D delivered, R read. */
static void what_weighs_more(Fixture *f, gconstpointer data)
{
    (void)data;
    static const char letters[] = "NLFDR";
    static const char *const table[] = {"NLL", "NFF", "NDD", "NRR", /* the first word counts */
                                        "LFF", "LDD", "LRR", "LLL", /* it came after all, or didn't */
                                        "FLF", "FDD", "FRR", "FFF", /* late is no news of what failed */
                                        "DLD", "DFF", "DRR", "DDD", /* forwarded to where it failed */
                                        "RLR", "RFR", "RDR", "RRR"  /* nobody but the reader knows better than the reader */};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *id = g_strdup_printf("m%" G_GSIZE_FORMAT "@a.test", i);
        gint64 message = insert(f->store, id, "me@a.test", BOB), time;
        CoiReceipt before = (CoiReceipt)(strchr(letters, table[i][0]) - letters);
        CoiReceipt told = (CoiReceipt)(strchr(letters, table[i][1]) - letters);
        CoiReceipt after = (CoiReceipt)(strchr(letters, table[i][2]) - letters);
        g_test_message("%s", table[i]);
        if (before != COI_RECEIPT_NONE)
            g_assert_true(note(f, message, before, 100));
        g_assert_cmpint(note(f, message, told, 200), ==, before != after);
        g_assert_cmpint(coi_receipts_get(f->store, message, BOB, &time), ==, after);
        g_assert_cmpint(time, ==, before != after ? 200 : 100);
    }
}

static void by_recipient(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 message = insert(f->store, "one@a.test", "me@a.test", BOB), time = 7;
    g_assert_cmpint(coi_receipts_get(f->store, message, BOB, &time), ==, COI_RECEIPT_NONE);
    g_assert_cmpint(time, ==, 0);
    g_assert_true(note(f, message, COI_RECEIPT_READ, 300));
    g_assert_cmpint(coi_receipts_get(f->store, message, "carol@b.test", &time), ==, COI_RECEIPT_NONE);
    reopen(f);
    g_assert_cmpint(coi_receipts_get(f->store, message, BOB, &time), ==, COI_RECEIPT_READ);
    g_assert_cmpint(time, ==, 300);
}

static gint64 insert_as(Fixture *f, const char *id, CoiLineKind kind, CoiShow show, gint64 expires)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiMessage) message = new_message(id, kind == COI_LINE_IN ? BOB : "me@a.test", BOB);
    message->kind = kind;
    message->show = show;
    message->expires = expires;
    g_assert_true(coi_messages_insert(f->store, message, NULL, &error));
    return message->id;
}

/* Our latest line, from whichever device; nothing of others, of machines, or that nobody will see. */
static void latest_of_ours(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(coi_receipts_last_own(f->store, BOB), ==, 0);
    insert_as(f, "theirs@b.test", COI_LINE_IN, COI_SHOW_DONE, 0);
    insert_as(f, "receipt@a.test", COI_LINE_OWN, COI_SHOW_NEVER, 900);
    insert_as(f, "typing@a.test", COI_LINE_OWN, COI_SHOW_DONE, 900);
    g_assert_cmpint(coi_receipts_last_own(f->store, BOB), ==, 0);
    g_assert_false(coi_receipts_may_know(f->store, BOB));
    gint64 remote = insert_as(f, "other-device@a.test", COI_LINE_REMOTE, COI_SHOW_DONE, 0);
    g_assert_cmpint(coi_receipts_last_own(f->store, BOB), ==, remote);
    gint64 own = insert_as(f, "own@a.test", COI_LINE_OWN, COI_SHOW_PENDING, 0);
    insert_as(f, "answer@b.test", COI_LINE_IN, COI_SHOW_DONE, 0);
    g_assert_cmpint(coi_receipts_last_own(f->store, BOB), ==, own);
    g_assert_cmpint(coi_receipts_last_own(f->store, "carol@b.test"), ==, 0);
    g_assert_true(coi_receipts_may_know(f->store, BOB));
}

static gint64 insert_asking(Fixture *f, const char *id, gboolean asks, gboolean seen, CoiShow show)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiMessage) message = new_message(id, BOB, BOB);
    message->wants_receipt = asks;
    message->sent_as = asks ? g_strdup("sender's own@b.test") : NULL;
    message->seen = seen;
    message->show = show;
    g_assert_true(coi_messages_insert(f->store, message, NULL, &error));
    return message->id;
}

/* Only what asked, was shown and was read; each once. */
static void owed(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 first = insert_asking(f, "1@b.test", TRUE, TRUE, COI_SHOW_DONE);
    insert_asking(f, "2@b.test", FALSE, TRUE, COI_SHOW_DONE);
    insert_asking(f, "3@b.test", TRUE, FALSE, COI_SHOW_DONE);
    insert_asking(f, "4@b.test", TRUE, TRUE, COI_SHOW_NEVER);
    insert_asking(f, "5@b.test", TRUE, TRUE, COI_SHOW_PENDING);
    gint64 second = insert_asking(f, "6@b.test", TRUE, TRUE, COI_SHOW_DONE);
    g_autoptr(GArray) ids = coi_receipts_owed(f->store, BOB);
    g_assert_cmpuint(ids->len, ==, 2);
    g_assert_cmpint(g_array_index(ids, gint64, 0), ==, first);
    g_assert_cmpint(g_array_index(ids, gint64, 1), ==, second);
    g_autoptr(CoiMessage) asking = coi_messages_get(f->store, first);
    g_assert_true(asking->wants_receipt);
    g_assert_cmpstr(asking->sent_as, ==, "sender's own@b.test");
    g_assert_true(coi_receipts_settle(f->store, first, NULL));
    reopen(f);
    g_autoptr(GArray) left = coi_receipts_owed(f->store, BOB);
    g_assert_cmpuint(left->len, ==, 1);
    g_assert_cmpint(g_array_index(left, gint64, 0), ==, second);
    g_autoptr(GArray) others = coi_receipts_owed(f->store, "carol@b.test");
    g_assert_cmpuint(others->len, ==, 0);
}

static gint64 take(Fixture *f, const char *id, const char *address)
{
    gint64 time = -1;
    g_assert_true(coi_receipts_take(f->store, id, address, &time, NULL));
    return time;
}

/* Of a message that is not known yet: by whom and about what, the first time, once; of a flood the newest. */
static void early(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(coi_receipts_keep(f->store, "a@a.test", BOB, 100, NULL));
    g_assert_true(coi_receipts_keep(f->store, "a@a.test", BOB, 200, NULL));
    reopen(f);
    g_assert_cmpint(take(f, "a@a.test", "carol@b.test"), ==, 0);
    g_assert_cmpint(take(f, "b@a.test", BOB), ==, 0);
    g_assert_cmpint(take(f, "a@a.test", BOB), ==, 100);
    g_assert_cmpint(take(f, "a@a.test", BOB), ==, 0);
    g_assert_true(coi_store_begin(f->store, FALSE, NULL));
    for (guint i = 0; i < 700; i++) {
        g_autofree char *id = g_strdup_printf("%u@a.test", i);
        g_assert_true(coi_receipts_keep(f->store, id, BOB, 100, NULL));
    }
    g_assert_true(coi_store_commit(f->store, NULL));
    g_assert_cmpint(take(f, "199@a.test", BOB), ==, 0);
    g_assert_cmpint(take(f, "200@a.test", BOB), ==, 100);
    g_assert_cmpint(peek(f->directory, "SELECT count(*) FROM early_receipts"), ==, 499);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/store/receipts/what weighs more", what_weighs_more);
    STORE_TEST("/store/receipts/by recipient", by_recipient);
    STORE_TEST("/store/receipts/the latest of ours", latest_of_ours);
    STORE_TEST("/store/receipts/owed", owed);
    STORE_TEST("/store/receipts/early", early);
    return g_test_run();
}
