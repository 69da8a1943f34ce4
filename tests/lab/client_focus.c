#include "client.h"

/* As Pidgin's PidginUnseenState, whose numbers others read from the conversation. */
enum { UNSEEN_NONE, UNSEEN_EVENT, UNSEEN_NO_LOG, UNSEEN_TEXT };

/* What the user was told to do with one conversation. */
enum { LOOK_AS_ALL, LOOK_AT, LOOK_AWAY };

static PurpleConversationUiOps *ops;
static PurpleIdleUiOps idle_ops;
static gboolean focus_of_all;
static gint64 seconds_since_input;

static int data_of(PurpleConversation *conversation, const char *key)
{
    return GPOINTER_TO_INT(purple_conversation_get_data(conversation, key));
}

static void set_data(PurpleConversation *conversation, const char *key, int value)
{
    purple_conversation_set_data(conversation, key, GINT_TO_POINTER(value));
}

static gboolean has_focus(PurpleConversation *conversation)
{
    int look = data_of(conversation, "lab-look");
    return look == LOOK_AS_ALL ? focus_of_all : look == LOOK_AT;
}

static time_t get_time_idle(void)
{
    return seconds_since_input;
}

static void set_unseen(PurpleConversation *conversation, int state)
{
    int count = data_of(conversation, "unseen-count");
    int before = data_of(conversation, "unseen-state");
    if (state == UNSEEN_NONE)
        count = 0;
    else if (state >= UNSEEN_TEXT)
        count++;
    set_data(conversation, "unseen-count", count);
    set_data(conversation, "unseen-state", state == UNSEEN_NONE ? state : MAX(state, before));
    purple_conversation_update(conversation, PURPLE_CONV_UPDATE_UNSEEN);
}

static void updated(PurpleConversation *conversation, PurpleConvUpdateType type, gpointer data)
{
    (void)data;
    int count = data_of(conversation, "unseen-count");
    if (type != PURPLE_CONV_UPDATE_UNSEEN || count == data_of(conversation, "lab-told"))
        return;
    set_data(conversation, "lab-told", count);
    JsonBuilder *event = event_begin("unseen");
    event_account(event, purple_conversation_get_account(conversation));
    event_string(event, "conversation", purple_conversation_get_name(conversation));
    event_int(event, "count", count);
    event_end(event);
}

void focus_init(PurpleConversationUiOps *conversation_ops)
{
    ops = conversation_ops;
    ops->has_focus = has_focus;
    purple_idle_set_ui_ops(&idle_ops);
}

void focus_watch_signals(void)
{
    static int handle;
    purple_signal_connect(purple_conversations_get_handle(), "conversation-updated", &handle, PURPLE_CALLBACK(updated),
                          NULL);
}

void focus_set_known(gboolean known)
{
    ops->has_focus = known ? has_focus : NULL;
}

void focus_set_all(gboolean focused)
{
    focus_of_all = focused;
}

void focus_set_input(gint64 seconds)
{
    seconds_since_input = seconds;
    idle_ops.get_time_idle = seconds >= 0 ? get_time_idle : NULL;
}

/* As in Pidgin the unseen lines are forgotten just before the window has the focus. */
void focus_turn(PurpleConversation *conversation, gboolean focused)
{
    if (focused) {
        for (GList *l = purple_get_conversations(); l != NULL; l = l->next)
            set_data(l->data, "lab-look", LOOK_AWAY);
        if (ops->has_focus != NULL)
            set_unseen(conversation, UNSEEN_NONE);
    }
    set_data(conversation, "lab-look", focused ? LOOK_AT : LOOK_AWAY);
}

void focus_line_written(PurpleConversation *conversation, PurpleMessageFlags flags)
{
    if (ops->has_focus == NULL || (flags & PURPLE_MESSAGE_SEND) || has_focus(conversation))
        return;
    if (flags & (PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_ERROR))
        set_unseen(conversation, UNSEEN_EVENT);
    else
        set_unseen(conversation, flags & PURPLE_MESSAGE_NO_LOG ? UNSEEN_NO_LOG : UNSEEN_TEXT);
}

void focus_user_wrote(PurpleConversation *conversation)
{
    if (ops->has_focus != NULL)
        set_unseen(conversation, UNSEEN_NONE);
}
