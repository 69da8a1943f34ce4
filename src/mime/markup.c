#include "mime/markup.h"

#include "mime/text.h"

#include <string.h>

char *coi_markup_of_text(const char *text)
{
    GString *markup = g_string_sized_new(strlen(text));

    for (const char *line = text;; line++) {
        gsize length = strcspn(line, "\n");

        coi_text_escape(markup, line, length);
        line += length;
        if (*line == '\0')
            return g_string_free(markup, FALSE);
        g_string_append(markup, "<br>");
    }
}
