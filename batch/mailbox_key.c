/* SPDX-License-Identifier: MIT */
#include "batch/mailbox_key.h"

#include "base/mem.h"
#include "base/str.h"

/* Host names ignore case, and so do the domains of addresses; a user's own part may not. */
static void append_lower(struct buffer *key, const char *text, bool is_login)
{
    bool must_lower = !is_login;
    for (; *text != '\0'; text++) {
        if (is_login && (*text == '@' || *text == '\\'))
            must_lower = *text == '@';
        buffer_append_byte(key, (unsigned char)(must_lower ? str_lower(*text) : *text));
    }
}

void mailbox_key_append(struct buffer *key, const struct settings *settings, int side)
{
    char *login = settings_login_name(settings, side);
    int64_t port = settings_port(settings, side);
    append_lower(key, settings->side[side - 1].host, false);
    if (port != 143 && port != 993)
        buffer_printf(key, ":%lld", (long long)port);
    buffer_append_byte(key, ' ');
    append_lower(key, login, true);
    mem_free(login);
}
