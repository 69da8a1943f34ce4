#include "prpl/failure.h"

#include <string.h>

#include "prpl/chain.h"
#include "prpl/i18n.h"

/* More of a server's words than this is no sentence. */
#define WORDS_MAX 400

typedef struct {
    PurpleConnectionError reason;
    const char *what;                           /* %s: the service */
    const char *todo;                           /* or NULL */
    enum { QUIET, DETAILS, SERVER_SAID } words; /* what the error's message is good for */
} Row;

#define TRY_LATER N_("The account tries again by itself.")
#define CHECK_SERVERS N_("Check your network and the server settings on the account's Advanced page.")

static const Row rows[] = {
    [COI_ERROR_CANCELLED] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("The connection to %s was given up."), TRY_LATER,
                             QUIET},
    [COI_ERROR_DIAL] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("Cannot connect to %s."), CHECK_SERVERS, DETAILS},
    [COI_ERROR_TIMEOUT] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("There is no answer from %s."), CHECK_SERVERS,
                           QUIET},
    [COI_ERROR_CLOSED] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("The connection to %s is gone."), TRY_LATER,
                          DETAILS},
    [COI_ERROR_TLS] = {PURPLE_CONNECTION_ERROR_ENCRYPTION_ERROR, N_("The connection to %s cannot be encrypted."),
                       N_("Check the port and the security setting on the account's Advanced page."), DETAILS},
    [COI_ERROR_UNTRUSTED] = {PURPLE_CONNECTION_ERROR_CERT_UNTRUSTED,
                             N_("The certificate of %s is not trusted, so your password was not sent."), NULL, QUIET},
    [COI_ERROR_ASKING] = {PURPLE_CONNECTION_ERROR_CERT_UNTRUSTED,
                          N_("The certificate of %s was not accepted, so your password was not sent."), NULL, QUIET},
    [COI_ERROR_NO_STARTTLS] = {PURPLE_CONNECTION_ERROR_ENCRYPTION_ERROR,
                               N_("Encryption (STARTTLS) is not offered by %s, so your password was not sent."),
                               N_("Choose TLS as the security setting, or ask whoever runs the server."), QUIET},
    [COI_ERROR_CLEARTEXT] = {PURPLE_CONNECTION_ERROR_INVALID_SETTINGS,
                             N_("The account is set to speak to %s without encryption."),
                             N_("That is possible only with a server on this computer. Choose TLS or STARTTLS."),
                             QUIET},
    [COI_ERROR_AUTH] = {PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED,
                        N_("The user name or password was refused by %s."),
                        N_("Enter the password again; if the login name isn't your address, set it on the account's "
                           "Advanced page. Some providers want an app password."),
                        SERVER_SAID},
    [COI_ERROR_AUTH_TEMPORARY] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("At the moment nobody can log in to %s."),
                                  TRY_LATER, SERVER_SAID},
    [COI_ERROR_AUTH_MECHANISM] = {PURPLE_CONNECTION_ERROR_AUTHENTICATION_IMPOSSIBLE,
                                  N_("The chosen way to log in is not offered by %s."),
                                  N_("Choose the other way to log in on the account's Advanced page, or ask whoever "
                                     "runs the server to allow PLAIN, LOGIN or SCRAM-SHA-256."),
                                  DETAILS},
    [COI_ERROR_THROTTLED] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR,
                             N_("We are asked to wait by %s, since there are too many connections or commands."), TRY_LATER,
                             SERVER_SAID},
    [COI_ERROR_TOKEN_COMMAND] = {PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED,
                                 N_("The program that gives the password or token for %s failed."),
                                 N_("Try it in a terminal; it is set on the account's Advanced page."), DETAILS},
    [COI_ERROR_TOKEN_REFUSED] = {PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED,
                                 N_("What your program gives as password or token was refused by %s, also when asked "
                                    "anew."),
                                 N_("Let the program get new permission from your provider, then connect again."),
                                 SERVER_SAID},
    [COI_ERROR_MISSING] = {PURPLE_CONNECTION_ERROR_OTHER_ERROR, N_("Something that chatting needs is missing on %s."),
                           N_("Ask whoever runs the server."), DETAILS},
    [COI_ERROR_PROTOCOL] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("The answer of %s could not be understood."),
                            CHECK_SERVERS, DETAILS},
    [COI_ERROR_LIMIT] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("The answer of %s was too large."), TRY_LATER,
                         DETAILS},
    [COI_ERROR_REFUSED] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("The mailbox could not be opened on %s."),
                           TRY_LATER, SERVER_SAID},
    [COI_ERROR_INVALID] = {PURPLE_CONNECTION_ERROR_INVALID_SETTINGS,
                           N_("The login name or the password has characters that cannot be sent to %s."),
                           N_("Correct them in the account's settings."), QUIET},
    [COI_ERROR_PARSE] = {PURPLE_CONNECTION_ERROR_NETWORK_ERROR, N_("A mail on %s could not be read."), TRY_LATER,
                         DETAILS},
    [COI_ERROR_STORE] =
        {PURPLE_CONNECTION_ERROR_OTHER_ERROR, N_("The account's own files cannot be used."),
         N_("They are in the folder “coi” of the client's user folder; your mail is safe on the server."), DETAILS},
    [COI_ERROR_DISK_FULL] = {PURPLE_CONNECTION_ERROR_OTHER_ERROR, N_("The disk is full."),
                             N_("Make room and connect again; nothing that was shown as sent is lost."), QUIET},
    [COI_ERROR_IN_USE] = {PURPLE_CONNECTION_ERROR_NAME_IN_USE,
                          N_("This account is in use by another program on this computer (process %s)."),
                          N_("Log out there, then connect again."), QUIET},
    [COI_ERROR_DIRECTORY] = {PURPLE_CONNECTION_ERROR_OTHER_ERROR, N_("The account's folder cannot be written."),
                             N_("Correct its permissions and connect again."), DETAILS},
};

static const Row unknown = {PURPLE_CONNECTION_ERROR_OTHER_ERROR, N_("Something went wrong with %s."),
                            N_("Connect again."), DETAILS};

static const Row *row_of(const GError *error)
{
    if (error == NULL || error->domain != COI_ERROR || error->code < 0 || (guint)error->code >= G_N_ELEMENTS(rows) ||
        rows[error->code].what == NULL)
        return &unknown;
    return &rows[error->code];
}

static char *place(CoiService service, const char *host)
{
    static const char *const kinds[] = {
        [COI_SERVICE_IMAP] = N_("the incoming mail server"),
        [COI_SERVICE_SMTP] = N_("the outgoing mail server"),
        [COI_SERVICE_STORE] = N_("the account's own files"),
    };
    const char *kind = (guint)service < G_N_ELEMENTS(kinds) ? _(kinds[service]) : _("the mail server");
    return host != NULL ? g_strdup_printf("%s %s", kind, host) : g_strdup(kind);
}

/* One line of printable text without a full stop, whatever a server says. */
static char *clean(const char *words)
{
    g_autofree char *valid = g_utf8_make_valid(words, -1);
    GString *line = g_string_new(NULL);
    for (const char *p = valid; *p != '\0' && line->len < WORDS_MAX; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(line, g_unichar_iscntrl(c) ? ' ' : c);
    }
    while (line->len > 0 && strchr(". ", line->str[line->len - 1]) != NULL)
        g_string_truncate(line, line->len - 1);
    return g_strstrip(g_string_free(line, FALSE));
}

static void append(GString *sentence, const char *text)
{
    if (sentence->len > 0)
        g_string_append_c(sentence, ' ');
    g_string_append(sentence, text);
}

static void append_words(GString *sentence, const Row *row, const GError *error)
{
    g_autofree char *words = error != NULL ? clean(error->message) : NULL;
    if (words == NULL || words[0] == '\0' || row->words == QUIET)
        return;
    const char *format = row->words == SERVER_SAID ? _("The server said: “%s”.") : _("Details: %s.");
    g_autofree char *text = g_strdup_printf(format, words);
    append(sentence, text);
}

/* What to do about a certificate depends on who refused it. */
static void append_refusal(GString *sentence, const CoiFailure *failure)
{
    static const char *const whys[] = {
        [COI_REFUSAL_NONE] = N_("Connect again to be asked about it."),
        [COI_REFUSAL_VERIFIER] = N_("It is not valid. If you know this server, compare its fingerprint and put it into "
                                    "the account's option “Accepted certificate”."),
        [COI_REFUSAL_USER] = N_("You refused it; connect again to be asked once more."),
        [COI_REFUSAL_UNANSWERED] = N_("The question about it was not answered; connect again to be asked once more."),
        [COI_REFUSAL_NOBODY] = N_("This client cannot ask you about it. If its fingerprint is right, put it into the "
                                  "account's option “Accepted certificate” (pin)."),
        [COI_REFUSAL_NO_VERIFIER] = N_("libpurple cannot check certificates here: its TLS plugin is missing."),
    };
    if (failure->refused_fingerprint != NULL) {
        g_autofree char *readable = coi_chain_readable(failure->refused_fingerprint);
        g_autofree char *text = g_strdup_printf(_("Its SHA-256 fingerprint is %s."), readable);
        append(sentence, text);
    }
    append(sentence, _(whys[failure->refusal]));
}

PurpleConnectionError coi_failure_explain(const CoiFailure *failure, char **sentence)
{
    const Row *row = row_of(failure->error);
    gboolean about_certificate = row->reason == PURPLE_CONNECTION_ERROR_CERT_UNTRUSTED;
    const char *host = about_certificate && failure->refused_host != NULL ? failure->refused_host : failure->host;
    g_autofree char *where = row->reason == PURPLE_CONNECTION_ERROR_NAME_IN_USE ? clean(failure->error->message)
                                                                                : place(failure->service, host);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, _(row->what), where);
    if (failure->tried != NULL && !about_certificate) {
        g_autofree char *servers = clean(failure->tried);
        g_autofree char *tried = g_strdup_printf(_("Tried: %s."), servers);
        append(text, tried);
    } else {
        append_words(text, row, failure->error);
    }
    if (about_certificate)
        append_refusal(text, failure);
    else if (row->todo != NULL)
        append(text, _(row->todo));
    *sentence = g_string_free(text, FALSE);
    if (about_certificate && failure->refusal == COI_REFUSAL_NO_VERIFIER)
        return PURPLE_CONNECTION_ERROR_NO_SSL_SUPPORT;
    return row->reason;
}

char *coi_failure_of_message(const GError *error)
{
    if (g_error_matches(error, COI_ERROR, COI_ERROR_NO_ORIGINAL))
        return g_strdup(_("There is no message of yours in this conversation."));
    GString *text = g_string_new(NULL);
    if (g_error_matches(error, COI_ERROR, COI_ERROR_INVALID))
        append(text, _("It cannot be sent as mail."));
    else if (g_error_matches(error, COI_ERROR, COI_ERROR_DISK_FULL))
        append(text, _("The disk is full, so it cannot be kept safe; make room and send it again."));
    else
        append(text, _("It could not be stored."));
    append_words(text, &unknown, error);
    return g_string_free(text, FALSE);
}
