/* metrics/value.c: adding and observing. No lock, no memory, no system call: a thread's cells are
 * its own or shared with few, and of exemplars the first to come writes. Counters are added to in
 * place, by spanlog/metrics.h.
 */
#include "src/metrics/metrics.h"

#include <string.h>

#define EXEMPLAR_AGE_NS 1000000000u /* a younger one is left as it is */

__thread uint32_t spanlog__metric_shard __attribute__((tls_model("initial-exec")));

uint32_t spanlog__metric_thread(void) {
    static uint32_t dealt;
    uint32_t shard = __atomic_fetch_add(&dealt, 1, __ATOMIC_RELAXED) % METRICS_MAX_SHARDS;
    spanlog__metric_shard = shard + METRICS_MAX_SHARDS; /* never 0; the mask takes the 8 away */
    return spanlog__metric_shard;
}

void value_add(uint64_t *cell, double value) {
    uint64_t before = __atomic_load_n(cell, __ATOMIC_RELAXED), after;
    do {
        double sum;
        memcpy(&sum, &before, 8);
        sum += value;
        memcpy(&after, &sum, 8);
    } while (!__atomic_compare_exchange_n(cell, &before, after, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

/* ---- histograms ------------------------------------------------------------------------------ */

static void keep_exemplar(struct exemplar *exemplar, double value,
                          const struct metrics_context *context) {
    uint64_t now = context->time_ns;
    uint64_t last = __atomic_load_n(&exemplar->time_ns, __ATOMIC_RELAXED);
    uint32_t sequence = __atomic_load_n(&exemplar->sequence, __ATOMIC_RELAXED);
    if ((last != 0 && now < last + EXEMPLAR_AGE_NS) || (sequence & 1) != 0 ||
        !__atomic_compare_exchange_n(&exemplar->sequence, &sequence, sequence + 1, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    uint64_t words[3];
    memcpy(words, context->trace_id, 16);
    memcpy(words + 2, context->span_id, 8);
    for (unsigned i = 0; i < 3; i++)
        __atomic_store_n(&exemplar->ids[i], words[i], __ATOMIC_RELAXED);
    uint64_t bits;
    memcpy(&bits, &value, 8);
    __atomic_store_n(&exemplar->value, bits, __ATOMIC_RELAXED);
    __atomic_store_n(&exemplar->time_ns, now, __ATOMIC_RELAXED);
    __atomic_store_n(&exemplar->sequence, sequence + 2, __ATOMIC_RELEASE);
}

void metrics_observe(struct series *series, double value, const struct metrics_context *context) {
    const struct spanlog__family *family = series->family;
    uint32_t shard = spanlog__metric_shard, bucket = 0;
    if (value != value)
        return;
    if (SPANLOG__RARE(shard == 0))
        shard = spanlog__metric_thread();
    while (bucket < family->bucket_count && value > family->buckets[bucket])
        bucket++;
    uint64_t *cells =
        series->cells.cells + (size_t)(shard & series->cells.shard_mask) * family->stride;
    __atomic_fetch_add(&cells[bucket], 1, __ATOMIC_RELAXED);
    value_add(&cells[family->bucket_count + 1], value);
    if (context != NULL)
        keep_exemplar(&series->exemplars[bucket], value, context);
}
