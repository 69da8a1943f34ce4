#include "engine/content.h"

#include <string.h>

#include "base/i18n.h"
#include "coi/id.h"
#include "mime/markup.h"
#include "mime/subject.h"

/* The three forms of a line in the making. */
typedef struct {
    GString *text, *html, *whole; /* html and whole: NULL while there is nothing of their own in them */
} Line;

static void append(GString *out, const char *text, const char *line_end)
{
    if (out->len > 0)
        g_string_append(out, line_end);
    g_string_append(out, text);
}

/* A paragraph below what is there. whole: the same with nothing left out, NULL for the same. */
static void add(Line *line, const char *text, const char *whole)
{
    if (whole != NULL && line->whole == NULL)
        line->whole = g_string_new(line->text->str);
    if (line->whole != NULL)
        append(line->whole, whole != NULL ? whole : text, "\n");
    append(line->text, text, "\n");
    if (line->html != NULL) {
        g_autofree char *markup = coi_markup_of_text(text);
        append(line->html, markup, "<br>");
    }
}

static void add_files(Line *line, const CoiMail *mail)
{
    for (guint i = 0; i < mail->attachments->len; i++) {
        g_autofree char *name = g_strdup_printf("[%s]", (const char *)g_ptr_array_index(mail->attachments, i));
        add(line, name, NULL);
    }
}

static const char *appointment_title(const CoiCalendar *calendar)
{
    switch (calendar->kind) {
    case COI_CALENDAR_INVITATION:
        return N_("Invitation: %s");
    case COI_CALENDAR_CANCELLED:
        return N_("Cancelled: %s");
    case COI_CALENDAR_ACCEPTED:
        return N_("Accepted: %s");
    case COI_CALENDAR_TENTATIVE:
        return N_("Perhaps accepted: %s");
    case COI_CALENDAR_DECLINED:
        return N_("Declined: %s");
    case COI_CALENDAR_EVENT:
        break;
    }
    return N_("Appointment: %s");
}

static void add_appointment(Line *line, const CoiCalendar *calendar)
{
    g_autoptr(GString) words = g_string_new(NULL);
    g_string_append_printf(words, _(appointment_title(calendar)), calendar->summary != NULL ? calendar->summary : "…");
    if (calendar->when != NULL) {
        g_string_append_c(words, '\n');
        g_string_append_printf(words, calendar->repeats ? _("When: %s, and again") : _("When: %s"), calendar->when);
    }
    if (calendar->where != NULL) {
        g_string_append_c(words, '\n');
        g_string_append_printf(words, _("Where: %s"), calendar->where);
    }
    add(line, words->str, NULL);
}

static void add_appointments(Line *line, const CoiMail *mail)
{
    for (guint i = 0; i < mail->appointments->len; i++)
        add_appointment(line, g_ptr_array_index(mail->appointments, i));
}

static void add_mails(Line *line, const CoiMail *mail);

/* Who wrote it, about what, and what they wrote. */
static void add_mail(Line *line, const CoiMail *mail)
{
    const CoiAddress *from = mail->headers->from;
    g_autofree char *who = from == NULL         ? g_strdup(_("an unknown sender"))
                           : from->name != NULL ? g_strdup_printf("%s <%s>", from->name, from->address)
                                                : g_strdup(from->address);
    gboolean titled = mail->headers->subject != NULL && *mail->headers->subject != '\0';
    g_autofree char *title = titled ? g_strdup_printf(_("[Mail from %s: %s]"), who, mail->headers->subject)
                                    : g_strdup_printf(_("[Mail from %s]"), who);
    add(line, title, NULL);
    if (*mail->text != '\0' || mail->whole != NULL)
        add(line, mail->text, mail->whole);
    add_files(line, mail);
    add_appointments(line, mail);
    add_mails(line, mail);
}

static void add_mails(Line *line, const CoiMail *mail)
{
    for (guint i = 0; i < mail->forwarded->len; i++)
        add_mail(line, g_ptr_array_index(mail->forwarded, i));
}

static gboolean any_letter(const char *text)
{
    while (*text != '\0' && !g_unichar_isalnum(g_utf8_get_char(text)))
        text = g_utf8_next_char(text);
    return *text != '\0';
}

/* Does text begin as subject does, but for case, spaces and punctuation? */
static gboolean begins_with(const char *text, const char *subject)
{
    if (!any_letter(subject))
        return g_str_has_prefix(text, subject);
    g_autofree char *head = g_utf8_make_valid(text, (gssize)strnlen(text, 4 * strlen(subject) + 16));
    g_autofree char *a = g_utf8_casefold(head, -1);
    g_autofree char *b = g_utf8_casefold(subject, -1);
    const char *p = a, *q = b;
    for (;;) {
        while (*p != '\0' && !g_unichar_isalnum(g_utf8_get_char(p)))
            p = g_utf8_next_char(p);
        while (*q != '\0' && !g_unichar_isalnum(g_utf8_get_char(q)))
            q = g_utf8_next_char(q);
        if (*q == '\0')
            return TRUE;
        if (g_utf8_get_char(p) != g_utf8_get_char(q))
            return FALSE;
        p = g_utf8_next_char(p);
        q = g_utf8_next_char(q);
    }
}

char *coi_content_subject(const CoiHeaders *headers, const char *known)
{
    if (headers->subject == NULL || coi_headers_by_chat_program(headers))
        return NULL;
    g_autofree char *bare = coi_subject_bare(headers->subject);
    gboolean answer = !g_str_equal(bare, headers->subject);
    if (*bare == '\0' || (answer && g_str_has_prefix(bare, "Chat: "))) /* the beginning of a chat message, which a chat program made */
        return NULL;
    if (known != NULL) {
        g_autofree char *old = coi_subject_bare(known);
        if (answer || g_str_equal(bare, old))
            return NULL;
    }
    return g_strdup(headers->subject);
}

/* In its first words, or as what an appointment is called. */
static gboolean says_subject(const CoiMessage *message, const CoiMail *mail)
{
    g_autofree char *bare = coi_subject_bare(message->subject);
    for (guint i = 0; i < mail->appointments->len; i++)
        if (g_strcmp0(((const CoiCalendar *)g_ptr_array_index(mail->appointments, i))->summary, bare) == 0)
            return TRUE;
    return begins_with(message->text, bare);
}

static void take_mail(CoiMessage *message, const CoiMail *mail, gboolean cut)
{
    Line line = {.text = g_string_new(mail->text),
                 .html = mail->html != NULL ? g_string_new(mail->html) : NULL,
                 .whole = mail->whole != NULL ? g_string_new(mail->whole) : NULL};
    add_files(&line, mail);
    add_appointments(&line, mail);
    add_mails(&line, mail);
    if (line.text->len == 0 && mail->headers->subject != NULL && !coi_headers_by_chat_program(mail->headers))
        g_string_assign(line.text, mail->headers->subject); /* ordinary mail may say all in its subject */
    if (cut)
        add(&line, COI_CONTENT_MORE, NULL);
    message->text = g_string_free(line.text, FALSE);
    message->html = line.html != NULL ? g_string_free(line.html, FALSE) : NULL;
    message->whole = line.whole != NULL ? g_string_free(line.whole, FALSE) : NULL;
    if (message->subject != NULL && says_subject(message, mail))
        g_clear_pointer(&message->subject, g_free);
}

void coi_content_fill(CoiMessage *message, const CoiMail *mail, gboolean cut)
{
    if (mail != NULL)
        take_mail(message, mail, cut);
    else
        message->text = g_strdup(COI_CONTENT_MORE);
}
