/* analyzer/diff/diff.c: see diff.h. The trees of both sides: own times by operation and edge. */
#include "src/analyzer/diff/diff_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"

const char *const spanlog_diff_kind_names[SPANLOG_DIFF_KINDS] = {
    "new", "vanished", "self_time", "edge", "calls", "attribute", "log"};

/* Of one thread. */
struct walker {
    const struct spanlog_diff_input *input;
    struct spanlog_names keys; /* service, operation, 0; or service, service, 1: an edge */
    struct spanlog_diff_samples *times[2];
    uint32_t room[2];
    struct spanlog_diff_traces traces[2];
    uint64_t duration_sum[2];
    uint64_t stamp;
};

bool spanlog_diff_room(void *list, uint32_t *room, uint32_t number, size_t size) {
    void *old;
    if (number < *room)
        return true;
    memcpy(&old, list, sizeof old);
    uint32_t wanted = 2 * number + 64;
    char *grown = realloc(old, wanted * size);
    if (!grown)
        return false;
    memset(grown + *room * size, 0, (wanted - *room) * size);
    memcpy(list, &grown, sizeof grown);
    *room = wanted;
    return true;
}

static int add_sample(struct spanlog_diff_samples *samples, uint64_t value) {
    if (samples->count == samples->room) {
        size_t room = samples->room ? 2 * samples->room : 16;
        uint64_t *grown = realloc(samples->values, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        samples->values = grown;
        samples->room = room;
    }
    samples->values[samples->count++] = value;
    samples->sum += (double)value;
    return 0;
}

static int add_time(struct walker *walker, int side, uint32_t service, uint32_t other, bool edge,
                    uint64_t ns) {
    uint32_t key = spanlog_names_add(&walker->keys, service, other, edge);
    if (key == SPANLOG_STRING_NONE || !spanlog_diff_room(&walker->times[side], &walker->room[side],
                                                         key, sizeof *walker->times[side]))
        return -ENOMEM;
    struct spanlog_diff_samples *samples = &walker->times[side][key];
    if (samples->stamp != walker->stamp) {
        samples->stamp = walker->stamp;
        samples->traces++;
    }
    return add_sample(samples, ns);
}

/* The service that a client span's only child is of, if it is another one; else NONE. */
static uint32_t remote_service(const struct spanlog_trace_view *view,
                               const struct spanlog_node *node) {
    enum { CLIENT = 2 };
    const struct spanlog_tree *tree = view->tree;
    const struct spanlog_name *names = view->all->names.list;
    if (node->kind != CLIENT || node->first_child == SPANLOG_NODE_NONE ||
        node->first_child != node->last_child)
        return SPANLOG_STRING_NONE;
    uint32_t service = names[tree->nodes[node->first_child].name].service;
    return service == names[node->name].service ? SPANLOG_STRING_NONE : service;
}

static int keep_trace(struct spanlog_diff_traces *traces, const struct spanlog_trace_entry *entry) {
    if (traces->count == traces->room) {
        size_t room = traces->room ? 2 * traces->room : 256;
        struct spanlog_diff_trace *grown = realloc(traces->list, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        traces->list = grown;
        traces->room = room;
    }
    traces->list[traces->count++] = (struct spanlog_diff_trace){entry->high, entry->low};
    return 0;
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    struct walker *walker = job;
    const struct spanlog_diff_input *input = walker->input;
    const struct spanlog_name *names = view->all->names.list;
    int side = input->side;
    if (input->side_of)
        side = input->side_of(view);
    if (side < 0)
        return side == -1 ? 0 : side;
    walker->stamp++;
    walker->duration_sum[side] += view->duration_ns;
    int rc = keep_trace(&walker->traces[side], view->entry);
    for (uint32_t i = 0; rc == 0 && i < view->tree->count; i++) {
        const struct spanlog_node *node = &view->tree->nodes[i];
        const struct spanlog_name *name = &names[node->name];
        uint32_t remote = remote_service(view, node);
        if (remote != SPANLOG_STRING_NONE)
            rc = add_time(walker, side, name->service, remote, true, node->self_ns);
        else
            rc = add_time(walker, side, name->service, name->operation, false, node->self_ns);
    }
    return rc;
}

/* ---- all threads together ----------------------------------------------------------------- */

/* "oservice operation" or "eservice -> service" among the diff's. */
static uint32_t global_key(struct spanlog_diff *diff, const struct spanlog_collection *all,
                           const struct spanlog_name *key) {
    struct spanlog_text service = spanlog_strings_text(&all->services, key->service);
    bool edge = key->host;
    struct spanlog_text other = edge ? spanlog_strings_text(&all->services, key->operation)
                                     : spanlog_strings_text(&all->operations, key->operation);
    size_t size = 1 + (size_t)service.size + 4 + other.size;
    char *text = malloc(size);
    if (!text)
        return SPANLOG_STRING_NONE;
    char *at = text;
    *at++ = edge ? SPANLOG_DIFF_IS_EDGE : SPANLOG_DIFF_IS_OPERATION;
    at = mempcpy(at, service.data, service.size);
    at = edge ? mempcpy(at, " -> ", 4) : mempcpy(at, " ", service.size ? 1 : 0);
    at = mempcpy(at, other.data, other.size);
    uint32_t number = spanlog_strings_add(&diff->operations, text, (size_t)(at - text));
    free(text);
    return number;
}

static int merge_samples(struct spanlog_diff_samples *to, const struct spanlog_diff_samples *from) {
    for (size_t i = 0; i < from->count; i++)
        if (add_sample(to, from->values[i]) < 0)
            return -ENOMEM;
    to->traces += from->traces;
    return 0;
}

static int merge_times(struct spanlog_diff *diff, const struct walker *walker) {
    for (uint32_t i = 0; i < walker->keys.count; i++) {
        uint32_t number = global_key(diff, walker->input->all, &walker->keys.list[i]);
        if (number == SPANLOG_STRING_NONE)
            return -ENOMEM;
        for (int side = 0; side < 2; side++) {
            uint32_t room = diff->operation_room;
            if (!spanlog_diff_room(&diff->times[side], &room, number, sizeof *diff->times[side]))
                return -ENOMEM;
            if (side == 1)
                diff->operation_room = room;
            if (i < walker->room[side] &&
                merge_samples(&diff->times[side][number], &walker->times[side][i]) < 0)
                return -ENOMEM;
        }
    }
    return 0;
}

/* By hash: the same sample each time, and of no particular time of the day. */
static int by_hash(const void *left, const void *right) {
    const struct spanlog_diff_trace *a = left, *b = right;
    uint64_t hash_a = spanlog_hash_fold(a->low ^ 0x9e3779b97f4a7c15u, 0xa0761d6478bd642fu);
    uint64_t hash_b = spanlog_hash_fold(b->low ^ 0x9e3779b97f4a7c15u, 0xa0761d6478bd642fu);
    if (hash_a != hash_b)
        return hash_a < hash_b ? -1 : 1;
    return (a->high > b->high) - (a->high < b->high);
}

static int merge_traces(struct spanlog_diff *diff, const struct walker *walkers, int side,
                        struct spanlog_diff_traces *ret) {
    for (unsigned i = 0; i < diff->jobs; i++) {
        const struct spanlog_diff_traces *from = &walkers[i].traces[side];
        for (size_t n = 0; n < from->count; n++) {
            struct spanlog_trace_entry entry = {.high = from->list[n].high,
                                                .low = from->list[n].low};
            if (keep_trace(ret, &entry) < 0)
                return -ENOMEM;
        }
        diff->duration_sum[side] += walkers[i].duration_sum[side];
    }
    if (ret->count)
        qsort(ret->list, ret->count, sizeof *ret->list, by_hash);
    diff->traces[side] += ret->count;
    if (ret->count > SPANLOG_DIFF_TRACES_MAX)
        ret->count = SPANLOG_DIFF_TRACES_MAX;
    diff->traces_sampled[side] += ret->count;
    return 0;
}

static void free_samples(struct spanlog_diff_samples *list, uint32_t count) {
    for (uint32_t i = 0; list && i < count; i++)
        free(list[i].values);
    free(list);
}

static void free_walker(struct walker *walker) {
    spanlog_names_free(&walker->keys);
    for (int side = 0; side < 2; side++) {
        free_samples(walker->times[side], walker->room[side]);
        free(walker->traces[side].list);
    }
}

static int walk(struct spanlog_diff *diff, const struct spanlog_diff_input *input,
                struct walker *walkers) {
    static const struct spanlog_filter everything = {0};
    struct spanlog_filter filter = input->filter ? *input->filter : everything;
    filter.raw_clocks = diff->raw_clocks;
    for (unsigned i = 0; i < diff->jobs; i++)
        walkers[i].input = input;
    struct spanlog_each each = {.all = input->all,
                                .filter = &filter,
                                .steps = SPANLOG_EACH_FIGURES,
                                .jobs = {walkers, sizeof *walkers},
                                .trace = one_trace};
    return spanlog_each_trace(&each);
}

int spanlog_diff_add(struct spanlog_diff *diff, const struct spanlog_diff_input *input) {
    struct spanlog_diff_traces traces[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    if (!spanlog_sources_are_files(input->sources))
        return -ESPIPE;
    struct walker *walkers = calloc(diff->jobs, sizeof *walkers);
    int rc = walkers ? walk(diff, input, walkers) : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < diff->jobs; i++)
        rc = merge_times(diff, &walkers[i]);
    for (int side = 0; rc == 0 && side < 2; side++)
        rc = merge_traces(diff, walkers, side, &traces[side]);
    if (rc == 0)
        rc = spanlog_diff_lines(diff, input->sources, traces);
    for (unsigned i = 0; walkers && i < diff->jobs; i++)
        free_walker(&walkers[i]);
    free(walkers);
    free(traces[0].list);
    free(traces[1].list);
    return rc;
}

void spanlog_diff_free(struct spanlog_diff *diff) {
    for (int side = 0; side < 2; side++)
        free_samples(diff->times[side], diff->operation_room);
    spanlog_strings_free(&diff->operations);
    spanlog_strings_free(&diff->items);
    spanlog_strings_free(&diff->keys);
    free(diff->of_items);
    free(diff->skipped);
    free(diff->rows);
    *diff = (struct spanlog_diff){0};
}
