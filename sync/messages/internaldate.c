/* SPDX-License-Identifier: MIT */
#include "sync/messages/internaldate.h"

#include "base/str.h"

static bool take_number(const char *text, size_t size, uint64_t max, int64_t *value_r)
{
    uint64_t value;
    if (!str_to_uint64(text, size, max, &value))
        return false;
    *value_r = (int64_t)value;
    return true;
}

static bool take_month(const char *text, int64_t *month_r)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int month = 0; month < 12; month++) {
        const char *name = names + 3 * month;
        if (str_lower(text[0]) == str_lower(name[0]) && str_lower(text[1]) == name[1] &&
            str_lower(text[2]) == name[2]) {
            *month_r = month + 1;
            return true;
        }
    }
    return false;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Days since 1970-01-01 in the Gregorian calendar; years count from March, so that the leap day
   comes last. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2)
        year--;
    int64_t era = year / 400;
    int64_t year_of_era = year % 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

bool internaldate_parse(const char *text, size_t size, int64_t *seconds_r)
{
    int64_t day, month, year, hour, minute, second, zone_hours, zone_minutes;
    if (size != INTERNALDATE_SIZE || text[2] != '-' || text[6] != '-' || text[11] != ' ' ||
        text[14] != ':' || text[17] != ':' || text[20] != ' ' ||
        (text[21] != '+' && text[21] != '-'))
        return false;
    /* date-day-fixed: a blank may stand for the first digit. */
    bool is_short = text[0] == ' ';
    if (!take_number(text + is_short, 2 - (size_t)is_short, 31, &day) || day == 0 ||
        !take_month(text + 3, &month) || !take_number(text + 7, 4, 9999, &year) ||
        !take_number(text + 12, 2, 23, &hour) || !take_number(text + 15, 2, 59, &minute) ||
        !take_number(text + 18, 2, 60, &second) || !take_number(text + 22, 2, 23, &zone_hours) ||
        !take_number(text + 24, 2, 59, &zone_minutes) || day > days_of_month(year, month))
        return false;
    int64_t zone = (zone_hours * 60 + zone_minutes) * 60;
    *seconds_r = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
                 (text[21] == '-' ? -zone : zone);
    return true;
}
