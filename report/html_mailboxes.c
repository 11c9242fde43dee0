/* SPDX-License-Identifier: MIT */
#include "report/html_mailboxes.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "report/advice.h"
#include "report/assets.h"
#include "report/cutover.h"
#include "report/grade.h"
#include "report/html.h"
#include "report/html_counts.h"
#include "report/html_verified.h"
#include "report/html_charts.h"

#define WHY_MAX_BYTES    4096
#define ADVICE_MAX_BYTES 4096

struct table {
    struct report_output *output;
    const struct report_look *look;
    const struct facts *facts;
    bool is_across;
    bool is_open;
    bool is_terse; /* only notable folders */
    uint64_t mailboxes;
    size_t folders_bytes;
    size_t exceptions_bytes;
    /* of the mailbox that is written */
    bool is_cut;
    bool has_rows;
    const struct across_mailbox *sum;
    struct message_counts counts;
    uint64_t folders;
    uint64_t not_there;
};

static const char *say(const struct table *table, enum word word)
{
    return words_get(table->look->language, word);
}

/* -- cells -- */

static void append_number(struct table *table, uint64_t number)
{
    char text[REPORT_FORMAT_SIZE];
    words_format_number(table->look->language, number, text);
    buffer_printf(&table->output->text, "<td class=r>%s", text);
}

static void append_difference(struct table *table, int64_t difference)
{
    char text[REPORT_FORMAT_SIZE];
    words_format_number(table->look->language,
                        difference < 0 ? (uint64_t)-difference : (uint64_t)difference, text);
    buffer_printf(&table->output->text, "<td class=\"r%s\">%s%s", difference != 0 ? " no" : "",
                  difference < 0 ? "-" : "", text);
}

static void append_bytes(struct table *table, uint64_t bytes)
{
    char text[REPORT_FORMAT_SIZE];
    words_format_bytes(table->look->language, bytes, text);
    buffer_printf(&table->output->text, "<td class=r data-v=%" PRIu64 ">%s", bytes, text);
}

static void append_duration(struct table *table, const struct store_job *job)
{
    char text[REPORT_FORMAT_SIZE] = "";
    int64_t took = job->ended_msecs - job->started_msecs;
    bool is_known = job->started_msecs != 0 && job->ended_msecs != 0;
    if (is_known)
        words_format_duration(table->look->language, took, text);
    buffer_printf(&table->output->text, "<td class=r data-v=%" PRId64 ">%s", is_known ? took : -1,
                  text);
}

/* "2026-11-22 21:51" */
static void append_time(struct buffer *text, int64_t wall_msecs)
{
    char iso[CLOCK_ISO8601_SIZE];
    if (wall_msecs == 0)
        return;
    clock_format(wall_msecs, iso);
    buffer_printf(text, "%.10s %.5s", iso, iso + 11);
}

static void append_time_cell(struct table *table, int64_t wall_msecs)
{
    buffer_printf(&table->output->text, "<td class=r data-v=%" PRId64 ">", wall_msecs);
    append_time(&table->output->text, wall_msecs);
}

static void append_grade(struct table *table, enum grade grade)
{
    buffer_printf(&table->output->text, "<td data-v=%d><span class=g%d>%s</span>", (int)grade,
                  (int)grade, say(table, words_of_grade(grade)));
}

/* -- the table -- */

enum column_scope {
    COLUMN_ALWAYS,
    COLUMN_OF_FINAL,
    COLUMN_OF_RUN,
    COLUMN_OF_ALL
};

static bool column_is_shown(const struct table *table, enum column_scope scope)
{
    switch (scope) {
    case COLUMN_OF_FINAL:
        return table->facts->run.is_final;
    case COLUMN_OF_RUN:
        return !table->is_across;
    case COLUMN_OF_ALL:
        return table->is_across;
    default:
        return true;
    }
}

/* In the order of append_line(). data-n: sorted as numbers. */
static void begin_table(struct table *table)
{
    static const char number[] = " class=r data-n";
    static const struct {
        enum word word;
        enum column_scope scope;
        const char *attributes;
    } columns[] = {
        {WORD_MAILBOX, COLUMN_ALWAYS, ""},          {WORD_GRADE, COLUMN_ALWAYS, " data-n"},
        {WORD_STATUS, COLUMN_ALWAYS, ""},           {WORD_SAFE, COLUMN_OF_FINAL, ""},
        {WORD_MESSAGES, COLUMN_ALWAYS, number},     {WORD_ON_DESTINATION, COLUMN_ALWAYS, number},
        {WORD_NOT_THERE, COLUMN_ALWAYS, number},    {WORD_DIFFERENCE, COLUMN_ALWAYS, number},
        {WORD_COPIED_NOW, COLUMN_OF_RUN, number},   {WORD_DATA_COPIED, COLUMN_OF_RUN, number},
        {WORD_DURATION, COLUMN_OF_RUN, number},     {WORD_COPIED_ALL, COLUMN_OF_ALL, number},
        {WORD_DATA_COPIED, COLUMN_OF_ALL, number},  {WORD_RUNS, COLUMN_OF_ALL, number},
        {WORD_FIRST_COPIED, COLUMN_OF_ALL, number}, {WORD_LAST_RUN, COLUMN_OF_ALL, number},
    };
    struct buffer *text = &table->output->text;
    buffer_append_str(text, "<div class=wide><table class=boxes id=boxes><thead><tr>");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if (column_is_shown(table, columns[i].scope))
            buffer_printf(text, "<th scope=col%s>%s", columns[i].attributes,
                          say(table, columns[i].word));
    }
    buffer_append_str(text, "\n");
}

static void begin_rest(struct table *table)
{
    buffer_printf(&table->output->text, "</tbody><script>%s</script>\n", asset_rest_js);
}

/* The end of what was begun, or where scripts don't run of nothing. */
static void end_rest(struct table *table)
{
    buffer_append_str(&table->output->text, "</script>");
}

/* -- one mailbox's line -- */

static void append_who(struct buffer *text, const struct store_job *job)
{
    const char *name = facts_mailbox_name(job);
    html_append_name(text, name);
    bool is_same = strcmp(job->user1, job->user2) == 0;
    if (is_same && strcmp(name, job->user1) == 0)
        return;
    buffer_append_str(text, "<small>");
    if (strcmp(name, job->user1) != 0)
        html_append_name(text, job->user1);
    if (!is_same) {
        buffer_append_str(text, " \xe2\x86\x92 ");
        html_append_name(text, job->user2);
    }
    buffer_append_str(text, "</small>");
}

static void append_safe(struct table *table, bool is_safe)
{
    buffer_printf(&table->output->text, "<td><span class=%s>%s</span>", is_safe ? "g1" : "g4",
                  say(table, is_safe ? WORD_YES : WORD_NO));
}

static void append_sum_cells(struct table *table)
{
    const struct across_mailbox *sum = table->sum;
    append_number(table, sum->copied);
    append_bytes(table, sum->bytes_copied);
    append_number(table, sum->runs);
    append_time_cell(table, sum->first_copied_msecs);
    append_time_cell(table, sum->last_msecs);
}

static void append_line(struct table *table, const struct store_job *job, bool is_safe)
{
    struct buffer *text = &table->output->text;
    const struct message_counts *counts = &job->counts;
    buffer_append_str(text, "<tbody><tr><th scope=row>");
    append_who(text, job);
    append_grade(table, grade_of_mailbox(job));
    buffer_printf(text, "<td>%s", say(table, charts_status_word(job->status)));
    if (table->facts->run.is_final)
        append_safe(table, is_safe);
    append_number(table, counts->source);
    append_number(table, facts_there(counts));
    append_number(table, facts_not_there(counts));
    append_difference(table, message_counts_difference(counts));
    if (table->sum != NULL) {
        append_sum_cells(table);
    } else {
        append_number(table, counts->copied);
        append_bytes(table, counts->bytes_copied);
        append_duration(table, job);
    }
}

/* -- what is in it -- */

static void append_error(struct table *table, const struct store_job *job)
{
    struct buffer *text = &table->output->text;
    struct buffer step;
    if (job->error[0] == '\0')
        return;
    buffer_append_str(text, "<p class=said lang=en><bdi>");
    html_append_text(text, job->error, HTML_SENTENCE_CHARACTERS);
    buffer_append_str(text, "</bdi></p>");
    buffer_init(&step, ADVICE_MAX_BYTES);
    advice_append_step(&step, job->diagnosis);
    if (step.used > 0) {
        buffer_append_str(text, "<p class=advice lang=en>");
        html_append_text(text, buffer_str(&step), HTML_SENTENCE_CHARACTERS);
        buffer_append_str(text, "</p>");
    }
    buffer_deinit(&step);
}

static void append_why(struct table *table, const char *why)
{
    if (why[0] == '\0' || !table->facts->run.is_final)
        return;
    buffer_printf(&table->output->text, "<p>%s: <span lang=en>", say(table, WORD_SAFE));
    html_append_text(&table->output->text, why, HTML_SENTENCE_CHARACTERS);
    buffer_append_str(&table->output->text, "</span></p>");
}

static void append_deleted(struct table *table, enum word word, uint64_t messages)
{
    char number[REPORT_FORMAT_SIZE];
    if (messages == 0)
        return;
    words_format_number(table->look->language, messages, number);
    buffer_printf(&table->output->text, "<p>%s: %s</p>", say(table, word), number);
}

/* "12 folders, 3 messages not there" opens it. */
static void append_summary(struct table *table, const struct store_job *job)
{
    struct buffer *text = &table->output->text;
    enum language language = table->look->language;
    buffer_printf(text, "<tr class=d><td colspan=%d><details%s><summary>",
                  (table->is_across ? 12 : 10) + table->facts->run.is_final,
                  table->is_open ? " open" : "");
    words_append(text, language, WORD_FOLDERS_COUNT, &table->folders, 1);
    if (table->not_there > 0) {
        buffer_append_str(text, " \xc2\xb7 ");
        words_append(text, language, WORD_EXCEPTIONS_COUNT, &table->not_there, 1);
    }
    if (job->error[0] != '\0' && table->not_there == 0) {
        buffer_append_str(text, " \xc2\xb7 <span lang=en><bdi>");
        html_append_text(text, job->error, 100);
        buffer_append_str(text, "</bdi></span>");
    }
    buffer_append_str(text, "</summary>");
}

static bool begin_mailbox(void *context, const struct store_job *job)
{
    struct table *table = context;
    struct buffer why;
    if (table->mailboxes++ == MAILBOXES_AT_ONCE)
        begin_rest(table);
    buffer_init(&why, WHY_MAX_BYTES);
    bool is_safe = cutover_is_safe(job, &why);
    table->counts = job->counts;
    table->folders = job->folders;
    table->not_there = facts_not_there(&job->counts);
    append_line(table, job, is_safe);
    append_summary(table, job);
    append_error(table, job);
    append_why(table, buffer_str(&why));
    append_deleted(table, WORD_DELETED_SOURCE, job->deleted_source);
    append_deleted(table, WORD_DELETED_DESTINATION, job->deleted_destination);
    buffer_deinit(&why);
    return true;
}

/* -- folders -- */

static bool is_notable(const struct store_folder *folder)
{
    return folder->is_renamed || folder->is_merged || folder->is_failed ||
           facts_not_there(&folder->counts) > 0 || message_counts_difference(&folder->counts) != 0;
}

/* In the order of the sum that they close to. */
static struct html_counts folder_counts(const struct table *table)
{
#define COUNT(name) offsetof(struct message_counts, name)
    static const struct html_count columns[] = {
        {WORD_MESSAGES, COUNT(source), true},
        {WORD_COPIED, COUNT(copied), true},
        {WORD_ALREADY, COUNT(already), false},
        {WORD_REASON_EXCLUDED, COUNT(excluded), false},
        {WORD_REASON_NOT_SELECTED, COUNT(not_selected), false},
        {WORD_REASON_TOO_BIG, COUNT(too_big), false},
        {WORD_REASON_FAILED, COUNT(failed), false},
        {WORD_REASON_UNREADABLE, COUNT(unreadable), false},
        {WORD_REASON_VANISHED, COUNT(vanished), false},
    };
#undef COUNT
    return (struct html_counts){columns, sizeof(columns) / sizeof(columns[0]), &table->counts,
                                table->look->language};
}

static void begin_folders(struct table *table)
{
    const struct html_counts counts = folder_counts(table);
    struct buffer *text = &table->output->text;
    buffer_printf(text,
                  "<div class=wide><table class=in><caption>%s</caption><thead><tr>"
                  "<th scope=col>%s<th scope=col>%s",
                  say(table, WORD_FOLDERS), say(table, WORD_SOURCE), say(table, WORD_DESTINATION));
    html_counts_append_heads(&counts, text);
    buffer_printf(text, "<th scope=col class=r>%s<tbody>", say(table, WORD_DIFFERENCE));
}

static void append_folder_counts(struct table *table, const struct message_counts *row)
{
    const struct html_counts counts = folder_counts(table);
    html_counts_append_cells(&counts, row, &table->output->text);
    append_difference(table, message_counts_difference(row));
}

static bool append_folder(void *context, const struct store_folder *folder)
{
    struct table *table = context;
    struct buffer *text = &table->output->text;
    size_t before = text->used;
    if ((table->is_terse && !is_notable(folder)) ||
        table->folders_bytes > MAILBOXES_FOLDERS_MAX_BYTES) {
        table->is_cut = true;
        return table->is_terse;
    }
    if (!table->has_rows)
        begin_folders(table);
    table->has_rows = true;
    buffer_append_str(text, "<tr><td>");
    html_append_name(text, folder->source_name);
    buffer_append_str(text, "<td>");
    html_append_name(text, folder->destination_name);
    if (folder->is_renamed)
        buffer_printf(text, " <i>%s</i>", say(table, WORD_RENAMED));
    if (folder->is_merged)
        buffer_printf(text, " <i>%s</i>", say(table, WORD_MERGED));
    if (folder->is_failed)
        buffer_printf(text, " <i class=no>%s</i>", say(table, WORD_FAILED));
    if (folder->error[0] != '\0') {
        buffer_append_str(text, "<small lang=en><bdi>");
        html_append_text(text, folder->error, HTML_SENTENCE_CHARACTERS);
        buffer_append_str(text, "</bdi></small>");
    }
    append_folder_counts(table, &folder->counts);
    table->folders_bytes += text->used - before;
    return !text->has_failed;
}

static bool write_folders(struct table *table, const struct walk *walk,
                          const struct walk_place *place, struct fault *fault_r)
{
    table->is_cut = false;
    table->has_rows = false;
    if (!store_folders_each(walk->store, place->run_id, walk->row, append_folder, table, fault_r))
        return false;
    if (table->has_rows)
        buffer_append_str(&table->output->text, "</table></div>");
    if (table->is_cut)
        buffer_printf(&table->output->text, "<p class=note>%s</p>", say(table, WORD_FOLDERS_CUT));
    return true;
}

static bool write_verified(struct table *table, const struct walk *walk,
                           const struct walk_place *place, struct fault *fault_r)
{
    const struct verified_place verified = {walk->store, place->run_id, walk->row, table->is_terse};
    return table->facts->verified.folders == 0 ||
           verified_write_mailbox(table->output, table->look, &verified, fault_r);
}

/* -- messages that are not there -- */

static enum word reason_word(enum problem_reason reason)
{
    switch (reason) {
    case PROBLEM_EXCLUDED:
        return WORD_REASON_EXCLUDED;
    case PROBLEM_TOO_BIG:
        return WORD_REASON_TOO_BIG;
    case PROBLEM_UNREADABLE:
        return WORD_REASON_UNREADABLE;
    case PROBLEM_VANISHED:
        return WORD_REASON_VANISHED;
    case PROBLEM_MISSING:
        return WORD_REASON_MISSING;
    case PROBLEM_GONE:
        return WORD_REASON_GONE;
    case PROBLEM_DIFFERENT:
        return WORD_REASON_DIFFERENT;
    case PROBLEM_UNREAD:
        return WORD_REASON_UNREAD;
    default:
        return WORD_REASON_FAILED;
    }
}

static void begin_exceptions(struct table *table)
{
    static const enum word heads[] = {WORD_FOLDER, WORD_MESSAGE, WORD_DATE,
                                      WORD_SIZE,   WORD_REASON,  WORD_SERVER_WORDS};
    struct buffer *text = &table->output->text;
    buffer_printf(text, "<div class=wide><table class=in><caption>%s</caption><thead><tr>",
                  say(table, WORD_EXCEPTIONS));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        buffer_printf(text, "<th scope=col%s>%s", heads[i] == WORD_SIZE ? " class=r" : "",
                      say(table, heads[i]));
    buffer_append_str(text, "<tbody>");
}

/* By its subject, and by what finds it. */
static void append_message(struct table *table, const struct store_problem *problem)
{
    struct buffer *text = &table->output->text;
    buffer_append_str(text, "<td>");
    if (problem->uid == 0) {
        words_append(text, table->look->language, WORD_EXCEPTIONS_COUNT, &problem->messages, 1);
        return;
    }
    if (problem->subject[0] != '\0' && !table->look->hides_subjects)
        html_append_name(text, problem->subject);
    buffer_printf(text, "<small>UID %" PRIu32 " ", problem->uid);
    html_append_name(text, problem->message_id);
    buffer_append_str(text, "</small>");
}

static void append_said(struct table *table, const struct store_problem *problem)
{
    struct buffer *text = &table->output->text;
    struct buffer step;
    buffer_init(&step, ADVICE_MAX_BYTES);
    advice_append_step(&step, problem->diagnosis);
    buffer_append_str(text, "<td lang=en><bdi>");
    html_append_text(text, problem->server_text, HTML_SENTENCE_CHARACTERS);
    buffer_append_str(text, "</bdi>");
    if (step.used > 0) {
        buffer_append_str(text, "<small class=advice>");
        html_append_text(text, buffer_str(&step), HTML_SENTENCE_CHARACTERS);
        buffer_append_str(text, "</small>");
    }
    buffer_deinit(&step);
}

static bool append_exception(void *context, const struct store_job *job,
                             const struct store_problem *problem)
{
    struct table *table = context;
    struct buffer *text = &table->output->text;
    size_t before = text->used;
    (void)job;
    if (table->exceptions_bytes > MAILBOXES_EXCEPTIONS_MAX_BYTES) {
        table->is_cut = true;
        return false;
    }
    if (!table->has_rows)
        begin_exceptions(table);
    table->has_rows = true;
    buffer_append_str(text, "<tr><td>");
    html_append_name(text, problem->folder);
    append_message(table, problem);
    buffer_printf(text, "<td>%.10s", problem->date);
    append_bytes(table, problem->size_bytes);
    buffer_printf(text, "<td>%s", say(table, reason_word(problem->reason)));
    append_said(table, problem);
    table->exceptions_bytes += text->used - before;
    return !text->has_failed;
}

static bool write_exceptions(struct table *table, const struct walk *walk,
                             const struct walk_place *place, struct fault *fault_r)
{
    table->is_cut = false;
    table->has_rows = false;
    if (!store_job_problems_each(walk->store, place->run_id, walk->row, append_exception, table,
                                 fault_r))
        return false;
    if (table->has_rows)
        buffer_append_str(&table->output->text, "</table></div>");
    if (table->is_cut)
        buffer_printf(&table->output->text, "<p class=note>%s</p>",
                      say(table, WORD_EXCEPTIONS_CUT));
    return true;
}

bool mailboxes_write(struct report_output *output, const struct report_look *look,
                     const struct facts *facts, struct walk *walk, bool is_open,
                     struct fault *fault_r)
{
    struct table table = {
        .output = output,
        .look = look,
        .facts = facts,
        .is_across = walk->across != NULL,
        .is_open = is_open,
        .is_terse = facts->totals.folders > MAILBOXES_ALL_FOLDERS,
    };
    begin_table(&table);
    for (;;) {
        bool is_there;
        struct walk_place place;
        table.sum = walk->across != NULL && walk->index < walk->across->count
                        ? &walk->across->mailboxes[walk->index]
                        : NULL;
        if (!walk_next(walk, begin_mailbox, &table, &is_there, &place, fault_r))
            return false;
        if (!is_there)
            break;
        if (!write_folders(&table, walk, &place, fault_r) ||
            !write_verified(&table, walk, &place, fault_r) ||
            !write_exceptions(&table, walk, &place, fault_r))
            return false;
        buffer_append_str(&output->text, "</details>\n");
        if (!report_output_step(output))
            break;
    }
    if (table.mailboxes > MAILBOXES_AT_ONCE)
        end_rest(&table);
    buffer_append_str(&output->text, "</table></div>\n");
    return true;
}
