/* Translation: every string a user reads goes through _(), tables through N_(). */
#pragma once
#include <libintl.h>

#define _(text) dgettext(GETTEXT_PACKAGE, text)
#define N_(text) (text)
#define ngettext_(one, many, n) dngettext(GETTEXT_PACKAGE, one, many, n)
