/* core/stamp.h: attributes that a context gives to all its records: correlation_id, and what
 * SPANLOG_BAGGAGE_KEYS names. Made once for a context, copied whole into every record of it, so
 * that a record needs nothing but itself when its process is gone.
 *
 *     struct stamp stamp;
 *     stamp_clear(&stamp);
 *     stamp_add(&stamp, "correlation_id", 14, "req-42", 6);
 *     memcpy(record, &stamp, stamp.size);
 *
 * Entries lie one after the other: struct stamp_entry, key, value. The whole is a multiple of 8. An
 * entry without a key is the parent of a span, as text.
 */
#ifndef SPANLOG_CORE_STAMP_H
#define SPANLOG_CORE_STAMP_H

#include "src/core/record.h"

#include <stdbool.h>
#include <string.h>

#define STAMP_MAX 1024u
#define STAMP_MAX_VALUE 256u /* longer ones are cut and marked */
#define STAMP_MAX_ENTRIES 18u

struct stamp_head {
    uint16_t size; /* of all, a multiple of 8 */
    uint16_t used; /* without the padding */
    uint32_t count;
};

struct stamp {
    struct stamp_head head;
    uint8_t entries[STAMP_MAX - sizeof(struct stamp_head)];
};
_Static_assert(sizeof(struct stamp) == STAMP_MAX, "one size for all");

struct stamp_entry {
    uint16_t key_size;
    uint16_t value_size;
    uint32_t original_size; /* of a value that was cut, else 0 */
};

static inline void stamp_clear(struct stamp *stamp) {
    stamp->head = (struct stamp_head){.size = sizeof stamp->head, .used = sizeof stamp->head};
}

/* A cut in the middle of a UTF-8 character goes before it. */
static inline size_t stamp_cut(const char *value, size_t size) {
    if (size <= STAMP_MAX_VALUE)
        return size;
    size = STAMP_MAX_VALUE;
    while (size > STAMP_MAX_VALUE - 4 && ((uint8_t)value[size] & 0xc0u) == 0x80u)
        size--;
    return size;
}

/* False, and nothing is changed: there is no room for it. */
static inline bool stamp_add(struct stamp *stamp, const char *key, size_t key_size,
                             const char *value, size_t value_size) {
    size_t cut = stamp_cut(value, value_size);
    size_t used = stamp->head.used + sizeof(struct stamp_entry) + key_size + cut;
    if (key_size > STAMP_MAX || record_align(used) > STAMP_MAX ||
        stamp->head.count == STAMP_MAX_ENTRIES)
        return false;
    struct stamp_entry entry = {.key_size = (uint16_t)key_size,
                                .value_size = (uint16_t)cut,
                                .original_size = cut < value_size ? (uint32_t)value_size : 0};
    uint8_t *to = (uint8_t *)stamp + stamp->head.used;
    memcpy(to, &entry, sizeof entry);
    memcpy(to + sizeof entry, key, key_size);
    memcpy(to + sizeof entry + key_size, value, cut);
    stamp->head.used = (uint16_t)used;
    stamp->head.size = (uint16_t)record_align(used);
    memset((uint8_t *)stamp + used, 0, stamp->head.size - used);
    stamp->head.count++;
    return true;
}

/* The size of a stamp that begins at `data`, which may hold anything; 0: it is none. */
static inline size_t stamp_size(const uint8_t *data, size_t available) {
    struct stamp_head head;
    if (available < sizeof head)
        return 0;
    memcpy(&head, data, sizeof head);
    bool good = head.size >= sizeof head && head.size <= available && head.size <= STAMP_MAX &&
                head.size % 8 == 0 && head.used <= head.size && head.used >= sizeof head &&
                head.count <= STAMP_MAX_ENTRIES;
    return good ? head.size : 0;
}

/* Reads the entry at *at of a stamp of `size` bytes and moves on. False: it runs over the end. */
static inline bool stamp_next(const uint8_t *stamp, size_t size, size_t *at,
                              struct stamp_entry *ret_entry, const char **ret_key,
                              const char **ret_value) {
    if (size - *at < sizeof *ret_entry)
        return false;
    memcpy(ret_entry, stamp + *at, sizeof *ret_entry);
    size_t left = size - *at - sizeof *ret_entry;
    if ((size_t)ret_entry->key_size + ret_entry->value_size > left)
        return false;
    *ret_key = (const char *)stamp + *at + sizeof *ret_entry;
    *ret_value = *ret_key + ret_entry->key_size;
    *at += sizeof *ret_entry + ret_entry->key_size + ret_entry->value_size;
    return true;
}

#endif
