/* The body of a draft. Pure. Private to this room. */
#pragma once
#include "mime/compose.h"

/* Appends the fields that describe the body, an empty line and the body: plain text, with an html alternative where the draft
 * has one, inside a multipart/mixed where a field must stand in the first part. The draft was checked. */
gboolean coi_body_append(GString *out, const CoiDraft *draft, GError **error);
