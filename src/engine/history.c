#include "engine/history.h"

#include "engine/listing.h"
#include "engine/private.h"
#include "store/archive.h"

/* So many more lines are looked at for one that was shown before: the others of the same second. */
#define MERGED 20

static void list(CoiEngine *engine, const char *conversation, guint wanted, const GError *error)
{
    g_autoptr(GArray) rows = coi_archive_lines(engine->store, conversation, 0, wanted + MERGED);
    g_autoptr(GPtrArray) lines = coi_listing_lines(engine, rows);
    gboolean older = lines->len > wanted;
    coi_listing_keep_last(lines, wanted);
    const CoiListed listed = {.conversation = conversation, .lines = lines, .more = older, .error = error};
    coi_listing_emit(engine, &listed);
}

void coi_history_asked(CoiEngine *engine, const CoiCommand *command)
{
    if (engine->store == NULL || engine->failed || engine->stopping)
        return;
    list(engine, command->address, MIN(command->count, COI_LIMIT_HISTORY), NULL);
}
