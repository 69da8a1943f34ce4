#include "net/sasl_scram.h"

#include "base/error.h"

#include <string.h>
#include <sys/random.h>

#define HASH_SIZE 32
/* Real servers ask for 4,096 to 600,000. More would keep the link, which can't be stopped meanwhile, busy for seconds.
 */
#define MAX_ITERATIONS 1000000
#define NONCE_BYTES 24

typedef enum { BEFORE_FIRST, BEFORE_PROOF, BEFORE_VERIFIER, VERIFIED, BROKEN } Stage;

struct _CoiScram {
    char *password;
    char *nonce;
    char *first_bare; /* the client's first message without the channel binding's part */
    guint8 server_signature[HASH_SIZE];
    Stage stage;
};

static void wipe_string(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

/* What SASLprep (RFC 4013) does to sane names and passwords; ASCII stays as it is. */
static char *prepare(const char *text)
{
    char *prepared = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
    return prepared != NULL ? prepared : g_strdup(text);
}

static char *escape_name(const char *login)
{
    g_autofree char *prepared = prepare(login);
    GString *name = g_string_new(NULL);
    for (const char *p = prepared; *p != '\0'; p++) {
        if (*p == '=')
            g_string_append(name, "=3D");
        else if (*p == ',')
            g_string_append(name, "=2C");
        else
            g_string_append_c(name, *p);
    }
    return g_string_free(name, FALSE);
}

CoiScram *coi_scram_new(const char *login, const char *password, const char *random_nonce, GError **error)
{
    guint8 random[NONCE_BYTES];
    if (random_nonce == NULL && getrandom(random, sizeof random, 0) != sizeof random) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL, "no random numbers");
        return NULL;
    }
    CoiScram *scram = g_new0(CoiScram, 1);
    scram->password = prepare(password);
    scram->nonce = random_nonce != NULL ? g_strdup(random_nonce) : g_base64_encode(random, sizeof random);
    g_autofree char *name = escape_name(login);
    scram->first_bare = g_strdup_printf("n=%s,r=%s", name, scram->nonce);
    return scram;
}

void coi_scram_free(CoiScram *scram)
{
    if (scram == NULL)
        return;
    wipe_string(scram->password);
    g_free(scram->nonce);
    g_free(scram->first_bare);
    explicit_bzero(scram->server_signature, HASH_SIZE);
    g_free(scram);
}

gboolean coi_scram_complete(const CoiScram *scram)
{
    return scram->stage == VERIFIED;
}

static void digest(GHmac *hmac, guint8 out[HASH_SIZE])
{
    gsize length = HASH_SIZE;
    g_hmac_get_digest(hmac, out, &length);
}

static void hmac_text(const guint8 key[HASH_SIZE], const char *text, guint8 out[HASH_SIZE])
{
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, key, HASH_SIZE);
    g_hmac_update(hmac, (const guchar *)text, (gssize)strlen(text));
    digest(hmac, out);
}

/* RFC 5802's Hi(): PBKDF2 with one block. The keyed state is made once and copied. */
static void salt_password(const char *password, const guint8 *salt, gsize salt_length, gint64 iterations,
                          guint8 out[HASH_SIZE])
{
    static const guint8 block_number[] = {0, 0, 0, 1};
    guint8 u[HASH_SIZE];
    g_autoptr(GHmac) keyed = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)password, strlen(password));
    g_autoptr(GHmac) first = g_hmac_copy(keyed);
    g_hmac_update(first, salt, (gssize)salt_length);
    g_hmac_update(first, block_number, sizeof block_number);
    digest(first, u);
    memcpy(out, u, HASH_SIZE);
    for (gint64 i = 1; i < iterations; i++) {
        g_autoptr(GHmac) next = g_hmac_copy(keyed);
        g_hmac_update(next, u, HASH_SIZE);
        digest(next, u);
        for (guint k = 0; k < HASH_SIZE; k++)
            out[k] ^= u[k];
    }
    explicit_bzero(u, sizeof u);
}

static void sha256(const guint8 in[HASH_SIZE], guint8 out[HASH_SIZE])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize length = HASH_SIZE;
    g_checksum_update(checksum, in, HASH_SIZE);
    g_checksum_get_digest(checksum, out, &length);
}

guint8 *coi_base64_decode_strict(const char *text, gsize *length)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    gsize digits = strspn(text, alphabet), padding = strspn(text + digits, "=");
    if (text[digits + padding] != '\0' || padding > 2 || (digits + padding) % 4 != 0)
        return NULL;
    guint8 *bytes = g_malloc(digits + 1);
    gint state = 0;
    guint save = 0;
    *length = g_base64_decode_step(text, digits + padding, bytes, &state, &save);
    bytes[*length] = 0;
    return bytes;
}

/* Takes the attribute "<name>=…" at *message, up to the next comma; NULL when another one stands there. */
static char *take_attribute(const char **message, char name)
{
    if ((*message)[0] != name || (*message)[1] != '=')
        return NULL;
    const char *value = *message + 2;
    gsize length = strcspn(value, ",");
    *message = value + length + (value[length] == ',');
    return g_strndup(value, length);
}

typedef struct {
    char *nonce;
    guint8 *salt;
    gsize salt_length;
    gint64 iterations;
} ServerFirst;

static void server_first_clear(ServerFirst *first)
{
    g_free(first->nonce);
    g_free(first->salt);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ServerFirst, server_first_clear)

/* "r=nonce,s=salt,i=count": the order is fixed, and an "m=" (mandatory extension) before it ends the exchange. Optional
 * extensions after it are ignored. */
static gboolean parse_server_first(const CoiScram *scram, const char *message, ServerFirst *first)
{
    first->nonce = take_attribute(&message, 'r');
    g_autofree char *salt = take_attribute(&message, 's');
    g_autofree char *count = take_attribute(&message, 'i');
    if (first->nonce == NULL || salt == NULL || count == NULL)
        return FALSE;
    /* The server's part must be there, else an old exchange could be played again. */
    if (!g_str_has_prefix(first->nonce, scram->nonce) || strlen(first->nonce) == strlen(scram->nonce))
        return FALSE;
    first->salt = coi_base64_decode_strict(salt, &first->salt_length);
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(count, 10, 1, MAX_ITERATIONS, &number, NULL))
        return FALSE;
    first->iterations = (gint64)number;
    return first->salt != NULL && first->salt_length > 0;
}

static char *prove(CoiScram *scram, const char *message, GError **error)
{
    g_auto(ServerFirst) first = {0};
    if (!parse_server_first(scram, message, &first)) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL, "SCRAM: the server's first message is wrong");
        return NULL;
    }
    guint8 salted[HASH_SIZE], client_key[HASH_SIZE], stored_key[HASH_SIZE], server_key[HASH_SIZE], signature[HASH_SIZE];
    salt_password(scram->password, first.salt, first.salt_length, first.iterations, salted);
    hmac_text(salted, "Client Key", client_key);
    hmac_text(salted, "Server Key", server_key);
    sha256(client_key, stored_key);
    /* biws is base64 of "n,,": no channel binding, no other identity. */
    g_autofree char *without_proof = g_strdup_printf("c=biws,r=%s", first.nonce);
    g_autofree char *signed_text = g_strdup_printf("%s,%s,%s", scram->first_bare, message, without_proof);
    hmac_text(stored_key, signed_text, signature);
    hmac_text(server_key, signed_text, scram->server_signature);
    for (guint k = 0; k < HASH_SIZE; k++)
        signature[k] ^= client_key[k];
    g_autofree char *proof = g_base64_encode(signature, HASH_SIZE);
    explicit_bzero(salted, sizeof salted);
    explicit_bzero(client_key, sizeof client_key);
    explicit_bzero(stored_key, sizeof stored_key);
    explicit_bzero(server_key, sizeof server_key);
    scram->stage = BEFORE_VERIFIER;
    return g_strdup_printf("%s,p=%s", without_proof, proof);
}

static char *verify(CoiScram *scram, const char *message, GError **error)
{
    g_autofree char *refusal = take_attribute(&message, 'e');
    if (refusal != NULL) {
        g_autofree char *printable = g_utf8_make_valid(refusal, -1);
        g_set_error(error, COI_ERROR, COI_ERROR_AUTH, "SCRAM: %s", printable);
        return NULL;
    }
    g_autofree char *verifier = take_attribute(&message, 'v');
    gsize length = 0;
    g_autofree guint8 *signature = verifier != NULL ? coi_base64_decode_strict(verifier, &length) : NULL;
    if (signature == NULL || length != HASH_SIZE || memcmp(signature, scram->server_signature, HASH_SIZE) != 0) {
        g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL,
                            "SCRAM: the server did not prove that it knows the password");
        return NULL;
    }
    scram->stage = VERIFIED;
    return g_strdup("");
}

char *coi_scram_step(CoiScram *scram, const char *message, GError **error)
{
    Stage stage = scram->stage;
    scram->stage = BROKEN;
    if (stage == BEFORE_FIRST && message == NULL) {
        scram->stage = BEFORE_PROOF;
        return g_strdup_printf("n,,%s", scram->first_bare);
    }
    if (stage == BEFORE_PROOF && message != NULL)
        return prove(scram, message, error);
    if (stage == BEFORE_VERIFIER && message != NULL)
        return verify(scram, message, error);
    g_set_error_literal(error, COI_ERROR, COI_ERROR_PROTOCOL, "SCRAM: a challenge out of turn");
    return NULL;
}
