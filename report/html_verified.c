/* SPDX-License-Identifier: MIT */
#include "report/html_verified.h"

#include "report/html.h"
#include "report/html_counts.h"
#include "report/words.h"

void verified_append_run(struct buffer *text, enum language language, const struct verify_sum *sum)
{
    static const enum word words[VERIFY_LEVEL_COUNT] = {
        [VERIFY_COUNTS] = WORD_VERIFIED_COUNTS,
        [VERIFY_HEADERS] = WORD_VERIFIED_HEADERS,
        [VERIFY_FULL] = WORD_VERIFIED_FULL,
    };
    const uint64_t numbers[] = {sum->counts.found, verify_counts_differences(&sum->counts)};
    if (sum->folders == 0 || sum->level == VERIFY_NONE)
        return;
    buffer_append_str(text, "<p class=verified>");
    words_append(text, language, words[sum->level], numbers, 2);
    buffer_append_str(text, "</p>\n");
}

struct folders {
    struct report_output *output;
    enum language language;
    bool is_terse;
    bool has_rows;
    struct html_counts counts;
};

static void begin_table(struct folders *folders)
{
    struct buffer *text = &folders->output->text;
    enum language language = folders->language;
    buffer_printf(text,
                  "<div class=wide><table class=in><caption>%s</caption><thead><tr>"
                  "<th scope=col>%s<th scope=col>%s",
                  words_get(language, WORD_VERIFIED), words_get(language, WORD_SOURCE),
                  words_get(language, WORD_DESTINATION));
    html_counts_append_heads(&folders->counts, text);
    buffer_append_str(text, "<tbody>");
}

static bool append_folder(void *context, const struct store_verification *verification)
{
    struct folders *folders = context;
    struct buffer *text = &folders->output->text;
    const struct verify_counts *counts = &verification->counts;
    if (folders->is_terse && verify_counts_differences(counts) == 0)
        return true;
    if (!folders->has_rows)
        begin_table(folders);
    folders->has_rows = true;
    buffer_append_str(text, "<tr><td>");
    html_append_name(text, verification->source_name);
    buffer_append_str(text, "<td>");
    html_append_name(text, verification->destination_name);
    html_counts_append_cells(&folders->counts, counts, text);
    return !text->has_failed;
}

bool verified_write_mailbox(struct report_output *output, const struct report_look *look,
                            const struct verified_place *place, struct fault *fault_r)
{
#define COUNT(name) offsetof(struct verify_counts, name)
    static const struct html_count columns[] = {
        {WORD_MESSAGES, COUNT(source), true},
        {WORD_VERIFIED_FOUND, COUNT(found), true},
        {WORD_VERIFIED_EXCEPTED, COUNT(excepted), false},
        {WORD_VERIFIED_LATER, COUNT(later), false},
        {WORD_REASON_MISSING, COUNT(missing), false},
        {WORD_REASON_GONE, COUNT(gone), false},
        {WORD_REASON_DIFFERENT, COUNT(different), false},
        {WORD_REASON_UNREAD, COUNT(unread), false},
        {WORD_VERIFIED_EXTRA, COUNT(extra), false},
    };
#undef COUNT
    struct verify_sum sum;
    struct folders folders = {
        .output = output,
        .language = look->language,
        .is_terse = place->is_terse,
        .counts = {columns, sizeof(columns) / sizeof(columns[0]), &sum.counts, look->language},
    };
    if (!store_verifications_sum(place->store, place->run_id, place->row, &sum, fault_r))
        return false;
    verified_append_run(&output->text, look->language, &sum);
    if (!store_verifications_each(place->store, place->run_id, place->row, append_folder, &folders,
                                  fault_r))
        return false;
    if (folders.has_rows)
        buffer_append_str(&output->text, "</table></div>");
    return true;
}
