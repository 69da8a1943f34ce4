#include "coi/content.h"

/* Client-specific content begins with the client's name; ours is for programs, whatever its version (COI.md section 8).
 */
#define OURS "purple-coi."

static const struct {
    const char *value;
    CoiContent content;
} contents[] = {
    {"ignore", COI_CONTENT_HIDDEN},
    {"status", COI_CONTENT_STATUS},
    {"editrequest", COI_CONTENT_EDIT_REQUEST},
    {"edit", COI_CONTENT_EDIT_REQUEST},
    {"deleterequest", COI_CONTENT_DELETE_REQUEST},
    {"preview", COI_CONTENT_PREVIEW},
    {"contact", COI_CONTENT_CONTACT},
    {"profile", COI_CONTENT_PROFILE},
    {"contactinfo", COI_CONTENT_PROFILE},
    {"profilerequest", COI_CONTENT_PROFILE_REQUEST},
    {"group", COI_CONTENT_GROUP},
    {"groupinfo", COI_CONTENT_GROUP_INFO},
    {"groupprofile", COI_CONTENT_GROUP_INFO},
    {"grouprequested", COI_CONTENT_GROUP_REQUESTED},
    {"groupprofilerequest", COI_CONTENT_GROUP_REQUESTED},
    {"groupleft", COI_CONTENT_GROUP_LEFT},
    {"location", COI_CONTENT_LOCATION},
    {"poll", COI_CONTENT_POLL},
    {"pollvote", COI_CONTENT_POLL_VOTE},
    {"pollclose", COI_CONTENT_POLL_CLOSE},
};

gboolean coi_content_is_ours(const char *value)
{
    return value != NULL && g_ascii_strncasecmp(value, OURS, sizeof(OURS) - 1) == 0;
}

gboolean coi_content_is_typing(const char *value)
{
    return value != NULL && g_ascii_strcasecmp(value, OURS "typing") == 0;
}

CoiContent coi_content_from_value(const char *value)
{
    if (value == NULL)
        return COI_CONTENT_TEXT;
    if (coi_content_is_ours(value))
        return COI_CONTENT_HIDDEN;
    for (gsize i = 0; i < G_N_ELEMENTS(contents); i++)
        if (g_ascii_strcasecmp(value, contents[i].value) == 0)
            return contents[i].content;
    return COI_CONTENT_TEXT;
}

CoiContent coi_content_of(const CoiHeaders *headers)
{
    CoiContent content = coi_content_from_value(headers->chat_content);

    if (content != COI_CONTENT_TEXT)
        return content;
    if (headers->chat_edit != NULL)
        return COI_CONTENT_EDIT_REQUEST;
    if (headers->chat_delete[0] != NULL)
        return COI_CONTENT_DELETE_REQUEST;
    return headers->is_reaction ? COI_CONTENT_REACTION : COI_CONTENT_TEXT;
}

static GStrv one(const char *id)
{
    const char *const ids[] = {id, NULL};

    return g_strdupv((GStrv)ids);
}

/* In a mail for both worlds In-Reply-To names the last version, Chat-Edit the first; Delta Chat's own In-Reply-To only
 * names the latest message. */
GStrv coi_content_subjects(const CoiHeaders *headers)
{
    gboolean by_content = coi_content_from_value(headers->chat_content) != COI_CONTENT_TEXT;

    switch (coi_content_of(headers)) {
    case COI_CONTENT_EDIT_REQUEST:
        return one(by_content ? headers->in_reply_to[0] : headers->chat_edit);
    case COI_CONTENT_DELETE_REQUEST:
        return by_content ? one(headers->in_reply_to[0]) : g_strdupv(headers->chat_delete);
    case COI_CONTENT_REACTION:
        return one(headers->in_reply_to[0]);
    default:
        return NULL;
    }
}
