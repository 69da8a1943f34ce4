/* Small things that IMAP and SMTP do alike: checked arguments, raw lines, credentials on the wire, a thread. */
#pragma once
#include "net/sasl.h"
#include "net/stream.h"

/* FALSE with COI_ERROR_INVALID when text can't be an argument of a command: it has CR, LF or another control character,
 * or is longer than max bytes. */
gboolean coi_wire_check_argument(const char *text, gsize max, GError **error);
/* The same for an address of an envelope: not empty, neither <, > nor blank, at most COI_LIMIT_ADDRESS bytes. */
gboolean coi_wire_check_address(const char *address, GError **error);

/* Writes text and flushes. FALSE with what coi_stream_explain says. */
gboolean coi_wire_send(CoiStream *stream, const char *text, GError **error);
/* The same for a text with credentials, CRLF added: it stays in no buffer of libetpan's. */
gboolean coi_wire_send_secret(CoiStream *stream, const char *text, GError **error);
/* The next line without its end, NULs replaced by '?'. NULL with error. Owned by the caller. */
char *coi_wire_read_line(CoiStream *stream, GError **error);

/* Answers one SASL challenge (base64; NULL: the initial response): step and line. */
gboolean coi_wire_answer_challenge(CoiStream *stream, CoiSasl *sasl, const char *challenge, GError **error);

/* What a server said, for people: valid UTF-8, one line, without control characters, at most 1,000 bytes. */
char *coi_wire_printable(const char *text);

/* A thread with every signal blocked from its first instruction on. NULL when there is none to be had. */
GThread *coi_wire_thread_new(const char *name, GThreadFunc run, gpointer data);
