/* What a server has: its name, its namespace, the mailboxes that matter to us, and the one that is opened. */
#include "net/imap.h"

#include "base/error.h"
#include "net/imap_fetch.h"

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
    const char *root;
    guint sent_rank; /* of facts->sent: lower is better */
} Look;

/* The data that libetpan's extension `id` parsed out of the last answer, or NULL. */
static void *extension_data(const CoiImap *imap, int id, int type)
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
    const struct mailimap_id_params_list *list = extension_data(imap, MAILIMAP_EXTENSION_ID, -1);
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
        extension_data(imap, MAILIMAP_EXTENSION_NAMESPACE, MAILIMAP_NAMESPACE_TYPE_NAMESPACE);
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

static void take_list(const CoiImap *imap, Look *look, CoiImapFacts *facts)
{
    clist *list = imap->session->imap_response_info->rsp_mailbox_list;
    if (look->separator == '\0' && clist_begin(list) != NULL)
        look->separator = ((const struct mailimap_mailbox_list *)clist_content(clist_begin(list)))->mb_delimiter;
    char separator[2] = {look->separator, '\0'};
    g_autofree char *chats = g_strconcat(look->prefix, look->root, separator, "Chats", NULL);
    for (clistiter *at = clist_begin(list); at != NULL; at = clist_next(at)) {
        const struct mailimap_mailbox_list *box = clist_content(at);
        if (box->mb_name == NULL || !can_be_opened(box))
            continue;
        if (facts->chats == NULL && strcmp(box->mb_name, chats) == 0)
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
    g_autofree char *command = g_strconcat("SELECT ", name, NULL);
    if (imap->session->imap_selection_info != NULL)
        mailimap_selection_info_free(imap->session->imap_selection_info);
    imap->session->imap_selection_info = mailimap_selection_info_new();
    g_free(imap->selected);
    imap->selected = g_strdup(mailbox);
    return coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, command);
}

gboolean coi_imap_finish_select(CoiImap *imap, guint tag, GError **error)
{
    gboolean good = coi_imap_answer(imap, tag, error);
    imap->arrived = FALSE;
    imap->exists_before = imap->session->imap_selection_info->sel_exists;
    if (!good)
        g_clear_pointer(&imap->selected, g_free);
    return good;
}

static const char *flag_name(const struct mailimap_flag *flag)
{
    return flag == NULL ? NULL : flag->fl_type == MAILIMAP_FLAG_KEYWORD ? flag->fl_data.fl_keyword : NULL;
}

gboolean coi_imap_keeps_flag(const CoiImap *imap, const char *flag)
{
    const struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    if (selection == NULL)
        return FALSE;
    if (flag != NULL && flag[0] == '\\')
        return TRUE;
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

static guint64 highest_modseq(const CoiImap *imap)
{
    const struct mailimap_condstore_resptextcode *code =
        extension_data(imap, MAILIMAP_EXTENSION_CONDSTORE, MAILIMAP_CONDSTORE_TYPE_RESP_TEXT_CODE);
    return code != NULL && code->cs_type == MAILIMAP_CONDSTORE_RESPTEXTCODE_HIGHESTMODSEQ
               ? code->cs_data.cs_modseq_value
               : 0;
}

static void take_selection(const CoiImap *imap, CoiImapFacts *facts)
{
    const struct mailimap_selection_info *selection = imap->session->imap_selection_info;
    facts->uid_validity = selection->sel_uidvalidity;
    facts->exists = selection->sel_exists;
    facts->highest_modseq = highest_modseq(imap);
    facts->keeps_keywords = coi_imap_keeps_flag(imap, NULL);
}

/* the look */

/* The commands that need no answer of another, sent in one go. Index 0 to 3: ID, NAMESPACE, LIST, SELECT; 0: not sent.
 */
static gboolean send_all(CoiImap *imap, const char *mailbox, guint tags[4], GError **error)
{
    if (coi_imap_has(imap, "ID"))
        tags[0] = coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND,
                                "ID (\"name\" \"purple-coi\" \"version\" \"" COI_VERSION "\")");
    if (coi_imap_has(imap, "NAMESPACE"))
        tags[1] = coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, "NAMESPACE");
    gboolean extended = coi_imap_has(imap, "SPECIAL-USE") && coi_imap_has(imap, "LIST-EXTENDED");
    tags[2] = coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND,
                            extended ? "LIST \"\" \"*\" RETURN (SPECIAL-USE)" : "LIST \"\" \"*\"");
    return mailbox == NULL || (tags[3] = coi_imap_send_select(imap, mailbox, error)) != 0;
}

/* Reads an answer whose refusal only means that we learn less. */
static gboolean learn(CoiImap *imap, guint tag, gboolean *learnt, GError **error)
{
    g_autoptr(GError) local = NULL;
    *learnt = tag != 0 && coi_imap_answer(imap, tag, &local);
    if (!coi_imap_is_over(local))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean read_all(CoiImap *imap, const guint tags[4], Look *look, CoiImapFacts *facts, GError **error)
{
    gboolean learnt;
    if (!learn(imap, tags[0], &learnt, error))
        return FALSE;
    if (learnt)
        facts->server_id = server_name(imap);
    if (!learn(imap, tags[1], &learnt, error))
        return FALSE;
    if (learnt)
        take_namespace(imap, look);
    if (!learn(imap, tags[2], &learnt, error))
        return FALSE;
    if (learnt)
        take_list(imap, look, facts);
    if (tags[3] == 0)
        return TRUE;
    if (!coi_imap_finish_select(imap, tags[3], error))
        return FALSE;
    take_selection(imap, facts);
    return coi_imap_fetch_next_uid(imap, &facts->next_uid, error);
}

CoiImapFacts *coi_imap_look(CoiImap *imap, const char *mailbox, const char *root, GError **error)
{
    Look look = {.prefix = g_strdup(""), .root = root != NULL ? root : "COI", .sent_rank = G_MAXUINT};
    g_autoptr(CoiImapFacts) facts = g_new0(CoiImapFacts, 1);
    guint tags[4] = {0};
    gboolean good = send_all(imap, mailbox, tags, error) && read_all(imap, tags, &look, facts, error);
    if (good) {
        facts->capabilities = g_strdupv(imap->capabilities);
        facts->sent_default = g_strconcat(look.prefix, "Sent", NULL);
    }
    g_free(look.prefix);
    return good ? g_steal_pointer(&facts) : NULL;
}
