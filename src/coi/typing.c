#include "coi/typing.h"

#include <string.h>

static const char *const words[] = {[COI_TYPING_COMPOSING] = "composing", [COI_TYPING_PAUSED] = "paused", [COI_TYPING_DONE] = "done"};

/* The value of the first parameter of this name in "; name=value; …", without quotes. Owned by the caller; NULL when there is none. */
static char *parameter(const char *text, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    for (guint i = 0; parts[i] != NULL; i++) {
        char *value = strchr(parts[i], '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        g_strstrip(value);
        gsize length = strlen(value);
        if (g_ascii_strcasecmp(g_strstrip(parts[i]), name) != 0)
            continue;
        return length > 1 && *value == '"' && value[length - 1] == '"' ? g_strndup(value + 1, length - 2) : g_strdup(value);
    }
    return NULL;
}

CoiTypingState coi_typing_state(const CoiHeaders *headers)
{
    g_autofree char *state = headers->chat_parameters != NULL ? parameter(headers->chat_parameters, "state") : NULL;
    for (guint i = COI_TYPING_COMPOSING; state != NULL && i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(state, words[i]) == 0)
            return (CoiTypingState)i;
    return COI_TYPING_NONE;
}

const char *coi_typing_content(CoiTypingState state)
{
    static const char *const contents[] = {[COI_TYPING_COMPOSING] = "purple-coi.typing; state=composing",
                                           [COI_TYPING_PAUSED] = "purple-coi.typing; state=paused",
                                           [COI_TYPING_DONE] = "purple-coi.typing; state=done"};
    return contents[state];
}

gboolean coi_typing_is_welcome(const CoiHeaders *headers)
{
    g_autofree char *value = headers->chat_version != NULL ? parameter(headers->chat_version, "typing") : NULL;
    return g_strcmp0(value, "1") == 0;
}
