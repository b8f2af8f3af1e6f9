/* back/decode_fields.h: what decode.c and decode_span.c share. */
#ifndef SPANLOG_BACK_DECODE_FIELDS_H
#define SPANLOG_BACK_DECODE_FIELDS_H

#include "src/back/mask.h"

#include <string.h>

struct field_texts {
    const char *at;
    size_t left;
};

/* The text of a slot; false: it runs over what is there. */
static inline bool take_text(struct field_texts *texts, uint64_t slot,
                             struct spanlog_value *value) {
    uint32_t length = (uint32_t)slot;
    value->text = NULL;
    value->size = 0;
    if (length == TEXT_NULL)
        return true;
    if (length > texts->left)
        return false;
    value->text = texts->at;
    value->size = length;
    value->original_size = slot >> 32;
    texts->at += length;
    texts->left -= length;
    return true;
}

/* The first `count` fields of a site into attributes whose keys and types are there, masked where
 * they must not be written; false: they run over size. Here, since a span has many groups of few.
 */
static inline bool decode_fields(struct decoder *decoder, const struct compiled_site *site,
                                 struct spanlog_attribute *attributes, unsigned count,
                                 const uint8_t *fields, size_t size) {
    size_t slots = 8u * (size_t)count;
    uint32_t masked = site->masked | site->json_mask, shortest = decoder->rules.shortest;
    if (size < slots)
        return false;
    struct field_texts texts = {(const char *)fields + slots, size - slots};
    for (unsigned i = 0; i < count; i++) {
        memcpy(&attributes[i].value.u, fields + 8u * i, 8);
        attributes[i].value.original_size = 0;
    }
    for (uint32_t left = site->texts_mask & ((1u << count) - 1); left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        struct spanlog_value *value = &attributes[i].value;
        if (!take_text(&texts, value->u, value))
            return false;
        masked |= (value->size >= shortest ? 1u : 0u) << i;
    }
    masked = (masked >> site->first_field << site->first_field) & ((1u << count) - 1);
    if (masked != 0)
        mask_fields(decoder, site, attributes, masked);
    return true;
}

/* Attributes of a stamp (core/stamp.h) to the decoder's, and the parent's text to its line. Returns
 * the stamp's size; 0: damaged. */
size_t decode_stamp(struct decoder *decoder, const uint8_t *data, size_t size);
void decode_context(struct spanlog_line *line, uint32_t word);

#endif
