/* SPDX-License-Identifier: MIT */
#include "report/look.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/str.h"

static bool begins_with(const struct buffer *data, size_t offset, const char *magic, size_t size)
{
    return data->used >= offset + size && memcmp(data->data + offset, magic, size) == 0;
}

/* An XML declaration or a comment may stand before the element. */
static bool is_svg(struct buffer *data)
{
    const char *text = buffer_str(data);
    text += strspn(text, " \t\r\n");
    return text[0] == '<' && str_is_utf8(text, strlen(text)) && strstr(text, "<svg") != NULL;
}

/* NULL: no picture that every browser shows. */
static const char *picture_type(struct buffer *data)
{
    if (begins_with(data, 0, "\x89PNG\r\n\x1a\n", 8))
        return "image/png";
    if (begins_with(data, 0, "\xff\xd8\xff", 3))
        return "image/jpeg";
    if (begins_with(data, 0, "GIF8", 4))
        return "image/gif";
    if (begins_with(data, 0, "RIFF", 4) && begins_with(data, 8, "WEBP", 4))
        return "image/webp";
    return is_svg(data) ? "image/svg+xml" : NULL;
}

/* Base64 in one piece. */
static bool append_base64(struct buffer *text, const struct buffer *data)
{
    unsigned char *room = buffer_reserve(text, (data->used + 2) / 3 * 4 + 1);
    if (room == NULL)
        return false;
    buffer_commit(text, (size_t)EVP_EncodeBlock(room, data->data, (int)data->used));
    return true;
}

bool look_read_logo(const char *path, struct buffer *url, struct fault *fault_r)
{
    struct buffer data;
    buffer_init(&data, LOOK_LOGO_MAX_BYTES + 1);
    bool is_ok = file_read_limited(path, LOOK_LOGO_MAX_BYTES, &data, fault_r);
    const char *type = is_ok ? picture_type(&data) : NULL;
    if (is_ok && type == NULL)
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "--logo %s is no picture that can be shown; use PNG, JPEG, GIF, WebP or SVG",
                  path);
    is_ok = type != NULL && buffer_printf(url, "data:%s;base64,", type) &&
            append_base64(url, &data);
    buffer_deinit(&data);
    return is_ok;
}
