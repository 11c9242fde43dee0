/* SPDX-License-Identifier: MIT */
#include "report/html_verified.h"

#include "report/html.h"
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
};

static void begin_table(struct folders *folders)
{
    static const enum word heads[] = {
        WORD_SOURCE,         WORD_DESTINATION,       WORD_MESSAGES,
        WORD_VERIFIED_FOUND, WORD_VERIFIED_EXCEPTED, WORD_VERIFIED_LATER,
        WORD_REASON_MISSING, WORD_REASON_GONE,       WORD_REASON_DIFFERENT,
        WORD_REASON_UNREAD,  WORD_VERIFIED_EXTRA};
    struct buffer *text = &folders->output->text;
    buffer_printf(text, "<div class=wide><table class=in><caption>%s</caption><thead><tr>",
                  words_get(folders->language, WORD_VERIFIED));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        buffer_printf(text, "<th scope=col%s>%s", i > 1 ? " class=r" : "",
                      words_get(folders->language, heads[i]));
    buffer_append_str(text, "<tbody>");
}

static void append_number(const struct folders *folders, uint64_t number)
{
    char text[REPORT_FORMAT_SIZE];
    words_format_number(folders->language, number, text);
    buffer_printf(&folders->output->text, "<td class=r>%s", text);
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
    append_number(folders, counts->source);
    append_number(folders, counts->found);
    append_number(folders, counts->excepted);
    append_number(folders, counts->later);
    append_number(folders, counts->missing);
    append_number(folders, counts->gone);
    append_number(folders, counts->different);
    append_number(folders, counts->unread);
    append_number(folders, counts->extra);
    return !text->has_failed;
}

bool verified_write_mailbox(struct report_output *output, const struct report_look *look,
                            const struct verified_place *place, struct fault *fault_r)
{
    struct folders folders = {
        .output = output, .language = look->language, .is_terse = place->is_terse};
    struct verify_sum sum;
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
