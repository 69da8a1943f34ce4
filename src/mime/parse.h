/* Bytes of a mail → what the engine decides by. Pure, hostile input welcome: a result or a GError, within limits.h. */
#pragma once
#include "mime/address.h"
#include "mime/calendar.h"

/* Once per process, before anything else of this room, on the main thread (GMime's init). Balanced by nothing. */
void coi_mime_init(void);

typedef struct {
    char *message_id;     /* without <>, no white space; NULL when missing or longer than COI_LIMIT_MESSAGE_ID */
    char *alias_id;       /* X-Microsoft-Original-Message-ID, likewise */
    GStrv references;     /* ids in order, without <>; never NULL */
    GStrv in_reply_to;    /* never NULL */
    CoiAddress *from;     /* first mailbox of From; NULL when unreadable */
    guint from_count;
    GPtrArray *to, *cc;   /* CoiAddress; never NULL */
    CoiAddress *reply_to; /* the only mailbox of Reply-To, or NULL */
    gint64 date;          /* Date as unix seconds; 0 when missing or unreadable */
    gint64 expires;       /* Expires, unix seconds; 0: none, or no date */
    char *subject;        /* decoded UTF-8, one line; NULL when missing */
    char *chat_version;   /* raw value; NULL when missing, "" when empty */
    char *chat_content;   /* value before ";" in lower case; NULL when missing */
    char *chat_parameters; /* what follows that ";", one line; NULL when nothing does */
    char *chat_edit;      /* Chat-Edit: the id of the message that this one replaces, or NULL */
    GStrv chat_delete;    /* Chat-Delete: ids of messages that are to be gone; never NULL */
    gboolean is_reaction; /* Content-Disposition: reaction (RFC 9078) */
    char *list_id;        /* List-Id's <…> part or List-Post's address; NULL when neither */
    char *list_post;      /* List-Post's address, or NULL */
    gboolean has_received;
    gboolean automatic;   /* Auto-Submitted other than "no", or Precedence bulk/junk/list */
    gboolean asks_receipt; /* of a kind that may be answered: for one address, which is From and, where there is one, Return-Path; no list */
    char *content_type;   /* top level "multipart/report", lower case, no parameters; "text/plain" when missing */
    char *report_type;    /* its report-type parameter, lower case, or NULL */
} CoiHeaders;

/* From a header block (as BODY[HEADER]) or a whole mail: only what is before the first empty line is looked at.
 * NULL with COI_ERROR_LIMIT or COI_ERROR_PARSE. */
CoiHeaders *coi_headers_parse(const guint8 *bytes, gsize length, GError **error);
void coi_headers_free(CoiHeaders *headers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiHeaders, coi_headers_free)

typedef struct {
    CoiHeaders *headers; /* the chat fields and the disposition also from the first part: some programs put them there */
    char *text;      /* what a person reads: valid UTF-8, "\n" lines, flowed paragraphs joined (RFC 3676), no NUL and no
                        control character but \n and \t, trailing empty lines removed, quotes of earlier mails and signatures left
                        out unless nothing else is in the mail; "" when there is none */
    char *html;      /* the same with its formatting, as the markup of mime/lines.h; NULL when it has none */
    char *whole;     /* text with nothing left out; NULL when that is the same */
    GPtrArray *attachments; /* char*: file names (or media types) of parts that are neither text nor in the next two */
    GPtrArray *forwarded;   /* CoiMail: mails that were attached */
    GPtrArray *appointments; /* CoiCalendar */
} CoiMail;

/* bytes may be cut at COI_LIMIT_FIRST_FETCH. text is the text/plain part, else the html one reduced to text; a message with
 * Chat-Version also has the html of its html part, and nothing of its text is left out. */
CoiMail *coi_mail_parse(const guint8 *bytes, gsize length, GError **error);
void coi_mail_free(CoiMail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiMail, coi_mail_free)

/* Lower-case hex SHA-256 of the raw header block: the id of a mail that has none (DESIGN section 3). Owned by the caller. */
char *coi_header_hash(const guint8 *bytes, gsize length);
