/* analyzer/questions/tally.c: see tally.h. */
#include "src/analyzer/questions/tally.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/base/parallel.h"

void spanlog_tallies_init(struct spanlog_tallies *tallies, struct spanlog_value_total *total) {
    *tallies = (struct spanlog_tallies){.counter = {.total = total}};
}

struct spanlog_tally *spanlog_tallies_more(struct spanlog_tallies *tallies, uint32_t number) {
    if (number >= tallies->room) {
        size_t room = 2 * (size_t)tallies->room + 16;
        if (room <= number)
            room = number + (size_t)16;
        struct spanlog_tally *grown =
            room <= UINT32_MAX ? realloc(tallies->list, room * sizeof *grown) : NULL;
        if (!grown)
            return NULL;
        memset(grown + tallies->room, 0, (room - tallies->room) * sizeof *grown);
        tallies->list = grown;
        tallies->room = (uint32_t)room;
    }
    tallies->count = number + 1;
    return &tallies->list[number];
}

static int join_one(struct spanlog_tally *to, struct spanlog_tally *from) {
    to->count += from->count;
    to->errors += from->errors;
    spanlog_add_up(&to->total_ns, from->total_ns);
    spanlog_add_up(&to->self_ns, from->self_ns);
    spanlog_add_up(&to->critical_ns, from->critical_ns);
    if (from->max_ns > to->max_ns)
        to->max_ns = from->max_ns;
    return spanlog_series_join(&to->durations, &from->durations);
}

int spanlog_tallies_join(struct spanlog_tallies *tallies, struct spanlog_tallies *from,
                         const uint32_t *map) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < from->count; i++) {
        if (from->list[i].count == 0)
            continue;
        struct spanlog_tally *to = spanlog_tallies_at(tallies, map ? map[i] : i);
        rc = to ? join_one(to, &from->list[i]) : -ENOMEM;
    }
    spanlog_value_counter_close(&from->counter);
    spanlog_tallies_free(from);
    return rc;
}

int spanlog_tallies_join_pairs(struct spanlog_tallies *tallies, struct spanlog_names *pairs,
                               struct spanlog_tallies *from,
                               const struct spanlog_names *from_pairs) {
    uint32_t *map = calloc(from_pairs->count + (size_t)1, sizeof *map);
    bool complete = map != NULL;
    for (uint32_t i = 0; complete && i < from_pairs->count; i++) {
        const struct spanlog_name *pair = &from_pairs->list[i];
        map[i] = spanlog_names_add(pairs, pair->service, pair->operation, SPANLOG_STRING_NONE);
        complete = map[i] != SPANLOG_STRING_NONE;
    }
    int rc = complete ? spanlog_tallies_join(tallies, from, map) : -ENOMEM;
    free(map);
    return rc;
}

struct settling {
    struct spanlog_tallies *tallies;
    bool exact;
    int error;
};

static void settle_one(void *argument, unsigned job, size_t item) {
    struct settling *settling = argument;
    (void)job;
    if (spanlog_series_settle(&settling->tallies->list[item].durations, settling->exact) < 0)
        __atomic_store_n(&settling->error, -ENOMEM, __ATOMIC_RELAXED);
}

int spanlog_tallies_settle(struct spanlog_tallies *tallies, unsigned jobs) {
    struct settling settling = {.tallies = tallies};
    spanlog_value_counter_close(&tallies->counter);
    settling.exact = spanlog_values_are_exact(tallies->counter.total);
    /* A thread costs more than a few numbers do. */
    if (tallies->counter.total->count < 100000)
        jobs = 1;
    spanlog_parallel(jobs, tallies->count, settle_one, &settling);
    return settling.error;
}

void spanlog_tallies_free(struct spanlog_tallies *tallies) {
    for (uint32_t i = 0; i < tallies->count; i++)
        spanlog_series_free(&tallies->list[i].durations);
    free(tallies->list);
    tallies->list = NULL;
    tallies->count = tallies->room = 0;
}
