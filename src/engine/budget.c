/* Mail that no user wrote is rationed (DESIGN section 7): whatever goes wrong, no loop of machines grows out of it. What was taken
 * is a fact in the store, so that neither a crash nor a new login gives it back. */
#include "engine/private.h"

#include <stdio.h>

/* Fact in the store: the day since 1970, in UTC, and what was taken on it: in all, and of these for typing. */
#define TAKEN "automatic-mail"
#define DAY_SECONDS 86400

gboolean coi_budget_take(CoiEngine *engine, CoiBudget kind)
{
    gint64 today = g_get_real_time() / G_USEC_PER_SEC / DAY_SECONDS;
    gint64 day = -1;
    guint all = 0, typing = 0;
    g_autoptr(GError) error = NULL;
    if (engine->store == NULL || engine->failed)
        return FALSE;
    g_autofree char *taken = coi_store_get(engine->store, TAKEN);
    if (taken == NULL || sscanf(taken, "%" G_GINT64_FORMAT " %u %u", &day, &all, &typing) != 3 || day != today)
        all = typing = 0;
    if (all >= COI_LIMIT_AUTOMATIC || (kind == COI_BUDGET_TYPING && typing >= COI_LIMIT_AUTOMATIC_TYPING))
        return FALSE;
    g_autofree char *now_taken =
        g_strdup_printf("%" G_GINT64_FORMAT " %u %u", today, all + 1, typing + (kind == COI_BUDGET_TYPING));
    if (coi_store_set(engine->store, TAKEN, now_taken, &error))
        return TRUE;
    coi_engine_store_failed(engine, g_steal_pointer(&error));
    return FALSE;
}
