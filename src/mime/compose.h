/* A draft → finished bytes (COI.md section 1). Pure. Header injection is impossible: every value passes an encoder and a
 * check; what can't be sent is a GError. */
#pragma once
#include "mime/address.h"

typedef struct {
    const char *from;            /* own canonical address */
    const GPtrArray *to;         /* CoiAddress: name only if its owner sent it */
    const char *message_id;      /* without <> */
    const char *first_reference; /* without <>; NULL: the message's own id */
    const char *last_reference;  /* without <>; NULL or equal to the first: only one is written */
    const char *in_reply_to;     /* without <>; NULL: none */
    const char *chat_content;    /* value of Chat-Content; NULL: none */
    const char *chat_edit;       /* id without <> for Chat-Edit, in the first part, where Delta Chat looks for it; NULL: none */
    gint64 date;                 /* unix seconds, written in +0000 */
    const char *subject;         /* UTF-8; NULL: "Chat: " and the text's beginning (about 40 characters, whole words where they allow, one line) */
    const char *text;            /* UTF-8, "\n" lines */
    const char *html;            /* the same with formatting: what stands in <body>, UTF-8; NULL: none */
    const char *automatic;       /* Auto-Submitted, a token; NULL: a person wrote it */
    const char *receipt_for;     /* a receipt (RFC 8098) that the message with this id, without <>, was displayed at `from`; NULL: none.
                                    text is then what people read of it, html is not used, ask_receipt is refused */
    gint64 expires;              /* unix seconds, written in +0000; 0: never */
    gboolean takes_typing;       /* Chat-Version says that typing mails are welcome (COI.md section 8) */
    gboolean ask_receipt;        /* both Disposition-Notification-To headers */
} CoiDraft;

/* The mail as CRLF lines with a final CRLF, at most 998 bytes a line, headers folded at 78, 7bit or quoted-printable or
 * base64 body so that any server may carry it. NULL with COI_ERROR_INVALID. Owned by the caller. */
GBytes *coi_mail_compose(const CoiDraft *draft, GError **error);
