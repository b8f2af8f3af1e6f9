/* front/words.h: 8 bytes at a time, and not more, however clever the compiler.
 *
 *     words_copy(record, slots, site->count);
 *
 * A call's slots are written one by one just before they are read. A load of 16 bytes that covers
 * two such stores has to wait until both are in the cache.
 */
#ifndef SPANLOG_FRONT_WORDS_H
#define SPANLOG_FRONT_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void words_copy(void *to, const void *from, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const uint8_t *)from + 8 * i, sizeof word);
        __asm__("" : "+r"(word)); /* in a register of its own */
        memcpy((uint8_t *)to + 8 * i, &word, sizeof word);
    }
}

#endif
