#include "mime/html.h"

#include "mime/html_writer.h"
#include "mime/link.h"
#include "mime/style.h"

#include <string.h>

/* More bytes than a person reads in one mail. */
#define LIMIT_HTML (4 * 1024 * 1024)
/* Elements that are open at once; deeper ones have no effect of their own. */
#define LIMIT_DEPTH 1000

/* An open element. */
typedef struct {
    guint element;
    int previous;  /* the one of the same name that was opened before it, or -1 */
    guint effects; /* 1 << CoiHtmlEffect */
    guint font;    /* of its content */
    guint distance; /* line ends around it */
    gboolean dead; /* closed, although elements in it are still open */
} Open;

typedef struct {
    CoiHtmlWriter writer;
    GArray *open;                   /* Open */
    int *newest;                    /* by element: index into open, or -1 */
    guint counts[COI_HTML_EFFECTS]; /* how many open elements have it */
    GString *scratch;
} Reader;

static const CoiHtmlElement *meaning(guint element)
{
    return &coi_html_elements[element];
}

static gboolean is_hidden(const Reader *reader)
{
    return reader->counts[COI_HTML_HIDDEN] > 0;
}

static Open *top(const Reader *reader)
{
    return reader->open->len > 0 ? &g_array_index(reader->open, Open, reader->open->len - 1) : NULL;
}

/* What is open has changed. */
static void tell_writer(Reader *reader)
{
    CoiHtmlWriter *writer = &reader->writer;

    writer->wanted.effects = 0;
    for (guint i = 0; i < COI_HTML_FORMATS; i++)
        writer->wanted.effects |= reader->counts[i] > 0 ? 1u << i : 0;
    writer->wanted.font = top(reader) != NULL ? top(reader)->font : 0;
    writer->quotes = reader->counts[COI_HTML_QUOTE];
    writer->pre = reader->counts[COI_HTML_PRE];
    writer->mark = reader->counts[COI_HTML_ATTRIBUTION] > 0 ? COI_MARK_ATTRIBUTION
                   : reader->counts[COI_HTML_CITED] > 0     ? COI_MARK_CITED
                                                            : COI_MARK_NONE;
}

static void undo(Reader *reader, const Open *open)
{
    GArray *numbers = reader->writer.list_numbers;

    for (guint i = 0; i < COI_HTML_EFFECTS; i++)
        reader->counts[i] -= open->effects >> i & 1;
    reader->newest[open->element] = open->previous;
    if (open->effects & 1u << COI_HTML_LINK)
        coi_html_writer_end_link(&reader->writer);
    if ((open->effects & 1u << COI_HTML_LIST) && numbers->len > 0)
        g_array_set_size(numbers, numbers->len - 1);
}

static void pop(Reader *reader)
{
    Open open = *top(reader);

    g_array_set_size(reader->open, reader->open->len - 1);
    if (!open.dead)
        undo(reader, &open);
}

static void close_element(Reader *reader, guint element)
{
    int index = reader->newest[element];

    if (index < 0)
        return;
    if (meaning(element)->phrase) { /* what was opened in it goes on */
        Open *open = &g_array_index(reader->open, Open, index);

        undo(reader, open);
        open->dead = TRUE;
    } else {
        while ((int)reader->open->len > index)
            pop(reader);
    }
    while (top(reader) != NULL && top(reader)->dead)
        pop(reader);
    tell_writer(reader);
}

/* The font inside of an element; the surrounding one's where it says nothing of it. A link's looks are the client's business. */
static guint font_of(Reader *reader, guint element, const CoiTags *tags, const CoiStyle *style)
{
    CoiHtmlFont font = g_array_index(reader->writer.fonts, CoiHtmlFont, reader->writer.wanted.font);
    gboolean is_font = strcmp(meaning(element)->name, "font") == 0;
    g_autofree char *color = is_font ? coi_tags_attribute(tags, "color") : NULL;
    g_autofree char *face = is_font ? coi_tags_attribute(tags, "face") : NULL;
    g_autofree char *size = is_font ? coi_tags_attribute(tags, "size") : NULL;
    char *clean = face != NULL ? coi_style_face(face) : NULL;
    int steps = style->size != 0 ? style->size : size != NULL ? coi_style_size(size) : meaning(element)->size;

    font.face = clean != NULL ? clean : g_strdup(font.face);
    font.size = steps != 0 ? steps : font.size;
    if (*style->color != '\0' && reader->writer.link == NULL)
        memcpy(font.color, style->color, sizeof(font.color));
    else if (color != NULL && reader->writer.link == NULL)
        coi_style_color(color, font.color);
    return coi_html_writer_font(&reader->writer, font);
}

static guint effects_of(Reader *reader, guint element, const CoiTags *tags, const CoiStyle *style)
{
    guint effects = meaning(element)->effects;
    CoiMark mark = coi_html_mark(tags);

    effects |= style->bold ? 1u << COI_HTML_BOLD : 0;
    effects &= style->upright ? ~(1u << COI_HTML_BOLD) : ~0u;
    effects |= style->italic ? 1u << COI_HTML_ITALIC : 0;
    effects |= style->underline && reader->writer.link == NULL ? 1u << COI_HTML_UNDERLINE : 0;
    effects |= style->strike ? 1u << COI_HTML_STRIKE : 0;
    effects |= style->hidden ? 1u << COI_HTML_HIDDEN : 0;
    effects |= mark == COI_MARK_ATTRIBUTION ? 1u << COI_HTML_ATTRIBUTION : 0;
    effects |= mark == COI_MARK_CITED ? 1u << COI_HTML_CITED : 0;
    reader->writer.header |= mark == COI_MARK_HEADER && !is_hidden(reader);
    return effects;
}

/* Line ends around an element. Paragraphs stand apart, but not in a list, and not where the writer's program sets none apart. */
static guint distance(const Reader *reader, guint element, const CoiTags *tags, const CoiStyle *style)
{
    g_autofree char *class = NULL;

    if (meaning(element)->kind != COI_HTML_PARAGRAPH || style->tight || reader->writer.list_numbers->len > 0)
        return 1;
    class = coi_tags_attribute(tags, "class");
    return class != NULL && g_str_has_prefix(class, "Mso") ? 1 : 2;
}

static void begin_list(Reader *reader, const CoiTags *tags, gboolean numbered)
{
    g_autofree char *start = numbered ? coi_tags_attribute(tags, "start") : NULL;
    guint first = numbered ? 1 : 0;

    if (start != NULL)
        first = (guint)CLAMP(g_ascii_strtoll(start, NULL, 10), 1, 1000000);
    g_array_append_val(reader->writer.list_numbers, first);
}

static void push(Reader *reader, guint element, const CoiTags *tags, const CoiStyle *style)
{
    Open open = {.element = element, .previous = reader->newest[element], .font = reader->writer.wanted.font};

    open.effects = effects_of(reader, element, tags, style);
    if (meaning(element)->empty || reader->open->len >= LIMIT_DEPTH)
        return;
    if (is_hidden(reader)) /* nothing in it matters but where it ends */
        open.effects &= 1u << COI_HTML_HIDDEN;
    else
        open.font = font_of(reader, element, tags, style);
    open.distance = distance(reader, element, tags, style);
    if (open.effects & 1u << COI_HTML_LIST)
        begin_list(reader, tags, meaning(element)->kind == COI_HTML_OL);
    for (guint i = 0; i < COI_HTML_EFFECTS; i++)
        reader->counts[i] += open.effects >> i & 1;
    reader->newest[element] = (int)reader->open->len;
    g_array_append_val(reader->open, open);
    tell_writer(reader);
}

/* What stands for a picture that isn't shown. Those that travel with the mail are named as attachments. */
static void take_image(Reader *reader, const CoiTags *tags)
{
    g_autofree char *alt = coi_tags_attribute(tags, "alt");
    g_autofree char *src = alt != NULL ? coi_tags_attribute(tags, "src") : NULL;

    if (alt != NULL && (src == NULL || g_ascii_strncasecmp(src, "cid:", 4) != 0))
        coi_html_writer_text(&reader->writer, alt);
}

static void begin_element(Reader *reader, guint element, const CoiTags *tags, const CoiStyle *style)
{
    CoiHtmlWriter *writer = &reader->writer;

    switch (meaning(element)->kind) {
    case COI_HTML_PHRASE:
        break;
    case COI_HTML_BLOCK:
        coi_html_writer_due(writer, 1);
        break;
    case COI_HTML_PARAGRAPH:
        if (!writer->item) /* the bullet stands before it */
            coi_html_writer_due(writer, distance(reader, element, tags, style));
        break;
    case COI_HTML_BREAK:
        coi_html_writer_break(writer);
        break;
    case COI_HTML_RULE:
        coi_html_writer_due(writer, 2);
        break;
    case COI_HTML_UL:
    case COI_HTML_OL:
        coi_html_writer_due(writer, writer->list_numbers->len > 0 ? 1 : 2);
        break;
    case COI_HTML_ITEM:
        coi_html_writer_due(writer, 1);
        writer->item = TRUE;
        break;
    case COI_HTML_CELL:
        coi_html_writer_cell(writer);
        break;
    case COI_HTML_ANCHOR: {
        g_autofree char *href = coi_tags_attribute(tags, "href");

        coi_html_writer_begin_link(writer, href != NULL ? coi_link_clean(href) : NULL);
        break;
    }
    case COI_HTML_IMAGE:
        take_image(reader, tags);
        break;
    }
}

/* distance: of the element that was closed. */
static void end_element(Reader *reader, guint element, guint distance)
{
    CoiHtmlWriter *writer = &reader->writer;

    switch (meaning(element)->kind) {
    case COI_HTML_BLOCK:
    case COI_HTML_ITEM:
        coi_html_writer_due(writer, 1);
        break;
    case COI_HTML_PARAGRAPH:
        coi_html_writer_due(writer, distance);
        break;
    case COI_HTML_UL:
    case COI_HTML_OL:
        coi_html_writer_due(writer, writer->list_numbers->len > 0 ? 1 : 2);
        break;
    default:
        break;
    }
}

/* Ends the newest open element of that name. Without one, the end of a paragraph is an empty one, as in browsers. */
static void finish_element(Reader *reader, guint element)
{
    int index = reader->newest[element];
    guint distance = index >= 0 ? g_array_index(reader->open, Open, index).distance : 2;
    gboolean hidden = is_hidden(reader);

    if (index < 0 && meaning(element)->kind != COI_HTML_PARAGRAPH)
        return;
    close_element(reader, element);
    if (!hidden)
        end_element(reader, element, distance);
}

/* A paragraph, an item, a cell ends where the next one begins, a link at the next one. */
static void finish_implied(Reader *reader, guint element)
{
    if ((meaning(element)->implied && top(reader) != NULL && top(reader)->element == element) ||
        meaning(element)->kind == COI_HTML_ANCHOR)
        finish_element(reader, element);
}

static void take_start(Reader *reader, const CoiTags *tags)
{
    int element = coi_html_element(tags->name);
    CoiStyle style;

    if (element < 0)
        return;
    coi_style_read(&style, tags);
    finish_implied(reader, (guint)element);
    if (!is_hidden(reader) && !style.hidden)
        begin_element(reader, (guint)element, tags, &style);
    push(reader, (guint)element, tags, &style);
}

static void take_end(Reader *reader, const CoiTags *tags)
{
    int element = coi_html_element(tags->name);

    if (element >= 0)
        finish_element(reader, (guint)element);
}

static void take_text(Reader *reader, const CoiTags *tags)
{
    if (is_hidden(reader))
        return;
    g_string_truncate(reader->scratch, 0);
    if (tags->literal)
        g_string_append_len(reader->scratch, tags->begin, tags->end - tags->begin);
    else
        coi_tags_decode(tags->begin, tags->end, FALSE, reader->scratch);
    coi_html_writer_text(&reader->writer, reader->scratch->str);
}

static void read_all(Reader *reader, const char *html, gsize length)
{
    CoiTags tags;

    coi_tags_init(&tags, html, length);
    while (coi_tags_next(&tags)) {
        if (tags.kind == COI_TAGS_TEXT)
            take_text(reader, &tags);
        else if (tags.kind == COI_TAGS_START)
            take_start(reader, &tags);
        else
            take_end(reader, &tags);
    }
    coi_html_writer_finish(&reader->writer);
}

void coi_html_read(CoiLines *lines, const char *html)
{
    gsize length = MIN(strlen(html), (gsize)LIMIT_HTML);
    Reader reader = {.open = g_array_new(FALSE, FALSE, sizeof(Open)),
                     .newest = g_new(int, coi_html_elements_count),
                     .scratch = g_string_new(NULL)};

    while (length > 0 && ((guchar)html[length] & 0xC0) == 0x80) /* no character cut in two */
        length--;
    for (guint i = 0; i < coi_html_elements_count; i++)
        reader.newest[i] = -1;
    coi_html_writer_init(&reader.writer, lines, length);
    read_all(&reader, html, length);
    g_array_unref(reader.open);
    g_free(reader.newest);
    g_string_free(reader.scratch, TRUE);
}
