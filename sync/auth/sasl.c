/* SPDX-License-Identifier: MIT */
#include "sync/auth/sasl.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

bool sasl_plain(const char *authzid, const char *authcid, const char *password,
                struct buffer *base64)
{
    struct buffer message;
    bool is_done = false;
    buffer_init_secret(&message, 128 * 1024);
    buffer_append_str(&message, authzid);
    buffer_append_byte(&message, '\0');
    buffer_append_str(&message, authcid);
    buffer_append_byte(&message, '\0');
    buffer_append_str(&message, password);
    if (!message.has_failed) {
        size_t size = (message.used + 2) / 3 * 4;
        unsigned char *to = buffer_reserve(base64, size + 1);
        if (to != NULL && EVP_EncodeBlock(to, message.data, (int)message.used) == (int)size) {
            buffer_commit(base64, size);
            is_done = true;
        }
    }
    buffer_deinit(&message);
    return is_done;
}
