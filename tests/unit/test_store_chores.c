/* What has been read, what lies where, and what is left to be done on the server. */
#include "store/chores.h"
#include "store_fixture.h"

/* A line of a conversation: received, or our own. */
static gint64 add(Fixture *f, const char *id, const char *conversation, CoiLineKind kind, CoiShow show, gint64 date)
{
    g_autoptr(CoiMessage) message = new_message(id, kind == COI_LINE_IN ? conversation : "me@x", conversation);
    g_autoptr(GError) error = NULL;
    message->kind = kind;
    message->show = show;
    message->internal_date = message->time = date;
    message->seen = kind != COI_LINE_IN;
    message->chat = TRUE;
    g_assert_true(coi_messages_insert(f->store, message, NULL, &error));
    g_assert_no_error(error);
    return message->id;
}

static CoiShow show_of(Fixture *f, gint64 id)
{
    g_autoptr(CoiMessage) message = coi_messages_get(f->store, id);
    return message->show;
}

static void test_between(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    gint64 before = add(f, "1", "ann@x", COI_LINE_REMOTE, COI_SHOW_BETWEEN, 1);
    add(f, "2", "ann@x", COI_LINE_IN, COI_SHOW_PENDING, 2);
    gint64 between = add(f, "3", "ann@x", COI_LINE_REMOTE, COI_SHOW_BETWEEN, 3);
    gint64 read = add(f, "4", "ann@x", COI_LINE_IN, COI_SHOW_BETWEEN, 4);
    gint64 other = add(f, "5", "bob@x", COI_LINE_REMOTE, COI_SHOW_BETWEEN, 4);
    add(f, "6", "ann@x", COI_LINE_IN, COI_SHOW_PENDING, 5);
    gint64 after = add(f, "7", "ann@x", COI_LINE_REMOTE, COI_SHOW_BETWEEN, 6);
    g_assert_true(coi_messages_settle_between(f->store, &error));
    g_assert_no_error(error);
    g_assert_cmpint(show_of(f, before), ==, COI_SHOW_NEVER);
    g_assert_cmpint(show_of(f, between), ==, COI_SHOW_PENDING);
    g_assert_cmpint(show_of(f, read), ==, COI_SHOW_PENDING);
    g_assert_cmpint(show_of(f, other), ==, COI_SHOW_NEVER);
    g_assert_cmpint(show_of(f, after), ==, COI_SHOW_NEVER);
}

static void test_seen(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    gint64 shown = add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1);
    gint64 waits = add(f, "2", "ann@x", COI_LINE_IN, COI_SHOW_PENDING, 2);
    add(f, "3", "ann@x", COI_LINE_IN, COI_SHOW_NEVER, 3);
    add(f, "4", "bob@x", COI_LINE_IN, COI_SHOW_DONE, 3);
    g_assert_true(coi_messages_any_unseen(f->store, "ann@x"));
    g_autoptr(GArray) ids = coi_messages_see(f->store, "ann@x", 0, 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(ids->len, ==, 1); /* only what was shown can have been read */
    g_assert_cmpint(g_array_index(ids, gint64, 0), ==, shown);
    g_assert_true(coi_messages_any_unseen(f->store, "ann@x"));
    g_assert_true(coi_messages_set_seen(f->store, waits, TRUE, &error));
    g_assert_false(coi_messages_any_unseen(f->store, "ann@x"));
    g_assert_true(coi_messages_any_unseen(f->store, "bob@x"));
    g_autoptr(GArray) none = coi_messages_see(f->store, "ann@x", 0, 0, &error);
    g_assert_cmpuint(none->len, ==, 0);
}

static void place(Fixture *f, gint64 id, const char *mailbox, guint32 uid)
{
    g_assert_true(coi_messages_add_place(f->store, id, mailbox, uid, FALSE, NULL));
}

static void test_chores(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 one = add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1), two = add(f, "2", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 2);
    place(f, one, "INBOX", 7);
    place(f, two, "INBOX", 5);
    for (guint i = 0; i < 2; i++) { /* asked for twice: done once */
        g_assert_true(coi_chores_add(f->store, one, COI_CHORE_SEEN, NULL));
        g_assert_true(coi_chores_add(f->store, two, COI_CHORE_SEEN, NULL));
    }
    g_autoptr(GArray) inbox = coi_chores_at(f->store, "INBOX", COI_CHORE_SEEN, 10);
    g_assert_cmpuint(inbox->len, ==, 2);
    g_assert_cmpuint(g_array_index(inbox, CoiChorePlace, 0).uid, ==, 5);
    g_assert_cmpint(g_array_index(inbox, CoiChorePlace, 1).message, ==, one);
    g_autoptr(GArray) first = coi_chores_at(f->store, "INBOX", COI_CHORE_SEEN, 1);
    g_assert_cmpuint(first->len, ==, 1);
    g_assert_true(coi_chores_done(f->store, two, COI_CHORE_SEEN, NULL));
    g_assert_false(coi_chores_waits(f->store, two, COI_CHORE_SEEN));
    /* UIDs become void: the work waits until the message has a place again, wherever. */
    g_assert_true(coi_messages_forget_places(f->store, "INBOX", NULL));
    g_autoptr(GArray) nowhere = coi_chores_at(f->store, "INBOX", COI_CHORE_SEEN, 10);
    g_assert_cmpuint(nowhere->len, ==, 0);
    place(f, one, "COI/Chats", 3);
    g_autoptr(GArray) chats = coi_chores_at(f->store, "COI/Chats", COI_CHORE_SEEN, 10);
    g_assert_cmpuint(chats->len, ==, 1);
    g_assert_cmpuint(g_array_index(chats, CoiChorePlace, 0).uid, ==, 3);
}

/* \Seen on a copy that another client has moved away meanwhile is worth nothing: the other copy still has to get it. */
static void test_seen_places(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 one = add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1);
    g_assert_true(coi_chores_add(f->store, one, COI_CHORE_SEEN, NULL));
    g_assert_true(coi_chores_settle_seen(f->store, one, NULL));
    g_assert_true(coi_chores_waits(f->store, one, COI_CHORE_SEEN)); /* it lies nowhere as yet */
    place(f, one, "INBOX", 7);
    place(f, one, "COI/Chats", 3);
    g_assert_true(coi_messages_set_place_seen(f->store, "INBOX", 7, TRUE, NULL));
    g_assert_true(coi_chores_settle_seen(f->store, one, NULL));
    g_autoptr(GArray) inbox = coi_chores_at(f->store, "INBOX", COI_CHORE_SEEN, 10);
    g_autoptr(GArray) chats = coi_chores_at(f->store, "COI/Chats", COI_CHORE_SEEN, 10);
    g_assert_cmpuint(inbox->len, ==, 0);
    g_assert_cmpuint(chats->len, ==, 1);
    g_assert_true(coi_messages_place_seen(f->store, "INBOX", 7));
    g_assert_false(coi_messages_place_seen(f->store, "COI/Chats", 3));
    g_assert_true(coi_messages_add_place(f->store, one, "COI/Chats", 3, TRUE, NULL));
    g_assert_true(coi_chores_settle_seen(f->store, one, NULL));
    g_assert_false(coi_chores_waits(f->store, one, COI_CHORE_SEEN));
}

static void test_moved(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 one = add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1), two = add(f, "2", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 2);
    for (guint32 uid = 4; uid <= 6; uid++)
        g_assert_true(coi_moved_add(f->store, uid, NULL));
    place(f, one, "COI/Chats", 4); /* ours, and the first */
    place(f, one, "COI/Chats", 7); /* another device's */
    place(f, two, "COI/Chats", 3);
    place(f, two, "COI/Chats", 5); /* ours, and one too many */
    place(f, one, "INBOX", 6);
    reopen(f);
    g_autoptr(GArray) extra = coi_moved_extra(f->store, "COI/Chats", 10);
    g_assert_cmpuint(extra->len, ==, 1);
    g_assert_cmpuint(g_array_index(extra, guint32, 0), ==, 5);
    g_assert_true(coi_moved_remove(f->store, 5, NULL));
    for (guint32 uid = 100; uid < 1101; uid++)
        g_assert_true(coi_moved_add(f->store, uid, NULL));
    place(f, one, "COI/Chats", 1);
    g_autoptr(GArray) old = coi_moved_extra(f->store, "COI/Chats", 10);
    g_assert_cmpuint(old->len, ==, 0); /* 4 has been forgotten */
}

static void test_file_all(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 forged = add(f, "4", "me@x", COI_LINE_IN, COI_SHOW_DONE, 4), twice = add(f, "5", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 5);
    place(f, forged, "INBOX", 4);
    place(f, twice, "INBOX", 5);
    place(f, twice, "COI/Chats", 1);
    gint64 unseen = add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1), own = add(f, "2", "ann@x", COI_LINE_REMOTE, COI_SHOW_DONE, 2);
    place(f, unseen, "INBOX", 1);
    place(f, own, "INBOX", 2);
    place(f, add(f, "3", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 3), "Sent", 1);
    g_assert_true(coi_chores_file_all(f->store, "INBOX", "COI/Chats", "me@x", TRUE, NULL));
    g_assert_false(coi_chores_waits(f->store, unseen, COI_CHORE_FILE));
    g_assert_true(coi_chores_waits(f->store, own, COI_CHORE_FILE));
    g_assert_true(coi_chores_file_all(f->store, "INBOX", "COI/Chats", "me@x", FALSE, NULL));
    g_assert_true(coi_chores_waits(f->store, unseen, COI_CHORE_FILE));
    g_assert_false(coi_chores_waits(f->store, forged, COI_CHORE_FILE)); /* says it is ours, which nothing proves */
    g_assert_false(coi_chores_waits(f->store, twice, COI_CHORE_FILE));  /* a copy is there already */
    g_assert_true(coi_chores_drop_all(f->store, COI_CHORE_FILE, NULL));
    g_assert_false(coi_chores_waits(f->store, own, COI_CHORE_FILE));
}

static void test_places(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 one = add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1);
    place(f, one, "COI/Chats", 9);
    place(f, one, "COI/Chats", 4);
    place(f, one, "INBOX", 1);
    g_autoptr(GArray) uids = coi_messages_places(f->store, one, "COI/Chats");
    g_assert_cmpuint(uids->len, ==, 2);
    g_assert_cmpuint(g_array_index(uids, guint32, 0), ==, 4);
    g_assert_true(coi_messages_lies_in(f->store, one, "INBOX"));
    g_assert_true(coi_messages_remove_place(f->store, "INBOX", 1, NULL));
    g_assert_false(coi_messages_lies_in(f->store, one, "INBOX"));
}

static void test_blocked(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(coi_peers_set_buddy(f->store, "ann@x", TRUE, NULL));
    g_assert_true(coi_peers_set_blocked(f->store, "ann@x", TRUE, NULL));
    reopen(f);
    g_autoptr(CoiPeer) peer = coi_peers_get(f->store, "ann@x");
    g_assert_true(peer->is_blocked && peer->is_buddy);
    g_assert_true(coi_peers_set_blocked(f->store, "ann@x", FALSE, NULL));
    g_autoptr(CoiPeer) forgiven = coi_peers_get(f->store, "ann@x");
    g_assert_false(forgiven->is_blocked);
}

static void lay(Fixture *f, gint64 id, const char *mailbox, guint32 uid)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(coi_messages_add_place(f->store, id, mailbox, uid, TRUE, &error));
    g_assert_no_error(error);
}

static gint64 add_expiring(Fixture *f, const char *id, gint64 expires)
{
    g_autoptr(CoiMessage) message = new_message(id, "ann@x", "ann@x");
    g_autoptr(GError) error = NULL;
    message->show = COI_SHOW_NEVER;
    message->expires = expires;
    g_assert_true(coi_messages_insert(f->store, message, NULL, &error));
    g_assert_no_error(error);
    return message->id;
}

/* Only mail that has a time is ever named for removal, at that time and where it lies. */
static void test_expired(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    lay(f, add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1), "Chats", 1);
    g_assert_cmpint(coi_expired_next(f->store, "Chats"), ==, 0);
    lay(f, add_expiring(f, "2", 200), "Chats", 2);
    lay(f, add_expiring(f, "3", 100), "Chats", 3);
    lay(f, add_expiring(f, "4", 50), "INBOX", 4);
    g_assert_cmpint(coi_expired_next(f->store, "Chats"), ==, 100);
    g_autoptr(GArray) early = coi_expired_at(f->store, "Chats", 99, 10);
    g_assert_cmpuint(early->len, ==, 0);
    g_autoptr(GArray) one = coi_expired_at(f->store, "Chats", 100, 10);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_cmpuint(g_array_index(one, guint32, 0), ==, 3);
    g_autoptr(GArray) both = coi_expired_at(f->store, "Chats", 1000, 10);
    g_assert_cmpuint(both->len, ==, 2);
    g_assert_true(coi_messages_remove_place(f->store, "Chats", 3, &error));
    g_assert_cmpint(coi_expired_next(f->store, "Chats"), ==, 200);
}

static gboolean is_there(Fixture *f, gint64 id)
{
    g_autoptr(CoiMessage) message = coi_messages_get(f->store, id);
    return message != NULL;
}

/* What is over and gone takes no room any more; a real message, what lies somewhere and what we sent stay. */
static void test_expired_forget(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    gint64 real = add(f, "1", "ann@x", COI_LINE_IN, COI_SHOW_DONE, 1);
    gint64 lies = add_expiring(f, "2", 100), gone = add_expiring(f, "3", 100), later = add_expiring(f, "4", 101);
    lay(f, lies, "Chats", 2);
    g_assert_true(coi_chores_add(f->store, gone, COI_CHORE_SEEN, &error));
    g_assert_true(coi_messages_add_alias(f->store, gone, "other", &error));
    g_autoptr(CoiMessage) sent = new_message("5", "me@x", "receipt:ann@x");
    sent->kind = COI_LINE_OWN;
    sent->expires = 100;
    g_assert_true(coi_messages_insert(f->store, sent, NULL, &error));
    g_assert_true(coi_expired_forget(f->store, 100, &error));
    g_assert_no_error(error);
    g_assert_true(is_there(f, real));
    g_assert_true(is_there(f, lies));
    g_assert_true(is_there(f, later));
    g_assert_false(is_there(f, gone));
    g_autoptr(CoiMessage) after = coi_messages_get(f->store, sent->id);
    g_assert_cmpint(after->expires, ==, 0);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/store-chores/between", test_between);
    ADD("/store-chores/seen", test_seen);
    ADD("/store-chores/seen-places", test_seen_places);
    ADD("/store-chores/moved", test_moved);
    ADD("/store-chores/chores", test_chores);
    ADD("/store-chores/file-all", test_file_all);
    ADD("/store-chores/places", test_places);
    ADD("/store-chores/blocked", test_blocked);
    ADD("/store-chores/expired", test_expired);
    ADD("/store-chores/expired-forget", test_expired_forget);
    return g_test_run();
}
