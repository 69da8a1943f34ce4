#include "prpl/options.h"

#include <accountopt.h>
#include <util.h>

#include "mime/address.h"
#include "prpl/i18n.h"

#define HISTORY_DAYS 30

/* A list option: pairs of label and value, the first pair is the default. */
static PurpleAccountOption *list_option(const char *label, const char *name, const char *const (*pairs)[2])
{
    GList *list = NULL;
    for (guint i = 0; pairs[i][0] != NULL; i++) {
        PurpleKeyValuePair *pair = g_new0(PurpleKeyValuePair, 1);
        pair->key = g_strdup(_(pairs[i][0]));
        pair->value = g_strdup(pairs[i][1]);
        list = g_list_append(list, pair);
    }
    return purple_account_option_list_new(label, name, list);
}

static const char *const securities[][2] = {
    {N_("Find out"), "auto"},
    {N_("TLS"), "tls"},
    {N_("STARTTLS"), "starttls"},
    {N_("None (this computer only)"), "none"},
    {NULL, NULL},
};
static const char *const auths[][2] = {
    {N_("By password"), "password"},
    {N_("By token (XOAUTH2)"), "xoauth2"},
    {NULL, NULL},
};
static const char *const ordinary_mails[][2] = {
    {N_("From people on the contact list"), "contacts"},
    {N_("From everybody"), "all"},
    {N_("Never"), "none"},
    {NULL, NULL},
};
static const char *const filters[][2] = {
    {N_("Ask me"), "ask"},
    {N_("In a folder of their own"), "active"},
    {N_("In a folder of their own, once read"), "seen"},
    {N_("In the inbox"), "none"},
    {NULL, NULL},
};
static const char *const own_copies[][2] = {
    {N_("In a folder on the server"), "folder"},
    {N_("As a mail to myself"), "mail"},
    {N_("None"), "none"},
    {NULL, NULL},
};
static const char *const receipts_sent[][2] = {
    {N_("When I have seen the message"), "seen"}, {N_("When I answer"), "reply"}, {N_("Never"), "never"}, {NULL, NULL}};
static const char *const receipts[][2] = {
    {N_("People with a chat program"), "chat"},
    {N_("Everybody"), "all"},
    {N_("Nobody"), "never"},
    {NULL, NULL},
};

static GList *append_server(GList *list, const char *const labels[3], const char *const names[3])
{
    list = g_list_append(list, purple_account_option_string_new(labels[0], names[0], ""));
    list = g_list_append(list, purple_account_option_int_new(labels[1], names[1], 0));
    return g_list_append(list, list_option(labels[2], names[2], securities));
}

GList *coi_options_list(void)
{
    const char *const imap_labels[] = {_("Incoming server (IMAP)"), _("Incoming port (0: usual)"),
                                       _("Incoming security")};
    const char *const imap_names[] = {"imap_server", "imap_port", "imap_security"};
    const char *const smtp_labels[] = {_("Outgoing server (SMTP)"), _("Outgoing port (0: usual)"),
                                       _("Outgoing security")};
    const char *const smtp_names[] = {"smtp_server", "smtp_port", "smtp_security"};
    GList *list = NULL;
    list = g_list_append(list, purple_account_option_string_new(_("Login name (if not the address)"), "login", ""));
    list = g_list_append(list, list_option(_("Log in"), "auth", auths));
    list = g_list_append(list, purple_account_option_string_new(_("Program that gives the password or token"),
                                                                "token_command", ""));
    list = append_server(list, imap_labels, imap_names);
    list = append_server(list, smtp_labels, smtp_names);
    list = g_list_append(list, purple_account_option_string_new(_("Accepted certificate (SHA-256)"), "pin", ""));
    list = g_list_append(list, list_option(_("Where chat messages live"), "filter", filters));
    list = g_list_append(list, list_option(_("Show ordinary mail"), "ordinary_mail", ordinary_mails));
    list = g_list_append(list, list_option(_("Copy for my other devices"), "own_copy", own_copies));
    list = g_list_append(list, list_option(_("Let others know what I have read"), "send_receipts", receipts_sent));
    list = g_list_append(list, list_option(_("Ask for receipts"), "ask_receipts", receipts));
    list = g_list_append(list, purple_account_option_bool_new(_("Let others know when I write"), "typing", TRUE));
    list = g_list_append(list, purple_account_option_bool_new(_("Ask servers for proof of delivery"), "delivery_receipts", FALSE));
    list = g_list_append(list, purple_account_option_bool_new(_("Fetch replies faster while somebody writes"), "fast_replies", TRUE));
    list =
        g_list_append(list, purple_account_option_bool_new(_("Show contacts as available"), "always_available", TRUE));
    list = g_list_append(list,
                         purple_account_option_int_new(_("Keep texts here for (days)"), "history_days", HISTORY_DAYS));
    return list;
}

/* One of the two mail protocols, as far as finding its server goes. */
typedef struct {
    const char *option; /* prefix of the option names and first guess for the host's name */
    guint16 tls_port;
    guint16 starttls_ports[2]; /* the usual one first; 0: no second */
} Protocol;

static const Protocol imap_protocol = {"imap", 993, {143, 0}};
static const Protocol smtp_protocol = {"smtp", 465, {587, 25}};

static void add(GPtrArray *servers, const char *host, guint16 port, CoiSecurity security)
{
    g_ptr_array_add(servers, coi_server_new(host, port, security));
}

/* port 0: the usual ones. On a port that is named, what is usual there comes first. */
static void add_host(GPtrArray *servers, const Protocol *protocol, const char *host, guint16 port, const char *security)
{
    guint16 tls_port = port != 0 ? port : protocol->tls_port;
    guint16 starttls_port = port != 0 ? port : protocol->starttls_ports[0];
    gboolean starttls_first = port != 0 && (port == protocol->starttls_ports[0] || port == protocol->starttls_ports[1]);
    if (g_str_equal(security, "tls")) {
        add(servers, host, tls_port, COI_SECURITY_TLS);
    } else if (g_str_equal(security, "starttls")) {
        add(servers, host, starttls_port, COI_SECURITY_STARTTLS);
    } else if (g_str_equal(security, "none")) {
        add(servers, host, starttls_port, COI_SECURITY_NONE);
    } else if (starttls_first) {
        add(servers, host, starttls_port, COI_SECURITY_STARTTLS);
        add(servers, host, tls_port, COI_SECURITY_TLS);
    } else {
        add(servers, host, tls_port, COI_SECURITY_TLS);
        add(servers, host, starttls_port, COI_SECURITY_STARTTLS);
    }
}

static GPtrArray *find_servers(PurpleAccount *account, const Protocol *protocol, const char *domain)
{
    g_autofree char *server_name = g_strconcat(protocol->option, "_server", NULL);
    g_autofree char *port_name = g_strconcat(protocol->option, "_port", NULL);
    g_autofree char *security_name = g_strconcat(protocol->option, "_security", NULL);
    g_autofree char *server = g_strstrip(g_strdup(purple_account_get_string(account, server_name, "")));
    const char *security = purple_account_get_string(account, security_name, "auto");
    int port = purple_account_get_int(account, port_name, 0);
    if (port < 0 || port > G_MAXUINT16)
        port = 0;

    GPtrArray *servers = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    if (server[0] != '\0') {
        add_host(servers, protocol, server, port, security);
        return servers;
    }
    const char *const names[] = {protocol->option, "mail"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *host = g_strdup_printf("%s.%s", names[i], domain);
        add_host(servers, protocol, host, port, security);
    }
    return servers;
}

static gboolean option_is(PurpleAccount *account, const char *name, const char *standard, const char *value)
{
    return g_strcmp0(purple_account_get_string(account, name, standard), value) == 0;
}

/* The value as the table has it; the default when the account holds something else. */
static const char *read_list(PurpleAccount *account, const char *name, const char *const (*pairs)[2])
{
    for (guint i = 0; pairs[i][0] != NULL; i++)
        if (option_is(account, name, pairs[0][1], pairs[i][1]))
            return pairs[i][1];
    return pairs[0][1];
}

char *coi_options_token_command(PurpleAccount *account)
{
    g_autofree char *command = g_strstrip(g_strdup(purple_account_get_string(account, "token_command", "")));
    return command[0] != '\0' ? g_steal_pointer(&command) : NULL;
}

void coi_options_read(CoiOptions *options, PurpleAccount *account, const char *address)
{
    const char *domain = coi_address_domain(address);
    const char *password = purple_connection_get_password(purple_account_get_connection(account));
    g_autofree char *login = g_strstrip(g_strdup(purple_account_get_string(account, "login", "")));
    options->token_command = coi_options_token_command(account);
    options->directory = g_build_filename(purple_user_dir(), "coi", purple_escape_filename(address), NULL);
    options->address = g_strdup(address);
    options->login = g_strdup(login[0] != '\0' ? login : address);
    options->imap = find_servers(account, &imap_protocol, domain);
    options->smtp = find_servers(account, &smtp_protocol, domain);
    options->config = (CoiEngineConfig){
        .directory = options->directory,
        .address = options->address,
        .login = options->login,
        .password = password != NULL ? password : "",
        .token_command = options->token_command,
        .xoauth2 = option_is(account, "auth", "password", "xoauth2"),
        .imap = options->imap,
        .smtp = options->smtp,
        .ordinary_mail_all = option_is(account, "ordinary_mail", "contacts", "all"),
        .ordinary_mail_none = option_is(account, "ordinary_mail", "contacts", "none"),
        .own_copy = !option_is(account, "own_copy", "folder", "none"),
        .own_copy_mail = option_is(account, "own_copy", "folder", "mail"),
        .filter = read_list(account, "filter", filters),
        .ask_receipts_all = option_is(account, "ask_receipts", "chat", "all"),
        .ask_receipts_chat = option_is(account, "ask_receipts", "chat", "chat"),
        .receipts_when_seen = option_is(account, "send_receipts", "seen", "seen"),
        .receipts_at_reply = !option_is(account, "send_receipts", "seen", "never"),
        .typing = purple_account_get_bool(account, "typing", TRUE),
        .delivery_receipts = purple_account_get_bool(account, "delivery_receipts", FALSE),
        .fast_replies = purple_account_get_bool(account, "fast_replies", TRUE),
        .history_days = purple_account_get_int(account, "history_days", HISTORY_DAYS),
    };
}

void coi_options_clear(CoiOptions *options)
{
    g_free(options->directory);
    g_free(options->address);
    g_free(options->login);
    g_free(options->token_command);
    g_ptr_array_unref(options->imap);
    g_ptr_array_unref(options->smtp);
}
