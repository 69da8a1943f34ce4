#include "net/imap_flags.h"

#include "base/error.h"

/* Without CONDSTORE so many of the newest messages are looked at. */
#define NEWEST 500u
/* More than this needs no remembering: at worst flags are told that have not changed. */
#define MAX_GIVEN (8 * NEWEST)

void coi_imap_flags_begin(CoiImapFlags *flags, CoiImap *imap, guint64 modseq)
{
    coi_imap_flags_clear(flags);
    flags->plain = imap->highest_modseq == 0 || !coi_imap_has(imap, "CONDSTORE");
    /* More than the server has comes from another life of the mailbox. */
    flags->modseq = flags->plain || modseq > imap->highest_modseq ? 0 : modseq;
    imap->watch_flags = TRUE;
    imap->flags_changed = FALSE;
}

void coi_imap_flags_clear(CoiImapFlags *flags)
{
    g_clear_pointer(&flags->given, g_hash_table_unref);
    *flags = (CoiImapFlags){0};
}

GPtrArray *coi_imap_flags_fetch(CoiImap *imap, const char *command, GError **error)
{
    g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func((GDestroyNotify)coi_imap_result_free);
    imap->flagged = messages;
    gboolean good = coi_imap_command(imap, COI_IMAP_TIMEOUT_FETCH, error, "%s", command);
    imap->flagged = NULL;
    return good ? g_steal_pointer(&messages) : NULL;
}

/* Remembers what is handed over; FALSE when it was so the last time. */
static gboolean is_news(CoiImapFlags *flags, const CoiImapResult *message)
{
    gpointer uid = GUINT_TO_POINTER(message->uid);
    g_autofree char *text = g_strjoinv(" ", message->flags);
    if (flags->given == NULL)
        flags->given = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (g_strcmp0(g_hash_table_lookup(flags->given, uid), text) == 0)
        return FALSE;
    if (g_hash_table_size(flags->given) >= MAX_GIVEN)
        g_hash_table_remove_all(flags->given);
    g_hash_table_insert(flags->given, uid, g_steal_pointer(&text));
    return TRUE;
}

static guint hand_over(CoiImapFlags *flags, GPtrArray *messages, guint32 below, CoiImapGive give, gpointer user)
{
    guint count = 0;
    for (guint i = 0; i < messages->len; i++) {
        CoiImapResult *message = messages->pdata[i];
        if (message->uid >= below) {
            flags->late |= flags->modseq != 0;
            continue;
        }
        if (!flags->plain)
            flags->modseq = MAX(flags->modseq, message->highest_modseq);
        message->highest_modseq = 0;
        if (flags->plain && !is_news(flags, message))
            continue;
        messages->pdata[i] = NULL;
        give(message, user);
        count++;
    }
    return count;
}

static char *question(const CoiImap *imap, const CoiImapFlags *flags, guint32 below, guint32 newer)
{
    if (flags->modseq != 0)
        return g_strdup_printf("UID FETCH 1:%u (UID FLAGS) (CHANGEDSINCE %" G_GUINT64_FORMAT ")", below - 1,
                               flags->modseq);
    guint32 exists = imap->session->imap_selection_info->sel_exists;
    guint64 wanted = (guint64)newer + NEWEST;
    return g_strdup_printf("FETCH %u:* (UID FLAGS)", exists > wanted ? (guint32)(exists - wanted) + 1 : 1);
}

static gboolean ask_once(CoiImap *imap, CoiImapFlags *flags, guint32 below, guint32 newer, guint *count,
                         CoiImapGive give, gpointer user, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *command = question(imap, flags, below, newer);
    g_autoptr(GPtrArray) messages = coi_imap_flags_fetch(imap, command, &local);
    if (coi_imap_is_over(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (messages != NULL) {
        *count += hand_over(flags, messages, below, give, user);
        return TRUE;
    }
    if (flags->modseq == 0)
        return TRUE;
    flags->plain = TRUE;
    flags->modseq = 0;
    return ask_once(imap, flags, below, newer, count, give, user, error);
}

gboolean coi_imap_flags_ask(CoiImap *imap, CoiImapFlags *flags, guint32 below, guint32 newer, guint *count,
                            CoiImapGive give, gpointer user, GError **error)
{
    *count = 0;
    flags->late = FALSE;
    gboolean any = below > 1 && imap->session->imap_selection_info->sel_exists > 0;
    /* Flags told in passing without a UID need another question, but no more than one: a server may always do that. */
    for (int round = 0; any && round < 2 && (round == 0 || imap->flags_changed); round++) {
        imap->flags_changed = FALSE;
        if (!ask_once(imap, flags, below, newer, count, give, user, error))
            return FALSE;
    }
    /* Later they may be within what is asked for; what is still to be fetched brings its flags anyway. */
    imap->flags_changed = flags->late && !flags->begun;
    /* At first no more than what SELECT told is sure: messages fetched before this may have changed since. */
    if (!flags->begun && !flags->plain)
        flags->modseq = imap->highest_modseq;
    flags->begun = TRUE;
    return TRUE;
}
