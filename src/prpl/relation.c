#include "prpl/relation.h"

#include "base/limits.h"
#include "prpl/i18n.h"
#include "prpl/markup.h"

/* “one”, “two” */
static char *quoted(const char *quotes)
{
    g_auto(GStrv) lines = g_strsplit(quotes, "\n", -1);
    GString *html = g_string_new(NULL);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *line = coi_markup_from_text(lines[i], COI_LIMIT_SHOWN_LINE, "");
        g_autofree char *mark = g_strdup_printf(_("“%s”"), line);
        g_string_append_printf(html, "%s%s", i > 0 ? ", " : "", mark);
    }
    return g_string_free(html, FALSE);
}

static char *edit(const char *html, const char *old)
{
    return old != NULL ? g_strdup_printf(_("<b>Edited:</b> %s <i>(before: %s)</i>"), html, old)
                       : g_strdup_printf(_("<b>Edited:</b> %s"), html);
}

/* A mail that was sent is out of our hands: nothing here says that it is gone. */
static char *deletion(const CoiMessage *message, const char *old)
{
    g_autofree char *what = old != NULL ? g_strdup_printf(_("<b>Deleted:</b> %s"), old) : g_strdup(_("<b>Message deleted</b>"));
    if (message->kind == COI_LINE_IN)
        return g_steal_pointer(&what);
    const char *note = message->kind == COI_LINE_OWN && *message->text == '\0'
                           ? _("It had not been sent.")
                           : _("The other side is asked to delete it, but may still have it.");
    return g_strdup_printf("%s <i>(%s)</i>", what, note);
}

static char *reaction(const CoiMessage *message, const char *html, const char *old)
{
    gboolean given = *message->text != '\0';
    if (old == NULL)
        return given ? g_strdup_printf(_("<i>reacts with</i> %s"), html) : g_strdup(_("<i>takes a reaction back</i>"));
    return given ? g_strdup_printf(_("<i>reacts with</i> %s <i>to %s</i>"), html, old)
                 : g_strdup_printf(_("<i>takes back the reaction to %s</i>"), old);
}

static char *answer(const char *quote, const char *html)
{
    g_autofree char *line = coi_markup_from_text(quote, COI_LIMIT_SHOWN_LINE, "");
    return g_strdup_printf("<i>&gt; %s</i><br>%s", line, html);
}

char *coi_relation_html(const CoiMessage *message, const char *html)
{
    g_autofree char *old = message->quote != NULL ? quoted(message->quote) : NULL;
    switch (message->action) {
    case COI_ACTION_EDIT:
        return edit(html, old);
    case COI_ACTION_DELETE:
        return deletion(message, old);
    case COI_ACTION_REACT:
        return reaction(message, html, old);
    case COI_ACTION_NONE:
        break;
    }
    return old != NULL ? answer(message->quote, html) : g_strdup(html);
}
