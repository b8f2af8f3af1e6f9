/* config/mistakes.c: see mistakes.h. */
#include "src/config/mistakes.h"

#include "src/core/fnv.h"

#include <string.h>

static struct mistakes *reading;
static size_t count;

void mistakes_begin(struct mistakes *of) {
    reading = of;
    memcpy(of->before, of->now, sizeof of->before);
    of->before_count = of->now_count;
    of->now_count = 0;
}

void mistakes_end(void) {
    reading = NULL;
}

static uint64_t add_text(uint64_t hash, const char *text) {
    return fnv1a(hash, text, strlen(text) + 1); /* with the NUL: "a", "bc" is not "ab", "c" */
}

static bool was_there(uint64_t hash) {
    for (uint32_t i = 0; i < reading->before_count; i++)
        if (reading->before[i] == hash)
            return true;
    return false;
}

bool mistake_is_new(const char *where, const char *name, const char *value) {
    uint64_t hash = add_text(add_text(add_text(FNV1A_START, where), name), value);
    if (reading != NULL && reading->now_count < MISTAKES_KNOWN)
        reading->now[reading->now_count++] = hash;
    bool new = reading == NULL || !was_there(hash);
    count += new;
    return new;
}

size_t mistakes_count(void) {
    return count;
}
