/* Any bytes as a mail: what comes out may be shown and sent on. */
#include "coi/content.h"
#include "coi/id.h"
#include "mime.h"
#include "mime/compose.h"

#include <string.h>

static void assert_shown(const char *text, gboolean one_line)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_assert_true(!g_unichar_iscntrl(c) || (!one_line && (c == '\n' || c == '\t')));
    }
}

static void assert_addresses(const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const CoiAddress *address = g_ptr_array_index(list, i);
        g_autofree char *normal = coi_address_normalize(address->address);

        g_assert_cmpstr(normal, ==, address->address);
        if (address->name != NULL)
            assert_shown(address->name, TRUE);
    }
}

/* Whatever id came in can be answered. */
static void assert_answerable(const CoiHeaders *headers)
{
    CoiDraft draft = {.from = "a@b",
                      .to = headers->to,
                      .message_id = "x@y",
                      .date = 1,
                      .text = "x",
                      .last_reference = headers->message_id,
                      .in_reply_to = headers->alias_id,
                      .first_reference = headers->references[0],
                      .subject = headers->subject};
    g_autoptr(GBytes) mail = coi_mail_compose(&draft, NULL);

    if (headers->to->len > 0)
        g_assert_nonnull(mail);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(CoiMail) mail = coi_mail_parse(data, size, NULL);
    g_autofree char *hash = coi_header_hash(data, size);

    g_assert_cmpuint(strlen(hash), ==, 64);
    if (mail == NULL)
        return 0;
    assert_shown(mail->text, FALSE);
    for (guint i = 0; i < mail->attachments->len; i++)
        assert_shown(g_ptr_array_index(mail->attachments, i), TRUE);
    if (mail->headers->subject != NULL)
        assert_shown(mail->headers->subject, TRUE);
    assert_addresses(mail->headers->to);
    assert_addresses(mail->headers->cc);
    assert_answerable(mail->headers);
    coi_headers_are_chat(mail->headers);
    coi_content_from_value(mail->headers->chat_content);
    g_free(coi_id_group(mail->headers->message_id));
    return 0;
}
