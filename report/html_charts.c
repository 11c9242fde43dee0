/* SPDX-License-Identifier: MIT */
#include "report/html_charts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "report/html.h"

#define LABEL_SIZE 64

/* The plane of a curve, in units of its picture. */
#define CURVE_WIDTH  720
#define CURVE_HEIGHT 190
#define CURVE_LEFT   4
#define CURVE_RIGHT  716
#define CURVE_TOP    26
#define CURVE_BOTTOM 150

enum word charts_status_word(enum job_status status)
{
    static const enum word words[JOB_STATUS_COUNT] = {
        [JOB_NOT_STARTED] = WORD_STATUS_NOT_STARTED, [JOB_COMPLETE] = WORD_STATUS_COMPLETE,
        [JOB_EXCEPTIONS] = WORD_STATUS_EXCEPTIONS,   [JOB_PAUSED] = WORD_STATUS_PAUSED,
        [JOB_FAILED] = WORD_STATUS_FAILED,           [JOB_LEFT_OUT] = WORD_STATUS_LEFT_OUT,
    };
    return words[status];
}

static void open_figure(struct buffer *text, enum language language, enum word title,
                        const char *class)
{
    buffer_printf(text, "<figure class=\"card %s\"><figcaption>%s</figcaption>\n", class,
                  words_get(language, title));
}

/* -- a bar of parts, with what they mean below -- */

struct part {
    const char *label;
    const char *colour; /* a class */
    double amount;
    char shown[REPORT_FORMAT_SIZE];
};

static void append_bar(struct buffer *text, const char *title, const struct part *parts,
                       size_t count)
{
    double sum = 0;
    double at = 0;
    for (size_t i = 0; i < count; i++)
        sum += parts[i].amount;
    buffer_printf(text,
                  "<svg class=bar viewBox=\"0 0 1000 20\" preserveAspectRatio=none role=img "
                  "aria-label=\"%s\">",
                  title);
    for (size_t i = 0; i < count && sum > 0; i++) {
        double width = 1000 * parts[i].amount / sum;
        if (parts[i].amount > 0)
            buffer_printf(text, "<rect class=%s x=\"%.1f\" width=\"%.1f\" height=20 />",
                          parts[i].colour, at, width);
        at += width;
    }
    buffer_append_str(text, "</svg>\n<ul class=legend>");
    for (size_t i = 0; i < count; i++) {
        if (parts[i].amount > 0)
            buffer_printf(text, "<li><i class=\"key %s\"></i>%s <b>%s</b></li>", parts[i].colour,
                          parts[i].label, parts[i].shown);
    }
    buffer_append_str(text, "</ul>\n");
}

static void append_statuses(struct buffer *text, enum language language, const struct facts *facts)
{
    static const enum job_status order[JOB_STATUS_COUNT] = {
        JOB_COMPLETE, JOB_EXCEPTIONS, JOB_PAUSED, JOB_FAILED, JOB_LEFT_OUT, JOB_NOT_STARTED};
    static const char *const colours[JOB_STATUS_COUNT] = {"good", "look", "wait",
                                                          "bad",  "calm", "none"};
    struct part parts[JOB_STATUS_COUNT];
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        uint64_t count = facts->totals.by_status[order[i]];
        parts[i] = (struct part){.label = words_get(language, charts_status_word(order[i])),
                                 .colour = colours[i],
                                 .amount = (double)count};
        words_format_number(language, count, parts[i].shown);
    }
    open_figure(text, language, WORD_CHART_STATUS, "half");
    append_bar(text, words_get(language, WORD_CHART_STATUS), parts, JOB_STATUS_COUNT);
    buffer_append_str(text, "</figure>\n");
}

static void append_times(struct buffer *text, enum language language, const struct facts *facts)
{
    const int64_t msecs[] = {facts->working_msecs, facts->throttled_msecs, facts->waiting_msecs};
    struct part parts[3] = {
        {.label = words_get(language, WORD_TIME_WORKING), .colour = "good"},
        {.label = words_get(language, WORD_TIME_THROTTLED), .colour = "look"},
        {.label = words_get(language, WORD_TIME_WAITING), .colour = "wait"},
    };
    for (int i = 0; i < 3; i++) {
        parts[i].amount = (double)msecs[i];
        words_format_duration(language, msecs[i], parts[i].shown);
    }
    open_figure(text, language, WORD_CHART_TIME, "half");
    append_bar(text, words_get(language, WORD_CHART_TIME), parts, 3);
    buffer_printf(text, "<p class=note>%s</p></figure>\n",
                  words_get(language, WORD_CHART_TIME_NOTE));
}

/* -- curves over the run's time -- */

struct curve {
    enum word title;
    const double *values;
    double budget; /* 0: none */
    bool is_bytes;
};

static void format_rate(enum language language, const struct curve *curve, double rate,
                        char text_r[LABEL_SIZE])
{
    char number[REPORT_FORMAT_SIZE];
    if (curve->is_bytes) {
        words_format_bytes(language, (uint64_t)rate, number);
        (void)snprintf(text_r, LABEL_SIZE, "%s/s", number);
        return;
    }
    if (rate < 10)
        (void)snprintf(number, sizeof(number), "%.1f", rate);
    else
        words_format_number(language, (uint64_t)(rate + 0.5), number);
    (void)snprintf(text_r, LABEL_SIZE, "%s/s", number);
}

static double curve_x(int step)
{
    return CURVE_LEFT + (double)(CURVE_RIGHT - CURVE_LEFT) * step / SERIES_STEPS;
}

static double curve_y(double value, double top)
{
    return CURVE_BOTTOM - (CURVE_BOTTOM - CURVE_TOP) * value / top;
}

/* Where mailboxes were throttled: the more of them, the darker, along the bottom. */
static void append_pauses(struct buffer *text, const struct series *series)
{
    double most = series_max(series->paused);
    for (int i = 0; i < SERIES_STEPS; i++) {
        if (series->paused[i] < 0.001 || most <= 0)
            continue;
        buffer_printf(text,
                      "<rect class=look x=\"%.1f\" y=%d width=\"%.1f\" height=8 "
                      "fill-opacity=\"%.2f\"/>",
                      curve_x(i), CURVE_BOTTOM + 4, curve_x(1) - curve_x(0) + 0.3,
                      0.3 + 0.7 * series->paused[i] / most);
    }
}

static void append_path(struct buffer *text, const struct curve *curve, double top)
{
    buffer_printf(text, "<path class=area d=\"M%d %d", CURVE_LEFT, CURVE_BOTTOM);
    for (int i = 0; i < SERIES_STEPS; i++)
        buffer_printf(text, "L%.1f %.1fH%.1f", curve_x(i), curve_y(curve->values[i], top),
                      curve_x(i + 1));
    buffer_printf(text, "V%dZ\"/>", CURVE_BOTTOM);
}

/* "21:51" of "2026-11-22T21:51:46Z", with the day in front when the run took several. */
static void append_clock(struct buffer *text, int64_t wall_msecs, bool has_day)
{
    char iso[CLOCK_ISO8601_SIZE];
    clock_format(wall_msecs, iso);
    if (has_day)
        buffer_printf(text, "%.10s ", iso);
    buffer_printf(text, "%.5s UTC", iso + 11);
}

static void append_axis(struct buffer *text, const struct series *series)
{
    bool has_day = series->from_msecs / 86400000 != series->until_msecs / 86400000;
    buffer_printf(text, "<path class=axis d=\"M%d %dH%d\"/><text x=%d y=180>", CURVE_LEFT,
                  CURVE_BOTTOM, CURVE_RIGHT, CURVE_LEFT);
    append_clock(text, series->from_msecs, has_day);
    buffer_printf(text, "</text><text x=%d y=180 text-anchor=end>", CURVE_RIGHT);
    append_clock(text, series->until_msecs, has_day);
    buffer_append_str(text, "</text>");
}

static void append_curve(struct buffer *text, enum language language, const struct series *series,
                         const struct curve *curve)
{
    char label[LABEL_SIZE];
    double most = series_max(curve->values);
    double top = most > curve->budget ? most : curve->budget;
    open_figure(text, language, curve->title, "half");
    buffer_printf(text, "<svg class=curve viewBox=\"0 0 %d %d\" role=img aria-label=\"%s\">",
                  CURVE_WIDTH, CURVE_HEIGHT, words_get(language, curve->title));
    append_path(text, curve, top);
    append_axis(text, series);
    append_pauses(text, series);
    format_rate(language, curve, most, label);
    buffer_printf(text, "<text class=strong x=%d y=14>max %s</text>", CURVE_LEFT, label);
    if (curve->budget > 0) {
        double y = curve_y(curve->budget, top);
        format_rate(language, curve, curve->budget, label);
        buffer_printf(text,
                      "<path class=limit d=\"M%d %.1fH%d\"/><text class=strong x=%d y=14 "
                      "text-anchor=end>%s %s</text>",
                      CURVE_LEFT, y, CURVE_RIGHT, CURVE_RIGHT,
                      words_get(language, WORD_CHART_BUDGET), label);
    }
    buffer_append_str(text, "</svg>");
    if (series_max(series->paused) > 0)
        buffer_printf(text, "<ul class=legend><li><i class=\"key look\"></i>%s</li></ul>",
                      words_get(language, WORD_CHART_PAUSES));
    buffer_append_str(text, "</figure>\n");
}

static void append_curves(struct buffer *text, enum language language, const struct facts *facts)
{
    const struct series *series = &facts->series;
    const struct curve curves[] = {
        {WORD_CHART_MESSAGES, series->messages, facts->run.budget_messages, false},
        {WORD_CHART_BYTES, series->bytes, facts->run.budget_bytes, true},
    };
    bool is_drawn = facts->has_samples && series_max(series->messages) > 0;
    for (int i = 0; i < 2 && is_drawn; i++)
        append_curve(text, language, series, &curves[i]);
}

/* -- the largest mailboxes -- */

static void append_largest(struct buffer *text, enum language language, const struct facts *facts)
{
    char number[REPORT_FORMAT_SIZE];
    if (facts->largest_count < 2)
        return;
    double most = (double)facts->largest[0].source;
    open_figure(text, language, WORD_CHART_LARGEST, "whole");
    buffer_append_str(text, "<ol class=largest>\n");
    for (size_t i = 0; i < facts->largest_count; i++) {
        const struct facts_mailbox *mailbox = &facts->largest[i];
        buffer_append_str(text, "<li><span>");
        html_append_name(text, mailbox->name);
        words_format_number(language, mailbox->source, number);
        buffer_printf(text,
                      "</span><svg class=bar viewBox=\"0 0 1000 20\" preserveAspectRatio=none "
                      "aria-hidden=true><rect class=calm width=\"%.1f\" height=20 /><rect "
                      "class=good width=\"%.1f\" height=20 /></svg><b>%s</b></li>\n",
                      1000 * (double)mailbox->source / most, 1000 * (double)mailbox->there / most,
                      number);
    }
    buffer_printf(text, "</ol><p class=note>%s</p></figure>\n",
                  words_get(language, WORD_CHART_LARGEST_NOTE));
}

void charts_append(struct buffer *text, enum language language, const struct facts *facts)
{
    append_statuses(text, language, facts);
    if (facts->working_msecs + facts->throttled_msecs + facts->waiting_msecs > 0)
        append_times(text, language, facts);
    append_curves(text, language, facts);
    append_largest(text, language, facts);
}
