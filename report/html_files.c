/* SPDX-License-Identifier: MIT */
#include "report/html_files.h"

#include "base/file.h"
#include "base/mem.h"
#include "report/across.h"
#include "report/html_page.h"
#include "report/run.h"

/* The logo in base64, and its type. */
#define LOGO_URL_MAX_BYTES (LOOK_LOGO_MAX_BYTES / 3 * 4 + 64)

/* The caller frees the logo's buffer in any case. */
static bool read_look(const struct report_order *order, struct report_look *look_r,
                      struct buffer *logo, struct fault *fault_r)
{
    *look_r = (struct report_look){
        .title = order->title,
        .customer = order->customer,
        .hides_subjects = order->hides_subjects,
        .language = LANGUAGE_EN,
    };
    buffer_init(logo, LOGO_URL_MAX_BYTES);
    if (order->language != NULL)
        (void)language_by_name(order->language, &look_r->language);
    if (order->logo == NULL)
        return true;
    if (!look_read_logo(order->logo, logo, fault_r))
        return false;
    look_r->logo = buffer_str(logo);
    return true;
}

bool html_print(struct store *store, const struct report_order *order, FILE *stream,
                struct fault *fault_r)
{
    struct report_look look;
    struct buffer logo;
    struct across across = {0};
    char *id = NULL;
    bool is_ok = read_look(order, &look, &logo, fault_r) &&
                 (!order->is_across || across_read(store, &across, fault_r));
    if (is_ok)
        id = report_run_id(store, order->run_id, fault_r);
    const struct html_page page = {
        .run_id = id, .across = order->is_across ? &across : NULL, .look = &look};
    is_ok = is_ok && id != NULL && html_page_write(store, &page, stream, fault_r);
    across_deinit(&across);
    buffer_deinit(&logo);
    mem_free(id);
    return is_ok;
}

/* -- a page for each -- */

struct pages {
    struct store *store;
    const char *run_id;
    const char *dir;
    const struct report_look *look;
    struct file_names *names;
    const char *name; /* of the mailbox's file */
    unsigned long long count;
};

static bool name_page(void *context, const struct store_job *job)
{
    struct pages *pages = context;
    pages->name = file_names_add(pages->names, job->user1);
    return true;
}

static bool write_page(struct pages *pages, int64_t row, struct fault *fault_r)
{
    struct file_draft *draft;
    const struct html_page page = {.run_id = pages->run_id, .only_row = row, .look = pages->look};
    char *path = mem_printf("%s/%s.html", pages->dir, pages->name);
    bool is_ok = file_draft_open(path, &draft, fault_r);
    mem_free(path);
    if (!is_ok)
        return false;
    if (!html_page_write(pages->store, &page, file_draft_stream(draft), fault_r)) {
        file_draft_discard(&draft);
        return false;
    }
    pages->count++;
    return file_draft_publish(&draft, fault_r);
}

static bool write_pages(struct pages *pages, struct fault *fault_r)
{
    int64_t row = 0;
    if (!file_make_dirs(pages->dir, fault_r))
        return false;
    for (;;) {
        if (!store_job_next(pages->store, pages->run_id, row, name_page, pages, &row, fault_r))
            return false;
        if (row == 0)
            return true;
        if (!write_page(pages, row, fault_r))
            return false;
    }
}

bool html_write_pages(struct store *store, const struct report_order *order, FILE *stream,
                      struct fault *fault_r)
{
    struct report_look look;
    struct buffer logo;
    bool is_ok = read_look(order, &look, &logo, fault_r);
    char *id = is_ok ? report_run_id(store, order->run_id, fault_r) : NULL;
    char *dir = mem_printf("%s/runs/%s/pages", order->workdir, id == NULL ? "" : id);
    struct pages pages = {store, id, dir, &look, file_names_init(), NULL, 0};
    is_ok = id != NULL && write_pages(&pages, fault_r);
    if (is_ok &&
        fprintf(stream, "%s: %llu page%s\n", dir, pages.count, pages.count == 1 ? "" : "s") < 0) {
        fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't write where the pages are");
        is_ok = false;
    }
    file_names_deinit(&pages.names);
    mem_free(dir);
    mem_free(id);
    buffer_deinit(&logo);
    return is_ok;
}
