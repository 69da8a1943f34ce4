#include "mime/snippet.h"
#include "mime/subject.h"

static const struct {
    const char *subject;
    const char *bare;
} subjects[] = {
    {"", ""},
    {"Lunch", "Lunch"},
    {"Re: Lunch", "Lunch"},
    {"RE:Lunch", "Lunch"},
    {"re : Lunch", "Lunch"},
    {"AW: Re: SV: Lunch", "Lunch"},
    {"Antwort: Lunch", "Lunch"},
    {"Re[2]: Lunch", "Lunch"},
    {"Re(3): Re^4: Lunch", "Lunch"},
    {"R: Pranzo", "Pranzo"},
    {"Rép: Déjeuner", "Déjeuner"},
    {"ODP: Obiad", "Obiad"},
    {"VÁ: Ebéd", "Ebéd"},
    {"НА: x", "НА: x"},
    {"ОТВ: Обед", "Обед"},
    {"ΑΠ: Γεύμα", "Γεύμα"},
    {"回复：午餐", "午餐"},
    {"返信: 昼食", "昼食"},
    {"答复: Re: 午餐", "午餐"},
    {"רד: x", "רד: x"},
    {"השב: x", "x"},
    {"Fwd: Lunch", "Fwd: Lunch"},
    {"Re: WG: Lunch", "WG: Lunch"},
    {"Fwd: Re: Lunch", "Fwd: Re: Lunch"},
    {"Re[]: Lunch", "Re[]: Lunch"},
    {"Re[2: Lunch", "Re[2: Lunch"},
    {"Regarding: Lunch", "Regarding: Lunch"},
    {"Re Lunch", "Re Lunch"},
    {"Re", "Re"},
    {"Re:", ""},
    {"Re: Re:", ""},
    {": x", ": x"},
    {"[list] Re: Lunch", "[list] Lunch"},
    {"AW: [list] Re: AW:Lunch", "[list] Lunch"},
    {"[list]  Lunch", "[list]  Lunch"},
    {"[list] Re:", "[list] "},
    {"[", "["},
    {"[] Re: x", "[] x"},
    {"Re: \xff", "\xEF\xBF\xBD"},
};

static void test_bare(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
        g_autofree char *bare = coi_subject_bare(subjects[i].subject);

        g_assert_cmpstr(bare, ==, subjects[i].bare);
    }
}

static const struct {
    const char *text;
    const char *snippet; /* of 10 characters */
} snippets[] = {
    {"", ""},
    {" \n\t", ""},
    {"short", "short"},
    {"ten chars.", "ten chars."},
    {"ten\nchars.\n", "ten chars."},
    {"one two three", "one two…"},
    {"onetwothree", "onetwothre…"},
    {"a bcdefghijkl", "a bcdefghi…"},
    {"\n\n  one   two \n three", "one two…"},
    {"<b>&amp;</b>x", "<b>&amp;</…"},
    {"\xE2\x80\xAE"
     "evil",
     "evil"},
    {"\x01\x07"
     "bell",
     "bell"},
    {"12345678e\xCC\x81zz", "12345678e\xCC\x81…"},
    {"123456789e\xCC\x81zz", "123456789…"},
    {"äöüäöüäöüäöü", "äöüäöüäöüä…"},
};

static void test_snippet(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(snippets); i++) {
        g_autofree char *snippet = coi_snippet(snippets[i].text, 10);

        g_assert_cmpstr(snippet, ==, snippets[i].snippet);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/subject/bare", test_bare);
    g_test_add_func("/subject/snippet", test_snippet);
    return g_test_run();
}
