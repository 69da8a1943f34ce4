#include "mime/report.h"

#include "base/limits.h"
#include "mime/bounce.h"
#include "mime/fields.h"
#include "mime/ids.h"
#include "mime/part.h"
#include "mime/text.h"

#include <string.h>

static void recipient_free(gpointer data)
{
    CoiReportRecipient *recipient = data;

    g_free(recipient->address);
    g_free(recipient->status);
    g_free(recipient->words);
    g_free(recipient);
}

void coi_report_free(CoiReport *report)
{
    if (report == NULL)
        return;
    g_strfreev(report->ids);
    g_clear_pointer(&report->recipients, g_ptr_array_unref);
    g_free(report);
}

/* What a report is made of while it is read. */
typedef struct {
    GPtrArray *ids; /* char*, without repetition */
    GPtrArray *recipients;
} Reading;

static void add_ids(Reading *reading, GStrv ids)
{
    for (guint i = 0; ids[i] != NULL && reading->ids->len < COI_LIMIT_REFERENCES; i++)
        if (!g_ptr_array_find_with_equal_func(reading->ids, ids[i], g_str_equal, NULL))
            g_ptr_array_add(reading->ids, g_strdup(ids[i]));
}

static void add_ids_of(Reading *reading, const GArray *fields, const char *name)
{
    g_autofree char *value = coi_fields_get(fields, name);
    g_auto(GStrv) ids = value != NULL ? coi_ids_scan_loose(value) : NULL;

    if (ids != NULL)
        add_ids(reading, ids);
}

/* "rfc822; <bob@example.org>", "rfc822;bob@example.org", also without the type; another type is no address. Owned by the caller. */
static char *address_of(const GArray *fields, const char *name)
{
    g_autofree char *value = coi_fields_get(fields, name);
    g_autofree char *bare = NULL;
    const char *address = value;
    const char *semicolon = value != NULL ? strchr(value, ';') : NULL;

    if (value == NULL)
        return NULL;
    if (semicolon != NULL && (g_ascii_strncasecmp(value, "rfc822", 6) == 0 || g_ascii_strncasecmp(value, "utf-8", 5) == 0))
        address = semicolon + 1;
    else if (semicolon != NULL)
        return NULL;
    address += strspn(address, " \t<");
    bare = g_strndup(address, strcspn(address, ">"));
    return strlen(bare) <= COI_LIMIT_ADDRESS ? coi_address_normalize(g_strstrip(bare)) : NULL;
}

static char *recipient_of(const GArray *fields)
{
    char *address = address_of(fields, "Original-Recipient");

    return address != NULL ? address : address_of(fields, "Final-Recipient");
}

/* "manual-action/MDN-sent-automatically; displayed/warning"; some programs leave the modes out. */
static CoiReportAction disposition_of(const GArray *fields)
{
    g_autofree char *value = coi_fields_get(fields, "Disposition");
    const char *semicolon = value != NULL ? strrchr(value, ';') : NULL;
    const char *type = semicolon != NULL ? semicolon + 1 : value;

    if (type == NULL)
        return COI_REPORT_OTHER;
    type += strspn(type, " \t");
    if ((g_ascii_strncasecmp(type, "displayed", 9) == 0 && !g_ascii_isalnum(type[9])) ||
        (g_ascii_strncasecmp(type, "read", 4) == 0 && !g_ascii_isalnum(type[4])))
        return COI_REPORT_DISPLAYED;
    return COI_REPORT_OTHER;
}

static gboolean read_disposition(Reading *reading, const GByteArray *body)
{
    gsize end;
    g_autoptr(GArray) fields = coi_fields_scan(body->data, body->len, &end, NULL);
    CoiReportRecipient *recipient;

    if (fields == NULL || !coi_fields_has(fields, "Disposition"))
        return FALSE;
    recipient = g_new0(CoiReportRecipient, 1);
    recipient->address = recipient_of(fields);
    recipient->action = disposition_of(fields);
    g_ptr_array_add(reading->recipients, recipient);
    add_ids_of(reading, fields, "Original-Message-ID");
    add_ids_of(reading, fields, "Additional-Message-IDs"); /* Delta Chat's */
    return TRUE;
}

static gboolean parse_action(const GArray *fields, CoiReportAction *action)
{
    static const struct {
        const char *word;
        CoiReportAction action;
    } actions[] = {{"failed", COI_REPORT_FAILED},       {"failure", COI_REPORT_FAILED},   {"delayed", COI_REPORT_DELAYED},
                   {"delivered", COI_REPORT_DELIVERED}, {"relayed", COI_REPORT_RELAYED}, {"expanded", COI_REPORT_EXPANDED}};
    g_autofree char *value = coi_fields_get(fields, "Action");

    *action = COI_REPORT_OTHER;
    for (gsize i = 0; value != NULL && i < G_N_ELEMENTS(actions); i++)
        if (g_ascii_strncasecmp(value, actions[i].word, strlen(actions[i].word)) == 0 &&
            !g_ascii_isalnum(value[strlen(actions[i].word)])) {
            *action = actions[i].action;
            return TRUE;
        }
    return value != NULL;
}

/* "smtp; 550 5.1.1 <bob@example.org>: User unknown" → what the server said. */
static char *diagnostic_of(const GArray *fields)
{
    g_autofree char *value = coi_fields_get(fields, "Diagnostic-Code");
    const char *semicolon = value != NULL ? strchr(value, ';') : NULL;
    gsize word = value != NULL ? strcspn(value, " ;\t") : 0;

    if (value == NULL)
        return NULL;
    return coi_bounce_words(semicolon != NULL && value + word + strspn(value + word, " \t") == semicolon ? semicolon + 1 : value);
}

static void read_recipient(Reading *reading, const GArray *fields)
{
    CoiReportAction action;
    CoiReportRecipient *recipient;
    g_autofree char *status = NULL;

    if (!parse_action(fields, &action) || reading->recipients->len >= COI_LIMIT_RECIPIENTS)
        return;
    recipient = g_new0(CoiReportRecipient, 1);
    recipient->address = recipient_of(fields);
    recipient->action = action;
    recipient->words = diagnostic_of(fields);
    status = coi_fields_get(fields, "Status");
    recipient->status = coi_bounce_status(status);
    if (recipient->status == NULL)
        recipient->status = coi_bounce_status(recipient->words);
    g_ptr_array_add(reading->recipients, recipient);
}

/* Groups of fields parted by empty lines: the first about the mail, each further one about a recipient. Some programs leave the first
 * out, or put everything into one. */
static gboolean read_delivery(Reading *reading, const GByteArray *body)
{
    guint before = reading->recipients->len;
    const guint8 *p = body->data;
    gsize left = body->len;

    while (left > 0 && reading->recipients->len < COI_LIMIT_RECIPIENTS) {
        gsize length = 0;
        gsize block;
        g_autoptr(GArray) fields = NULL;

        if (*p == '\n' || *p == '\r') {
            p++;
            left--;
            continue;
        }
        block = MAX(coi_fields_block(p, left), 1);
        fields = coi_fields_scan(p, block, &length, NULL);
        if (fields != NULL)
            read_recipient(reading, fields);
        p += block;
        left -= block;
    }
    return reading->recipients->len > before;
}

/* The mail that the report is about, or its header. */
static void read_original(Reading *reading, const guint8 *bytes, gsize length)
{
    gsize body;
    g_autoptr(GArray) fields = coi_fields_scan(bytes, length, &body, NULL);

    if (fields == NULL)
        return;
    add_ids_of(reading, fields, "X-Microsoft-Original-Message-ID");
    add_ids_of(reading, fields, "Message-ID");
}

static gboolean is_original(const CoiPart *part)
{
    static const char *const media[] = {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global",
                                        "message/global-headers"};

    for (gsize i = 0; i < G_N_ELEMENTS(media); i++)
        if (part->depth > 0 && strcmp(part->media, media[i]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean read_parts(Reading *reading, const GPtrArray *parts, CoiReportKind *kind)
{
    gboolean found = FALSE;

    for (guint i = 0; i < parts->len; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);
        gboolean mdn = strcmp(part->media, "message/disposition-notification") == 0 ||
                       strcmp(part->media, "message/global-disposition-notification") == 0;
        gboolean dsn = strcmp(part->media, "message/delivery-status") == 0 ||
                       strcmp(part->media, "message/global-delivery-status") == 0;
        gboolean original = is_original(part);
        g_autoptr(GByteArray) body = original || ((mdn || dsn) && !found) ? coi_part_decode(part) : NULL;

        if ((mdn || dsn) && !found) {
            found = mdn ? read_disposition(reading, body) : read_delivery(reading, body);
            *kind = mdn ? COI_REPORT_MDN : COI_REPORT_DSN;
        } else if (original) {
            read_original(reading, body->data, body->len);
            if (found)
                break;
        }
    }
    return found;
}

static gboolean is_server(const char *address)
{
    static const char *const names[] = {"mailer-daemon@", "postmaster@", "mail-daemon@", "maildaemon@", "microsoftexchange"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strncasecmp(address, names[i], strlen(names[i])) == 0)
            return TRUE;
    return FALSE;
}

/* Who writes such letters. */
static gboolean is_from_server(const CoiHeaders *headers, const GArray *fields, const char *path)
{
    if (coi_fields_has(fields, "X-Failed-Recipients"))
        return TRUE;
    return headers->from != NULL && is_server(headers->from->address) && (path == NULL || strcmp(path, "<>") == 0);
}

/* RFC 3464, 2: servers send from <>, which a person's account can't; some do so from their own names. */
static gboolean may_tell_of_deliveries(const char *path)
{
    return path == NULL || strcmp(path, "<>") == 0 || is_server(path + (*path == '<'));
}

/* A letter in words. */
static gboolean read_letter(Reading *reading, const CoiHeaders *headers, const GArray *fields, const GPtrArray *parts,
                            const guint8 *bytes, gsize length)
{
    g_autoptr(CoiMail) mail = coi_mail_parse(bytes, length, NULL);
    g_autofree char *failed = NULL;
    const char *original;

    if (mail == NULL)
        return FALSE;
    original = coi_bounce_original(mail->text);
    if (original != NULL)
        read_original(reading, (const guint8 *)original, strlen(original));
    for (guint i = 0; i < parts->len && reading->ids->len == 0; i++) {
        const CoiPart *part = g_ptr_array_index(parts, i);
        g_autoptr(GByteArray) body = is_original(part) ? coi_part_decode(part) : NULL;

        if (body != NULL)
            read_original(reading, body->data, body->len);
    }
    failed = coi_fields_get_all(fields, "X-Failed-Recipients");
    coi_bounce_read(mail->text, headers->subject, failed, reading->recipients);
    return TRUE;
}

CoiReport *coi_report_parse(const guint8 *bytes, gsize length)
{
    g_autoptr(CoiHeaders) headers = coi_headers_parse(bytes, length, NULL);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(recipient_free);
    g_autoptr(GPtrArray) parts = headers != NULL ? coi_parts_scan(bytes, length, NULL) : NULL;
    gsize body;
    g_autoptr(GArray) fields = parts != NULL ? coi_fields_scan(bytes, length, &body, NULL) : NULL;
    Reading reading = {ids, recipients};
    CoiReportKind kind = COI_REPORT_DSN;
    g_autofree char *path = fields != NULL ? coi_fields_get(fields, "Return-Path") : NULL;
    gboolean server;
    CoiReport *report;

    if (fields == NULL)
        return NULL;
    server = is_from_server(headers, fields, path);
    if (!server && strcmp(headers->content_type, "multipart/report") != 0)
        return NULL; /* a person may send a report along */
    if (!read_parts(&reading, parts, &kind)) {
        g_ptr_array_set_size(ids, 0);
        if (!server || !read_letter(&reading, headers, fields, parts, bytes, length))
            return NULL;
    }
    if (kind == COI_REPORT_DSN && !may_tell_of_deliveries(path))
        return NULL;
    if (ids->len == 0) { /* the report may at least say what it answers */
        add_ids(&reading, headers->in_reply_to);
        add_ids(&reading, headers->references);
    }
    g_ptr_array_add(ids, NULL);
    report = g_new0(CoiReport, 1);
    report->kind = kind;
    report->from_nobody = path != NULL && strcmp(path, "<>") == 0;
    report->ids = (GStrv)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
    report->recipients = g_steal_pointer(&recipients);
    return report;
}
