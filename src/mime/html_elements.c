#include "mime/html_elements.h"

#include <stdlib.h>
#include <string.h>

#define IS(effect) (1u << COI_HTML_##effect)

/* In the order of strcmp(). */
const CoiHtmlElement coi_html_elements[] = {
    {.name = "a", .kind = COI_HTML_ANCHOR, .effects = IS(LINK), .phrase = TRUE},
    {.name = "address", .kind = COI_HTML_BLOCK},
    {.name = "article", .kind = COI_HTML_BLOCK},
    {.name = "aside", .kind = COI_HTML_BLOCK},
    {.name = "audio", .kind = COI_HTML_PHRASE, .effects = IS(HIDDEN)},
    {.name = "b", .kind = COI_HTML_PHRASE, .effects = IS(BOLD), .phrase = TRUE},
    {.name = "big", .kind = COI_HTML_PHRASE, .size = 4, .phrase = TRUE},
    {.name = "blockquote", .kind = COI_HTML_BLOCK, .effects = IS(QUOTE)},
    {.name = "body", .kind = COI_HTML_BLOCK},
    {.name = "br", .kind = COI_HTML_BREAK, .empty = TRUE},
    {.name = "caption", .kind = COI_HTML_BLOCK},
    {.name = "center", .kind = COI_HTML_BLOCK},
    {.name = "cite", .kind = COI_HTML_PHRASE, .effects = IS(ITALIC), .phrase = TRUE},
    {.name = "dd", .kind = COI_HTML_BLOCK, .implied = TRUE},
    {.name = "del", .kind = COI_HTML_PHRASE, .effects = IS(STRIKE), .phrase = TRUE},
    {.name = "details", .kind = COI_HTML_BLOCK},
    {.name = "dfn", .kind = COI_HTML_PHRASE, .effects = IS(ITALIC), .phrase = TRUE},
    {.name = "div", .kind = COI_HTML_BLOCK},
    {.name = "dl", .kind = COI_HTML_PARAGRAPH},
    {.name = "dt", .kind = COI_HTML_BLOCK, .implied = TRUE},
    {.name = "em", .kind = COI_HTML_PHRASE, .effects = IS(ITALIC), .phrase = TRUE},
    {.name = "fieldset", .kind = COI_HTML_BLOCK},
    {.name = "figure", .kind = COI_HTML_BLOCK},
    {.name = "font", .kind = COI_HTML_PHRASE, .phrase = TRUE},
    {.name = "footer", .kind = COI_HTML_BLOCK},
    {.name = "form", .kind = COI_HTML_BLOCK},
    {.name = "h1", .kind = COI_HTML_PARAGRAPH, .effects = IS(BOLD)},
    {.name = "h2", .kind = COI_HTML_PARAGRAPH, .effects = IS(BOLD)},
    {.name = "h3", .kind = COI_HTML_PARAGRAPH, .effects = IS(BOLD)},
    {.name = "h4", .kind = COI_HTML_PARAGRAPH, .effects = IS(BOLD)},
    {.name = "h5", .kind = COI_HTML_PARAGRAPH, .effects = IS(BOLD)},
    {.name = "h6", .kind = COI_HTML_PARAGRAPH, .effects = IS(BOLD)},
    {.name = "header", .kind = COI_HTML_BLOCK},
    {.name = "hr", .kind = COI_HTML_RULE, .empty = TRUE},
    {.name = "html", .kind = COI_HTML_BLOCK},
    {.name = "i", .kind = COI_HTML_PHRASE, .effects = IS(ITALIC), .phrase = TRUE},
    {.name = "img", .kind = COI_HTML_IMAGE, .empty = TRUE},
    {.name = "ins", .kind = COI_HTML_PHRASE, .effects = IS(UNDERLINE), .phrase = TRUE},
    {.name = "li", .kind = COI_HTML_ITEM, .implied = TRUE},
    {.name = "listing", .kind = COI_HTML_PARAGRAPH, .effects = IS(PRE)},
    {.name = "main", .kind = COI_HTML_BLOCK},
    {.name = "math", .kind = COI_HTML_PHRASE, .effects = IS(HIDDEN)},
    {.name = "nav", .kind = COI_HTML_BLOCK},
    {.name = "object", .kind = COI_HTML_PHRASE, .effects = IS(HIDDEN)},
    {.name = "ol", .kind = COI_HTML_OL, .effects = IS(LIST)},
    {.name = "p", .kind = COI_HTML_PARAGRAPH, .implied = TRUE},
    {.name = "pre", .kind = COI_HTML_PARAGRAPH, .effects = IS(PRE)},
    {.name = "s", .kind = COI_HTML_PHRASE, .effects = IS(STRIKE), .phrase = TRUE},
    {.name = "section", .kind = COI_HTML_BLOCK},
    {.name = "select", .kind = COI_HTML_PHRASE, .effects = IS(HIDDEN)},
    {.name = "small", .kind = COI_HTML_PHRASE, .size = 2, .phrase = TRUE},
    {.name = "span", .kind = COI_HTML_PHRASE, .phrase = TRUE},
    {.name = "strike", .kind = COI_HTML_PHRASE, .effects = IS(STRIKE), .phrase = TRUE},
    {.name = "strong", .kind = COI_HTML_PHRASE, .effects = IS(BOLD), .phrase = TRUE},
    {.name = "sub", .kind = COI_HTML_PHRASE, .effects = IS(SUB), .phrase = TRUE},
    {.name = "summary", .kind = COI_HTML_BLOCK},
    {.name = "sup", .kind = COI_HTML_PHRASE, .effects = IS(SUP), .phrase = TRUE},
    {.name = "svg", .kind = COI_HTML_PHRASE, .effects = IS(HIDDEN)},
    {.name = "table", .kind = COI_HTML_BLOCK},
    {.name = "tbody", .kind = COI_HTML_BLOCK},
    {.name = "td", .kind = COI_HTML_CELL, .implied = TRUE},
    {.name = "template", .kind = COI_HTML_PHRASE, .effects = IS(HIDDEN)},
    {.name = "tfoot", .kind = COI_HTML_BLOCK},
    {.name = "th", .kind = COI_HTML_CELL, .effects = IS(BOLD), .implied = TRUE},
    {.name = "thead", .kind = COI_HTML_BLOCK},
    {.name = "tr", .kind = COI_HTML_BLOCK, .implied = TRUE},
    {.name = "u", .kind = COI_HTML_PHRASE, .effects = IS(UNDERLINE), .phrase = TRUE},
    {.name = "ul", .kind = COI_HTML_UL, .effects = IS(LIST)},
    {.name = "var", .kind = COI_HTML_PHRASE, .effects = IS(ITALIC), .phrase = TRUE},
    {.name = "video", .kind = COI_HTML_PHRASE, .effects = IS(HIDDEN)},
    {.name = "xmp", .kind = COI_HTML_PARAGRAPH, .effects = IS(PRE)},
};
const guint coi_html_elements_count = G_N_ELEMENTS(coi_html_elements);

static int compare(const void *name, const void *element)
{
    return strcmp(name, ((const CoiHtmlElement *)element)->name);
}

int coi_html_element(const char *name)
{
    const CoiHtmlElement *element =
        bsearch(name, coi_html_elements, G_N_ELEMENTS(coi_html_elements), sizeof(CoiHtmlElement), compare);

    return element != NULL ? (int)(element - coi_html_elements) : -1;
}

/* What stands in an attribute (part of it, any case) of an element → what that is a sign of. */
static const struct {
    const char *element;
    const char *attribute;
    const char *value;
    CoiMark mark;
} signs[] = {
    {"blockquote", "type", "cite", COI_MARK_CITED},                  /* Apple Mail, Thunderbird, Roundcube and many others */
    {"blockquote", "class", "gmail_quote", COI_MARK_CITED},          /* Gmail, K-9 */
    {"blockquote", "class", "protonmail_quote", COI_MARK_CITED},
    {"blockquote", "class", "iosymail", COI_MARK_CITED},             /* Yahoo on iOS */
    {"div", "class", "moz-cite-prefix", COI_MARK_ATTRIBUTION},       /* Thunderbird */
    {"div", "class", "gmail_attr", COI_MARK_ATTRIBUTION},            /* Gmail */
    {"p", "id", "reply-intro", COI_MARK_ATTRIBUTION},                /* Roundcube */
    {"div", "class", "yahoo_quoted", COI_MARK_CITED},
    {"div", "id", "yahoo_quoted", COI_MARK_CITED},
    {"div", "name", "quote", COI_MARK_CITED},                        /* GMX, web.de */
    {"div", "id", "divRplyFwdMsg", COI_MARK_HEADER},                 /* Outlook on the web and on phones */
    {"div", "id", "mail-editor-reference-message-container", COI_MARK_HEADER},
    {"span", "id", "OLK_SRC_BODY_SECTION", COI_MARK_HEADER},         /* Outlook for Mac */
    {"hr", "id", "zwchr", COI_MARK_HEADER},                          /* Zimbra */
    {"div", "style", "border-top:solid #E1E1E1", COI_MARK_HEADER},   /* Outlook */
    {"div", "style", "border-top:solid #B5C4DF", COI_MARK_HEADER},
};

static gboolean holds(const char *text, const char *what)
{
    gsize length = strlen(what);

    for (; *text != '\0'; text++)
        if (g_ascii_strncasecmp(text, what, length) == 0)
            return TRUE;
    return FALSE;
}

CoiMark coi_html_mark(const CoiTags *tags)
{
    const char *read = NULL;
    g_autofree char *value = NULL;

    if (tags->begin == tags->end)
        return COI_MARK_NONE;
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (strcmp(tags->name, signs[i].element) != 0)
            continue;
        if (read == NULL || strcmp(read, signs[i].attribute) != 0) {
            read = signs[i].attribute;
            g_free(value);
            value = coi_tags_attribute(tags, read);
        }
        if (value != NULL && holds(value, signs[i].value))
            return signs[i].mark;
    }
    return COI_MARK_NONE;
}
