/* analyzer/translate/dialects.c: see dialects.h. */
#include "src/analyzer/translate/dialects.h"

#include <pthread.h>
#include <stdlib.h>

static struct spanlog_dialect_keys table;

/* ---- keys --------------------------------------------------------------------------------- */

static uint16_t add_key(const char *path, size_t size) {
    char padded[160] = "";
    if (size > sizeof padded - 16 || table.key_count == SPANLOG_DIALECT_KEYS)
        abort(); /* a table of ours that does not fit */
    memcpy(padded, path, size);
    uint16_t known = spanlog_dialect_key(&table, padded, size);
    if (known)
        return known;
    uint16_t number = (uint16_t)++table.key_count;
    struct spanlog_field_key *key = &table.keys[number];
    key->text = (struct spanlog_text){path, (uint32_t)size};
    key->head = spanlog_field_bytes(padded, size);
    key->tail = size > 8 ? spanlog_field_bytes(padded + 8, size - 8) : 0;
    unsigned slot = spanlog_dialect_slot(key->head, key->tail, size);
    while (table.slots[slot])
        slot = (slot + 1) & 1023;
    table.slots[slot] = number;
    return number;
}

/* What the rows say, at the ranks from `rank` on; keys that mean something already stay. */
static uint8_t add_meanings(struct spanlog_key_meaning *meanings, bool *known,
                            const struct spanlog_reading_key *row, uint8_t rank) {
    for (; row && row->path; row++) {
        uint16_t key = add_key(row->path, strlen(row->path));
        if (known[key])
            continue;
        known[key] = true;
        meanings[key] = (struct spanlog_key_meaning){(uint8_t)row->meaning, rank++};
    }
    return rank;
}

/* ---- fingerprints ------------------------------------------------------------------------- */

static void add_word(struct spanlog_fingerprint *print, const char *word, size_t size) {
    bool absent = *word == '!';
    char kind = word[size - 1];
    bool typed = kind == '#' || kind == '$' || kind == '{';
    uint16_t key = add_key(word + absent, size - absent - typed);
    struct spanlog_keys_seen *wanted = &print->wanted;
    spanlog_key_set_add(absent ? &print->unwanted : &wanted->any, key);
    if (typed)
        spanlog_key_set_add(kind == '#'   ? &wanted->numbers
                            : kind == '$' ? &wanted->strings
                                          : &wanted->objects,
                            key);
}

static void add_fingerprint(uint8_t dialect, const char *text) {
    struct spanlog_fingerprint *print = &table.fingerprints[table.fingerprint_count++];
    print->dialect = dialect;
    while (*text) {
        size_t size = strcspn(text, " ");
        add_word(print, text, size);
        text += size;
        text += *text == ' ';
    }
}

static void add_head(const struct spanlog_reading_head *row) {
    struct spanlog_dialect_head *head = &table.heads[table.head_count++];
    head->dialect = (uint8_t)spanlog_dialect_named(row->name);
    for (unsigned i = 0; i < 4; i++)
        head->keys[i] = add_key(row->keys[i], strlen(row->keys[i]));
}

static void build(void) {
    for (uint8_t dialect = 0; spanlog_readings[dialect].name; dialect++) {
        const struct spanlog_reading *reading = &spanlog_readings[dialect];
        bool known[SPANLOG_DIALECT_KEYS + 1] = {false};
        if (dialect == SPANLOG_DIALECTS_MAX)
            abort();
        uint8_t rank = add_meanings(table.meanings[dialect], known, reading->keys, 1);
        add_meanings(table.meanings[dialect], known, spanlog_reading_common, rank);
        for (unsigned i = 0; i < 4 && reading->fingerprint[i]; i++)
            add_fingerprint(dialect, reading->fingerprint[i]);
        table.dialect_count = dialect + 1u;
    }
    for (unsigned i = 0; spanlog_reading_heads[i].name && i < 8; i++)
        add_head(&spanlog_reading_heads[i]);
    table.level_number = add_key("severityNumber", 14);
}

const struct spanlog_dialect_keys *spanlog_dialect_keys(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build);
    return &table;
}

/* ---- which dialect ------------------------------------------------------------------------ */

/* Bits that are wanted and not there. */
static inline uint64_t missing(const struct spanlog_key_set *wanted,
                               const struct spanlog_key_set *there) {
    uint64_t bits = 0;
    for (unsigned i = 0; i < SPANLOG_KEY_SET_WORDS; i++)
        bits |= wanted->bits[i] & ~there->bits[i];
    return bits;
}

static inline uint64_t common(const struct spanlog_key_set *a, const struct spanlog_key_set *b) {
    uint64_t bits = 0;
    for (unsigned i = 0; i < SPANLOG_KEY_SET_WORDS; i++)
        bits |= a->bits[i] & b->bits[i];
    return bits;
}

uint8_t spanlog_dialect_guess(const struct spanlog_dialect_keys *keys,
                              const struct spanlog_keys_seen *seen) {
    for (uint32_t i = 0; i < keys->fingerprint_count; i++) {
        const struct spanlog_fingerprint *print = &keys->fingerprints[i];
        if (!(missing(&print->wanted.any, &seen->any) | common(&print->unwanted, &seen->any) |
              missing(&print->wanted.numbers, &seen->numbers) |
              missing(&print->wanted.strings, &seen->strings) |
              missing(&print->wanted.objects, &seen->objects)))
            return print->dialect;
    }
    return (uint8_t)(keys->dialect_count - 1);
}

int spanlog_dialect_named(const char *name) {
    for (int i = 0; spanlog_readings[i].name; i++)
        if (strcmp(spanlog_readings[i].name, name) == 0)
            return i;
    return -1;
}
