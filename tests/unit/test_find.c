#include <string.h>

#include "mime/find.h"
#include "mime/parse.h"

static void test_words(void)
{
    static const struct {
        const char *typed, *words; /* "|" between them */
    } cases[] = {
        {"tea", "tea"},
        {"  tea \t cup\n", "tea|cup"},
        {"\"tea cup\"", "\"tea|cup\""},
        {"a\r\nX LOGOUT", "a|X|LOGOUT"},
        {"a\x01" "b \x7f", "ab"},
        {"お茶　買う", "お茶|買う"}, /* an ideographic space is one, too */
        {"\xff" "x", "\xef\xbf\xbd" "x"},
        {"", ""},
        {" \n ", ""},
        {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18", "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) words = coi_find_words(cases[i].typed);
        g_autofree char *joined = g_strjoinv("|", words);
        g_assert_cmpstr(joined, ==, cases[i].words);
    }
    g_autofree char *endless = g_strnfill(5000, 'x');
    memcpy(endless + 199, "ä", 2);
    g_auto(GStrv) words = coi_find_words(endless);
    g_assert_cmpuint(strlen(words[0]), ==, 199); /* never half a character */
}

static void test_all(void)
{
    static const struct {
        const char *typed, *text, *subject;
        gboolean found;
    } cases[] = {
        {"tea", "Shall we have tea?", NULL, TRUE},
        {"TEA shall", "Shall we have tea?", NULL, TRUE},
        {"tea coffee", "Shall we have tea?", NULL, FALSE},
        {"tea coffee", "Shall we have tea?", "Coffee", TRUE},
        {"ea", "Shall we have tea?", NULL, TRUE},
        {"STRASSE", "Die Straße", NULL, TRUE},
        {"straße", "DIE STRASSE", NULL, TRUE},
        {"tür", "Die Tu\xcc\x88r", NULL, TRUE},
        {"Tu\xcc\x88r", "die TÜR", NULL, TRUE},
        {"tur", "die Tür", NULL, FALSE},
        {"茶", "お茶を買う", NULL, TRUE},
        {"ABC", "ａｂｃ", NULL, TRUE},
        {"\"tea\"", "tea", NULL, FALSE},
        {"\"tea\"", "he said \"tea\"", NULL, TRUE},
        {"%", "100 %", NULL, TRUE},
        {"_", "a b", NULL, FALSE},
        {"", "anything", NULL, TRUE},
        {"x", NULL, NULL, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) words = coi_find_words(cases[i].typed);
        const char *texts[] = {cases[i].text, cases[i].subject};
        if (coi_find_all(words, texts, G_N_ELEMENTS(texts)) != cases[i].found)
            g_error("\"%s\" in \"%s\"", cases[i].typed, cases[i].text);
    }
}

static void test_snippet(void)
{
    static const struct {
        const char *typed, *text, *snippet;
    } cases[] = {
        {"tea", "Shall we have tea?", "Shall we have tea?"},
        {"tea", "Shall we\nhave tea?", "Shall we have tea?"},
        {"tea", "There is a long sentence before the tea that we want, and one behind it", "…the tea that we want, and one…"},
        {"TÜR", "Ein langer Satz steht vor der Tu\xcc\x88r", "…vor der Tu\xcc\x88r"},
        {"nothing", "There is a long sentence before the tea", "There is a long sentence…"},
        {"買う", "ああああああああああああああああああああああああああああお茶を買う", "…あああああああお茶を買う"},
        {"", "text", "text"},
        {"x", "", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) words = coi_find_words(cases[i].typed);
        g_autofree char *snippet = coi_find_snippet(words, cases[i].text, 30);
        g_assert_cmpstr(snippet, ==, cases[i].snippet);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    coi_mime_init();
    g_test_add_func("/find/words", test_words);
    g_test_add_func("/find/all", test_all);
    g_test_add_func("/find/snippet", test_snippet);
    return g_test_run();
}
