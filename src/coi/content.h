/* The vocabulary of Chat-Content (COI.md section 1). Pure. */
#pragma once
#include "mime/parse.h"

typedef enum {
    COI_CONTENT_TEXT,    /* no Chat-Content, or one that this version shows by its readable part */
    COI_CONTENT_HIDDEN,  /* "ignore", "purple-coi.*": never shown */
    COI_CONTENT_STATUS, COI_CONTENT_EDIT_REQUEST, COI_CONTENT_DELETE_REQUEST, COI_CONTENT_PREVIEW, COI_CONTENT_CONTACT,
    COI_CONTENT_PROFILE, COI_CONTENT_PROFILE_REQUEST, COI_CONTENT_GROUP, COI_CONTENT_GROUP_INFO, COI_CONTENT_GROUP_REQUESTED,
    COI_CONTENT_GROUP_LEFT, COI_CONTENT_LOCATION, COI_CONTENT_POLL, COI_CONTENT_POLL_VOTE, COI_CONTENT_POLL_CLOSE,
    COI_CONTENT_REACTION /* RFC 9078; no value of Chat-Content */
} CoiContent;

/* value: before ";", any case; NULL → TEXT. Aliases of the drafts are understood. */
CoiContent coi_content_from_value(const char *value);

/* Content for programs of ours, whatever its version. */
gboolean coi_content_is_ours(const char *value);
/* Of it, what says that somebody is writing. */
gboolean coi_content_is_typing(const char *value);

/* What the whole mail is: by its Chat-Content, Delta Chat's Chat-Edit and Chat-Delete, or its disposition. */
CoiContent coi_content_of(const CoiHeaders *headers);
/* The ids of the messages that an edit, a deletion or a reaction is about; NULL for anything else. Owned by the caller. */
GStrv coi_content_subjects(const CoiHeaders *headers);
