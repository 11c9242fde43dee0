/* SPDX-License-Identifier: MIT */
#include "sync/auth/assertion.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "sync/auth/jwt.h"

#define FILE_MAX_BYTES   ((size_t)256 * 1024)
#define CLIENT_SECS      300
#define SERVICE_SECS     3600
#define THUMBPRINT_BYTES 32

static bool refuse(struct fault *fault_r, const struct profile *profile, const char *what,
                   const char *path, const char *sentence)
{
    ERR_clear_error();
    fault_set(fault_r, FAULT_SECRET, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
              "profile %s: %s \"%s\" %s", profile->name, what, path, sentence);
    return false;
}

/* -- keys -- */

/* A key with a pass phrase is not asked for: nobody sits there at night. */
static int no_pass_phrase(char *to, int size, int is_writing, void *context)
{
    (void)to;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

static EVP_PKEY *key_of_pem(const void *pem, size_t size)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
    BIO_free(bio);
    return key;
}

static bool read_secret_file(const char *path, struct buffer *content, struct fault *fault_r)
{
    buffer_init_secret(content, FILE_MAX_BYTES);
    if (file_read_limited(path, FILE_MAX_BYTES, content, fault_r))
        return true;
    fault_r->code = FAULT_SECRET;
    fault_r->scope = FAULT_SCOPE_MAILBOX;
    return false;
}

static EVP_PKEY *read_key(const struct profile *profile, struct fault *fault_r)
{
    const char *path = profile->key != NULL ? profile->key : profile->certificate;
    struct buffer pem;
    EVP_PKEY *key = NULL;
    if (read_secret_file(path, &pem, fault_r)) {
        key = key_of_pem(pem.data, pem.used);
        if (key == NULL)
            (void)refuse(fault_r, profile, "key", path,
                         "holds no RSA key in PEM, without pass phrase");
    }
    buffer_deinit(&pem);
    return key;
}

/* The certificate's SHA-256, by which the service finds it (RFC 7515 section 4.1.8). */
static bool append_thumbprint(const struct profile *profile, struct buffer *text,
                              struct fault *fault_r)
{
    struct buffer pem;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    X509 *certificate = NULL;
    if (!read_secret_file(profile->certificate, &pem, fault_r)) {
        buffer_deinit(&pem);
        return false;
    }
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.used);
    if (bio != NULL)
        certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    bool is_done = certificate != NULL &&
                   X509_digest(certificate, EVP_sha256(), digest, &size) == 1 &&
                   size == THUMBPRINT_BYTES;
    if (is_done)
        jwt_append_base64url(text, digest, size);
    else
        (void)refuse(fault_r, profile, "certificate", profile->certificate,
                     "holds no certificate in PEM");
    X509_free(certificate);
    BIO_free(bio);
    buffer_deinit(&pem);
    return is_done;
}

/* -- signing -- */

/* Takes both objects over. */
static bool sign(json_t *header, json_t *claims, enum jwt_algorithm algorithm, EVP_PKEY *key,
                 struct buffer *jwt)
{
    char *header_text = header == NULL ? NULL : json_dumps(header, JSON_COMPACT);
    char *claims_text = claims == NULL ? NULL : json_dumps(claims, JSON_COMPACT);
    bool is_signed = header_text != NULL && claims_text != NULL &&
                     jwt_sign(header_text, claims_text, algorithm, key, jwt);
    free(header_text);
    free(claims_text);
    json_decref(header);
    json_decref(claims);
    return is_signed;
}

bool assertion_of_client(const struct profile *profile, int64_t now_secs, const char *id,
                         struct buffer *jwt, struct fault *fault_r)
{
    struct buffer thumbprint;
    bool is_rs256 = profile->algorithm != NULL && strcmp(profile->algorithm, "RS256") == 0;
    bool is_signed = false;
    buffer_init(&thumbprint, 256);
    EVP_PKEY *key = read_key(profile, fault_r);
    if (key != NULL && append_thumbprint(profile, &thumbprint, fault_r)) {
        json_t *header = json_pack("{s:s, s:s, s:s}", "alg", is_rs256 ? "RS256" : "PS256", "typ",
                                   "JWT", "x5t#S256", buffer_str(&thumbprint));
        json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud", profile->token_url,
                                   "iss", profile->client_id, "sub", profile->client_id, "jti", id,
                                   "nbf", (json_int_t)now_secs, "iat", (json_int_t)now_secs, "exp",
                                   (json_int_t)(now_secs + CLIENT_SECS));
        is_signed = sign(header, claims, is_rs256 ? JWT_RS256 : JWT_PS256, key, jwt) ||
                    refuse(fault_r, profile, "key",
                           profile->key != NULL ? profile->key : profile->certificate,
                           "is no RSA key that can sign");
    }
    EVP_PKEY_free(key);
    buffer_deinit(&thumbprint);
    return is_signed;
}

/* -- Google's key file -- */

static bool sign_for(const struct profile *profile, json_t *file, const char *mailbox,
                     int64_t now_secs, struct buffer *jwt)
{
    const char *email = json_string_value(json_object_get(file, "client_email"));
    const char *pem = json_string_value(json_object_get(file, "private_key"));
    const char *key_id = json_string_value(json_object_get(file, "private_key_id"));
    EVP_PKEY *key = email == NULL || pem == NULL ? NULL : key_of_pem(pem, strlen(pem));
    if (key == NULL)
        return false;
    json_t *header = json_pack("{s:s, s:s, s:s*}", "alg", "RS256", "typ", "JWT", "kid", key_id);
    json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "iss", email, "sub", mailbox,
                               "scope", profile->scope, "aud", profile->token_url, "iat",
                               (json_int_t)now_secs, "exp", (json_int_t)(now_secs + SERVICE_SECS));
    bool is_signed = sign(header, claims, JWT_RS256, key, jwt);
    EVP_PKEY_free(key);
    return is_signed;
}

bool assertion_of_service_account(const struct profile *profile, const char *mailbox,
                                  int64_t now_secs, struct buffer *jwt, struct fault *fault_r)
{
    struct buffer content;
    bool is_signed = false;
    if (read_secret_file(profile->service_account, &content, fault_r)) {
        json_t *file = json_loadb((const char *)content.data, content.used, 0, NULL);
        is_signed = sign_for(profile, file, mailbox, now_secs, jwt) ||
                    refuse(fault_r, profile, "service_account", profile->service_account,
                           "is not the key file (JSON) that Google gives for a service account");
        json_decref(file);
    }
    buffer_deinit(&content);
    return is_signed;
}
