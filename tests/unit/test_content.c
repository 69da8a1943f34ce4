/* Which mails are about another one, and about which; and which a list's. Runs in the project's root. */
#include "coi/content.h"
#include "coi/id.h"

#include <string.h>

#define EDIT COI_CONTENT_EDIT_REQUEST
#define DELETE COI_CONTENT_DELETE_REQUEST
#define REACTION COI_CONTENT_REACTION
#define TEXT COI_CONTENT_TEXT
/* A mail whose first part has these fields. */
#define FIRST_PART(fields)                                                                                             \
    "From: a@a.test\nIn-Reply-To: <latest@a>\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"                      \
    "Content-Type: text/plain\n" fields "\nnew\n--x\nContent-Type: text/plain\nChat-Edit: <no@a>\n\nother\n--x--\n"

static const struct {
    const char *mail;
    CoiContent content;
    const char *subjects; /* joined by " ", NULL: none */
} mails[] = {
    {"From: a@a.test\n\n", TEXT, NULL},
    {"In-Reply-To: <one@a>\n\n", TEXT, NULL},
    {"Chat-Content: editrequest\nIn-Reply-To: <one@a>\n\n", EDIT, "one@a"},
    {"Chat-Content: Edit; x=y\nIn-Reply-To: <one@a> <two@a>\n\n", EDIT, "one@a"},
    {"Chat-Content: editrequest\n\n", EDIT, ""},
    {"Chat-Content: editrequest\nIn-Reply-To: nonsense\n\n", EDIT, ""},
    {"Chat-Content: deleterequest;\nIn-Reply-To: <one@a>\n\n", DELETE, "one@a"},
    {"Chat-Content: poll\nIn-Reply-To: <one@a>\n\n", COI_CONTENT_POLL, NULL},
    {"Chat-Edit: <one@a>\nIn-Reply-To: <latest@a>\n\n", EDIT, "one@a"},
    {"Chat-Edit: one@a\n\n", EDIT, "one@a"},
    {"Chat-Edit:\n\n", TEXT, NULL},
    {"Chat-Edit: <\xff>\n\n", TEXT, NULL},
    {"Chat-Delete: <one@a>\n\n", DELETE, "one@a"},
    {"Chat-Delete: <one@a two@a>\n\n", DELETE, "one@a two@a"},
    {"Chat-Delete: <one@a>\n <two@a>,<three@a>\n\n", DELETE, "one@a two@a three@a"},
    /* for both worlds: the last version's id beside the first one's */
    {"Chat-Content: editrequest\nIn-Reply-To: <last@a>\nChat-Edit: <first@a>\n\n", EDIT, "last@a"},
    {"Content-Disposition: reaction\nIn-Reply-To: <one@a>\n\n", REACTION, "one@a"},
    {"Content-Disposition: Reaction; x=y\n\n", REACTION, ""},
    {"Content-Disposition: inline\nIn-Reply-To: <one@a>\n\n", TEXT, NULL},
    {FIRST_PART("Chat-Edit: <one@a>\n"), EDIT, "one@a"},
    {FIRST_PART("Chat-Delete: <one@a>\n"), DELETE, "one@a"},
    {FIRST_PART("Chat-Content: editrequest\n"), EDIT, "latest@a"},
    {FIRST_PART("Content-Disposition: reaction\n"), REACTION, "latest@a"},
    {FIRST_PART(""), TEXT, NULL},
    {"Content-Type: multipart/mixed; boundary=x\n\nnothing of that kind\n", TEXT, NULL},
};

static void check(const CoiHeaders *headers, CoiContent content, const char *subjects)
{
    g_auto(GStrv) ids = coi_content_subjects(headers);
    g_autofree char *joined = ids != NULL ? g_strjoinv(" ", ids) : NULL;

    g_assert_cmpint(coi_content_of(headers), ==, content);
    g_assert_cmpstr(joined, ==, subjects);
}

static void test_mails(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mails); i++) {
        g_autoptr(CoiMail) mail = coi_mail_parse((const guint8 *)mails[i].mail, strlen(mails[i].mail), NULL);

        g_test_message("%s", mails[i].mail);
        g_assert_nonnull(mail);
        check(mail->headers, mails[i].content, mails[i].subjects);
    }
}

static const struct {
    const char *file;
    CoiContent content;
    const char *subjects;
} samples[] = {
    {"plain-first.eml", TEXT, NULL},
    {"plain-image.eml", TEXT, NULL},
    {"plain-edit.eml", EDIT, "d15baf4e-f4a0-4fb8-ab9d-1513df8f46dc@localhost"},
    {"plain-reaction.eml", REACTION, "83c3e737-8a6e-4caf-9041-fe9d4e5a37e8@localhost"},
};

static void test_samples(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autofree char *path = g_build_filename("tests", "samples", "deltachat", samples[i].file, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
        g_autoptr(CoiMail) mail = coi_mail_parse((const guint8 *)bytes, length, NULL);
        check(mail->headers, samples[i].content, samples[i].subjects);
        g_assert_true(coi_id_is_delta_chat(mail->headers->message_id));
    }
}

static const struct {
    const char *id;
    gboolean delta;
} ids[] = {
    {"d15baf4e-f4a0-4fb8-ab9d-1513df8f46dc@localhost", TRUE},
    {"d15baf4e-f4a0-4fb8-ab9d-1513df8f46dc@example.org", FALSE},
    {"something@localhost", FALSE},
    {"Mr.abcdefghijk.lmnopqrstuv@example.org", TRUE},
    {"Gr.abcdefghijkl.lmnopqrstuv@example.org", TRUE},
    {"chat$0123456789abcdef0123456789abcdef@example.org", FALSE},
    {"@localhost", FALSE},
    {"localhost", FALSE},
    {"", FALSE},
};

static void test_ids(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_cmpint(coi_id_is_delta_chat(ids[i].id), ==, ids[i].delta);
}

static const struct {
    const char *block;
    const char *id, *post, *reply_to;
} lists[] = {
    {"From: a@a.test\n", NULL, NULL, NULL},
    {"List-Id: Dev <dev.X.test>\nList-Post: <mailto:Dev@x.test>\n", "dev.x.test", "dev@x.test", NULL},
    {"List-Id: dev.x.test\nList-Post: NO\n", "dev.x.test", NULL, NULL},
    {"List-Post: <https://x.test/post>,\n <mailto:dev@x.test?subject=x>\n", "dev@x.test", "dev@x.test", NULL},
    {"List-Post: <mailto:>\n", NULL, NULL, NULL},
    {"List-Post: <mailto:dev@x.test\xff>\n", NULL, NULL, NULL},
    {"List-Id: <>\nList-Unsubscribe: <mailto:x@x.test>\n", NULL, NULL, NULL},
    {"Reply-To: Ann <Ann@x.test>\n", NULL, NULL, "ann@x.test"},
    {"Reply-To: ann@x.test, bob@x.test\n", NULL, NULL, NULL},
};

static void test_lists(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(CoiHeaders) headers = coi_headers_parse((const guint8 *)lists[i].block, strlen(lists[i].block), NULL);

        g_test_message("%s", lists[i].block);
        g_assert_cmpstr(headers->list_id, ==, lists[i].id);
        g_assert_cmpstr(headers->list_post, ==, lists[i].post);
        g_assert_cmpstr(headers->reply_to != NULL ? headers->reply_to->address : NULL, ==, lists[i].reply_to);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/content/mails", test_mails);
    g_test_add_func("/content/samples", test_samples);
    g_test_add_func("/content/delta-chat-ids", test_ids);
    g_test_add_func("/content/lists", test_lists);
    return g_test_run();
}
