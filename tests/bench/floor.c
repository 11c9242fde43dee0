/* SPDX-License-Identifier: MIT
 * The least a client can do to move mail between two IMAP servers over TLS: it pipelines
 * UID FETCH 1:* on the source and passes what comes straight into MULTIAPPEND with LITERAL+ on the
 * destination. No accounting, no recovery, no limits; it relies on Dovecot's order of FETCH items.
 * So it shows what the pair of servers allows, and `make bench` measures others against it.
 *
 * floor -1 HOST:PORT -2 HOST:PORT -c CAFILE -p PASSWORD [-w WIDTH] [-b BATCH] -f FOLDER ... \
 *       SOURCE_USER:DESTINATION_USER ...
 *
 * WIDTH processes at a time, one for each pair of users. Only errors are printed. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define FOLDERS_MAX   256
#define LINE_MAX_SIZE 4096
/* Enough for one read of everything that waits, and for whole TLS records on the way out. */
#define IO_BYTES (64 * 1024)

struct floor_options {
    const char *places[2]; /* HOST:PORT of source and destination */
    const char *cafile;
    const char *password;
    long width;
    long batch; /* messages per MULTIAPPEND */
    const char *folders[FOLDERS_MAX];
    size_t folder_count;
};

struct floor_peer {
    BIO *bio; /* owns ssl */
    SSL *ssl;
    unsigned char in[IO_BYTES];
    size_t in_at;
    size_t in_used;
    unsigned char out[IO_BYTES];
    size_t out_used;
};

/* One pair of mailboxes. */
struct floor_copy {
    struct floor_peer source;
    struct floor_peer destination;
    const struct floor_options *options;
    long in_batch;    /* messages in the APPEND under way; 0: none */
    unsigned appends; /* commands sent, each to be answered */
};

__attribute__((format(printf, 1, 2), noreturn)) static void floor_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "floor: ");
    (void)vfprintf(stderr, format, args);
    (void)fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

static void floor_die_tls(const char *what)
{
    char reason[256];
    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    floor_die("%s: %s", what, reason);
}

/* -- one connection -- */

/* `place` is HOST:PORT. */
static void peer_open(struct floor_peer *peer, SSL_CTX *ctx, const char *place)
{
    int on = 1;
    peer->bio = BIO_new_ssl_connect(ctx);
    if (peer->bio == NULL || BIO_get_ssl(peer->bio, &peer->ssl) != 1 ||
        BIO_set_conn_hostname(peer->bio, place) != 1)
        floor_die_tls(place);
    const char *host = BIO_get_conn_hostname(peer->bio);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(peer->ssl), host) != 1 &&
        SSL_set1_host(peer->ssl, host) != 1)
        floor_die_tls(place);
    if (BIO_do_handshake(peer->bio) != 1)
        floor_die_tls(place);
    (void)setsockopt((int)BIO_get_fd(peer->bio, NULL), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void peer_flush(struct floor_peer *peer)
{
    if (peer->out_used > 0 && SSL_write(peer->ssl, peer->out, (int)peer->out_used) <= 0)
        floor_die_tls("SSL_write");
    peer->out_used = 0;
}

static void peer_write(struct floor_peer *peer, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    while (size > 0) {
        size_t part = IO_BYTES - peer->out_used < size ? IO_BYTES - peer->out_used : size;
        memcpy(peer->out + peer->out_used, bytes, part);
        peer->out_used += part;
        bytes += part;
        size -= part;
        if (peer->out_used == IO_BYTES)
            peer_flush(peer);
    }
}

__attribute__((format(printf, 2, 3))) static void peer_printf(struct floor_peer *peer,
                                                              const char *format, ...)
{
    char text[LINE_MAX_SIZE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof(text))
        floor_die("a command is too long");
    peer_write(peer, text, (size_t)size);
}

static void peer_fill(struct floor_peer *peer)
{
    int got = SSL_read(peer->ssl, peer->in, IO_BYTES);
    if (got <= 0)
        floor_die_tls("SSL_read");
    peer->in_at = 0;
    peer->in_used = (size_t)got;
}

/* The next line without its CRLF. */
static void peer_read_line(struct floor_peer *peer, char line_r[LINE_MAX_SIZE])
{
    size_t size = 0;
    for (;;) {
        if (peer->in_at == peer->in_used)
            peer_fill(peer);
        const unsigned char *from = peer->in + peer->in_at;
        const unsigned char *end = memchr(from, '\n', peer->in_used - peer->in_at);
        size_t part = end == NULL ? peer->in_used - peer->in_at : (size_t)(end - from) + 1;
        if (size + part >= LINE_MAX_SIZE)
            floor_die("a line is too long");
        memcpy(line_r + size, from, part);
        size += part;
        peer->in_at += part;
        if (end != NULL)
            break;
    }
    line_r[size >= 2 && line_r[size - 2] == '\r' ? size - 2 : size - 1] = '\0';
}

/* Reads up to the tagged response, which must be OK. */
static void peer_await(struct floor_peer *peer, const char *tag)
{
    char line[LINE_MAX_SIZE];
    size_t size = strlen(tag);
    do
        peer_read_line(peer, line);
    while (strncmp(line, tag, size) != 0 || line[size] != ' ');
    if (strncmp(line + size + 1, "OK", 2) != 0)
        floor_die("%s", line);
}

/* -- the copy -- */

static void copy_end_batch(struct floor_copy *copy)
{
    if (copy->in_batch > 0) {
        copy->in_batch = 0;
        copy->appends++;
        peer_write(&copy->destination, "\r\n", 2);
    }
}

/* The value behind a name in a FETCH line, up to and with `end`. */
static char *fetch_value(char *line, const char *name, char end)
{
    char *value = strstr(line, name);
    char *stop = value == NULL ? NULL : strchr(value + strlen(name), end);
    if (stop == NULL)
        floor_die("no %s in %s", name, line);
    value += strlen(name);
    *stop = '\0';
    return value;
}

/* A FETCH line that ends in the literal of BODY[]. */
static void copy_message(struct floor_copy *copy, char *line, const char *folder)
{
    struct floor_peer *source = &copy->source;
    char *literal = fetch_value(line, "BODY[] {", '}');
    char *date = fetch_value(line, "INTERNALDATE \"", '"');
    char *flags = fetch_value(line, "FLAGS (", ')');
    size_t left = (size_t)strtoul(literal, NULL, 10);
    char *recent = strstr(flags, "\\Recent"); /* the server's alone; last where no keywords are */
    if (recent != NULL)
        recent[recent > flags ? -1 : 0] = '\0';
    if (copy->in_batch++ == 0)
        peer_printf(&copy->destination, "a%u APPEND \"%s\"", copy->appends, folder);
    peer_printf(&copy->destination, " (%s) \"%s\" {%zu+}\r\n", flags, date, left);
    while (left > 0) {
        if (source->in_at == source->in_used)
            peer_fill(source);
        size_t there = source->in_used - source->in_at;
        size_t part = there < left ? there : left;
        peer_write(&copy->destination, source->in + source->in_at, part);
        source->in_at += part;
        left -= part;
    }
    if (copy->in_batch == copy->options->batch)
        copy_end_batch(copy);
}

static void copy_folder(struct floor_copy *copy, size_t number)
{
    char line[LINE_MAX_SIZE];
    char tag[32];
    int size = snprintf(tag, sizeof(tag), "f%zu ", number);
    for (;;) {
        peer_read_line(&copy->source, line);
        if (strncmp(line, tag, (size_t)size) == 0)
            break;
        if (strncmp(line, "* ", 2) == 0 && strstr(line, " FETCH (") != NULL)
            copy_message(copy, line, copy->options->folders[number]);
    }
    if (strncmp(line + size, "OK", 2) != 0)
        floor_die("%s", line);
    copy_end_batch(copy);
}

static void copy_ask(struct floor_copy *copy)
{
    const struct floor_options *options = copy->options;
    for (size_t i = 0; i < options->folder_count; i++) {
        const char *folder = options->folders[i];
        peer_printf(&copy->source,
                    "e%zu EXAMINE \"%s\"\r\n"
                    "f%zu UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n",
                    i, folder, i);
        if (strcmp(folder, "INBOX") != 0)
            peer_printf(&copy->destination, "c%zu CREATE \"%s\"\r\n", i, folder);
    }
    peer_flush(&copy->source);
}

static void copy_finish(struct floor_copy *copy)
{
    char tag[32];
    peer_flush(&copy->destination);
    for (unsigned i = 0; i < copy->appends; i++) {
        (void)snprintf(tag, sizeof(tag), "a%u", i);
        peer_await(&copy->destination, tag);
    }
    BIO_free_all(copy->source.bio);
    BIO_free_all(copy->destination.bio);
}

/* `users` is SOURCE:DESTINATION. */
static void copy_run(const struct floor_options *options, SSL_CTX *ctx, const char *users)
{
    struct floor_copy *copy = calloc(1, sizeof(*copy));
    const char *second = strchr(users, ':');
    if (copy == NULL || second == NULL)
        floor_die("no memory, or no pair of users: %s", users);
    copy->options = options;
    peer_open(&copy->source, ctx, options->places[0]);
    peer_open(&copy->destination, ctx, options->places[1]);
    peer_printf(&copy->source, "l LOGIN \"%.*s\" \"%s\"\r\n", (int)(second - users), users,
                options->password);
    peer_printf(&copy->destination, "l LOGIN \"%s\" \"%s\"\r\n", second + 1, options->password);
    peer_flush(&copy->source);
    peer_flush(&copy->destination);
    peer_await(&copy->source, "l");
    peer_await(&copy->destination, "l");
    copy_ask(copy);
    for (size_t i = 0; i < options->folder_count; i++)
        copy_folder(copy, i);
    copy_finish(copy);
    free(copy);
}

/* -- the program -- */

static SSL_CTX *floor_tls(const char *cafile)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_load_verify_locations(ctx, cafile, NULL) != 1)
        floor_die_tls(cafile);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_default_read_buffer_len(ctx, IO_BYTES);
    return ctx;
}

static void floor_parse(struct floor_options *options, int argc, char **argv)
{
    int letter;
    while ((letter = getopt(argc, argv, "1:2:c:p:w:b:f:")) != -1) {
        if (letter == '1' || letter == '2')
            options->places[letter - '1'] = optarg;
        else if (letter == 'c')
            options->cafile = optarg;
        else if (letter == 'p')
            options->password = optarg;
        else if (letter == 'w')
            options->width = strtol(optarg, NULL, 10);
        else if (letter == 'b')
            options->batch = strtol(optarg, NULL, 10);
        else if (letter == 'f' && options->folder_count < FOLDERS_MAX)
            options->folders[options->folder_count++] = optarg;
        else
            floor_die("bad arguments");
    }
    if (options->places[0] == NULL || options->places[1] == NULL || options->cafile == NULL ||
        options->password == NULL || options->folder_count == 0 || options->width < 1 ||
        options->batch < 1 || optind == argc)
        floor_die("an option is missing");
}

/* True when the child that ended did its work. */
static bool floor_reap(void)
{
    int status;
    if (wait(&status) < 0)
        floor_die("wait: errno %d", errno);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    struct floor_options options = {.width = 1, .batch = 1000};
    bool is_good = true;
    long running = 0;
    floor_parse(&options, argc, argv);
    SSL_CTX *ctx = floor_tls(options.cafile);
    for (int i = optind; i < argc || running > 0;) {
        if (i == argc || running == options.width) {
            is_good = floor_reap() && is_good;
            running--;
            continue;
        }
        pid_t pid = fork();
        if (pid < 0)
            floor_die("fork: errno %d", errno);
        if (pid == 0) {
            copy_run(&options, ctx, argv[i]);
            exit(0);
        }
        running++;
        i++;
    }
    SSL_CTX_free(ctx);
    return is_good ? 0 : 1;
}
