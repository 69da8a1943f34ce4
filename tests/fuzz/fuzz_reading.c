/* Any bytes as a mail, the whole way: the line, all of it, and its markup may be shown. */
#include "lines.h"
#include "mime.h"

static void check(const CoiMail *mail)
{
    assert_text(mail->text);
    if (mail->whole != NULL)
        assert_text(mail->whole);
    if (mail->html != NULL)
        assert_markup(mail->html);
    for (guint i = 0; i < mail->appointments->len; i++) {
        const CoiCalendar *calendar = g_ptr_array_index(mail->appointments, i);

        assert_text(calendar->summary != NULL ? calendar->summary : "");
        assert_text(calendar->where != NULL ? calendar->where : "");
        assert_text(calendar->when != NULL ? calendar->when : "");
    }
    for (guint i = 0; i < mail->forwarded->len; i++)
        check(g_ptr_array_index(mail->forwarded, i));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(CoiMail) mail = coi_mail_parse(data, size, NULL);

    if (mail != NULL)
        check(mail);
    return 0;
}
