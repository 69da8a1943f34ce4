#include "engine/answer.h"

#include "engine/listing.h"
#include "engine/private.h"
#include "mime/find.h"
#include "store/archive.h"

/* So many more lines are looked at for one that was shown before: the others of the same second. */
#define MERGED 20
/* Lines before a find and behind it. */
#define AROUND 5
/* What is shown of a find. */
#define SNIPPET 200

static GArray *rows_around(CoiEngine *engine, const CoiJob *job)
{
    GArray *rows = coi_archive_lines(engine->store, job->conversation, job->around, AROUND);
    g_autoptr(GArray) after = coi_archive_lines_after(engine->store, job->conversation, job->around, AROUND);
    g_array_append_val(rows, job->around);
    g_array_append_vals(rows, after->data, after->len);
    return rows;
}

GArray *coi_answer_rows(CoiEngine *engine, const CoiJob *job)
{
    if (job->kind == COI_LOOK_AROUND)
        return rows_around(engine, job);
    return coi_archive_lines(engine->store, job->conversation, 0, job->wanted + MERGED);
}

static gint by_place(gconstpointer a, gconstpointer b)
{
    const CoiMessage *one = *(CoiMessage *const *)a, *two = *(CoiMessage *const *)b;
    if (one->internal_date != two->internal_date)
        return one->internal_date < two->internal_date ? -1 : 1;
    return (one->id > two->id) - (one->id < two->id);
}

static gboolean has_words(const CoiJob *job, const CoiMessage *message)
{
    const char *texts[] = {message->text, message->whole, message->subject, message->topic};
    return coi_find_all(job->words, texts, G_N_ELEMENTS(texts));
}

/* The finds that are lines of this conversation, each once, as they are listed: only with the words and what stands around them. */
static GPtrArray *finds(CoiEngine *engine, const CoiJob *job)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)coi_message_free);
    g_autoptr(GHashTable) taken = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < job->known->len; i++) {
        gint64 *id = &g_array_index(job->known, gint64, i);
        g_autoptr(CoiMessage) message = g_hash_table_add(taken, id) ? coi_messages_get(engine->store, *id) : NULL;
        if (message == NULL || message->text == NULL || *message->text == '\0' || message->expires != 0 ||
            !g_str_equal(message->conversation, job->conversation) || (job->compare && !has_words(job, message)))
            continue;
        char *snippet = coi_find_snippet(job->words, message->text, SNIPPET);
        g_free(message->text);
        message->text = snippet;
        g_clear_pointer(&message->html, g_free);
        g_clear_pointer(&message->quote, g_free);
        message->action = COI_ACTION_NONE;
        g_ptr_array_add(lines, g_steal_pointer(&message));
    }
    g_ptr_array_sort(lines, by_place);
    return lines;
}

static void list_finds(CoiEngine *engine, const CoiJob *job, GArray *numbered)
{
    g_autoptr(GPtrArray) lines = finds(engine, job);
    guint64 all = job->compare ? lines->len : MAX(job->finds, lines->len);
    coi_listing_keep_last(lines, COI_LIMIT_FINDS);
    g_array_set_size(numbered, 0);
    for (guint i = 0; i < lines->len; i++)
        g_array_append_val(numbered, ((CoiMessage *)lines->pdata[i])->id);
    const CoiListed listed = {.conversation = job->conversation, .look = job->kind, .words = job->typed, .lines = lines,
                              .first_number = 1, .more = lines->len >= COI_LIMIT_FINDS ? all - lines->len : 0, .error = job->error};
    coi_listing_emit(engine, &listed);
}

guint coi_answer_mailboxes(const CoiEngine *engine, const char *names[3])
{
    guint n = 0;
    if (engine->facts == NULL)
        return 0;
    names[n++] = "INBOX";
    const char *chats = engine->watches[COI_WATCH_CHATS].mailbox; /* which may be younger than the facts */
    if (chats != NULL)
        names[n++] = chats;
    if (engine->facts->sent != NULL && g_strcmp0(engine->facts->sent, chats) != 0)
        names[n++] = engine->facts->sent;
    return n;
}

/* Whether some mailbox has more of the conversation than what is known. */
static gboolean goes_on(CoiEngine *engine, const char *conversation)
{
    const char *names[3];
    guint n = coi_answer_mailboxes(engine, names);
    for (guint i = 0; i < n; i++) {
        guint32 floor = coi_archive_floor(engine->store, conversation, names[i]);
        if (floor > 1 && floor < G_MAXUINT32)
            return TRUE;
    }
    return FALSE;
}

static void list_lines(CoiEngine *engine, const CoiJob *job)
{
    g_autoptr(GArray) rows = coi_answer_rows(engine, job);
    g_autoptr(GPtrArray) lines = coi_listing_lines(engine, rows);
    gboolean history = job->kind == COI_LOOK_HISTORY;
    gboolean older = history && (lines->len > job->wanted || goes_on(engine, job->conversation));
    if (history)
        coi_listing_keep_last(lines, job->wanted);
    const CoiListed listed = {.conversation = job->conversation, .look = job->kind, .lines = lines, .more = older, .error = job->error};
    coi_listing_emit(engine, &listed);
}

void coi_answer(CoiEngine *engine, const CoiJob *job, GArray *numbered)
{
    if (job->kind == COI_LOOK_WORDS)
        list_finds(engine, job, numbered);
    else if (job->kind != COI_LOOK_QUIET)
        list_lines(engine, job);
}
