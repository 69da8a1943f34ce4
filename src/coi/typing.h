/* Who is writing: the words of purple-coi.typing (COI.md section 8). Pure. */
#pragma once
#include "mime/parse.h"

typedef enum {
    COI_TYPING_NONE, /* nothing that we know */
    COI_TYPING_COMPOSING,
    COI_TYPING_PAUSED, /* something is written that isn't sent */
    COI_TYPING_DONE
} CoiTypingState;

/* What a mail with such content says. */
CoiTypingState coi_typing_state(const CoiHeaders *headers);
/* The value of Chat-Content that says so; static. NULL for NONE. */
const char *coi_typing_content(CoiTypingState state);
/* The sender's mailbox takes such mails without ringing anywhere. */
gboolean coi_typing_is_welcome(const CoiHeaders *headers);
