#include "prpl/seen.h"

#include <time.h>

#include <conversation.h>
#include <eventloop.h>
#include <idle.h>
#include <signals.h>

#include "mime/address.h"

/* Pidgin's conversation says that it was turned to before its window says that it has the focus. */
#define FOCUS_SETTLES_MS 500
/* A window keeps the focus when its reader has left the room. */
#define PRESENT_SECONDS 60

typedef enum {
    TALK_BEFORE, /* what a closed window or an earlier login showed may be unseen: only the user's writing tells */
    TALK_SHOWN,  /* the window shows what may be unseen */
    TALK_SEEN    /* everything shown was seen */
} TalkState;

typedef struct {
    CoiConnection *connection; /* borrowed: coi_seen_stop() ends every talk */
    char *address;
    TalkState state;
    gboolean arrived; /* a line is about to be written */
    gint64 first, last; /* the lines that this window shows, as the store numbers them; 0: none */
    guint timer;
} Talk;

static void stop_timer(Talk *talk)
{
    if (talk->timer != 0)
        purple_timeout_remove(talk->timer);
    talk->timer = 0;
}

static void talk_free(gpointer data)
{
    Talk *talk = data;
    stop_timer(talk);
    g_free(talk->address);
    g_free(talk);
}

/* The talk of this name, made when there is none; NULL when the name is no address or the connection is closed. */
static Talk *talk_with(CoiConnection *connection, const char *name)
{
    g_autofree char *address = coi_address_normalize(name);
    if (connection->talks == NULL || address == NULL)
        return NULL;
    Talk *talk = g_hash_table_lookup(connection->talks, address);
    if (talk == NULL) {
        talk = g_new0(Talk, 1);
        talk->connection = connection;
        talk->address = g_steal_pointer(&address);
        g_hash_table_insert(connection->talks, talk->address, talk);
    }
    return talk;
}

static Talk *talk_in(CoiConnection *connection, PurpleConversation *conversation)
{
    if (purple_conversation_get_account(conversation) != connection->account ||
        purple_conversation_get_type(conversation) != PURPLE_CONV_TYPE_IM)
        return NULL;
    return talk_with(connection, purple_conversation_get_name(conversation));
}

static PurpleConversation *window_of(const Talk *talk)
{
    return purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, talk->address, talk->connection->account);
}

/* The lines from first to last, 0: all. */
static void tell_seen(Talk *talk, gint64 first, gint64 last)
{
    talk->state = TALK_SEEN;
    CoiCommand *seen = coi_command_new(COI_COMMAND_SEEN);
    seen->address = g_strdup(talk->address);
    seen->first = first;
    seen->line = last;
    coi_connection_send(talk->connection, seen);
}

static gboolean user_is_there(PurpleAccount *account)
{
    const PurpleIdleUiOps *ops = purple_idle_get_ui_ops();
    if (purple_presence_is_idle(purple_account_get_presence(account)))
        return FALSE;
    return ops == NULL || ops->get_time_idle == NULL || ops->get_time_idle() < PRESENT_SECONDS;
}

static gboolean has_unseen(PurpleConversation *conversation)
{
    return GPOINTER_TO_INT(purple_conversation_get_data(conversation, "unseen-count")) != 0;
}

/* A client that doesn't know which conversation has the focus never says that one has. */
static gboolean is_before_the_user(const Talk *talk)
{
    PurpleConversation *window = window_of(talk);
    return window != NULL && !has_unseen(window) && purple_conversation_has_focus(window) &&
           user_is_there(talk->connection->account);
}

static void look(Talk *talk)
{
    if (talk->state == TALK_SHOWN && is_before_the_user(talk))
        tell_seen(talk, talk->first, talk->last);
}

static gboolean look_again(gpointer data)
{
    Talk *talk = data;
    talk->timer = 0;
    look(talk);
    return FALSE;
}

/* What libpurple or a plugin throws away gets no such signal; it comes just before the line is written. */
static void received(PurpleAccount *account, char *sender, char *text, PurpleConversation *conversation,
                     PurpleMessageFlags flags, CoiConnection *connection)
{
    (void)text;
    (void)conversation;
    (void)flags;
    Talk *talk = account == connection->account ? talk_with(connection, sender) : NULL;
    if (talk != NULL)
        talk->arrived = TRUE;
}

static void updated(PurpleConversation *conversation, PurpleConvUpdateType type, CoiConnection *connection)
{
    /* The count says so too when it rises: then there is nothing to look at. */
    if (type != PURPLE_CONV_UPDATE_UNSEEN || connection->clearing_unseen || has_unseen(conversation))
        return;
    Talk *talk = talk_in(connection, conversation);
    if (talk == NULL || talk->state != TALK_SHOWN)
        return;
    stop_timer(talk);
    talk->timer = purple_timeout_add(FOCUS_SETTLES_MS, look_again, talk);
}

/* To close a window unread is not to read it, and a new window doesn't show it. */
static void closing(PurpleConversation *conversation, CoiConnection *connection)
{
    Talk *talk = talk_in(connection, conversation);
    if (talk == NULL)
        return;
    stop_timer(talk);
    talk->first = talk->last = 0;
    if (talk->state == TALK_SHOWN)
        talk->state = TALK_BEFORE;
}

void coi_seen_start(CoiConnection *connection)
{
    void *conversations = purple_conversations_get_handle();
    connection->talks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, talk_free);
    purple_signal_connect(conversations, "received-im-msg", connection, PURPLE_CALLBACK(received), connection);
    purple_signal_connect(conversations, "conversation-updated", connection, PURPLE_CALLBACK(updated), connection);
    purple_signal_connect(conversations, "deleting-conversation", connection, PURPLE_CALLBACK(closing), connection);
}

void coi_seen_stop(CoiConnection *connection)
{
    g_clear_pointer(&connection->talks, g_hash_table_destroy);
}

void coi_seen_shown(CoiConnection *connection, const char *peer, gint64 line)
{
    Talk *talk = talk_with(connection, peer);
    if (talk == NULL)
        return;
    if (talk->arrived) {
        talk->state = TALK_SHOWN;
        talk->first = talk->first == 0 ? line : MIN(talk->first, line);
        talk->last = MAX(talk->last, line);
    }
    talk->arrived = FALSE;
    look(talk);
}

void coi_seen_written(CoiConnection *connection, const char *name)
{
    Talk *talk = talk_with(connection, name);
    if (talk != NULL && talk->state != TALK_SEEN)
        tell_seen(talk, 0, 0);
}

void coi_seen_composing(CoiConnection *connection, const char *peer)
{
    Talk *talk = talk_with(connection, peer);
    if (talk == NULL || !is_before_the_user(talk))
        return;
    CoiCommand *looks = coi_command_new(COI_COMMAND_LOOKS);
    looks->address = g_strdup(talk->address);
    coi_connection_send(connection, looks);
}

void coi_seen_elsewhere(CoiConnection *connection, const CoiEvent *event)
{
    PurpleConversation *window =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, event->address, connection->account);
    if (window == NULL)
        return;
    connection->clearing_unseen = TRUE;
    purple_conversation_set_data(window, "unseen-count", GINT_TO_POINTER(0));
    purple_conversation_set_data(window, "unseen-state", GINT_TO_POINTER(0));
    purple_conversation_update(window, PURPLE_CONV_UPDATE_UNSEEN);
    connection->clearing_unseen = FALSE;
}

void coi_seen_idle(PurpleConnection *gc, int seconds)
{
    CoiConnection *connection = coi_connection_of(gc);
    GHashTableIter iter;
    gpointer talk;
    if (connection == NULL || connection->talks == NULL || seconds != 0)
        return;
    g_hash_table_iter_init(&iter, connection->talks);
    while (g_hash_table_iter_next(&iter, NULL, &talk))
        look(talk);
}
