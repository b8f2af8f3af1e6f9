/* analyzer/base/strings.h: each distinct text once, known by a small number.
 *
 *     uint32_t service = spanlog_strings_add(&strings, text.data, text.size);
 *     struct spanlog_text text = spanlog_strings_text(&strings, service);
 *
 * Numbers count from 0 in the order of first use; SPANLOG_STRING_NONE when there is no memory. One
 * owner a time; each job of a scan has its own table, merged afterwards.
 */
#ifndef SPANLOG_ANALYZER_BASE_STRINGS_H
#define SPANLOG_ANALYZER_BASE_STRINGS_H

#include "src/analyzer/base/arena.h"

#define SPANLOG_STRING_NONE UINT32_MAX

struct spanlog_strings {
    struct spanlog_arena arena;
    struct spanlog_text *texts;
    uint32_t *hashes;
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t count;
    uint32_t room;
    uint32_t slot_mask;
};

uint32_t spanlog_strings_add(struct spanlog_strings *strings, const char *data, size_t size);
/* SPANLOG_STRING_NONE when it is not there. */
uint32_t spanlog_strings_find(const struct spanlog_strings *strings, const char *data, size_t size);
void spanlog_strings_free(struct spanlog_strings *strings);

static inline struct spanlog_text spanlog_strings_text(const struct spanlog_strings *strings,
                                                       uint32_t number) {
    if (number >= strings->count)
        return (struct spanlog_text){"", 0};
    return strings->texts[number];
}

/* By bytes, a prefix first. */
static inline int spanlog_text_compare(struct spanlog_text a, struct spanlog_text b) {
    uint32_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.data, b.data, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline int spanlog_text_equal(struct spanlog_text a, struct spanlog_text b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
