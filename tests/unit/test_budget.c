/* Mail that no user wrote: 300 a day, of these 100 for typing. */
#include "engine/private.h"
#include "store_fixture.h"

static guint take(Fixture *f, CoiBudget kind, guint wanted)
{
    CoiEngine engine = {.store = f->store};
    guint taken = 0;
    while (wanted-- > 0)
        taken += coi_budget_take(&engine, kind) ? 1 : 0;
    return taken;
}

static gint64 today(void)
{
    return g_get_real_time() / G_USEC_PER_SEC / 86400;
}

static void test_typing_leaves_room(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 150), ==, 100);
    g_assert_cmpuint(take(f, COI_BUDGET_RECEIPT, 350), ==, 200);
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 1), ==, 0);
}

static void test_receipts_may_take_all(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpuint(take(f, COI_BUDGET_RECEIPT, 299), ==, 299);
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 5), ==, 1);
    g_assert_cmpuint(take(f, COI_BUDGET_RECEIPT, 1), ==, 0);
}

static void test_outlives_a_login(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 100), ==, 100);
    reopen(f);
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 1), ==, 0);
}

static void test_undone_with_its_mail(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 99), ==, 99);
    g_assert_true(coi_store_begin(f->store, FALSE, &error));
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 1), ==, 1);
    coi_store_rollback(f->store);
    g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 5), ==, 1);
}

static void test_new_day(Fixture *f, gconstpointer data)
{
    (void)data;
    /* what the store says → what is left */
    static const struct {
        int days_ago;
        const char *taken;
        guint left;
    } table[] = {{0, " 300 0", 0},   {0, " 200 100", 0}, {0, " 200 99", 1}, {1, " 300 100", 100}, {-1, " 300 100", 100},
                 {0, " nonsense", 100}, {0, "", 100}};
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *fact = g_strdup_printf("%" G_GINT64_FORMAT "%s", today() - table[i].days_ago, table[i].taken);
        g_assert_true(coi_store_set(f->store, "automatic-mail", fact, NULL));
        g_assert_cmpuint(take(f, COI_BUDGET_TYPING, 150), ==, table[i].left);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/budget/typing leaves room for receipts", test_typing_leaves_room);
    STORE_TEST("/budget/receipts may take all", test_receipts_may_take_all);
    STORE_TEST("/budget/outlives a login", test_outlives_a_login);
    STORE_TEST("/budget/undone with its mail", test_undone_with_its_mail);
    STORE_TEST("/budget/a new day", test_new_day);
    return g_test_run();
}
