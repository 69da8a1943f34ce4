/* A body's way through servers that know only short lines of ASCII (RFC 2045, 6). Pure. Private to this room. */
#pragma once
#include <glib.h>

/* body: CRLF lines. Returns it as it is when it is ASCII in lines of at most 998 bytes, else as quoted-printable or
 * base64, whichever is shorter; *name is the Content-Transfer-Encoding. The result has CRLF lines. Owned by
 * the caller. */
char *coi_transfer_encode(const char *body, const char **name);
