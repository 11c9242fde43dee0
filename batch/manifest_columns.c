/* SPDX-License-Identifier: MIT
 * What the manifest's first row says about the others. */
#include "batch/manifest_private.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sync/ssl_args.h"

/* Other people's column names. */
static const struct {
    const char *name;
    enum manifest_column_kind kind;
    const char *setting; /* or NULL */
    int side;
    bool is_weak;
} foreign_columns[] = {
#define SIDE(prefix, digit)                                                         \
    {prefix "host", MANIFEST_COLUMN_SETTING, "host" #digit, digit, false},          \
        {prefix "port", MANIFEST_COLUMN_SETTING, "port" #digit, digit, false},      \
        {prefix "security", MANIFEST_COLUMN_SECURITY, NULL, digit, false},          \
        {prefix "user", MANIFEST_COLUMN_SETTING, "user" #digit, digit, false},      \
    {                                                                               \
        prefix "password", MANIFEST_COLUMN_SETTING, "password" #digit, digit, false \
    }
    /* MailFerry, both generations */
    SIDE("src", 1),
    SIDE("dst", 2),
    SIDE("old", 1),
    SIDE("new", 2),
#undef SIDE
    /* Microsoft: the source is any IMAP server, the destination a mailbox of the tenant */
    {"emailaddress", MANIFEST_COLUMN_SETTING, "user2", 2, false},
    {"username", MANIFEST_COLUMN_SETTING, "user1", 1, false},
    {"password", MANIFEST_COLUMN_SETTING, "password1", 1, false},
    {"userroot", MANIFEST_COLUMN_ROOT, "subfolder1", 1, false},
    /* MigrationWiz: the login name may be left empty where it is the address */
    {"source email", MANIFEST_COLUMN_SETTING, "user1", 1, true},
    {"source login name", MANIFEST_COLUMN_SETTING, "user1", 1, false},
    {"source password", MANIFEST_COLUMN_SETTING, "password1", 1, false},
    {"destination email", MANIFEST_COLUMN_SETTING, "user2", 2, true},
    {"destination login name", MANIFEST_COLUMN_SETTING, "user2", 2, false},
    {"destination password", MANIFEST_COLUMN_SETTING, "password2", 2, false},
    {"flags", MANIFEST_COLUMN_EMPTY, NULL, 0, false},
};
#define FOREIGN_COUNT (sizeof(foreign_columns) / sizeof(foreign_columns[0]))

/* imapsync's list without a header. */
static const char *const list_columns[] = {"host1", "user1", "password1",
                                           "host2", "user2", "password2"};
#define LIST_COUNT     (sizeof(list_columns) / sizeof(list_columns[0]))
#define LIST_MAX_CELLS (LIST_COUNT + 2) /* the options, and what stands behind a final ";" */

static size_t find_foreign(const char *name)
{
    size_t i = 0;
    while (i < FOREIGN_COUNT && !str_iequals(name, foreign_columns[i].name))
        i++;
    return i;
}

static struct manifest_column *add_column(struct manifest *manifest, enum manifest_column_kind kind,
                                          const char *name)
{
    MEM_GROW(manifest->columns, manifest->column_count, manifest->column_alloc);
    struct manifest_column *column = &manifest->columns[manifest->column_count++];
    *column = (struct manifest_column){.kind = kind, .setting = -1, .name = mem_strdup(name)};
    (void)str_trim(column->name);
    return column;
}

static void add_named_column(struct manifest *manifest, size_t line, const char *cell,
                             struct manifest_faults *faults)
{
    struct manifest_column *column = add_column(manifest, MANIFEST_COLUMN_SETTING, cell);
    const char *name = column->name;
    size_t foreign = find_foreign(name);
    struct buffer fault;
    buffer_init(&fault, 4096);
    if (name[0] == '\0') {
        column->kind = MANIFEST_COLUMN_EMPTY;
    } else if (foreign < FOREIGN_COUNT) {
        column->kind = foreign_columns[foreign].kind;
        column->side = foreign_columns[foreign].side;
        column->is_weak = foreign_columns[foreign].is_weak;
        if (foreign_columns[foreign].setting != NULL)
            column->setting = settings_column_find(foreign_columns[foreign].setting, &fault);
    } else {
        column->setting = settings_column_find(name, &fault);
        if (column->setting < 0) {
            column->kind = MANIFEST_COLUMN_SKIPPED;
            manifest_fault(faults, line, manifest->column_count, buffer_str(&fault));
        }
    }
    buffer_deinit(&fault);
}

static bool columns_collide(const struct manifest_column *a, const struct manifest_column *b)
{
    if (a->kind == MANIFEST_COLUMN_SECURITY && b->kind == MANIFEST_COLUMN_SECURITY)
        return a->side == b->side;
    return a->setting >= 0 && a->setting == b->setting && a->is_weak == b->is_weak;
}

static void check_duplicates(struct manifest *manifest, size_t line, struct manifest_faults *faults)
{
    for (size_t i = 1; i < manifest->column_count; i++) {
        for (size_t k = 0; k < i; k++) {
            char sentence[128];
            if (!columns_collide(&manifest->columns[i], &manifest->columns[k]))
                continue;
            (void)snprintf(sentence, sizeof(sentence), "says the same as column %zu", k + 1);
            manifest_fault_cell(faults, manifest, line, i, sentence);
            manifest->columns[i].kind = MANIFEST_COLUMN_SKIPPED;
            break;
        }
    }
}

/* True if a column or the command line gives this setting. */
static bool is_fed(const struct manifest *manifest, const char *name, const char *given)
{
    int setting = settings_column_find(name, NULL);
    for (size_t i = 0; i < manifest->column_count; i++) {
        if (manifest->columns[i].setting == setting)
            return true;
    }
    return given != NULL && given[0] != '\0';
}

/* It signs in without a password. */
static bool is_certificate_fed(const struct manifest *manifest, int side)
{
    const char *const names[2][2] = {{"tlscert1", "sslargs1"}, {"tlscert2", "sslargs2"}};
    return is_fed(manifest, names[side - 1][0], NULL) ||
           is_fed(manifest, names[side - 1][1], NULL) ||
           ssl_args_have_certificate(&manifest->defaults, side);
}

static bool is_credential_fed(const struct manifest *manifest, int side)
{
    struct credential credential;
    const char *source;
    for (size_t i = 0; (source = settings_credential_name(i)) != NULL; i++) {
        char name[SETTINGS_COLUMN_NAME_SIZE];
        (void)snprintf(name, sizeof(name), "%s%d", source, side);
        if (is_fed(manifest, name, NULL))
            return true;
    }
    settings_credential(&manifest->defaults, side, &credential);
    return credential.kind != CREDENTIAL_NONE || is_certificate_fed(manifest, side);
}

/* Said once here and not again for every row. A misspelt column explains a missing one. */
static void check_presence(struct manifest *manifest, size_t line, struct manifest_faults *faults)
{
    for (int side = 1; side <= 2; side++) {
        const struct settings_side *own = &manifest->defaults.side[side - 1];
        const char *const wanted[][2] = {
            {"host", own->host}, {"user", own->user}, {"password", own->password}};
        for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++) {
            char name[32];
            char sentence[160];
            (void)snprintf(name, sizeof(name), "%s%d", wanted[k][0], side);
            if (is_fed(manifest, name, wanted[k][1]) ||
                (k == 2 && is_credential_fed(manifest, side)))
                continue;
            (void)snprintf(sentence, sizeof(sentence),
                           "there is no column \"%s\", and no --%s on the command line", name,
                           name);
            manifest_fault(faults, line, 1, sentence);
        }
    }
}

static void read_list_columns(struct manifest *manifest)
{
    for (size_t i = 0; i < LIST_COUNT; i++) {
        struct manifest_column *column = add_column(manifest, MANIFEST_COLUMN_SETTING,
                                                    list_columns[i]);
        column->setting = settings_column_find(list_columns[i], NULL);
    }
    (void)add_column(manifest, MANIFEST_COLUMN_OPTIONS, "extra options");
    (void)add_column(manifest, MANIFEST_COLUMN_EMPTY, "");
}

static bool is_known_name(const char *cell)
{
    char *name = str_trim(mem_strdup(cell));
    bool is_known = settings_column_is_known(name) || find_foreign(name) < FOREIGN_COUNT;
    mem_free_secret(&name);
    return is_known;
}

/* Two thirds of what is in the row are names we know. Less could be data: a user may be called
   "user1", and a password "password". */
static bool row_is_header(const char *cells, size_t count)
{
    size_t known = 0;
    size_t filled = 0;
    for (size_t i = 0; i < count; i++, cells = manifest_next_cell(cells)) {
        known += is_known_name(cells);
        filled += cells[0] != '\0';
    }
    return known > 0 && known * 3 >= filled * 2;
}

bool manifest_columns_read(struct manifest *manifest, size_t line, const char *cells, size_t count,
                           struct manifest_faults *faults)
{
    const char *cell = cells;
    bool is_header = row_is_header(cells, count);
    manifest->header_line = line;
    manifest->has_header = is_header;
    if (!is_header && manifest->delimiter == ';' && count >= LIST_COUNT &&
        count <= LIST_MAX_CELLS) {
        read_list_columns(manifest);
        return true;
    }
    if (!is_header || count > MANIFEST_MAX_COLUMNS) {
        /* The cells are not shown: where the header was forgotten, they hold passwords. */
        manifest_fault(faults, line, 1,
                       "the first row is no header: most of it are no columns that "
                       "mailconvoy knows; write a header such "
                       "as host1,user1,password1,host2,user2,password2, or imapsync's list "
                       "host1;user1;password1;host2;user2;password2 without one");
        return false;
    }
    size_t faults_before = faults->count;
    for (size_t i = 0; i < count; i++, cell = manifest_next_cell(cell))
        add_named_column(manifest, line, cell, faults);
    check_duplicates(manifest, line, faults);
    if (faults->count == faults_before)
        check_presence(manifest, line, faults);
    manifest->is_header_wrong = faults->count > faults_before;
    return true;
}

size_t manifest_column_of(const struct manifest *manifest, int setting)
{
    for (size_t i = 0; i < manifest->column_count; i++) {
        if (manifest->columns[i].setting == setting)
            return i;
    }
    return 0;
}
