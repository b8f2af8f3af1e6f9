/* formatters/keys.c: see keys.h. */
#include "formatters/keys.h"

#include <string.h>

#include "formatters/utf8.h"

/* ---- reserved names --------------------------------------------------------------------- */

#define ALL (SPANLOG_KEYS_OF_LOG | SPANLOG_KEYS_OF_SPAN | SPANLOG_KEYS_OF_EVENT)
#define SPAN (SPANLOG_KEYS_OF_SPAN)

struct reserved {
    const char *name;
    uint8_t size;
    uint16_t of;
};

static const struct reserved canonical[] = {
#define NAME(name, of)                                                                             \
    { name, sizeof(name) - 1, of }
    NAME("ts", ALL),
    NAME("level", ALL),
    NAME("msg", ALL),
    NAME("service", ALL),
    NAME("trace_id", ALL),
    NAME("span_id", ALL),
    NAME("parent_id", ALL),
    NAME("trace_flags", ALL),
    NAME("logger", ALL),
    NAME("src", ALL),
    NAME("pid", ALL),
    NAME("tid", ALL),
    NAME("operation", ALL),
    NAME("duration_ms", ALL),
    NAME("dropped_attributes", ALL), /* any record may have lost some */
    NAME("kind", SPAN),
    NAME("start", SPAN),
    NAME("status", SPAN),
    NAME("status_code", SPAN),
    NAME("error", SPAN),
    NAME("events", SPAN),
    NAME("links", SPAN),
    NAME("sample_ratio", SPAN),
    NAME("dropped_events", SPAN),
    NAME("dropped_links", SPAN),
    NAME("name", SPANLOG_KEYS_OF_EVENT),
};

/* Beside these: what a dialect writes under names of its own, and objects in which readers of that
 * format would look for an id. With SPAN: in span lines only. */
#define ECS SPANLOG_KEYS_OF_ECS
#define GCP SPANLOG_KEYS_OF_GCP
#define DATADOG SPANLOG_KEYS_OF_DATADOG
#define ZAP SPANLOG_KEYS_OF_ZAP
#define OTLP SPANLOG_KEYS_OF_OTLP
#define DIALECTS (ECS | GCP | DATADOG | ZAP | OTLP)

static const struct reserved of_dialects[] = {
    NAME("severityNumber", DIALECTS),
    NAME("message", ECS | GCP | DATADOG),
    NAME("@timestamp", ECS),
    NAME("log", ECS),
    NAME("log.level", ECS),
    NAME("log.logger", ECS),
    NAME("log.origin.file.name", ECS),
    NAME("log.origin.file.line", ECS),
    NAME("ecs.version", ECS),
    NAME("service.name", ECS),
    NAME("trace", ECS),
    NAME("trace.id", ECS),
    NAME("span", ECS),
    NAME("span.id", ECS),
    NAME("transaction", ECS),
    NAME("transaction.id", ECS),
    NAME("event.duration", ECS | SPAN),
    NAME("error.message", ECS | DATADOG | SPAN),
    NAME("process.pid", ECS),
    NAME("process.thread.id", ECS),
    NAME("time", GCP),
    NAME("severity", GCP),
    NAME("serviceContext", GCP),
    NAME("logging.googleapis.com/trace", GCP),
    NAME("logging.googleapis.com/spanId", GCP),
    NAME("logging.googleapis.com/trace_sampled", GCP),
    NAME("logging.googleapis.com/sourceLocation", GCP),
    NAME("timestamp", DATADOG),
    NAME("status", DATADOG),
    NAME("dd", DATADOG),
    NAME("ddsource", DATADOG),
    NAME("dd.trace_id", DATADOG),
    NAME("dd.span_id", DATADOG),
    NAME("logger.name", DATADOG),
    NAME("otel.status_code", DATADOG | SPAN),
    NAME("caller", ZAP),
    NAME("duration", ZAP | SPAN),
    NAME("thread.id", OTLP),
    NAME("code.file.path", OTLP),
    NAME("code.line.number", OTLP),
#undef NAME
};

static bool is_name(const char *name, struct spanlog_text key, unsigned of) {
    if (!(of & SPANLOG_KEYS_PLAIN))
        return memcmp(name, key.data, key.size) == 0;
    for (uint32_t i = 0; i < key.size; i++) {
        unsigned char c = (unsigned char)key.data[i];
        if (name[i] != (spanlog_key_breaks(c) ? '_' : (char)c))
            return false;
    }
    return true;
}

bool spanlog_key_is_reserved(struct spanlog_text key, unsigned of) {
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++)
        if (canonical[i].size == key.size && (canonical[i].of & of) &&
            is_name(canonical[i].name, key, of))
            return true;
    if (!(of & DIALECTS))
        return false;
    for (size_t i = 0; i < sizeof of_dialects / sizeof *of_dialects; i++) {
        const struct reserved *name = &of_dialects[i];
        bool holds = (name->of & of & DIALECTS) && (!(name->of & SPAN) || (of & SPAN));
        if (holds && name->size == key.size && is_name(name->name, key, of))
            return true;
    }
    return false;
}

struct spanlog_text spanlog_key_text(struct spanlog_text key) {
    if (!key.data)
        return SPANLOG_TEXT("(null)");
    if (key.size == 0)
        return SPANLOG_TEXT("_");
    if (key.size > SPANLOG_KEY_SIZE_MAX)
        key.size = (uint32_t)spanlog_utf8_trim(key.data, SPANLOG_KEY_SIZE_MAX);
    return key;
}

/* ---- the quick answer ------------------------------------------------------------------- */

#define QUICK_MAX 16

static bool is_same_text(struct spanlog_text a, struct spanlog_text b) {
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Rendered keys have reserved names renamed already, so a clash with a renamed one shows as well.
 */
bool spanlog_keys_are_distinct(const struct spanlog_attribute *attributes, uint32_t count) {
    uint64_t seen = 0;

    if (count > QUICK_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct spanlog_text text = attributes[i].rendered;
        if (!text.data || text.size < 3)
            return false;
        /* A hash of what tells keys apart soonest; where it repeats, compare. */
        uint64_t bit = (uint64_t)1
                       << ((text.size * 7 + (unsigned char)text.data[text.size / 2] * 3u +
                            (unsigned char)text.data[text.size - 3]) &
                           63);
        if (seen & bit)
            for (uint32_t j = 0; j < i; j++)
                if (is_same_text(attributes[j].rendered, text))
                    return false;
        seen |= bit;
    }
    return true;
}

/* ---- the exact answer ------------------------------------------------------------------- */

/* A hash table of the keys that will be written, by their text. */
struct table {
    struct spanlog_keys *keys;
    const struct spanlog_attribute *attributes;
    spanlog_key_renderer *render;
    uint32_t mask;
    uint16_t slots[2 * SPANLOG_KEYS_MAX]; /* index + 1 */
    uint32_t hashes[SPANLOG_KEYS_MAX];
};

static uint32_t render_to(const struct table *t, uint32_t i,
                          char text[SPANLOG_KEY_TEXT_MAX + 512]) {
    char *end = t->render(t->attributes[i].key, t->keys->underscores[i], text,
                          text + SPANLOG_KEY_TEXT_MAX + 512);
    return end ? (uint32_t)(end - text) : 0;
}

static uint32_t hash_text(const char *text, uint32_t size) {
    uint64_t h = size;
    while (size >= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
        text += 8;
        size -= 8;
    }
    for (; size; size--)
        h = (h ^ (unsigned char)*text++) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

static bool is_same_key(const struct table *t, uint32_t i, const char *text, uint32_t size) {
    char other[SPANLOG_KEY_TEXT_MAX + 512];
    return render_to(t, i, other) == size && memcmp(other, text, size) == 0;
}

/* Where the key of attribute i belongs: a free slot, or the one of an equal key. */
static uint16_t *find_slot(struct table *t, uint32_t i) {
    char text[SPANLOG_KEY_TEXT_MAX + 512];
    uint32_t size = render_to(t, i, text), hash = hash_text(text, size), at;

    t->hashes[i] = hash;
    for (at = hash & t->mask; t->slots[at]; at = (at + 1) & t->mask) {
        uint32_t other = t->slots[at] - 1u;
        if (t->hashes[other] == hash && is_same_key(t, other, text, size))
            break;
    }
    return &t->slots[at];
}

static void put_in_slot(struct table *t, uint16_t *slot, uint32_t i) {
    if (*slot) /* the last value counts */
        t->keys->skipped[(*slot - 1u) / 64] |= (uint64_t)1 << (*slot - 1u) % 64;
    *slot = (uint16_t)(i + 1);
}

static bool is_renamed(const struct spanlog_keys *keys, uint32_t i) {
    return keys->underscores[i] > 0;
}

static void fill_table(struct table *t, unsigned of) {
    struct spanlog_keys *keys = t->keys;

    for (uint32_t i = 0; i < keys->count; i++) {
        struct spanlog_text key = spanlog_key_text(t->attributes[i].key);
        keys->underscores[i] = spanlog_key_is_reserved(key, of);
        if (!is_renamed(keys, i))
            put_in_slot(t, find_slot(t, i), i);
    }
    /* Then the reserved ones, each past the names that were given as they are. */
    for (uint32_t i = 0; i < keys->count; i++) {
        uint16_t *slot;
        if (!is_renamed(keys, i))
            continue;
        for (slot = find_slot(t, i); *slot && !is_renamed(keys, *slot - 1u); slot = find_slot(t, i))
            keys->underscores[i]++;
        put_in_slot(t, slot, i);
    }
}

static __attribute__((noinline)) void decide_exactly(struct spanlog_keys *keys,
                                                     const struct spanlog_attribute *attributes,
                                                     unsigned of, spanlog_key_renderer *render) {
    struct table t;

    memset(keys->skipped, 0, sizeof keys->skipped);
    t.keys = keys;
    t.attributes = attributes;
    t.render = render;
    for (t.mask = 15; t.mask + 1 < 2 * keys->count; t.mask = 2 * t.mask + 1)
        ;
    memset(t.slots, 0, (t.mask + 1) * sizeof *t.slots);
    fill_table(&t, of);
}

void spanlog_keys_compare(struct spanlog_keys *keys, const struct spanlog_attribute *attributes,
                          unsigned of, spanlog_key_renderer *render) {
    keys->as_they_are =
        !(of & SPANLOG_KEYS_OF_EVENT) && spanlog_keys_are_distinct(attributes, keys->count);
    if (!keys->as_they_are)
        decide_exactly(keys, attributes, of, render);
}
