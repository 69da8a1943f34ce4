/* One reply of an SMTP server (RFC 5321 4.2). */
#pragma once
#include "net/stream.h"

typedef struct {
    guint code;       /* 200 to 599 */
    GPtrArray *lines; /* char *: the text after the code, line by line, as sent; at least one */
} CoiSmtpReply;

void coi_smtp_reply_free(CoiSmtpReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiSmtpReply, coi_smtp_reply_free)

/* Reads one. NULL with what the stream says, COI_ERROR_PROTOCOL, or COI_ERROR_LIMIT. */
CoiSmtpReply *coi_smtp_reply_read(CoiStream *stream, GError **error);
/* Code and text for people: one line, UTF-8. */
char *coi_smtp_reply_text(const CoiSmtpReply *reply);
/* Sets error to code with the reply's text. Returns FALSE. */
gboolean coi_smtp_reply_fail(const CoiSmtpReply *reply, gint code, GError **error);

/* The first digit: 2 done, 3 go on, 4 not now, 5 never. */
guint coi_smtp_reply_class(const CoiSmtpReply *reply);
