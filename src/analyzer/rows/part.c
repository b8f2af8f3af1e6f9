/* analyzer/rows/part.c: one part of all jobs put together, grouped by trace; see collect.h. */
#include "src/analyzer/rows/spill.h"

#include <errno.h>

/* A set of 64-bit keys; 0 stands for itself in `has_zero`. */
struct set {
    uint64_t *slots;
    uint64_t mask;
    unsigned shift; /* the slot is in a hash's upper bits: keys differ in theirs as well */
    bool has_zero;
};

static int set_open(struct set *set, struct spanlog_arena *arena, uint64_t most) {
    uint64_t slots = 64;
    while (slots < 2 * most)
        slots *= 2;
    set->slots = spanlog_arena_array(arena, slots, sizeof *set->slots);
    if (!set->slots)
        return -ENOMEM;
    memset(set->slots, 0, slots * sizeof *set->slots);
    set->mask = slots - 1;
    set->shift = 64 - (unsigned)__builtin_ctzll(slots);
    set->has_zero = false;
    return 0;
}

/* True when the key is new. */
static bool set_add(struct set *set, uint64_t key) {
    if (key == 0) {
        bool added = !set->has_zero;
        set->has_zero = true;
        return added;
    }
    uint64_t at = (key * 0x9e3779b97f4a7c15u) >> set->shift;
    for (; set->slots[at]; at = (at + 1) & set->mask)
        if (set->slots[at] == key)
            return false;
    set->slots[at] = key;
    return true;
}

struct load {
    const struct spanlog_collection *all;
    unsigned number;
    struct spanlog_arena *arena;
    struct spanlog_part *part;
    uint32_t **trace_maps;          /* of each job: its numbers to those of the part */
    struct spanlog_job_part *parts; /* of each job, with what was in its file */
    uint32_t wanted_service;
};

static const struct spanlog_job_part *part_of(const struct load *load, unsigned job) {
    return &load->parts[job];
}

/* The traces of all jobs in one table, and where each job's have gone. */
static int merge_traces(struct load *load) {
    struct spanlog_traces_table merged = {0};
    const struct spanlog_collection *all = load->all;
    bool complete = true;
    for (unsigned job = 0; job < all->job_count && complete; job++) {
        const struct spanlog_traces_table *table = &part_of(load, job)->traces;
        uint32_t *map = spanlog_arena_array(load->arena, table->count + 1, sizeof *map);
        load->trace_maps[job] = map;
        complete = map != NULL;
        for (uint32_t i = 0; complete && i < table->count; i++) {
            const struct spanlog_trace_entry *from = &table->list[i];
            map[i] = spanlog_traces_add(&merged, from->high, from->low);
            complete = map[i] != SPANLOG_STRING_NONE;
            if (!complete)
                break;
            struct spanlog_trace_entry *to = &merged.list[map[i]];
            to->text = to->text ? to->text : from->text;
            if (from->first_log_ns < to->first_log_ns)
                to->first_log_ns = from->first_log_ns;
            if (from->last_log_ns > to->last_log_ns)
                to->last_log_ns = from->last_log_ns;
        }
    }
    struct spanlog_part *part = load->part;
    part->trace_count = merged.count;
    part->traces = spanlog_arena_array(load->arena, merged.count + 1, sizeof *part->traces);
    complete = complete && part->traces;
    if (complete && merged.count)
        memcpy(part->traces, merged.list, merged.count * sizeof *merged.list);
    spanlog_traces_free(&merged);
    return complete ? 0 : -ENOMEM;
}

static void count_service(struct load *load, struct set *seen, uint32_t trace, uint32_t service) {
    if (set_add(seen, ((uint64_t)trace << 32 | service) + 1))
        load->part->service_counts[trace]++;
    if (service == load->wanted_service)
        load->part->has_service[trace] = 1;
}

static int count_services(struct load *load) {
    const struct spanlog_collection *all = load->all;
    struct set seen;
    uint64_t most = 0;
    for (unsigned job = 0; job < all->job_count; job++) {
        const struct spanlog_job_part *from = part_of(load, job);
        most += from->rows[SPANLOG_ROWS_SERVICES].count;
        for (uint32_t i = 0; i < from->traces.count; i++)
            most += (unsigned)__builtin_popcountll(from->traces.list[i].services);
    }
    if (set_open(&seen, load->arena, most) < 0)
        return -ENOMEM;
    for (unsigned job = 0; job < all->job_count; job++) {
        const struct spanlog_job_part *from = part_of(load, job);
        const uint32_t *traces = load->trace_maps[job], *services = all->jobs[job].service_map;
        for (uint32_t i = 0; i < from->traces.count; i++)
            for (uint64_t bits = from->traces.list[i].services; bits; bits &= bits - 1)
                count_service(load, &seen, traces[i], services[__builtin_ctzll(bits)]);
        SPANLOG_ROWS_EACH (&from->rows[SPANLOG_ROWS_SERVICES], struct spanlog_service_row, row)
            count_service(load, &seen, traces[row->trace], services[row->service]);
    }
    return 0;
}

/* Identical lines count once. The trace's number goes into the key: no lists by trace are needed.
 */
static int count_logs(struct load *load) {
    const struct spanlog_collection *all = load->all;
    struct set seen;
    uint64_t most = 0;
    for (unsigned job = 0; job < all->job_count; job++)
        most += part_of(load, job)->rows[SPANLOG_ROWS_LOGS].count;
    if (set_open(&seen, load->arena, most) < 0)
        return -ENOMEM;
    for (unsigned job = 0; job < all->job_count; job++) {
        SPANLOG_ROWS_EACH (&part_of(load, job)->rows[SPANLOG_ROWS_LOGS], struct spanlog_log_row,
                           row) {
            uint32_t trace = load->trace_maps[job][row->trace];
            uint64_t digest = (uint64_t)row->digest_high << 32 | row->digest_low;
            if (set_add(&seen, digest ^ trace * 0xd6e8feb86659fd93u))
                load->part->traces[trace].logs++;
        }
    }
    return 0;
}

/* The extras in the order that the rows have taken: by trace, then by job and coming. */
static int group_extras(struct load *load) {
    struct spanlog_part *part = load->part;
    const struct spanlog_collection *all = load->all;
    uint32_t *next = spanlog_arena_array(load->arena, part->trace_count + 1, sizeof *next);
    uint32_t total = part->first[part->trace_count];
    part->extras = spanlog_arena_array(load->arena, total + (size_t)1, sizeof *part->extras);
    if (!next || !part->extras)
        return -ENOMEM;
    memcpy(next, part->first, (part->trace_count + 1) * sizeof *next);
    for (unsigned job = 0; job < all->job_count; job++) {
        const struct spanlog_rows_block *at = part_of(load, job)->rows[SPANLOG_ROWS_EXTRAS].first;
        uint32_t used = 0;
        SPANLOG_ROWS_EACH (&part_of(load, job)->rows[SPANLOG_ROWS_SPANS], struct spanlog_row, row) {
            if (used == at->used) {
                at = at->next;
                used = 0;
            }
            struct spanlog_row_extra extra;
            memcpy(&extra, at->data + used, sizeof extra);
            used += (uint32_t)sizeof extra;
            if (extra.group != SPANLOG_STRING_NONE)
                extra.group = all->jobs[job].group_map[extra.group];
            part->extras[next[load->trace_maps[job][row->trace]]++] = extra;
        }
    }
    return 0;
}

static int group_log_bits(struct load *load) {
    struct spanlog_part *part = load->part;
    const struct spanlog_collection *all = load->all;
    size_t traces = part->trace_count + (size_t)2;
    part->first_log_bits = spanlog_arena_array(load->arena, traces, sizeof *part->first_log_bits);
    if (!part->first_log_bits)
        return -ENOMEM;
    memset(part->first_log_bits, 0, traces * sizeof *part->first_log_bits);
    uint32_t *first = part->first_log_bits + 1; /* while filling: where the next one goes */
    for (unsigned job = 0; job < all->job_count; job++)
        SPANLOG_ROWS_EACH (&part_of(load, job)->rows[SPANLOG_ROWS_LOG_BITS],
                           struct spanlog_log_bits, row)
            first[load->trace_maps[job][row->trace] + 1]++;
    for (uint32_t i = 0; i < part->trace_count; i++)
        first[i + 1] += first[i];
    uint32_t total = first[part->trace_count];
    part->log_bits = spanlog_arena_array(load->arena, total + (size_t)1, sizeof *part->log_bits);
    if (!part->log_bits)
        return -ENOMEM;
    for (unsigned job = 0; job < all->job_count; job++)
        SPANLOG_ROWS_EACH (&part_of(load, job)->rows[SPANLOG_ROWS_LOG_BITS],
                           struct spanlog_log_bits, row)
            part->log_bits[first[load->trace_maps[job][row->trace]]++] = *row;
    return 0;
}

/* Counting sort of the spans by trace. */
static int group_spans(struct load *load) {
    struct spanlog_part *part = load->part;
    const struct spanlog_collection *all = load->all;
    for (unsigned job = 0; job < all->job_count; job++)
        SPANLOG_ROWS_EACH (&part_of(load, job)->rows[SPANLOG_ROWS_SPANS], struct spanlog_row, row)
            part->first[load->trace_maps[job][row->trace] + 1]++;
    for (uint32_t i = 0; i < part->trace_count; i++)
        part->first[i + 1] += part->first[i];
    uint32_t *next = spanlog_arena_array(load->arena, part->trace_count + 1, sizeof *next);
    part->rows =
        spanlog_arena_array(load->arena, part->first[part->trace_count] + 1, sizeof *part->rows);
    if (!next || !part->rows)
        return -ENOMEM;
    memcpy(next, part->first, (part->trace_count + 1) * sizeof *next);
    for (unsigned job = 0; job < all->job_count; job++) {
        const uint32_t *names = all->jobs[job].name_map;
        SPANLOG_ROWS_EACH (&part_of(load, job)->rows[SPANLOG_ROWS_SPANS], struct spanlog_row, row) {
            uint32_t trace = load->trace_maps[job][row->trace];
            struct spanlog_row *to = &part->rows[next[trace]++];
            *to = *row;
            to->trace = trace;
            to->name = names[row->name];
        }
    }
    return all->is_probed ? group_extras(load) : 0;
}

int spanlog_part_load(const struct spanlog_collection *all, unsigned number, uint32_t service,
                      struct spanlog_arena *arena, struct spanlog_part *ret) {
    struct load load = {
        .all = all, .number = number, .arena = arena, .part = ret, .wanted_service = service};
    *ret = (struct spanlog_part){0};
    load.trace_maps = spanlog_arena_array(arena, all->job_count, sizeof *load.trace_maps);
    load.parts = spanlog_arena_array(arena, all->job_count, sizeof *load.parts);
    if (!load.trace_maps || !load.parts)
        return -ENOMEM;
    for (unsigned job = 0; job < all->job_count; job++) {
        int rc = spanlog_spill_load(&all->jobs[job], number, arena, &load.parts[job]);
        if (rc < 0)
            return rc;
    }
    if (merge_traces(&load) < 0)
        return -ENOMEM;
    size_t count = ret->trace_count + 1;
    ret->service_counts = spanlog_arena_array(arena, count, sizeof *ret->service_counts);
    ret->first = spanlog_arena_array(arena, count, sizeof *ret->first);
    ret->has_service = spanlog_arena_alloc(arena, count);
    if (!ret->service_counts || !ret->first || !ret->has_service)
        return -ENOMEM;
    memset(ret->service_counts, 0, count * sizeof *ret->service_counts);
    memset(ret->first, 0, count * sizeof *ret->first);
    memset(ret->has_service, 0, count);
    if (count_services(&load) < 0 || count_logs(&load) < 0 || group_spans(&load) < 0 ||
        (all->is_probed && group_log_bits(&load) < 0))
        return -ENOMEM;
    return 0;
}
