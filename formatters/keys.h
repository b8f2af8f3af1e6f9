/* formatters/keys.h: which attributes of a record are written, and under which names.
 *
 *     struct spanlog_keys keys;
 *     spanlog_keys_decide(&keys, attributes, count, SPANLOG_KEYS_OF_LOG, render_key);
 *     for (i = 0; i < keys.count; i++)
 *         if (!spanlog_keys_skips(&keys, i))
 *             ... key, then spanlog_keys_underscores(&keys, i) times '_'
 *
 * Rules: a reserved name gets a trailing '_', and further ones while another key has that name; of
 * keys that are equal once written the last counts. Nearly always nothing is to be done, and that
 * is found out in a few nanoseconds from the rendered keys.
 */
#ifndef SPANLOG_FORMATTERS_KEYS_H
#define SPANLOG_FORMATTERS_KEYS_H

#include "formatters/line.h"

#define SPANLOG_KEYS_MAX 512 /* attributes of one record; more are counted as dropped */
#define SPANLOG_KEY_SIZE_MAX 128

/* Whose keys they are: one of the first three; PLAIN where the dialect writes keys without quotes,
 * so that spaces and the like become '_'; and the dialect that has names beside the canonical ones.
 */
enum {
    SPANLOG_KEYS_OF_LOG = 1,
    SPANLOG_KEYS_OF_SPAN = 2,
    SPANLOG_KEYS_OF_EVENT = 4,
    SPANLOG_KEYS_PLAIN = 8,
    SPANLOG_KEYS_OF_ECS = 16,
    SPANLOG_KEYS_OF_GCP = 32,
    SPANLOG_KEYS_OF_DATADOG = 64,
    SPANLOG_KEYS_OF_ZAP = 128,
    SPANLOG_KEYS_OF_OTLP = 256
};

static inline unsigned spanlog_keys_of(enum spanlog_line_kind kind) {
    return kind == SPANLOG_LINE_LOG ? SPANLOG_KEYS_OF_LOG : SPANLOG_KEYS_OF_SPAN;
}

/* Whether the record itself writes a field of this name. */
bool spanlog_key_is_reserved(struct spanlog_text key, unsigned of);

/* Bytes of ASCII that a key without quotes must not hold. */
static inline bool spanlog_key_breaks(unsigned char c) {
    return c <= 0x20 || c == 0x7F || c == '"' || c == '=' || c == '\\';
}

/* Writes a key with what stands around it, as the dialect spells it: at most SPANLOG_KEY_TEXT_MAX
 * bytes with a trailing '_' for each of `underscores`. NULL: does not fit before end. */
typedef char *spanlog_key_renderer(struct spanlog_text key, unsigned underscores, char *out,
                                   char *end);
#define SPANLOG_KEY_TEXT_MAX (SPANLOG_KEY_SIZE_MAX * 6 + 48)

struct spanlog_keys {
    uint32_t count;    /* attributes to look at */
    uint32_t left_out; /* attributes beyond SPANLOG_KEYS_MAX */
    bool as_they_are;  /* none is skipped or renamed further; the rest is not set */
    uint64_t skipped[SPANLOG_KEYS_MAX / 64];
    uint16_t underscores[SPANLOG_KEYS_MAX];
};

/* True if all keys are rendered and no two of them are the same once written; false also where it
 * would take long to tell. */
bool spanlog_keys_are_distinct(const struct spanlog_attribute *attributes, uint32_t count);

/* Compares them; spanlog_keys_decide does so only where it must. */
void spanlog_keys_compare(struct spanlog_keys *keys, const struct spanlog_attribute *attributes,
                          unsigned of, spanlog_key_renderer *render);

/* distinct: what line->distinct_keys says. */
static inline void spanlog_keys_decide(struct spanlog_keys *keys,
                                       const struct spanlog_attribute *attributes, uint32_t count,
                                       unsigned of, bool distinct, spanlog_key_renderer *render) {
    keys->count = count < SPANLOG_KEYS_MAX ? count : SPANLOG_KEYS_MAX;
    keys->left_out = count - keys->count;
    keys->as_they_are = true;
    /* Keys rendered for the record are not those of an event, which has names of its own. */
    if (!distinct || (of & SPANLOG_KEYS_OF_EVENT))
        spanlog_keys_compare(keys, attributes, of, render);
}

static inline bool spanlog_keys_skips(const struct spanlog_keys *keys, uint32_t i) {
    return !keys->as_they_are && (keys->skipped[i / 64] >> i % 64 & 1);
}

/* A key's text for the page: "_" for an empty or absent one, cut at a character's boundary. */
struct spanlog_text spanlog_key_text(struct spanlog_text key);

#endif
