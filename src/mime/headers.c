#include "mime/parse.h"

#include "base/error.h"
#include "base/limits.h"
#include "mime/fields.h"
#include "mime/headers.h"
#include "mime/ids.h"
#include "mime/text.h"
#include "mime/words.h"

#include <gmime/gmime.h>
#include <string.h>

/* The last second of the year 9999, where RFC 5322's four digits end. */
#define LAST_DATE G_GINT64_CONSTANT(253402300799)
/* RFC 2919 has 255; what is longer names no list. */
#define LIMIT_LIST_ID 255

void coi_mime_init(void)
{
    g_mime_init();
}

void coi_headers_free(CoiHeaders *headers)
{
    if (headers == NULL)
        return;
    g_free(headers->message_id);
    g_free(headers->alias_id);
    g_strfreev(headers->references);
    g_strfreev(headers->in_reply_to);
    coi_address_free(headers->from);
    g_clear_pointer(&headers->to, g_ptr_array_unref);
    g_clear_pointer(&headers->cc, g_ptr_array_unref);
    g_free(headers->subject);
    g_free(headers->chat_version);
    g_free(headers->chat_content);
    g_free(headers->chat_parameters);
    g_free(headers->chat_edit);
    g_strfreev(headers->chat_delete);
    g_free(headers->list_id);
    g_free(headers->list_post);
    coi_address_free(headers->reply_to);
    g_free(headers->content_type);
    g_free(headers->report_type);
    g_free(headers);
}

static gint64 parse_date(const char *value)
{
    g_autoptr(GDateTime) date = value != NULL ? g_mime_utils_header_decode_date(value) : NULL;
    gint64 seconds = date != NULL ? g_date_time_to_unix(date) : 0;

    return seconds > 0 && seconds <= LAST_DATE ? seconds : 0;
}

static char *parse_text(const char *value)
{
    g_autofree char *decoded = value != NULL ? coi_words_decode(value) : NULL;

    return decoded != NULL ? coi_text_line(decoded) : NULL;
}

/* The value before ";", lower case. */
static char *parse_token(const char *value)
{
    g_autofree char *token = value != NULL ? g_strndup(value, strcspn(value, ";")) : NULL;
    g_autofree char *line = token != NULL ? coi_text_line(token) : NULL;

    return line != NULL ? g_ascii_strdown(line, -1) : NULL;
}

/* Other ways to post ("NO", web pages) are none for us. */
static char *parse_list_post(const GArray *fields)
{
    g_autofree char *post = coi_fields_get(fields, "List-Post");
    const char *mailto = post != NULL ? strstr(post, "mailto:") : NULL;
    g_autofree char *address = mailto != NULL ? g_strndup(mailto + 7, strcspn(mailto + 7, "?>, ")) : NULL;

    return address != NULL ? coi_address_normalize(address) : NULL;
}

static char *parse_list_id(const GArray *fields)
{
    g_autofree char *id = coi_fields_get(fields, "List-Id");
    const char *open = id != NULL ? strrchr(id, '<') : NULL;
    g_autofree char *inner = NULL;
    g_autofree char *line = NULL;

    if (id == NULL)
        return NULL;
    inner = open != NULL ? g_strndup(open + 1, strcspn(open + 1, ">")) : g_strdup(id);
    line = coi_text_truncate(coi_text_line(inner), LIMIT_LIST_ID);
    return *line != '\0' ? g_ascii_strdown(line, -1) : NULL;
}

static void take_list(CoiHeaders *headers, const GArray *fields)
{
    headers->list_post = parse_list_post(fields);
    headers->list_id = parse_list_id(fields);
    if (headers->list_id == NULL)
        headers->list_id = g_strdup(headers->list_post);
}

static gboolean is_automatic(const GArray *fields)
{
    g_autofree char *submitted_value = coi_fields_get(fields, "Auto-Submitted");
    g_autofree char *submitted = parse_token(submitted_value);
    g_autofree char *precedence_value = coi_fields_get(fields, "Precedence");
    g_autofree char *precedence = parse_token(precedence_value);

    if (submitted != NULL && strcmp(submitted, "no") != 0)
        return TRUE;
    return precedence != NULL &&
           (strcmp(precedence, "bulk") == 0 || strcmp(precedence, "junk") == 0 || strcmp(precedence, "list") == 0);
}

/* Is value one address, that of from? */
static gboolean is_alone(char *value, const CoiAddress *from)
{
    g_autofree char *text = value;
    g_autoptr(GPtrArray) list = coi_address_list_parse(text);

    return list->len == 1 && strcmp(((CoiAddress *)g_ptr_array_index(list, 0))->address, from->address) == 0;
}

static gboolean has_list_field(const GArray *fields)
{
    for (guint i = 0; i < fields->len; i++) {
        const CoiField *field = &g_array_index(fields, CoiField, i);

        if (field->name_length > 5 && g_ascii_strncasecmp(field->name, "List-", 5) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean asks_receipt(const CoiHeaders *headers, const GArray *fields)
{
    static const char *const names[] = {"Disposition-Notification-To", "Chat-Disposition-Notification-To", "Return-Path"};
    gboolean asked = FALSE;

    if (headers->from_count != 1 || headers->automatic || has_list_field(fields))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        char *value = coi_fields_get_all(fields, names[i]);

        if (value != NULL && !is_alone(value, headers->from))
            return FALSE;
        asked |= value != NULL && i < 2;
    }
    return asked;
}

static GPtrArray *parse_addresses(const GArray *fields, const char *name)
{
    g_autofree char *value = coi_fields_get_all(fields, name);

    return coi_address_list_parse(value != NULL ? value : "");
}

static void take_addresses(CoiHeaders *headers, const GArray *fields)
{
    g_autoptr(GPtrArray) from = parse_addresses(fields, "From");
    g_autoptr(GPtrArray) reply_to = parse_addresses(fields, "Reply-To");

    headers->to = parse_addresses(fields, "To");
    headers->cc = parse_addresses(fields, "Cc");
    headers->from_count = from->len;
    if (from->len > 0)
        headers->from = g_ptr_array_steal_index(from, 0);
    if (reply_to->len == 1)
        headers->reply_to = g_ptr_array_steal_index(reply_to, 0);
}

static void take_ids(CoiHeaders *headers, const GArray *fields)
{
    g_autofree char *message_id = coi_fields_get(fields, "Message-ID");
    g_autofree char *alias_id = coi_fields_get(fields, "X-Microsoft-Original-Message-ID");
    g_autofree char *references = coi_fields_get(fields, "References");
    g_autofree char *in_reply_to = coi_fields_get(fields, "In-Reply-To");

    headers->message_id = coi_ids_scan_one(message_id);
    headers->alias_id = coi_ids_scan_one(alias_id);
    headers->references = coi_ids_scan(references);
    headers->in_reply_to = coi_ids_scan(in_reply_to);
}

static void take_type(CoiHeaders *headers, const GArray *fields)
{
    g_autofree char *value = coi_fields_get(fields, "Content-Type");
    g_autofree char *merged = NULL;
    g_autofree char *name = NULL;
    GMimeContentType *type;
    const char *report;

    if (value == NULL || *value == '\0') {
        headers->content_type = g_strdup("text/plain");
        return;
    }
    merged = coi_words_merge(value);
    type = g_mime_content_type_parse(NULL, merged);
    name = g_mime_content_type_get_mime_type(type);
    headers->content_type = g_ascii_strdown(name, -1);
    report = g_mime_content_type_get_parameter(type, "report-type");
    if (report != NULL)
        headers->report_type = g_ascii_strdown(report, -1);
    g_object_unref(type);
}

/* What is not known from before. */
static void take_acts(CoiHeaders *headers, const GArray *fields)
{
    g_autofree char *content = coi_fields_get(fields, "Chat-Content");
    g_autofree char *edit = coi_fields_get(fields, "Chat-Edit");
    g_autofree char *deletion = coi_fields_get(fields, "Chat-Delete");
    g_autofree char *disposition = coi_fields_get(fields, "Content-Disposition");
    g_autofree char *kind = parse_token(disposition);
    g_auto(GStrv) edited = coi_ids_scan_loose(edit);

    if (headers->chat_content == NULL)
        headers->chat_content = parse_token(content);
    if (headers->chat_edit == NULL)
        headers->chat_edit = g_strdup(edited[0]);
    if (headers->chat_delete == NULL || headers->chat_delete[0] == NULL) {
        g_strfreev(headers->chat_delete);
        headers->chat_delete = coi_ids_scan_loose(deletion);
    }
    headers->is_reaction |= g_strcmp0(kind, "reaction") == 0;
}

static void take_chat(CoiHeaders *headers, const GArray *fields)
{
    g_autofree char *version = coi_fields_get(fields, "Chat-Version");

    g_autofree char *content = coi_fields_get(fields, "Chat-Content");
    const char *parameters = content != NULL ? strchr(content, ';') : NULL;

    headers->chat_version = version != NULL ? coi_text_line(version) : NULL;
    headers->chat_parameters = parameters != NULL ? coi_text_line(parameters + 1) : NULL;
    take_acts(headers, fields);
}

void coi_headers_add_part(CoiHeaders *headers, const CoiPart *part)
{
    gsize body;
    g_autoptr(GArray) fields = coi_fields_scan(part->header, (gsize)(part->body - part->header), &body, NULL);

    if (fields != NULL)
        take_acts(headers, fields);
}

CoiHeaders *coi_headers_parse(const guint8 *bytes, gsize length, GError **error)
{
    gsize body;
    g_autoptr(GArray) fields = coi_fields_scan(bytes, length, &body, error);
    g_autofree char *date = NULL;
    g_autofree char *subject = NULL;
    CoiHeaders *headers;

    if (fields == NULL)
        return NULL;
    if (fields->len == 0) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_PARSE, "the mail has no header");
        return NULL;
    }
    headers = g_new0(CoiHeaders, 1);
    date = coi_fields_get(fields, "Date");
    subject = coi_fields_get(fields, "Subject");
    headers->date = parse_date(date);
    g_autofree char *expires = coi_fields_get(fields, "Expires");
    headers->expires = parse_date(expires);
    headers->subject = parse_text(subject);
    take_addresses(headers, fields);
    take_ids(headers, fields);
    take_type(headers, fields);
    take_chat(headers, fields);
    take_list(headers, fields);
    headers->has_received = coi_fields_has(fields, "Received");
    headers->automatic = is_automatic(fields);
    headers->asks_receipt = asks_receipt(headers, fields);
    return headers;
}

char *coi_header_hash(const guint8 *bytes, gsize length)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, coi_fields_block(bytes, length));
}
