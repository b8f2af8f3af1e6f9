/* front/encode.c: the exact way; see encode.h. */
#include "src/front/encode.h"

/* The largest size <= most that does not split a UTF-8 character. */
static size_t character_boundary(const char *text, size_t most) {
    size_t size = most;
    for (int i = 0; i < 3 && size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80; i++)
        size--;
    return ((uint8_t)text[size] & 0xc0) == 0x80 ? most : size;
}

static void measure_text(struct encode_plan *plan, unsigned i, unsigned type, const void *pointer,
                         size_t most) {
    const char *data = pointer;
    size_t size = 0;
    if (type == SPANLOG__T_STRN || type == SPANLOG__T_HEX) {
        const struct spanlog__bytes *bytes = pointer;
        data = bytes->data;
        size = data != NULL ? bytes->size : 0;
    } else if (data != NULL) {
        size = strlen(data);
    }
    plan->texts[i].data = data;
    plan->texts[i].slot = TEXT_NULL;
    plan->texts[i].size = 0;
    if (data == NULL)
        return;
    size_t limit = most < RECORD_MAX_TEXT ? most : RECORD_MAX_TEXT, kept = size;
    if (size > limit)
        kept = type == SPANLOG__T_HEX ? limit : character_boundary(data, limit);
    plan->texts[i].size = (uint32_t)kept;
    plan->texts[i].slot = kept;
    if (kept < size)
        plan->texts[i].slot |= (uint64_t)(size < UINT32_MAX ? size : UINT32_MAX) << 32;
    plan->size += kept;
}

void encode_measure(struct encode_plan *plan, const struct spanlog__site *site,
                    const union spanlog__slot *slots, size_t most) {
    plan->size = 8u * (size_t)site->count;
    for (uint64_t texts = RECORD_TEXT_BITS(site->types); texts != 0; texts &= texts - 1) {
        unsigned i = (unsigned)__builtin_ctzll(texts) / 4;
        size_t left = most > plan->size ? most - plan->size : 0;
        measure_text(plan, i, RECORD_TYPE_AT(site->types, i), slots[i].p, left);
    }
}

void encode_exact(uint8_t *to, const struct encode_plan *plan, const struct spanlog__site *site,
                  const union spanlog__slot *slots) {
    uint64_t *out = (uint64_t *)(void *)to;
    for (unsigned i = 0; i < site->count; i++)
        out[i] = slots[i].u;
    to += 8u * (size_t)site->count;
    for (uint64_t texts = RECORD_TEXT_BITS(site->types); texts != 0; texts &= texts - 1) {
        unsigned i = (unsigned)__builtin_ctzll(texts) / 4;
        out[i] = plan->texts[i].slot;
        if (plan->texts[i].size > 0)
            memcpy(to, plan->texts[i].data, plan->texts[i].size);
        to += plan->texts[i].size;
    }
}
