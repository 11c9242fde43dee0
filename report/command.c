/* SPDX-License-Identifier: MIT */
#include "report/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "report/run_files.h"
#include "store/store.h"

#define EXIT_USAGE    64
#define EXIT_NO_INPUT 66
#define EXIT_INTERNAL 70

/* A run id or a path in the sentence came from a command line, maybe pasted. */
static int command_complain(int exit_code, const struct fault *fault)
{
    struct buffer text;
    buffer_init(&text, 16 * sizeof(fault->text));
    str_append_printable(&text, fault->text, strlen(fault->text));
    (void)fprintf(stderr, "mailconvoy report: %s\n", buffer_str(&text));
    buffer_deinit(&text);
    return exit_code;
}

static int command_print(const char *path, const char *run_id, const char *format)
{
    struct store *store;
    struct fault fault;
    struct fault close_fault;
    if (!store_open(path, &store, &fault))
        return command_complain(EXIT_INTERNAL, &fault);
    bool is_ok = report_print(store, run_id, format, stdout, &fault);
    bool is_closed = store_close(&store, &close_fault);
    if (!is_ok)
        return command_complain(fault.code == FAULT_USAGE ? EXIT_USAGE : EXIT_INTERNAL, &fault);
    return is_closed ? 0 : command_complain(EXIT_INTERNAL, &close_fault);
}

int report_command(const char *workdir, const char *run_id, const char *format)
{
    struct fault fault;
    if (format == NULL)
        format = "text";
    if (run_id != NULL && run_id[0] == '\0')
        run_id = NULL;
    if (!report_format_is_known(format)) {
        fault_set(&fault, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "there is no report format \"%s\"; use text, csv or json", format);
        return command_complain(EXIT_USAGE, &fault);
    }
    char *path = mem_printf("%s/state.db", workdir);
    char words[STR_ERROR_SIZE];
    int exit_code;
    if (access(path, F_OK) != 0) {
        fault_set(&fault, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "no run was made in the work directory %s: can't open %s: %s", workdir, path,
                  str_error(errno, words));
        exit_code = command_complain(EXIT_NO_INPUT, &fault);
    } else {
        exit_code = command_print(path, run_id, format);
    }
    mem_free(path);
    return exit_code;
}
