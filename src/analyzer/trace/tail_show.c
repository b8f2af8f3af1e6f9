/* analyzer/trace/tail_show.c: when a trace that waits is complete, and what it then looks like; see
 * tail.h. */
#include "src/analyzer/trace/tail_parts.h"

#include <errno.h>
#include <stdlib.h>

/* ---- completeness ------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static bool has_service_bit(const struct spanlog_tail *tail, uint32_t service, unsigned bit) {
    return service != SPANLOG_STRING_NONE && (tail->service_bits[service] & bit);
}

static bool is_there(const uint64_t *ids, uint32_t count, uint64_t id) {
    return bsearch(&id, ids, count, sizeof id, by_value) != NULL;
}

/* Ids of the spans that have ended. NULL: no memory. free() it. */
static uint64_t *ended_spans(const struct spanlog_held *held, uint32_t *ret_count) {
    uint64_t *ids = malloc((held->count + (size_t)1) * sizeof *ids);
    *ret_count = 0;
    for (uint32_t i = 0; ids && i < held->count; i++)
        if (held->lines[i].bits & SPANLOG_HELD_SPAN)
            ids[(*ret_count)++] = held->lines[i].span;
    if (ids)
        qsort(ids, *ret_count, sizeof *ids, by_value);
    return ids;
}

/* Whether the line says that a span is yet to end. Notes a parent that may never come. */
static bool shows_open_span(const struct spanlog_tail *tail, struct spanlog_held *held,
                            const struct spanlog_held_line *line, const uint64_t *ended,
                            uint32_t count) {
    if (!(line->bits & SPANLOG_HELD_SPAN))
        return line->span && (line->bits & SPANLOG_HELD_SAMPLED) &&
               has_service_bit(tail, line->service, SPANLOG_SERVICE_WRITES_SPANS) &&
               !is_there(ended, count, line->span);
    if (!line->parent || is_there(ended, count, line->parent))
        return false;
    if (!(line->bits & SPANLOG_HELD_ENTRY) ||
        has_service_bit(tail, line->service, SPANLOG_SERVICE_IS_CALLED))
        return true;
    held->missing_parent = line->parent;
    held->missing_service = line->service;
    return false;
}

bool spanlog_held_is_complete(const struct spanlog_tail *tail, struct spanlog_held *held) {
    uint32_t count;
    bool open = !held->may_be_complete;
    for (uint32_t i = 0; i < held->count; i++)
        if (held->lines[i].bits & SPANLOG_HELD_ROOT)
            return true;
    uint64_t *ended = open ? NULL : ended_spans(held, &count);
    held->missing_parent = 0;
    for (uint32_t i = 0; ended && !open && i < held->count; i++)
        open = shows_open_span(tail, held, &held->lines[i], ended, count);
    free(ended);
    return !open && held->missing_parent;
}

/* Loggers without spans never say that it is over. */
static bool expects_end(const struct spanlog_tail *tail, const struct spanlog_held *held) {
    for (uint32_t i = 0; i < held->count; i++)
        if ((held->lines[i].bits & SPANLOG_HELD_SPAN) ||
            has_service_bit(tail, held->lines[i].service, SPANLOG_SERVICE_WRITES_SPANS))
            return true;
    return false;
}

/* ---- the filter --------------------------------------------------------------------------- */

static uint32_t bits_of_line(struct spanlog_tail *tail, const struct spanlog_trace_line *line) {
    struct spanlog_record record;
    if (spanlog_record_read(&tail->reader, line->text, &record))
        return 0;
    return spanlog_where_bits(tail->settings.filter.where, &tail->where, &record, line->text,
                              line->text + line->size);
}

/* The bits of span lines and of what stands inside go to the nodes. Returns those of the rest. */
static uint32_t place_bits(struct spanlog_tail *tail, const struct spanlog_trace *trace) {
    uint32_t rest = 0;
    for (uint32_t i = 0; i <= trace->tree.count; i++) {
        struct spanlog_node *node = i < trace->tree.count ? &trace->tree.nodes[i] : NULL;
        uint32_t bits = node && !(node->flags & SPANLOG_NODE_UNFINISHED)
                            ? bits_of_line(tail, &trace->lines[node->line])
                            : 0;
        for (uint32_t n = trace->first_item[i]; n < trace->first_item[i + 1]; n++)
            if (trace->items[n].event == UINT32_MAX)
                bits |= bits_of_line(tail, &trace->lines[trace->items[n].line]);
        if (node)
            node->bits = bits;
        else
            rest = bits;
    }
    return rest;
}

static int meets_where(struct spanlog_tail *tail, const struct spanlog_trace *trace) {
    const struct spanlog_name_texts texts = {&trace->service_names, &trace->operation_names,
                                             &trace->names};
    struct spanlog_where_trace where = {
        .tree = &trace->tree, .names = &texts, .bits = place_bits(tail, trace)};
    if (tail->where.error)
        return tail->where.error;
    return spanlog_where_matches(tail->settings.filter.where, &tail->where, &where, NULL);
}

static bool has_text(const struct spanlog_strings *strings, const char *text) {
    return !text || spanlog_strings_find(strings, text, strlen(text)) != SPANLOG_STRING_NONE;
}

/* 1, 0 or -ENOMEM. */
static int is_wanted(struct spanlog_tail *tail, const struct spanlog_trace *trace) {
    const struct spanlog_filter *filter = &tail->settings.filter;
    if (!has_text(&trace->service_names, filter->service) ||
        !has_text(&trace->operation_names, filter->operation) ||
        trace->end_ns - trace->start_ns < filter->min_duration_ns ||
        trace->start_ns < filter->since_ns ||
        (filter->until_ns && trace->start_ns >= filter->until_ns))
        return 0;
    if (filter->status != SPANLOG_STATUS_ANY &&
        (filter->status == SPANLOG_STATUS_WITH_ERRORS) != (trace->tree.errors > 0))
        return 0;
    return filter->where ? meets_where(tail, trace) : 1;
}

/* ---- showing ------------------------------------------------------------------------------ */

static int build(struct spanlog_tail *tail, const struct spanlog_held *held,
                 struct spanlog_trace *trace) {
    struct spanlog_found_line *found = malloc((held->count + (size_t)1) * sizeof *found);
    if (!found)
        return -ENOMEM;
    for (uint32_t i = 0; i < held->count; i++)
        found[i] = held->lines[i].found;
    uint32_t kept = spanlog_found_unique(found, held->count);
    trace->repeated_lines = held->count - kept;
    trace->match_count = 1;
    trace->matches[0] = spanlog_arena_text(&trace->arena, held->id_text, strlen(held->id_text));
    struct spanlog_found all = {found, kept, &tail->writers, tail->hosts, tail->host_count};
    struct spanlog_trace_search search = {.error_status_min = tail->settings.error_status_min,
                                          .raw_clocks = tail->settings.filter.raw_clocks};
    int rc = trace->matches[0].data ? spanlog_trace_build(trace, &all, &search) : -ENOMEM;
    free(found);
    return rc;
}

/* Which services are called by spans that are in the logs. */
static void learn_callers(struct spanlog_tail *tail, const struct spanlog_trace *trace) {
    for (uint32_t i = 0; i < trace->tree.count; i++) {
        const struct spanlog_node *node = &trace->tree.nodes[i];
        enum { SERVER = 1, CONSUMER = 4 };
        if (node->parent == SPANLOG_NODE_NONE || (node->kind != SERVER && node->kind != CONSUMER) ||
            (trace->tree.nodes[node->parent].flags & SPANLOG_NODE_UNFINISHED))
            continue;
        struct spanlog_text name =
            spanlog_strings_text(&trace->service_names, trace->names.list[node->name].service);
        uint32_t service = spanlog_strings_find(&tail->services, name.data, name.size);
        if (service != SPANLOG_STRING_NONE)
            tail->service_bits[service] |= SPANLOG_SERVICE_IS_CALLED;
    }
}

int spanlog_held_show(struct spanlog_tail *tail, struct spanlog_held *held,
                      enum spanlog_tail_reason reason) {
    struct spanlog_trace trace = {0};
    int rc = build(tail, held, &trace);
    if (rc == 0)
        learn_callers(tail, &trace);
    if (rc == 0)
        rc = is_wanted(tail, &trace);
    if (!expects_end(tail, held))
        reason = SPANLOG_TAIL_COMPLETE;
    if (rc > 0)
        rc = tail->settings.trace(tail->settings.argument, &trace, reason);
    spanlog_trace_free(&trace);
    return rc;
}
