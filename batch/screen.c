/* SPDX-License-Identifier: MIT */
#include "batch/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/columns.h"
#include "report/format.h"

#define CELL_SIZE   96
#define BAR_COLUMNS 30
#define TITLE_MIN   12
#define TITLE_MAX   40
/* What stands behind the folder of a mailbox: its messages, and where there is room, both rates. */
#define MESSAGES_COLUMNS 20
#define RATES_COLUMNS    24
#define RATES_MIN        80

/* -- cells -- */

/* "1,234,567" */
static void format_count(uint64_t value, char text_r[CELL_SIZE])
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_r[used++] = ',';
        text_r[used++] = digits[i];
    }
    text_r[used] = '\0';
}

/* "4:12", "1:04:12", "2 d 1:04:12" */
static void format_span(int64_t msecs, char text_r[CELL_SIZE])
{
    int64_t secs = msecs > 0 ? (msecs + 500) / 1000 : 0;
    int64_t days = secs / 86400;
    int64_t hours = secs / 3600 % 24;
    if (days > 0)
        (void)snprintf(text_r, CELL_SIZE, "%" PRId64 " d %" PRId64 ":%02d:%02d", days, hours,
                       (int)(secs / 60 % 60), (int)(secs % 60));
    else if (hours > 0)
        (void)snprintf(text_r, CELL_SIZE, "%" PRId64 ":%02d:%02d", hours, (int)(secs / 60 % 60),
                       (int)(secs % 60));
    else
        (void)snprintf(text_r, CELL_SIZE, "%d:%02d", (int)(secs / 60), (int)(secs % 60));
}

/* "12.5/s" */
static void format_rate(double per_sec, char text_r[CELL_SIZE])
{
    (void)snprintf(text_r, CELL_SIZE, per_sec < 99.95 ? "%.1f/s" : "%.0f/s", per_sec);
}

static void format_byte_rate(double per_sec, char text_r[CELL_SIZE])
{
    char bytes[REPORT_FORMAT_SIZE];
    report_format_bytes(per_sec > 0 && per_sec < 1e18 ? (uint64_t)per_sec : 0, bytes);
    (void)snprintf(text_r, CELL_SIZE, "%s/s", bytes);
}

static unsigned int percent(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return 0;
    return part >= whole ? 100 : (unsigned int)((double)part / (double)whole * 100);
}

/* -- lines -- */

static void end_line(struct buffer *text, struct buffer *line, size_t columns)
{
    struct buffer cell;
    buffer_init(&cell, SCREEN_MAX_BYTES);
    columns_append_cell(&cell, buffer_str(line), columns, false);
    size_t size = cell.used;
    while (size > 0 && cell.data[size - 1] == ' ')
        size--;
    buffer_append(text, cell.data, size);
    buffer_append_byte(text, '\n');
    buffer_deinit(&cell);
    buffer_clear(line);
}

static void append_title(const struct snapshot *snapshot, size_t columns, struct buffer *line)
{
    char right[CELL_SIZE + 32];
    char span[CELL_SIZE];
    int64_t until_msecs = snapshot->ended_msecs != 0 ? snapshot->ended_msecs
                                                     : snapshot->taken_msecs;
    format_span(until_msecs - snapshot->started_msecs, span);
    (void)snprintf(right, sizeof(right), "%s %s",
                   snapshot->phase == SNAPSHOT_STOPPING  ? "stopping,"
                   : snapshot->phase == SNAPSHOT_ENDED   ? "ended after"
                   : snapshot->phase == SNAPSHOT_CUT_OFF ? "cut off after"
                                                         : "running",
                   span);
    struct buffer left;
    buffer_init(&left, SCREEN_MAX_BYTES);
    buffer_printf(&left, "mailconvoy %s %s", snapshot->command, snapshot->manifest);
    size_t used = strlen(right);
    columns_append_cell(line, buffer_str(&left), columns > used + 1 ? columns - used - 1 : 0,
                        false);
    buffer_printf(line, " %s", right);
    buffer_deinit(&left);
}

static void append_bar(struct buffer *line, unsigned int percents)
{
    size_t full = (size_t)percents * BAR_COLUMNS / 100;
    buffer_append_byte(line, '[');
    for (size_t i = 0; i < BAR_COLUMNS; i++)
        buffer_append_byte(line, i < full ? '#' : '.');
    buffer_printf(line, "] %3u %%  ", percents);
}

static void append_messages(const struct snapshot *snapshot, struct buffer *line)
{
    char done[CELL_SIZE];
    char all[CELL_SIZE];
    format_count(snapshot->messages_done, done);
    format_count(snapshot->messages, all);
    append_bar(line, percent(snapshot->messages_done, snapshot->messages));
    buffer_printf(line, "%s of %s%s", done, snapshot->is_guess ? "about " : "", all);
}

static void append_bytes(const struct snapshot *snapshot, struct buffer *line)
{
    char done[REPORT_FORMAT_SIZE];
    char all[REPORT_FORMAT_SIZE];
    report_format_bytes(snapshot->bytes_copied, done);
    report_format_bytes(snapshot->bytes, all);
    append_bar(line, percent(snapshot->bytes_copied, snapshot->bytes));
    buffer_printf(line, "%s of %s%s", done, snapshot->is_guess ? "about " : "", all);
}

/* "12.5/s of 20.0/s allowed, 1.3 MiB/s" */
static void append_rates(const struct snapshot *snapshot, struct buffer *line)
{
    char now[CELL_SIZE];
    char most[CELL_SIZE];
    format_rate(snapshot->messages_per_sec, now);
    buffer_printf(line, "%s", now);
    if (snapshot->budget_messages > 0) {
        format_rate(snapshot->budget_messages, most);
        buffer_printf(line, " of %s allowed", most);
    }
    format_byte_rate(snapshot->bytes_per_sec, now);
    buffer_printf(line, ", %s", now);
    if (snapshot->budget_bytes > 0) {
        format_byte_rate(snapshot->budget_bytes, most);
        buffer_printf(line, " of %s allowed", most);
    }
}

static void append_left(const struct snapshot *snapshot, struct buffer *line)
{
    char span[CELL_SIZE];
    char at[CLOCK_ISO8601_SIZE];
    if (snapshot->phase == SNAPSHOT_CUT_OFF) {
        buffer_append_str(line, "run the same command again to go on");
    } else if (snapshot->phase == SNAPSHOT_ENDED) {
        buffer_printf(line, "nothing; exit code %d, see mailconvoy report", snapshot->exit_code);
    } else if (snapshot->left_msecs < 0) {
        buffer_append_str(line, "not known yet");
    } else {
        format_span(snapshot->left_msecs, span);
        clock_format_local(snapshot->taken_msecs + snapshot->left_msecs, at);
        buffer_printf(line, "about %s, until %.16s", span, at);
    }
}

/* "12 done, 1 failed, 3 waiting, 4 to come, of 20 mailboxes" */
static void append_mailboxes(const struct snapshot *snapshot, struct buffer *line)
{
    static const struct {
        enum job_status status;
        const char *name;
    } names[] = {
        {JOB_COMPLETE, "complete"}, {JOB_EXCEPTIONS, "with exceptions"}, {JOB_FAILED, "failed"},
        {JOB_PAUSED, "paused"},     {JOB_LEFT_OUT, "left out"},
    };
    char count[CELL_SIZE];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint64_t value = snapshot->by_status[names[i].status];
        if (value == 0 && names[i].status != JOB_COMPLETE && names[i].status != JOB_FAILED)
            continue;
        format_count(value, count);
        buffer_printf(line, "%s%s %s", i > 0 ? ", " : "", count, names[i].name);
    }
    format_count(snapshot->running, count);
    buffer_printf(line, ", %s running", count);
    if (snapshot->waiting > 0) {
        format_count(snapshot->waiting, count);
        buffer_printf(line, ", %s waiting", count);
    }
    format_count(snapshot->by_status[JOB_NOT_STARTED], count);
    buffer_printf(line, ", %s to come", count);
}

/* What a mailbox is at: its folder, or what it waits for. */
static void append_place(const struct snapshot *snapshot, const struct snapshot_mailbox *mailbox,
                         size_t columns, struct buffer *line)
{
    char span[CELL_SIZE];
    char words[CELL_SIZE + 32];
    int64_t left_msecs = mailbox->until_msecs - snapshot->taken_msecs;
    const char *place = words;
    format_span(left_msecs, span);
    switch (mailbox->state) {
    case SNAPSHOT_COPYING:
        place = mailbox->folder;
        break;
    case SNAPSHOT_THROTTLED:
        (void)snprintf(words, sizeof(words), "throttled %s", span);
        break;
    case SNAPSHOT_WAITING:
        if (left_msecs > 0)
            (void)snprintf(words, sizeof(words), "tries again in %s", span);
        else
            place = "waits for its turn";
        break;
    default:
        place = "connecting";
        break;
    }
    columns_append_cell(line, place, columns, false);
}

static void append_mailbox(const struct snapshot *snapshot, const struct snapshot_mailbox *mailbox,
                           size_t title_columns, size_t place_columns, bool has_rates,
                           struct buffer *line)
{
    char done[CELL_SIZE];
    char all[CELL_SIZE];
    char of[(size_t)2 * CELL_SIZE];
    char rate[CELL_SIZE];
    char byte_rate[CELL_SIZE];
    columns_append_cell(line, mailbox->title, title_columns, false);
    buffer_append_str(line, "  ");
    append_place(snapshot, mailbox, place_columns, line);
    format_count(mailbox->messages_done, done);
    format_count(mailbox->messages, all);
    (void)snprintf(of, sizeof(of), "%s/%s", done, mailbox->messages > 0 ? all : "?");
    format_rate(mailbox->messages_per_sec, rate);
    format_byte_rate(mailbox->bytes_per_sec, byte_rate);
    if (mailbox->state >= SNAPSHOT_THROTTLED || !has_rates)
        buffer_printf(line, " %19s", of);
    else
        buffer_printf(line, " %19s  %8s  %12s", of, rate, byte_rate);
}

/* The widest title that is shown, within limits. */
static size_t title_columns(const struct snapshot *snapshot, size_t room)
{
    size_t most = TITLE_MIN;
    size_t limit = room / 2 < TITLE_MAX ? room / 2 : TITLE_MAX;
    for (size_t i = 0; i < snapshot->mailboxes_count; i++) {
        size_t columns = columns_wanted(snapshot->mailboxes[i].title);
        most = columns > most ? columns : most;
    }
    return most < limit ? most : limit;
}

/* In at most `rows` lines, at least one. */
static void append_mailbox_lines(const struct snapshot *snapshot, size_t columns, size_t rows,
                                 struct buffer *text, struct buffer *line)
{
    uint64_t all = snapshot->mailboxes_count + snapshot->mailboxes_hidden;
    size_t shown = snapshot->mailboxes_count;
    if (all > rows)
        shown = rows - 1 < shown ? rows - 1 : shown;
    bool has_rates = columns >= RATES_MIN;
    size_t taken = 2 + MESSAGES_COLUMNS + (has_rates ? RATES_COLUMNS : 0);
    size_t room = columns > taken ? columns - taken : 0;
    size_t title = title_columns(snapshot, room);
    for (size_t i = 0; i < shown; i++) {
        append_mailbox(snapshot, &snapshot->mailboxes[i], title, room - title, has_rates, line);
        end_line(text, line, columns);
    }
    if (shown == all)
        return;
    buffer_printf(line, "and %" PRIu64 " more", all - shown);
    end_line(text, line, columns);
}

void screen_append(const struct snapshot *snapshot, size_t columns, size_t rows,
                   struct buffer *text)
{
    /* The most important first, where there is little room. */
    static const struct {
        const char *title;
        void (*append)(const struct snapshot *snapshot, struct buffer *line);
    } parts[] = {
        {"messages  ", append_messages},  {"bytes     ", append_bytes},
        {"mailboxes ", append_mailboxes}, {"rate      ", append_rates},
        {"left      ", append_left},
    };
    struct buffer line;
    size_t used = 0;
    buffer_init(&line, SCREEN_MAX_BYTES);
    if (rows > 0) {
        append_title(snapshot, columns, &line);
        end_line(text, &line, columns);
        used++;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && used < rows; i++, used++) {
        buffer_append_str(&line, parts[i].title);
        parts[i].append(snapshot, &line);
        end_line(text, &line, columns);
    }
    if (used + 1 < rows && snapshot->mailboxes_count > 0) {
        buffer_append_byte(text, '\n');
        append_mailbox_lines(snapshot, columns, rows - used - 1, text, &line);
    }
    buffer_deinit(&line);
}

void screen_append_line(const struct snapshot *snapshot, struct buffer *text)
{
    char span[CELL_SIZE];
    char count[CELL_SIZE];
    char bytes[REPORT_FORMAT_SIZE];
    format_span(snapshot->taken_msecs - snapshot->started_msecs, span);
    buffer_printf(text, "%s ", span);
    append_mailboxes(snapshot, text);
    format_count(snapshot->messages_copied, count);
    report_format_bytes(snapshot->bytes_copied, bytes);
    buffer_printf(text, "; %s messages and %s copied, %u %% done; ", count, bytes,
                  percent(snapshot->messages_done, snapshot->messages));
    append_rates(snapshot, text);
    if (snapshot->left_msecs > 0) {
        buffer_append_str(text, "; left ");
        append_left(snapshot, text);
    }
}
