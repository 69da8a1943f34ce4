#include "mime/style.h"

#include <stdlib.h>
#include <string.h>

/* A color is shown when its channels differ by so much. */
#define LEAST_HUE 0x40

static const struct {
    const char *name;
    guint rgb;
} colors[] = {
    {"red", 0xFF0000},     {"green", 0x008000},   {"blue", 0x0000FF},     {"yellow", 0xFFFF00},  {"orange", 0xFFA500},
    {"purple", 0x800080},  {"maroon", 0x800000},  {"navy", 0x000080},     {"teal", 0x008080},    {"olive", 0x808000},
    {"lime", 0x00FF00},    {"aqua", 0x00FFFF},    {"cyan", 0x00FFFF},     {"fuchsia", 0xFF00FF}, {"magenta", 0xFF00FF},
    {"brown", 0xA52A2A},   {"pink", 0xFFC0CB},    {"darkred", 0x8B0000},  {"darkblue", 0x00008B}, {"darkgreen", 0x006400},
    {"crimson", 0xDC143C}, {"tomato", 0xFF6347},  {"gold", 0xFFD700},     {"violet", 0xEE82EE},  {"indigo", 0x4B0082},
    {"salmon", 0xFA8072},  {"coral", 0xFF7F50},   {"chocolate", 0xD2691E}, {"turquoise", 0x40E0D0},
};

static gboolean hex_color(const char *digits, gsize length, guint *rgb)
{
    guint value = 0;

    if (length != 3 && length != 6)
        return FALSE;
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isxdigit(digits[i]))
            return FALSE;
        value = value << 4 | (guint)g_ascii_xdigit_value(digits[i]);
        if (length == 3)
            value = value << 4 | (value & 0xF);
    }
    *rgb = value;
    return TRUE;
}

static gboolean rgb_color(const char *value, guint *rgb)
{
    *rgb = 0;
    for (guint i = 0; i < 3; i++) {
        char *end;
        guint64 channel;

        value += strspn(value, " \t,");
        if (!g_ascii_isdigit(*value))
            return FALSE;
        channel = g_ascii_strtoull(value, &end, 10);
        *rgb = *rgb << 8 | (guint)MIN(channel, 255);
        value = end;
    }
    return TRUE;
}

static gboolean read_color(const char *value, guint *rgb)
{
    if (*value == '#')
        return hex_color(value + 1, strspn(value + 1, "0123456789abcdefABCDEF"), rgb);
    if (g_ascii_strncasecmp(value, "rgb(", 4) == 0)
        return rgb_color(value + 4, rgb);
    for (gsize i = 0; i < G_N_ELEMENTS(colors); i++) {
        if (g_ascii_strncasecmp(value, colors[i].name, strlen(colors[i].name)) == 0 &&
            !g_ascii_isalpha(value[strlen(colors[i].name)])) {
            *rgb = colors[i].rgb;
            return TRUE;
        }
    }
    return hex_color(value, strlen(value), rgb);
}

gboolean coi_style_color(const char *value, char color[8])
{
    guint rgb, r, g, b;

    value += strspn(value, " \t");
    if (!read_color(value, &rgb))
        return FALSE;
    r = rgb >> 16;
    g = rgb >> 8 & 0xFF;
    b = rgb & 0xFF;
    if (MAX(MAX(r, g), b) - MIN(MIN(r, g), b) < LEAST_HUE)
        return FALSE;
    g_snprintf(color, 8, "#%06x", rgb);
    return TRUE;
}

int coi_style_size(const char *value)
{
    int size = atoi(value); /* "+1" is relative to 3 */

    value += strspn(value, " ");
    if (*value == '+' || *value == '-')
        size = 3 + CLAMP(size, -3, 4);
    size = CLAMP(size, 0, 6);
    return size == 3 || size == 0 ? 0 : MAX(size, 2);
}

char *coi_style_face(const char *value)
{
    GString *face = g_string_new(NULL);

    for (const char *p = value; *p != '\0' && face->len < 40; p++)
        if (g_ascii_isalnum(*p) || (face->len > 0 && strchr(" -,", *p) != NULL))
            g_string_append_c(face, *p);
    while (face->len > 0 && !g_ascii_isalnum(face->str[face->len - 1]))
        g_string_truncate(face, face->len - 1);
    if (face->len > 0)
        return g_string_free(face, FALSE);
    g_string_free(face, TRUE);
    return NULL;
}

static gboolean begins(const char *value, const char *word)
{
    return g_ascii_strncasecmp(value, word, strlen(word)) == 0;
}

/* "0", "0px", "0.0pt": nothing. */
static gboolean is_nothing(const char *value)
{
    return *value == '0' && g_ascii_strtod(value, NULL) == 0;
}

static int named_size(const char *value)
{
    static const struct {
        const char *name;
        int size;
    } sizes[] = {{"xx-large", 6}, {"x-large", 5}, {"large", 4}, {"xx-small", 2}, {"x-small", 2}, {"small", 2}};

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (begins(value, sizes[i].name) && !g_ascii_isalpha(value[strlen(sizes[i].name)]))
            return sizes[i].size;
    return 0;
}

static gboolean is_hiding(const char *name, const char *value)
{
    return (strcmp(name, "display") == 0 && begins(value, "none")) ||
           (strcmp(name, "visibility") == 0 && begins(value, "hidden")) || (strcmp(name, "mso-hide") == 0 && begins(value, "all")) ||
           ((strcmp(name, "font-size") == 0 || strcmp(name, "max-height") == 0 || strcmp(name, "opacity") == 0) && is_nothing(value));
}

static void take_property(CoiStyle *style, const char *name, const char *value)
{
    style->hidden |= is_hiding(name, value);
    if (strcmp(name, "font-weight") == 0) {
        style->bold |= begins(value, "bold") || g_ascii_strtoull(value, NULL, 10) >= 600;
        style->upright |= begins(value, "normal") || begins(value, "400");
    } else if (strcmp(name, "font-style") == 0) {
        style->italic |= begins(value, "italic") || begins(value, "oblique");
    } else if (strcmp(name, "text-decoration") == 0 || strcmp(name, "text-decoration-line") == 0) {
        style->underline |= strstr(value, "underline") != NULL;
        style->strike |= strstr(value, "line-through") != NULL;
    } else if (strcmp(name, "color") == 0) {
        coi_style_color(value, style->color);
    } else if (strcmp(name, "margin") == 0 || strcmp(name, "margin-bottom") == 0) {
        style->tight = *value == '0';
    } else if (strcmp(name, "font-size") == 0) {
        style->size = named_size(value);
    }
}

/* The declarations of a style attribute; values that hold ";" in quotes don't matter here. */
static void read_declarations(CoiStyle *style, char *css)
{
    for (char *next, *p = css; p != NULL; p = next) {
        char *colon;

        next = strchr(p, ';');
        if (next != NULL)
            *next++ = '\0';
        colon = strchr(p, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        take_property(style, g_strstrip(p), g_strstrip(colon + 1));
    }
}

void coi_style_read(CoiStyle *style, const CoiTags *tags)
{
    g_autofree char *css = NULL;
    g_autofree char *hidden = NULL;

    *style = (CoiStyle){0};
    if (tags->end - tags->begin < 6) /* "hidden" */
        return;
    hidden = coi_tags_attribute(tags, "hidden");
    css = coi_tags_attribute(tags, "style");
    style->hidden = hidden != NULL;
    if (css != NULL) {
        g_autofree char *lower = g_ascii_strdown(css, -1);

        read_declarations(style, lower);
    }
}
