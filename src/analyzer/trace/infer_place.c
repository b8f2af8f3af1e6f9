/* analyzer/trace/infer_place.c: which of the spans that were open wrote a line; see infer.h. */
#include "src/analyzer/trace/infer_parts.h"

#include <errno.h>
#include <stdlib.h>

static int by_thread(const void *left, const void *right) {
    const struct spanlog_open_span *a = left, *b = right;
    if (a->process != b->process)
        return a->process < b->process ? -1 : 1;
    if (a->tid != b->tid)
        return a->tid < b->tid ? -1 : 1;
    if (a->begin_ns != b->begin_ns)
        return a->begin_ns < b->begin_ns ? -1 : 1;
    if (a->end_ns != b->end_ns) /* what encloses comes first */
        return a->end_ns > b->end_ns ? -1 : 1;
    return (a->node > b->node) - (a->node < b->node);
}

static bool same_thread(const struct spanlog_open_span *span, uint32_t process, uint32_t tid) {
    return span->process == process && span->tid == tid;
}

void spanlog_open_spans_sort(struct spanlog_open_span *spans, uint32_t count) {
    qsort(spans, count, sizeof *spans, by_thread);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t before = i && same_thread(&spans[i - 1], spans[i].process, spans[i].tid)
                              ? spans[i - 1].latest_end_ns
                              : 0;
        spans[i].latest_end_ns = spans[i].end_ns > before ? spans[i].end_ns : before;
    }
}

/* How many begin on this thread at that time or before, or on threads that come before it. */
static uint32_t begun(const struct spanlog_open_span *spans, uint32_t count, uint32_t process,
                      uint32_t tid, uint64_t time_ns) {
    const struct spanlog_open_span last = {
        .process = process, .tid = tid, .begin_ns = time_ns, .node = UINT32_MAX};
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (by_thread(&spans[middle], &last) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Backwards: the first that is open has begun last, so it is the innermost, if all others that are
 * open enclose it. Where those of another trace do not, the thread works at both by turns. */
uint32_t spanlog_open_spans_find(const struct spanlog_open_span *spans, uint32_t count,
                                 uint32_t process, uint32_t tid, uint64_t time_ns, bool is_only) {
    const struct spanlog_open_span *innermost = NULL;
    for (uint32_t i = begun(spans, count, process, tid, time_ns); i-- > 0;) {
        const struct spanlog_open_span *span = &spans[i];
        if (!same_thread(span, process, tid) || span->latest_end_ns < time_ns)
            break;
        if (span->end_ns < time_ns)
            continue;
        if (!innermost && span->node == SPANLOG_NODE_NONE)
            return SPANLOG_NODE_NONE;
        if (innermost &&
            (is_only || (span->node == SPANLOG_NODE_NONE && span->end_ns < innermost->end_ns)))
            return SPANLOG_NODE_NONE;
        innermost = innermost ? innermost : span;
    }
    return innermost ? innermost->node : SPANLOG_NODE_NONE;
}

/* ---- into the trace ----------------------------------------------------------------------- */

static int by_node(const void *left, const void *right) {
    const struct spanlog_inferred_line *a = *(const struct spanlog_inferred_line *const *)left;
    const struct spanlog_inferred_line *b = *(const struct spanlog_inferred_line *const *)right;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    if (a->found.source != b->found.source)
        return a->found.source < b->found.source ? -1 : 1;
    if (a->found.offset != b->found.offset)
        return a->found.offset < b->found.offset ? -1 : 1;
    return (a->found.ordinal > b->found.ordinal) - (a->found.ordinal < b->found.ordinal);
}

static bool says_the_same(const struct spanlog_inferred_line *a,
                          const struct spanlog_inferred_line *b) {
    return a->node == b->node && a->found.digest == b->found.digest &&
           a->found.size == b->found.size &&
           memcmp(a->found.text, b->found.text, a->found.size) == 0;
}

/* Identical lines, from copies of a file, are shown once. Those of the same time are few. */
static uint32_t drop_repeated(const struct spanlog_inferred_line **lines, uint32_t count) {
    enum { LOOK_BACK = 16 };
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool repeated = false;
        for (uint32_t n = kept; !repeated && n > 0 && kept - n < LOOK_BACK &&
                                lines[n - 1]->time_ns == lines[i]->time_ns;
             n--)
            repeated = says_the_same(lines[n - 1], lines[i]);
        if (!repeated)
            lines[kept++] = lines[i];
    }
    return kept;
}

/* The lines decoded, behind those that have ids. */
static int read_lines(struct spanlog_trace *trace, const struct spanlog_inferred_line **lines,
                      uint32_t count, int32_t error_status_min) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    struct spanlog_trace_line *all =
        spanlog_arena_array(&trace->arena, (size_t)trace->line_count + count, sizeof *trace->lines);
    if (!all)
        return -ENOMEM;
    spanlog_reader_init(&reader, error_status_min);
    if (trace->line_count)
        memcpy(all, trace->lines, trace->line_count * sizeof *all);
    for (uint32_t i = 0; i < count; i++) {
        const struct spanlog_found_line *found = &lines[i]->found;
        struct spanlog_trace_line *line = &all[trace->line_count + i];
        *line = (struct spanlog_trace_line){.text = found->text,
                                            .size = found->size,
                                            .source = found->source,
                                            .offset = found->offset};
        if (spanlog_record_read(&reader, found->text, &record) ||
            spanlog_line_read(&reader, &record, found->text, &trace->arena, &line->line) < 0)
            return -ENOMEM; /* it has been read before: nothing else can fail */
    }
    trace->lines = all;
    trace->inferred_count = count;
    return 0;
}

/* Both by time; of equal times the lines with ids first. */
static void merge_items(const struct spanlog_trace *trace, uint32_t node, uint32_t first_line,
                        uint32_t count, struct spanlog_trace_item *to) {
    /* They were timed by the clock of their span. */
    int64_t shift_ns = node < trace->tree.count ? trace->tree.nodes[node].shift_ns : 0;
    uint32_t at = trace->first_item[node], end = trace->first_item[node + 1];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t line = first_line + i;
        uint64_t time_ns = spanlog_skew_shift(trace->lines[line].line.time_ns, shift_ns);
        while (at < end && trace->items[at].time_ns <= time_ns)
            *to++ = trace->items[at++];
        *to++ = (struct spanlog_trace_item){
            .time_ns = time_ns, .line = line, .event = UINT32_MAX, .is_inferred = true};
    }
    while (at < end)
        *to++ = trace->items[at++];
}

static int add_items(struct spanlog_trace *trace, const struct spanlog_inferred_line **lines,
                     uint32_t count) {
    uint32_t nodes = trace->tree.count, total = trace->first_item[nodes + 1];
    struct spanlog_trace_item *items =
        spanlog_arena_array(&trace->arena, (size_t)total + count, sizeof *items);
    uint32_t *first = spanlog_arena_array(&trace->arena, nodes + (size_t)2, sizeof *first);
    if (!items || !first)
        return -ENOMEM;
    for (uint32_t node = 0, i = 0; node <= nodes; node++) {
        uint32_t from = i;
        while (i < count && lines[i]->node == node)
            i++;
        first[node] = trace->first_item[node] + from;
        merge_items(trace, node, trace->line_count + from, i - from, items + first[node]);
    }
    first[nodes + 1] = total + count;
    trace->items = items;
    trace->first_item = first;
    return 0;
}

int spanlog_trace_add_inferred(struct spanlog_trace *trace,
                               const struct spanlog_inferred_line *lines, uint32_t count,
                               int32_t error_status_min) {
    const struct spanlog_inferred_line **sorted =
        malloc((count + (size_t)1) * sizeof(struct spanlog_inferred_line *));
    if (!sorted)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &lines[i];
    qsort(sorted, count, sizeof(struct spanlog_inferred_line *), by_node);
    count = drop_repeated(sorted, count);
    int rc = read_lines(trace, sorted, count, error_status_min);
    if (rc == 0)
        rc = add_items(trace, sorted, count);
    free(sorted);
    return rc;
}
