#include "mime/tags.h"

#include "mime/entities.h"

#include <string.h>

/* Elements whose content is no markup, and whether a person reads it. */
static const struct {
    const char *name;
    gboolean shown;
} raw_elements[] = {
    {"script", FALSE},   {"style", FALSE},   {"title", FALSE}, {"iframe", FALSE},
    {"noframes", FALSE}, {"noembed", FALSE}, {"xmp", TRUE},    {"textarea", TRUE},
};

void coi_tags_init(CoiTags *tags, const char *html, gsize length)
{
    *tags = (CoiTags){.next = html, .limit = html + length};
}

static const char *find(const char *p, const char *end, const char *what)
{
    return p < end ? g_strstr_len(p, end - p, what) : NULL;
}

/* Behind the comment or declaration at p ("<!…", "<?…" or "</" before no letter). One that isn't closed takes all the rest. */
static const char *skip_declaration(const char *p, const char *end)
{
    const char *close;

    if (end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
        if (end - p >= 5 && p[4] == '>')
            return p + 5;
        close = find(p + 2, end, "-->");
        return close != NULL ? close + 3 : end;
    }
    close = memchr(p, '>', (gsize)(end - p));
    return close != NULL ? close + 1 : end;
}

/* Where the tag ends whose attributes begin at p: its ">", or end. A quote only counts behind "=". */
static const char *end_of_attributes(const char *p, const char *end)
{
    char before = ' ';

    for (; p < end && *p != '>'; p++) {
        if ((*p == '"' || *p == '\'') && before == '=') {
            p = memchr(p + 1, *p, (gsize)(end - p - 1));
            if (p == NULL)
                return end;
        }
        if (!g_ascii_isspace(*p))
            before = *p;
    }
    return p;
}

/* The tag at p. Its end, or NULL when it isn't closed. */
static const char *read_tag(CoiTags *tags, const char *p)
{
    gsize n = 0;

    p++;
    tags->kind = *p == '/' ? COI_TAGS_END : COI_TAGS_START;
    p += tags->kind == COI_TAGS_END;
    for (; p < tags->limit && !g_ascii_isspace(*p) && *p != '>' && *p != '/'; p++)
        if (n + 1 < sizeof(tags->name))
            tags->name[n++] = g_ascii_tolower(*p);
    tags->name[n] = '\0';
    tags->begin = p;
    tags->end = end_of_attributes(p, tags->limit);
    return tags->end < tags->limit ? tags->end + 1 : NULL;
}

/* Where "</name" stands in [p, end), or end. */
static const char *end_tag(const char *p, const char *end, const char *name)
{
    gsize length = strlen(name);

    while ((p = find(p, end, "</")) != NULL) {
        if ((gsize)(end - p) > length + 2 && g_ascii_strncasecmp(p + 2, name, length) == 0 && !g_ascii_isalnum(p[length + 2]))
            return p;
        p += 2;
    }
    return end;
}

/* Behind a START: its content is no markup. */
static void enter_raw(CoiTags *tags)
{
    for (gsize i = 0; i < G_N_ELEMENTS(raw_elements); i++) {
        if (strcmp(raw_elements[i].name, tags->name) == 0) {
            if (raw_elements[i].shown)
                tags->raw = raw_elements[i].name;
            else
                tags->next = end_tag(tags->next, tags->limit, tags->name);
        }
    }
}

static gboolean take_text(CoiTags *tags, const char *end)
{
    tags->kind = COI_TAGS_TEXT;
    tags->begin = tags->next;
    tags->end = tags->next = end;
    return TRUE;
}

/* Is the "<" at p the beginning of a tag, a comment or a declaration? */
static gboolean is_markup(const char *p, const char *end)
{
    return p + 1 < end && (g_ascii_isalpha(p[1]) || p[1] == '!' || p[1] == '?' || (p[1] == '/' && p + 2 < end));
}

static const char *next_markup(const char *p, const char *end)
{
    while ((p = memchr(p, '<', (gsize)(end - p))) != NULL && !is_markup(p, end))
        p++;
    return p != NULL ? p : end;
}

gboolean coi_tags_next(CoiTags *tags)
{
    tags->literal = FALSE;
    if (tags->raw != NULL) {
        const char *end = end_tag(tags->next, tags->limit, tags->raw);

        tags->literal = strcmp(tags->raw, "xmp") == 0;
        tags->raw = NULL;
        if (end > tags->next)
            return take_text(tags, end);
    }
    while (tags->next < tags->limit) {
        const char *p = next_markup(tags->next, tags->limit);

        if (p > tags->next)
            return take_text(tags, p);
        if (!g_ascii_isalpha(p[1]) && !(p[1] == '/' && g_ascii_isalpha(p[2]))) {
            tags->next = skip_declaration(p, tags->limit);
            continue;
        }
        p = read_tag(tags, p);
        tags->next = p != NULL ? p : tags->limit;
        if (p == NULL)
            return FALSE;
        if (tags->kind == COI_TAGS_START)
            enter_raw(tags);
        return TRUE;
    }
    return FALSE;
}

void coi_tags_decode(const char *text, const char *end, gboolean in_attribute, GString *out)
{
    while (text < end) {
        const char *ampersand = memchr(text, '&', (gsize)(end - text));
        const char *stop = ampersand != NULL ? ampersand : end;

        g_string_append_len(out, text, stop - text);
        if (ampersand == NULL)
            return;
        text = coi_entity_decode(ampersand, end, in_attribute, out);
        if (text == NULL) {
            g_string_append_c(out, '&');
            text = ampersand + 1;
        }
    }
}

/* The value behind "=" at p. *value and *stop: where it stands; returns where the next attribute may begin. */
static const char *read_value(const char *p, const char *end, const char **value, const char **stop)
{
    while (p < end && g_ascii_isspace(*p))
        p++;
    if (p < end && (*p == '"' || *p == '\'')) {
        *value = p + 1;
        p = memchr(p + 1, *p, (gsize)(end - p - 1));
        *stop = p != NULL ? p : end;
        return p != NULL ? p + 1 : end;
    }
    *value = p;
    while (p < end && !g_ascii_isspace(*p))
        p++;
    *stop = p;
    return p;
}

char *coi_tags_attribute(const CoiTags *tags, const char *name)
{
    gsize length = strlen(name);
    const char *end = tags->end;

    for (const char *p = tags->begin; p < end;) {
        const char *start, *value = "", *stop = value;
        gboolean found;

        while (p < end && (g_ascii_isspace(*p) || *p == '/'))
            p++;
        for (start = p; p < end && !g_ascii_isspace(*p) && *p != '/' && (*p != '=' || p == start);)
            p++;
        found = (gsize)(p - start) == length && g_ascii_strncasecmp(start, name, length) == 0;
        while (p < end && g_ascii_isspace(*p))
            p++;
        if (p < end && *p == '=')
            p = read_value(p + 1, end, &value, &stop);
        if (found) {
            GString *out = g_string_sized_new((gsize)(stop - value));

            coi_tags_decode(value, stop, TRUE, out);
            return g_string_free(out, FALSE);
        }
    }
    return NULL;
}
