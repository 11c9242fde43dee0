/* SPDX-License-Identifier: MIT
 * Any words of a server, with any code and name: checked is that there is always a row, that its
 * fault is whole, and that what people paste is explained by rows of the table alone. Input:
 * command, code, name and text, a line each. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/diagnoses.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

/* The next line of `text`, which is cut off. */
static char *take_line(char **text)
{
    char *line = *text;
    size_t length = strcspn(line, "\n");
    *text = line + length + (line[length] == '\n');
    line[length] = '\0';
    return line;
}

static void check_fault(const struct diagnosis_question *question)
{
    struct fault fault;
    char code[sizeof(fault.server)];
    bool is_exact;
    const struct diagnosis *row = diagnosis_find(question, &is_exact);
    demand(row != NULL && row->commands != 0 && (is_exact || row->is_last));
    diagnosis_fill(row, question, &fault);
    demand(fault.code != FAULT_NONE && fault.scope != FAULT_SCOPE_NONE && fault.text[0] != '\0');
    demand((fault.advice == FAULT_ADVICE_WAIT) == (fault.wait_msecs > 0));
    demand(diagnosis_of_fault(&fault) == row);
    demand(strlen(fault.text) < sizeof(fault.text) && strlen(fault.server) < sizeof(fault.server));
    (void)diagnosis_split_words(fault.server, code, sizeof(code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct diagnosis *found[8];
    char *copy = mem_strndup((const char *)data, size);
    char *rest = copy;
    const char *first = take_line(&rest);
    struct diagnosis_question question = {
        .side = 1 + (first[0] & 1),
        .command = (enum diagnosis_command)((unsigned char)first[0] / 2 % DIAGNOSIS_COMMANDS),
        .is_bye = first[0] != '\0' && (first[1] & 1) != 0,
    };
    question.code = take_line(&rest);
    question.subject = take_line(&rest);
    question.text = rest;
    check_fault(&question);
    size_t count = diagnosis_explain(rest, found, 8);
    demand(count <= 8);
    for (size_t i = 0; i < count; i++)
        demand(diagnosis_by_id(found[i]->id) == found[i]);
    mem_free(copy);
    return 0;
}
