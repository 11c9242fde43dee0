/* SPDX-License-Identifier: MIT */
#include "report/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "report/across_files.h"
#include "report/html_files.h"
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

static bool command_write(struct store *store, const struct report_order *order,
                          struct fault *fault_r)
{
    struct across across;
    if (order->is_per_user)
        return html_write_pages(store, order, stdout, fault_r);
    if (strcmp(order->format, "html") == 0)
        return html_print(store, order, stdout, fault_r);
    if (!order->is_across)
        return report_print(store, order->run_id, order->format, stdout, fault_r);
    bool is_ok = across_read(store, &across, fault_r) &&
                 across_write(store, &across, order->format, stdout, fault_r);
    across_deinit(&across);
    return is_ok;
}

static int command_print(const char *path, const struct report_order *order)
{
    struct store *store;
    struct fault fault;
    struct fault close_fault;
    if (!store_open(path, &store, &fault))
        return command_complain(EXIT_INTERNAL, &fault);
    bool is_ok = command_write(store, order, &fault);
    bool is_closed = store_close(&store, &close_fault);
    if (!is_ok)
        return command_complain(fault.code == FAULT_USAGE ? EXIT_USAGE : EXIT_INTERNAL, &fault);
    return is_closed ? 0 : command_complain(EXIT_INTERNAL, &close_fault);
}

/* What goes together, and what does not. */
static bool command_check(const struct report_order *order, struct fault *fault_r)
{
    const struct {
        const char *name;
        bool is_given;
    } of_html[] = {
        {"title", order->title != NULL},  {"customer", order->customer != NULL},
        {"logo", order->logo != NULL},    {"lang", order->language != NULL},
        {"per-user", order->is_per_user}, {"no-subjects", order->hides_subjects},
    };
    bool is_html = strcmp(order->format, "html") == 0;
    fault_clear(fault_r);
    if (!report_format_is_known(order->format))
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "there is no report format \"%s\"; use text, csv, json or html", order->format);
    else if (order->is_across && (order->is_per_user || order->run_id != NULL))
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "--across is about all runs and mailboxes: leave out --%s",
                  order->is_per_user ? "per-user" : "run");
    for (size_t i = 0; i < sizeof(of_html) / sizeof(of_html[0]) && !is_html; i++) {
        if (of_html[i].is_given && fault_r->code == FAULT_NONE)
            fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                      "--%s goes with --format html", of_html[i].name);
    }
    return fault_r->code == FAULT_NONE;
}

int report_command(const struct report_order *asked)
{
    struct report_order order = *asked;
    struct fault fault;
    if (order.format == NULL)
        order.format = "text";
    if (order.run_id != NULL && order.run_id[0] == '\0')
        order.run_id = NULL;
    if (!command_check(&order, &fault))
        return command_complain(EXIT_USAGE, &fault);
    char *path = mem_printf("%s/state.db", order.workdir);
    char words[STR_ERROR_SIZE];
    int exit_code;
    if (access(path, F_OK) != 0) {
        fault_set(&fault, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "no run was made in the work directory %s: can't open %s: %s", order.workdir,
                  path, str_error(errno, words));
        exit_code = command_complain(EXIT_NO_INPUT, &fault);
    } else {
        exit_code = command_print(path, &order);
    }
    mem_free(path);
    return exit_code;
}
