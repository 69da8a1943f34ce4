#include "net/throttle.h"

static void test_table(void)
{
    static const struct {
        const char *words;
        gboolean throttled;
    } table[] = {
        {NULL, FALSE},
        {"", FALSE},
        {"[LIMIT] Too many", TRUE},
        {"[THROTTLED] slow down", TRUE},
        {"[ALERT] Too many simultaneous connections. (Failure)", TRUE},
        {"Account exceeded command or bandwidth limits", TRUE},
        {"[AUTHENTICATIONFAILED] Invalid credentials (Failure)", FALSE},
        {"[OVERQUOTA] mailbox full", FALSE},
        {"[UNAVAILABLE] later", FALSE},
        {"421 4.7.0 Temporary System Problem. Try again later", TRUE},
        {"421 Too much mail", TRUE},
        {"421 4.3.2 shutting down", FALSE},
        {"421 4.4.2 idle for too long", FALSE},
        {"454 4.7.0 Too many login attempts", TRUE},
        {"452 4.5.3 Your message has too many recipients", TRUE},
        {"450 4.7.1 slow down", TRUE},
        {"450 4.7.1 Greylisted, come back", FALSE},
        {"450 4.2.0 mailbox busy", FALSE},
        {"451 4.3.0 lookup failure", FALSE},
        {"432 4.3.2 Concurrent connections limit exceeded; throttled", TRUE},
        {"550 5.7.1 refused", FALSE},
        {"4", FALSE},
        {"42", FALSE},
        {"421", FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(table); i++)
        if (!coi_throttled(table[i].words) != !table[i].throttled)
            g_error("%s: not judged rightly", table[i].words);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/throttle/table", test_table);
    return g_test_run();
}
