/* Any text as HTML. */
#include "mime/html.h"
#include "mime/parse.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    coi_mime_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *html = g_utf8_make_valid((const char *)data, (gssize)size);
    g_autofree char *text = coi_html_to_text(html);

    g_assert_true(g_utf8_validate(text, -1, NULL));
    return 0;
}
