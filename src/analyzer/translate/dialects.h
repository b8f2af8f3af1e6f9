/* analyzer/translate/dialects.h: the tables of formatters/reading.h, hashed.
 *
 *     uint16_t key = spanlog_dialect_key(keys, "trace.id", 8);            0: not a known one
 *     uint8_t dialect = spanlog_dialect_guess(keys, &seen);
 *     keys->meanings[dialect][key].meaning
 *
 * One lookup tells what a key means in every dialect, so a line is walked before it is known which
 * one it has.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_DIALECTS_H
#define SPANLOG_ANALYZER_TRANSLATE_DIALECTS_H

#include "formatters/reading.h"
#include "src/analyzer/read/fields.h"

#define SPANLOG_DIALECT_KEYS 319
#define SPANLOG_KEY_SET_WORDS ((SPANLOG_DIALECT_KEYS + 64) / 64)
#define SPANLOG_DIALECTS_MAX 32

/* A set of known keys, by their numbers. */
struct spanlog_key_set {
    uint64_t bits[SPANLOG_KEY_SET_WORDS];
};

/* Which keys a line has, and what they hold. */
struct spanlog_keys_seen {
    struct spanlog_key_set any, numbers, strings, objects;
};

struct spanlog_key_meaning {
    uint8_t meaning;
    uint8_t rank; /* of keys with the same meaning the lowest counts */
};

struct spanlog_fingerprint {
    uint8_t dialect;
    struct spanlog_keys_seen wanted;
    struct spanlog_key_set unwanted;
};

struct spanlog_dialect_head {
    uint8_t dialect;
    uint16_t keys[4];
};

struct spanlog_dialect_keys {
    uint16_t slots[1024]; /* a key's number; 0: empty */
    struct spanlog_field_key keys[SPANLOG_DIALECT_KEYS + 1];
    struct spanlog_key_meaning meanings[SPANLOG_DIALECTS_MAX][SPANLOG_DIALECT_KEYS + 1];
    struct spanlog_fingerprint fingerprints[4 * SPANLOG_DIALECTS_MAX];
    struct spanlog_dialect_head heads[8];
    uint32_t key_count, fingerprint_count, dialect_count, head_count;
    uint16_t level_number; /* what may stand behind a level */
};

/* Built once. */
const struct spanlog_dialect_keys *spanlog_dialect_keys(void);
/* The dialect of a line; there is always one. */
uint8_t spanlog_dialect_guess(const struct spanlog_dialect_keys *keys,
                              const struct spanlog_keys_seen *seen);
/* The number of the dialect with that name, or -1. */
int spanlog_dialect_named(const char *name);

static inline unsigned spanlog_dialect_slot(uint64_t head, uint64_t tail, size_t size) {
    return (unsigned)(((head ^ (tail * 31) ^ size) * 0x9e3779b97f4a7c15u) >> 54);
}

/* 16 bytes at key are readable. */
static inline uint16_t spanlog_dialect_key(const struct spanlog_dialect_keys *keys, const char *key,
                                           size_t size) {
    uint64_t head = spanlog_field_bytes(key, size);
    uint64_t tail = size > 8 ? spanlog_field_bytes(key + 8, size - 8) : 0;
    for (unsigned slot = spanlog_dialect_slot(head, tail, size);; slot = (slot + 1) & 1023) {
        uint16_t number = keys->slots[slot];
        if (number == 0)
            return 0;
        const struct spanlog_field_key *known = &keys->keys[number];
        if (known->head == head && known->tail == tail && known->text.size == size &&
            (size <= 16 || memcmp(key, known->text.data, size) == 0))
            return number;
    }
}

static inline void spanlog_key_set_add(struct spanlog_key_set *set, uint16_t key) {
    set->bits[key / 64] |= (uint64_t)1 << key % 64;
}

#endif
