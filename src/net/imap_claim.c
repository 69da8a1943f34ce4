#include "net/imap_claim.h"

#include <string.h>

#include "net/imap_flags.h"

/* Other flags than ours may change meanwhile. */
#define ATTEMPTS 3

typedef enum { CLAIM_WON, CLAIM_LOST, CLAIM_GONE, CLAIM_CHANGED, CLAIM_BROKEN } Claim;

static gboolean has(const CoiImapResult *message, const char *flag)
{
    for (guint i = 0; message->flags[i] != NULL; i++)
        if (g_ascii_strcasecmp(message->flags[i], flag) == 0)
            return TRUE;
    return FALSE;
}

/* The message's flags and, with CONDSTORE, its MODSEQ; NULL with *outcome. */
static CoiImapResult *look(CoiImap *imap, guint32 uid, gboolean condstore, Claim *outcome, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *command = g_strdup_printf("UID FETCH %u (UID FLAGS%s)", uid, condstore ? " MODSEQ" : "");
    g_autoptr(GPtrArray) messages = coi_imap_flags_fetch(imap, command, &local);
    *outcome = messages != NULL ? CLAIM_GONE : coi_imap_is_over(local) ? CLAIM_BROKEN : CLAIM_LOST;
    if (*outcome == CLAIM_BROKEN)
        g_propagate_error(error, g_steal_pointer(&local));
    for (guint i = 0; messages != NULL && i < messages->len; i++) {
        CoiImapResult *message = messages->pdata[i];
        if (message->uid == uid)
            return g_ptr_array_steal_index(messages, i);
        imap->flags_changed |= imap->watch_flags;
    }
    return NULL;
}

/* RFC 7162 has a failed condition told with OK; some servers say NO. */
static Claim flag(CoiImap *imap, const CoiImapResult *message, gboolean condstore, const char *flags, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *since = condstore && message->highest_modseq != 0
                                 ? g_strdup_printf(" (UNCHANGEDSINCE %" G_GUINT64_FORMAT ")", message->highest_modseq)
                                 : g_strdup("");
    gboolean done = coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, &local, "UID STORE %u%s +FLAGS.SILENT (%s)", message->uid, since,
                                     flags);
    if (coi_imap_is_over(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return CLAIM_BROKEN;
    }
    if (imap->code != NULL && g_str_has_prefix(imap->code, "MODIFIED"))
        return CLAIM_CHANGED;
    return done ? CLAIM_WON : CLAIM_LOST;
}

static Claim claim_one(CoiImap *imap, guint32 uid, gboolean again, GError **error)
{
    static const char *const wanted[] = {"\\Seen", "$MDNSent", NULL};
    gboolean condstore = imap->highest_modseq != 0 && coi_imap_has(imap, "CONDSTORE");
    g_autofree char *flags = coi_imap_kept_flags(imap, (GStrv)wanted);
    gboolean keyword = strstr(flags, "$MDNSent") != NULL;
    Claim outcome = CLAIM_CHANGED;
    if (again && !keyword)
        return CLAIM_LOST; /* nothing would tell others */
    for (int i = 0; i < ATTEMPTS && outcome == CLAIM_CHANGED; i++) {
        CoiImapResult *message = look(imap, uid, condstore, &outcome, error);
        if (message == NULL)
            return outcome;
        gboolean taken = (!again && has(message, "\\Seen")) || has(message, "$MDNSent");
        outcome = taken ? CLAIM_LOST : flag(imap, message, condstore, flags, error);
        coi_imap_result_free(message);
    }
    return outcome == CLAIM_CHANGED ? CLAIM_LOST : outcome;
}

gboolean coi_imap_claim(CoiImap *imap, const GArray *uids, gboolean again, GArray **won, GArray **gone, GError **error)
{
    *won = g_array_new(FALSE, FALSE, sizeof(guint32));
    *gone = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < uids->len; i++) {
        guint32 uid = g_array_index(uids, guint32, i);
        switch (claim_one(imap, uid, again, error)) {
        case CLAIM_WON:
            g_array_append_val(*won, uid);
            break;
        case CLAIM_GONE:
            g_array_append_val(*gone, uid);
            break;
        case CLAIM_BROKEN:
            return FALSE;
        default:
            break;
        }
    }
    return TRUE;
}
