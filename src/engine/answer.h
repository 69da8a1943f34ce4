/* What comes of a look into the past, as it is listed. Engine's thread only. */
#pragma once
#include "engine/job.h"

/* Lists what the job has found, or what there is. numbered: becomes the rows (gint64) of a search's finds in the order of their numbers. */
void coi_answer(CoiEngine *engine, const CoiJob *job, GArray *numbered);
/* The rows (gint64) that would be listed now; not of a search. Owned by the caller. */
GArray *coi_answer_rows(CoiEngine *engine, const CoiJob *job);
/* Mailboxes with messages of conversations; how many. The strings are the facts'. */
guint coi_answer_mailboxes(const CoiEngine *engine, const char *names[3]);
