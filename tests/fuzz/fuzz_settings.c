/* SPDX-License-Identifier: MIT
 * Any bytes as a command line (arguments end in a line feed; the first byte picks the command) and
 * as one manifest cell ("name=value"). Checked: there are faults exactly when it is refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "sync/settings.h"

#define ARGS_MAX         64
#define FAULTS_MAX_BYTES ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static int split_args(char *text, char **argv)
{
    int argc = 0;
    char *end;
    while (argc < ARGS_MAX && (end = strchr(text, '\n')) != NULL) {
        *end = '\0';
        argv[argc++] = text;
        text = end + 1;
    }
    argv[argc] = NULL;
    return argc;
}

static void set_column(struct settings *settings, const char *cell)
{
    struct buffer fault;
    buffer_init(&fault, FAULTS_MAX_BYTES);
    const char *value = strchr(cell, '=');
    if (value != NULL) {
        char *name = mem_strndup(cell, (size_t)(value - cell));
        bool is_set = settings_set_column(settings, name, value + 1, &fault);
        demand(is_set == (fault.used == 0));
        mem_free(name);
    }
    buffer_deinit(&fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum settings_command commands[] = {SETTINGS_SYNC, SETTINGS_BATCH,
                                                     SETTINGS_REPORT};
    char *argv[ARGS_MAX + 1];
    struct settings settings;
    struct settings copy;
    struct str_list rest = {NULL, 0, 0};
    struct buffer faults;
    if (size == 0)
        return 0;
    char *text = mem_strndup(data + 1, strnlen((const char *)data + 1, size - 1));
    char *cell = mem_strdup(text);
    settings_init(&settings);
    buffer_init(&faults, FAULTS_MAX_BYTES);
    int argc = split_args(text, argv);
    bool is_good = settings_parse_argv(&settings, commands[data[0] % 3], argc, argv,
                                       data[0] % 2 == 0 ? &rest : NULL, &faults);
    demand(is_good == (faults.used == 0));
    set_column(&settings, cell);
    settings_copy(&copy, &settings);
    (void)settings_check_pair(&copy, &faults);
    buffer_clear(&faults);
    settings_append_echo(&copy, &faults);
    settings_deinit(&copy);
    settings_deinit(&settings);
    str_list_deinit(&rest);
    buffer_deinit(&faults);
    mem_free(text);
    mem_free(cell);
    return 0;
}
