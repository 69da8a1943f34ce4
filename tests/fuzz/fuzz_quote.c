/* Any lines, quoted or not, as plain text or marked by a program: what is folded away is never all there is, and nothing is made up. */
#include "lines.h"
#include "mime/plain.h"
#include "mime/quote.h"
#include "mime/text.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* The first byte says what the header and a program would. */
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    CoiQuoteHints hints = {.is_reply = size > 0 && data[0] & 1, .is_forward = size > 0 && data[0] & 2};
    g_autofree char *valid = g_utf8_make_valid((const char *)data + MIN(size, 1), (gssize)(size - MIN(size, 1)));
    g_autofree char *text = coi_text_clean(valid, strlen(valid));
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(CoiLines) lines = coi_lines_new();
    g_autofree char *before = NULL, *after = NULL;

    coi_plain_read(lines, text, files);
    if (size > 0 && data[0] & 4)
        for (guint i = 0; i < lines->lines->len; i++)
            g_array_index(lines->lines, CoiLine, i).mark = (CoiMark)(data[i % size] & 3);
    before = coi_lines_text(lines, TRUE);
    coi_quote_fold(lines, &hints);
    after = coi_lines_text(lines, TRUE);
    g_assert_cmpstr(before, ==, after);
    assert_lines(lines);
    return 0;
}
