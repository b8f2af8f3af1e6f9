/* analyzer/base/strings.c: see strings.h. Open addressing, at most half full. */
#include "src/analyzer/base/strings.h"
#include "src/analyzer/base/hash.h"

#include <stdlib.h>

static uint32_t hash_text(const char *data, size_t size) {
    uint64_t hash = spanlog_hash(data, size);
    return (uint32_t)(hash ^ (hash >> 32));
}

static int grow_slots(struct spanlog_strings *strings) {
    uint32_t slots = strings->slots ? 2 * (strings->slot_mask + 1) : 256;
    uint32_t *grown = calloc(slots, sizeof *grown);
    if (!grown)
        return -1;
    for (uint32_t i = 0; i < strings->count; i++) {
        uint32_t at = strings->hashes[i] & (slots - 1);
        while (grown[at])
            at = (at + 1) & (slots - 1);
        grown[at] = i + 1;
    }
    free(strings->slots);
    strings->slots = grown;
    strings->slot_mask = slots - 1;
    return 0;
}

static int grow_texts(struct spanlog_strings *strings) {
    uint32_t room = strings->room ? 2 * strings->room : 128;
    struct spanlog_text *texts = realloc(strings->texts, room * sizeof *texts);
    if (!texts)
        return -1;
    strings->texts = texts;
    uint32_t *hashes = realloc(strings->hashes, room * sizeof *hashes);
    if (!hashes)
        return -1;
    strings->hashes = hashes;
    strings->room = room;
    return 0;
}

static uint32_t slot_of(const struct spanlog_strings *strings, uint32_t hash, const char *data,
                        size_t size) {
    uint32_t at = hash & strings->slot_mask;
    for (; strings->slots[at]; at = (at + 1) & strings->slot_mask) {
        uint32_t number = strings->slots[at] - 1;
        if (strings->hashes[number] == hash && strings->texts[number].size == size &&
            (size == 0 || memcmp(strings->texts[number].data, data, size) == 0))
            break;
    }
    return at;
}

uint32_t spanlog_strings_find(const struct spanlog_strings *strings, const char *data,
                              size_t size) {
    if (!strings->slots)
        return SPANLOG_STRING_NONE;
    uint32_t found = strings->slots[slot_of(strings, hash_text(data, size), data, size)];
    return found ? found - 1 : SPANLOG_STRING_NONE;
}

uint32_t spanlog_strings_add(struct spanlog_strings *strings, const char *data, size_t size) {
    if ((!strings->slots || 2 * strings->count > strings->slot_mask) && grow_slots(strings) < 0)
        return SPANLOG_STRING_NONE;
    uint32_t hash = hash_text(data, size);
    uint32_t at = slot_of(strings, hash, data, size);
    if (strings->slots[at])
        return strings->slots[at] - 1;
    if (strings->count == strings->room && grow_texts(strings) < 0)
        return SPANLOG_STRING_NONE;
    struct spanlog_text copy = spanlog_arena_text(&strings->arena, data, size);
    if (!copy.data)
        return SPANLOG_STRING_NONE;
    strings->texts[strings->count] = copy;
    strings->hashes[strings->count] = hash;
    strings->slots[at] = ++strings->count;
    return strings->count - 1;
}

void spanlog_strings_free(struct spanlog_strings *strings) {
    spanlog_arena_free(&strings->arena);
    free(strings->texts);
    free(strings->hashes);
    free(strings->slots);
    *strings = (struct spanlog_strings){0};
}
