#include "prpl/chain.h"

#include <stdio.h>
#include <string.h>

#include <certificate.h>
#include <util.h>
#include <glib/gstdio.h>

/* Longer chains have no honest use. */
#define CHAIN_LENGTH 10u

char *coi_chain_fingerprint(GPtrArray *chain)
{
    if (chain == NULL || chain->len == 0)
        return NULL;
    return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, g_ptr_array_index(chain, 0));
}

char *coi_chain_readable(const char *fingerprint)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; fingerprint[i] != '\0'; i++) {
        if (i > 0 && i % 2 == 0)
            g_string_append_c(text, ':');
        g_string_append_c(text, g_ascii_toupper(fingerprint[i]));
    }
    return g_string_free(text, FALSE);
}

gboolean coi_chain_is_pinned(const char *fingerprint, const char *pins)
{
    g_auto(GStrv) list = g_strsplit_set(pins != NULL ? pins : "", ",;", -1);
    for (guint i = 0; list[i] != NULL; i++) {
        gsize kept = 0;
        for (const char *p = list[i]; *p != '\0'; p++)
            if (*p != ':' && !g_ascii_isspace(*p))
                list[i][kept++] = g_ascii_tolower(*p);
        list[i][kept] = '\0';
        if (g_str_equal(list[i], fingerprint))
            return TRUE;
    }
    return FALSE;
}

static void append_pem(GString *pem, GBytes *der)
{
    gsize length;
    const guchar *data = g_bytes_get_data(der, &length);
    g_autofree char *base64 = g_base64_encode(data, length);
    g_string_append(pem, "-----BEGIN CERTIFICATE-----\n");
    for (gsize i = 0; base64[i] != '\0'; i += strnlen(base64 + i, 64))
        g_string_append_printf(pem, "%.64s\n", base64 + i);
    g_string_append(pem, "-----END CERTIFICATE-----\n");
}

/* libpurple reads certificates from files only. */
static GSList *import_pem(PurpleCertificateScheme *scheme, const GString *pem)
{
    g_autofree char *path = NULL;
    FILE *file = purple_mkstemp(&path, TRUE);
    if (file == NULL)
        return NULL;
    gboolean written = fwrite(pem->str, 1, pem->len, file) == pem->len;
    written = fclose(file) == 0 && written;
    GSList *certificates = written ? purple_certificates_import(scheme, path) : NULL;
    g_unlink(path);
    return certificates;
}

static gboolean has_fingerprint(PurpleCertificate *certificate, const char *fingerprint)
{
    GByteArray *sum = purple_certificate_get_fingerprint_sha256(certificate, FALSE);
    if (sum == NULL)
        return FALSE;
    GString *hex = g_string_new(NULL);
    for (guint i = 0; i < sum->len; i++)
        g_string_append_printf(hex, "%02x", sum->data[i]);
    gboolean same = g_str_equal(hex->str, fingerprint);
    g_string_free(hex, TRUE);
    g_byte_array_free(sum, TRUE);
    return same;
}

/* Both of libpurple's TLS plugins give the certificates in reverse order. What they left out must not make the next one
 * of the chain look like the leaf: the verdict would be about a certificate the server has no key for. */
GList *coi_chain_import(GPtrArray *chain, const char *fingerprint)
{
    PurpleCertificateScheme *scheme = purple_certificate_find_scheme("x509");
    if (scheme == NULL)
        return NULL;
    GString *pem = g_string_new(NULL);
    for (guint i = 0; i < MIN(chain->len, CHAIN_LENGTH); i++)
        append_pem(pem, g_ptr_array_index(chain, i));
    GSList *imported = import_pem(scheme, pem);
    g_string_free(pem, TRUE);

    GList *certificates = NULL;
    for (GSList *l = imported; l != NULL; l = l->next)
        certificates = g_list_prepend(certificates, l->data);
    g_slist_free(imported);
    if (certificates != NULL && has_fingerprint(certificates->data, fingerprint))
        return certificates;
    purple_certificate_destroy_list(certificates);
    return NULL;
}
