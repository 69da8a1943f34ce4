#include "coi/content.h"
#include "coi/id.h"

#include <string.h>

static void test_new(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int i = 0; i < 1000; i++) {
        char *id = coi_id_new("example.org");

        g_assert_true(g_regex_match_simple("^chat\\$[0-9a-f]{32}@example\\.org$", id, 0, 0));
        g_assert_true(g_hash_table_add(seen, id));
    }
}

static void test_is_chat(void)
{
    g_assert_true(coi_id_is_chat("chat$abc@example.org"));
    g_assert_false(coi_id_is_chat("Chat$abc@example.org"));
    g_assert_false(coi_id_is_chat("chatabc@example.org"));
    g_assert_false(coi_id_is_chat("xchat$abc@example.org"));
    g_assert_false(coi_id_is_chat(""));
    g_assert_false(coi_id_is_chat(NULL));
}

static const struct {
    const char *id;
    const char *group;
} groups[] = {
    {"chat$group.abcdefghijkl.xyz@example.org", "abcdefghijkl"},
    {"chat$group.AbC-_0123456789.x@example.org", "AbC-_0123456789"},
    {"Gr.abcdefghijkl.xyz@example.org", "abcdefghijkl"},
    {"chat$group.short.xyz@example.org", NULL},
    {"chat$group.abcdefghijkl@example.org", NULL},
    {"chat$group.abcdefgh!jkl.x@example.org", NULL},
    {"chat$group.", NULL},
    {"chat$Group.abcdefghijkl.x@example.org", NULL},
    {"chat$abcdefghijklmnop@example.org", NULL},
    {"gr.abcdefghijkl.xyz@example.org", NULL},
    {"", NULL},
    {NULL, NULL},
};

static void test_group(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autofree char *group = coi_id_group(groups[i].id);

        g_assert_cmpstr(group, ==, groups[i].group);
    }
}

static const struct {
    const char *block;
    gboolean chat;
} mails[] = {
    {"Chat-Version: 1.0\n", TRUE},
    {"chat-version:\n", TRUE},
    {"Message-ID: <chat$x@example.org>\n", TRUE},
    {"Message-ID: <x@example.org>\nReferences: <chat$x@example.org> <y@example.org>\n", TRUE},
    {"References: <y@example.org> <chat$x@example.org>\n", FALSE},
    {"In-Reply-To: <chat$x@example.org>\n", FALSE},
    {"Message-ID: <CHAT$x@example.org>\n", FALSE},
    {"X-Chat-Version: 1.0\n", FALSE},
    {"Subject: Chat: hello\n", FALSE},
};

static void test_are_chat(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mails); i++) {
        g_autoptr(CoiHeaders) headers = coi_headers_parse((const guint8 *)mails[i].block, strlen(mails[i].block), NULL);

        g_test_message("%s", mails[i].block);
        g_assert_cmpint(coi_headers_are_chat(headers), ==, mails[i].chat);
    }
}

static const struct {
    const char *value;
    CoiContent content;
} contents[] = {
    {NULL, COI_CONTENT_TEXT},
    {"", COI_CONTENT_TEXT},
    {"something", COI_CONTENT_TEXT},
    {"ignore", COI_CONTENT_HIDDEN},
    {"IGNORE", COI_CONTENT_HIDDEN},
    {"purple-coi.typing", COI_CONTENT_HIDDEN},
    {"Purple-COI.whatever-comes", COI_CONTENT_HIDDEN},
    {"purple-coi", COI_CONTENT_TEXT},
    {"status", COI_CONTENT_STATUS},
    {"editrequest", COI_CONTENT_EDIT_REQUEST},
    {"edit", COI_CONTENT_EDIT_REQUEST},
    {"DeleteRequest", COI_CONTENT_DELETE_REQUEST},
    {"preview", COI_CONTENT_PREVIEW},
    {"contact", COI_CONTENT_CONTACT},
    {"profile", COI_CONTENT_PROFILE},
    {"contactinfo", COI_CONTENT_PROFILE},
    {"profilerequest", COI_CONTENT_PROFILE_REQUEST},
    {"group", COI_CONTENT_GROUP},
    {"groupinfo", COI_CONTENT_GROUP_INFO},
    {"groupprofile", COI_CONTENT_GROUP_INFO},
    {"grouprequested", COI_CONTENT_GROUP_REQUESTED},
    {"groupprofilerequest", COI_CONTENT_GROUP_REQUESTED},
    {"groupleft", COI_CONTENT_GROUP_LEFT},
    {"location", COI_CONTENT_LOCATION},
    {"poll", COI_CONTENT_POLL},
    {"pollvote", COI_CONTENT_POLL_VOTE},
    {"pollclose", COI_CONTENT_POLL_CLOSE},
    {"pollclosed", COI_CONTENT_TEXT},
};

static void test_content(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(contents); i++)
        g_assert_cmpint(coi_content_from_value(contents[i].value), ==, contents[i].content);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/id/new", test_new);
    g_test_add_func("/id/is-chat", test_is_chat);
    g_test_add_func("/id/group", test_group);
    g_test_add_func("/id/are-chat", test_are_chat);
    g_test_add_func("/id/content", test_content);
    return g_test_run();
}
