/* What the running client can do; libpurple has no word for it, so its name decides. Facts, no policy. */
#pragma once
#include <account.h>

/* FALSE where lines with PURPLE_MESSAGE_SYSTEM or _ERROR are thrown away. */
gboolean coi_ui_shows_system_lines(void);

/* FALSE where purple_cmd commands cannot be typed. */
gboolean coi_ui_has_commands(void);

/* FALSE where the buddy list does not outlast a login: there the store's list is the truth. */
gboolean coi_ui_keeps_buddies(PurpleAccount *account);

/* FALSE where a line's time is shown without its day. */
gboolean coi_ui_shows_dates(void);

/* FALSE where nobody can be asked to press a button. */
gboolean coi_ui_can_ask(void);

/* FALSE where a link is shown as its text only. */
gboolean coi_ui_shows_addresses(void);

/* A message with more tags than that is stripped of them and its entities resolved, and what is left is read as markup; 0: never. */
guint coi_ui_most_tags(void);
