/* A conversation's past in the store. */
#include "store_fixture.h"
#include "store/archive.h"

#define BOB "bob@b.test"

/* A line of that second, at that UID of INBOX. */
static gint64 line(Fixture *f, gint64 second, guint32 uid, const char *text)
{
    g_autofree char *id = g_strdup_printf("%u@b", uid);
    g_autoptr(CoiMessage) message = new_message(id, BOB, BOB);
    message->internal_date = second;
    message->uid = uid;
    g_free(message->text);
    message->text = g_strdup(text);
    g_assert_true(coi_messages_insert(f->store, message, NULL, NULL));
    g_assert_true(coi_messages_add_place(f->store, message->id, "INBOX", uid, TRUE, NULL));
    return message->id;
}

static char *joined(GArray *ids)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < ids->len; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", g_array_index(ids, gint64, i));
    g_array_unref(ids);
    return g_string_free(text, FALSE);
}

static void assert_lines(Fixture *f, gint64 before, guint limit, const char *expected)
{
    g_autofree char *lines = joined(coi_archive_lines(f->store, BOB, before, limit));
    g_assert_cmpstr(lines, ==, expected);
}

static void lines_are_in_order(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 late = line(f, 300, 9, "late"), early = line(f, 100, 3, NULL), middle = line(f, 200, 4, "middle");
    insert(f->store, "x@c", "carol@c.test", "carol@c.test");
    line(f, 250, 7, ""); /* nothing to see */
    g_autofree char *all = g_strdup_printf("%d %d %d", (int)early, (int)middle, (int)late);
    g_autofree char *last = g_strdup_printf("%d %d", (int)middle, (int)late);
    g_autofree char *first = g_strdup_printf("%d %d", (int)early, (int)middle);
    assert_lines(f, 0, 10, all);
    assert_lines(f, 0, 2, last);
    assert_lines(f, late, 10, first);
    assert_lines(f, early, 10, "");
    g_autofree char *after = joined(coi_archive_lines_after(f->store, BOB, early, 1));
    g_assert_cmpint(g_ascii_strtoll(after, NULL, 10), ==, middle);
    g_autofree char *none = joined(coi_archive_lines_after(f->store, BOB, late, 5));
    g_assert_cmpstr(none, ==, "");
}

static void machines_are_no_lines(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(CoiMessage) report = new_message("r@b", BOB, BOB);
    g_autoptr(CoiMessage) deletion = new_message("d@b", BOB, BOB);
    report->expires = 5;
    g_free(deletion->text);
    deletion->text = g_strdup("");
    deletion->action = COI_ACTION_DELETE;
    g_assert_true(coi_messages_insert(f->store, report, NULL, NULL));
    g_assert_true(coi_messages_insert(f->store, deletion, NULL, NULL));
    g_autofree char *expected = g_strdup_printf("%d", (int)deletion->id);
    assert_lines(f, 0, 10, expected);
}

static guint32 down_to(Fixture *f)
{
    return coi_archive_floor(f->store, BOB, "INBOX");
}

static void how_far_down(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpuint(down_to(f), ==, 0);
    g_assert_true(coi_archive_set_floor(f->store, BOB, "INBOX", 5, NULL));
    g_assert_cmpuint(down_to(f), ==, 0); /* of a mailbox that isn't known nothing can be known */
    g_assert_true(coi_folders_set(f->store, "INBOX", &(CoiFolder){.uid_validity = 7, .next_uid = 100}, NULL));
    g_assert_cmpuint(down_to(f), ==, G_MAXUINT32);
    g_assert_true(coi_folders_set(f->store, "INBOX", &(CoiFolder){.uid_validity = 7, .next_uid = 100, .floor = 50}, NULL));
    g_assert_cmpuint(down_to(f), ==, 50);
    g_assert_true(coi_archive_set_floor(f->store, BOB, "INBOX", 20, NULL));
    reopen(f);
    g_assert_cmpuint(down_to(f), ==, 20);
    g_assert_cmpuint(coi_archive_floor(f->store, "carol@c.test", "INBOX"), ==, 50);
    g_assert_true(coi_archive_doubt(f->store, BOB, NULL));
    g_assert_cmpuint(down_to(f), ==, G_MAXUINT32);
    g_assert_cmpuint(coi_archive_floor(f->store, "carol@c.test", "INBOX"), ==, 50);
    g_assert_true(coi_archive_set_floor(f->store, BOB, "INBOX", 1, NULL));
    g_assert_true(coi_folders_set(f->store, "INBOX", &(CoiFolder){.uid_validity = 8, .next_uid = 9, .floor = 3}, NULL));
    g_assert_cmpuint(down_to(f), ==, 3); /* UIDs mean something else now */
}

static void copies_are_counted(Fixture *f, gconstpointer data)
{
    (void)data;
    for (guint32 uid = 10; uid < 20; uid++)
        line(f, uid, uid, uid % 2 == 0 ? "text" : NULL);
    line(f, 30, 30, "");
    g_assert_cmpuint(coi_archive_count(f->store, BOB, "INBOX", 1, 100), ==, 10);
    g_assert_cmpuint(coi_archive_count(f->store, BOB, "INBOX", 15, 100), ==, 5);
    g_assert_cmpuint(coi_archive_count(f->store, BOB, "INBOX", 1, 3), ==, 3);
    g_assert_cmpuint(coi_archive_count(f->store, BOB, "Chats", 1, 3), ==, 0);
}

static void places(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *mailbox = NULL;
    guint32 uid = 0;
    gint64 nowhere = insert(f->store, "x@b", BOB, BOB), here = line(f, 1, 77, "x");
    g_assert_false(coi_archive_place(f->store, nowhere, &mailbox, &uid));
    g_assert_true(coi_archive_place(f->store, here, &mailbox, &uid));
    g_assert_cmpstr(mailbox, ==, "INBOX");
    g_assert_cmpuint(uid, ==, 77);
}

static void texts_come_back(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 old = line(f, 100, 1, NULL), late = line(f, 300, 3, NULL);
    line(f, 400, 4, "known");
    g_autofree char *all = joined(coi_archive_without_text(f->store, 0, 50, 50));
    g_autofree char *expected = g_strdup_printf("%d %d", (int)late, (int)old);
    g_assert_cmpstr(all, ==, expected);
    g_autofree char *few = joined(coi_archive_without_text(f->store, 0, 2, 50));
    g_assert_cmpint(g_ascii_strtoll(few, NULL, 10), ==, late); /* the two newest, of which one has its text */
    g_assert_null(strchr(few, ' '));
    g_autofree char *recent = joined(coi_archive_without_text(f->store, 301, 50, 50));
    g_assert_cmpstr(recent, ==, "");
    g_autoptr(CoiMessage) message = coi_messages_get(f->store, old);
    message->text = g_strdup("read");
    message->html = g_strdup("<b>read</b>");
    message->topic = g_strdup("about");
    message->action = COI_ACTION_EDIT;
    message->original = late;
    message->version = late;
    g_assert_true(coi_archive_fill(f->store, message, NULL));
    g_autoptr(CoiMessage) again = coi_messages_get(f->store, old);
    g_assert_cmpstr(again->text, ==, "read");
    g_assert_cmpstr(again->html, ==, "<b>read</b>");
    g_assert_cmpstr(again->topic, ==, "about");
    g_assert_cmpint(again->action, ==, COI_ACTION_EDIT);
    g_assert_cmpint(again->original, ==, late);
    g_assert_cmpint(again->version, ==, late);
}

/* What has nothing to see keeps that: it is not asked for again. */
static void dropped_texts(Fixture *f, gconstpointer data)
{
    (void)data;
    gint64 seen = line(f, 100, 1, "text"), empty = line(f, 200, 2, "");
    g_assert_true(coi_messages_drop_texts(f->store, 1000, NULL));
    g_autoptr(CoiMessage) one = coi_messages_get(f->store, seen);
    g_autoptr(CoiMessage) other = coi_messages_get(f->store, empty);
    g_assert_null(one->text);
    g_assert_cmpstr(other->text, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORE_TEST("/archive/lines_are_in_order", lines_are_in_order);
    STORE_TEST("/archive/machines_are_no_lines", machines_are_no_lines);
    STORE_TEST("/archive/how_far_down", how_far_down);
    STORE_TEST("/archive/copies_are_counted", copies_are_counted);
    STORE_TEST("/archive/places", places);
    STORE_TEST("/archive/texts_come_back", texts_come_back);
    STORE_TEST("/archive/dropped_texts", dropped_texts);
    return g_test_run();
}
