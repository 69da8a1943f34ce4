#include "engine/job.h"

#include "engine/private.h"
#include "store/archive.h"

/* Messages fetched by one request: what somebody else wants of the link waits no longer. */
#define BATCH 50

CoiJob *coi_job_new(CoiLook kind, const char *conversation)
{
    CoiJob *job = g_new0(CoiJob, 1);
    job->kind = kind;
    job->conversation = g_strdup(conversation);
    job->arrived = g_ptr_array_new_with_free_func(coi_arrival_free);
    job->known = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_queue_init(&job->steps);
    g_queue_init(&job->done);
    return job;
}

void coi_job_step_free(gpointer data)
{
    CoiJobStep *step = data;
    if (step == NULL)
        return;
    g_free(step->mailbox);
    g_clear_pointer(&step->uids, g_array_unref);
    g_free(step);
}

void coi_job_free(gpointer data)
{
    CoiJob *job = data;
    if (job == NULL)
        return;
    g_queue_clear_full(&job->steps, coi_job_step_free);
    g_queue_clear_full(&job->done, coi_job_step_free);
    coi_job_step_free(job->step);
    g_ptr_array_unref(job->arrived);
    g_array_unref(job->known);
    g_strfreev(job->words);
    g_free(job->typed);
    g_free(job->conversation);
    g_clear_error(&job->error);
    g_free(job);
}

CoiJobStep *coi_job_add(CoiJob *job, gboolean search, const char *mailbox)
{
    CoiJobStep *step = g_new0(CoiJobStep, 1);
    step->search = search;
    step->mailbox = g_strdup(mailbox);
    g_queue_push_tail(&job->steps, step);
    return step;
}

void coi_job_fetch(CoiJob *job, const char *mailbox, guint32 uid_validity, const GArray *uids, guint32 floor)
{
    for (guint end = uids->len; end > 0;) {
        guint n = MIN(end, BATCH);
        end -= n;
        CoiJobStep *step = coi_job_add(job, FALSE, mailbox);
        step->uid_validity = uid_validity;
        step->uids = g_array_sized_new(FALSE, FALSE, sizeof(guint32), n);
        g_array_append_vals(step->uids, &g_array_index(uids, guint32, end), n);
        step->floor = end == 0 ? floor : 0;
    }
}

static void add_place(GHashTable *places, const char *mailbox, guint32 uid)
{
    GArray *uids = g_hash_table_lookup(places, mailbox);
    if (uids == NULL) {
        uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_hash_table_insert(places, g_strdup(mailbox), uids);
    }
    g_array_append_val(uids, uid);
}

static gint ascending(gconstpointer a, gconstpointer b)
{
    guint32 one = *(const guint32 *)a, two = *(const guint32 *)b;
    return (one > two) - (one < two);
}

gboolean coi_job_fetch_texts(CoiEngine *engine, CoiJob *job, const GArray *rows)
{
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    for (guint i = 0; i < rows->len; i++) {
        g_autoptr(CoiMessage) message = coi_messages_get(engine->store, g_array_index(rows, gint64, i));
        g_autofree char *mailbox = NULL;
        guint32 uid;
        if (message != NULL && message->text == NULL && coi_archive_place(engine->store, message->id, &mailbox, &uid))
            add_place(places, mailbox, uid);
    }
    GHashTableIter all;
    gpointer mailbox, uids;
    g_hash_table_iter_init(&all, places);
    while (g_hash_table_iter_next(&all, &mailbox, &uids)) {
        CoiFolder folder;
        g_array_sort(uids, ascending);
        if (coi_folders_get(engine->store, mailbox, &folder))
            coi_job_fetch(job, mailbox, folder.uid_validity, uids, 0);
    }
    return !g_queue_is_empty(&job->steps);
}
