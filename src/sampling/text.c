/* sampling/text.c: see text.h. */
#include "src/sampling/text.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

bool sampling_matches(const char *pattern, size_t pattern_size, const char *text,
                      size_t text_size) {
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text_size) {
        if (p < pattern_size && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern_size && (pattern[p] == '?' || pattern[p] == text[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) { /* the last star takes one character more */
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern_size && pattern[p] == '*')
        p++;
    return p == pattern_size;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct sampling_text sampling_trim(const char *data, size_t size) {
    while (size > 0 && is_space(data[0])) {
        data++;
        size--;
    }
    while (size > 0 && is_space(data[size - 1]))
        size--;
    return (struct sampling_text){data, size};
}

struct sampling_text sampling_next(struct sampling_text *rest, char separator) {
    const char *data = rest->data, *end = memchr(data, separator, rest->size);
    size_t size = end != NULL ? (size_t)(end - data) : rest->size;
    *rest = (struct sampling_text){end != NULL ? end + 1 : NULL,
                                   end != NULL ? rest->size - size - 1 : 0};
    return sampling_trim(data, size);
}

bool sampling_is(struct sampling_text text, const char *word) {
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

/* The number at the start of the text; returns how many characters it has, 0: none. */
static size_t read_number(struct sampling_text text, double *ret_number) {
    char copy[64], *end = copy;
    size_t size = 0;
    /* Neither "inf" nor "nan" nor "0x10". */
    while (size < text.size && size < sizeof copy - 1 && strchr("0123456789.eE+-", text.data[size]))
        size++;
    if (size == 0 || memchr(text.data, '\0', size) != NULL)
        return 0;
    memcpy(copy, text.data, size);
    copy[size] = '\0';
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0)
        return 0;
    *ret_number = strtod_l(copy, &end, c);
    freelocale(c);
    return (size_t)(end - copy);
}

bool sampling_number(struct sampling_text text, double *ret_number) {
    size_t size = read_number(text, ret_number);
    if (size > 0 && size + 1 == text.size && text.data[size] == '%') {
        *ret_number /= 100;
        size++;
    }
    return size > 0 && size == text.size;
}

bool sampling_per_second(struct sampling_text text, uint32_t *ret_count) {
    if (text.size < 3 || memcmp(text.data + text.size - 2, "/s", 2) != 0)
        return false;
    uint32_t count = 0;
    for (size_t i = 0; i < text.size - 2; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || count > 100000)
            return false;
        count = count * 10 + (uint32_t)(text.data[i] - '0');
    }
    *ret_count = count;
    return count >= 1 && count <= 1000000;
}

bool sampling_duration(struct sampling_text text, uint64_t *ret_ns) {
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}};
    double number;
    size_t size = read_number(text, &number);
    struct sampling_text unit = {text.data + size, text.size - size};
    for (size_t i = 0; size > 0 && i < sizeof units / sizeof *units; i++) {
        if (!sampling_is(unit, units[i].name))
            continue;
        double ns = number * units[i].ns;
        if (!(ns >= 0 && ns <= 86400e9))
            return false;
        *ret_ns = (uint64_t)ns;
        return true;
    }
    return false;
}
