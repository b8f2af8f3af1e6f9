/* core/control.c: see control.h. */
#include "src/core/control.h"

#include "src/core/fnv.h"
#include "src/core/futex.h"

#include <string.h>

#define TRIES 8

static uint64_t checksum(uint32_t generation, const char *text, uint32_t size) {
    return fnv1a(FNV1A_START ^ ((uint64_t)generation << 32 | size), text, size);
}

uint32_t control_next(uint32_t generation) {
    return generation == UINT32_MAX ? 2 : generation + 1; /* the slots go on in turn */
}

int control_fill(struct control_slot slots[2], uint32_t generation, const char *text, size_t size) {
    struct control_slot *slot = &slots[generation & 1];
    if (size > CONTROL_TEXT_SIZE)
        return -E2BIG;
    slot->generation = generation;
    slot->size = (uint32_t)size;
    memcpy(slot->text, text, size);
    slot->checksum = checksum(generation, text, (uint32_t)size);
    return 0;
}

int control_put(struct control_slot slots[2], uint32_t *generation, const char *text, size_t size) {
    uint32_t next = control_next(__atomic_load_n(generation, __ATOMIC_RELAXED));
    int error = control_fill(slots, next, text, size);
    if (error == 0)
        __atomic_store_n(generation, next, __ATOMIC_RELEASE);
    return error;
}

int control_get(const struct control_slot slots[2], const uint32_t *generation,
                char text[CONTROL_TEXT_SIZE + 1], uint32_t *ret_generation) {
    for (int i = 0; i < TRIES; i++) {
        uint32_t now = __atomic_load_n(generation, __ATOMIC_ACQUIRE);
        const struct control_slot *slot = &slots[now & 1];
        uint32_t size = __atomic_load_n(&slot->size, __ATOMIC_RELAXED);
        *ret_generation = now;
        text[0] = '\0';
        if (now == 0)
            return 0;
        if (size <= CONTROL_TEXT_SIZE) {
            memcpy(text, slot->text, size);
            text[size] = '\0';
            if (slot->generation == now && slot->checksum == checksum(now, text, size))
                return 0;
        }
        if (__atomic_load_n(generation, __ATOMIC_ACQUIRE) == now)
            break; /* nobody is writing */
    }
    text[0] = '\0';
    return -EBADMSG;
}

void control_call(struct control *control) {
    __atomic_add_fetch(&control->wake, 1, __ATOMIC_SEQ_CST);
    futex_wake_shared(&control->wake);
}
