#include "net/imap_status.h"

#include <string.h>

/* A NO with these says nothing about whether the mailbox exists. */
static const char *const passing_codes[] = {"UNAVAILABLE", "INUSE",        "LIMIT", "SERVERBUG",
                                            "THROTTLED",   "CONTACTADMIN", NULL};

/* An atom or a quoted string; what is behind it, or NULL. */
static const char *take_name(const char *at, GString *name)
{
    if (*at != '"') {
        gsize n = strcspn(at, " (){\"\r\n");
        g_string_append_len(name, at, (gssize)n);
        return n > 0 ? at + n : NULL;
    }
    for (at++; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        if (*at == '\0' || *at == '\r' || *at == '\n')
            return NULL;
        g_string_append_c(name, *at);
    }
    return at + 1;
}

/* The number of an item, 0 when it is none of ours. */
static const char *take_number(const char *at, guint32 *number)
{
    char *end = NULL;
    guint64 value = g_ascii_isdigit(*at) ? g_ascii_strtoull(at, &end, 10) : 0;
    *number = value <= G_MAXUINT32 ? (guint32)value : 0;
    return end;
}

gboolean coi_imap_status_parse(const char *text, char **mailbox, guint32 *uid_validity, guint32 *next_uid)
{
    g_autoptr(GString) name = g_string_new(NULL);
    guint32 validity = 0, next = 0;
    const char *at = take_name(text, name);
    if (at == NULL || at[0] != ' ' || at[1] != '(')
        return FALSE;
    at += 2;
    while (*at != ')') {
        const char *key = at + strspn(at, " ");
        gsize n = strcspn(key, " ()\r\n");
        guint32 number;
        if (n == 0 || key[n] != ' ' || (at = take_number(key + n + 1, &number)) == NULL)
            return FALSE;
        if (n == 11 && g_ascii_strncasecmp(key, "UIDVALIDITY", n) == 0)
            validity = number;
        else if (n == 7 && g_ascii_strncasecmp(key, "UIDNEXT", n) == 0)
            next = number;
    }
    *mailbox = g_string_free(g_steal_pointer(&name), FALSE);
    *uid_validity = validity;
    *next_uid = next;
    return TRUE;
}

static void note(CoiImap *imap, guint32 uid_validity, guint32 next_uid)
{
    imap->also_changed |= !imap->also_known || imap->also_validity != uid_validity || imap->also_next != next_uid;
    imap->also_known = TRUE;
    imap->also_validity = uid_validity;
    imap->also_next = next_uid;
}

void coi_imap_status_take(CoiImap *imap, const char *text)
{
    g_autofree char *mailbox = NULL;
    guint32 uid_validity, next_uid;
    if (imap->also == NULL || !coi_imap_status_parse(text, &mailbox, &uid_validity, &next_uid) ||
        strcmp(mailbox, imap->also) != 0)
        return;
    /* NOTIFY need not repeat what has not changed. */
    if (uid_validity == 0)
        uid_validity = imap->also_validity;
    if (uid_validity != 0 && next_uid != 0)
        note(imap, uid_validity, next_uid);
}

void coi_imap_status_take_lines(CoiImap *imap, const char *answer)
{
    static const char key[] = "* STATUS ";
    if (imap->also == NULL)
        return;
    for (const char *at = answer; at != NULL && *at != '\0';) {
        if (g_ascii_strncasecmp(at, key, sizeof key - 1) == 0)
            coi_imap_status_take(imap, at + sizeof key - 1);
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
}

void coi_imap_status_watch(CoiImap *imap, const char *also)
{
    g_free(imap->also);
    imap->also = g_strcmp0(also, imap->selected) == 0 ? NULL : g_strdup(also);
    imap->also_known = imap->also_changed = imap->also_told = FALSE;
    imap->also_validity = imap->also_next = 0;
}

/* Names that a server could only give as a literal can't be told of in IDLE, which is read line by line. */
static gboolean can_be_told(const CoiImap *imap)
{
    if (imap->no_notify || !coi_imap_has(imap, "NOTIFY"))
        return FALSE;
    for (const char *at = imap->also; *at != '\0'; at++)
        if (*at < 0x20 || *at > 0x7e || strchr("\"\\%*", *at) != NULL)
            return FALSE;
    return TRUE;
}

gboolean coi_imap_status_ask(CoiImap *imap, GError **error)
{
    g_autofree char *name = coi_imap_quote(imap->also, NULL);
    if (name == NULL) {
        note(imap, 0, 0);
        return TRUE;
    }
    gboolean told = imap->also_told, good;
    if (!told && can_be_told(imap)) {
        g_autofree char *notify = g_strdup_printf("NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) "
                                                  "(MAILBOXES %s (MessageNew MessageExpunge))",
                                                  name);
        /* Dovecot may answer what comes behind it first: nothing is sent until it has answered. */
        if (!coi_imap_try_answer(imap, coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, notify), &told, error))
            return FALSE;
        imap->no_notify |= !told;
    }
    g_autofree char *status = g_strdup_printf("STATUS %s (UIDNEXT UIDVALIDITY)", name);
    if (!coi_imap_try_answer(imap, coi_imap_send(imap, COI_IMAP_TIMEOUT_COMMAND, status), &good, error))
        return FALSE;
    imap->also_told = told && good;
    if (!good && (imap->code == NULL || !g_strv_contains(passing_codes, imap->code)))
        note(imap, 0, 0);
    return TRUE;
}
