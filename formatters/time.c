/* formatters/time.c: see time.h.
 *
 * The calendar counts years from March, so that the leap day is the last of a year, and splits days
 * by multiplications (Neri and Schneider, "Euclidean affine functions and their application to
 * calendar algorithms", 2022).
 */
#include "formatters/time.h"

#include <errno.h>
#include <stdbool.h>

#include "formatters/digits.h"

struct date {
    uint32_t year, month, day;
};

/* days since 1970-01-01; years 1970 to 2554 are all that is asked for. */
static inline struct date date_of_days(uint32_t days) {
    uint32_t from_march = days + 719468; /* since 0000-03-01 */
    uint32_t n1 = 4 * from_march + 3;
    uint32_t century = n1 / 146097;
    uint32_t n2 = n1 % 146097 / 4 * 4 + 3;
    uint64_t p2 = (uint64_t)2939745 * n2;
    uint32_t year_of_century = (uint32_t)(p2 >> 32);
    uint32_t day_of_year = (uint32_t)p2 / 2939745 / 4;
    uint32_t n3 = 2141 * day_of_year + 197913;
    bool after_december = day_of_year >= 306;
    struct date date = {
        .year = 100 * century + year_of_century + after_december,
        .month = after_december ? (n3 >> 16) - 12 : n3 >> 16,
        .day = (n3 & 0xFFFF) / 2141 + 1,
    };
    return date;
}

static inline char *put_clock(char *out, uint32_t second_of_day) {
    out = put_2(out, second_of_day / 3600);
    *out++ = ':';
    out = put_2(out, second_of_day / 60 % 60);
    *out++ = ':';
    return put_2(out, second_of_day % 60);
}

/* "2026-11-21T10:30:45.", 20 bytes */
static inline char *put_second(char *out, uint64_t seconds) {
    uint32_t days = (uint32_t)(seconds / 86400);
    struct date date = date_of_days(days);

    out = put_4(out, date.year);
    *out++ = '-';
    out = put_2(out, date.month);
    *out++ = '-';
    out = put_2(out, date.day);
    *out++ = 'T';
    out = put_clock(out, (uint32_t)(seconds - (uint64_t)days * 86400));
    *out++ = '.';
    return out;
}

static inline char *put_fraction(char *out, uint32_t ns) {
    *out++ = (char)('0' + ns / 100000000);
    out = put_8(out, ns % 100000000);
    *out++ = 'Z';
    return out;
}

char *spanlog_put_rfc3339(char *out, uint64_t ns) {
    uint64_t seconds = ns / 1000000000;
    return put_fraction(put_second(out, seconds), (uint32_t)(ns - seconds * 1000000000));
}

char *spanlog_put_rfc3339_near(char *out, uint64_t ns, struct spanlog_second *last) {
    uint64_t seconds = ns / 1000000000;

    if (last->next != seconds + 1) {
        put_second(last->text, seconds);
        last->next = seconds + 1;
    }
    memcpy(out, last->text, 20);
    return put_fraction(out + 20, (uint32_t)(ns - seconds * 1000000000));
}

char *spanlog_put_rfc3339_beside(char *out, uint64_t ns, const struct spanlog_second *last) {
    uint64_t seconds = ns / 1000000000;

    if (last->next != seconds + 1)
        return spanlog_put_rfc3339(out, ns);
    memcpy(out, last->text, 20);
    return put_fraction(out + 20, (uint32_t)(ns - seconds * 1000000000));
}

char *spanlog_put_time_of_day(char *out, uint64_t ns) {
    uint64_t seconds = ns / 1000000000;
    uint32_t ms = (uint32_t)(ns % 1000000000 / 1000000);

    out = put_clock(out, (uint32_t)(seconds % 86400));
    *out++ = '.';
    *out++ = (char)('0' + ms / 100);
    return put_2(out, ms % 100);
}

/* ---- reading ---------------------------------------------------------------------------- */

int64_t spanlog_days_of_date(int64_t year, unsigned month, unsigned day) {
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct cursor {
    const char *at;
    const char *end;
    bool bad;
};

static unsigned take_digits(struct cursor *c, int count) {
    unsigned value = 0;
    for (int i = 0; i < count; i++) {
        if (c->at == c->end || (unsigned char)*c->at - (unsigned)'0' > 9) {
            c->bad = true;
            return 0;
        }
        value = 10 * value + ((unsigned char)*c->at++ - (unsigned)'0');
    }
    return value;
}

static char take_one_of(struct cursor *c, const char *set) {
    if (c->at == c->end || *c->at == '\0' || !strchr(set, *c->at)) {
        c->bad = true;
        return 0;
    }
    return *c->at++;
}

static unsigned days_in_month(unsigned year, unsigned month) {
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month];
}

static int64_t take_date(struct cursor *c) {
    unsigned year = take_digits(c, 4), month, day;
    take_one_of(c, "-");
    month = take_digits(c, 2);
    take_one_of(c, "-");
    day = take_digits(c, 2);
    if (c->bad || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        c->bad = true;
        return 0;
    }
    return spanlog_days_of_date(year, month, day);
}

static int64_t take_clock(struct cursor *c) {
    unsigned hour = take_digits(c, 2), minute, second;
    take_one_of(c, ":");
    minute = take_digits(c, 2);
    take_one_of(c, ":");
    second = take_digits(c, 2);
    c->bad |= hour > 23 || minute > 59 || second > 60;
    return (int64_t)hour * 3600 + minute * 60 + second;
}

/* Nanoseconds of an optional fraction; further digits are cut. */
static int64_t take_fraction(struct cursor *c) {
    int64_t ns = 0, unit = 100000000;
    if (c->at == c->end || (*c->at != '.' && *c->at != ','))
        return 0;
    c->at++;
    ns = unit * take_digits(c, 1);
    while (c->at < c->end && (unsigned char)*c->at - (unsigned)'0' <= 9) {
        unit /= 10;
        ns += unit * (*c->at++ - '0');
    }
    return ns;
}

static int64_t take_offset(struct cursor *c) {
    char sign = take_one_of(c, "Zz+-");
    unsigned hours, minutes;
    if (sign != '+' && sign != '-')
        return 0;
    hours = take_digits(c, 2);
    take_one_of(c, ":");
    minutes = take_digits(c, 2);
    c->bad |= hours > 23 || minutes > 59;
    return (sign == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
}

int spanlog_read_rfc3339(const char *text, size_t size, uint64_t *ret_ns) {
    struct cursor c = {text, text + size, false};
    int64_t seconds = take_date(&c) * 86400, fraction;
    uint64_t ns;

    take_one_of(&c, "Tt _");
    seconds += take_clock(&c);
    fraction = take_fraction(&c);
    seconds -= take_offset(&c);
    if (c.bad || c.at != c.end)
        return -EINVAL;
    if (seconds < 0 || __builtin_mul_overflow((uint64_t)seconds, 1000000000u, &ns) ||
        __builtin_add_overflow(ns, (uint64_t)fraction, &ns))
        return -ERANGE;
    *ret_ns = ns;
    return 0;
}
