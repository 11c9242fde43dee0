/* SPDX-License-Identifier: MIT */
#include "sync/ssl_args.h"

#include <string.h>

#include <openssl/ssl.h>

#include "base/str.h"

#define ARGS_MAX_BYTES ((size_t)64 * 1024)

struct args {
    int side;
    struct tls_options *options;
    struct buffer *faults;
    bool has_failed;
};

static void args_fail(struct args *args, const char *name, const char *key, const char *sentence)
{
    buffer_printf(args->faults, "%s%d", name, args->side);
    if (key[0] != '\0') {
        buffer_append_byte(args->faults, ' ');
        str_append_printable(args->faults, key, strlen(key));
    }
    buffer_printf(args->faults, " %s\n", sentence);
    args->has_failed = true;
}

/* -- versions -- */

static const struct {
    const char *name;
    int version;
} versions[] = {
    {"TLSv1", TLS1_VERSION},     {"TLSv1_1", TLS1_1_VERSION}, {"TLSv11", TLS1_1_VERSION},
    {"TLSv1_2", TLS1_2_VERSION}, {"TLSv12", TLS1_2_VERSION},  {"TLSv1_3", TLS1_3_VERSION},
    {"TLSv13", TLS1_3_VERSION},
};

/* "SSLv23" is Perl's word for any version; what is spoken only on demand may be taken away. */
static bool is_any_version(const char *value)
{
    static const char *const parts[] = {"SSLv23", "!SSLv2",   "!SSLv3",
                                        "!TLSv1", "!TLSv1_1", "!TLSv11"};
    while (true) {
        size_t size = strcspn(value, ":");
        bool is_known = false;
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
            is_known = is_known || str_iequals_n(value, size, parts[i]);
        if (!is_known || value[size] == '\0')
            return is_known;
        value += size + 1;
    }
}

static bool set_version(struct tls_options *options, const char *value)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (str_iequals(value, versions[i].name)) {
            options->only_version = versions[i].version;
            return true;
        }
    }
    return is_any_version(value);
}

/* -- one argument -- */

static bool set_verify_mode(struct tls_options *options, const char *value)
{
    static const char *const none[] = {"0", "0x00", "SSL_VERIFY_NONE"};
    static const char *const peer[] = {"1", "0x01", "SSL_VERIFY_PEER"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        if (str_iequals(value, none[i]))
            options->is_unverified = true;
        else if (str_iequals(value, peer[i]))
            options->is_unverified = false;
        else
            continue;
        return true;
    }
    return false;
}

static const char **text_of(struct tls_options *options, const char *key)
{
    return strcmp(key, "SSL_ca_file") == 0       ? &options->cafile
           : strcmp(key, "SSL_ca_path") == 0     ? &options->capath
           : strcmp(key, "SSL_cert_file") == 0   ? &options->cert_file
           : strcmp(key, "SSL_key_file") == 0    ? &options->key_file
           : strcmp(key, "SSL_cipher_list") == 0 ? &options->ciphers
           : strcmp(key, "SSL_hostname") == 0    ? &options->host
                                                 : NULL;
}

static void args_take(struct args *args, const char *key, const char *value)
{
    const char **text = text_of(args->options, key);
    if (text != NULL && value[0] == '\0')
        args_fail(args, "sslargs", key, "wants a value");
    else if (text == &args->options->cafile && *text != NULL && strcmp(*text, value) != 0)
        args_fail(args, "sslargs", key, "and cafile name two files; one is enough");
    else if (text != NULL)
        *text = value;
    else if (strcmp(key, "SSL_verify_mode") == 0) {
        if (!set_verify_mode(args->options, value))
            args_fail(args, "sslargs", key, "wants 1 (check the certificate) or 0");
    } else if (strcmp(key, "SSL_version") == 0) {
        if (!set_version(args->options, value))
            args_fail(args, "sslargs", key, "wants TLSv1_3, TLSv1_2, TLSv1_1, TLSv1 or SSLv23");
    } else if (strcmp(key, "SSL_verifycn_scheme") == 0) {
        if (!str_iequals(value, "imap") && !str_iequals(value, "default"))
            args_fail(args, "sslargs", key, "is always imap's; SSL_verify_mode=0 checks nothing");
    } else {
        args_fail(args, "sslargs", key,
                  "is not known; those that are: SSL_ca_file, SSL_ca_path, SSL_cert_file, "
                  "SSL_key_file, SSL_cipher_list, SSL_hostname, SSL_verify_mode, SSL_version");
    }
}

#define KEY_SIZE 64

static void args_split(struct args *args, const char *item)
{
    char key[KEY_SIZE];
    size_t size = strcspn(item, "=");
    if (item[size] == '\0' || size == 0 || size >= sizeof(key)) {
        args_fail(args, "sslargs", "", "wants KEY=VALUE, as in SSL_verify_mode=1");
        return;
    }
    memcpy(key, item, size);
    key[size] = '\0';
    args_take(args, key, item + size + 1);
}

bool ssl_args_read(const struct settings *settings, int side, struct tls_options *options_r,
                   struct buffer *faults)
{
    const struct settings_side *own = &settings->side[side - 1];
    struct args args = {side, options_r, faults, false};
    memset(options_r, 0, sizeof(*options_r));
    options_r->cafile = own->cafile;
    options_r->cert_file = own->tlscert;
    options_r->key_file = own->tlskey;
    options_r->pins = &own->tlspin;
    for (size_t i = 0; i < own->tlspin.count; i++) {
        unsigned char pin[TLS_PIN_BYTES];
        if (!tls_pin_read(own->tlspin.items[i], pin))
            args_fail(
                &args, "tlspin", "",
                "wants the SHA-256 of the server's public key, 64 digits in hexadecimal or 44 "
                "characters of base64; see the manual for how to find it");
    }
    for (size_t i = 0; i < own->sslargs.count; i++)
        args_split(&args, own->sslargs.items[i]);
    if (own->ssl_version != NULL && !set_version(options_r, own->ssl_version))
        args_fail(&args, "ssl", "", "ssl_version wants TLSv1_3, TLSv1_2, TLSv1_1, TLSv1 or SSLv23");
    if ((options_r->cert_file == NULL) != (options_r->key_file == NULL) &&
        options_r->cert_file == NULL) {
        bool is_arg = own->tlskey == NULL;
        args_fail(&args, is_arg ? "sslargs" : "tlskey", is_arg ? "SSL_key_file" : "",
                  is_arg ? "is of use with SSL_cert_file only" : "is of use with tlscert only");
    }
    return !args.has_failed;
}

/* They are checked elsewhere. */
static void args_read_quietly(const struct settings *settings, int side,
                              struct tls_options *options_r)
{
    struct buffer faults;
    buffer_init(&faults, ARGS_MAX_BYTES);
    (void)ssl_args_read(settings, side, options_r, &faults);
    buffer_deinit(&faults);
}

bool ssl_args_have_certificate(const struct settings *settings, int side)
{
    struct tls_options options;
    args_read_quietly(settings, side, &options);
    return options.cert_file != NULL;
}

bool ssl_args_believe_all(const struct settings *settings, int side)
{
    struct tls_options options;
    args_read_quietly(settings, side, &options);
    return tls_options_believe_all(&options);
}
