#include "mime/fields.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* One past the line that begins at p, its line end included. */
static const char *line_end(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (gsize)(end - p));

    return newline != NULL ? newline + 1 : end;
}

static gboolean is_empty_line(const char *p, const char *end)
{
    return p < end && (*p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n'));
}

static gboolean is_name_char(char c)
{
    return c > 32 && c < 127 && c != ':';
}

/* Splits [line, end) at its colon; FALSE when it is no field. */
static gboolean split(const char *line, const char *end, CoiField *field)
{
    const char *p = line;

    while (p < end && is_name_char(*p))
        p++;
    field->name = line;
    field->name_length = (gsize)(p - line);
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    if (field->name_length == 0 || p == end || *p != ':')
        return FALSE;
    field->value = p + 1;
    while (end > field->value && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    field->value_length = (gsize)(end - field->value);
    return TRUE;
}

gsize coi_fields_block(const guint8 *bytes, gsize length)
{
    const char *start = length > 0 ? (const char *)bytes : ""; /* an empty array has no bytes to point at */
    const char *end = start + length;
    const char *p = start;

    while (p < end && !is_empty_line(p, end))
        p = line_end(p, end);
    return (gsize)(p - start);
}

GArray *coi_fields_scan(const guint8 *bytes, gsize length, gsize *body, GError **error)
{
    g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(CoiField));
    const char *start = length > 0 ? (const char *)bytes : "";
    const char *end = start + length;
    const char *p = start;

    while (p < end && !is_empty_line(p, end)) {
        const char *next = line_end(p, end);
        CoiField field;

        while (next < end && (*next == ' ' || *next == '\t'))
            next = line_end(next, end);
        if (next - p > (gssize)COI_LIMIT_HEADER_LINE || next - start > (gssize)COI_LIMIT_HEADER_BLOCK) {
            g_set_error_literal(error, COI_ERROR, COI_ERROR_LIMIT, "the header of the mail is too long");
            return NULL;
        }
        if (split(p, next, &field))
            g_array_append_val(fields, field);
        p = next;
    }
    if (p < end)
        p = line_end(p, end);
    *body = (gsize)(p - start);
    return g_steal_pointer(&fields);
}

static const CoiField *find(const GArray *fields, const char *name, guint from)
{
    gsize length = strlen(name);

    for (guint i = from; i < fields->len; i++) {
        const CoiField *field = &g_array_index(fields, CoiField, i);

        if (field->name_length == length && g_ascii_strncasecmp(field->name, name, length) == 0)
            return field;
    }
    return NULL;
}

static void append_value(GString *out, const CoiField *field)
{
    const char *p = field->value;
    const char *end = p + field->value_length;

    while (p < end && g_ascii_isspace(*p))
        p++;
    while (end > p && g_ascii_isspace(end[-1]))
        end--;
    for (; p < end; p++)
        if (*p != '\0' && *p != '\r' && *p != '\n')
            g_string_append_c(out, *p);
}

char *coi_fields_get(const GArray *fields, const char *name)
{
    const CoiField *field = find(fields, name, 0);
    GString *out;

    if (field == NULL)
        return NULL;
    out = g_string_sized_new(field->value_length);
    append_value(out, field);
    return g_string_free(out, FALSE);
}

char *coi_fields_get_all(const GArray *fields, const char *name)
{
    const CoiField *field = find(fields, name, 0);
    GString *out;

    if (field == NULL)
        return NULL;
    out = g_string_new(NULL);
    while (field != NULL) {
        if (out->len > 0)
            g_string_append(out, ", ");
        append_value(out, field);
        field = find(fields, name, (guint)(field - &g_array_index(fields, CoiField, 0)) + 1);
    }
    return g_string_free(out, FALSE);
}

gboolean coi_fields_has(const GArray *fields, const char *name)
{
    return find(fields, name, 0) != NULL;
}
