/* Edits, deletions, threads and lists in the store. */
#include "store_fixture.h"
#include "store/versions.h"

static gint64 insert_own(Fixture *f, const char *id, CoiAction action, gint64 original, gint64 version)
{
    g_autoptr(CoiMessage) message = new_message(id, "me@a.test", "bob@b.test");
    message->kind = COI_LINE_OWN;
    message->action = action;
    message->original = original;
    message->version = version;
    g_assert_true(coi_messages_insert(f->store, message, NULL, NULL));
    return message->id;
}

static gint64 last_own(Fixture *f)
{
    return coi_versions_last_own(f->store, "bob@b.test");
}

static void edits_chain(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 first = insert_own(f, "1@a", COI_ACTION_NONE, 0, 0);
    g_assert_cmpint(coi_versions_newest(f->store, first), ==, first);
    gint64 second = insert_own(f, "2@a", COI_ACTION_EDIT, first, first);
    gint64 third = insert_own(f, "3@a", COI_ACTION_EDIT, first, second);
    insert_own(f, "x@a", COI_ACTION_REACT, first, 0);
    reopen(f);
    g_assert_cmpint(coi_versions_newest(f->store, first), ==, third);
    g_assert_cmpint(coi_versions_newest(f->store, 999), ==, 999);
    g_autoptr(CoiMessage) kept = coi_messages_get(f->store, third);
    g_assert_cmpint(kept->original, ==, first);
    g_assert_cmpint(kept->version, ==, second);
}

static void a_deletion_is_of_all_versions(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 first = insert_own(f, "1@a", COI_ACTION_NONE, 0, 0);
    gint64 edit = insert_own(f, "2@a", COI_ACTION_EDIT, first, first);
    gint64 other = insert_own(f, "3@a", COI_ACTION_NONE, 0, 0);
    gint64 deletion = insert_own(f, "4@a", COI_ACTION_DELETE, first, edit);
    g_assert_false(coi_versions_are_deleted(f->store, first));
    g_assert_true(coi_versions_delete(f->store, edit, deletion, NULL));
    g_assert_true(coi_versions_are_deleted(f->store, first));
    g_assert_false(coi_versions_are_deleted(f->store, other));
    g_assert_true(coi_versions_delete(f->store, other, deletion, NULL));
    g_auto(GStrv) ids = coi_versions_deleted_by(f->store, deletion);
    g_autofree char *joined = g_strjoinv(" ", ids);
    g_assert_cmpstr(joined, ==, "2@a 3@a");
    g_auto(GStrv) none = coi_versions_deleted_by(f->store, first);
    g_assert_cmpuint(g_strv_length(none), ==, 0);
}

static void the_last_of_ours(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(last_own(f), ==, 0);
    insert(f->store, "theirs@b", "bob@b.test", "bob@b.test");
    g_assert_cmpint(last_own(f), ==, 0);
    gint64 first = insert_own(f, "1@a", COI_ACTION_NONE, 0, 0);
    gint64 second = insert_own(f, "2@a", COI_ACTION_NONE, 0, 0);
    gint64 edit = insert_own(f, "3@a", COI_ACTION_EDIT, first, first);
    g_autoptr(CoiMessage) unseen = new_message("4@a", "me@a.test", "bob@b.test");
    unseen->kind = COI_LINE_REMOTE;
    unseen->show = COI_SHOW_NEVER;
    g_assert_true(coi_messages_insert(f->store, unseen, NULL, NULL));
    g_assert_cmpint(last_own(f), ==, second);
    g_assert_true(coi_versions_delete(f->store, second, edit, NULL));
    g_assert_cmpint(last_own(f), ==, first);
    g_assert_true(coi_versions_delete(f->store, edit, edit, NULL));
    g_assert_cmpint(last_own(f), ==, 0);
}

static gint64 send(Fixture *f, gint64 id)
{
    static const char *const to_bob[] = {"bob@b.test", NULL};
    g_autoptr(GBytes) mail = g_bytes_new_static("x", 1);
    g_assert_true(coi_outbox_insert(f->store, id, mail, to_bob, TRUE, 1, NULL));
    return id;
}

static void what_failed_is_withdrawn(Fixture *f, gconstpointer data)
{
    (void)data;
    gboolean never_sent = TRUE;
    gint64 first = send(f, insert_own(f, "1@a", COI_ACTION_NONE, 0, 0));
    gint64 failed = send(f, insert_own(f, "2@a", COI_ACTION_EDIT, first, first));
    gint64 other = send(f, insert_own(f, "3@a", COI_ACTION_NONE, 0, 0));
    g_assert_true(coi_outbox_fail(f->store, failed, "550 no", NULL));
    g_assert_true(coi_outbox_fail(f->store, other, "550 no", NULL));
    g_assert_true(coi_outbox_withdraw(f->store, first, &never_sent, NULL));
    g_assert_false(never_sent);
    g_assert_cmpint(coi_versions_newest(f->store, first), ==, first);
    g_assert_null(coi_outbox_get(f->store, failed));
    g_assert_cmpint(coi_outbox_count(f->store, COI_OUT_QUEUED), ==, 1);
    g_assert_cmpint(coi_outbox_retry(f->store, "bob@b.test", 1, NULL), ==, 2); /* the first is only made due, the other queued */

    g_assert_true(coi_outbox_fail(f->store, first, "550 no", NULL));
    g_assert_true(coi_outbox_withdraw(f->store, first, &never_sent, NULL));
    g_assert_true(never_sent);
    g_assert_cmpint(peek(f->directory, "SELECT count(*) FROM mails"), ==, 1);
    g_assert_cmpint(peek(f->directory, "SELECT count(*) FROM recipients"), ==, 1);
    g_assert_true(coi_outbox_withdraw(f->store, first, &never_sent, NULL));
    g_assert_false(never_sent);
}

static void lists_are_known(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(coi_peers_set_buddy(f->store, "dev@x.test", TRUE, NULL));
    g_assert_null(coi_peers_list(f->store, "dev.x.test"));
    for (int i = 0; i < 2; i++)
        g_assert_true(coi_peers_set_list(f->store, "dev@x.test", "dev.x.test", NULL));
    g_assert_true(coi_peers_heard(f->store, "dev@x.test", "Dev", FALSE, NULL));
    g_autofree char *address = coi_peers_list(f->store, "dev.x.test");
    g_assert_cmpstr(address, ==, "dev@x.test");
    g_autoptr(CoiPeer) peer = coi_peers_get(f->store, "dev@x.test");
    g_assert_cmpstr(peer->list_id, ==, "dev.x.test");
    g_assert_true(peer->is_buddy);
}

/* Where the conversation's next message of ours goes on. */
static void the_thread(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_null(coi_messages_newest_in(f->store, "bob@b.test"));
    g_assert_cmpint(coi_messages_latest_line(f->store, "bob@b.test"), ==, 0);
    g_assert_false(coi_messages_has_written(f->store, "bob@b.test"));
    gint64 theirs = insert(f->store, "1@b", "bob@b.test", "bob@b.test");
    gint64 ours = insert_own(f, "2@a", COI_ACTION_NONE, 0, 0);
    g_autoptr(CoiMessage) receipt = new_message("3@b", "bob@b.test", "bob@b.test");
    receipt->show = COI_SHOW_NEVER;
    receipt->expires = 1;
    g_assert_true(coi_messages_insert(f->store, receipt, NULL, NULL));
    g_autoptr(CoiMessage) newest = coi_messages_newest_in(f->store, "bob@b.test");
    g_assert_cmpint(newest->id, ==, theirs);
    g_assert_null(newest->topic);
    g_assert_cmpint(coi_messages_latest_line(f->store, "bob@b.test"), ==, ours);
    g_assert_true(coi_messages_has_written(f->store, "bob@b.test"));
    g_autoptr(CoiMessage) older = new_message("5@b", "bob@b.test", "bob@b.test"); /* fetched later */
    older->show = COI_SHOW_NEVER;
    older->internal_date = -5;
    g_assert_true(coi_messages_insert(f->store, older, NULL, NULL));
    g_autoptr(CoiMessage) still = coi_messages_newest_in(f->store, "bob@b.test");
    g_assert_cmpint(still->id, ==, theirs);
    g_autofree char *first = NULL, *last = NULL;
    coi_messages_thread(f->store, "bob@b.test", &first, &last);
    g_assert_cmpstr(first, ==, "1@b");
    g_assert_cmpstr(last, ==, "2@a");
    older->internal_date = 5; /* read elsewhere */
    g_free(older->message_id);
    older->message_id = g_strdup("6@b");
    g_assert_true(coi_messages_insert(f->store, older, NULL, NULL));
    g_autoptr(CoiMessage) elsewhere = coi_messages_newest_in(f->store, "bob@b.test");
    g_assert_cmpint(elsewhere->id, ==, older->id);
    g_autoptr(CoiMessage) letter = new_message("4@a", "me@a.test", "bob@b.test");
    letter->kind = COI_LINE_REMOTE;
    letter->topic = g_strdup("");
    letter->thread = g_strdup("0@b");
    letter->internal_date = 6;
    g_assert_true(coi_messages_insert(f->store, letter, NULL, NULL));
    g_autoptr(CoiMessage) newer = coi_messages_newest_in(f->store, "bob@b.test");
    g_assert_cmpint(newer->id, ==, letter->id);
    g_assert_cmpstr(newer->topic, ==, "");
    g_assert_cmpstr(newer->thread, ==, "0@b");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/versions/chain", edits_chain);
    STORE_TEST("/versions/deletion", a_deletion_is_of_all_versions);
    STORE_TEST("/versions/last-own", the_last_of_ours);
    STORE_TEST("/versions/withdrawn", what_failed_is_withdrawn);
    STORE_TEST("/versions/lists", lists_are_known);
    STORE_TEST("/versions/thread", the_thread);
    return g_test_run();
}
