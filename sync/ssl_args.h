/* SPDX-License-Identifier: MIT
 * --sslargs1/2, --ssl1_ssl_version, --cafile1/2, --tlspin1/2, --tlscert1/2 and --tlskey1/2 as
 * options of TLS. Pure. */
#ifndef SYNC_SSL_ARGS_H
#define SYNC_SSL_ARGS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "sync/imap/tls.h"
#include "sync/settings.h"

/* What a side's settings ask for. The strings of *options_r are the settings'. Of imapsync's
   arguments (IO::Socket::SSL's) it knows SSL_ca_file, SSL_ca_path, SSL_cert_file, SSL_key_file,
   SSL_cipher_list, SSL_hostname, SSL_verify_mode, SSL_verifycn_scheme and SSL_version; for any
   other, and for a value that can't be, it appends a sentence to `faults` that begins with the
   setting's name, and returns false. */
bool ssl_args_read(const struct settings *settings, int side, struct tls_options *options_r,
                   struct buffer *faults);

/* Whether a certificate of our own is shown to that side. */
bool ssl_args_have_certificate(const struct settings *settings, int side);
/* Whether that side need not prove who it is. */
bool ssl_args_believe_all(const struct settings *settings, int side);

#endif
