/* SPDX-License-Identifier: MIT */
#include "report/html_page.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/diagnoses.h"
#include "base/mem.h"
#include "report/assets.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/html_charts.h"
#include "report/html_mailboxes.h"
#include "report/html_verified.h"
#include "report/output.h"

#define SHA256_BYTES       32
#define SHA256_BASE64_SIZE 45
/* So many diagnoses are explained. */
#define ADVICE_MAX_ROWS 12

struct page {
    struct report_output output;
    struct buffer *text; /* the output's */
    const struct html_page *asked;
    const struct report_look *look;
    struct facts facts;
    uint64_t rows; /* of diagnoses */
};

static const char *say(const struct page *page, enum word word)
{
    return words_get(page->look->language, word);
}

static void sentence(struct page *page, enum word word, const uint64_t numbers[], size_t count)
{
    words_append(page->text, page->look->language, word, numbers, count);
}

static void heading(struct page *page, enum word word)
{
    buffer_printf(page->text, "<h2>%s</h2>\n", say(page, word));
}

/* -- the head -- */

/* 'sha256-...' of what may run or style this page; nothing else may. */
static bool append_hash(struct buffer *text, const char *asset)
{
    unsigned char digest[SHA256_BYTES];
    unsigned char base64[SHA256_BASE64_SIZE];
    if (EVP_Digest(asset, strlen(asset), digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    (void)EVP_EncodeBlock(base64, digest, sizeof(digest));
    return buffer_printf(text, " 'sha256-%s'", (const char *)base64);
}

static void append_title(struct page *page)
{
    if (page->look->title != NULL)
        html_append_text(page->text, page->look->title, HTML_NAME_CHARACTERS);
    else
        buffer_append_str(page->text,
                          say(page, page->asked->across != NULL ? WORD_TITLE_ACROSS : WORD_TITLE));
}

static bool append_head(struct page *page)
{
    struct buffer *text = page->text;
    buffer_printf(text,
                  "<!doctype html>\n<html lang=%s>\n<meta charset=utf-8>\n"
                  "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                  "base-uri 'none'; form-action 'none'; img-src data:; style-src",
                  language_name(page->look->language));
    bool is_ok = append_hash(text, asset_report_css);
    buffer_append_str(text, "; script-src");
    is_ok = append_hash(text, asset_report_js) && is_ok;
    if (page->facts.totals.mailboxes > MAILBOXES_AT_ONCE)
        is_ok = append_hash(text, asset_rest_js) && is_ok;
    buffer_append_str(text, "\">\n<meta name=viewport content=\"width=device-width, "
                            "initial-scale=1\">\n<meta name=color-scheme content=\"light dark\">\n"
                            "<meta name=robots content=noindex>\n<title>");
    append_title(page);
    if (page->look->customer != NULL) {
        buffer_append_str(text, " \xe2\x80\x93 ");
        html_append_text(text, page->look->customer, HTML_NAME_CHARACTERS);
    }
    buffer_printf(text, "</title>\n<style>%s</style>\n<script>%s</script>\n<body>\n",
                  asset_report_css, asset_report_js);
    return is_ok;
}

/* "2026-11-22 21:51 UTC" */
static void append_time(struct buffer *text, int64_t wall_msecs)
{
    char iso[CLOCK_ISO8601_SIZE];
    clock_format(wall_msecs, iso);
    buffer_printf(text, "<time datetime=\"%s\">%.10s %.5s UTC</time>", iso, iso, iso + 11);
}

static void append_header(struct page *page)
{
    struct buffer *text = page->text;
    const struct facts_run *run = &page->facts.run;
    buffer_append_str(text, "<header>\n");
    if (page->look->logo != NULL)
        buffer_printf(text, "<img class=logo alt=\"\" src=\"%s\">\n", page->look->logo);
    buffer_append_str(text, "<div><h1>");
    append_title(page);
    buffer_append_str(text, "</h1>\n<p class=sub>");
    if (page->look->customer != NULL) {
        buffer_printf(text, "%s <b>", say(page, WORD_PREPARED_FOR));
        html_append_name(text, page->look->customer);
        buffer_append_str(text, "</b> \xc2\xb7 ");
    }
    append_time(text, run->ended_msecs != 0 ? run->ended_msecs : run->started_msecs);
    if (run->is_final)
        buffer_printf(text, " \xc2\xb7 %s", say(page, WORD_FINAL_PASS));
    buffer_append_str(text, "</p></div>\n</header>\n<main>\n");
}

/* -- the verdict -- */

static void append_verdict_sentence(struct page *page)
{
    const struct facts *facts = &page->facts;
    const uint64_t *by = facts->totals.by_status;
    const struct message_counts *counts = &facts->totals.counts;
    uint64_t all = facts->totals.mailboxes;
    uint64_t through = by[JOB_COMPLETE] + by[JOB_EXCEPTIONS];
    uint64_t there = facts_there(counts);
    uint64_t away = facts_not_there(counts);
    if (all == by[JOB_LEFT_OUT])
        sentence(page, WORD_VERDICT_NOTHING, NULL, 0);
    else if (facts->trials == all)
        sentence(page, WORD_VERDICT_TRIAL, NULL, 0);
    else if (through + by[JOB_LEFT_OUT] < all)
        sentence(
            page, WORD_VERDICT_OPEN,
            (const uint64_t[]){through, all, by[JOB_FAILED], by[JOB_PAUSED] + by[JOB_NOT_STARTED]},
            4);
    else if (by[JOB_EXCEPTIONS] > 0)
        sentence(page, WORD_VERDICT_EXCEPTIONS,
                 (const uint64_t[]){by[JOB_EXCEPTIONS], through, away}, 3);
    else if (away > 0)
        sentence(page, WORD_VERDICT_GOOD, (const uint64_t[]){away}, 1);
    else
        sentence(page, WORD_VERDICT_PERFECT, (const uint64_t[]){through, there}, 2);
}

static void append_figure(struct page *page, enum word word, const char *value, const char *class)
{
    buffer_printf(page->text, "<div%s><dt>%s<dd>%s</div>\n", class, say(page, word), value);
}

static void append_figure_number(struct page *page, enum word word, uint64_t number,
                                 const char *class)
{
    char text[REPORT_FORMAT_SIZE];
    words_format_number(page->look->language, number, text);
    append_figure(page, word, text, class);
}

static void append_figures(struct page *page)
{
    const struct facts *facts = &page->facts;
    const struct message_counts *counts = &facts->totals.counts;
    bool is_across = page->asked->across != NULL;
    int64_t difference = message_counts_difference(counts);
    char text[REPORT_FORMAT_SIZE];
    buffer_append_str(page->text, "<dl class=figures>\n");
    if (page->asked->only_row == 0)
        append_figure_number(page, WORD_MAILBOXES, facts->totals.mailboxes, " data-k=mailboxes");
    append_figure_number(page, WORD_MESSAGES, counts->source, " data-k=source_messages");
    append_figure_number(page, WORD_ON_DESTINATION, facts_there(counts), " data-k=there");
    append_figure_number(page, WORD_NOT_THERE, facts_not_there(counts), " data-k=not_there");
    append_figure_number(page, WORD_DIFFERENCE,
                         difference < 0 ? (uint64_t)-difference : (uint64_t)difference,
                         " data-k=difference");
    append_figure_number(page, is_across ? WORD_COPIED_ALL : WORD_COPIED_NOW,
                         is_across ? facts->copied_all : counts->copied, " data-k=copied");
    words_format_bytes(page->look->language, is_across ? facts->bytes_all : counts->bytes_copied,
                       text);
    append_figure(page, WORD_DATA_COPIED, text, "");
    if (!is_across && facts->run.ended_msecs != 0 && page->asked->only_row == 0) {
        words_format_duration(page->look->language,
                              facts->run.ended_msecs - facts->run.started_msecs, text);
        append_figure(page, WORD_DURATION, text, "");
    }
    buffer_append_str(page->text, "</dl>\n");
}

static void append_verdict(struct page *page)
{
    const struct facts *facts = &page->facts;
    buffer_printf(page->text,
                  "<section class=\"verdict v%d\">\n<p class=grade>%s</p>\n<p class=sentence>",
                  (int)facts->grade, say(page, words_of_grade(facts->grade)));
    append_verdict_sentence(page);
    buffer_append_str(page->text, "</p>\n");
    if (facts->run.is_final) {
        buffer_append_str(page->text, "<p class=safe>");
        sentence(page, WORD_SAFE_COUNT, (const uint64_t[]){facts->safe, facts->totals.mailboxes},
                 2);
        buffer_append_str(page->text, "</p>\n");
    }
    if (facts->run.ended_msecs == 0)
        buffer_printf(page->text, "<p>%s</p>\n", say(page, WORD_NOT_ENDED));
    verified_append_run(page->text, page->look->language, &facts->verified);
    append_figures(page);
    buffer_append_str(page->text, "</section>\n");
}

/* -- the overview -- */

static void append_overview(struct page *page)
{
    buffer_append_str(page->text, "<section class=overview>\n");
    heading(page, WORD_OVERVIEW);
    buffer_append_str(page->text, "<div class=cards>\n");
    charts_append(page->text, page->look->language, &page->facts);
    buffer_append_str(page->text, "</div>\n</section>\n");
}

/* -- what to do -- */

static void append_steps(struct buffer *text, const char *steps)
{
    while (*steps != '\0') {
        char step[HTML_SENTENCE_CHARACTERS];
        size_t size = strcspn(steps, "\n");
        size_t kept = size < sizeof(step) ? size : sizeof(step) - 1;
        memcpy(step, steps, kept);
        step[kept] = '\0';
        buffer_append_str(text, "<li>");
        html_append_text(text, step, HTML_SENTENCE_CHARACTERS);
        steps += size;
        steps += *steps == '\n';
    }
}

static bool append_diagnosis(void *context, const char *id, uint64_t mailboxes, uint64_t messages)
{
    struct page *page = context;
    struct buffer *text = page->text;
    const struct diagnosis *diagnosis = diagnosis_by_id(id);
    if (diagnosis == NULL)
        return true;
    if (page->rows++ == 0) {
        buffer_append_str(text, "<section class=todo>\n");
        heading(page, WORD_WHAT_TO_DO);
        buffer_printf(text, "<p class=note>%s</p>\n<ol class=advices>\n",
                      say(page, WORD_WHAT_TO_DO_NOTE));
    }
    buffer_append_str(text, "<li><details><summary><b lang=en>");
    html_append_text(text, diagnosis->title, HTML_NAME_CHARACTERS);
    buffer_append_str(text, "</b> <small>");
    sentence(page, WORD_MAILBOXES_MESSAGES, (const uint64_t[]){mailboxes, messages}, 2);
    buffer_append_str(text, "</small></summary><div lang=en><p>");
    html_append_text(text, diagnosis->explanation, HTML_SENTENCE_CHARACTERS);
    buffer_append_str(text, "</p><ul>");
    append_steps(text, diagnosis->steps);
    buffer_append_str(text, "</ul></div></details>\n");
    return page->rows < ADVICE_MAX_ROWS;
}

static bool append_diagnoses(struct page *page, struct store *store, struct fault *fault_r)
{
    if (!store_diagnoses_each(store, page->facts.run.id, append_diagnosis, page, fault_r))
        return false;
    if (page->rows > 0)
        buffer_append_str(page->text, "</ol>\n</section>\n");
    return true;
}

/* -- the mailboxes -- */

/* Hidden until the script is there that makes it work. */
static void append_tools(struct page *page)
{
    buffer_printf(
        page->text,
        "<form class=tools id=tools hidden>\n<label>%s <input type=search id=find></label>"
        "\n<label>%s <select id=grade><option value=\"\">%s</select></label>\n"
        "<label>%s <select id=status><option value=\"\">%s</select></label>\n"
        "<output id=shown data-say=\"%s\"></output>\n</form>\n",
        say(page, WORD_SEARCH), say(page, WORD_GRADE), say(page, WORD_ALL), say(page, WORD_STATUS),
        say(page, WORD_ALL), say(page, WORD_SHOWN));
}

static bool append_mailboxes(struct page *page, struct store *store, struct fault *fault_r)
{
    struct walk walk;
    bool is_one = page->asked->only_row != 0;
    walk_begin(&walk, store, page->facts.run.id, page->asked->across);
    walk.only_row = page->asked->only_row;
    buffer_append_str(page->text, "<section class=mailboxes>\n");
    heading(page, is_one ? WORD_MAILBOX : WORD_MAILBOXES);
    if (!is_one)
        append_tools(page);
    if (!mailboxes_write(&page->output, page->look, &page->facts, &walk, is_one, fault_r))
        return false;
    if (!is_one)
        buffer_printf(page->text,
                      "<p id=nothing hidden>%s</p>\n<p><button type=button id=more hidden>%s"
                      "</button></p>\n",
                      say(page, WORD_NOTHING_FOUND), say(page, WORD_SHOW_ALL));
    buffer_append_str(page->text, "</section>\n");
    return true;
}

/* -- what else a reader should know -- */

static bool append_change(struct page *page, enum word word, uint64_t count, bool is_first)
{
    char number[REPORT_FORMAT_SIZE];
    if (count == 0)
        return is_first;
    words_format_number(page->look->language, count, number);
    buffer_printf(page->text, "%s<li><b>%s</b> %s", is_first ? "<ul>" : "", number,
                  say(page, word));
    return false;
}

static void append_changes(struct page *page)
{
    static const enum word words[CHANGE_KIND_COUNT] = {
#define CHANGE_WORD(suffix, name) [CHANGE_##suffix] = WORD_CHANGE_##suffix,
        CHANGE_KINDS(CHANGE_WORD)
#undef CHANGE_WORD
    };
    const struct store_changes *changes = &page->facts.changes;
    const struct report_totals *totals = &page->facts.totals;
    heading(page, WORD_CHANGED);
    bool is_first = append_change(page, WORD_CHANGE_RENAMED, changes->folders_renamed, true);
    is_first = append_change(page, WORD_CHANGE_MERGED, changes->folders_merged, is_first);
    for (int i = 0; i < CHANGE_KIND_COUNT; i++)
        is_first = append_change(page, words[i], changes->messages[i], is_first);
    is_first = append_change(page, WORD_DELETED_SOURCE, totals->deleted_source, is_first);
    is_first = append_change(page, WORD_DELETED_DESTINATION, totals->deleted_destination, is_first);
    if (is_first)
        buffer_printf(page->text, "<p>%s</p>\n", say(page, WORD_CHANGED_NOTHING));
    else
        buffer_append_str(page->text, "</ul>\n");
}

/* Items that stand between bars. */
static void append_list(struct buffer *text, const char *items)
{
    buffer_append_str(text, "<ul>");
    while (*items != '\0') {
        size_t size = strcspn(items, "|");
        buffer_append_str(text, "<li>");
        buffer_append(text, items, size);
        items += size;
        items += *items == '|';
    }
    buffer_append_str(text, "</ul>\n");
}

static void append_rules(struct page *page)
{
    static const enum word rules[GRADE_COUNT] = {
        [GRADE_PERFECT] = WORD_RULE_PERFECT,
        [GRADE_GOOD] = WORD_RULE_GOOD,
        [GRADE_INVESTIGATE] = WORD_RULE_INVESTIGATE,
        [GRADE_POOR] = WORD_RULE_POOR,
    };
    heading(page, WORD_RULES);
    buffer_append_str(page->text, "<dl class=rules>\n");
    for (int i = GRADE_PERFECT; i < GRADE_COUNT; i++)
        buffer_printf(page->text, "<dt><span class=g%d>%s</span><dd>%s\n", i,
                      say(page, words_of_grade((enum grade)i)), say(page, rules[i]));
    buffer_append_str(page->text, "</dl>\n");
    if (page->asked->only_row == 0)
        buffer_printf(page->text, "<p>%s</p>\n", say(page, WORD_RULE_RUN));
    buffer_printf(page->text, "<p>%s</p>\n", say(page, WORD_RULE_DIFFERENCE));
    if (page->facts.run.is_final)
        buffer_printf(page->text, "<p>%s</p>\n", say(page, WORD_RULE_SAFE));
}

static void append_fact(struct page *page, enum word word, const char *value)
{
    buffer_printf(page->text, "<dt>%s<dd>", say(page, word));
    html_append_name(page->text, value);
    buffer_append_str(page->text, "\n");
}

static void append_run_times(struct page *page)
{
    const struct facts_run *run = &page->facts.run;
    buffer_printf(page->text, "<dt>%s<dd>", say(page, WORD_STARTED));
    append_time(page->text, run->started_msecs);
    if (run->ended_msecs != 0) {
        buffer_printf(page->text, "\n<dt>%s<dd>", say(page, WORD_ENDED));
        append_time(page->text, run->ended_msecs);
    }
    buffer_append_str(page->text, "\n");
}

/* Whose servers had not to prove who they are, or were spoken to in clear, as somebody asked for.
 */
static void append_exposures(struct page *page)
{
    const struct report_totals *totals = &page->facts.totals;
    for (uint64_t side = 1; side <= 2; side++) {
        const uint64_t unchecked[] = {totals->unchecked[side - 1], side};
        const uint64_t clear[] = {totals->clear[side - 1], side};
        if (unchecked[0] > 0)
            sentence(page, WORD_UNCHECKED, unchecked, 2);
        if (clear[0] > 0)
            sentence(page, WORD_CLEAR, clear, 2);
    }
}

/* The settings and the manifest are the administrator's: a user's page does not show them. */
static void append_about(struct page *page)
{
    const struct facts_run *run = &page->facts.run;
    bool is_one = page->asked->only_row != 0;
    heading(page, WORD_ABOUT);
    buffer_append_str(page->text, "<dl class=about>\n");
    append_fact(page, WORD_RUN, run->id);
    append_run_times(page);
    buffer_printf(page->text, "<dt>%s<dd>mailconvoy ", say(page, WORD_VERSION));
    html_append_name(page->text, run->version);
    if (!is_one) {
        append_fact(page, WORD_COMMAND, run->command);
        if (run->manifest[0] != '\0')
            append_fact(page, WORD_MANIFEST, run->manifest);
        if (run->manifest_sha256[0] != '\0')
            append_fact(page, WORD_MANIFEST_HASH, run->manifest_sha256);
    }
    buffer_append_str(page->text, "</dl>\n");
    append_exposures(page);
    if (is_one)
        return;
    buffer_printf(page->text, "<details><summary>%s</summary><pre>", say(page, WORD_SETTINGS));
    const char *line = run->settings;
    while (*line != '\0') {
        size_t size = strcspn(line, "\n");
        char *copy = mem_strndup(line, size);
        html_append_text(page->text, copy, HTML_SENTENCE_CHARACTERS);
        buffer_append_str(page->text, "\n");
        mem_free(copy);
        line += size + (line[size] == '\n');
    }
    buffer_printf(page->text, "</pre></details>\n<p class=note>%s</p>\n",
                  say(page, WORD_SAME_FACTS));
}

static void append_end(struct page *page)
{
    buffer_append_str(page->text, "<section class=notes>\n");
    if (page->asked->only_row == 0 && page->asked->across == NULL)
        append_changes(page);
    heading(page, WORD_CANNOT);
    append_list(page->text, say(page, WORD_CANNOT_LIST));
    append_rules(page);
    append_about(page);
    buffer_append_str(page->text, "</section>\n</main>\n");
}

static bool page_append_all(struct page *page, struct store *store, struct fault *fault_r)
{
    const struct html_page *asked = page->asked;
    if (!facts_read(store, asked->run_id, asked->across, asked->only_row, &page->facts, fault_r))
        return false;
    bool is_of_run = asked->only_row == 0 && asked->across == NULL;
    if (!append_head(page)) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make the report: no SHA-256");
        return false;
    }
    append_header(page);
    append_verdict(page);
    if (asked->only_row == 0)
        append_overview(page);
    if ((is_of_run && !append_diagnoses(page, store, fault_r)) ||
        !append_mailboxes(page, store, fault_r))
        return false;
    append_end(page);
    return true;
}

bool html_page_write(struct store *store, const struct html_page *asked, FILE *stream,
                     struct fault *fault_r)
{
    struct page page = {.asked = asked, .look = asked->look};
    report_output_init(&page.output, stream);
    page.text = &page.output.text;
    bool is_ok = page_append_all(&page, store, fault_r);
    facts_deinit(&page.facts);
    return report_output_end(&page.output, is_ok, fault_r);
}
