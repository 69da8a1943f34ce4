/* Who is writing: what mails say of it, and what is told of them. */
#include <string.h>

#include "engine/private.h"
#include "store_fixture.h"

static CoiHeaders *headers_of(const char *field)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *mail = g_strdup_printf("From: ann@x\n%s\n\n", field);
    CoiHeaders *headers = coi_headers_parse((const guint8 *)mail, strlen(mail), &error);
    g_assert_no_error(error);
    return headers;
}

static void test_states(void)
{
    static const struct {
        const char *value;
        CoiTypingState state;
    } table[] = {{"purple-coi.typing; state=composing", COI_TYPING_COMPOSING},
                 {"purple-coi.typing;state=paused", COI_TYPING_PAUSED},
                 {"purple-coi.typing ; x ; STATE = Done ; y=z", COI_TYPING_DONE},
                 {"purple-coi.typing; state=\"composing\"", COI_TYPING_COMPOSING},
                 {"purple-coi.typing;\n state=done", COI_TYPING_DONE},
                 {"purple-coi.typing; state=composing; state=done", COI_TYPING_COMPOSING},
                 {"purple-coi.typing", COI_TYPING_NONE},
                 {"purple-coi.typing; state", COI_TYPING_NONE},
                 {"purple-coi.typing; state=", COI_TYPING_NONE},
                 {"purple-coi.typing; state=\"", COI_TYPING_NONE},
                 {"purple-coi.typing; state=composing\"", COI_TYPING_NONE},
                 {"purple-coi.typing; states=composing", COI_TYPING_NONE},
                 {"purple-coi.typing; state=dancing", COI_TYPING_NONE},
                 {";;;===", COI_TYPING_NONE},
                 {"", COI_TYPING_NONE}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *field = g_strconcat("Chat-Content: ", table[i].value, NULL);
        g_autoptr(CoiHeaders) headers = headers_of(field);
        g_test_message("%s", table[i].value);
        g_assert_cmpint(coi_typing_state(headers), ==, table[i].state);
    }
    g_autoptr(CoiHeaders) none = headers_of("Subject: x");
    g_assert_cmpint(coi_typing_state(none), ==, COI_TYPING_NONE);
}

static void test_welcome(void)
{
    static const struct {
        const char *field;
        gboolean welcome;
    } table[] = {{"Chat-Version: 1.0; typing=1", TRUE},      {"Chat-Version: 2.7;x=y; Typing = \"1\"", TRUE},
                 {"Chat-Version: 1.0", FALSE},               {"Chat-Version: 1.0; typing=0", FALSE},
                 {"Chat-Version: 1.0; typing=11", FALSE},    {"Chat-Version: 1.0; typing", FALSE},
                 {"Chat-Version: 1.0; nottyping=1", FALSE},  {"Chat-Version:", FALSE},
                 {"X-Chat-Version: 1.0; typing=1", FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(CoiHeaders) headers = headers_of(table[i].field);
        g_test_message("%s", table[i].field);
        g_assert_cmpint(coi_typing_is_welcome(headers), ==, table[i].welcome);
    }
}

#define NOW (g_get_real_time() / G_USEC_PER_SEC)

/* What we say is what others understand. */
static void test_said(void)
{
    for (int state = COI_TYPING_COMPOSING; state <= COI_TYPING_DONE; state++) {
        g_autofree char *field = g_strconcat("Chat-Content: ", coi_typing_content(state), NULL);
        g_autoptr(CoiHeaders) headers = headers_of(field);
        g_assert_cmpint(coi_typing_state(headers), ==, state);
        g_assert_true(coi_content_is_typing(headers->chat_content));
    }
}

/* An engine without a thread, and mails of Ann's that come to it. */
typedef struct {
    Fixture store;
    CoiEngine engine;
} Engine;

static void free_event(gpointer event)
{
    coi_event_free(event);
}

static void set_up(Engine *e, gconstpointer data)
{
    fixture_set_up(&e->store, data);
    e->engine = (CoiEngine){.store = e->store.store, .address = (char *)"me@x", .out = coi_queue_new(free_event), .live.wanted = TRUE};
}

static void tear_down(Engine *e, gconstpointer data)
{
    g_assert_null(coi_queue_try_pop(e->engine.out));
    coi_queue_unref(e->engine.out);
    g_clear_pointer(&e->engine.typing, coi_typing_free);
    coi_live_clear(&e->engine.live);
    fixture_tear_down(&e->store, data);
}

/* Written at `at` by her clock, arrived at `came`; after the message `follows`. */
static void says(Engine *e, CoiTypingState state, gint64 at, gint64 came, const char *follows)
{
    g_autoptr(CoiMessage) mail = new_message("t", "ann@x", "ann@x");
    mail->time = at;
    mail->internal_date = came;
    mail->expires = came + 60;
    CoiArrival arrival = {.message = mail, .is_typing = TRUE, .typing = state, .last_reference = (char *)follows};
    coi_typing_heard(&e->engine, &arrival);
}

static void writes(Engine *e, const char *id, gint64 at, gint64 came)
{
    g_autoptr(CoiMessage) message = new_message(id, "ann@x", "ann@x");
    message->time = at;
    message->internal_date = came;
    CoiArrival arrival = {.message = message, .takes_typing = TRUE};
    coi_typing_wrote(&e->engine, &arrival);
}

static void told(Engine *e, CoiTypingState state)
{
    CoiEvent *event = coi_queue_try_pop(e->engine.out);
    g_assert_nonnull(event);
    g_assert_cmpint(event->type, ==, COI_EVENT_TYPING);
    g_assert_cmpstr(event->address, ==, "ann@x");
    g_assert_cmpint(event->typing, ==, state);
    g_assert_cmpint(event->count, >, 0);
    g_assert_cmpint(event->count, <=, 60);
    coi_event_free(event);
}

static void nothing_told(Engine *e)
{
    g_assert_null(coi_queue_try_pop(e->engine.out));
}

/* As far as a live exchange goes. */
static gboolean composes(const Engine *e)
{
    const CoiLiveTalk *talk = e->engine.live.talks != NULL ? g_hash_table_lookup(e->engine.live.talks, "ann@x") : NULL;
    return talk != NULL && talk->composing != 0;
}

static void test_told(Engine *e, gconstpointer data)
{
    (void)data;
    gint64 now = NOW;
    g_assert_false(composes(e));
    says(e, COI_TYPING_DONE, now, now, NULL);
    says(e, COI_TYPING_NONE, now, now, NULL);
    nothing_told(e);
    says(e, COI_TYPING_COMPOSING, now, now, NULL);
    told(e, COI_TYPING_COMPOSING);
    g_assert_true(composes(e));
    coi_typing_shown(&e->engine, "bob@x");
    coi_typing_shown(&e->engine, "ann@x");
    told(e, COI_TYPING_COMPOSING);
    says(e, COI_TYPING_PAUSED, now, now, NULL);
    told(e, COI_TYPING_PAUSED);
    g_assert_false(composes(e));
    says(e, COI_TYPING_DONE, now, now, NULL);
    told(e, COI_TYPING_DONE);
    coi_typing_shown(&e->engine, "ann@x");
}

static void test_stale(Engine *e, gconstpointer data)
{
    (void)data;
    gint64 now = NOW;
    says(e, COI_TYPING_COMPOSING, now - 61, now - 61, NULL);
    nothing_told(e);
    says(e, COI_TYPING_COMPOSING, now - 50, now - 50, NULL);
    told(e, COI_TYPING_COMPOSING);
    /* Our clock is an hour ahead of the server's, or behind. */
    coi_clock_arrived(&e->engine, now - 3600);
    says(e, COI_TYPING_COMPOSING, now - 40, now - 3600, NULL);
    told(e, COI_TYPING_COMPOSING);
    coi_clock_arrived(&e->engine, now + 3600);
    says(e, COI_TYPING_COMPOSING, now, now, NULL);
    coi_clock_arrived(&e->engine, now); /* took its time on the way */
    says(e, COI_TYPING_COMPOSING, now, now, NULL);
}

/* Servers deliver in any order what comes at nearly the same time. */
static void test_overtaken(Engine *e, gconstpointer data)
{
    (void)data;
    gint64 now = NOW;
    writes(e, "first", now - 10, now);
    says(e, COI_TYPING_COMPOSING, now - 11, now, NULL);
    says(e, COI_TYPING_COMPOSING, now - 10, now, "earlier");
    nothing_told(e);
    says(e, COI_TYPING_COMPOSING, now - 10, now, "first");
    told(e, COI_TYPING_COMPOSING);
    says(e, COI_TYPING_DONE, now - 12, now, "first");
    nothing_told(e);
    writes(e, "second", now - 9, now);
    g_assert_false(composes(e));
    says(e, COI_TYPING_COMPOSING, now - 8, now, "first");
    told(e, COI_TYPING_COMPOSING);
    writes(e, "late", now - 30, now);
    g_assert_true(composes(e));
}

static void test_unwanted(Engine *e, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(CoiMessage) own = new_message("t", "me@x", "ann@x");
    own->internal_date = own->time = NOW;
    own->expires = NOW + 60;
    CoiArrival arrival = {.message = own, .typing = COI_TYPING_COMPOSING};
    coi_typing_heard(&e->engine, &arrival);
    g_assert_true(coi_peers_set_blocked(e->engine.store, "ann@x", TRUE, &error));
    says(e, COI_TYPING_COMPOSING, NOW, NOW, NULL);
    g_assert_false(composes(e));
}

/* Of a program that takes such mails, and of one that doesn't. */
static void test_peers(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_assert_true(coi_peers_set_takes_typing(f->store, "ann@x", TRUE, &error));
    g_assert_true(coi_peers_heard(f->store, "ann@x", "Ann", TRUE, &error));
    g_autoptr(CoiPeer) ann = coi_peers_get(f->store, "ann@x");
    g_autoptr(CoiPeer) bob = coi_peers_get(f->store, "bob@x");
    g_assert_true(ann->takes_typing);
    g_assert_false(bob->takes_typing);
    g_assert_true(coi_peers_set_takes_typing(f->store, "ann@x", FALSE, &error));
    g_assert_no_error(error);
    g_autoptr(CoiPeer) after = coi_peers_get(f->store, "ann@x");
    g_assert_false(after->takes_typing);
    g_assert_cmpstr(after->name, ==, "Ann");
}

#define ADD(path, function) g_test_add(path, Engine, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/typing/states", test_states);
    g_test_add_func("/typing/welcome", test_welcome);
    g_test_add_func("/typing/said", test_said);
    ADD("/typing/told", test_told);
    ADD("/typing/stale", test_stale);
    ADD("/typing/overtaken", test_overtaken);
    ADD("/typing/unwanted", test_unwanted);
    STORE_TEST("/typing/peers", test_peers);
    return g_test_run();
}
