/* analyzer/questions/tally.h: what is counted of spans that belong together, by a small number.
 *
 *     struct spanlog_tallies tallies;                             one for each thread
 *     spanlog_tallies_init(&tallies, &total);
 *     struct spanlog_tally *tally = spanlog_tallies_at(&tallies, number);    NULL: no memory
 *     spanlog_tally_span(tally, &tallies, node);
 *     spanlog_tallies_join(&all, &tallies, map);                  numbers to those of `all`
 *     spanlog_tallies_settle(&all, jobs);                         then percentiles can be asked
 *     spanlog_tallies_free(&tallies);
 *
 * Sums stop at the greatest number instead of starting again at 0.
 */
#ifndef SPANLOG_ANALYZER_QUESTIONS_TALLY_H
#define SPANLOG_ANALYZER_QUESTIONS_TALLY_H

#include "src/analyzer/base/series.h"
#include "src/analyzer/trees/tree.h"

struct spanlog_tally {
    uint64_t count;
    uint64_t errors;
    uint64_t total_ns;
    uint64_t max_ns;
    uint64_t self_ns;
    uint64_t critical_ns;
    struct spanlog_series durations;
};

struct spanlog_tallies {
    struct spanlog_tally *list; /* cleared up to room */
    uint32_t count;
    uint32_t room;
    struct spanlog_value_counter counter;
};

void spanlog_tallies_init(struct spanlog_tallies *tallies, struct spanlog_value_total *total);
struct spanlog_tally *spanlog_tallies_more(struct spanlog_tallies *tallies, uint32_t number);
/* 0 or -ENOMEM, all. With map NULL numbers stay as they are. Empties `from`. */
int spanlog_tallies_join(struct spanlog_tallies *tallies, struct spanlog_tallies *from,
                         const uint32_t *map);
/* The same for tallies that are known by two numbers (spanlog_tallies_of_pair). */
int spanlog_tallies_join_pairs(struct spanlog_tallies *tallies, struct spanlog_names *pairs,
                               struct spanlog_tallies *from,
                               const struct spanlog_names *from_pairs);
int spanlog_tallies_settle(struct spanlog_tallies *tallies, unsigned jobs);
void spanlog_tallies_free(struct spanlog_tallies *tallies);

/* The pointer stands until the next call. */
static inline struct spanlog_tally *spanlog_tallies_at(struct spanlog_tallies *tallies,
                                                       uint32_t number) {
    if (number >= tallies->count)
        return spanlog_tallies_more(tallies, number);
    return &tallies->list[number];
}

/* Pairs are numbered as names without a host are. */
static inline struct spanlog_tally *spanlog_tallies_of_pair(struct spanlog_tallies *tallies,
                                                            struct spanlog_names *pairs,
                                                            uint32_t first, uint32_t second) {
    uint32_t number = spanlog_names_add(pairs, first, second, SPANLOG_STRING_NONE);
    return number == SPANLOG_STRING_NONE ? NULL : spanlog_tallies_at(tallies, number);
}

static inline void spanlog_add_up(uint64_t *sum, uint64_t more) {
    if (__builtin_add_overflow(*sum, more, sum))
        *sum = UINT64_MAX;
}

static inline int spanlog_tally_value(struct spanlog_tally *tally, struct spanlog_tallies *tallies,
                                      uint64_t duration_ns, bool is_error) {
    tally->count++;
    tally->errors += is_error;
    spanlog_add_up(&tally->total_ns, duration_ns);
    if (duration_ns > tally->max_ns)
        tally->max_ns = duration_ns;
    return spanlog_series_add(&tally->durations, &tallies->counter, duration_ns);
}

static inline int spanlog_tally_span(struct spanlog_tally *tally, struct spanlog_tallies *tallies,
                                     const struct spanlog_node *node) {
    spanlog_add_up(&tally->self_ns, node->self_ns);
    spanlog_add_up(&tally->critical_ns, node->critical_ns);
    return spanlog_tally_value(tally, tallies, node->duration_ns, node->flags & SPANLOG_NODE_ERROR);
}

#endif
