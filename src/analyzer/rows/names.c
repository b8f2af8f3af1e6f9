/* analyzer/rows/names.c: see names.h. Open addressing; `room` is the number of names, slots are
 * twice.
 */
#include "src/analyzer/rows/names.h"

#include <stdlib.h>

static uint32_t *slot_of(const struct spanlog_names *names, uint32_t service, uint32_t operation,
                         uint32_t host) {
    uint32_t mask = 2 * names->room - 1;
    uint64_t hash =
        (((uint64_t)service << 32 | operation) ^ (uint64_t)host << 16) * 0x9e3779b97f4a7c15u;
    uint32_t at = (uint32_t)(hash >> 32) & mask;
    for (; names->slots[at]; at = (at + 1) & mask) {
        const struct spanlog_name *name = &names->list[names->slots[at] - 1];
        if (name->service == service && name->operation == operation && name->host == host)
            break;
    }
    return &names->slots[at];
}

static int grow(struct spanlog_names *names) {
    uint32_t room = names->room ? 2 * names->room : 128;
    struct spanlog_name *list = realloc(names->list, room * sizeof *list);
    if (!list)
        return -1;
    names->list = list;
    uint32_t *slots = calloc(2 * (size_t)room, sizeof *slots);
    if (!slots)
        return -1;
    free(names->slots);
    names->slots = slots;
    names->room = room;
    for (uint32_t i = 0; i < names->count; i++)
        *slot_of(names, list[i].service, list[i].operation, list[i].host) = i + 1;
    return 0;
}

uint32_t spanlog_names_add(struct spanlog_names *names, uint32_t service, uint32_t operation,
                           uint32_t host) {
    if (names->count == names->room && grow(names) < 0)
        return SPANLOG_STRING_NONE;
    uint32_t *slot = slot_of(names, service, operation, host);
    if (*slot == 0) {
        names->list[names->count] = (struct spanlog_name){service, operation, host};
        *slot = ++names->count;
    }
    return *slot - 1;
}

uint32_t spanlog_names_find(const struct spanlog_names *names, uint32_t service, uint32_t operation,
                            uint32_t host) {
    return names->count ? *slot_of(names, service, operation, host) - 1 : SPANLOG_STRING_NONE;
}

void spanlog_names_free(struct spanlog_names *names) {
    free(names->list);
    free(names->slots);
    *names = (struct spanlog_names){0};
}
