/* analyzer/check/check_traces.c: what is wrong with the trees of the traces, and with clocks; see
 * check.h.
 */
#include "src/analyzer/check/check_parts.h"

#include <errno.h>
#include <stdlib.h>

/* Of one thread. */
struct walker {
    const struct spanlog_check_sum *sum;
    struct spanlog_check_tally tallies[SPANLOG_CHECK_KIND_COUNT];
    uint64_t outside_traces;
    uint64_t traces;
};

static bool is_outside(const struct spanlog_tree *tree, const struct spanlog_node *node) {
    const unsigned unsure = SPANLOG_NODE_UNFINISHED | SPANLOG_NODE_ABANDONED;
    if (node->parent == SPANLOG_NODE_NONE)
        return false;
    const struct spanlog_node *parent = &tree->nodes[node->parent];
    enum { PRODUCER = 3, CONSUMER = 4 };
    return !((parent->flags | node->flags) & unsure) && parent->kind != PRODUCER &&
           node->kind != CONSUMER &&
           (node->start_ns < parent->start_ns || spanlog_node_end(node) > spanlog_node_end(parent));
}

static void look_at_nodes(struct walker *walker, const struct spanlog_trace_view *view) {
    static const struct {
        unsigned flag;
        enum spanlog_check_kind kind;
    } kinds[] = {{SPANLOG_NODE_ORPHAN, SPANLOG_CHECK_ORPHAN},
                 {SPANLOG_NODE_DUPLICATE, SPANLOG_CHECK_CONFLICTING_SPAN},
                 {SPANLOG_NODE_SELF_PARENT, SPANLOG_CHECK_SELF_PARENT},
                 {SPANLOG_NODE_CYCLE, SPANLOG_CHECK_CYCLE},
                 {SPANLOG_NODE_ABANDONED, SPANLOG_CHECK_ABANDONED_SPAN}};
    const struct spanlog_tree *tree = view->tree;
    bool outside = false;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct spanlog_node *node = &tree->nodes[i];
        uint64_t place = view->extras[node->line].place;
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            if (node->flags & kinds[k].flag)
                spanlog_check_count(&walker->tallies[kinds[k].kind], 1, place);
        if (is_outside(tree, node)) {
            spanlog_check_count(&walker->tallies[SPANLOG_CHECK_SPAN_OUTSIDE_PARENT], 1, place);
            outside = true;
        }
    }
    walker->outside_traces += outside;
}

struct repeat {
    uint64_t span_id, place;
    uint32_t digest;
    bool is_node;
};

static bool are_alike(const struct repeat *a, const struct repeat *b) {
    return a->span_id == b->span_id && a->digest == b->digest;
}

static int by_content_and_place(const void *left, const void *right) {
    const struct repeat *a = left, *b = right;
    if (a->span_id != b->span_id)
        return a->span_id < b->span_id ? -1 : 1;
    if (a->digest != b->digest)
        return a->digest < b->digest ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Identical lines of spans are one node: the others are missing among the nodes. Which line that is
 * depends on the threads; the first in the input is said to be the right one. */
static int look_for_repeated_spans(struct walker *walker, const struct spanlog_trace_view *view) {
    if (view->rows == view->tree->count)
        return 0;
    struct repeat *lines = spanlog_arena_array(view->scratch, view->rows, sizeof *lines);
    if (!lines)
        return -ENOMEM;
    for (uint32_t i = 0; i < view->rows; i++)
        lines[i] = (struct repeat){.span_id = view->row_list[i].span_id,
                                   .digest = view->row_list[i].digest,
                                   .place = view->extras[i].place};
    for (uint32_t i = 0; i < view->tree->count; i++)
        lines[view->tree->nodes[i].line].is_node = true;
    qsort(lines, view->rows, sizeof *lines, by_content_and_place);
    for (uint32_t i = 0, end; i < view->rows; i = end) {
        uint32_t nodes = 0;
        for (end = i; end < view->rows && are_alike(&lines[i], &lines[end]); end++)
            nodes += lines[end].is_node;
        for (uint32_t n = i + nodes; n < end; n++)
            spanlog_check_count(&walker->tallies[SPANLOG_CHECK_DUPLICATE_LINE], 1, lines[n].place);
    }
    return 0;
}

static int by_span_and_digest(const void *left, const void *right) {
    const struct spanlog_log_bits *a = left, *b = right;
    if (a->span_id != b->span_id)
        return a->span_id < b->span_id ? -1 : 1;
    if (a->digest != b->digest)
        return a->digest < b->digest ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static int by_id(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Its service writes span lines, and the trace is sampled: an end should have come. */
static bool should_have_ended(const struct walker *walker, uint32_t bits) {
    struct spanlog_check_log log = spanlog_check_log_of(bits);
    const struct spanlog_check_sum *sum = walker->sum;
    if (!log.is_sampled || log.job >= sum->job_count ||
        log.service >= sum->jobs[log.job].services.count)
        return false;
    return sum->service_list[sum->service_maps[log.job][log.service]].spans > 0;
}

static int look_at_logs(struct walker *walker, const struct spanlog_trace_view *view) {
    uint32_t count = view->log_bits_count, spans = view->tree->count;
    if (count == 0)
        return 0;
    struct spanlog_log_bits *logs = spanlog_arena_array(view->scratch, count, sizeof *logs);
    uint64_t *ids = spanlog_arena_array(view->scratch, spans + (size_t)1, sizeof *ids);
    if (!logs || !ids)
        return -ENOMEM;
    memcpy(logs, view->log_bits, count * sizeof *logs);
    qsort(logs, count, sizeof *logs, by_span_and_digest);
    for (uint32_t i = 0; i < spans; i++)
        ids[i] = view->tree->nodes[i].span_id;
    qsort(ids, spans, sizeof *ids, by_id);
    uint64_t told = 0; /* the span that was found unfinished last */
    for (uint32_t i = 0; i < count; i++) {
        const struct spanlog_log_bits *log = &logs[i];
        if (i > 0 && log[-1].span_id == log->span_id && log[-1].digest == log->digest)
            spanlog_check_count(&walker->tallies[SPANLOG_CHECK_DUPLICATE_LINE], 1, log->place);
        if (log->span_id == 0 || log->span_id == told || !should_have_ended(walker, log->bits) ||
            bsearch(&log->span_id, ids, spans, sizeof *ids, by_id))
            continue;
        spanlog_check_count(&walker->tallies[SPANLOG_CHECK_UNFINISHED_SPAN], 1, log->place);
        told = log->span_id;
    }
    return 0;
}

static int one_trace(void *job, const struct spanlog_trace_view *view) {
    struct walker *walker = job;
    walker->traces++;
    look_at_nodes(walker, view);
    int rc = look_for_repeated_spans(walker, view);
    return rc ? rc : look_at_logs(walker, view);
}

/* ---- clocks ------------------------------------------------------------------------------- */

static int report_pair(struct spanlog_check_sum *sum, const struct spanlog_skew_pair *pair) {
    const struct spanlog_strings *hosts = &sum->check->all.hosts;
    struct spanlog_text near_host = spanlog_strings_text(hosts, pair->near_host);
    struct spanlog_text far_host = spanlog_strings_text(hosts, pair->far_host);
    const struct spanlog_skew_segment *first = pair->segments;
    int64_t low = INT64_MAX, high = INT64_MIN;
    uint64_t error = 0;
    bool wrong = false;
    for (uint32_t i = 0; i < pair->segment_count; i++) {
        const struct spanlog_skew_segment *segment = &pair->segments[i];
        low = segment->offset_ns < low ? segment->offset_ns : low;
        high = segment->offset_ns > high ? segment->offset_ns : high;
        error = segment->error_ns > error ? segment->error_ns : error;
        int64_t size = segment->offset_ns < 0 ? -segment->offset_ns : segment->offset_ns;
        wrong = wrong || (uint64_t)size > segment->error_ns;
    }
    int rc = 0;
    if (pair->contradicting)
        rc = spanlog_check_add(sum->check, SPANLOG_CHECK_CLOCKS_CONTRADICT, pair->contradicting,
                               NULL, SPANLOG_PLACE_NONE,
                               "calls between hosts %.*s and %.*s that no offset of their clocks "
                               "explains",
                               (int)near_host.size, near_host.data, (int)far_host.size,
                               far_host.data);
    if (rc == 0 && first && pair->segment_count == 1)
        rc = spanlog_check_add(
            sum->check, SPANLOG_CHECK_CLOCK_SKEW, pair->calls, NULL, SPANLOG_PLACE_NONE,
            "host %.*s %+.3f ms +-%.3f to agree with host %.*s%s", (int)far_host.size,
            far_host.data, (double)first->offset_ns / 1e6, (double)error / 1e6, (int)near_host.size,
            near_host.data, wrong ? "" : " (0 is possible, too)");
    if (rc == 0 && first && pair->segment_count > 1)
        rc = spanlog_check_add(
            sum->check, SPANLOG_CHECK_CLOCK_SKEW, pair->calls, NULL, SPANLOG_PLACE_NONE,
            "host %.*s %+.3f to %+.3f ms +-%.3f to agree with host %.*s (it drifts: %u windows)",
            (int)far_host.size, far_host.data, (double)low / 1e6, (double)high / 1e6,
            (double)error / 1e6, (int)near_host.size, near_host.data, pair->segment_count);
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void add_up(struct spanlog_check_sum *sum, const struct walker *walker) {
    for (int kind = 0; kind < SPANLOG_CHECK_KIND_COUNT; kind++)
        if (walker->tallies[kind].count)
            spanlog_check_count(&sum->tallies[kind], walker->tallies[kind].count,
                                walker->tallies[kind].first);
    sum->outside_traces += walker->outside_traces;
    sum->check->traces += walker->traces;
}

int spanlog_check_traces(struct spanlog_check_sum *sum, const struct spanlog_check_query *query) {
    const struct spanlog_collection *all = &sum->check->all;
    struct spanlog_filter filter = {.raw_clocks = query->raw_clocks};
    struct spanlog_skew skew = {0};
    struct walker *walkers = calloc(all->job_count, sizeof *walkers);
    int rc = walkers ? spanlog_skew_gather(&skew, all) : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < all->job_count; i++)
        walkers[i].sum = sum;
    struct spanlog_each each = {.all = all,
                                .filter = &filter,
                                .steps = SPANLOG_EACH_LINK,
                                .jobs = {walkers, sizeof *walkers},
                                .skew = &skew,
                                .trace = one_trace};
    if (rc == 0)
        rc = spanlog_each_trace(&each);
    for (unsigned i = 0; rc == 0 && i < all->job_count; i++)
        add_up(sum, &walkers[i]);
    for (uint32_t i = 0; rc == 0 && i < skew.index.count; i++)
        rc = report_pair(sum, skew.pairs[i]);
    spanlog_skew_free(&skew);
    free(walkers);
    return rc;
}
