/* core/ring.c: see ring.h. */
#include "src/core/ring.h"

/* Records behind the newest that the back has released are written while we look. */
__attribute__((no_sanitize("thread"))) uint64_t ring_waiting(const struct ring *ring,
                                                             const uint8_t *data, uint64_t size,
                                                             uint64_t *ret_first_ticks) {
    uint64_t start = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE) & ~(uint64_t)7, used = 0;
    *ret_first_ticks = 0;
    while (used < size) {
        uint64_t at = (start + used) & (size - 1);
        const uint32_t *word = (const uint32_t *)(const void *)(data + at);
        uint32_t bytes = __atomic_load_n(word, __ATOMIC_ACQUIRE) & RECORD_SIZE_MASK;
        if (bytes < sizeof(struct record) || bytes % 8 != 0 || bytes > size - used)
            break;
        if (used == 0)
            *ret_first_ticks = *(const uint64_t *)(const void *)(data + ((at + 8) & (size - 1)));
        used += bytes;
    }
    return used;
}
