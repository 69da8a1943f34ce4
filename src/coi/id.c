#include "coi/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* COI.md: at least 128 random bits. */
#define RANDOM_BYTES 16
/* COI.md section 6: at least so many characters make a group's id. */
#define GROUP_ID 12

char *coi_id_new(const char *domain)
{
    guint8 bytes[RANDOM_BYTES];
    GString *id = g_string_new("chat$");

    while (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        if (errno != EINTR)
            g_error("the system gives no random numbers: %s", g_strerror(errno));
    for (gsize i = 0; i < sizeof(bytes); i++)
        g_string_append_printf(id, "%02x", bytes[i]);
    g_string_append_printf(id, "@%s", domain);
    return g_string_free(id, FALSE);
}

gboolean coi_id_is_chat(const char *id)
{
    return id != NULL && g_str_has_prefix(id, "chat$");
}

gboolean coi_id_is_delta_chat(const char *id)
{
    const char *at = strrchr(id, '@');
    g_autofree char *local = at != NULL ? g_strndup(id, (gsize)(at - id)) : g_strdup("");

    return g_str_has_prefix(id, "Mr.") || g_str_has_prefix(id, "Gr.") ||
           (at != NULL && strcmp(at, "@localhost") == 0 && g_uuid_string_is_valid(local));
}

static gboolean is_group_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-';
}

char *coi_id_group(const char *id)
{
    static const char *const prefixes[] = {"chat$group.", "Gr."};

    for (gsize i = 0; id != NULL && i < G_N_ELEMENTS(prefixes); i++) {
        const char *start = id + strlen(prefixes[i]);
        const char *end = start;

        if (!g_str_has_prefix(id, prefixes[i]))
            continue;
        while (is_group_char(*end))
            end++;
        if (*end == '.' && end - start >= GROUP_ID)
            return g_strndup(start, (gsize)(end - start));
    }
    return NULL;
}

gboolean coi_headers_by_chat_program(const CoiHeaders *headers)
{
    return headers->chat_version != NULL || coi_id_is_chat(headers->message_id);
}

gboolean coi_headers_are_chat(const CoiHeaders *headers)
{
    return coi_headers_by_chat_program(headers) || coi_id_is_chat(headers->references[0]);
}
