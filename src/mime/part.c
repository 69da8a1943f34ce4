#include "mime/part.h"

#include "base/limits.h"
#include "mime/fields.h"
#include "mime/words.h"

#include <gmime/gmime.h>
#include <string.h>

static void part_free(CoiPart *part)
{
    g_free(part->media);
    g_free(part->charset);
    g_free(part->boundary);
    g_free(part->filename);
    g_free(part->encoding);
    g_free(part);
}

static void read_type(CoiPart *part, const GArray *fields)
{
    g_autofree char *value = coi_fields_get(fields, "Content-Type");
    g_autofree char *merged = NULL;
    g_autofree char *name = NULL;
    const char *format, *delsp;
    GMimeContentType *type;

    if (value == NULL || strchr(value, '/') == NULL) { /* RFC 2045, 5.2 */
        part->media = g_strdup(part->digested ? "message/rfc822" : "text/plain");
        return;
    }
    merged = coi_words_merge(value);
    type = g_mime_content_type_parse(NULL, merged);
    name = g_mime_content_type_get_mime_type(type);
    format = g_mime_content_type_get_parameter(type, "format");
    delsp = g_mime_content_type_get_parameter(type, "delsp");
    part->media = g_ascii_strdown(name, -1);
    part->charset = g_strdup(g_mime_content_type_get_parameter(type, "charset"));
    part->boundary = g_strdup(g_mime_content_type_get_parameter(type, "boundary"));
    part->filename = g_strdup(g_mime_content_type_get_parameter(type, "name"));
    part->flowed = format != NULL && g_ascii_strcasecmp(format, "flowed") == 0;
    part->delsp = delsp != NULL && g_ascii_strcasecmp(delsp, "yes") == 0;
    g_object_unref(type);
}

static void read_disposition(CoiPart *part, const GArray *fields)
{
    g_autofree char *value = coi_fields_get(fields, "Content-Disposition");
    g_autofree char *merged = NULL;
    GMimeContentDisposition *disposition;
    const char *filename;

    if (value == NULL || *value == '\0')
        return;
    merged = coi_words_merge(value);
    disposition = g_mime_content_disposition_parse(NULL, merged);
    part->attached = g_mime_content_disposition_is_attachment(disposition);
    filename = g_mime_content_disposition_get_parameter(disposition, "filename");
    if (filename != NULL) {
        g_free(part->filename);
        part->filename = g_strdup(filename);
    }
    g_object_unref(disposition);
}

/* The part in [bytes, bytes + length), header and body. parent is NULL for the mail itself. */
static CoiPart *part_new(const guint8 *bytes, gsize length, const CoiPart *parent, GError **error)
{
    gsize body;
    g_autoptr(GArray) fields = coi_fields_scan(bytes, length, &body, error);
    CoiPart *part;

    if (fields == NULL)
        return NULL;
    part = g_new0(CoiPart, 1);
    part->digested = parent != NULL && strcmp(parent->media, "multipart/digest") == 0;
    read_type(part, fields);
    read_disposition(part, fields);
    part->encoding = coi_fields_get(fields, "Content-Transfer-Encoding");
    part->header = bytes;
    part->has_content = coi_fields_has(fields, "Chat-Content");
    part->body = bytes + body;
    part->length = length - body;
    part->depth = parent != NULL ? parent->depth + 1 : 0;
    part->alternative = parent != NULL ? parent->alternative : -1;
    part->of_report = parent != NULL && parent->of_report;
    part->is_multipart = g_str_has_prefix(part->media, "multipart/");
    return part;
}

typedef enum { LINE_OTHER, LINE_DELIMITER, LINE_CLOSE } LineKind;

/* RFC 2046, 5.1.1: "--", the boundary, "--" at the end of the last part; white space may follow. */
static LineKind line_kind(const guint8 *line, const guint8 *end, const char *boundary, gsize length)
{
    const guint8 *p = line + 2 + length;
    gboolean closing;

    if ((gsize)(end - line) < 2 + length || line[0] != '-' || line[1] != '-' || memcmp(line + 2, boundary, length) != 0)
        return LINE_OTHER;
    closing = end - p >= 2 && p[0] == '-' && p[1] == '-';
    if (closing)
        p += 2;
    while (p < end && g_ascii_isspace(*p))
        p++;
    if (p < end)
        return LINE_OTHER;
    return closing ? LINE_CLOSE : LINE_DELIMITER;
}

/* The line end before a delimiter belongs to the delimiter. */
static const guint8 *before_delimiter(const guint8 *start, const guint8 *line)
{
    if (line > start && line[-1] == '\n')
        line--;
    if (line > start && line[-1] == '\r')
        line--;
    return line;
}

/* Adds [start, end) as the number-th child of multipart. */
static void add_child(GPtrArray *children, const CoiPart *multipart, const guint8 *start, const guint8 *end)
{
    CoiPart *part = part_new(start, (gsize)(end - start), multipart, NULL);

    if (part == NULL)
        return;
    part->of_report |= children->len > 0 && strcmp(multipart->media, "multipart/report") == 0;
    g_ptr_array_add(children, part);
}

/* The children of multipart, at most limit. Empty when its boundary stands nowhere. *closed: it is closed, whatever is in it. */
static GPtrArray *children_of(const CoiPart *multipart, guint limit, gboolean *closed)
{
    GPtrArray *children = g_ptr_array_new();
    gsize boundary_length = multipart->boundary != NULL ? strlen(multipart->boundary) : 0;
    const guint8 *end = multipart->body + multipart->length;
    const guint8 *start = NULL;

    for (const guint8 *line = multipart->body; boundary_length > 0 && line < end && children->len < limit;) {
        const guint8 *newline = memchr(line, '\n', (gsize)(end - line));
        const guint8 *next = newline != NULL ? newline + 1 : end;
        LineKind kind = line_kind(line, next, multipart->boundary, boundary_length);

        if (kind != LINE_OTHER && start != NULL)
            add_child(children, multipart, start, before_delimiter(start, line));
        if (kind != LINE_OTHER)
            start = kind == LINE_DELIMITER ? next : NULL;
        *closed = kind == LINE_CLOSE;
        if (*closed)
            break;
        line = next;
    }
    if (start != NULL && start < end && children->len < limit) /* cut off, or never closed */
        add_child(children, multipart, start, end);
    return children;
}

/* A multipart without parts is shown as the text that it then is. */
static void degrade(CoiPart *part)
{
    part->is_multipart = FALSE;
    g_free(part->media);
    part->media = g_strdup("text/plain");
}

GPtrArray *coi_parts_scan(const guint8 *bytes, gsize length, GError **error)
{
    CoiPart *top = part_new(bytes, length, NULL, error);
    GPtrArray *parts, *children;

    if (top == NULL)
        return NULL;
    parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
    g_ptr_array_add(parts, top);
    for (guint i = 0; i < parts->len; i++) {
        CoiPart *part = g_ptr_array_index(parts, i);
        gboolean closed = FALSE;

        if (!part->is_multipart || part->depth >= COI_LIMIT_MIME_DEPTH || parts->len >= COI_LIMIT_MIME_PARTS)
            continue;
        if (part->alternative < 0 && strcmp(part->media, "multipart/alternative") == 0)
            part->alternative = (int)i;
        children = children_of(part, COI_LIMIT_MIME_PARTS - parts->len, &closed);
        for (guint child = 0; child < children->len; child++)
            g_ptr_array_insert(parts, (int)(i + 1 + child), g_ptr_array_index(children, child));
        if (children->len == 0 && !closed)
            degrade(part);
        g_ptr_array_unref(children);
    }
    return parts;
}

static gboolean is_base64(guint8 c)
{
    return g_ascii_isalnum(c) || c == '+' || c == '/';
}

/* Mailing lists write their foot below a body in base64 as it is: where the encoded text ends, at a line with nothing of it ("____"), or
 * with anything else behind one that is padded. */
static gsize base64_length(const guint8 *body, gsize length)
{
    gboolean padded = FALSE;

    for (gsize line = 0, end; line < length; line = end) {
        const guint8 *newline = memchr(body + line, '\n', length - line);
        gsize digits = 0, foreign = 0;

        end = newline != NULL ? (gsize)(newline - body) + 1 : length;
        for (gsize i = line; i < end; i++) {
            digits += is_base64(body[i]) ? 1 : 0;
            foreign += !is_base64(body[i]) && body[i] != '=' && !g_ascii_isspace(body[i]) ? 1 : 0;
        }
        if (foreign > 0 && (padded || digits == 0))
            return line;
        padded |= memchr(body + line, '=', end - line) != NULL;
    }
    return length;
}

/* The body with the padding that some programs leave out at its end, without which a decoder keeps the last bytes. */
static GByteArray *padded_base64(const CoiPart *part)
{
    gsize length = base64_length(part->body, part->length);
    GByteArray *base64 = g_byte_array_sized_new((guint)length + 2);
    guint digits = 0;

    g_byte_array_append(base64, part->body, (guint)length);
    for (gsize i = 0; i < length; i++)
        digits = part->body[i] == '=' ? 0 : digits + (is_base64(part->body[i]) ? 1 : 0);
    if (digits % 4 > 1)
        g_byte_array_append(base64, (const guint8 *)"==", 4 - digits % 4);
    return base64;
}

GByteArray *coi_part_decode(const CoiPart *part)
{
    GMimeContentEncoding kind =
        part->encoding != NULL ? g_mime_content_encoding_from_string(part->encoding) : GMIME_CONTENT_ENCODING_DEFAULT;
    g_autoptr(GByteArray) in = kind == GMIME_CONTENT_ENCODING_BASE64 ? padded_base64(part) : g_byte_array_sized_new((guint)part->length + 1);
    GByteArray *out;
    GMimeEncoding state;

    if (kind != GMIME_CONTENT_ENCODING_BASE64)
        g_byte_array_append(in, part->body, (guint)part->length);
    if (kind != GMIME_CONTENT_ENCODING_BASE64 && kind != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
        return g_steal_pointer(&in);
    out = g_byte_array_new();
    g_mime_encoding_init_decode(&state, kind);
    g_byte_array_set_size(out, (guint)g_mime_encoding_outlen(&state, in->len));
    g_byte_array_set_size(out, (guint)g_mime_encoding_flush(&state, (const char *)in->data, in->len, (char *)out->data));
    return out;
}
