/* The store's facts, folders, people and messages. */
#include "store_fixture.h"

static void facts_are_kept(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *absent = coi_store_get(f->store, "greeting");
    g_assert_null(absent);
    g_assert_true(coi_store_set(f->store, "greeting", "one", NULL));
    g_assert_true(coi_store_set(f->store, "greeting", "it's \"two\"; DROP TABLE facts", NULL));
    reopen(f);
    g_autofree char *value = coi_store_get(f->store, "greeting");
    g_assert_cmpstr(value, ==, "it's \"two\"; DROP TABLE facts");
    g_assert_true(coi_store_set(f->store, "greeting", NULL, NULL));
    g_autofree char *removed = coi_store_get(f->store, "greeting");
    g_assert_null(removed);
}

static void rollback_undoes(Fixture *f, gconstpointer data)
{
    (void)data;
    for (int durable = 0; durable < 2; durable++) {
        g_assert_true(coi_store_begin(f->store, durable, NULL));
        g_assert_true(coi_store_set(f->store, "a", "1", NULL));
        insert(f->store, "undone@b.test", "b@b.test", "b@b.test");
        coi_store_rollback(f->store);
        g_autofree char *value = coi_store_get(f->store, "a");
        g_assert_null(value);
        g_assert_cmpint(coi_messages_find(f->store, "undone@b.test", NULL), ==, 0);
    }
    g_assert_true(coi_store_begin(f->store, TRUE, NULL));
    g_assert_true(coi_store_set(f->store, "a", "2", NULL));
    g_assert_true(coi_store_commit(f->store, NULL));
    g_autofree char *value = coi_store_get(f->store, "a");
    g_assert_cmpstr(value, ==, "2");
}

static void close_forgets_an_open_transaction(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(coi_store_begin(f->store, TRUE, NULL));
    g_assert_true(coi_store_set(f->store, "a", "1", NULL));
    reopen(f);
    g_autofree char *value = coi_store_get(f->store, "a");
    g_assert_null(value);
}

/* A step that fails inside a transaction leaves the transaction's other work alone. */
static void failed_step_keeps_the_rest(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    const char *const aliases[] = {"alias@b.test", NULL};
    insert(f->store, "one@b.test", "b@b.test", "b@b.test");
    g_assert_true(coi_store_begin(f->store, FALSE, NULL));
    g_assert_true(coi_store_set(f->store, "a", "1", NULL));
    g_autoptr(CoiMessage) twin = new_message("one@b.test", "b@b.test", "b@b.test");
    g_assert_false(coi_messages_insert(f->store, twin, aliases, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
    g_assert_cmpint(twin->id, ==, 0);
    g_assert_true(coi_store_commit(f->store, NULL));
    g_autofree char *value = coi_store_get(f->store, "a");
    g_assert_cmpstr(value, ==, "1");
    g_assert_cmpint(coi_messages_find(f->store, "alias@b.test", NULL), ==, 0);
}

static void folders_are_kept(Fixture *f, gconstpointer data)
{
    (void)data;
    CoiFolder folder = {1, 2, 3, 4};
    g_assert_false(coi_folders_get(f->store, "INBOX", &folder));
    g_assert_cmpuint(folder.uid_validity + folder.next_uid + folder.highest_modseq + folder.floor, ==, 0);
    CoiFolder most = {G_MAXUINT32, G_MAXUINT32, G_MAXUINT64, G_MAXUINT32};
    g_assert_true(coi_folders_set(f->store, "INBOX", &(CoiFolder){7, 8, 9, 10}, NULL));
    g_assert_true(coi_folders_set(f->store, "INBOX", &most, NULL));
    g_assert_false(coi_folders_get(f->store, "inbox", &folder));
    g_assert_true(coi_folders_get(f->store, "INBOX", &folder));
    g_assert_cmpuint(folder.uid_validity, ==, G_MAXUINT32);
    g_assert_cmpuint(folder.next_uid, ==, G_MAXUINT32);
    g_assert_cmpuint(folder.highest_modseq, ==, G_MAXUINT64);
    g_assert_cmpuint(folder.floor, ==, G_MAXUINT32);
}

static void peers_are_kept(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(CoiPeer) stranger = coi_peers_get(f->store, "b@b.test");
    g_assert_null(stranger->name);
    g_assert_false(stranger->chats || stranger->is_buddy);

    g_assert_true(coi_peers_heard(f->store, "b@b.test", "Bob", TRUE, NULL));
    g_assert_true(coi_peers_set_buddy(f->store, "b@b.test", TRUE, NULL));
    g_assert_true(coi_peers_heard(f->store, "b@b.test", NULL, FALSE, NULL));
    g_assert_true(coi_peers_set_buddy(f->store, "a@b.test", TRUE, NULL));
    g_assert_true(coi_peers_heard(f->store, "c@b.test", "Carol", TRUE, NULL));
    reopen(f);
    g_autoptr(CoiPeer) bob = coi_peers_get(f->store, "b@b.test");
    g_assert_cmpstr(bob->name, ==, "Bob");
    g_assert_false(bob->chats);
    g_assert_true(bob->is_buddy);
    g_autoptr(CoiPeer) carol = coi_peers_get(f->store, "c@b.test");
    g_assert_true(carol->chats && !carol->is_buddy);

    g_auto(GStrv) buddies = coi_peers_buddies(f->store);
    g_autofree char *listed = g_strjoinv(" ", buddies);
    g_assert_cmpstr(listed, ==, "a@b.test b@b.test");
    g_assert_true(coi_peers_set_buddy(f->store, "a@b.test", FALSE, NULL));
    g_assert_true(coi_peers_set_buddy(f->store, "b@b.test", FALSE, NULL));
    g_auto(GStrv) none = coi_peers_buddies(f->store);
    g_assert_cmpuint(g_strv_length(none), ==, 0);
}

static void a_message_is_kept_whole(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(CoiMessage) sent = new_message("x@b.test", "b@b.test", "c@b.test");
    sent->sender_name = g_strdup("Bőb 'B'");
    sent->kind = COI_LINE_REMOTE;
    sent->show = COI_SHOW_PENDING;
    sent->delayed = TRUE;
    sent->time = -5;
    sent->internal_date = G_MAXINT64;
    sent->uid = G_MAXUINT32;
    g_assert_true(coi_messages_insert(f->store, sent, NULL, NULL));
    reopen(f);
    g_autoptr(CoiMessage) got = coi_messages_get(f->store, sent->id);
    g_assert_cmpint(got->id, ==, sent->id);
    g_assert_cmpstr(got->message_id, ==, "x@b.test");
    g_assert_cmpstr(got->sender, ==, "b@b.test");
    g_assert_cmpstr(got->conversation, ==, "c@b.test");
    g_assert_cmpstr(got->sender_name, ==, "Bőb 'B'");
    g_assert_cmpint(got->kind, ==, COI_LINE_REMOTE);
    g_assert_cmpint(got->show, ==, COI_SHOW_PENDING);
    g_assert_true(got->delayed);
    g_assert_cmpint(got->time, ==, -5);
    g_assert_cmpint(got->internal_date, ==, G_MAXINT64);
    g_assert_cmpstr(got->mailbox, ==, "INBOX");
    g_assert_cmpuint(got->uid, ==, G_MAXUINT32);
    g_assert_cmpstr(got->text, ==, "Hello");
    g_assert_null(coi_messages_get(f->store, sent->id + 1));
}

static void found_by_id_and_alias(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(CoiMessage) message = new_message("x@b.test", "b@b.test", "b@b.test");
    g_assert_true(coi_messages_insert(f->store, message, (const char *const[]){"y@b.test", "y@b.test", NULL}, NULL));
    gint64 other = insert(f->store, "x@b.test", "eve@b.test", "eve@b.test");
    const struct {
        const char *id, *sender;
        gint64 expected;
    } table[] = {
        {"x@b.test", "b@b.test", message->id},
        {"y@b.test", "b@b.test", message->id},
        {"x@b.test", "eve@b.test", other},
        {"y@b.test", "eve@b.test", 0},
        {"x@b.test", NULL, message->id},
        {"y@b.test", NULL, message->id},
        {"X@b.test", NULL, 0},
        {"x%", NULL, 0},
        {"", NULL, 0},
    };
    for (guint i = 0; i < G_N_ELEMENTS(table); i++)
        g_assert_cmpint(coi_messages_find(f->store, table[i].id, table[i].sender), ==, table[i].expected);
}

static gint64 insert_line(CoiStore *store, gint64 date, const char *mailbox, guint32 uid, CoiShow show)
{
    g_autofree char *id = g_strdup_printf("%s-%u-%" G_GINT64_FORMAT, mailbox, uid, date);
    g_autoptr(CoiMessage) message = new_message(id, "b@b.test", "b@b.test");
    g_free(message->mailbox);
    message->mailbox = g_strdup(mailbox);
    message->internal_date = date;
    message->uid = uid;
    message->show = show;
    g_assert_true(coi_messages_insert(store, message, NULL, NULL));
    return message->id;
}

static void assert_ids(GPtrArray *messages, const gint64 *ids, guint n)
{
    g_assert_cmpuint(messages->len, ==, n);
    for (guint i = 0; i < n; i++)
        g_assert_cmpint(((CoiMessage *)messages->pdata[i])->id, ==, ids[i]);
}

static void pending_lines_come_in_order(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 last = insert_line(f->store, 20, "Chats", 1, COI_SHOW_PENDING);
    gint64 third = insert_line(f->store, 10, "INBOX", 10, COI_SHOW_PENDING);
    gint64 second = insert_line(f->store, 10, "INBOX", 9, COI_SHOW_PENDING);
    gint64 first = insert_line(f->store, 10, "Chats", 30, COI_SHOW_PENDING);
    insert_line(f->store, 1, "INBOX", 2, COI_SHOW_DONE);
    insert_line(f->store, 1, "INBOX", 3, COI_SHOW_NEVER);

    g_autoptr(GPtrArray) all = coi_messages_pending(f->store, NULL, 100);
    assert_ids(all, (gint64[]){first, second, third, last}, 4);
    g_autoptr(GPtrArray) two = coi_messages_pending(f->store, NULL, 2);
    assert_ids(two, (gint64[]){first, second}, 2);
    g_autoptr(GHashTable) skip = new_id_set();
    add_id(skip, first);
    add_id(skip, third);
    g_autoptr(GPtrArray) rest = coi_messages_pending(f->store, skip, 2);
    assert_ids(rest, (gint64[]){second, last}, 2);

    g_assert_true(coi_messages_set_show(f->store, first, COI_SHOW_DONE, NULL));
    g_assert_true(coi_messages_set_show(f->store, last, COI_SHOW_NEVER, NULL));
    reopen(f);
    g_autoptr(GPtrArray) left = coi_messages_pending(f->store, NULL, 100);
    assert_ids(left, (gint64[]){second, third}, 2);
}

static gint64 insert_follower(CoiStore *store, gint64 date, const char *mailbox, guint32 uid, const char *id, const char *follows)
{
    g_autoptr(CoiMessage) message = new_message(id, "b@b.test", "b@b.test");
    g_free(message->mailbox);
    message->mailbox = g_strdup(mailbox);
    message->internal_date = date;
    message->uid = uid;
    message->show = COI_SHOW_PENDING;
    message->follows = g_strdup(follows);
    g_assert_true(coi_messages_insert(store, message, NULL, NULL));
    g_assert_true(coi_messages_put_in_order(store, message, NULL));
    return message->id;
}

static void answers_come_behind(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 third = insert_follower(f->store, 10, "INBOX", 5, "three", "two");
    gint64 circle = insert_follower(f->store, 30, "INBOX", 9, "self", "self");
    gint64 second = insert_follower(f->store, 10, "INBOX", 6, "two", "one"); /* pulls the third with it */
    gint64 first = insert_follower(f->store, 20, "INBOX", 7, "one", NULL); /* a second later: pulls both */
    gint64 other = insert_follower(f->store, 20, "Chats", 8, "four", "one"); /* two mailboxes have no order */
    g_autoptr(GPtrArray) all = coi_messages_pending(f->store, NULL, 100);
    assert_ids(all, (gint64[]){other, first, second, third, circle}, 5);
}

static void threads_by_first_and_last(Fixture *f, gconstpointer data)
{
    (void)data;
    char *first = (char *)"x", *last = (char *)"x";
    coi_messages_thread(f->store, "b@b.test", &first, &last);
    g_assert_null(first);
    g_assert_null(last);
    static const char *const ids[] = {"hash:1", "one@b", "two@b", "three@b", "hash:2"};
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        insert(f->store, ids[i], "b@b.test", "b@b.test");
        insert(f->store, ids[i], "c@b.test", "c@b.test");
    }
    insert(f->store, "hash:3", "d@b.test", "d@b.test");
    coi_messages_thread(f->store, "b@b.test", &first, &last);
    g_assert_cmpstr(first, ==, "one@b");
    g_assert_cmpstr(last, ==, "three@b");
    g_free(first);
    g_free(last);
    coi_messages_thread(f->store, "d@b.test", &first, &last);
    g_assert_null(first);
    g_assert_null(last);
}

static void places_follow_copies(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 one = insert(f->store, "one@b", "b@b.test", "b@b.test");
    gint64 two = insert(f->store, "two@b", "b@b.test", "b@b.test");
    g_assert_true(coi_messages_add_place(f->store, one, "INBOX", 5, FALSE, NULL));
    g_assert_true(coi_messages_add_place(f->store, one, "Chats", 5, FALSE, NULL));
    g_assert_true(coi_messages_add_place(f->store, two, "INBOX", G_MAXUINT32, FALSE, NULL));
    g_assert_cmpint(coi_messages_at(f->store, "INBOX", 5), ==, one);
    g_assert_cmpint(coi_messages_at(f->store, "INBOX", G_MAXUINT32), ==, two);
    g_assert_cmpint(coi_messages_at(f->store, "INBOX", 6), ==, 0);
    g_assert_true(coi_messages_add_place(f->store, two, "INBOX", 5, FALSE, NULL));
    g_assert_cmpint(coi_messages_at(f->store, "INBOX", 5), ==, two);
    g_assert_true(coi_messages_forget_places(f->store, "INBOX", NULL));
    g_assert_cmpint(coi_messages_at(f->store, "INBOX", 5), ==, 0);
    g_assert_cmpint(coi_messages_at(f->store, "Chats", 5), ==, one);
    g_autoptr(GError) error = NULL;
    g_assert_false(coi_messages_add_place(f->store, 999, "INBOX", 1, FALSE, &error));
    g_assert_error(error, COI_ERROR, COI_ERROR_STORE);
}

static void old_texts_are_dropped(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 ids[5];
    for (int i = 0; i < 5; i++) {
        g_autofree char *id = g_strdup_printf("%d@b", i);
        g_autoptr(CoiMessage) message = new_message(id, "b@b.test", "b@b.test");
        message->time = i < 2 ? 10 : 20 + i;
        message->show = i == 1 ? COI_SHOW_PENDING : i == 2 ? COI_SHOW_NEVER : COI_SHOW_DONE;
        g_free(message->text);
        gboolean only_here = i == 4;
        message->time = only_here ? 10 : message->time;
        message->text = g_strdup(only_here ? "kept" : "Zanzibar-Zanzibar");
        g_assert_true(coi_messages_insert(f->store, message, NULL, NULL));
        if (!only_here)
            g_assert_true(coi_messages_add_place(f->store, message->id, "INBOX", 1 + (guint32)i, TRUE, NULL));
        ids[i] = message->id;
    }
    g_assert_true(coi_messages_drop_texts(f->store, 23, NULL));
    for (int i = 0; i < 5; i++) {
        g_autoptr(CoiMessage) message = coi_messages_get(f->store, ids[i]);
        g_assert_cmpint(message->text != NULL, ==, i == 1 || i == 3 || i == 4);
    }
    /* secure_delete: what was dropped isn't left in free space either. */
    for (int i = 1; i < 4; i += 2)
        g_assert_true(coi_messages_set_show(f->store, ids[i], COI_SHOW_DONE, NULL));
    g_assert_true(coi_messages_drop_texts(f->store, 100, NULL));
    g_clear_pointer(&f->store, coi_store_close);
    g_autofree char *path = g_build_filename(f->directory, "coi.db", NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    for (gsize i = 0; i + 8 <= length; i++)
        g_assert_cmpint(memcmp(bytes + i, "Zanzibar", 8), !=, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/store/facts", facts_are_kept);
    STORE_TEST("/store/rollback", rollback_undoes);
    STORE_TEST("/store/close-in-transaction", close_forgets_an_open_transaction);
    STORE_TEST("/store/failed-step", failed_step_keeps_the_rest);
    STORE_TEST("/store/folders", folders_are_kept);
    STORE_TEST("/store/peers", peers_are_kept);
    STORE_TEST("/store/messages/whole", a_message_is_kept_whole);
    STORE_TEST("/store/messages/find", found_by_id_and_alias);
    STORE_TEST("/store/messages/pending", pending_lines_come_in_order);
    STORE_TEST("/store/messages/answers", answers_come_behind);
    STORE_TEST("/store/messages/thread", threads_by_first_and_last);
    STORE_TEST("/store/messages/places", places_follow_copies);
    STORE_TEST("/store/messages/drop-texts", old_texts_are_dropped);
    return g_test_run();
}
