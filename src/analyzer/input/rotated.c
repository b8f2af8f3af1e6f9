/* analyzer/input/rotated.c: see rotated.h. A name is taken apart into what all files of its set
 * have in common, and what tells its age. */
#include "src/analyzer/input/rotated.h"

#include <stdlib.h>
#include <string.h>

#define NAME_SIZE_MAX 256

enum age { DATED, NUMBERED, ARCHIVED, LIVE };

struct name {
    char base[NAME_SIZE_MAX]; /* "app.log" */
    char date[NAME_SIZE_MAX]; /* digits, and what follows them: "20261121.1" */
    unsigned long number;
    enum age age;
    bool is_archived;
};

static bool is_digit(char c) {
    return (unsigned char)(c - '0') <= 9;
}

static bool matches(const char *text, const char *form) {
    for (; *form; form++, text++)
        if (*form == 'd' ? !is_digit(*text) : *text != *form)
            return false;
    return true;
}

/* The size of the date that begins here, with a time or a count behind it; 0: there is none. */
static size_t date_size(const char *text) {
    size_t size = matches(text, "dddd-dd-dd") ? 10 : matches(text, "dddddddd") ? 8 : 0;
    if (size == 0 || is_digit(text[size]))
        return 0;
    if (memcmp(text, "19", 2) < 0 || memcmp(text, "21", 2) >= 0)
        return 0;
    while (text[size] && strchr("-_.T", text[size]) && is_digit(text[size + 1])) {
        size++;
        while (is_digit(text[size]) || text[size] == ':')
            size++;
    }
    return size;
}

static bool cut_end(char *text, const char *end) {
    size_t size = strlen(text), end_size = strlen(end);
    if (size <= end_size || strcmp(text + size - end_size, end) != 0)
        return false;
    text[size - end_size] = 0;
    return true;
}

static bool cut_date(struct name *name) {
    for (char *p = name->base; *p; p++) {
        size_t size = strchr("-_.", *p) ? date_size(p + 1) : 0;
        if (size == 0)
            continue;
        size_t written = 0;
        for (size_t i = 0; i < size; i++)
            if (i >= 10 || p[1 + i] != '-') /* with and without hyphens are one order */
                name->date[written++] = p[1 + i];
        name->date[written] = 0;
        memmove(p, p + 1 + size, strlen(p + 1 + size) + 1);
        return true;
    }
    return false;
}

static bool cut_number(struct name *name) {
    char *point = strrchr(name->base, '.');
    if (!point || point == name->base || !is_digit(point[1]) ||
        strspn(point + 1, "0123456789") != strlen(point + 1) || strlen(point + 1) > 7)
        return false;
    name->number = strtoul(point + 1, NULL, 10);
    *point = 0;
    return true;
}

static void take_apart(const char *text, struct name *name) {
    size_t size = strnlen(text, NAME_SIZE_MAX - 1);
    memcpy(name->base, text, size);
    name->base[size] = 0;
    name->date[0] = 0;
    name->number = 0;
    name->is_archived = cut_end(name->base, ".gz") || cut_end(name->base, ".zst");
    if (cut_date(name))
        name->age = DATED;
    else if (cut_number(name))
        name->age = NUMBERED;
    else
        name->age = name->is_archived ? ARCHIVED : LIVE;
}

int spanlog_rotated_compare(const char *a, const char *b) {
    struct name one, other;
    take_apart(a, &one);
    take_apart(b, &other);
    int order = strverscmp(one.base, other.base);
    if (order == 0 && one.age != other.age)
        order = one.age < other.age ? -1 : 1;
    if (order == 0)
        order = strverscmp(one.date, other.date);
    if (order == 0 && one.number != other.number)
        order = one.number > other.number ? -1 : 1;
    return order ? order : strcmp(a, b);
}

int spanlog_rotated_by_age(const struct dirent **a, const struct dirent **b) {
    return spanlog_rotated_compare((*a)->d_name, (*b)->d_name);
}

bool spanlog_rotated_is_old(const char *text) {
    struct name name;
    take_apart(text, &name);
    bool ends_in_date = name.age == DATED && is_digit(text[strlen(text) - 1]);
    return ends_in_date || name.age == NUMBERED || name.is_archived;
}

bool spanlog_rotated_is_of(const char *text, const char *live) {
    struct name name, other;
    take_apart(text, &name);
    take_apart(live, &other);
    return name.age != LIVE && !name.is_archived && strcmp(name.base, live) == 0 &&
           strcmp(text, live) != 0 && !other.is_archived;
}
