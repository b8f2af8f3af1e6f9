/* analyzer/read/fields.c: see fields.h. */
#include "src/analyzer/read/fields.h"
#include "src/analyzer/base/hash.h"

#include <errno.h>
#include <pthread.h>
#include <strings.h>

#include "formatters/number.h"
#include "formatters/time.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- ids ---------------------------------------------------------------------------------- */

#define HEX_DIGITS_MIN 8

static bool opaque_id(struct spanlog_text text, struct spanlog_id *ret) {
    uint64_t hash = spanlog_hash(text.data, text.size);
    ret->opaque = true;
    ret->low = hash | 1;
    ret->high = hash * 0x9e3779b97f4a7c15u | 1;
    return true;
}

bool spanlog_id_read(struct spanlog_text text, unsigned digits, struct spanlog_id *ret) {
    *ret = (struct spanlog_id){0, 0, false};
    const char *p = text.data, *end = text.data + text.size;
    if (text.size == 0)
        return false;
    if (text.size > 2 && p[0] == '0' && (p[1] | 0x20) == 'x')
        p += 2;
    /* A UUID stands for 128 bits in either place: of a span id its low half is compared. */
    bool uuid = end - p == 36 && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-';
    if (!uuid && (end - p > 32 || (digits == 16 && end - p > 16 && end - p != 32)))
        return opaque_id(text, ret);
    const char *first = p;
    for (; p < end; p++) {
        unsigned c = (unsigned char)*p, digit = c - '0', letter = (c | 0x20) - 'a';
        if (uuid && c == '-')
            continue;
        if (digit > 9 && letter > 5)
            return opaque_id(text, ret);
        ret->high = ret->high << 4 | ret->low >> 60;
        ret->low = ret->low << 4 | (digit <= 9 ? digit : letter + 10);
    }
    if (digits == 16 && ret->low == 0) {
        ret->low = ret->high;
        ret->high = 0;
    }
    /* Leading zeros may be gone, but a word like "A" or "bed" is rather a name. */
    if ((ret->high || ret->low) && p - first < HEX_DIGITS_MIN)
        return opaque_id(text, ret);
    return ret->high || ret->low;
}

/* ---- times -------------------------------------------------------------------------------- */

bool spanlog_time_read(struct spanlog_text text, uint64_t *ret_ns) {
    return spanlog_read_rfc3339(text.data, text.size, ret_ns) == 0;
}

/* Digits, a point, more digits: exact in integers. NULL for another form or too large a number. */
static const char *plain_milliseconds(const char *p, const char *end, uint64_t *ret_ns) {
    uint64_t ns = 0;
    const char *begin = p;
    for (; p < end && is_digit(*p); p++)
        ns = ns * 10 + (uint64_t)(*p - '0');
    if (p - begin > 12)
        return NULL;
    unsigned decimals = 0;
    if (p < end && *p == '.')
        for (p++; p < end && is_digit(*p); p++)
            if (decimals < 6) {
                ns = ns * 10 + (uint64_t)(*p - '0');
                decimals++;
            }
    for (; decimals < 6; decimals++)
        ns *= 10;
    *ret_ns = ns;
    return p;
}

/* `count` digits, 1 to 8, as if zeros stood in front of them. */
static unsigned leading_digits(const char *p, size_t count) {
    unsigned bad = 0;
    uint64_t zeros = count < 8 ? 0x3030303030303030u >> 8 * count : 0;
    return spanlog_eight_digits(spanlog_load_digits(p) << 8 * (8 - count) | zeros, &bad);
}

/* The same with zeros behind them, up to six. */
static unsigned six_decimals(const char *p, size_t count) {
    unsigned bad = 0;
    uint64_t mask = ((uint64_t)1 << 8 * count) - 1;
    uint64_t word = (spanlog_load_digits(p) & mask) | (0x303030303030u & ~mask);
    return spanlog_eight_digits(word << 16 | 0x3030, &bad);
}

/* What durations look like: up to eight digits and up to six decimals, without a loop. */
static bool usual_milliseconds(const char *begin, const char *end, uint64_t *ret_ns) {
    const char *point = spanlog_json_digits(begin);
    size_t whole = (size_t)(point - begin);
    if (whole - 1 > 7 || (*point != '.' && point != end))
        return false;
    const char *decimals = point == end ? end : point + 1;
    if (end - decimals > 6 || (end > decimals && spanlog_json_digits(decimals) < end))
        return false;
    *ret_ns = (uint64_t)leading_digits(begin, whole) * 1000000 +
              six_decimals(decimals, (size_t)(end - decimals));
    return true;
}

uint64_t spanlog_milliseconds_read(const char *begin, const char *end) {
    uint64_t ns = 0;
    double ms;
    if (usual_milliseconds(begin, end, &ns))
        return ns;
    if (*begin == '-')
        return 0;
    if (plain_milliseconds(begin, end, &ns) == end)
        return ns;
    if (spanlog_read_double(begin, (size_t)(end - begin), &ms) < 0 || !(ms > 0))
        return 0;
    return ms >= 9e12 ? (uint64_t)9e18 : (uint64_t)(ms * 1e6 + 0.5);
}

bool spanlog_duration_read(const char *text, uint64_t *ret_ns) {
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1},   {"us", 1e3},   {"ms", 1e6},    {"s", 1e9},
                 {"m", 60e9}, {"h", 3.6e12}, {"d", 86.4e12}, {"w", 604.8e12}};
    size_t digits = strspn(text, "0123456789.");
    double value;
    if (digits == 0 || spanlog_read_double(text, digits, &value) < 0)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(text + digits, units[i].name) == 0) {
            double ns = value * units[i].ns;
            *ret_ns = ns >= 9e18 ? (uint64_t)9e18 : (uint64_t)(ns + 0.5);
            return true;
        }
    return false;
}

/* ---- names -------------------------------------------------------------------------------- */

uint8_t spanlog_level_read(struct spanlog_text text) {
    static const struct {
        const char *name;
        uint8_t level;
    } names[] = {{"info", 9},       {"debug", 5},       {"warn", 13},    {"error", 17},
                 {"trace", 1},      {"fatal", 21},      {"warning", 13}, {"err", 17},
                 {"critical", 21},  {"information", 9}, {"notice", 10},  {"panic", 21},
                 {"emergency", 24}, {"alert", 22},      {"crit", 21},    {"verbose", 1}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == text.size &&
            strncasecmp(names[i].name, text.data, text.size) == 0)
            return names[i].level;
    return 0;
}

const char *spanlog_level_word(uint8_t level) {
    static const char *const names[] = {"trace", "debug", "info", "warn", "error", "fatal"};
    return level == 0 || level > 24 ? "" : names[(level - 1) / 4];
}

static const char *const kind_names[] = {"internal", "server", "client", "producer", "consumer"};

uint8_t spanlog_kind_read(struct spanlog_text text) {
    for (uint8_t i = 1; i < 5; i++)
        if (strlen(kind_names[i]) == text.size &&
            strncasecmp(kind_names[i], text.data, text.size) == 0)
            return i;
    return 0;
}

const char *spanlog_kind_word(uint8_t kind) {
    return kind == 0 || kind > 4 ? "" : kind_names[kind];
}

bool spanlog_is_error_code(int32_t code, int32_t error_status_min) {
    /* gRPC: unknown, deadline exceeded, unimplemented, internal, unavailable, data loss. */
    if (code < 100)
        return code >= 0 && code < 32 &&
               ((1u << 2 | 1u << 4 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 15) >> code & 1);
    return code >= error_status_min;
}

/* ---- keys --------------------------------------------------------------------------------- */

/* False when two keys fall on one slot. */
static bool fill_slots(struct spanlog_field_table *table) {
    memset(table->slots, SPANLOG_FIELD_COUNT, sizeof table->slots);
    for (unsigned field = 0; field < SPANLOG_FIELD_COUNT; field++) {
        const struct spanlog_field_key *key = &table->keys[field];
        uint8_t *slot = &table->slots[spanlog_field_slot(table->factor, key->head, key->text.size)];
        if (!key->text.data)
            continue;
        if (*slot != SPANLOG_FIELD_COUNT)
            return false;
        *slot = (uint8_t)field;
    }
    return true;
}

void spanlog_field_table_build(struct spanlog_field_table *table,
                               const char *const names[SPANLOG_FIELD_COUNT]) {
    memset(table, 0, sizeof *table);
    for (unsigned field = 0; field < SPANLOG_FIELD_COUNT; field++) {
        struct spanlog_field_key *key = &table->keys[field];
        size_t size = names[field] ? strlen(names[field]) : 0;
        key->text = (struct spanlog_text){names[field], (uint32_t)size};
        if (size)
            memcpy(&key->head, names[field], size < 8 ? size : 8);
        if (size > 8)
            memcpy(&key->tail, names[field] + 8, size < 16 ? size - 8 : 8);
    }
    table->keys[SPANLOG_FIELD_COUNT].text.size = UINT32_MAX; /* equal to no key */
    /* Two keys of the same size and first 8 bytes would never part; no dialect has such. */
    table->factor = 0x9e3779b97f4a7c15u;
    while (!fill_slots(table))
        table->factor = table->factor * 6364136223846793005u | 1;
}

unsigned spanlog_field_find_long(const struct spanlog_field_table *table, const char *key,
                                 size_t size) {
    uint64_t head = spanlog_field_bytes(key, 8);
    unsigned field = table->slots[spanlog_field_slot(table->factor, head, size)];
    const struct spanlog_text *text = &table->keys[field].text;
    return text->size == size && memcmp(text->data, key, size) == 0 ? field : SPANLOG_FIELD_COUNT;
}

static struct spanlog_field_table canonical_keys;

static void build_canonical_keys(void) {
    spanlog_field_table_build(&canonical_keys, spanlog_dialect_json.keys);
}

const struct spanlog_field_table *spanlog_field_table_canonical(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_canonical_keys);
    return &canonical_keys;
}
