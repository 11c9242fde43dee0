/* SPDX-License-Identifier: MIT */
#include "report/run_files.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "report/html_page.h"
#include "report/run.h"
#include "report/summary.h"

/* As a run leaves it. */
static bool write_html(struct store *store, const char *run_id, FILE *stream, struct fault *fault_r)
{
    const struct report_look look = {.language = LANGUAGE_EN};
    const struct html_page page = {.run_id = run_id, .look = &look};
    return html_page_write(store, &page, stream, fault_r);
}

static const struct {
    const char *file_name;
    const char *format; /* as in --format, or NULL */
    report_writer *write;
} report_kinds[] = {
    {"summary.txt", "text", report_write_text},
    {"summary.csv", "csv", report_write_csv},
    {"summary.json", "json", report_write_json},
    {"problems.csv", NULL, report_write_problems},
    {"folders.csv", NULL, report_write_folders},
    {"report.html", "html", write_html},
    {"verification.csv", NULL, report_write_verifications},
};

#define REPORT_KIND_COUNT (sizeof(report_kinds) / sizeof(report_kinds[0]))

/* A writer knows its stream, not which file that is. */
static void report_name_file(struct fault *fault, const char *path)
{
    if (fault->code != FAULT_FILE)
        return;
    char *text = mem_strdup(fault->text);
    fault_set(fault, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0, "%s (%s)", text, path);
    mem_free(text);
}

/* Writes a report beside its place; NULL on a fault. */
static struct file_draft *report_write_draft(struct store *store, const char *run_id,
                                             const char *path, report_writer *write,
                                             struct fault *fault_r)
{
    struct file_draft *draft;
    if (!file_draft_open(path, &draft, fault_r))
        return NULL;
    if (!write(store, run_id, file_draft_stream(draft), fault_r)) {
        file_draft_discard(&draft);
        report_name_file(fault_r, path);
    }
    return draft;
}

bool report_write_files(struct store *store, const char *run_id, const char *run_dir,
                        struct fault *fault_r)
{
    struct file_draft *drafts[REPORT_KIND_COUNT];
    struct fault later;
    bool is_ok = true;
    for (size_t i = 0; i < REPORT_KIND_COUNT; i++) {
        char *path = mem_printf("%s/%s", run_dir, report_kinds[i].file_name);
        drafts[i] = report_write_draft(store, run_id, path, report_kinds[i].write,
                                       is_ok ? fault_r : &later);
        is_ok = is_ok && drafts[i] != NULL;
        mem_free(path);
    }
    /* Together: one sync of the directory for all. */
    return file_drafts_publish(drafts, REPORT_KIND_COUNT, is_ok ? fault_r : &later) && is_ok;
}

const char *report_file_name(size_t number)
{
    return number < REPORT_KIND_COUNT ? report_kinds[number].file_name : NULL;
}

static report_writer *report_writer_of(const char *format)
{
    for (size_t i = 0; i < REPORT_KIND_COUNT; i++) {
        if (report_kinds[i].format != NULL && strcmp(report_kinds[i].format, format) == 0)
            return report_kinds[i].write;
    }
    return NULL;
}

bool report_format_is_known(const char *format)
{
    return report_writer_of(format) != NULL;
}

bool report_print(struct store *store, const char *run_id, const char *format, FILE *stream,
                  struct fault *fault_r)
{
    report_writer *write = report_writer_of(format);
    if (write == NULL) {
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "there is no report format \"%s\"; use text, csv, json or html", format);
        return false;
    }
    char *id = report_run_id(store, run_id, fault_r);
    bool is_ok = id != NULL && write(store, id, stream, fault_r);
    mem_free(id);
    return is_ok;
}
