/* Subjects of mails. Pure. */
#pragma once
#include <glib.h>

/* The subject (decoded, one line) without the marks that programs of all languages put in front of an answer ("Re:", "AW:",
 * "Re[2]:", "回复："), however many, also behind a list's "[tag]", which stays;
 * forwards keep theirs. Owned by the caller. */
char *coi_subject_bare(const char *subject);

/* Does it begin with a mark of forwarding ("Fwd:", "WG:", "转发："), before or behind marks of answering? */
gboolean coi_subject_is_forward(const char *subject);
