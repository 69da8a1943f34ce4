/* Any string as an address and as an address list. */
#include "base/limits.h"
#include "mime.h"
#include "mime/address.h"

#include <string.h>

static void assert_canonical(const char *address)
{
    g_autofree char *again = coi_address_normalize(address);

    g_assert_cmpstr(again, ==, address);
    g_assert_cmpuint(strlen(address), <=, COI_LIMIT_ADDRESS);
    g_assert_null(strpbrk(address, " \t\r\n<>,\"\\"));
    g_assert_cmpint(*coi_address_domain(address), !=, '\0');
    for (const char *p = address; *p != '\0'; p++)
        g_assert_true(*p > 32 && *p < 127);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *normal = coi_address_normalize(text);
    g_autoptr(GPtrArray) list = coi_address_list_parse(text);

    if (normal != NULL)
        assert_canonical(normal);
    g_assert_cmpuint(list->len, <=, COI_LIMIT_RECIPIENTS);
    for (guint i = 0; i < list->len; i++) {
        const CoiAddress *address = g_ptr_array_index(list, i);

        assert_canonical(address->address);
        g_assert_true(address->name == NULL || g_utf8_validate(address->name, -1, NULL));
    }
    return 0;
}
