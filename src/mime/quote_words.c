#include "mime/quote_words.h"

#include "mime/text.h"

#include <string.h>

/* Longer lines introduce nothing. */
#define LIMIT_WORDS 600
/* A label of a header block. */
#define LIMIT_LABEL 48

/* "wrote", whoever did and in whatever tense. */
static const char *const verbs[] = {
    "wrote", "writes", "schrieb", "geschrieben", "schreibt", "a écrit", "a ecrit", "écrit", "escribió", "escribio", "escribe", "scritto",
    "scrive", "schreef", "geschreven", "schrijft", "napisał", "pisze", "napisano", "escreveu", "escreve", "написал", "пишет", "писал",
    "のメール", "書きました", "写道", "寫道", "写到", "寫到",
    /* and in more of their languages */
    "skrev", "kirjoitti", "napsal", "napísal", "írta", "yazdı", "작성", "написа", "пише", "έγραψε", "a scris", "va escriure", "đã viết",
    "menulis", "כתב", "كتب", "napisao", "rašė", "kirjutas",
};

/* How a wrapped attribution begins. */
static const char *const openings[] = {
    "on ", "at ", "am ", "le ", "el ", "il ", "in data ", "op ", "w dniu ", "dnia ", "em ", "a ", "den ", "dne ", "wiadomość napisana ", "在 ",
    "quoting ", "zitat von ", "citando ", "citando a ", "quota ", "citeren ",
};

/* Those that need no verb. */
static const char *const quoting[] = {"quoting ", "zitat von ", "citando ", "citeren ", "quota ", "cytowanie "};

typedef struct {
    const char *word;
    CoiLabel label;
} Label;

static const Label labels[] = {
    {"from", COI_LABEL_FROM},       {"von", COI_LABEL_FROM},         {"de", COI_LABEL_FROM},           {"da", COI_LABEL_FROM},
    {"van", COI_LABEL_FROM},        {"od", COI_LABEL_FROM},          {"от", COI_LABEL_FROM},           {"от кого", COI_LABEL_FROM},
    {"差出人", COI_LABEL_FROM},     {"送信者", COI_LABEL_FROM},      {"发件人", COI_LABEL_FROM},       {"寄件者", COI_LABEL_FROM},
    {"寄件人", COI_LABEL_FROM},     {"från", COI_LABEL_FROM},        {"fra", COI_LABEL_FROM},          {"expéditeur", COI_LABEL_FROM},
    {"remitente", COI_LABEL_FROM},  {"mittente", COI_LABEL_FROM},    {"afzender", COI_LABEL_FROM},     {"nadawca", COI_LABEL_FROM},
    {"remetente", COI_LABEL_FROM},  {"отправитель", COI_LABEL_FROM}, {"lähettäjä", COI_LABEL_FROM},    {"feladó", COI_LABEL_FROM},
    {"kimden", COI_LABEL_FROM},     {"odesílatel", COI_LABEL_FROM},  {"sent", COI_LABEL_DATE},         {"date", COI_LABEL_DATE},
    {"gesendet", COI_LABEL_DATE},   {"datum", COI_LABEL_DATE},       {"envoyé", COI_LABEL_DATE},       {"envoyé le", COI_LABEL_DATE},
    {"enviado", COI_LABEL_DATE},    {"enviado el", COI_LABEL_DATE},  {"fecha", COI_LABEL_DATE},        {"inviato", COI_LABEL_DATE},
    {"data", COI_LABEL_DATE},       {"verzonden", COI_LABEL_DATE},   {"wysłano", COI_LABEL_DATE},      {"wysłane", COI_LABEL_DATE},
    {"enviada em", COI_LABEL_DATE}, {"enviado em", COI_LABEL_DATE},  {"enviada", COI_LABEL_DATE},      {"отправлено", COI_LABEL_DATE},
    {"дата", COI_LABEL_DATE},       {"送信日時", COI_LABEL_DATE},    {"日時", COI_LABEL_DATE},         {"日付", COI_LABEL_DATE},
    {"发送时间", COI_LABEL_DATE},   {"发送日期", COI_LABEL_DATE},    {"日期", COI_LABEL_DATE},         {"時間", COI_LABEL_DATE},
    {"寄件日期", COI_LABEL_DATE},   {"skickat", COI_LABEL_DATE},     {"sendt", COI_LABEL_DATE},        {"lähetetty", COI_LABEL_DATE},
    {"odesláno", COI_LABEL_DATE},   {"küldve", COI_LABEL_DATE},      {"дата отправки", COI_LABEL_DATE}, {"tarih", COI_LABEL_DATE},
    {"to", COI_LABEL_TO},           {"an", COI_LABEL_TO},            {"à", COI_LABEL_TO},              {"a", COI_LABEL_TO},
    {"para", COI_LABEL_TO},         {"aan", COI_LABEL_TO},           {"do", COI_LABEL_TO},             {"кому", COI_LABEL_TO},
    {"宛先", COI_LABEL_TO},         {"收件人", COI_LABEL_TO},        {"收件者", COI_LABEL_TO},         {"till", COI_LABEL_TO},
    {"til", COI_LABEL_TO},          {"vastaanottaja", COI_LABEL_TO}, {"komu", COI_LABEL_TO},           {"címzett", COI_LABEL_TO},
    {"destinataire", COI_LABEL_TO}, {"destinatario", COI_LABEL_TO},  {"kime", COI_LABEL_TO},           {"pour", COI_LABEL_TO},
    {"cc", COI_LABEL_CC},           {"kopie", COI_LABEL_CC},         {"copie", COI_LABEL_CC},          {"dw", COI_LABEL_CC},
    {"копия", COI_LABEL_CC},        {"抄送", COI_LABEL_CC},          {"副本", COI_LABEL_CC},           {"subject", COI_LABEL_SUBJECT},
    {"betreff", COI_LABEL_SUBJECT}, {"objet", COI_LABEL_SUBJECT},    {"asunto", COI_LABEL_SUBJECT},    {"oggetto", COI_LABEL_SUBJECT},
    {"onderwerp", COI_LABEL_SUBJECT}, {"temat", COI_LABEL_SUBJECT},  {"assunto", COI_LABEL_SUBJECT},   {"тема", COI_LABEL_SUBJECT},
    {"件名", COI_LABEL_SUBJECT},    {"主题", COI_LABEL_SUBJECT},     {"主旨", COI_LABEL_SUBJECT},      {"ämne", COI_LABEL_SUBJECT},
    {"emne", COI_LABEL_SUBJECT},    {"aihe", COI_LABEL_SUBJECT},     {"předmět", COI_LABEL_SUBJECT},   {"tárgy", COI_LABEL_SUBJECT},
    {"konu", COI_LABEL_SUBJECT},
};

/* Between dashes. */
static const char *const originals[] = {
    "original message", "original", "ursprüngliche nachricht", "originalnachricht", "original-nachricht", "originalmeldung",
    "message d'origine", "message d’origine", "message original", "message initial", "mensaje original", "messaggio originale",
    "oorspronkelijk bericht", "original-bericht", "oryginalna wiadomość", "wiadomość oryginalna", "treść oryginalnej wiadomości",
    "mensagem original", "исходное сообщение", "исходное письмо", "оригинальное сообщение", "元のメッセージ", "原始邮件", "邮件原件", "原邮件",
    "原始郵件", "原始訊息", "reply message", "originalmeddelande", "alkuperäinen viesti",
};

/* Between dashes, or alone before a colon. */
static const char *const forwards[] = {
    "forwarded message", "begin forwarded message", "weitergeleitete nachricht", "weitergeleitete mail", "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail", "message transféré", "message réexpédié", "début du message transféré", "début du message réexpédié",
    "mensaje reenviado", "inicio del mensaje reenviado", "messaggio inoltrato", "inizio messaggio inoltrato", "inizio del messaggio inoltrato",
    "doorgestuurd bericht", "begin doorgestuurd bericht", "przekazana wiadomość", "wiadomość przekazana", "przekazywana wiadomość",
    "treść przekazanej wiadomości", "początek przekazywanej wiadomości", "mensagem encaminhada", "mensagem reencaminhada",
    "início da mensagem encaminhada", "início da mensagem reencaminhada", "пересылаемое сообщение", "пересланное сообщение",
    "перенаправленное сообщение", "начало переадресованного сообщения", "начало пересылаемого сообщения", "転送メッセージ",
    "転送されたメッセージ", "转发邮件信息", "转发的邮件", "转发的消息", "开始转发的邮件", "下面是被转发的邮件", "下面是转发的邮件", "轉寄郵件",
    "轉寄的郵件", "以下是轉寄的信件", "vidarebefordrat meddelande", "videresendt meddelelse", "välitetty viesti",
};

/* What phones and their programs write under a mail begins so, or ends so, … */
static const char *const mobile_begins[] = {
    "sent from", "sent with", "sent via", "sent using", "get outlook for", "von meinem", "von meiner", "gesendet von", "gesendet mit",
    "gesendet über", "diese nachricht wurde von meinem", "outlook für", "holen sie sich outlook", "laden sie outlook", "hol dir outlook",
    "envoyé de", "envoyé depuis", "envoyé à partir", "envoyé avec", "télécharger outlook", "obtenir outlook", "obtenez outlook",
    "provenance : courrier", "enviado desde", "enviado de", "enviado do", "enviado pelo", "enviado a partir", "enviado con", "enviado com",
    "obtener outlook", "obtén outlook", "descargar outlook", "obter o outlook", "obtenha o outlook", "baixe o outlook", "inviato da",
    "inviato con", "scarica outlook", "ottieni outlook", "verstuurd vanaf", "verzonden vanaf", "verzonden via", "verzonden met",
    "verstuurd met", "outlook voor", "outlook downloaden", "download outlook", "wysłane z", "wysłano z", "wysłane przez", "pobierz outlook",
    "pobierz aplikację outlook", "uzyskaj outlook", "отправлено с", "отправлено из", "получить outlook", "скачать outlook", "загрузить outlook",
    "发自", "發自", "发送自", "從我的", "从我的", "来自我的", "來自我的", "下载适用于", "获取适用于", "获取 outlook", "取得 outlook", "从 windows",
    "從 windows",
};
static const char *const mobile_ends[] = {"から送信", "から送信されました", "を入手", "を入手する"};

/* … and names one of these. */
static const char *const mobile_names[] = {
    "iphone", "ipad", "ipod", "android", "galaxy", "samsung", "huawei", "honor", "xiaomi", "redmi", "oneplus", "oppo", "vivo", "pixel", "nokia",
    "xperia", "motorola", "blackberry", "smartphone", "windows phone", "mobile", "mobil", "handy", "phone", "tablet", "téléphone", "telefon",
    "telefono", "teléfono", "móvil", "cellulare", "telefoon", "celular", "telemóvel", "телефон", "смартфон", "мобильн", "手机", "手機",
    "スマートフォン", "outlook", "yahoo", "mail for windows", "mail für windows", "windows mail", "courrier pour windows", "windows 版", "windows 10",
    "gmx", "web.de", "t-online", "freenet", "proton", "aqua mail", "bluemail", "k-9", "fairemail", "thunderbird for", "mymail", "mail.ru",
    "яндекс", "yandex", "apple watch", "vodafone", "telekom", "orange", "qq邮箱", "网易邮箱", "spark", "edison mail", "canary", "tutanota",
    "tuta",
};

char *coi_quote_normal(const char *text, gsize length)
{
    GString *out;
    gboolean gap = FALSE;
    char *lower;

    if (length > LIMIT_WORDS)
        return NULL;
    out = g_string_sized_new(length);
    for (const char *p = text; p < text + length; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (coi_text_is_space(c) && !(c >= 0x200B && c <= 0x200F) && c != 0xFEFF && c != 0xAD) {
            gap = TRUE;
        } else if (c != '*' && !coi_text_is_space(c)) {
            if (gap && out->len > 0)
                g_string_append_c(out, ' ');
            gap = FALSE;
            g_string_append_len(out, p, g_utf8_next_char(p) - p);
        }
    }
    lower = g_utf8_strdown(out->str, (gssize)out->len);
    g_string_free(out, TRUE);
    return lower;
}

static gboolean holds_any(const char *text, const char *const *words, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (strstr(text, words[i]) != NULL)
            return TRUE;
    return FALSE;
}

static gboolean begins_with_any(const char *text, const char *const *words, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (g_str_has_prefix(text, words[i]))
            return TRUE;
    return FALSE;
}

/* A year, or "24.11.26", or a time of the day. */
static gboolean has_date(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        gsize digits = 0;

        if (!g_ascii_isdigit(*p) || (p > text && g_ascii_isdigit(p[-1])))
            continue;
        while (g_ascii_isdigit(p[digits]))
            digits++;
        if (digits == 4 && (strncmp(p, "19", 2) == 0 || strncmp(p, "20", 2) == 0))
            return TRUE;
        if (digits <= 2 && strchr(":./-h", p[digits]) != NULL && p[digits] != '\0' && g_ascii_isdigit(p[digits + 1]))
            return TRUE;
    }
    return FALSE;
}

static gboolean has_address(const char *text)
{
    const char *at = strchr(text, '@');

    return at != NULL && at > text && g_ascii_isalnum(at[-1]) && g_ascii_isalnum(at[1]);
}

/* Its brackets are closed: an attribution that was wrapped begins in the line before. */
static gboolean is_balanced(const char *text)
{
    int open = 0;

    for (; *text != '\0'; text++)
        open += (*text == '<') - (*text == '>');
    return open == 0;
}

static gboolean ends_with_colon(const char *text)
{
    return g_str_has_suffix(text, ":") || g_str_has_suffix(text, "：");
}

/* "Alice wrote:", but not "as you wrote:", which is the writer's own. */
static gboolean is_name_and_verb(const char *normal)
{
    static const char *const own[] = {"i ",   "you ", "he ",   "she ", "we ",  "they ", "as ",  "who ",  "ich ", "du ",  "er ",  "sie ", "wir ",
                                      "wie ", "man ", "je ",   "tu ",  "il ",  "elle ", "vous ", "on ",  "comme ", "como ", "come ", "yo ",
                                      "io ",  "ik ",  "jij ",  "hij ", "zoals ", "ja ", "jak ", "eu ",   "я ",   "ты ",  "он ",  "вы ",  "как "};
    guint spaces = 0;

    for (const char *p = normal; *p != '\0'; p++)
        spaces += *p == ' ';
    return spaces <= 4 && !begins_with_any(normal, own, G_N_ELEMENTS(own));
}

CoiAttribution coi_quote_attribution(const char *normal)
{
    gboolean verb, date, address;

    if (!ends_with_colon(normal) || !is_balanced(normal))
        return COI_ATTRIBUTION_NONE;
    verb = holds_any(normal, verbs, G_N_ELEMENTS(verbs)) || begins_with_any(normal, quoting, G_N_ELEMENTS(quoting));
    date = has_date(normal);
    address = has_address(normal);
    if (verb && date && address)
        return COI_ATTRIBUTION_FULL;
    if (date && (verb || (address && strchr(normal, '<') != NULL)))
        return COI_ATTRIBUTION_DATED;
    return verb && (address || is_name_and_verb(normal)) ? COI_ATTRIBUTION_WEAK : COI_ATTRIBUTION_NONE;
}

gboolean coi_quote_is_continued(const char *normal)
{
    return !is_balanced(normal) || begins_with_any(normal, verbs, G_N_ELEMENTS(verbs));
}

gboolean coi_quote_begins_attribution(const char *normal)
{
    return begins_with_any(normal, openings, G_N_ELEMENTS(openings));
}

CoiLabel coi_quote_label(const char *text, gsize length)
{
    const char *limit = text + MIN(length, LIMIT_LABEL);
    const char *end = text;
    g_autofree char *normal = NULL;

    while (end < limit && *end != ':' && strncmp(end, "：", strlen("：")) != 0)
        end = g_utf8_next_char(end);
    if (end >= limit || end == text)
        return COI_LABEL_NONE;
    normal = coi_quote_normal(text, (gsize)(end - text));
    g_strchomp(normal);
    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
        if (strcmp(labels[i].word, normal) == 0)
            return labels[i].label;
    return COI_LABEL_NONE;
}

/* What stands between dashes, whatever follows them; NULL when there are less than three in front. Owned by the caller. */
static char *between_dashes(const char *normal)
{
    const char *inside = normal + strspn(normal, "-_=");
    const char *end = strstr(inside, "--");

    if (inside < normal + 3)
        return NULL;
    return g_strstrip(g_strdelimit(g_strndup(inside, end != NULL ? (gsize)(end - inside) : strlen(inside)), "_=:", ' '));
}

static gboolean is_any(const char *text, const char *const *words, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return TRUE;
    return FALSE;
}

gboolean coi_quote_is_original(const char *normal)
{
    g_autofree char *inside = between_dashes(normal);
    g_autofree char *attribution = inside != NULL ? g_strconcat(inside, ":", NULL) : NULL; /* Zoho's */

    return inside != NULL &&
           (is_any(inside, originals, G_N_ELEMENTS(originals)) || coi_quote_attribution(attribution) == COI_ATTRIBUTION_FULL);
}

gboolean coi_quote_is_forward(const char *normal)
{
    g_autofree char *inside = between_dashes(normal);
    gsize length;

    if (inside != NULL || !ends_with_colon(normal))
        return inside != NULL && is_any(inside, forwards, G_N_ELEMENTS(forwards));
    length = strlen(normal) - (g_str_has_suffix(normal, ":") ? 1 : strlen("："));
    inside = g_strchomp(g_strndup(normal, length));
    return is_any(inside, forwards, G_N_ELEMENTS(forwards));
}

gboolean coi_quote_is_mobile(const char *normal)
{
    const char *text = normal + strspn(normal, "[(<_~ ");
    gboolean frame = begins_with_any(text, mobile_begins, G_N_ELEMENTS(mobile_begins));

    for (gsize i = 0; i < G_N_ELEMENTS(mobile_ends) && !frame; i++)
        frame = strstr(text, mobile_ends[i]) != NULL;
    return frame && strlen(text) <= 160 && holds_any(text, mobile_names, G_N_ELEMENTS(mobile_names));
}
