/* The rest of parse.h's headers: what stands in a part. Private to this room. */
#pragma once
#include "mime/parse.h"
#include "mime/part.h"

/* Adds the chat fields and the disposition of a part, where the mail's own header has none of that name. */
void coi_headers_add_part(CoiHeaders *headers, const CoiPart *part);
