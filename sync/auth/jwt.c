/* SPDX-License-Identifier: MIT */
#include "sync/auth/jwt.h"

#include <string.h>

#include <openssl/rsa.h>

#define JWT_MAX_BYTES ((size_t)64 * 1024)

void jwt_append_base64url(struct buffer *text, const void *data, size_t size)
{
    unsigned char *to = buffer_reserve(text, (size + 2) / 3 * 4 + 1);
    if (to == NULL)
        return;
    int length = EVP_EncodeBlock(to, data, (int)size);
    for (int i = 0; i < length; i++)
        to[i] = to[i] == '+' ? '-' : to[i] == '/' ? '_' : to[i];
    while (length > 0 && to[length - 1] == '=')
        length--;
    buffer_commit(text, (size_t)length);
}

bool jwt_decode_base64url(const char *text, size_t size, struct buffer *data)
{
    struct buffer padded;
    size_t padding = (4 - size % 4) % 4;
    if (size > JWT_MAX_BYTES || padding == 3)
        return false;
    buffer_init_secret(&padded, JWT_MAX_BYTES + 4);
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(&padded, text[i] == '-'   ? '+'
                                    : text[i] == '_' ? '/'
                                                     : (unsigned char)text[i]);
    buffer_append(&padded, "==", padding);
    unsigned char *to = buffer_reserve(data, size + 4);
    int length = to == NULL ? -1 : EVP_DecodeBlock(to, padded.data, (int)padded.used);
    buffer_deinit(&padded);
    if (length < (int)padding)
        return false;
    buffer_commit(data, (size_t)length - padding);
    return true;
}

static bool set_padding(EVP_PKEY_CTX *context, enum jwt_algorithm algorithm)
{
    if (algorithm == JWT_RS256)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

static bool sign(EVP_MD_CTX *context, const struct buffer *data, enum jwt_algorithm algorithm,
                 EVP_PKEY *key, struct buffer *signature)
{
    EVP_PKEY_CTX *key_context; /* belongs to `context` */
    size_t size = 0;
    if (EVP_DigestSignInit(context, &key_context, EVP_sha256(), NULL, key) <= 0 ||
        !set_padding(key_context, algorithm) ||
        EVP_DigestSign(context, NULL, &size, data->data, data->used) <= 0)
        return false;
    unsigned char *to = buffer_reserve(signature, size);
    if (to == NULL || EVP_DigestSign(context, to, &size, data->data, data->used) <= 0)
        return false;
    buffer_commit(signature, size);
    return true;
}

bool jwt_sign(const char *header, const char *claims, enum jwt_algorithm algorithm, EVP_PKEY *key,
              struct buffer *jwt)
{
    struct buffer data;
    struct buffer signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    buffer_init(&data, JWT_MAX_BYTES);
    buffer_init_secret(&signature, JWT_MAX_BYTES);
    jwt_append_base64url(&data, header, strlen(header));
    buffer_append_byte(&data, '.');
    jwt_append_base64url(&data, claims, strlen(claims));
    bool is_signed = context != NULL && !data.has_failed && EVP_PKEY_is_a(key, "RSA") &&
                     sign(context, &data, algorithm, key, &signature);
    if (is_signed) {
        buffer_append(jwt, data.data, data.used);
        buffer_append_byte(jwt, '.');
        jwt_append_base64url(jwt, signature.data, signature.used);
    }
    EVP_MD_CTX_free(context);
    buffer_deinit(&data);
    buffer_deinit(&signature);
    return is_signed && !jwt->has_failed;
}

bool jwt_append_claims(const char *jwt, struct buffer *json)
{
    const char *begin = strchr(jwt, '.');
    const char *end = begin == NULL ? NULL : strchr(begin + 1, '.');
    return end != NULL && jwt_decode_base64url(begin + 1, (size_t)(end - begin - 1), json);
}
