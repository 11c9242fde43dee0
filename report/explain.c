/* SPDX-License-Identifier: MIT */
#include "report/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define EXIT_UNKNOWN  1
#define EXIT_USAGE    64
#define EXIT_INTERNAL 70

#define EXPLAIN_MAX_ROWS  8
#define EXPLAIN_MAX_BYTES ((size_t)1024 * 1024)
#define EXPLAIN_WIDTH     80

static const char usage[] =
    "Says what a server's line means, what mailconvoy does about it and what you can do.\n"
    "\n"
    "  mailconvoy explain 'TEXT'     TEXT: what a server said, a line of a log, or an id\n"
    "  mailconvoy explain --list     everything that is known\n"
    "\n"
    "  --format text|json            json: an array of objects (default text)\n"
    "\n"
    "Exit code 0: it is known; 1: it is not; 64: wrong use.\n";

static const char *const command_names[DIAGNOSIS_COMMANDS] = {
    [DIAGNOSIS_LOGIN] = "sign-in",  [DIAGNOSIS_LIST] = "LIST",     [DIAGNOSIS_SELECT] = "SELECT",
    [DIAGNOSIS_FETCH] = "FETCH",    [DIAGNOSIS_APPEND] = "APPEND", [DIAGNOSIS_CREATE] = "CREATE",
    [DIAGNOSIS_DELETE] = "deletes", [DIAGNOSIS_STORE] = "STORE",   [DIAGNOSIS_OTHER] = "others",
};

static const char action_title[] = "  What mailconvoy does: ";

/* -- as text -- */

/* The words of one line, wrapped; the first line goes on at `column`. */
static void append_wrapped(struct buffer *text, const char *words, size_t size, size_t column,
                           size_t indent)
{
    bool is_begun = false;
    while (size > 0) {
        const char *blank = memchr(words, ' ', size);
        size_t word = blank == NULL ? size : (size_t)(blank - words);
        if (is_begun && column + 1 + word > EXPLAIN_WIDTH) {
            buffer_printf(text, "\n%*s", (int)indent, "");
            column = indent;
        } else if (is_begun) {
            buffer_append_byte(text, ' ');
            column++;
        }
        buffer_append(text, words, word);
        is_begun = true;
        column += word;
        word += blank != NULL;
        words += word;
        size -= word;
    }
    buffer_append_byte(text, '\n');
}

/* "SELECT, FETCH", or "" where it does not depend on the command. */
static void append_commands(struct buffer *text, const struct diagnosis *diagnosis)
{
    const char *before = "";
    if (diagnosis->commands == (1U << DIAGNOSIS_COMMANDS) - 1)
        return;
    for (int i = 0; i < DIAGNOSIS_COMMANDS; i++) {
        if ((diagnosis->commands & 1U << i) == 0)
            continue;
        buffer_printf(text, "%s%s", before, command_names[i]);
        before = ", ";
    }
}

static const char *const losses[] = {
    [FAULT_SCOPE_NONE] = "",
    [FAULT_SCOPE_MESSAGE] = "The message is left behind and listed in problems.csv",
    [FAULT_SCOPE_FOLDER] = "The folder's messages are left behind and listed in problems.csv",
    [FAULT_SCOPE_MAILBOX] = "The mailbox",
    [FAULT_SCOPE_RUN] = "The run ends",
};

/* What the program does about it, from the same columns that the program reads. */
static void append_action(struct buffer *text, const struct diagnosis *diagnosis)
{
    bool is_mailbox = diagnosis->scope == FAULT_SCOPE_MAILBOX;
    if (diagnosis->code == FAULT_NONE) {
        if (diagnosis->commands != 0)
            buffer_append_str(text, "What the command was about (a message, a folder) is left "
                                    "behind and listed in problems.csv; the rest goes on. The next "
                                    "run tries it again.");
        return;
    }
    buffer_append_str(text, losses[diagnosis->scope]);
    switch (diagnosis->advice) {
    case FAULT_ADVICE_WAIT:
        if (diagnosis->wait_msecs > 0)
            buffer_printf(text,
                          "%s waits as long as the server says, else %lld s, while others are "
                          "worked on; then it goes on. If that does not help it is paused, never "
                          "failed.",
                          is_mailbox ? "" : ". It", (long long)diagnosis->wait_msecs / 1000);
        else
            buffer_append_str(text, " is paused; the next run goes on where it stopped.");
        break;
    case FAULT_ADVICE_RECONNECT:
        buffer_append_str(text, " is tried again on a new connection (--reconnectretry1, "
                                "--reconnectretry2); then it fails, and the next run goes on where "
                                "it stopped.");
        break;
    case FAULT_ADVICE_RETRY:
        buffer_append_str(text, is_mailbox ? " fails; the next run tries it again."
                                           : ", after one more try; the next run tries it again.");
        break;
    case FAULT_ADVICE_NEVER:
        buffer_append_str(text, is_mailbox ? " fails; the others go on."
                                           : "; the rest goes on. The next run tries it again.");
        break;
    }
}

static void append_steps(struct buffer *text, const char *steps)
{
    buffer_append_str(text, "  What to do:\n");
    for (int number = 1; *steps != '\0'; number++) {
        size_t size = strcspn(steps, "\n");
        buffer_printf(text, "   %2d. ", number);
        append_wrapped(text, steps, size, 7, 7);
        steps += size;
        steps += *steps == '\n';
    }
}

void explain_append_text(struct buffer *text, const struct diagnosis *diagnosis)
{
    struct buffer line;
    buffer_init(&line, EXPLAIN_MAX_BYTES);
    buffer_printf(text, "%s (%s)\n", diagnosis->title, diagnosis->id);
    append_commands(&line, diagnosis);
    if (line.used > 0)
        buffer_printf(text, "  In answer to: %s\n", buffer_str(&line));
    buffer_append_str(text, "  ");
    append_wrapped(text, diagnosis->explanation, strlen(diagnosis->explanation), 2, 2);
    buffer_clear(&line);
    append_action(&line, diagnosis);
    if (line.used > 0) {
        buffer_append_str(text, action_title);
        append_wrapped(text, buffer_str(&line), line.used, strlen(action_title), 2);
    }
    append_steps(text, diagnosis->steps);
    buffer_deinit(&line);
}

/* -- as JSON -- */

static void append_json(struct json *json, const struct diagnosis *diagnosis)
{
    static const char *const scopes[] = {"none", "message", "folder", "mailbox", "run"};
    static const char *const advices[] = {"never", "retry", "reconnect", "wait"};
    bool is_usual = diagnosis->code == FAULT_NONE;
    json_object_begin(json);
    json_add_string(json, "id", diagnosis->id);
    json_add_string(json, "title", diagnosis->title);
    json_add_string(json, "explanation", diagnosis->explanation);
    json_add_string(json, "error_code", fault_code_name(diagnosis->code));
    json_add_string(json, "lost", is_usual ? "" : scopes[diagnosis->scope]);
    json_add_string(json, "advice", is_usual ? "" : advices[diagnosis->advice]);
    json_key(json, "commands");
    json_array_begin(json);
    for (int i = 0; i < DIAGNOSIS_COMMANDS; i++) {
        if ((diagnosis->commands & 1U << i) != 0)
            json_string(json, command_names[i]);
    }
    json_array_end(json);
    json_add_lines(json, "steps", diagnosis->steps);
    json_object_end(json);
}

/* -- the command -- */

struct explain {
    bool is_list;
    bool is_json;
    struct buffer words; /* the text */
    const struct diagnosis *found[EXPLAIN_MAX_ROWS];
    size_t count;
};

static bool explain_is_done(const struct explain *explain, size_t i, const struct diagnosis **row_r)
{
    if (explain->is_list)
        *row_r = diagnosis_at(i);
    else
        *row_r = i < explain->count ? explain->found[i] : NULL;
    return *row_r == NULL;
}

static void explain_append_json(const struct explain *explain, struct buffer *text)
{
    struct json json;
    const struct diagnosis *row;
    json_init(&json, text);
    json_array_begin(&json);
    for (size_t i = 0; !explain_is_done(explain, i, &row); i++)
        append_json(&json, row);
    json_array_end(&json);
}

static void explain_append_unknown(struct buffer *text)
{
    buffer_append_str(text,
                      "This text is not known.\n"
                      "  What to do:\n"
                      "    1. Paste only what the server said, from NO, BAD or BYE on.\n"
                      "    2. Look at the lines before it: run again with --debugimap1 "
                      "--debugimap2; they go\n"
                      "       into the user's log, without passwords.\n"
                      "    3. mailconvoy explain --list shows everything that is known.\n"
                      "    4. Report the line, with the command it answers: the next version will "
                      "know it.\n");
}

static void explain_append(struct explain *explain, struct buffer *text)
{
    const struct diagnosis *row;
    if (explain->is_json) {
        explain_append_json(explain, text);
        return;
    }
    int64_t asked_msecs = diagnosis_backoff_msecs(buffer_str(&explain->words));
    for (size_t i = 0; !explain_is_done(explain, i, &row); i++) {
        if (i > 0)
            buffer_append_byte(text, '\n');
        explain_append_text(text, row);
        if (asked_msecs > 0 && row->advice == FAULT_ADVICE_WAIT)
            buffer_printf(text, "  Here the server asks to wait for %lld.%03d s.\n",
                          (long long)asked_msecs / 1000, (int)(asked_msecs % 1000));
    }
    if (!explain->is_list && explain->count == 0)
        explain_append_unknown(text);
}

static bool explain_parse(struct explain *explain, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            explain->is_list = true;
        } else if (strcmp(argv[i], "--format") == 0 && i + 1 < argc &&
                   (strcmp(argv[i + 1], "json") == 0 || strcmp(argv[i + 1], "text") == 0)) {
            explain->is_json = strcmp(argv[++i], "json") == 0;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            return false;
        } else {
            if (explain->words.used > 0)
                buffer_append_byte(&explain->words, ' ');
            buffer_append_str(&explain->words, argv[i]);
        }
    }
    return explain->is_list != (explain->words.used > 0) && !explain->words.has_failed;
}

static int explain_run(struct explain *explain, int argc, char **argv)
{
    struct buffer text;
    if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0))
        return fputs(usage, stdout) >= 0 && fflush(stdout) == 0 ? 0 : EXIT_INTERNAL;
    if (!explain_parse(explain, argc, argv)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!explain->is_list)
        explain->count = diagnosis_explain(buffer_str(&explain->words), explain->found,
                                           EXPLAIN_MAX_ROWS);
    buffer_init(&text, EXPLAIN_MAX_BYTES);
    explain_append(explain, &text);
    bool is_ok = !text.has_failed && fwrite(text.data, 1, text.used, stdout) == text.used &&
                 fflush(stdout) == 0;
    buffer_deinit(&text);
    if (!is_ok)
        return EXIT_INTERNAL;
    return explain->is_list || explain->count > 0 ? 0 : EXIT_UNKNOWN;
}

int explain_command(int argc, char **argv)
{
    struct explain explain = {.is_list = false};
    buffer_init(&explain.words, EXPLAIN_MAX_BYTES);
    int exit_code = explain_run(&explain, argc, argv);
    buffer_deinit(&explain.words);
    return exit_code;
}
