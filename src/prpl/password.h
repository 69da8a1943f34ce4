/* Asking for the password by ourselves: an account with a program that gives it needs none. */
#pragma once
#include "prpl/connection.h"

/* TRUE when the login can go on. Else the user is asked, and ready is called once they have answered; or the connection
 * has an error. */
gboolean coi_password_have(PurpleConnection *gc, void (*ready)(PurpleConnection *gc));
