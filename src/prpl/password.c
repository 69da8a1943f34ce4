#include "prpl/password.h"

#include <request.h>

#include "prpl/i18n.h"
#include "prpl/options.h"

/* What a question needs to find its login again, if that still is. */
typedef struct {
    PurpleConnection *gc;
    void (*ready)(PurpleConnection *gc);
} Question;

static void give_up(PurpleConnection *gc)
{
    purple_connection_error_reason(gc, PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED,
                                   _("Without a password nobody can log in."));
}

static void answered(Question *question, PurpleRequestFields *fields)
{
    PurpleConnection *gc = question->gc;
    void (*ready)(PurpleConnection *) = question->ready;
    g_free(question);
    if (!PURPLE_CONNECTION_IS_VALID(gc))
        return;
    PurpleAccount *account = purple_connection_get_account(gc);
    const char *password = purple_request_fields_get_string(fields, "password");
    if (password == NULL || *password == '\0') {
        give_up(gc);
        return;
    }
    purple_account_set_remember_password(account, purple_request_fields_get_bool(fields, "remember"));
    purple_account_set_password(account, password);
    g_free(gc->password);
    gc->password = g_strdup(password);
    ready(gc);
}

static void cancelled(Question *question, PurpleRequestFields *fields)
{
    (void)fields;
    if (PURPLE_CONNECTION_IS_VALID(question->gc))
        give_up(question->gc);
    g_free(question);
}

gboolean coi_password_have(PurpleConnection *gc, void (*ready)(PurpleConnection *gc))
{
    PurpleAccount *account = purple_connection_get_account(gc);
    const char *password = purple_connection_get_password(gc);
    g_autofree char *command = coi_options_token_command(account);
    PurpleRequestUiOps *ui = purple_request_get_ui_ops();
    if (command != NULL || (password != NULL && *password != '\0'))
        return TRUE;
    if (ui == NULL || ui->request_fields == NULL) {
        give_up(gc);
        return FALSE;
    }
    Question *question = g_new(Question, 1);
    *question = (Question){gc, ready};
    purple_account_request_password(account, G_CALLBACK(answered), G_CALLBACK(cancelled), question);
    return FALSE;
}
