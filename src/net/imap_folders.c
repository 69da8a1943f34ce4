/* What a server has: its name, its namespace, the mailboxes that matter to us, and the one that is opened. */
#include "net/imap.h"

#include "base/error.h"
#include "net/imap_fetch.h"
#include "net/imap_metadata.h"

#include <libetpan/condstore.h>
#include <libetpan/mailimap_extension.h>
#include <libetpan/mailimap_id.h>
#include <libetpan/namespace.h>
#include <string.h>

/* Names of the folder for sent mail where the server doesn't mark it, without prefix, the likeliest first. */
static const char *const sent_names[] = {"Sent",     "Sent Items",        "Sent Messages", "Sent Mail",
                                         "Gesendet", "Gesendete Objekte", "Envoy&AOk-s",   "Enviados",
                                         "Inviati",  "Verzonden items"};

/* What is gathered from the answers before the facts can be told. */
typedef struct {
    char *prefix;
    char separator;
    const char *root; /* without prefix */
    const char *make;    /* the mailbox to be made when it is missing, or NULL */
    char *given_root; /* what a COI server says instead, or NULL */
    guint sent_rank;  /* of facts->sent: lower is better */
} Look;

void *coi_imap_extension_data(const CoiImap *imap, int id, int type)
{
    const struct mailimap_response_info *info = imap->session->imap_response_info;
    for (clistiter *at = info == NULL ? NULL : clist_begin(info->rsp_extension_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_extension_data *data = clist_content(at);
        if (data != NULL && data->ext_extension->ext_id == id && (type < 0 || data->ext_type == type))
            return data->ext_data;
    }
    return NULL;
}

static char *server_name(const CoiImap *imap)
{
    const struct mailimap_id_params_list *list = coi_imap_extension_data(imap, MAILIMAP_EXTENSION_ID, -1);
    for (clistiter *at = list == NULL ? NULL : clist_begin(list->idpa_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_id_param *param = clist_content(at);
        if (param->idpa_name != NULL && param->idpa_value != NULL && g_ascii_strcasecmp(param->idpa_name, "name") == 0)
            return coi_imap_words(param->idpa_value, strlen(param->idpa_value));
    }
    return NULL;
}

static void take_namespace(const CoiImap *imap, Look *look)
{
    const struct mailimap_namespace_data *data =
        coi_imap_extension_data(imap, MAILIMAP_EXTENSION_NAMESPACE, MAILIMAP_NAMESPACE_TYPE_NAMESPACE);
    if (data == NULL || data->ns_personal == NULL || clist_begin(data->ns_personal->ns_data_list) == NULL)
        return;
    const struct mailimap_namespace_info *info = clist_content(clist_begin(data->ns_personal->ns_data_list));
    look->separator = info->ns_delimiter;
    if (info->ns_prefix != NULL) {
        g_free(look->prefix);
        look->prefix = g_strdup(info->ns_prefix);
    }
}

static gboolean has_flag(const struct mailimap_mailbox_list *box, const char *flag)
{
    if (box->mb_flag == NULL)
        return FALSE;
    for (clistiter *at = clist_begin(box->mb_flag->mbf_oflags); at != NULL; at = clist_next(at)) {
        const struct mailimap_mbx_list_oflag *one = clist_content(at);
        if (one->of_type == MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT && one->of_flag_ext != NULL &&
            g_ascii_strcasecmp(one->of_flag_ext + (one->of_flag_ext[0] == '\\'), flag) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean can_be_opened(const struct mailimap_mailbox_list *box)
{
    gboolean noselect = box->mb_flag != NULL && box->mb_flag->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
                        box->mb_flag->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT;
    return !noselect && !has_flag(box, "NonExistent");
}

/* How well box fits as the folder for sent mail: 0 marked so, 1… by its name, G_MAXUINT not at all. */
static guint sent_rank(const struct mailimap_mailbox_list *box, const Look *look)
{
    if (has_flag(box, "Sent"))
        return 0;
    if (!g_str_has_prefix(box->mb_name, look->prefix))
        return G_MAXUINT;
    for (guint i = 0; i < G_N_ELEMENTS(sent_names); i++)
        if (g_ascii_strcasecmp(box->mb_name + strlen(look->prefix), sent_names[i]) == 0)
            return i + 1;
    return G_MAXUINT;
}

/* Where NAMESPACE didn't tell: LIST's answer, read last. What is flat or unknown gets a slash. */
static void take_separator(const CoiImap *imap, Look *look)
{
    const clist *list = imap->session->imap_response_info->rsp_mailbox_list;
    if (look->separator == '\0' && list != NULL && clist_begin(list) != NULL)
        look->separator = ((const struct mailimap_mailbox_list *)clist_content(clist_begin(list)))->mb_delimiter;
    if (look->separator == '\0')
        look->separator = '/';
}

/* The root that a COI server gives may have the prefix already, and a separator at its end. */
static char *full_root(const Look *look)
{
    gsize prefix = strlen(look->prefix);
    gboolean prefixed = look->given_root != NULL && g_ascii_strncasecmp(look->given_root, look->prefix, prefix) == 0;
    char *root =
        g_strconcat(prefixed ? "" : look->prefix, look->given_root != NULL ? look->given_root : look->root, NULL);
    for (gsize n = strlen(root); n > 1 && root[n - 1] == look->separator; n--)
        root[n - 1] = '\0';
    return root;
}

static void name_mailboxes(const Look *look, CoiImapFacts *facts)
{
    char separator[2] = {look->separator, '\0'};
    facts->root = full_root(look);
    facts->chats_name = g_strconcat(facts->root, separator, "Chats", NULL);
    facts->blocked = g_strconcat(look->prefix, "Blocked", NULL);
    facts->sent_default = g_strconcat(look->prefix, "Sent", NULL);
}

static void take_list(const CoiImap *imap, Look *look, CoiImapFacts *facts)
{
    clist *list = imap->session->imap_response_info->rsp_mailbox_list;
    for (clistiter *at = clist_begin(list); at != NULL; at = clist_next(at)) {
        const struct mailimap_mailbox_list *box = clist_content(at);
        if (box->mb_name == NULL || !can_be_opened(box))
            continue;
        if (facts->chats == NULL && strcmp(box->mb_name, facts->chats_name) == 0)
            facts->chats = g_strdup(box->mb_name);
        guint rank = sent_rank(box, look);
        if (rank >= look->sent_rank)
            continue;
        look->sent_rank = rank;
        g_free(facts->sent);
        facts->sent = g_strdup(box->mb_name);
    }
}

/* the open mailbox */

guint coi_imap_send_select(CoiImap *imap, const char *mailbox, GError **error)
{
    g_autofree char *name = coi_imap_quote(mailbox, error);
    if (name == NULL)
        return 0;
    gboolean condstore = coi_imap_has(imap, "CONDSTORE") && !imap->no_condstore;
    g_autofree char *command = g_strconcat("SELECT ", name, condstore ? " (CONDSTORE)" : NULL, NULL);
    if (imap->session->imap_selection_info != NULL)
        mailimap_selection_info_free(imap->session->imap_selection_info);
    imap->session->imap_selection_info = mailimap_selection_info_new();
    char *selected = g_strdup(mailbox);
    g_free(imap->selected);
    imap->selected = selected;
    return coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, command);
}

static guint64 highest_modseq(const CoiImap *imap)
{
    const struct mailimap_condstore_resptextcode *code =
        coi_imap_extension_data(imap, MAILIMAP_EXTENSION_CONDSTORE, MAILIMAP_CONDSTORE_TYPE_RESP_TEXT_CODE);
    return code != NULL && code->cs_type == MAILIMAP_CONDSTORE_RESPTEXTCODE_HIGHESTMODSEQ
               ? code->cs_data.cs_modseq_value
               : 0;
}

gboolean coi_imap_finish_select(CoiImap *imap, guint tag, GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean good = coi_imap_answer(imap, tag, &local);
    if (!good && imap->bad && coi_imap_has(imap, "CONDSTORE") && !imap->no_condstore) {
        imap->no_condstore = TRUE;
        tag = coi_imap_send_select(imap, imap->selected, error);
        return tag != 0 && coi_imap_finish_select(imap, tag, error);
    }
    imap->highest_modseq = good ? highest_modseq(imap) : 0;
    imap->arrived = FALSE;
    imap->exists_before = imap->session->imap_selection_info->sel_exists;
    if (!good)
        g_clear_pointer(&imap->selected, g_free);
    if (local != NULL)
        g_propagate_error(error, g_steal_pointer(&local));
    return good;
}

gboolean coi_imap_let_go(CoiImap *imap, GError **error)
{
    gboolean good;
    if (imap->selected == NULL || !coi_imap_has(imap, "UNSELECT"))
        return TRUE;
    g_clear_pointer(&imap->selected, g_free);
    return coi_imap_try_answer(imap, coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, "UNSELECT"), &good, error);
}

static const char *flag_name(const struct mailimap_flag *flag)
{
    return flag == NULL ? NULL : flag->fl_type == MAILIMAP_FLAG_KEYWORD ? flag->fl_data.fl_keyword : NULL;
}

gboolean coi_imap_keeps_flag(const CoiImap *imap, const char *flag)
{
    const struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    if (flag != NULL && flag[0] == '\\')
        return TRUE;
    if (selection == NULL)
        return FALSE;
    for (clistiter *at = selection->sel_perm_flags == NULL ? NULL : clist_begin(selection->sel_perm_flags); at != NULL;
         at = clist_next(at)) {
        const struct mailimap_flag_perm *one = clist_content(at);
        const char *name = one->fl_type == MAILIMAP_FLAG_PERM_ALL ? flag : flag_name(one->fl_flag);
        if (one->fl_type == MAILIMAP_FLAG_PERM_ALL ||
            (flag != NULL && name != NULL && g_ascii_strcasecmp(name, flag) == 0))
            return TRUE;
    }
    return FALSE;
}

char *coi_imap_kept_flags(const CoiImap *imap, GStrv flags)
{
    GString *kept = g_string_new(NULL);
    for (char **at = flags; at != NULL && *at != NULL; at++)
        if (coi_imap_is_flag(*at) && coi_imap_keeps_flag(imap, *at))
            g_string_append_printf(kept, kept->len > 0 ? " %s" : "%s", *at);
    return g_string_free(kept, FALSE);
}

static void take_selection(const CoiImap *imap, CoiImapFacts *facts)
{
    const struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    facts->uid_validity = selection->sel_uidvalidity;
    facts->exists = selection->sel_exists;
    facts->highest_modseq = imap->highest_modseq;
    facts->keeps_keywords = coi_imap_keeps_flag(imap, NULL);
}

gboolean coi_imap_create(CoiImap *imap, const char *mailbox, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *name = coi_imap_quote(mailbox, error);
    if (name == NULL)
        return FALSE;
    if (coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, &local, "CREATE %s", name) || !coi_imap_is_over(local)) {
        g_clear_error(&local);
        coi_imap_command(imap, COI_IMAP_TIMEOUT_COMMAND, &local, "SUBSCRIBE %s", name);
    }
    if (!coi_imap_is_over(local))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* the look */

/* The commands that need no answer of another, sent in one go. 0: not sent. */
typedef struct {
    guint id, namespace, metadata, list, select;
} Tags;

static gboolean send_all(CoiImap *imap, const char *mailbox, Tags *tags, GError **error)
{
    if (coi_imap_has(imap, "ID"))
        tags->id = coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND,
                                 "ID (\"name\" \"purple-coi\" \"version\" \"" COI_VERSION "\")");
    if (coi_imap_has(imap, "NAMESPACE"))
        tags->namespace = coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, "NAMESPACE");
    if (coi_imap_has(imap, "COI"))
        tags->metadata = coi_imap_metadata_send(imap);
    gboolean extended = coi_imap_has(imap, "SPECIAL-USE") && coi_imap_has(imap, "LIST-EXTENDED");
    tags->list = coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND,
                               extended ? "LIST \"\" \"*\" RETURN (SPECIAL-USE)" : "LIST \"\" \"*\"");
    return mailbox == NULL || (tags->select = coi_imap_send_select(imap, mailbox, error)) != 0;
}

/* The mailbox of the SELECT under way, made if it is missing and look says so. */
static gboolean open_mailbox(CoiImap *imap, guint tag, const Look *look, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    if (coi_imap_finish_select(imap, tag, &refusal))
        return TRUE;
    if (look->make == NULL || !g_error_matches(refusal, COI_ERROR, COI_ERROR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        return FALSE;
    }
    if (!coi_imap_create(imap, look->make, error))
        return FALSE;
    guint again = coi_imap_send_select(imap, look->make, error);
    return again != 0 && coi_imap_finish_select(imap, again, error);
}

static gboolean read_all(CoiImap *imap, const Tags *tags, Look *look, CoiImapFacts *facts, GError **error)
{
    gboolean learnt;
    if (!coi_imap_try_answer(imap, tags->id, &learnt, error))
        return FALSE;
    if (learnt)
        facts->server_id = server_name(imap);
    if (!coi_imap_try_answer(imap, tags->namespace, &learnt, error))
        return FALSE;
    if (learnt)
        take_namespace(imap, look);
    if (!coi_imap_try_answer(imap, tags->metadata, &learnt, error))
        return FALSE;
    if (learnt)
        coi_imap_metadata_take(imap, facts, &look->given_root);
    if (!coi_imap_try_answer(imap, tags->list, &learnt, error))
        return FALSE;
    take_separator(imap, look);
    name_mailboxes(look, facts);
    if (learnt)
        take_list(imap, look, facts);
    if (tags->select == 0)
        return TRUE;
    if (!open_mailbox(imap, tags->select, look, error))
        return FALSE;
    take_selection(imap, facts);
    return coi_imap_fetch_next_uid(imap, &facts->next_uid, error);
}

CoiImapFacts *coi_imap_look(CoiImap *imap, const char *mailbox, gboolean make, const char *root, GError **error)
{
    Look look = {.prefix = g_strdup(""), .make = make ? mailbox : NULL, .root = root != NULL ? root : "COI", .sent_rank = G_MAXUINT};
    g_autoptr(CoiImapFacts) facts = g_new0(CoiImapFacts, 1);
    Tags tags = {0};
    facts->coi = coi_imap_has(imap, "COI");
    facts->moves = coi_imap_has(imap, "MOVE");
    facts->capabilities = g_strdupv(imap->capabilities);
    gboolean good = send_all(imap, mailbox, &tags, error) && read_all(imap, &tags, &look, facts, error);
    g_free(look.prefix);
    g_free(look.given_root);
    return good ? g_steal_pointer(&facts) : NULL;
}
