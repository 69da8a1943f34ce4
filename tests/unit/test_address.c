#include "mime/address.h"
#include "base/limits.h"
#include "mime/parse.h"

#include <string.h>

static const struct {
    const char *text;
    const char *normal; /* NULL: refused */
} normalizations[] = {
    {"alice@example.org", "alice@example.org"},
    {"  Alice@Example.ORG \t", "alice@example.org"},
    {"alice@localhost", "alice@localhost"},
    {"a..b@docomo.example", "a..b@docomo.example"},
    {"a+tag/x=y@example.org", "a+tag/x=y@example.org"},
    {"\"john.doe\"@example.org", "john.doe@example.org"},
    {"\"john\\.doe\"@example.org", "john.doe@example.org"},
    {"bob@b\xC3\xBC"
     "cher.example",
     "bob@xn--bcher-kva.example"},
    {"bob@XN--BCHER-KVA.example", "bob@xn--bcher-kva.example"},
    {"bob@example.org.", "bob@example.org"},
    {"bob@[127.0.0.1]", "bob@[127.0.0.1]"},
    {"bob@[IPv6:::1]", "bob@[ipv6:::1]"},
    {"", NULL},
    {"@", NULL},
    {"alice", NULL},
    {"alice@", NULL},
    {"@example.org", NULL},
    {"a@b@example.org", NULL},
    {"\"a@b\"@example.org", NULL},
    {"\"john doe\"@example.org", NULL},
    {"\"\"@example.org", NULL},
    {"\"@example.org", NULL},
    {"\"a@example.org", NULL},
    {"john doe@example.org", NULL},
    {"alice@exam ple.org", NULL},
    {"alice@example..org", NULL},
    {"alice@.example.org", NULL},
    {"alice@example.org>", NULL},
    {"<alice@example.org>", NULL},
    {"alice@example.org,bob@example.org", NULL},
    {"alice@example.org\r\nRCPT TO:<eve@example.org>", NULL},
    {"alice\r\n@example.org", NULL},
    {"ali\xC3\xA7"
     "e@example.org",
     NULL},
    {"alice@\xFF\xFE.org", NULL},
    {"alice@example.org\x01", NULL},
    {"bob@[127.0.0.1", NULL},
    {"bob@[300.0.0.1]", NULL},
    {"bob@[::1]", NULL},
    {"bob@[IPv6:fe80::1%eth0]", NULL},
    {"bob@exa_mple.org", "bob@exa_mple.org"},
    {"bob@example.org:25", NULL},
    {"bob@exam(comment)ple.org", NULL},
};

static void test_normalize(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(normalizations); i++) {
        g_autofree char *normal = coi_address_normalize(normalizations[i].text);
        g_autofree char *again = coi_address_normalize(normal);

        g_test_message("row %zu", i);
        g_assert_cmpstr(normal, ==, normalizations[i].normal);
        g_assert_cmpstr(again, ==, normal);
    }
    g_assert_null(coi_address_normalize(NULL));
}

static void test_length(void)
{
    g_autofree char *local = g_strnfill(COI_LIMIT_ADDRESS - strlen("@example.org"), 'a');
    g_autofree char *fits = g_strconcat(local, "@example.org", NULL);
    g_autofree char *over = g_strconcat("a", fits, NULL);
    g_autofree char *label = g_strnfill(64, 'b');
    g_autofree char *long_label = g_strconcat("a@", label, ".org", NULL);
    g_autofree char *normal = coi_address_normalize(fits);

    g_assert_cmpstr(normal, ==, fits);
    g_assert_null(coi_address_normalize(over));
    g_assert_null(coi_address_normalize(long_label));
}

static void test_new(void)
{
    CoiAddress *address = coi_address_new(" Ann\r\nBcc: x \xE2\x80\xAE", "Ann@Example.org");

    g_assert_cmpstr(address->name, ==, "Ann Bcc: x");
    g_assert_cmpstr(address->address, ==, "ann@example.org");
    g_assert_cmpstr(coi_address_domain(address->address), ==, "example.org");
    coi_address_free(address);
    address = coi_address_new("\x01\x02", "a@b");
    g_assert_null(address->name);
    coi_address_free(address);
    g_assert_null(coi_address_new("Ann", "nobody"));
    coi_address_free(NULL);
}

/* Lists as "name|address" joined by " / ". */
static const struct {
    const char *value;
    const char *expected;
} lists[] = {
    {"", ""},
    {"alice@example.org", "|alice@example.org"},
    {"<alice@example.org>", "|alice@example.org"},
    {"Alice <alice@example.org>", "Alice|alice@example.org"},
    {"Alice A. Smith <alice@example.org>", "Alice A. Smith|alice@example.org"},
    {"\"Smith, Alice\" <alice@example.org>, bob@example.net", "Smith, Alice|alice@example.org / |bob@example.net"},
    {"\"say \\\"hi\\\"; all\" <a@example.org>", "say \"hi\"; all|a@example.org"},
    {"a@example.org; b@example.org;", "|a@example.org / |b@example.org"},
    {"a@example.org (Ann (the, first))", "Ann (the, first)|a@example.org"},
    {"=?UTF-8?Q?J=C3=BCrgen?= <j@example.org>", "J\xC3\xBCrgen|j@example.org"},
    {"=?iso-8859-1?B?SvxyZ2Vu?= <j@example.org>", "J\xC3\xBCrgen|j@example.org"},
    {"\"=?UTF-8?B?SsO8cmdlbg==?=\" <j@example.org>", "J\xC3\xBCrgen|j@example.org"},
    {"J\xC3\xBCrgen <j@example.org>", "J\xC3\xBCrgen|j@example.org"},
    {"team: a@example.org, B <b@example.org>;, c@example.org", "|a@example.org / B|b@example.org / |c@example.org"},
    {"undisclosed-recipients:;", ""},
    {"\"hidden-recipients\": ;", ""},
    {"<@relay.example,@other.example:a@example.org>, b@example.org", "|a@example.org / |b@example.org"},
    {"MAILER-DAEMON", ""},
    {"not an address, b@example.org", "|b@example.org"},
    {"Doe, John <j@example.org>", "John|j@example.org"},
    {"a@@example.org, b@example.org", "|b@example.org"},
    {"a@example.org (unclosed [, b@example.org", "|a@example.org"},
    {",,;;, ,", ""},
    {"\"unclosed <a@example.org>", "unclosed|a@example.org"},
    {"x <a@example.org, b@example.org", "x|a@example.org / |b@example.org"},
    {"=?UTF-8?B?QWxpY2UNCkJjYzogZXZl?= <a@example.org>", "Alice Bcc: eve|a@example.org"},
    {"=?UTF-8?B?4oCuZWNpbEE=?= <a@example.org>", "ecilA|a@example.org"},
    {"\"\" <a@example.org>", "|a@example.org"},
    {"A <\"a b\"@example.org>, b@example.org", "|b@example.org"},
    {"a@[127.0.0.1]", "|a@[127.0.0.1]"},
};

static char *render(const GPtrArray *list)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const CoiAddress *address = g_ptr_array_index(list, i);

        g_string_append_printf(out, "%s%s|%s", i > 0 ? " / " : "", address->name != NULL ? address->name : "",
                               address->address);
    }
    return g_string_free(out, FALSE);
}

static void test_lists(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GPtrArray) list = coi_address_list_parse(lists[i].value);
        g_autofree char *seen = render(list);

        g_test_message("%s", lists[i].value);
        g_assert_cmpstr(seen, ==, lists[i].expected);
    }
}

static char *repeat(const char *text, guint times)
{
    GString *out = g_string_new(NULL);

    while (times-- > 0)
        g_string_append(out, text);
    return g_string_free(out, FALSE);
}

/* GMime alone overflows the stack at 80,000 nested groups, also behind what looks quoted to one parser only. */
static void test_hostile(void)
{
    static const char *const units[] = {"a:",   "\"a\":", "<a:", "(",  "[",   "\"", "\\",
                                        "a:\"", "a@b,",   "<",   "=?", "a:[", ";:"};

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autofree char *value = repeat(units[i], 200000);
        g_autofree char *open = g_strconcat("\"", value, NULL);
        g_autoptr(GPtrArray) list = coi_address_list_parse(value);
        g_autoptr(GPtrArray) opened = coi_address_list_parse(open);

        g_assert_cmpuint(list->len, <=, COI_LIMIT_RECIPIENTS);
        g_assert_cmpuint(opened->len, <=, COI_LIMIT_RECIPIENTS);
    }
}

static void test_many(void)
{
    g_autofree char *value = repeat("a@example.org,", COI_LIMIT_RECIPIENTS + 20);
    g_autoptr(GPtrArray) list = coi_address_list_parse(value);

    g_assert_cmpuint(list->len, ==, COI_LIMIT_RECIPIENTS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/address/normalize", test_normalize);
    g_test_add_func("/address/length", test_length);
    g_test_add_func("/address/new", test_new);
    g_test_add_func("/address/lists", test_lists);
    g_test_add_func("/address/hostile", test_hostile);
    g_test_add_func("/address/many", test_many);
    return g_test_run();
}
