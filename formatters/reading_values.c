/* formatters/reading_values.c: see reading.h: times, levels, durations and ids of other loggers. */
#include "formatters/reading.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "formatters/number.h"
#include "formatters/time.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- times -------------------------------------------------------------------------------- */

/* How many nanoseconds one is, by the number of digits that the present has in that unit. */
static uint64_t epoch_unit(size_t digits) {
    return digits <= 11 ? 1000000000 : digits <= 14 ? 1000000 : digits <= 17 ? 1000 : 1;
}

/* Digits with a fraction, exactly; further decimals than there are nanoseconds are cut. */
static int read_epoch(const char *p, const char *end, uint64_t *ret_ns) {
    const char *begin = p;
    uint64_t ns = 0;
    for (; p < end && is_digit(*p) && p - begin < 20; p++)
        if (__builtin_mul_overflow(ns, 10u, &ns) ||
            __builtin_add_overflow(ns, (uint64_t)(*p - '0'), &ns))
            return -EINVAL;
    uint64_t unit = epoch_unit((size_t)(p - begin));
    if (p == begin || __builtin_mul_overflow(ns, unit, &ns))
        return -EINVAL;
    if (p < end && *p == '.')
        for (p++; p < end && is_digit(*p); p++) {
            unit /= 10;
            if (__builtin_add_overflow(ns, unit * (uint64_t)(*p - '0'), &ns))
                return -EINVAL;
        }
    *ret_ns = ns;
    return p == end ? 0 : -EINVAL;
}

/* 1.795257045123e+09 */
static int read_epoch_float(struct spanlog_text text, uint64_t *ret_ns) {
    double value;
    if (spanlog_read_double(text.data, text.size, &value) < 0 || !(value > 0) || value >= 1.8e19)
        return -EINVAL;
    size_t digits = 0;
    for (uint64_t whole = (uint64_t)value; whole; whole /= 10)
        digits++;
    double ns = value * (double)epoch_unit(digits);
    if (!(ns < 1.8e19))
        return -EINVAL;
    *ret_ns = (uint64_t)ns;
    return 0;
}

/* Puts what is missing or odd into the form of RFC 3339: the slashes of a date, the colon of an
 * offset, an offset at all. */
static int read_odd_time(struct spanlog_text text, uint64_t *ret_ns) {
    char copy[64];
    size_t size = text.size;
    if (size < 19 || size > 50)
        return -EINVAL;
    memcpy(copy, text.data, size);
    if (copy[4] == '/' && copy[7] == '/')
        copy[4] = copy[7] = '-';
    if (size > 23 && memcmp(copy + size - 4, " UTC", 4) == 0)
        size -= 4;
    if (size > 24 && copy[size - 6] == ' ' && (copy[size - 5] == '+' || copy[size - 5] == '-')) {
        memmove(copy + size - 6, copy + size - 5, 5);
        size--;
    }
    if (size > 23 && (copy[size - 5] == '+' || copy[size - 5] == '-')) {
        memmove(copy + size - 1, copy + size - 2, 2);
        copy[size - 2] = ':';
        size++;
    } else if (copy[size - 3] == '+' || (copy[size - 3] == '-' && size > 20)) {
        memcpy(copy + size, ":00", 3);
        size += 3;
    } else if (is_digit(copy[size - 1])) {
        copy[size++] = 'Z';
    }
    return spanlog_read_rfc3339(copy, size, ret_ns) < 0 ? -EINVAL : 0;
}

int spanlog_reading_time(struct spanlog_text text, uint64_t *ret_ns) {
    if (text.size < 5 || !is_digit(text.data[0]))
        return -EINVAL;
    if (is_digit(text.data[4]) || text.data[1] == '.')
        return read_epoch(text.data, text.data + text.size, ret_ns) == 0
                   ? 0
                   : read_epoch_float(text, ret_ns);
    if (spanlog_read_rfc3339(text.data, text.size, ret_ns) == 0)
        return 0;
    return read_odd_time(text, ret_ns);
}

/* ---- levels ------------------------------------------------------------------------------- */

static uint8_t level_word(const char *p, size_t size) {
    static const struct {
        const char *name;
        uint8_t level;
    } names[] = {
        {"info", 9},        {"debug", 5},      {"warn", 13},       {"error", 17},  {"warning", 13},
        {"information", 9}, {"trace", 1},      {"fatal", 21},      {"notice", 10}, {"err", 17},
        {"critical", 21},   {"dpanic", 20},    {"panic", 21},      {"http", 6},    {"verbose", 3},
        {"silly", 1},       {"success", 9},    {"emergency", 24},  {"emerg", 24},  {"alert", 22},
        {"crit", 21},       {"severe", 17},    {"config", 5},      {"fine", 5},    {"finer", 3},
        {"finest", 1},      {"inf", 9},        {"dbg", 5},         {"wrn", 13},    {"ftl", 21},
        {"trc", 1},         {"exception", 17}, {"backtrace", 1},   {"tracel1", 1}, {"tracel2", 1},
        {"tracel3", 1},     {"t", 1},          {"d", 5},           {"i", 9},       {"w", 13},
        {"e", 17},          {"f", 21},         {"unspecified", 0}, {"default", 9}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((names[i].name[0] | 0x20) == (p[0] | 0x20) && strlen(names[i].name) == size &&
            strncasecmp(names[i].name, p, size) == 0)
            return names[i].level;
    return 0;
}

/* The four words of nearly every line, of either case, as numbers. */
static uint8_t usual_level(struct spanlog_text name) {
    uint32_t word;
    if (name.size != 4 && name.size != 5)
        return 0;
    memcpy(&word, name.data, 4);
    word |= 0x20202020u;
    if (name.size == 4)
        return memcmp(&word, "info", 4) == 0 ? 9 : memcmp(&word, "warn", 4) == 0 ? 13 : 0;
    if (memcmp(&word, "erro", 4) == 0 && (name.data[4] | 0x20) == 'r')
        return 17;
    return memcmp(&word, "debu", 4) == 0 && (name.data[4] | 0x20) == 'g' ? 5 : 0;
}

uint8_t spanlog_reading_level(struct spanlog_text name) {
    uint8_t level = name.size ? usual_level(name) : 0;
    if (level || name.size == 0)
        return level;
    /* slog: a name and how far from it, in steps that are OpenTelemetry's. */
    const char *sign = memchr(name.data, '-', name.size);
    sign = sign ? sign : memchr(name.data, '+', name.size);
    int64_t away;
    if (!sign || sign == name.data)
        return level_word(name.data, name.size);
    size_t digits = (size_t)(name.data + name.size - sign) - 1;
    level = level_word(name.data, (size_t)(sign - name.data));
    if (!level || digits > 3 || spanlog_read_i64(sign + 1, digits, &away) < 0)
        return 0;
    int64_t number = *sign == '-' ? level - away : level + away;
    return number < 1 ? 1 : number > 24 ? 24 : (uint8_t)number;
}

/* words[number / step], and the last beyond. */
static uint8_t level_by_step(int64_t number, int64_t step, const uint8_t *words, int64_t count) {
    int64_t at = number / step;
    return words[at < count ? at : count - 1];
}

uint8_t spanlog_reading_level_number(int64_t number, enum spanlog_level_scale scale) {
    static const uint8_t tens[] = {1, 1, 5, 9, 13, 17, 21};
    static const uint8_t syslog[] = {24, 22, 21, 17, 13, 10, 9, 5};
    static const uint8_t python[] = {1, 5, 9, 13, 17, 21};
    static const uint8_t java[] = {1, 5, 9, 13, 17};
    static const uint8_t azure[] = {3, 9, 13, 17, 21};
    if (number < 0)
        return 0;
    switch (scale) {
    case SPANLOG_SCALE_TENS:
        return level_by_step(number, 10, tens, sizeof tens);
    case SPANLOG_SCALE_SYSLOG:
        return level_by_step(number, 1, syslog, sizeof syslog);
    case SPANLOG_SCALE_PYTHON:
        return level_by_step(number, 10, python, sizeof python);
    case SPANLOG_SCALE_JAVA:
        return level_by_step(number, 10000, java, sizeof java);
    case SPANLOG_SCALE_AZURE:
        return level_by_step(number, 1, azure, sizeof azure);
    default:
        return number > 24 ? 0 : (uint8_t)number;
    }
}

/* ---- durations ---------------------------------------------------------------------------- */

int spanlog_reading_duration(struct spanlog_text text, uint64_t *ret_ns) {
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1},   {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3}, {"us", 1e3},
                 {"ms", 1e6}, {"s", 1e9},         {"m", 60e9},        {"h", 3.6e12}};
    size_t digits = 0;
    double value;
    while (digits < text.size && (is_digit(text.data[digits]) || text.data[digits] == '.'))
        digits++;
    if (digits == 0 || spanlog_read_double(text.data, digits, &value) < 0)
        return -EINVAL;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].name) == text.size - digits &&
            memcmp(text.data + digits, units[i].name, text.size - digits) == 0) {
            double ns = value * units[i].ns;
            *ret_ns = ns >= 9e18 ? (uint64_t)9e18 : (uint64_t)(ns + 0.5);
            return 0;
        }
    return -EINVAL;
}

/* ---- ids ---------------------------------------------------------------------------------- */

static struct spanlog_text without_prefix(struct spanlog_text text) {
    if (text.size > 9 && memcmp(text.data, "projects/", 9) == 0) {
        const char *slash = memrchr(text.data, '/', text.size);
        text.size -= (uint32_t)(slash + 1 - text.data);
        text.data = slash + 1;
    } else if (text.size > 5 && memcmp(text.data, "Root=", 5) == 0) {
        const char *end = memchr(text.data, ';', text.size);
        text.size = (uint32_t)((end ? end : text.data + text.size) - text.data) - 5;
        text.data += 5;
    }
    if (text.size > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text.data += 2;
        text.size -= 2;
    }
    return text;
}

/* The hex digits without the dashes of a UUID or of X-Ray; 0 for more than 32 or another form. */
static size_t take_digits(struct spanlog_text text, char digits[32]) {
    const char *p = text.data;
    bool uuid = text.size == 36 && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-';
    bool xray = text.size == 35 && p[0] == '1' && p[1] == '-' && p[10] == '-';
    size_t count = 0;
    for (uint32_t i = xray ? 2 : 0; i < text.size; i++) {
        if (p[i] == '-' && (uuid || xray))
            continue;
        if (count == 32)
            return 0;
        digits[count++] = p[i];
    }
    return count;
}

static bool is_zero(const uint8_t bytes[16]) {
    static const uint8_t zeros[16];
    return memcmp(bytes, zeros, 16) == 0;
}

int spanlog_reading_id(struct spanlog_text text, struct spanlog_reading_id *ret) {
    char digits[32];
    /* The usual ids, with nothing to take off. */
    if (text.size == 32 && spanlog_read_hex(text.data, 32, ret->bytes, 16) == 0) {
        ret->wide = true;
        return is_zero(ret->bytes) ? -ENOENT : 0;
    }
    *ret = (struct spanlog_reading_id){.wide = false};
    text = without_prefix(text);
    if (text.size == 0 || (text.size == 1 && *text.data == '0'))
        return -ENOENT;
    size_t count = take_digits(text, digits);
    if (count != 16 && count != 32)
        return -EINVAL;
    if (spanlog_read_hex(digits, count, ret->bytes + 16 - count / 2, count / 2) < 0)
        return -EINVAL;
    ret->wide = count == 32;
    return is_zero(ret->bytes) ? -ENOENT : 0;
}

int spanlog_reading_decimal_id(struct spanlog_text text, struct spanlog_reading_id *ret) {
    uint64_t number;
    if (spanlog_read_u64(text.data, text.size, &number) < 0)
        return spanlog_reading_id(text, ret);
    *ret = (struct spanlog_reading_id){.wide = false};
    for (int i = 0; i < 8; i++)
        ret->bytes[8 + i] = (uint8_t)(number >> (56 - 8 * i));
    return number ? 0 : -ENOENT;
}
