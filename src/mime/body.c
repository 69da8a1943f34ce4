#include "mime/body.h"

#include "base/error.h"
#include "mime/encode.h"
#include "mime/flowed.h"
#include "mime/text.h"
#include "mime/transfer.h"

#include <string.h>

/* So much of a hash. */
#define BOUNDARY 24

typedef struct {
    GString *out;
    const CoiDraft *draft;
    guint multiparts; /* so far */
} Writer;

/* Nobody who writes a text can know it, since the id is random; "=_" is in no quoted-printable body. Owned by the caller. */
static char *begin_multipart(Writer *writer, const char *kind)
{
    g_autofree char *seed = g_strdup_printf("%u %s", writer->multiparts++, writer->draft->message_id);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, seed, -1);
    char *boundary = g_strdup_printf("=_%.*s", BOUNDARY, hash);

    g_string_append_printf(writer->out, "Content-Type: multipart/%s;\r\n boundary=\"%s\"\r\n\r\n", kind, boundary);
    return boundary;
}

static void add_leaf(Writer *writer, const char *type, const char *text)
{
    const char *encoding;
    g_autofree char *body = coi_transfer_encode(text, &encoding);

    g_string_append_printf(writer->out, "Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s", type, encoding, body);
}

static void add_text(Writer *writer)
{
    const char *text = writer->draft->text;
    g_autofree char *clean = coi_text_trim_end(coi_text_clean(text, strlen(text)));
    g_autofree char *flowed = coi_flowed_encode(clean);

    add_leaf(writer, "text/plain; charset=UTF-8; format=flowed", flowed);
}

static void add_html(Writer *writer)
{
    g_autofree char *clean = coi_text_clean(writer->draft->html, strlen(writer->draft->html));
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    g_autofree char *body = g_strjoinv("\r\n", lines);
    g_autofree char *page = g_strconcat("<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"></head><body>\r\n", body,
                                        "\r\n</body></html>\r\n", NULL);

    add_leaf(writer, "text/html; charset=UTF-8", page);
}

static void add_readable(Writer *writer)
{
    g_autofree char *boundary = NULL;

    if (writer->draft->html == NULL) {
        add_text(writer);
        return;
    }
    boundary = begin_multipart(writer, "alternative");
    g_string_append_printf(writer->out, "--%s\r\n", boundary);
    add_text(writer);
    g_string_append_printf(writer->out, "\r\n--%s\r\n", boundary);
    add_html(writer);
    g_string_append_printf(writer->out, "\r\n--%s--\r\n", boundary);
}

/* RFC 8098 and RFC 6522: what a person reads, what a program reads, and nothing else. */
static gboolean add_receipt(Writer *writer, GError **error)
{
    const CoiDraft *draft = writer->draft;
    g_autofree char *boundary = begin_multipart(writer, "report; report-type=disposition-notification");
    g_autofree char *recipient = g_strconcat("rfc822; ", draft->from, NULL); /* canonical addresses are ASCII */
    g_autofree char *id = g_strconcat("<", draft->receipt_for, ">", NULL);

    g_string_append_printf(writer->out, "--%s\r\n", boundary);
    add_text(writer);
    g_string_append_printf(writer->out, "\r\n--%s\r\nContent-Type: message/disposition-notification\r\n\r\n", boundary);
    if (!coi_encode_field(writer->out, "Final-Recipient", recipient) || !coi_encode_field(writer->out, "Original-Message-ID", id) ||
        !coi_encode_field(writer->out, "Disposition", "manual-action/MDN-sent-automatically; displayed")) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, "a receipt from this address can't be sent");
        return FALSE;
    }
    g_string_append_printf(writer->out, "\r\n--%s--\r\n", boundary);
    return TRUE;
}

gboolean coi_body_append(GString *out, const CoiDraft *draft, GError **error)
{
    Writer writer = {.out = out, .draft = draft};
    g_autofree char *boundary = NULL;
    g_autofree char *id = NULL;

    if (draft->receipt_for != NULL)
        return add_receipt(&writer, error);
    if (draft->chat_edit == NULL) {
        add_readable(&writer);
        return TRUE;
    }
    boundary = begin_multipart(&writer, "mixed");
    id = g_strconcat("<", draft->chat_edit, ">", NULL);
    g_string_append_printf(out, "--%s\r\n", boundary);
    if (!coi_encode_field(out, "Chat-Edit", id)) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_INVALID, "Chat-Edit can't be sent");
        return FALSE;
    }
    add_readable(&writer);
    g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
    return TRUE;
}
