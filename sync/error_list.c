/* SPDX-License-Identifier: MIT */
#include "sync/error_list.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const struct {
    const char *name;
    int exit_code;
} error_kinds[] = {
#define ERROR_KIND_NAME(suffix, exit_code) {"ERR_" #suffix, exit_code},
    ERROR_KINDS(ERROR_KIND_NAME)
#undef ERROR_KIND_NAME
};

static const char *const advice[ERROR_KIND_COUNT] = {
    [ERROR_KIND_APPEND] = "Look at the server's words: it refused these messages.",
    [ERROR_KIND_APPEND_SIZE] =
        "The destination takes no messages of that size, or --maxsize leaves them out: raise the "
        "limit there, or move them by other means; problems.csv lists them.",
    [ERROR_KIND_APPEND_VIRUS] =
        "The destination takes these messages for harmful: decide with its administrator.",
    [ERROR_KIND_AUTHENTICATION_FAILURE_USER1] =
        "Check --user1 and --password1, and that IMAP is allowed for this user on host1.",
    [ERROR_KIND_AUTHENTICATION_FAILURE_USER2] =
        "Check --user2 and --password2, and that IMAP is allowed for this user on host2.",
    [ERROR_KIND_CONNECTION_FAILURE_HOST1] =
        "Check --host1 and --port1, and that this machine may connect there.",
    [ERROR_KIND_CONNECTION_FAILURE_HOST2] =
        "Check --host2 and --port2, and that this machine may connect there.",
    [ERROR_KIND_CREATE] =
        "Choose other names on host2 with --f1f2 or --regextrans2, or leave these "
        "folders out with --exclude.",
    [ERROR_KIND_EXIT_TLS_FAILURE] = "Check host and port; a private authority is trusted with "
                                    "--cafile1 or --cafile2.",
    [ERROR_KIND_FLAGS] =
        "The destination refuses these flags: leave out those it does not know with "
        "--regexflag, or all but the usual ones with --systemflagsonly.",
    [ERROR_KIND_Host1_FETCH] =
        "Run the same command again: each run asks for these messages once more.",
    [ERROR_KIND_OVERQUOTA] = "The destination mailbox is full: give it more room, and run the same "
                             "command again.",
    [ERROR_KIND_SELECT] = "Look at these folders with another mail program; --exclude leaves them "
                          "out.",
    [ERROR_KIND_TRANSFER_EXCEEDED] = "Run the same command again to go on.",
    [ERROR_KIND_UNCLASSIFIED] = "Look at the sentences above, and run the same command again.",
};

void error_list_deinit(struct error_list *list)
{
    for (size_t i = 0; i < list->kept; i++)
        mem_free(list->texts[i]);
    mem_free(list->texts);
    memset(list, 0, sizeof(*list));
}

enum error_kind error_kind_of(const struct fault *fault)
{
    bool is_source = fault->side != 2;
    switch (fault->code) {
    case FAULT_APPEND:
        return ERROR_KIND_APPEND;
    case FAULT_VIRUS:
        return ERROR_KIND_APPEND_VIRUS;
    case FAULT_TOO_BIG:
        return ERROR_KIND_APPEND_SIZE;
    case FAULT_FETCH:
        return ERROR_KIND_Host1_FETCH;
    case FAULT_QUOTA:
        return ERROR_KIND_OVERQUOTA;
    case FAULT_CREATE:
        return ERROR_KIND_CREATE;
    case FAULT_SELECT:
        return ERROR_KIND_SELECT;
    case FAULT_FLAGS:
        return ERROR_KIND_FLAGS;
    case FAULT_TRANSFER_LIMIT:
        return ERROR_KIND_TRANSFER_EXCEEDED;
    case FAULT_TLS:
        return ERROR_KIND_EXIT_TLS_FAILURE;
    case FAULT_AUTH:
        return is_source ? ERROR_KIND_AUTHENTICATION_FAILURE_USER1
                         : ERROR_KIND_AUTHENTICATION_FAILURE_USER2;
    case FAULT_RESOLVE:
    case FAULT_CONNECT:
    case FAULT_TIMEOUT:
    case FAULT_CLOSED:
    case FAULT_PROTOCOL:
        return is_source ? ERROR_KIND_CONNECTION_FAILURE_HOST1
                         : ERROR_KIND_CONNECTION_FAILURE_HOST2;
    default:
        return ERROR_KIND_UNCLASSIFIED;
    }
}

void error_list_add(struct error_list *list, const struct fault *fault, const char *text)
{
    list->count++;
    list->by_kind[error_kind_of(fault)]++;
    if (list->kept == ERROR_LIST_MAX)
        return;
    MEM_GROW(list->texts, list->kept, list->alloc);
    list->texts[list->kept++] = mem_strdup(text);
}

void error_list_add_fault(struct error_list *list, const struct fault *fault)
{
    char *text = fault->server[0] == '\0'
                     ? mem_strdup(fault->text)
                     : mem_printf("%s [server said: %s]", fault->text, fault->server);
    error_list_add(list, fault, text);
    mem_free(text);
}

static enum error_kind most_frequent(const struct error_list *list)
{
    int best = 0;
    for (int kind = 1; kind < ERROR_KIND_COUNT; kind++) {
        if (list->by_kind[kind] > list->by_kind[best])
            best = kind;
    }
    return (enum error_kind)best;
}

int error_list_exit_code(const struct error_list *list)
{
    return list->count == 0 ? 0 : error_kinds[most_frequent(list)].exit_code;
}

void error_list_append(const struct error_list *list, struct buffer *text)
{
    enum error_kind kind = most_frequent(list);
    if (list->count == 0)
        return;
    buffer_printf(text, "++++ Listing %llu errors encountered during the sync\n",
                  (unsigned long long)list->count);
    for (size_t i = 0; i < list->kept; i++) {
        buffer_printf(text, "Err %zu/%llu: ", i + 1, (unsigned long long)list->count);
        str_append_printable(text, list->texts[i], strlen(list->texts[i]));
        buffer_append_byte(text, '\n');
    }
    if (list->kept < list->count)
        buffer_printf(text, "%llu more are not listed here; problems.csv has the messages\n",
                      (unsigned long long)(list->count - list->kept));
    buffer_printf(text, "The most frequent error is %s. %s\n", error_kinds[kind].name,
                  advice[kind]);
}
