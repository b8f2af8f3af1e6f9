/* analyzer/rows/table.h: the traces of one part, by id.
 *
 *     uint32_t trace = spanlog_traces_add(&table, high, low);      its number; or STRING_NONE
 *
 * A 64-bit id is the low half of a 128-bit one: both are the same trace.
 */
#ifndef SPANLOG_ANALYZER_ROWS_TABLE_H
#define SPANLOG_ANALYZER_ROWS_TABLE_H

#include "src/analyzer/rows/collect.h"

struct spanlog_traces_table {
    struct spanlog_trace_entry *list;
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t count;
    uint32_t room; /* of list; slots are twice */
    uint32_t last; /* the one found last: lines of a trace come together */
};

uint32_t spanlog_traces_add_new(struct spanlog_traces_table *table, uint64_t high, uint64_t low);
void spanlog_traces_free(struct spanlog_traces_table *table);

static inline uint64_t spanlog_traces_hash(uint64_t low) {
    return low * 0x9e3779b97f4a7c15u;
}

static inline uint32_t spanlog_traces_add(struct spanlog_traces_table *table, uint64_t high,
                                          uint64_t low) {
    if (table->count) {
        const struct spanlog_trace_entry *last = &table->list[table->last];
        if (last->low == low && last->high == high)
            return table->last;
    }
    return spanlog_traces_add_new(table, high, low);
}

#endif
