#include "mime/calendar.h"

#include "mime/text.h"

#include <string.h>

/* A summary or place longer than that is cut. */
#define LIMIT_VALUE 500

typedef struct {
    gboolean given, timed, utc;
    int year, month, day, hour, minute;
    char *zone; /* as written, or NULL */
} Time;

typedef struct {
    CoiCalendar *calendar;
    Time start, end;
    gboolean in_event, done;
    guint inside; /* components within the event: alarms */
} Reading;

void coi_calendar_free(CoiCalendar *calendar)
{
    if (calendar == NULL)
        return;
    g_free(calendar->summary);
    g_free(calendar->where);
    g_free(calendar->when);
    g_free(calendar);
}

/* The content line at *p without its folds; *p moves behind it. */
static char *next_line(const char **p)
{
    GString *line = g_string_new(NULL);

    for (;;) {
        const char *newline = strchr(*p, '\n');
        const char *end = newline != NULL ? newline : *p + strlen(*p);

        g_string_append_len(line, *p, end - *p - (end > *p && end[-1] == '\r'));
        *p = newline != NULL ? newline + 1 : end;
        if (newline == NULL || (**p != ' ' && **p != '\t'))
            return g_string_free(line, FALSE);
        (*p)++;
    }
}

/* "\n", "\," and the like. One line; NULL when nothing is left. Owned by the caller. */
static char *unescape(const char *value)
{
    g_autoptr(GString) out = g_string_new(NULL);
    char *line;

    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\\' && p[1] != '\0') {
            p++;
            g_string_append_c(out, *p == 'n' || *p == 'N' ? ' ' : *p);
        } else {
            g_string_append_c(out, *p);
        }
    }
    line = coi_text_truncate(coi_text_line(out->str), LIMIT_VALUE);
    if (*line == '\0')
        g_clear_pointer(&line, g_free);
    return line;
}

/* The value of a parameter (";NAME=value") of a content line's left side. Owned by the caller. */
static char *parameter(const char *left, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(left, ";", 50);
    gsize length = strlen(name);

    for (guint i = 1; parts[0] != NULL && parts[i] != NULL; i++) {
        if (g_ascii_strncasecmp(parts[i], name, length) == 0 && parts[i][length] == '=') {
            char *value = coi_text_truncate(coi_text_line(parts[i] + length + 1), 60);

            return g_strdelimit(value, "\"()", ' ');
        }
    }
    return NULL;
}

static gboolean digits(const char *p, gsize count, int *number)
{
    *number = 0;
    for (gsize i = 0; i < count; i++) {
        if (!g_ascii_isdigit(p[i]))
            return FALSE;
        *number = *number * 10 + (p[i] - '0');
    }
    return TRUE;
}

/* "20261124T100000Z" or "20261124". */
static void read_time(Time *time, const char *left, const char *value)
{
    if (time->given || !digits(value, 4, &time->year) || !digits(value + 4, 2, &time->month) || !digits(value + 6, 2, &time->day) ||
        !g_date_valid_dmy((GDateDay)time->day, (GDateMonth)time->month, (GDateYear)time->year))
        return;
    time->given = TRUE;
    value += 8;
    time->timed = *value == 'T' && digits(value + 1, 2, &time->hour) && digits(value + 3, 2, &time->minute) && time->hour < 24 &&
                  time->minute < 60;
    time->utc = time->timed && strchr(value, 'Z') != NULL;
    time->zone = time->timed && !time->utc ? parameter(left, "TZID") : NULL;
}

static void to_local(Time *time)
{
    g_autoptr(GDateTime) utc = NULL;
    g_autoptr(GDateTime) local = NULL;

    if (!time->utc)
        return;
    utc = g_date_time_new_utc(time->year, time->month, time->day, time->hour, time->minute, 0);
    local = utc != NULL ? g_date_time_to_local(utc) : NULL;
    if (local == NULL)
        return;
    g_date_time_get_ymd(local, &time->year, &time->month, &time->day);
    time->hour = g_date_time_get_hour(local);
    time->minute = g_date_time_get_minute(local);
}

static gint64 day_number(const Time *time)
{
    GDate date;

    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay)time->day, (GDateMonth)time->month, (GDateYear)time->year);
    return g_date_get_julian(&date);
}

static void append_day(GString *out, const Time *time)
{
    g_string_append_printf(out, "%04d-%02d-%02d", time->year, time->month, time->day);
}

/* The end of whole days is the day after the last one. */
static void day_before(Time *time)
{
    GDate date;

    g_date_clear(&date, 1);
    g_date_set_julian(&date, (guint32)day_number(time) - 1);
    time->year = g_date_get_year(&date);
    time->month = (int)g_date_get_month(&date);
    time->day = g_date_get_day(&date);
}

static char *words_of(Time *start, Time *end)
{
    GString *out;

    if (!start->given)
        return NULL;
    to_local(start);
    to_local(end);
    if (end->given && !end->timed && day_number(end) > day_number(start))
        day_before(end);
    out = g_string_new(NULL);
    append_day(out, start);
    if (start->timed)
        g_string_append_printf(out, " %02d:%02d", start->hour, start->minute);
    if (end->given && day_number(end) > day_number(start)) {
        g_string_append(out, " – ");
        append_day(out, end);
        if (end->timed)
            g_string_append_printf(out, " %02d:%02d", end->hour, end->minute);
    } else if (end->given && end->timed && start->timed) {
        g_string_append_printf(out, "–%02d:%02d", end->hour, end->minute);
    }
    if (start->zone != NULL && *start->zone != '\0')
        g_string_append_printf(out, " (%s)", start->zone);
    return g_string_free(out, FALSE);
}

static void read_method(CoiCalendar *calendar, const char *value)
{
    if (g_ascii_strcasecmp(value, "REQUEST") == 0 || g_ascii_strcasecmp(value, "COUNTER") == 0)
        calendar->kind = COI_CALENDAR_INVITATION;
    else if (g_ascii_strcasecmp(value, "CANCEL") == 0)
        calendar->kind = COI_CALENDAR_CANCELLED;
    else if (g_ascii_strcasecmp(value, "REPLY") == 0)
        calendar->kind = COI_CALENDAR_ACCEPTED; /* unless its attendee says otherwise */
}

static void read_answer(CoiCalendar *calendar, const char *left)
{
    g_autofree char *answer = calendar->kind == COI_CALENDAR_ACCEPTED ? parameter(left, "PARTSTAT") : NULL;

    if (g_strcmp0(answer, "DECLINED") == 0)
        calendar->kind = COI_CALENDAR_DECLINED;
    else if (g_strcmp0(answer, "TENTATIVE") == 0)
        calendar->kind = COI_CALENDAR_TENTATIVE;
}

static void read_property(Reading *reading, const char *name, const char *left, const char *value)
{
    CoiCalendar *calendar = reading->calendar;

    if (g_ascii_strcasecmp(name, "SUMMARY") == 0 && calendar->summary == NULL)
        calendar->summary = unescape(value);
    else if (g_ascii_strcasecmp(name, "LOCATION") == 0 && calendar->where == NULL)
        calendar->where = unescape(value);
    else if (g_ascii_strcasecmp(name, "DTSTART") == 0)
        read_time(&reading->start, left, value);
    else if (g_ascii_strcasecmp(name, "DTEND") == 0)
        read_time(&reading->end, left, value);
    else if (g_ascii_strcasecmp(name, "RRULE") == 0)
        calendar->repeats = TRUE;
    else if (g_ascii_strcasecmp(name, "ATTENDEE") == 0)
        read_answer(calendar, left);
    else if (g_ascii_strcasecmp(name, "STATUS") == 0 && g_ascii_strcasecmp(value, "CANCELLED") == 0)
        calendar->kind = COI_CALENDAR_CANCELLED;
}

/* Where the value begins: behind the first colon outside quotes. */
static char *value_of(char *line)
{
    gboolean quoted = FALSE;

    for (char *p = line; *p != '\0'; p++) {
        quoted ^= *p == '"';
        if (*p == ':' && !quoted) {
            *p = '\0';
            return p + 1;
        }
    }
    return NULL;
}

static void read_line(Reading *reading, char *line)
{
    char *value = value_of(line);
    g_autofree char *name = g_strndup(line, strcspn(line, ";"));
    gboolean begin, end;

    if (value == NULL)
        return;
    begin = g_ascii_strcasecmp(name, "BEGIN") == 0;
    end = g_ascii_strcasecmp(name, "END") == 0;
    if (begin && !reading->in_event)
        reading->in_event = g_ascii_strcasecmp(value, "VEVENT") == 0;
    else if (begin)
        reading->inside++;
    else if (end && reading->inside > 0)
        reading->inside--;
    else if (end)
        reading->done = reading->in_event;
    else if (reading->in_event && reading->inside == 0)
        read_property(reading, name, line, value);
    else if (g_ascii_strcasecmp(name, "METHOD") == 0)
        read_method(reading->calendar, value);
}

CoiCalendar *coi_calendar_parse(const char *text)
{
    g_autoptr(CoiCalendar) calendar = g_new0(CoiCalendar, 1);
    Reading reading = {.calendar = calendar};

    for (const char *p = text; *p != '\0' && !reading.done;) {
        g_autofree char *line = next_line(&p);

        read_line(&reading, line);
    }
    calendar->when = words_of(&reading.start, &reading.end);
    g_free(reading.start.zone);
    g_free(reading.end.zone);
    return reading.in_event && (calendar->when != NULL || calendar->summary != NULL) ? g_steal_pointer(&calendar) : NULL;
}
