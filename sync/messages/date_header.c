/* SPDX-License-Identifier: MIT */
#include "sync/messages/date_header.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/str.h"
#include "sync/messages/header.h"

#define DATE_MAX_BYTES 256

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct date {
    unsigned int day;
    unsigned int month; /* 1 to 12 */
    unsigned int year;
    unsigned int hour;
    unsigned int minute;
    unsigned int second;
    int zone_minutes;
};

/* -- pieces; each takes what it is about, or leaves *at where it is -- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return str_lower(c) >= 'a' && str_lower(c) <= 'z';
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " ");
}

static bool take_char(const char **at, const char *chars)
{
    if (**at == '\0' || strchr(chars, **at) == NULL)
        return false;
    (*at)++;
    return true;
}

static bool take_number(const char **at, size_t min_digits, size_t max_digits,
                        unsigned int *value_r)
{
    size_t digits = strspn(*at, "0123456789");
    uint64_t value;
    if (digits < min_digits || digits > max_digits || !str_to_uint64(*at, digits, 9999, &value))
        return false;
    *at += digits;
    *value_r = (unsigned int)value;
    return true;
}

/* "Sep", "Sept", "September". */
static bool take_month(const char **at, unsigned int *month_r)
{
    size_t letters = 0;
    while (is_letter((*at)[letters]))
        letters++;
    if (letters < 3)
        return false;
    for (unsigned int month = 0; month < 12; month++) {
        char name[] = {month_names[3 * month], month_names[3 * month + 1],
                       month_names[3 * month + 2], '\0'};
        if (str_iequals_n(*at, 3, name)) {
            *at += letters;
            (void)take_char(at, ".");
            *month_r = month + 1;
            return true;
        }
    }
    return false;
}

/* As imapsync: 70 to 99 are of the last century, all else of this one. */
static bool take_year(const char **at, unsigned int *year_r)
{
    const char *from = *at;
    if (!take_number(at, 2, 4, year_r))
        return false;
    if (*at - from == 2)
        *year_r += *year_r >= 70 ? 1900 : 2000;
    else if (*at - from == 3) /* RFC 5322 section 4.3: years since 1900 */
        *year_r += 1900;
    return true;
}

/* "16:00:00", "16.00", "6:5:2", and a fraction that is dropped. */
static bool take_time(const char **at, struct date *date)
{
    const char *from = *at;
    if (!take_number(&from, 1, 2, &date->hour) || !take_char(&from, ":.") ||
        !take_number(&from, 1, 2, &date->minute))
        return false;
    date->second = 0;
    const char *seconds = from;
    if (take_char(&seconds, ":.") && take_number(&seconds, 1, 2, &date->second)) {
        from = seconds;
        if (*from == '.' && is_digit(from[1]))
            from += 1 + strspn(from + 1, "0123456789");
    }
    *at = from;
    return true;
}

/* "PM" behind a time. */
static void take_half_day(const char **at, struct date *date)
{
    const char *from = *at;
    skip_blanks(&from);
    char half = str_lower(*from);
    if ((half != 'a' && half != 'p') || str_lower(from[1]) != 'm' || is_letter(from[2]))
        return;
    *at = from + 2;
    if (date->hour == 12)
        date->hour = half == 'a' ? 0 : 12;
    else if (half == 'p' && date->hour < 12)
        date->hour += 12;
}

static bool take_zone_name(const char **at, int *minutes_r)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {
        {"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
        {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7},
    };
    size_t letters = 0;
    while (is_letter((*at)[letters]))
        letters++;
    if (letters == 0)
        return false;
    *minutes_r = 0;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (str_iequals_n(*at, letters, zones[i].name))
            *minutes_r = zones[i].hours * 60;
    }
    *at += letters;
    return true;
}

/* "+0200", "+02:00", "-5:30", a name; +0000 if there is none that can be one. */
static bool take_zone(const char **at, struct date *date)
{
    const char *from = *at;
    unsigned int hours;
    unsigned int minutes = 0;
    date->zone_minutes = 0;
    skip_blanks(&from);
    bool is_west = *from == '-';
    if (!take_char(&from, "+-")) {
        bool is_name = take_zone_name(&from, &date->zone_minutes);
        *at = is_name ? from : *at;
        return is_name;
    }
    if (take_number(&from, 4, 4, &hours)) {
        minutes = hours % 100;
        hours /= 100;
    } else if (!take_number(&from, 1, 2, &hours) ||
               (take_char(&from, ":") && !take_number(&from, 2, 2, &minutes))) {
        return false;
    }
    if (hours > 23 || minutes > 59)
        return false;
    date->zone_minutes = (int)(hours * 60 + minutes) * (is_west ? -1 : 1);
    *at = from;
    return true;
}

/* "16:00:00 +0200", "05:00 PM": how most forms end. */
static bool take_time_and_zone(const char *at, struct date *date)
{
    at += strspn(at, ", ");
    if (!take_time(&at, date))
        return false;
    take_half_day(&at, date);
    (void)take_zone(&at, date);
    return true;
}

/* "Tuesday, ": any word before a comma, a blank or a digit. */
static void skip_weekday(const char **at)
{
    const char *from = *at;
    unsigned int month;
    if (take_month(&from, &month) && *from != ',')
        return;
    from = *at;
    while (is_letter(*from) || (unsigned char)*from >= 0x80)
        from++;
    if (from == *at)
        return;
    (void)take_char(&from, ".");
    from += strspn(from, ", ");
    *at = from;
}

/* -- the forms -- */

/* "24 Aug 2010 16:00:00 +0200", also "24-Aug-2010", "24, Aug 97". */
static bool try_rfc(const char *at, struct date *date)
{
    skip_weekday(&at);
    if (!take_number(&at, 1, 2, &date->day))
        return false;
    at += strspn(at, ",.- ");
    if (!take_month(&at, &date->month))
        return false;
    at += strspn(at, ",- ");
    return take_year(&at, &date->year) && take_time_and_zone(at, date);
}

/* "Sun Aug  2 11:55:42 1993", also with a zone before the year. */
static bool try_ctime(const char *at, struct date *date)
{
    skip_weekday(&at);
    if (!take_month(&at, &date->month))
        return false;
    skip_blanks(&at);
    if (!take_number(&at, 1, 2, &date->day))
        return false;
    skip_blanks(&at);
    if (!take_time(&at, date))
        return false;
    bool has_zone = take_zone(&at, date);
    skip_blanks(&at);
    if (!take_number(&at, 4, 4, &date->year))
        return false;
    if (!has_zone)
        (void)take_zone(&at, date);
    return true;
}

/* "2010/08/24 16:00:00 +0200", "2010-08-24T16:00:00Z". */
static bool try_year_first(const char *at, struct date *date)
{
    skip_weekday(&at);
    if (!take_number(&at, 4, 4, &date->year) || !take_char(&at, "/-.") ||
        !take_number(&at, 1, 2, &date->month) || !take_char(&at, "/-.") ||
        !take_number(&at, 1, 2, &date->day))
        return false;
    at += strspn(at, " Tt,");
    if (!take_time(&at, date))
        return false;
    (void)take_zone(&at, date);
    return true;
}

/* "Saturday, December 14, 2002 05:00 PM", "Jan 2 2010 16:00:00 +0200". */
static bool try_month_first(const char *at, struct date *date)
{
    skip_weekday(&at);
    if (!take_month(&at, &date->month))
        return false;
    skip_blanks(&at);
    if (!take_number(&at, 1, 2, &date->day))
        return false;
    at += strspn(at, ", ");
    return take_number(&at, 4, 4, &date->year) && take_time_and_zone(at, date);
}

/* "02/06/09 22:18:08". */
static bool try_slashes(const char *at, struct date *date)
{
    skip_weekday(&at);
    return take_number(&at, 1, 2, &date->month) && take_char(&at, "/") &&
           take_number(&at, 1, 2, &date->day) && take_char(&at, "/") &&
           take_year(&at, &date->year) && take_time_and_zone(at, date);
}

/* The days of each month and the hours of a day are internaldate_parse()'s to know. */
static bool write_date(const struct date *date, char text_r[INTERNALDATE_SIZE + 1])
{
    int64_t seconds;
    char text[64];
    unsigned int zone = (unsigned int)(date->zone_minutes < 0 ? -date->zone_minutes
                                                              : date->zone_minutes);
    if (date->month < 1 || date->month > 12)
        return false;
    int length = snprintf(text, sizeof(text), "%02u-%.3s-%04u %02u:%02u:%02u %c%02u%02u", date->day,
                          month_names + 3 * (date->month - 1), date->year, date->hour, date->minute,
                          date->second == 60 ? 59 : date->second,
                          date->zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
    if (length != INTERNALDATE_SIZE || !internaldate_parse(text, INTERNALDATE_SIZE, &seconds))
        return false;
    memcpy(text_r, text, INTERNALDATE_SIZE + 1);
    return true;
}

bool date_header_parse(const char *value, size_t size, char text_r[INTERNALDATE_SIZE + 1])
{
    static bool (*const forms[])(const char *, struct date *) = {try_rfc, try_ctime, try_year_first,
                                                                 try_month_first, try_slashes};
    char text[DATE_MAX_BYTES] = "";
    size_t length = 0;
    text_r[0] = '\0';
    for (size_t i = 0; i < size && length < sizeof(text) - 1; i++) {
        bool is_blank = strchr(" \t\r\n", value[i]) != NULL;
        if (!is_blank || (length > 0 && text[length - 1] != ' '))
            text[length++] = is_blank ? ' ' : value[i];
    }
    text[length] = '\0';
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct date date = {0};
        if (forms[i](text, &date))
            return write_date(&date, text_r);
    }
    return false;
}

bool date_header_find(const void *message, size_t size, char text_r[INTERNALDATE_SIZE + 1])
{
    struct header_field field;
    text_r[0] = '\0';
    return header_find(message, size, "Date", &field) &&
           date_header_parse(field.value, field.value_size, text_r);
}
