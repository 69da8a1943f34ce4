#include "engine/history.h"

#include "engine/bulk.h"
#include "engine/answer.h"
#include "engine/listing.h"
#include "engine/past.h"
#include "mime/find.h"
#include "store/archive.h"

/* A server that knows no words but ASCII's: how many of what it finds are compared here. */
#define COMPARED 200
/* How often the user is told that a search goes on. */
#define SAY_USEC (5 * G_USEC_PER_SEC)
/* The quiet filling (DESIGN section 4). */
#define QUIET_LINES 50
#define QUIET_DAYS 30
#define QUIET_MOST 1000

struct _CoiHistory {
    GQueue jobs;     /* CoiJob, the first is under way */
    CoiJob *quiet;   /* the filling, or NULL */
    gboolean filled; /* it has been done in this login */
    char *found_in;  /* the conversation of the latest search, or NULL */
    GArray *found;   /* gint64: its finds as they were numbered */
};

/* NULL until there was something to do. */
static CoiHistory *history(CoiEngine *engine)
{
    if (engine->history == NULL) {
        engine->history = g_new0(CoiHistory, 1);
        engine->history->found = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_queue_init(&engine->history->jobs);
    }
    return engine->history;
}

void coi_history_free(CoiHistory *history)
{
    if (history == NULL)
        return;
    g_queue_clear_full(&history->jobs, coi_job_free);
    coi_job_free(history->quiet);
    g_array_unref(history->found);
    g_free(history->found_in);
    g_free(history);
}

/* what is asked of the server */

/* Where not enough of the conversation is known. */
static void add_searches(CoiEngine *engine, CoiJob *job)
{
    const char *names[3];
    guint n = coi_answer_mailboxes(engine, names);
    for (guint i = 0; i < n; i++) {
        guint32 floor = coi_archive_floor(engine->store, job->conversation, names[i]);
        guint known = floor > 1 ? coi_archive_count(engine->store, job->conversation, names[i], floor, job->wanted) : 0;
        if (job->kind == COI_LOOK_HISTORY && (floor == 1 || known >= job->wanted))
            continue;
        CoiJobStep *step = coi_job_add(job, TRUE, names[i]);
        step->below = job->kind == COI_LOOK_HISTORY && floor > 0 && floor < G_MAXUINT32 ? floor : 0;
        step->wanted = job->kind == COI_LOOK_HISTORY ? job->wanted - known : COI_LIMIT_FINDS;
        job->mailboxes++;
    }
}

static gboolean has_work(CoiJob *job)
{
    return job->step != NULL || !g_queue_is_empty(&job->steps);
}

/* The texts of what is about to be listed. */
static void ask_for_texts(CoiEngine *engine, CoiJob *job)
{
    if (job->texts_asked || job->kind == COI_LOOK_WORDS || job->kind == COI_LOOK_QUIET)
        return;
    job->texts_asked = TRUE;
    g_autoptr(GArray) rows = coi_answer_rows(engine, job);
    coi_job_fetch_texts(engine, job, rows);
}

static void answer(CoiEngine *engine, const CoiJob *job)
{
    CoiHistory *past = history(engine);
    if (job->kind == COI_LOOK_WORDS) {
        g_free(past->found_in);
        past->found_in = g_strdup(job->conversation);
    }
    coi_answer(engine, job, past->found);
}

static void begin(CoiEngine *engine, CoiJob *job)
{
    if (!has_work(job))
        ask_for_texts(engine, job);
    if (!has_work(job) || engine->facts == NULL) {
        if (engine->facts == NULL)
            job->error = g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "not connected");
        answer(engine, job);
        coi_job_free(job);
        return;
    }
    job->said_at = g_get_monotonic_time();
    coi_listing_say(engine, job->conversation, job->kind, COI_LISTING_LOOKING, 0);
    g_queue_push_tail(&history(engine)->jobs, job);
    engine->bulk_changed = TRUE;
}

static gint64 find_number(CoiEngine *engine, const CoiCommand *command)
{
    CoiHistory *past = history(engine);
    if (g_strcmp0(past->found_in, command->address) != 0 || command->count < 1 || command->count > past->found->len)
        return 0;
    return g_array_index(past->found, gint64, command->count - 1);
}

void coi_history_asked(CoiEngine *engine, const CoiCommand *command)
{
    if (engine->store == NULL || engine->failed || engine->stopping)
        return;
    CoiJob *job = coi_job_new(command->around ? COI_LOOK_AROUND : COI_LOOK_HISTORY, command->address);
    job->wanted = MIN(command->count, COI_LIMIT_HISTORY);
    if (command->around) {
        job->around = find_number(engine, command);
        if (job->around == 0) {
            coi_listing_say(engine, command->address, COI_LOOK_AROUND, COI_LISTING_STOPPED, 0);
            coi_job_free(job);
            return;
        }
    } else {
        add_searches(engine, job);
    }
    begin(engine, job);
}

/* TRUE: there was something to be given up. */
static gboolean give_up(CoiEngine *engine, const char *conversation)
{
    CoiHistory *past = history(engine);
    gboolean any = FALSE;
    for (GList *at = past->jobs.head, *next; at != NULL; at = next) {
        CoiJob *job = at->data;
        next = at->next;
        if (job->kind != COI_LOOK_WORDS || g_strcmp0(job->conversation, conversation) != 0)
            continue;
        if (job->step != NULL)
            coi_bulk_break_off(engine); /* nothing else ends a search under way */
        g_queue_delete_link(&past->jobs, at);
        coi_job_free(job);
        any = TRUE;
    }
    return any;
}

void coi_history_look(CoiEngine *engine, const CoiCommand *command)
{
    if (engine->store == NULL || engine->failed || engine->stopping)
        return;
    gboolean stopped = give_up(engine, command->address);
    g_auto(GStrv) words = coi_find_words(command->text != NULL ? command->text : "");
    if (words[0] == NULL) {
        if (!command->unasked)
            coi_listing_say(engine, command->address, COI_LOOK_WORDS, COI_LISTING_STOPPED, stopped);
        return;
    }
    CoiJob *job = coi_job_new(COI_LOOK_WORDS, command->address);
    job->typed = g_strjoinv(" ", words);
    job->words = g_steal_pointer(&words);
    add_searches(engine, job);
    begin(engine, job);
}

/* the bulk link */

/* When all is quiet, once a login: texts of what was read elsewhere, or lay there already at the first login. */
static void fill_quietly(CoiEngine *engine)
{
    CoiHistory *past = history(engine);
    if (past->filled || coi_limit_active(engine) || coi_watches_catching_up(engine) || coi_watches_lost(engine))
        return;
    for (guint i = 0; i < COI_WATCHES; i++)
        if (engine->watches[i].more)
            return;
    past->filled = TRUE;
    gint64 days = engine->history_days > 0 ? MIN(engine->history_days, QUIET_DAYS) : QUIET_DAYS;
    g_autoptr(GArray) rows = coi_archive_without_text(engine->store, g_get_real_time() / G_USEC_PER_SEC - days * 86400, QUIET_LINES,
                                                      QUIET_MOST);
    past->quiet = coi_job_new(COI_LOOK_QUIET, NULL);
    if (!coi_job_fetch_texts(engine, past->quiet, rows))
        g_clear_pointer(&past->quiet, coi_job_free);
}

static CoiJob *current(CoiEngine *engine)
{
    CoiHistory *past = history(engine);
    if (past->quiet != NULL && past->quiet->step != NULL)
        return past->quiet; /* its request is in flight */
    CoiJob *first = g_queue_peek_head(&past->jobs);
    return first != NULL ? first : past->quiet;
}

gboolean coi_history_waits(CoiEngine *engine)
{
    fill_quietly(engine);
    return current(engine) != NULL;
}

/* Words that this server can be asked for. NULL-terminated, may be empty; owned by the caller. */
static GStrv askable(const CoiJob *job, const CoiJobStep *step)
{
    if (!step->plain)
        return g_strdupv(job->words);
    GPtrArray *words = g_ptr_array_new();
    for (guint i = 0; job->words[i] != NULL; i++)
        if (g_str_is_ascii(job->words[i]))
            g_ptr_array_add(words, g_strdup(job->words[i]));
    g_ptr_array_add(words, NULL);
    return (GStrv)g_ptr_array_free(words, FALSE);
}

static void send_step(CoiEngine *engine, CoiJob *job)
{
    CoiJobStep *step = job->step = g_queue_pop_head(&job->steps);
    job->tag = coi_engine_next_tag(engine);
    CoiImapRequest *request = coi_imap_request_new(step->search ? COI_IMAP_SEARCH : COI_IMAP_FETCH, job->tag);
    request->target = g_strdup(step->mailbox);
    if (step->search) {
        request->peer = g_strdup(job->conversation);
        request->below = step->below;
        request->words = job->words != NULL ? askable(job, step) : NULL;
    } else {
        request->uids = g_array_ref(step->uids);
        request->uid_validity = step->uid_validity;
        request->whole = TRUE;
    }
    coi_imap_link_send(engine->bulk, request);
}

void coi_history_pump(CoiEngine *engine)
{
    if (!coi_history_waits(engine) || engine->copying != 0)
        return;
    CoiJob *job = current(engine);
    if (job->step == NULL && !g_queue_is_empty(&job->steps))
        send_step(engine, job);
}

gboolean coi_history_is_mine(CoiEngine *engine, const CoiImapResult *result)
{
    CoiJob *job = engine->history != NULL ? current(engine) : NULL;
    return job != NULL && job->step != NULL && job->tag == result->tag;
}

/* What has come goes into the store. FALSE: the account has failed. */
static gboolean keep(CoiEngine *engine, CoiJob *job)
{
    g_autoptr(GError) error = NULL;
    gboolean good = coi_past_store(engine, job->arrived, job->kind == COI_LOOK_WORDS ? job->known : NULL, &error);
    for (CoiJobStep *step; good && (step = g_queue_pop_head(&job->done)) != NULL; coi_job_step_free(step))
        good = job->kind != COI_LOOK_HISTORY || step->floor == 0 ||
               coi_archive_set_floor(engine->store, job->conversation, step->mailbox, step->floor, &error);
    if (!good)
        coi_engine_store_failed(engine, g_steal_pointer(&error));
    return good;
}

static void finish(CoiEngine *engine, CoiJob *job)
{
    CoiHistory *past = history(engine);
    if (job == past->quiet)
        past->quiet = NULL;
    else
        g_queue_remove(&past->jobs, job);
    if (keep(engine, job))
        answer(engine, job);
    coi_job_free(job);
}

static void go_on(CoiEngine *engine, CoiJob *job)
{
    if (job->step != NULL)
        g_queue_push_tail(&job->done, g_steal_pointer(&job->step));
    engine->bulk_changed = TRUE;
    if (has_work(job)) {
        if (job->kind == COI_LOOK_QUIET)
            keep(engine, job); /* nobody waits for the rest */
        return;
    }
    if (!job->texts_asked && !keep(engine, job))
        return;
    ask_for_texts(engine, job);
    if (!has_work(job))
        finish(engine, job);
}

static gboolean has_text(CoiEngine *engine, gint64 id)
{
    g_autoptr(CoiMessage) message = id != 0 ? coi_messages_get(engine->store, id) : NULL;
    return message != NULL && message->text != NULL;
}

/* Of what was found the newest; what is here with its text needn't be fetched. */
static void found(CoiEngine *engine, CoiJob *job, const CoiImapResult *result)
{
    CoiJobStep *step = job->step;
    CoiFolder folder;
    gboolean known = coi_folders_get(engine->store, step->mailbox, &folder);
    guint taken = MIN(result->uids->len, step->wanted);
    guint32 floor = taken == result->uids->len ? 1 : g_array_index(result->uids, guint32, result->uids->len - taken);
    g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(guint32));
    job->finds += result->uids->len;
    if (known && folder.uid_validity != result->uid_validity)
        return; /* the mailbox is new, and its link is about to tell */
    for (guint i = result->uids->len - taken; i < result->uids->len; i++) {
        guint32 uid = g_array_index(result->uids, guint32, i);
        gint64 id = known ? coi_messages_at(engine->store, step->mailbox, uid) : 0;
        if (!has_text(engine, id))
            g_array_append_val(missing, uid);
        else if (job->kind == COI_LOOK_WORDS)
            g_array_append_val(job->known, id);
    }
    if (missing->len > 0)
        coi_job_fetch(job, step->mailbox, result->uid_validity, missing, floor);
    else
        step->floor = floor;
}

static void say_that_it_goes_on(CoiEngine *engine, CoiJob *job)
{
    guint left = 0;
    for (GList *at = job->steps.head; at != NULL; at = at->next)
        left += ((CoiJobStep *)at->data)->search;
    if (job->kind != COI_LOOK_WORDS || left == 0 || g_get_monotonic_time() < job->said_at + SAY_USEC)
        return;
    job->said_at = g_get_monotonic_time();
    coi_listing_say(engine, job->conversation, job->kind, COI_LISTING_LOOKING, job->mailboxes - left);
}

/* Not every server knows every charset. */
static gboolean ask_plainly(CoiJob *job)
{
    CoiJobStep *step = job->step;
    gboolean all_ascii = TRUE;
    for (guint i = 0; job->words != NULL && job->words[i] != NULL; i++)
        all_ascii &= g_str_is_ascii(job->words[i]);
    if (!step->search || step->plain || all_ascii)
        return FALSE;
    step->plain = job->compare = TRUE;
    step->wanted = COMPARED;
    g_queue_push_head(&job->steps, g_steal_pointer(&job->step));
    return TRUE;
}

static void failed(CoiEngine *engine, CoiJob *job, const GError *error)
{
    job->step->floor = 0;
    if (!ask_plainly(job) && job->error == NULL && job->kind != COI_LOOK_QUIET)
        job->error = g_error_copy(error);
    go_on(engine, job);
}

void coi_history_result(CoiEngine *engine, CoiImapResult *result)
{
    CoiJob *job = current(engine);
    CoiArrival *arrival = NULL;
    switch (result->type) {
    case COI_IMAP_FOUND:
        engine->bulk_failures = 0;
        found(engine, job, result);
        say_that_it_goes_on(engine, job);
        go_on(engine, job);
        break;
    case COI_IMAP_MESSAGE:
        arrival = coi_past_read(engine, job->conversation, job->step->mailbox, result);
        if (arrival != NULL)
            g_ptr_array_add(job->arrived, arrival);
        break;
    case COI_IMAP_DONE:
        engine->bulk_failures = 0;
        go_on(engine, job);
        break;
    case COI_IMAP_FAILED:
        failed(engine, job, result->error);
        break;
    default:
        break;
    }
}

/* Who waits gets what there is; what nobody waits for is done another time. */
void coi_history_down(CoiEngine *engine, const GError *error)
{
    CoiHistory *past = history(engine);
    g_clear_pointer(&past->quiet, coi_job_free);
    CoiJob *job = g_queue_peek_head(&past->jobs);
    if (job == NULL || (job->step == NULL && (error == NULL || g_error_matches(error, COI_ERROR, COI_ERROR_CANCELLED))))
        return; /* it was idle, or something else was broken off; the next one opens it again */
    if (job->error == NULL)
        job->error = error != NULL ? g_error_copy(error) : g_error_new_literal(COI_ERROR, COI_ERROR_CLOSED, "closed");
    finish(engine, job);
}
