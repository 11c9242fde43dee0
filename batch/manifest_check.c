/* SPDX-License-Identifier: MIT
 * What the rows of a manifest must hold, each for itself and against each other. */
#include "batch/manifest_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "batch/hosts.h"
#include "batch/mailbox_key.h"
#include "batch/key_set.h"

#define MAX_CREDENTIALS 8

struct check {
    struct manifest *manifest;
    struct manifest_faults *faults;
    struct key_set *seen;
    int host[2]; /* column numbers of the settings */
    int user[2];
    int password[2];
    int token[2];
    int message[2];
    int credentials[2][MAX_CREDENTIALS]; /* all that may hold what signs in */
    size_t credential_count;
    int command[2];           /* those that hold shell commands besides */
    bool has_seen_default[2]; /* the command line's secret was checked */
    bool has_told_readable;
    bool has_told_connections;
    size_t row;
    size_t line;
    const struct settings *settings; /* the row's */
};

static bool has_column(const struct check *check, int setting)
{
    const struct manifest *manifest = check->manifest;
    return manifest->columns[manifest_column_of(manifest, setting)].setting == setting;
}

static void check_fail(struct check *check, int setting, const char *sentence)
{
    size_t index = manifest_column_of(check->manifest, setting);
    if (has_column(check, setting))
        manifest_fault_cell(check->faults, check->manifest, check->line, index, sentence);
    else /* it comes from the command line or from the row's options */
        manifest_fault(check->faults, check->line, 1, sentence);
}

static bool has_credential_column(const struct check *check, int side)
{
    for (size_t i = 0; i < check->credential_count; i++) {
        if (has_column(check, check->credentials[side - 1][i]))
            return true;
    }
    return false;
}

/* A column every row needs is missing, or misspelt: the header's fault said so, once. */
static bool is_told_at_header(const struct check *check, int setting)
{
    if (!check->manifest->is_header_wrong || has_column(check, setting))
        return false;
    for (int i = 0; i < 2; i++) {
        if (setting == check->host[i] || setting == check->user[i])
            return true;
        if (setting == check->password[i])
            return !has_credential_column(check, i + 1);
    }
    return false;
}

/* Sentences of settings_check_*() begin with the name of the setting they are about. A cell that
   has a fault already is not also called missing. */
static void check_fail_each(struct check *check, struct buffer *sentences)
{
    const char *sentence = buffer_str(sentences);
    while (*sentence != '\0') {
        char name[SETTINGS_COLUMN_NAME_SIZE];
        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(sentence, " "), sentence);
        int setting = settings_column_is_known(name) ? settings_column_find(name, NULL) : -2;
        size_t index = manifest_column_of(check->manifest, setting);
        bool is_told = has_column(check, setting) ? check->faults->is_told[index]
                                                  : is_told_at_header(check, setting);
        if (!is_told)
            check_fail(check, setting, sentence);
        sentence += strcspn(sentence, "\n");
        sentence += *sentence == '\n' ? 1 : 0;
    }
}

/* --- one row --- */

static void check_row_itself(struct check *check)
{
    struct buffer sentences;
    buffer_init(&sentences, 8192);
    (void)settings_check_pair(check->settings, &sentences);
    check_fail_each(check, &sentences);
    buffer_deinit(&sentences);
}

/* Commands and plain passwords are only as safe as the file that holds them. */
static void check_secret_cell(struct check *check, int column, const char *value, bool is_token)
{
    const struct manifest *manifest = check->manifest;
    enum secret_kind kind = secret_kind(value);
    bool is_plain = kind == SECRET_LITERAL && !(is_token && access(value, F_OK) == 0);
    if (kind == SECRET_CMD && manifest->may_others_write)
        check_fail(check, column,
                   "a cmd: password is refused, since others may write the manifest; "
                   "chmod 600 it, and own it");
    if (is_plain && manifest->may_others_read && !check->has_told_readable &&
        !manifest->defaults.insecure_manifest) {
        struct buffer text;
        buffer_init(&text, 8192);
        buffer_append_str(&text, "the manifest holds plain passwords and others may read it: "
                                 "chmod 600 ");
        str_append_printable(&text, check->faults->path, strlen(check->faults->path));
        buffer_append_str(&text, " (or accept that with --insecure-manifest)");
        check_fail(check, column, buffer_str(&text));
        buffer_deinit(&text);
        check->has_told_readable = true;
    }
}

static void check_secret_cells(struct check *check, int side)
{
    const struct settings_side *mine = &check->settings->side[side - 1];
    const struct {
        int column;
        const char *value;
        bool is_token;
    } cells[] = {
        {check->password[side - 1], mine->password, false},
        {check->token[side - 1], mine->oauthaccesstoken, true},
        {check->message[side - 1], mine->oauthdirect, true},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        if (settings_column_was_set(check->settings, cells[i].column))
            check_secret_cell(check, cells[i].column, cells[i].value, cells[i].is_token);
    }
}

static bool is_secret_of_row(const struct check *check, int side)
{
    for (size_t i = 0; i < check->credential_count; i++) {
        if (settings_column_was_set(check->settings, check->credentials[side - 1][i]))
            return true;
    }
    return false;
}

static void check_secret(struct check *check, int side)
{
    bool is_of_row = is_secret_of_row(check, side);
    struct buffer sentences;
    check_secret_cells(check, side);
    if (!is_of_row && check->has_seen_default[side - 1])
        return;
    check->has_seen_default[side - 1] = check->has_seen_default[side - 1] || !is_of_row;
    buffer_init(&sentences, 8192);
    (void)settings_check_secret(check->settings, side, &sentences);
    check_fail_each(check, &sentences);
    buffer_deinit(&sentences);
}

/* --- rows against each other --- */

static void append_mailbox(struct buffer *key, const struct settings *settings, int side)
{
    mailbox_key_append(key, settings, side);
    buffer_append_byte(key, '\0');
}

/* True and the line of the first row with this key, if there was one. */
static bool was_seen(struct check *check, const struct buffer *key, size_t *line_r)
{
    size_t first;
    if (key_set_add(check->seen, key->data, key->used, check->row, &first))
        return false;
    *line_r = check->manifest->rows[first].line;
    return true;
}

static bool check_same_pair(struct check *check, struct buffer *key)
{
    char sentence[160];
    size_t line;
    buffer_clear(key);
    buffer_append_byte(key, 'p');
    append_mailbox(key, check->settings, 1);
    append_mailbox(key, check->settings, 2);
    if (!was_seen(check, key, &line))
        return false;
    (void)snprintf(sentence, sizeof(sentence), "the same pair of mailboxes stands in line %zu",
                   line);
    check_fail(check, check->user[0], sentence);
    return true;
}

/* Two rows may share a destination only if both have a subfolder2, and not the same. The set holds
   the first row at all ('a'), the first without a subfolder ('w') and with this one ('s'). */
static bool shares_destination(struct check *check, struct buffer *key, size_t *line_r)
{
    const char *subfolder = check->settings->side[1].subfolder;
    size_t first;
    buffer_clear(key);
    buffer_append_byte(key, 'w');
    append_mailbox(key, check->settings, 2);
    if (subfolder == NULL || subfolder[0] == '\0') {
        (void)was_seen(check, key, line_r);
        key->data[0] = 'a';
        return was_seen(check, key, line_r);
    }
    if (key_set_find(check->seen, key->data, key->used, &first)) {
        *line_r = check->manifest->rows[first].line;
        return true;
    }
    key->data[0] = 'a';
    (void)was_seen(check, key, line_r);
    key->data[0] = 's';
    buffer_append_str(key, subfolder);
    return was_seen(check, key, line_r);
}

static void check_destination(struct check *check, struct buffer *key)
{
    char sentence[192];
    size_t line;
    if (!shares_destination(check, key, &line))
        return;
    (void)snprintf(sentence, sizeof(sentence),
                   "this destination mailbox is that of line %zu too; if two sources shall go "
                   "there, give each its own subfolder2",
                   line);
    check_fail(check, check->user[1], sentence);
}

static void check_against_others(struct check *check)
{
    struct buffer key;
    struct buffer other;
    buffer_init(&key, 1 << 20);
    buffer_init(&other, 1 << 20);
    append_mailbox(&key, check->settings, 1);
    append_mailbox(&other, check->settings, 2);
    if (key.used == other.used && memcmp(key.data, other.data, key.used) == 0)
        check_fail(check, check->user[1], "source and destination are the same mailbox");
    else if (!check_same_pair(check, &key))
        check_destination(check, &key);
    buffer_deinit(&key);
    buffer_deinit(&other);
}

/* --- all rows --- */

/* Text is UTF-8; only passwords may be anything. */
static bool check_encoding(struct check *check)
{
    const struct manifest *manifest = check->manifest;
    const char *cell = (const char *)manifest->cells.data + manifest->rows[check->row].offset;
    bool is_fine = true;
    for (size_t i = 0; i < manifest->column_count; i++, cell = manifest_next_cell(cell)) {
        int setting = manifest->columns[i].setting;
        bool is_password = setting == check->password[0] || setting == check->password[1];
        if (is_password || str_is_utf8(cell, strlen(cell)))
            continue;
        manifest_fault_cell(check->faults, manifest, check->line, i,
                            "the cell is not UTF-8; save the file as \"CSV UTF-8\"");
        is_fine = false;
    }
    return is_fine;
}

static bool names_mailbox(const struct settings_side *side)
{
    return side->host != NULL && side->host[0] != '\0' && side->user != NULL &&
           side->user[0] != '\0';
}

/* The ceiling is the command line's, so it is told once and not for every row. */
static void check_connections(struct check *check)
{
    struct buffer sentence;
    buffer_init(&sentence, 8192);
    if (!check->has_told_connections && !hosts_check(check->settings, &sentence)) {
        manifest_fault(check->faults, check->line, 1, buffer_str(&sentence));
        check->has_told_connections = true;
    }
    buffer_deinit(&sentence);
}

/* What others wrote into the manifest must not be run. */
static void check_commands(struct check *check)
{
    for (size_t i = 0; check->manifest->may_others_write && i < 2; i++) {
        if (settings_column_was_set(check->settings, check->command[i]))
            check_fail(check, check->command[i],
                       "a shell command is refused, since others may write the manifest; "
                       "chmod 600 it, and own it");
    }
}

static void check_row(struct check *check)
{
    struct settings settings;
    memset(check->faults->is_told, 0, sizeof(check->faults->is_told));
    bool is_fine = check_encoding(check);
    is_fine = manifest_resolve_row(check->manifest, check->row, &settings, check->faults) &&
              is_fine;
    check->settings = &settings;
    check_row_itself(check);
    check_secret(check, 1);
    check_secret(check, 2);
    check_commands(check);
    check_connections(check);
    if (is_fine && names_mailbox(&settings.side[0]) && names_mailbox(&settings.side[1]))
        check_against_others(check);
    check->settings = NULL;
    settings_deinit(&settings);
}

static int find_column(const char *setting, int side)
{
    char name[SETTINGS_COLUMN_NAME_SIZE];
    (void)snprintf(name, sizeof(name), "%s%d", setting, side);
    return settings_column_find(name, NULL);
}

static void find_credential_columns(struct check *check)
{
    const char *name;
    size_t count = 0;
    for (; count < MAX_CREDENTIALS && (name = settings_credential_name(count)) != NULL; count++) {
        check->credentials[0][count] = find_column(name, 1);
        check->credentials[1][count] = find_column(name, 2);
    }
    check->credential_count = count;
}

void manifest_check_rows(struct manifest *manifest, struct manifest_faults *faults)
{
    struct check check = {.manifest = manifest, .faults = faults, .seen = key_set_init()};
    for (int i = 0; i < 2; i++) {
        check.host[i] = find_column("host", i + 1);
        check.user[i] = find_column("user", i + 1);
        check.password[i] = find_column("password", i + 1);
        check.token[i] = find_column("oauthaccesstoken", i + 1);
        check.message[i] = find_column("oauthdirect", i + 1);
    }
    find_credential_columns(&check);
    check.command[0] = settings_column_find("pipemess", NULL);
    check.command[1] = settings_column_find("maxlinelengthcmd", NULL);
    for (; check.row < manifest->row_count; check.row++) {
        check.line = manifest->rows[check.row].line;
        check_row(&check);
    }
    key_set_deinit(&check.seen);
}
