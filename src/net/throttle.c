#include "net/throttle.h"

#include <string.h>

/* Lower case. Not every server has a code for it. */
static const char *const signs[] = {"[limit]",
                                    "[throttled]",
                                    "too many simultaneous",
                                    "too many connections",
                                    "too many concurrent",
                                    "too many login",
                                    "bandwidth limit",
                                    "rate limit",
                                    "rate exceeded",
                                    "throttl",
                                    "too many requests",
                                    "too many messages"};

/* SMTP's 4xx, and after it, where there is one, an enhanced code that speaks of policy (RFC 3463 4.7) or of too many
 * recipients. Without one 421 and 454 mean it; 421 with another says that the server is going down. */
static gboolean is_smtp_throttle(const char *words)
{
    if (words[0] != '4' || !g_ascii_isdigit(words[1]) || !g_ascii_isdigit(words[2]) || words[3] != ' ')
        return FALSE;
    const char *enhanced = words + 4;
    if (g_str_has_prefix(enhanced, "4.") && g_ascii_isdigit(enhanced[2]))
        return g_str_has_prefix(enhanced, "4.7.") || g_str_has_prefix(enhanced, "4.5.3");
    return g_str_has_prefix(words, "421") || g_str_has_prefix(words, "454");
}

gboolean coi_throttled(const char *words)
{
    if (words == NULL)
        return FALSE;
    g_autofree char *lower = g_ascii_strdown(words, -1);
    if (strstr(lower, "greylist") != NULL || strstr(lower, "graylist") != NULL) /* about one recipient */
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(signs); i++)
        if (strstr(lower, signs[i]) != NULL)
            return TRUE;
    return is_smtp_throttle(words);
}
