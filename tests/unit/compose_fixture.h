/* Mails of ours for tests. */
#pragma once
#include "base/error.h"
#include "mime/compose.h"

/* The mail as a string, or NULL when it is refused. */
static inline char *compose(const CoiDraft *draft)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = coi_mail_compose(draft, &error);

    if (bytes == NULL) {
        g_assert_error(error, COI_ERROR, COI_ERROR_INVALID);
        return NULL;
    }
    g_assert_no_error(error);
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}
