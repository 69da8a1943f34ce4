/* A line of ours about a conversation, in the conversation, wherever the client would show one. */
#pragma once
#include "prpl/connection.h"

typedef enum { COI_NOTICE_INFO, COI_NOTICE_ERROR } CoiNotice;

/* text: plain, "\n" lines. The conversation is opened when it is not. */
void coi_notice(CoiConnection *connection, const char *peer, CoiNotice kind, const char *text);

/* The open conversation with peer, or a new one. */
PurpleConversation *coi_conversation_with(CoiConnection *connection, const char *peer);
