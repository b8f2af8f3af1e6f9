/* analyzer/trace/last_lines.c: the last line of a thread that did not end its span: where it died,
 * or where it hangs. For trace_build.c and infer.c; declared in trace_find.h. */
#include "src/analyzer/trace/trace_find.h"

#include <errno.h>
#include <stdlib.h>

struct said {
    uint32_t pid, tid;
    uint32_t service; /* number in the trace's */
    uint32_t line;
    uint64_t time_ns;
};

static int by_thread(const void *left, const void *right) {
    const struct said *a = left, *b = right;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    if (a->tid != b->tid)
        return a->tid < b->tid ? -1 : 1;
    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static struct said said_by(const struct spanlog_trace *trace, uint32_t number) {
    const struct spanlog_line *line = &trace->lines[number].line;
    struct spanlog_text service = line->service.data ? line->service : (struct spanlog_text){"", 0};
    return (struct said){
        .pid = line->pid,
        .tid = line->tid,
        .service = spanlog_strings_find(&trace->service_names, service.data, service.size),
        .line = number,
        .time_ns = line->time_ns};
}

/* The last one that the thread of this line said. */
static uint32_t find_last(const struct said *said, uint32_t count, struct said of) {
    uint32_t low = 0, high = count;
    of.time_ns = UINT64_MAX;
    of.line = UINT32_MAX;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (by_thread(&said[middle], &of) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct said *last = low ? &said[low - 1] : NULL;
    return last && last->pid == of.pid && last->tid == of.tid && last->service == of.service
               ? last->line
               : UINT32_MAX;
}

static bool did_not_end(const struct spanlog_node *node) {
    return node->flags & (SPANLOG_NODE_ABANDONED | SPANLOG_NODE_UNFINISHED);
}

int spanlog_trace_find_last_lines(struct spanlog_trace *trace) {
    const struct spanlog_tree *tree = &trace->tree;
    uint32_t total = trace->line_count + trace->inferred_count, count = 0;
    bool any = false;
    trace->last_lines =
        spanlog_arena_array(&trace->arena, tree->count + (size_t)1, sizeof *trace->last_lines);
    if (!trace->last_lines)
        return -ENOMEM;
    for (uint32_t i = 0; i < tree->count; i++) {
        /* Of a span that is known from its log lines only, its own last one. */
        trace->last_lines[i] =
            tree->nodes[i].flags & SPANLOG_NODE_UNFINISHED ? tree->nodes[i].line : UINT32_MAX;
        any = any || did_not_end(&tree->nodes[i]);
    }
    struct said *said = any ? malloc((total + (size_t)1) * sizeof *said) : NULL;
    if (!said)
        return any ? -ENOMEM : 0;
    for (uint32_t i = 0; i < total; i++)
        if (trace->lines[i].line.line_kind == SPANLOG_LINE_LOG && trace->lines[i].line.pid &&
            trace->lines[i].line.tid)
            said[count++] = said_by(trace, i);
    qsort(said, count, sizeof *said, by_thread);
    for (uint32_t i = 0; i < tree->count; i++) {
        if (!did_not_end(&tree->nodes[i]))
            continue;
        uint32_t last = find_last(said, count, said_by(trace, tree->nodes[i].line));
        if (last != UINT32_MAX)
            trace->last_lines[i] = last;
    }
    free(said);
    return 0;
}
