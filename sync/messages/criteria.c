/* SPDX-License-Identifier: MIT */
#include "sync/messages/criteria.h"

#include <string.h>
#include <time.h>

#include "base/str.h"

#define SECS_PER_DAY 86400.0
/* 1 January 1900: no mail is older, and not every server knows what was before. */
#define OLDEST_SECS INT64_C(-2208988800)

/* -- ages -- */

static int64_t days_before(int64_t now_secs, double days)
{
    double seconds = (double)now_secs - days * SECS_PER_DAY;
    return seconds < (double)OLDEST_SECS ? OLDEST_SECS : (int64_t)seconds;
}

struct criteria_ages criteria_ages(const struct settings *settings, int64_t now_secs)
{
    struct criteria_ages ages = {.has_since = settings->maxage >= 0,
                                 .has_before = settings->minage >= 0};
    if (ages.has_since)
        ages.since_secs = days_before(now_secs, settings->maxage);
    if (ages.has_before)
        ages.before_secs = days_before(now_secs, settings->minage);
    ages.is_union = ages.has_since && ages.has_before && settings->minage > settings->maxage;
    return ages;
}

bool criteria_ages_are_given(const struct criteria_ages *ages)
{
    return ages->has_since || ages->has_before;
}

bool criteria_ages_take(const struct criteria_ages *ages, int64_t seconds)
{
    bool is_young = seconds > ages->since_secs;
    bool is_old = seconds < ages->before_secs;
    if (seconds == 0)
        return true;
    if (ages->is_union)
        return is_young || is_old;
    return (!ages->has_since || is_young) && (!ages->has_before || is_old);
}

/* "24-Oct-2026", the day there was on the clocks here. */
static void append_day(struct buffer *text, int64_t seconds)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm day = {0};
    time_t moment = (time_t)seconds;
    if (localtime_r(&moment, &day) == NULL || day.tm_mon < 0 || day.tm_mon > 11)
        day = (struct tm){.tm_mday = 1, .tm_year = 0};
    buffer_printf(text, "%d-%s-%04d", day.tm_mday, months[day.tm_mon], day.tm_year + 1900);
}

static void append_ages(const struct criteria_ages *ages, struct buffer *text)
{
    if (ages->is_union)
        buffer_append_str(text, "OR ");
    if (ages->has_since) {
        buffer_append_str(text, "SENTSINCE ");
        append_day(text, ages->since_secs);
    }
    if (ages->has_since && ages->has_before)
        buffer_append_byte(text, ' ');
    if (ages->has_before) {
        buffer_append_str(text, "SENTBEFORE ");
        append_day(text, ages->before_secs);
    }
}

/* -- the whole -- */

static bool is_given(const char *text)
{
    return text != NULL && text[strspn(text, " \t")] != '\0';
}

/* "CHARSET UTF-8 " stands before all keys; returns its length, 0 if there is none. */
static size_t charset_size(const char *search)
{
    static const char word[] = "CHARSET ";
    if (!str_istarts_with(search, word))
        return 0;
    size_t size = strlen(word);
    size += strspn(search + size, " ");
    size += strcspn(search + size, " ");
    return size + strspn(search + size, " ");
}

void criteria_append(const char *search, const struct criteria_ages *ages, struct buffer *text)
{
    bool has_ages = ages != NULL && criteria_ages_are_given(ages);
    if (is_given(search)) {
        search += strspn(search, " \t");
        size_t charset = charset_size(search);
        buffer_append(text, search, charset);
        /* In brackets nothing that is missing at its end can swallow what follows. */
        buffer_printf(text, has_ages ? "(%s) " : "%s", search + charset);
    }
    if (has_ages)
        append_ages(ages, text);
}

/* -- checks -- */

/* The character behind a quoted string that begins at `at`, or NULL: it has no end. */
static const char *pass_quoted(const char *at)
{
    for (at++; *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '\0')
            return NULL;
    }
    return at + 1;
}

const char *criteria_check_search(const char *search)
{
    int depth = 0;
    if (strlen(search) > CRITERIA_SEARCH_MAX_BYTES)
        return "is too long: servers take no such command";
    if (strpbrk(search, "\r\n") != NULL)
        return "may not hold a line break";
    while (*search != '\0') {
        if (*search == '{')
            return "may not hold a literal ({...}); put the words into double quotes";
        depth += *search == '(' ? 1 : *search == ')' ? -1 : 0;
        if (depth < 0)
            break;
        search = *search == '"' ? pass_quoted(search) : search + 1;
        if (search == NULL)
            return "has a double quote that is not closed";
    }
    return depth == 0 ? NULL : "has brackets that do not match";
}

static bool check_side(const struct settings *settings, int side, struct buffer *faults)
{
    const struct settings_side *own = &settings->side[side - 1];
    const char *fault = own->search == NULL ? NULL : criteria_check_search(own->search);
    if (fault == NULL && is_given(own->search) && !own->abletosearch)
        fault =
            "can't be done without searching (--noabletosearch); only --maxage and --minage can";
    if (fault != NULL)
        buffer_printf(faults, "search%d %s\n", side, fault);
    return fault == NULL;
}

bool criteria_check_settings(const struct settings *settings, struct buffer *faults)
{
    bool is_fine = check_side(settings, 1, faults);
    return check_side(settings, 2, faults) && is_fine;
}
