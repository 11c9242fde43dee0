/* SPDX-License-Identifier: MIT */
#include "sync/auth/sasl.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/str.h"

#define SASL_MAX_BYTES      ((size_t)128 * 1024)
#define CHALLENGE_MAX_BYTES 4096
#define MD5_BYTES           16

static bool append_base64(struct buffer *base64, const struct buffer *message)
{
    if (message->has_failed)
        return false;
    size_t size = (message->used + 2) / 3 * 4;
    unsigned char *to = buffer_reserve(base64, size + 1);
    if (to == NULL || EVP_EncodeBlock(to, message->data, (int)message->used) != (int)size)
        return false;
    buffer_commit(base64, size);
    return true;
}

bool sasl_plain(const char *authzid, const char *authcid, const char *password,
                struct buffer *base64)
{
    struct buffer message;
    buffer_init_secret(&message, SASL_MAX_BYTES);
    buffer_append_str(&message, authzid);
    buffer_append_byte(&message, '\0');
    buffer_append_str(&message, authcid);
    buffer_append_byte(&message, '\0');
    buffer_append_str(&message, password);
    bool is_done = append_base64(base64, &message);
    buffer_deinit(&message);
    return is_done;
}

bool sasl_external(const char *authzid, struct buffer *base64)
{
    struct buffer message;
    if (authzid[0] == '\0')
        return buffer_append_byte(base64, '=');
    buffer_init(&message, SASL_MAX_BYTES);
    buffer_append_str(&message, authzid);
    bool is_done = append_base64(base64, &message);
    buffer_deinit(&message);
    return is_done;
}

#define KEY_END '\x01'

static void append_bearer(struct buffer *message, const char *token)
{
    buffer_append_str(message, "auth=Bearer ");
    buffer_append_str(message, token);
    buffer_append_byte(message, KEY_END);
    buffer_append_byte(message, KEY_END);
}

bool sasl_xoauth2(const char *user, const char *token, struct buffer *base64)
{
    struct buffer message;
    buffer_init_secret(&message, SASL_MAX_BYTES);
    buffer_append_str(&message, "user=");
    buffer_append_str(&message, user);
    buffer_append_byte(&message, KEY_END);
    append_bearer(&message, token);
    bool is_done = append_base64(base64, &message);
    buffer_deinit(&message);
    return is_done;
}

/* In a GS2 header "," and "=" are written in hex (RFC 5801 section 4). */
static void append_saslname(struct buffer *message, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == ',')
            buffer_append_str(message, "=2C");
        else if (*name == '=')
            buffer_append_str(message, "=3D");
        else
            buffer_append_byte(message, (unsigned char)*name);
    }
}

bool sasl_oauthbearer(const char *user, const char *host, unsigned int port, const char *token,
                      struct buffer *base64)
{
    struct buffer message;
    buffer_init_secret(&message, SASL_MAX_BYTES);
    buffer_append_str(&message, "n,a=");
    append_saslname(&message, user);
    buffer_printf(&message, ",%chost=%s%cport=%u%c", KEY_END, host, KEY_END, port, KEY_END);
    append_bearer(&message, token);
    bool is_done = append_base64(base64, &message);
    buffer_deinit(&message);
    return is_done;
}

/* Its size, or -1. OpenSSL counts padding as zero bytes. */
static int decode_base64(const char *text, size_t size, unsigned char *to)
{
    int decoded = EVP_DecodeBlock(to, (const unsigned char *)text, (int)size);
    for (size_t i = size; decoded > 0 && i > 0 && text[i - 1] == '=' && size - i < 2; i--)
        decoded--;
    return decoded;
}

bool sasl_cram_md5(const char *user, const char *password, const char *challenge, size_t size,
                   struct buffer *base64)
{
    unsigned char decoded[CHALLENGE_MAX_BYTES];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_size = 0;
    struct buffer message;
    size_t password_size = strlen(password);
    if (size > sizeof(decoded) || password_size > INT_MAX)
        return false;
    int decoded_size = decode_base64(challenge, size, decoded);
    if (decoded_size < 0 ||
        HMAC(EVP_md5(), password, (int)password_size, decoded, (size_t)decoded_size, digest,
             &digest_size) == NULL ||
        digest_size != MD5_BYTES)
        return false;
    buffer_init_secret(&message, SASL_MAX_BYTES);
    buffer_printf(&message, "%s ", user);
    for (size_t i = 0; i < MD5_BYTES; i++)
        buffer_printf(&message, "%02x", digest[i]);
    OPENSSL_cleanse(digest, sizeof(digest));
    bool is_done = append_base64(base64, &message);
    buffer_deinit(&message);
    return is_done;
}

void sasl_append_challenge(const char *challenge, size_t size, struct buffer *text)
{
    unsigned char decoded[CHALLENGE_MAX_BYTES];
    int decoded_size = size > sizeof(decoded) ? -1 : decode_base64(challenge, size, decoded);
    if (decoded_size > 0)
        str_append_printable(text, (const char *)decoded, (size_t)decoded_size);
}
