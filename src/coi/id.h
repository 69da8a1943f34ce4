/* COI's Message-IDs and who counts as chat (COI.md section 1). Pure. */
#pragma once
#include "mime/parse.h"

/* "chat$UNIQUE@domain" with 128 random bits, without <>. Owned by the caller. */
char *coi_id_new(const char *domain);
gboolean coi_id_is_chat(const char *id); /* starts with "chat$", exact case */
/* An id as Delta Chat makes them: "UUID@localhost", "Mr.…", "Gr.…". */
gboolean coi_id_is_delta_chat(const char *id);
/* The group id in "chat$group.ID.UNIQUE@…" (also "Gr.ID.…"), or NULL. Owned by the caller. */
char *coi_id_group(const char *id);

/* What makes a mail COI: Chat-Version present, or a chat$ Message-ID, or the first id of References starts with chat$. */
gboolean coi_headers_are_chat(const CoiHeaders *headers);
/* Written by a chat program: not so an answer that a mail program gives to chat. */
gboolean coi_headers_by_chat_program(const CoiHeaders *headers);
