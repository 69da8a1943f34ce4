#include "prpl/line.h"

#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "prpl/i18n.h"
#include "prpl/markup.h"
#include "prpl/relation.h"
#include "prpl/ui.h"

/* Who wrote a line that isn't the peer's. The name is of their own choice: it never stands alone, nor where it could be read as an address
 * or as the end of this. Owned by the caller. */
static char *author(const CoiMessage *message)
{
    const char *name = message->sender_name;
    if (name == NULL || strpbrk(name, "@<>:") != NULL)
        return g_strdup(message->sender);
    return g_strdup_printf("%s <%s>", name, message->sender);
}

/* What must be said in front of a line: whose it is when it isn't the peer's, and its day where the client hides it. */
static char *preface(CoiConnection *connection, const CoiMessage *message)
{
    GString *text = g_string_new(NULL);
    if (!coi_ui_shows_dates() && time(NULL) - message->time > 24 * 60 * 60) {
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(message->time);
        g_autofree char *day = time != NULL ? g_date_time_format(time, "[%F] ") : NULL;
        g_string_append(text, day != NULL ? day : "");
    }
    if (message->kind == COI_LINE_IN && g_strcmp0(message->sender, connection->address) == 0)
        g_string_append(text, _("(says it is from you, which nothing proves) "));
    if (message->kind == COI_LINE_IN && g_strcmp0(message->sender, message->conversation) != 0 &&
        g_strcmp0(message->sender, connection->address) != 0) {
        g_autofree char *who = author(message);
        g_string_append_printf(text, "%s: ", who);
    }
    return g_string_free(text, FALSE);
}

/* Where a link's address isn't shown, its text must say it, as the plain one does. */
static gboolean is_shown_formatted(const char *html)
{
    guint most = coi_ui_most_tags();
    return html != NULL && strlen(html) <= COI_LIMIT_SHOWN_LINE && (most == 0 || coi_markup_count_tags(html) < most) &&
           (coi_ui_shows_addresses() || strstr(html, "<a ") == NULL);
}

static char *body(const CoiMessage *message)
{
    if (is_shown_formatted(message->html))
        return g_strdup(message->html);
    g_autofree char *full = g_strdup_printf(_("(This message goes on: %s shows all of it.)"), coi_ui_has_commands() ? "/full" : "!coi full");
    return coi_markup_from_text(message->text, COI_LIMIT_SHOWN_LINE, full);
}

static char *with_subject(const CoiMessage *message, char *html)
{
    if (message->subject == NULL)
        return html;
    g_autofree char *text = html;
    g_autofree char *subject = coi_markup_from_text(message->subject, COI_LIMIT_SHOWN_LINE, "");
    return g_strdup_printf("<b>%s</b><br>%s", subject, text);
}

char *coi_line_html(CoiConnection *connection, const CoiMessage *message, PurpleMessageFlags *flags)
{
    g_autofree char *before = preface(connection, message);
    g_autofree char *preface_html = coi_markup_from_text(before, COI_LIMIT_SHOWN_LINE, "");
    g_autofree char *text = with_subject(message, body(message));
    g_autofree char *related = coi_relation_html(message, text);
    return coi_line_guard(g_strconcat(preface_html, related, NULL), flags);
}

char *coi_line_guard(char *html, PurpleMessageFlags *flags)
{
    g_autofree char *given = html;
    guint most = coi_ui_most_tags();
    guint tags = coi_markup_count_tags(given);
    if (most > 0 && tags > most) /* taken for text and, then, for markup: text must be escaped for both */
        return coi_markup_escape_again(given);
    if (most > 0 && tags + 2 * coi_markup_count_links(given) > most) /* the tags of links that the client makes would be too many */
        *flags |= PURPLE_MESSAGE_NO_LINKIFY;
    return g_steal_pointer(&given);
}
