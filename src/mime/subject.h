/* Subjects of mails. Pure. */
#pragma once
#include <glib.h>

/* The subject (decoded, one line) without the marks that programs of all languages put in front of an answer ("Re:", "AW:",
 * "Re[2]:", "回复："), however many, also behind a list's "[tag]", which stays;
 * forwards keep theirs. Owned by the caller. */
char *coi_subject_bare(const char *subject);
