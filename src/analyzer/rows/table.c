/* analyzer/rows/table.c: see table.h. */
#include "src/analyzer/rows/table.h"

#include <stdlib.h>

/* The upper bits of the hash choose the part, those below them the slot. */
static uint32_t *slot_of(const struct spanlog_traces_table *table, uint64_t high, uint64_t low) {
    uint32_t mask = 2 * table->room - 1;
    uint32_t at = (uint32_t)(spanlog_traces_hash(low) >> 24) & mask;
    for (; table->slots[at]; at = (at + 1) & mask) {
        struct spanlog_trace_entry *entry = &table->list[table->slots[at] - 1];
        if (entry->low == low && (entry->high == high || entry->high == 0 || high == 0))
            break;
    }
    return &table->slots[at];
}

static int grow(struct spanlog_traces_table *table) {
    uint32_t room = table->room ? 2 * table->room : 32;
    struct spanlog_trace_entry *list = realloc(table->list, room * sizeof *list);
    if (!list)
        return -1;
    table->list = list;
    uint32_t *slots = calloc(2 * (size_t)room, sizeof *slots);
    if (!slots)
        return -1;
    free(table->slots);
    table->slots = slots;
    table->room = room;
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t mask = 2 * room - 1,
                 at = (uint32_t)(spanlog_traces_hash(list[i].low) >> 24) & mask;
        while (slots[at])
            at = (at + 1) & mask;
        slots[at] = i + 1;
    }
    return 0;
}

uint32_t spanlog_traces_add_new(struct spanlog_traces_table *table, uint64_t high, uint64_t low) {
    if (table->count == table->room && grow(table) < 0)
        return SPANLOG_STRING_NONE;
    uint32_t *slot = slot_of(table, high, low);
    if (*slot == 0) {
        table->list[table->count] = (struct spanlog_trace_entry){
            .high = high, .low = low, .first_log_ns = UINT64_MAX, .last_service = UINT32_MAX};
        *slot = ++table->count;
    }
    table->last = *slot - 1;
    if (table->list[table->last].high == 0)
        table->list[table->last].high = high;
    return table->last;
}

void spanlog_traces_free(struct spanlog_traces_table *table) {
    free(table->list);
    free(table->slots);
    *table = (struct spanlog_traces_table){0};
}
