/* Mails as the world sends them and the lines that become of them: tests/samples/readable/, one text file a kind of mail.
 *
 *   ======== name of the mail
 *   the mail as it comes ("\xNN": a byte; "< path": a file below tests/samples), LF for CRLF
 *   -------- shown                       or: shown, the rest folded
 *   **the subject, where it is shown**
 *   the lines
 *   -------- as markup                   where the lines have formatting that matters
 *   the markup
 *
 * A mail with In-Reply-To answers one of ours. Runs in the project's root. */
#include "engine/content.h"

#include <string.h>

#define DIRECTORY "tests/samples/readable"

static void append_bytes(GString *mail, const char *line)
{
    for (const char *p = line; *p != '\0'; p++) {
        if (p[0] == '\\' && p[1] == 'x' && g_ascii_isxdigit(p[2]) && g_ascii_isxdigit(p[3])) {
            g_string_append_c(mail, (char)(g_ascii_xdigit_value(p[2]) << 4 | g_ascii_xdigit_value(p[3])));
            p += 3;
        } else {
            g_string_append_c(mail, *p);
        }
    }
    g_string_append(mail, "\r\n");
}

static GString *mail_of(const char *written)
{
    g_auto(GStrv) lines = g_strsplit(written, "\n", -1);
    GString *mail = g_string_new(NULL);

    if (g_str_has_prefix(written, "< ")) {
        g_autofree char *path = g_build_filename("tests/samples", lines[0] + 2, NULL);
        g_autofree char *bytes = NULL;
        gsize length;
        g_autoptr(GError) error = NULL;

        g_file_get_contents(path, &bytes, &length, &error);
        g_assert_no_error(error);
        return g_string_append_len(mail, bytes, (gssize)length);
    }
    for (guint i = 0; lines[i] != NULL; i++)
        append_bytes(mail, lines[i]);
    return mail;
}

static void assert_same(const char *name, const char *what, const char *is, const char *expected)
{
    if (g_strcmp0(is, expected) == 0)
        return;
    g_test_message("%s: %s\n%s\n-- but it should be\n%s", name, what, is != NULL ? is : "(none)", expected);
    g_test_fail();
}

static void check(const char *name, const char *written, gboolean folded, const char *shown, const char *markup)
{
    GString *bytes = mail_of(written);
    g_autoptr(CoiMail) mail = coi_mail_parse((const guint8 *)bytes->str, bytes->len, NULL);
    g_autoptr(CoiMessage) message = g_new0(CoiMessage, 1);
    g_autofree char *lines = NULL;

    g_assert_nonnull(mail);
    message->subject = coi_content_subject(mail->headers, mail->headers->in_reply_to[0] != NULL ? "" : NULL);
    coi_content_fill(message, mail, FALSE);
    lines = message->subject != NULL ? g_strdup_printf("**%s**\n%s", message->subject, message->text) : g_strdup(message->text);
    assert_same(name, "shown", lines, shown);
    assert_same(name, "is the rest folded?", message->whole != NULL ? "yes" : "no", folded ? "yes" : "no");
    if (markup != NULL)
        assert_same(name, "markup", message->html, markup);
    g_string_free(bytes, TRUE);
}

/* Cuts text at `mark`, a whole line's beginning: what stands behind that line, or NULL; *line is what stood in the line behind mark. */
static char *cut(char *text, const char *mark, const char **line)
{
    char *at = strstr(text, mark), *end;

    if (at == NULL)
        return NULL;
    *at = '\0';
    *line = at + strlen(mark);
    end = strchr(*line, '\n');
    g_assert_nonnull(end);
    *end = '\0';
    return end + 1;
}

/* text: a mail as the file holds it, from its name on; changed. */
static void read_case(char *text)
{
    const char *kind = "", *nothing;
    char *mail = strchr(text, '\n');
    char *shown, *markup;

    g_assert_nonnull(mail);
    *mail++ = '\0';
    shown = cut(mail, "\n-------- shown", &kind);
    g_assert_nonnull(shown);
    markup = cut(shown, "-------- as markup", &nothing);
    if (markup != NULL)
        g_strchomp(markup);
    g_strchomp(shown);
    check(text, mail, strstr(kind, "folded") != NULL, shown, markup);
}

static void test_file(gconstpointer name)
{
    g_autofree char *path = g_build_filename(DIRECTORY, name, NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) cases = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    cases = g_strsplit(text, "======== ", -1);
    g_assert_cmpuint(g_strv_length(cases), >, 1);
    for (guint i = 1; cases[i] != NULL; i++)
        read_case(cases[i]);
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) directory = g_dir_open(DIRECTORY, 0, NULL);
    const char *name;

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    coi_mime_init();
    g_assert_nonnull(directory);
    while ((name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *test = g_strdup_printf("/readable/%s", name);

        g_test_add_data_func_full(test, g_strdup(name), test_file, g_free);
    }
    return g_test_run();
}
