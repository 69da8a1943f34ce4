/* When an exchange is live: whose link asks the server often, and until when. */
#include "base/error.h"
#include "engine/private.h"

#define SECOND G_USEC_PER_SEC
#define ALICE "alice@example.org"
#define CAROL "carol@example.org"

static void test_end(void)
{
    /* seconds at which the peer wrote, said that they compose, the user looked; 0: never → the end */
    static const struct {
        const char *what;
        int wrote, composing, looked, end;
    } table[] = {{"nothing happened", 0, 0, 0, 0},
                 {"only looked at", 0, 0, 100, 0},
                 {"written, not looked at", 100, 0, 0, 0},
                 {"written after the user looked", 100, 0, 99, 0},
                 {"written before the user's eyes", 100, 0, 100, 110},
                 {"looked at later", 100, 0, 108, 110},
                 {"composing, not looked at", 0, 100, 99, 0},
                 {"composing before the user's eyes", 0, 100, 100, 130},
                 {"composing again", 0, 125, 125, 155},
                 {"composing after a message", 100, 105, 105, 135},
                 {"composing unseen after a seen message", 100, 105, 101, 110}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        CoiLiveTalk talk = {table[i].wrote * SECOND, table[i].composing * SECOND, table[i].looked * SECOND};
        g_test_message("%s", table[i].what);
        g_assert_cmpint(coi_live_end(&talk), ==, table[i].end * SECOND);
    }
}

static void test_servers(void)
{
    g_assert_true(coi_live_is_of_use("Dovecot"));
    g_assert_true(coi_live_is_of_use("dovecot pro"));
    g_assert_false(coi_live_is_of_use("Cyrus IMAP"));
    g_assert_false(coi_live_is_of_use("not Dovecot"));
    g_assert_false(coi_live_is_of_use(NULL));
}

/* An engine without a thread. Each request to a link of its comes back as FAILED, since no link is connected. */
typedef struct {
    CoiEngine engine;
    CoiImapFacts facts;
    CoiQueue *results;
} Fixture;

static void sink(CoiImapResult *result, gpointer results)
{
    coi_queue_push(results, result);
}

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->results = coi_queue_new((GDestroyNotify)coi_imap_result_free);
    f->facts.server_id = (char *)"Dovecot";
    f->engine.facts = &f->facts;
    f->engine.live.wanted = TRUE;
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++) {
        CoiWatch *watch = &f->engine.watches[i];
        watch->link = coi_imap_link_new(&f->engine.host, 0, sink, f->results);
        watch->mailbox = (char *)(i == COI_WATCH_INBOX ? "INBOX" : "COI/Chats");
        watch->state = COI_WATCH_FOLLOWING;
        watch->sync = COI_SYNC_LIVE;
    }
}

static CoiImapResult *next(Fixture *f, gint64 usec)
{
    return coi_queue_pop(f->results, g_get_monotonic_time() + usec, NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    for (guint i = COI_WATCH_INBOX; i <= COI_WATCH_CHATS; i++) {
        coi_imap_link_stop(f->engine.watches[i].link);
        CoiImapResult *ended = next(f, 30 * SECOND);
        g_assert_cmpint(ended->type, ==, COI_IMAP_ENDED);
        coi_imap_result_free(ended);
        coi_imap_link_free(f->engine.watches[i].link);
    }
    coi_live_clear(&f->engine.live);
    coi_queue_unref(f->results);
}

/* Which watch was asked to do something. */
static int told(Fixture *f)
{
    CoiImapResult *result = next(f, 30 * SECOND);
    g_assert_nonnull(result);
    g_assert_cmpint(result->type, ==, COI_IMAP_FAILED);
    int watch = result->link == f->engine.watches[COI_WATCH_CHATS].link ? COI_WATCH_CHATS : COI_WATCH_INBOX;
    coi_imap_result_free(result);
    return watch;
}

static void not_told(Fixture *f)
{
    g_assert_null(next(f, SECOND / 20));
}

static void hears(Fixture *f, int watch, const char *conversation)
{
    CoiMessage message = {.id = 1, .kind = COI_LINE_IN, .show = COI_SHOW_PENDING, .conversation = (char *)conversation};
    coi_live_heard(&f->engine, &f->engine.watches[watch], &message);
}

static void test_one_link_for_all(Fixture *f, gconstpointer data)
{
    (void)data;
    hears(f, COI_WATCH_INBOX, ALICE);
    not_told(f);
    coi_live_looked(&f->engine, ALICE);
    g_assert_cmpint(told(f), ==, COI_WATCH_INBOX);
    gint64 until = f->engine.live.until;
    coi_live_looked(&f->engine, ALICE);
    not_told(f);
    hears(f, COI_WATCH_INBOX, CAROL);
    coi_live_looked(&f->engine, CAROL);
    g_assert_cmpint(told(f), ==, COI_WATCH_INBOX);
    g_assert_cmpint(f->engine.live.until, >, until);
    not_told(f);
}

static void test_chats(Fixture *f, gconstpointer data)
{
    (void)data;
    f->facts.coi = f->facts.coi_enabled = TRUE;
    f->facts.coi_filter = (char *)"active";
    hears(f, COI_WATCH_INBOX, ALICE); /* ordinary mail */
    coi_live_looked(&f->engine, ALICE);
    not_told(f);
    hears(f, COI_WATCH_CHATS, ALICE);
    coi_live_looked(&f->engine, ALICE);
    g_assert_cmpint(told(f), ==, COI_WATCH_CHATS);
}

static void test_never(Fixture *f, gconstpointer data)
{
    CoiWatch *in = &f->engine.watches[COI_WATCH_INBOX];
    const char *why = data;
    if (g_str_equal(why, "option"))
        f->engine.live.wanted = FALSE;
    else if (g_str_equal(why, "server"))
        f->facts.server_id = (char *)"Cyrus IMAP";
    else if (g_str_equal(why, "down"))
        in->state = COI_WATCH_DOWN;
    else if (g_str_equal(why, "catching-up"))
        in->sync = COI_SYNC_LATER;
    hears(f, COI_WATCH_INBOX, ALICE);
    coi_live_looked(&f->engine, g_str_equal(why, "elsewhere") ? CAROL : ALICE);
    not_told(f);
}

/* Half a minute after the peer's word, but no longer than they compose. */
static void test_composing(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 since = g_get_monotonic_time();
    coi_live_composing(&f->engine, ALICE, since);
    not_told(f);
    coi_live_looked(&f->engine, CAROL);
    not_told(f);
    coi_live_looked(&f->engine, ALICE);
    g_assert_cmpint(told(f), ==, COI_WATCH_INBOX);
    g_assert_cmpint(f->engine.live.until, ==, since + 30 * SECOND);
    coi_live_composing(&f->engine, ALICE, 0);
    g_assert_cmpint(told(f), ==, COI_WATCH_INBOX);
    g_assert_cmpint(f->engine.live.until, ==, 0);
}

/* Who was slow or hung up is left alone for a while, whoever writes. */
static void test_rests(Fixture *f, gconstpointer data)
{
    CoiWatch *in = &f->engine.watches[COI_WATCH_INBOX];
    g_autoptr(GError) error = g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "see you");
    hears(f, COI_WATCH_INBOX, ALICE);
    coi_live_looked(&f->engine, ALICE);
    g_assert_cmpint(told(f), ==, COI_WATCH_INBOX);
    if (g_str_equal(data, "lags"))
        coi_live_lags(&f->engine, in);
    else
        coi_live_down(&f->engine, in, error);
    hears(f, COI_WATCH_INBOX, ALICE);
    coi_live_looked(&f->engine, ALICE);
    not_told(f);
    f->engine.live.rest = g_get_monotonic_time();
    coi_live_looked(&f->engine, ALICE);
    g_assert_cmpint(told(f), ==, COI_WATCH_INBOX);
}

/* A cut when nobody writes is none of an exchange's business. */
static void test_cut_before(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "see you");
    coi_live_down(&f->engine, &f->engine.watches[COI_WATCH_INBOX], error);
    hears(f, COI_WATCH_INBOX, ALICE);
    coi_live_looked(&f->engine, ALICE);
    g_assert_cmpint(told(f), ==, COI_WATCH_INBOX);
}

int main(int argc, char **argv)
{
    static const char *const reasons[] = {"option", "server", "down", "catching-up", "elsewhere"};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/live/end", test_end);
    g_test_add_func("/live/servers", test_servers);
    g_test_add("/live/one-link-for-all", Fixture, NULL, set_up, test_one_link_for_all, tear_down);
    g_test_add("/live/chats", Fixture, NULL, set_up, test_chats, tear_down);
    g_test_add("/live/composing", Fixture, NULL, set_up, test_composing, tear_down);
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        g_autofree char *path = g_strconcat("/live/never/", reasons[i], NULL);
        g_test_add(path, Fixture, reasons[i], set_up, test_never, tear_down);
    }
    g_test_add("/live/rests/lags", Fixture, "lags", set_up, test_rests, tear_down);
    g_test_add("/live/rests/down", Fixture, "down", set_up, test_rests, tear_down);
    g_test_add("/live/cut-before", Fixture, NULL, set_up, test_cut_before, tear_down);
    return g_test_run();
}
