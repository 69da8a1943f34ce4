/* Any text as HTML: its lines, as text and as markup. */
#include "lines.h"
#include "mime.h"
#include "mime/html.h"
#include "mime/text.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(CoiLines) lines = coi_lines_new();
    g_autofree char *html = g_utf8_make_valid((const char *)data, (gssize)size);
    g_autofree char *clean = coi_text_clean(html, strlen(html));

    coi_html_read(lines, clean);
    assert_lines(lines);
    return 0;
}
