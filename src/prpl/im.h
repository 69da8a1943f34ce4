/* Text messages between two people: what the user types, and what is written into the conversation. */
#pragma once
#include "prpl/connection.h"

/* The prpl's send_im. The line is echoed when the engine has it safe (COI_EVENT_LINE); whatever goes wrong is said in
 * the conversation, so this returns 0. */
int coi_im_send(PurpleConnection *gc, const char *who, const char *html, PurpleMessageFlags flags);

/* /edit and /delete: what has become of it is shown like a message. */
void coi_im_edit(CoiConnection *connection, const char *who, const char *text);
void coi_im_delete(CoiConnection *connection, const char *who);

/* Writes the line, then tells the engine so. */
void coi_im_show_line(CoiConnection *connection, const CoiEvent *event);

/* Says why a message was not taken and gives its text back. */
void coi_im_refused(CoiConnection *connection, const CoiEvent *event);
