#include "engine/full.h"

#include <string.h>

#include "engine/listing.h"
#include "engine/private.h"

/* How much of text is one line: cut at a line's end where that leaves enough, never within a character. */
static gsize piece_of(const char *text)
{
    gsize length = strlen(text);
    if (length <= COI_LIMIT_SHOWN_LINE)
        return length;
    const char *end = g_strrstr_len(text, COI_LIMIT_SHOWN_LINE, "\n");
    if (end != NULL && end >= text + COI_LIMIT_SHOWN_LINE / 2)
        return (gsize)(end - text);
    for (length = COI_LIMIT_SHOWN_LINE; length > 0 && ((guchar)text[length] & 0xC0) == 0x80;)
        length--;
    return length;
}

static CoiMessage *line_with(const CoiMessage *message, const char *text, gsize length)
{
    CoiMessage *line = g_new0(CoiMessage, 1);
    line->kind = message->kind;
    line->sender = g_strdup(message->sender);
    line->sender_name = g_strdup(message->sender_name);
    line->conversation = g_strdup(message->conversation);
    line->time = message->time;
    line->text = g_strndup(text, length);
    return line;
}

void coi_full_asked(CoiEngine *engine, const CoiCommand *command)
{
    if (engine->store == NULL || engine->failed || engine->stopping)
        return;
    gint64 id = coi_messages_latest_shortened(engine->store, command->address, COI_LIMIT_SHOWN_LINE);
    g_autoptr(CoiMessage) message = id != 0 ? coi_messages_get(engine->store, id) : NULL;
    if (message == NULL) {
        coi_listing_say(engine, command->address, COI_LOOK_FULL, COI_LISTING_STOPPED, 0);
        return;
    }
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)coi_message_free);
    for (const char *p = message->whole != NULL ? message->whole : message->text; *p != '\0'; p += *p == '\n' ? 1 : 0) {
        gsize length = piece_of(p);
        g_ptr_array_add(lines, line_with(message, p, length));
        p += length;
    }
    const CoiListed listed = {.conversation = command->address, .look = COI_LOOK_FULL, .lines = lines};
    coi_listing_emit(engine, &listed);
}
