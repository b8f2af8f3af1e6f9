/* config/rotation.c: see rotation.h. */
#include "src/config/rotation.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LEAST_SIZE 4096u
#define MOST_SIZE ((uint64_t)1 << 50)
#define MOST_KEPT 100000u
#define MOST_EVERY_S (366u * 86400u)

struct unit {
    char name;
    uint64_t times;
};
static const struct unit bytes[] = {{'K', 1u << 10}, {'M', 1u << 20}, {'G', 1u << 30}, {0, 1}};
static const struct unit seconds[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {0, 0}};
static const struct unit pieces[] = {{0, 1}};

/* A whole number and one of the units; the row without a name is for none. 0: it is not that. */
static uint64_t read_number(const char *text, size_t size, const struct unit *units,
                            uint64_t most) {
    uint64_t number = 0;
    size_t digits = 0;
    for (; digits < size && text[digits] >= '0' && text[digits] <= '9'; digits++) {
        number = number * 10 + (uint64_t)(text[digits] - '0');
        if (number > most)
            return 0;
    }
    if (digits == 0 || size - digits > 1)
        return 0;
    char letter = size > digits ? text[digits] : 0;
    while (units->name != 0 && units->name != letter && units->name != (letter & ~0x20))
        units++;
    if (units->name == 0 && letter != 0)
        return 0;
    return number <= most / (units->times ? units->times : 1) ? number * units->times : 0;
}

static const char *parse_one(const char *name, size_t name_size, const char *value, size_t size,
                             struct rotation *rotation) {
#define IS(text) (name_size == sizeof(text) - 1 && memcmp(name, text, name_size) == 0)
    if (IS("rotate")) {
        rotation->size = read_number(value, size, bytes, MOST_SIZE);
        return rotation->size >= LEAST_SIZE ? NULL : "rotate=SIZE is 4K or more, like 100M or 2G";
    }
    if (IS("total")) {
        rotation->total = read_number(value, size, bytes, MOST_SIZE);
        return rotation->total >= LEAST_SIZE ? NULL : "total=SIZE is 4K or more, like 500M or 20G";
    }
    if (IS("every")) {
        rotation->every_s = (uint32_t)read_number(value, size, seconds, MOST_EVERY_S);
        return rotation->every_s > 0 ? NULL : "every=TIME is a time of up to 366d, like 1h or 1d";
    }
    if (IS("keep")) {
        rotation->keep = (uint32_t)read_number(value, size, pieces, MOST_KEPT);
        return rotation->keep > 0 ? NULL : "keep=COUNT is 1 to 100000 old files";
    }
    if (IS("compress")) {
        bool gzip = size == 4 && memcmp(value, "gzip", 4) == 0;
        bool zstd = size == 4 && memcmp(value, "zstd", 4) == 0;
        rotation->compress = gzip ? ROTATION_GZIP : zstd ? ROTATION_ZSTD : ROTATION_PLAIN;
        return gzip || zstd ? NULL : "compress= is gzip or zstd";
    }
#undef IS
    return "the options of file: are rotate=SIZE, every=TIME, keep=COUNT, total=SIZE and "
           "compress=gzip or zstd, with & between them";
}

const char *rotation_parse(const char *text, size_t size, struct rotation *rotation) {
    const char *end = text + size, *wrong = NULL;
    memset(rotation, 0, sizeof *rotation);
    while (text < end && wrong == NULL) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        stop = stop != NULL ? stop : end;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        const char *value = equals != NULL ? equals + 1 : stop;
        size_t name_size = (size_t)((equals != NULL ? equals : stop) - text);
        wrong = parse_one(text, name_size, value, (size_t)(stop - value), rotation);
        text = stop + (stop < end);
    }
    if (wrong == NULL && rotation->size == 0 && rotation->every_s == 0)
        return "keep=, total= and compress= need rotate=SIZE or every=TIME";
    return wrong;
}

void rotation_format(const struct rotation *rotation, char *text) {
    const struct {
        const char *name;
        uint64_t value;
        const char *unit;
    } parts[] = {{"rotate", rotation->size, ""},
                 {"every", rotation->every_s, "s"},
                 {"keep", rotation->keep, ""},
                 {"total", rotation->total, ""}};
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].value != 0)
            used += (size_t)snprintf(text + used, ROTATION_TEXT_SIZE - used, "%c%s=%" PRIu64 "%s",
                                     used == 0 ? '?' : '&', parts[i].name, parts[i].value,
                                     parts[i].unit);
    if (rotation->compress != ROTATION_PLAIN)
        snprintf(text + used, ROTATION_TEXT_SIZE - used, "&compress=%s",
                 rotation->compress == ROTATION_GZIP ? "gzip" : "zstd");
}
