/* iCalendar (RFC 5545) → what a person wants to know of an appointment. Pure but for the time zone of this machine. */
#pragma once
#include <glib.h>

typedef enum {
    COI_CALENDAR_EVENT,      /* told to whom it concerns */
    COI_CALENDAR_INVITATION,
    COI_CALENDAR_CANCELLED,
    COI_CALENDAR_ACCEPTED,   /* answers */
    COI_CALENDAR_TENTATIVE,
    COI_CALENDAR_DECLINED
} CoiCalendarKind;

typedef struct {
    CoiCalendarKind kind;
    char *summary; /* one line each; NULL when not given */
    char *where;
    char *when;    /* "2026-11-24 10:00–11:00 (Europe/Berlin)" as its writer gave it; what is in UTC in the time of this machine */
    gboolean repeats;
} CoiCalendar;

/* text: valid UTF-8. The first appointment in it; NULL when there is none. Owned by the caller. */
CoiCalendar *coi_calendar_parse(const char *text);
void coi_calendar_free(CoiCalendar *calendar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CoiCalendar, coi_calendar_free)
