/* analyzer/trace/trace_build.c: one trace from its lines: spans, what is unfinished, and which log
 * lines and events stand where. See trace.h. */
#include "src/analyzer/trace/trace_find.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"

static struct spanlog_text text_or_empty(struct spanlog_text text) {
    return text.data ? text : (struct spanlog_text){"", 0};
}

static uint32_t name_of(struct spanlog_trace *trace, struct spanlog_text service,
                        struct spanlog_text operation, uint32_t host) {
    service = text_or_empty(service);
    operation = text_or_empty(operation);
    uint32_t s = spanlog_strings_add(&trace->service_names, service.data, service.size);
    uint32_t o = spanlog_strings_add(&trace->operation_names, operation.data, operation.size);
    if (s == SPANLOG_STRING_NONE || o == SPANLOG_STRING_NONE)
        return SPANLOG_STRING_NONE;
    return spanlog_names_add(&trace->names, s, o, host);
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool same_text(const struct spanlog_text *a, const struct spanlog_text *b) {
    return spanlog_text_equal(text_or_empty(*a), text_or_empty(*b));
}

/* The one host of which a source's lines say that a process started there, if there is one only. */
static struct spanlog_text only_host(const struct spanlog_found *found, uint32_t source) {
    struct spanlog_text only = {NULL, 0};
    for (uint32_t i = 0; i < found->host_count; i++) {
        const struct spanlog_found_host *known = &found->hosts[i];
        if (known->source == source && only.data && !same_text(&only, &known->host))
            return (struct spanlog_text){NULL, 0};
        if (known->source == source)
            only = known->host;
    }
    return only;
}

/* The host's number: what the line says of it, or what its process said when it started, or, where
 * that was not read (the middle of a file is not, but for the trace), all others of its file. */
static uint32_t host_of(struct spanlog_trace *trace, const struct spanlog_found *found,
                        const struct spanlog_record *record, uint32_t source) {
    const struct spanlog_json_value *own = &record->raw[SPANLOG_FIELD_HOST];
    struct spanlog_text host = {NULL, 0};
    uint32_t pid = spanlog_record_number(record, SPANLOG_FIELD_PID);
    if (own->type == SPANLOG_JSON_STRING && own->end > own->begin)
        host = (struct spanlog_text){own->begin, (uint32_t)(own->end - own->begin)};
    for (uint32_t i = 0; !own->type && i < found->host_count; i++) {
        const struct spanlog_found_host *known = &found->hosts[i];
        if (known->source != source || known->pid != pid ||
            !same_text(&known->service, &record->service))
            continue;
        if (host.data && !same_text(&host, &known->host))
            return SPANLOG_STRING_NONE; /* a pid that came again: nobody knows */
        host = known->host;
    }
    if (!own->type && !host.data)
        host = only_host(found, source);
    return host.data ? spanlog_strings_add(&trace->host_names, host.data, host.size)
                     : SPANLOG_STRING_NONE;
}

static int read_lines(struct spanlog_trace *trace, const struct spanlog_found *all,
                      int32_t error_status_min) {
    const struct spanlog_found_line *found = all->lines;
    uint32_t count = all->count;
    struct spanlog_reader reader;
    struct spanlog_record record;
    spanlog_reader_init(&reader, error_status_min);
    trace->lines = spanlog_arena_array(&trace->arena, count, sizeof *trace->lines);
    if (!trace->lines)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        struct spanlog_trace_line *line = &trace->lines[i];
        const char *text = found[i].text;
        spanlog_record_read(&reader, text, &record);
        *line = (struct spanlog_trace_line){.text = text,
                                            .size = found[i].size,
                                            .source = found[i].source,
                                            .offset = found[i].offset,
                                            .host = host_of(trace, all, &record, found[i].source),
                                            .is_error = record.is_error};
        if (record.has_span)
            line->span = record.span;
        if (record.has_parent)
            line->parent = record.parent;
        if (spanlog_line_read(&reader, &record, text, &trace->arena, &line->line) < 0)
            return -ENOMEM;
        trace->line_count++;
    }
    return 0;
}

static bool is_span(const struct spanlog_trace_line *line) {
    return line->line.line_kind != SPANLOG_LINE_LOG && line->span.low;
}

/* ---- nodes -------------------------------------------------------------------------------- */

static int add_spans(struct spanlog_trace *trace) {
    for (uint32_t i = 0; i < trace->line_count; i++) {
        const struct spanlog_trace_line *line = &trace->lines[i];
        if (!is_span(line))
            continue;
        unsigned flags = (line->is_error ? SPANLOG_NODE_ERROR : 0u) |
                         (line->line.has_parent ? SPANLOG_NODE_HAS_PARENT : 0u);
        if (line->line.line_kind == SPANLOG_LINE_ABANDONED)
            flags |= SPANLOG_NODE_ABANDONED;
        uint64_t digest = spanlog_hash(line->text, line->size);
        struct spanlog_node *node = &trace->tree.nodes[trace->tree.count++];
        *node = (struct spanlog_node){
            .span_id = line->span.low,
            .parent_id = line->parent.low,
            .start_ns = line->line.start_ns,
            .duration_ns = line->line.duration_ns,
            .name = name_of(trace, line->line.service, line->line.operation, line->host),
            .digest = (uint32_t)(digest ^ digest >> 32),
            .line = i,
            .kind = line->line.span_kind,
            .flags = (uint16_t)flags};
        if (node->name == SPANLOG_STRING_NONE)
            return -ENOMEM;
    }
    return 0;
}

struct place {
    uint64_t span_id;
    uint32_t number;
};

static int by_span_id(const void *left, const void *right) {
    const struct place *a = left, *b = right;
    if (a->span_id != b->span_id)
        return a->span_id < b->span_id ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The first of equal ids, or count. */
static uint32_t find_place(const struct place *places, uint32_t count, uint64_t span_id) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (places[middle].span_id < span_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && places[low].span_id == span_id ? low : count;
}

/* A log line of a span that should have ended: its service writes span lines and it is sampled. */
static bool shows_unfinished(const struct spanlog_trace_line *line,
                             const struct spanlog_strings *writers) {
    struct spanlog_text service = text_or_empty(line->line.service);
    return !is_span(line) && line->span.low && (line->line.trace_flags & 1) && line->line.time_ns &&
           spanlog_strings_find(writers, service.data, service.size) != SPANLOG_STRING_NONE;
}

/* Spans that are known from log lines only. `nodes` are those of span lines, by id. */
static int add_unfinished(struct spanlog_trace *trace, const struct spanlog_strings *writers,
                          const struct place *nodes, uint32_t node_count, struct place *logs) {
    uint32_t log_count = 0;
    for (uint32_t i = 0; i < trace->line_count; i++)
        if (shows_unfinished(&trace->lines[i], writers) &&
            find_place(nodes, node_count, trace->lines[i].span.low) == node_count)
            logs[log_count++] = (struct place){trace->lines[i].span.low, i};
    qsort(logs, log_count, sizeof *logs, by_span_id);
    for (uint32_t i = 0, end; i < log_count; i = end) {
        uint64_t first = UINT64_MAX, last = 0;
        uint32_t last_line = logs[i].number;
        for (end = i; end < log_count && logs[end].span_id == logs[i].span_id; end++) {
            uint64_t time = trace->lines[logs[end].number].line.time_ns;
            first = time < first ? time : first;
            if (time >= last) {
                last = time;
                last_line = logs[end].number;
            }
        }
        struct spanlog_node *node = &trace->tree.nodes[trace->tree.count++];
        *node = (struct spanlog_node){.span_id = logs[i].span_id,
                                      .start_ns = first,
                                      .duration_ns = last - first,
                                      .name = name_of(trace, trace->lines[last_line].line.service,
                                                      (struct spanlog_text){"", 0},
                                                      trace->lines[last_line].host),
                                      .line = last_line,
                                      .flags = SPANLOG_NODE_UNFINISHED};
        if (node->name == SPANLOG_STRING_NONE)
            return -ENOMEM;
    }
    return 0;
}

/* An unfinished span lasts at least from its first child's start to its last child's end. */
static void stretch_unfinished(struct spanlog_trace *trace, uint32_t first_unfinished) {
    struct spanlog_tree *tree = &trace->tree;
    for (uint32_t i = 0; i < first_unfinished; i++) {
        const struct spanlog_node *child = &tree->nodes[i];
        if (!(child->flags & SPANLOG_NODE_HAS_PARENT))
            continue;
        uint32_t low = first_unfinished, high = tree->count;
        while (low < high) { /* they are in the order of their ids */
            uint32_t middle = low + (high - low) / 2;
            if (tree->nodes[middle].span_id < child->parent_id)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == tree->count || tree->nodes[low].span_id != child->parent_id)
            continue;
        struct spanlog_node *parent = &tree->nodes[low];
        uint64_t end = spanlog_node_end(parent), child_end = spanlog_node_end(child);
        if (child->start_ns < parent->start_ns)
            parent->start_ns = child->start_ns;
        parent->duration_ns = (child_end > end ? child_end : end) - parent->start_ns;
    }
}

static struct place *places_of_nodes(struct spanlog_trace *trace, uint32_t *ret_count) {
    struct spanlog_tree *tree = &trace->tree;
    struct place *places =
        spanlog_arena_array(&trace->arena, trace->line_count + (size_t)1, sizeof *places);
    *ret_count = tree->count;
    for (uint32_t i = 0; places && i < tree->count; i++)
        places[i] = (struct place){tree->nodes[i].span_id, i};
    if (places)
        qsort(places, tree->count, sizeof *places, by_span_id);
    return places;
}

/* ---- clocks ------------------------------------------------------------------------------- */

static const struct spanlog_trace_clock *known_clock(const struct spanlog_trace *trace,
                                                     const struct spanlog_trace_clock *clock) {
    for (uint32_t i = 0; i < trace->clock_count; i++)
        if (trace->clocks[i].is_service == clock->is_service &&
            trace->clocks[i].shift_ns == clock->shift_ns &&
            spanlog_text_equal(trace->clocks[i].host, clock->host))
            return &trace->clocks[i];
    return NULL;
}

/* Notes which clocks were corrected, each once, up to a number that people still read. */
static int note_clocks(struct spanlog_trace *trace, const struct spanlog_trace_search *search,
                       uint64_t time_ns) {
    enum { MOST = 64 };
    const struct spanlog_skew *skew = search->skew;
    trace->clocks = spanlog_arena_array(&trace->arena, MOST, sizeof *trace->clocks);
    if (!trace->clocks)
        return -ENOMEM;
    for (uint32_t i = 0; i < trace->tree.count && trace->clock_count < MOST; i++) {
        const struct spanlog_node *node = &trace->tree.nodes[i];
        const struct spanlog_name *name = &trace->names.list[node->name];
        struct spanlog_trace_clock clock = {.shift_ns = node->shift_ns};
        int64_t shift;
        if (!(node->flags & SPANLOG_NODE_SKEWED))
            continue;
        clock.is_service = name->host == SPANLOG_STRING_NONE;
        clock.host = clock.is_service ? spanlog_strings_text(&trace->service_names, name->service)
                                      : spanlog_strings_text(&trace->host_names, name->host);
        if (skew && spanlog_skew_offset(skew, name->host, time_ns, &shift, &clock.error_ns))
            clock.calls = skew->pairs[skew->hosts[name->host].pair]->calls;
        if (!known_clock(trace, &clock))
            trace->clocks[trace->clock_count++] = clock;
    }
    return 0;
}

static int correct_clocks(struct spanlog_trace *trace, const struct spanlog_trace_search *search) {
    uint64_t time_ns = trace->tree.start_ns;
    if (search->raw_clocks)
        return 0;
    if (spanlog_skew_correct(&trace->tree, &trace->names, search->skew, &trace->arena) < 0)
        return -ENOMEM;
    return note_clocks(trace, search, time_ns);
}

static int build_tree(struct spanlog_trace *trace, const struct spanlog_strings *writers,
                      const struct spanlog_trace_search *search) {
    struct spanlog_tree *tree = &trace->tree;
    size_t most = trace->line_count + (size_t)1;
    tree->nodes = spanlog_arena_array(&trace->arena, most, sizeof *tree->nodes);
    struct place *logs = spanlog_arena_array(&trace->arena, most, sizeof *logs);
    if (!tree->nodes || !logs || add_spans(trace) < 0)
        return -ENOMEM;
    uint32_t count;
    struct place *nodes = places_of_nodes(trace, &count);
    if (!nodes || add_unfinished(trace, writers, nodes, count, logs) < 0)
        return -ENOMEM;
    stretch_unfinished(trace, count);
    const struct spanlog_name_texts texts = {&trace->service_names, &trace->operation_names,
                                             &trace->names};
    if (spanlog_tree_link(tree, &trace->arena) < 0 || correct_clocks(trace, search) < 0 ||
        spanlog_tree_order(tree, &texts, &trace->arena) < 0)
        return -ENOMEM;
    return spanlog_tree_figures(tree, &trace->arena);
}

/* ---- what stands inside the spans --------------------------------------------------------- */

struct item_sorting {
    const struct spanlog_trace *trace;
};

/* By time, then process and thread; lines of one thread keep their order. */
static int by_time(const void *left, const void *right, void *argument) {
    const struct spanlog_trace_item *a = left, *b = right;
    const struct spanlog_trace_line *lines = ((const struct item_sorting *)argument)->trace->lines;
    const struct spanlog_line *line_a = &lines[a->line].line, *line_b = &lines[b->line].line;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    if (line_a->pid != line_b->pid)
        return line_a->pid < line_b->pid ? -1 : 1;
    if (line_a->tid != line_b->tid)
        return line_a->tid < line_b->tid ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->event > b->event) - (a->event < b->event);
}

/* Calls put for each item with the node that it belongs to. */
static void each_item(struct spanlog_trace *trace, const uint32_t *node_of_line,
                      void (*put)(struct spanlog_trace *, uint32_t node,
                                  struct spanlog_trace_item item)) {
    for (uint32_t i = 0; i < trace->line_count; i++) {
        const struct spanlog_trace_line *line = &trace->lines[i];
        if (node_of_line[i] == SPANLOG_NODE_NONE)
            continue;
        /* They were timed by the clock of their span. */
        int64_t shift =
            node_of_line[i] < trace->tree.count ? trace->tree.nodes[node_of_line[i]].shift_ns : 0;
        if (!is_span(line))
            put(trace, node_of_line[i],
                (struct spanlog_trace_item){spanlog_skew_shift(line->line.time_ns, shift), i,
                                            UINT32_MAX, false});
        for (uint32_t n = 0; n < line->line.event_count; n++)
            put(trace, node_of_line[i],
                (struct spanlog_trace_item){spanlog_skew_shift(line->line.events[n].time_ns, shift),
                                            i, n, false});
    }
}

static void count_item(struct spanlog_trace *trace, uint32_t node, struct spanlog_trace_item item) {
    trace->first_item[node + 1]++;
    if (item.event == UINT32_MAX) {
        trace->log_counts[node]++;
        trace->logs++;
    }
}

/* While placing, first_item[node + 1] is where the node's next item goes. */
static void place_item(struct spanlog_trace *trace, uint32_t node, struct spanlog_trace_item item) {
    trace->items[trace->first_item[node + 1]++] = item;
}

/* For each line the node that it is or belongs to; tree.count for none, NODE_NONE for span lines
 * that say the same as another. */
static uint32_t *nodes_of_lines(struct spanlog_trace *trace) {
    const struct spanlog_tree *tree = &trace->tree;
    uint32_t count;
    uint32_t *nodes =
        spanlog_arena_array(&trace->arena, trace->line_count + (size_t)1, sizeof *nodes);
    struct place *places = places_of_nodes(trace, &count);
    if (!nodes || !places)
        return NULL;
    for (uint32_t i = 0; i < trace->line_count; i++) {
        const struct spanlog_trace_line *line = &trace->lines[i];
        nodes[i] = is_span(line) ? SPANLOG_NODE_NONE : tree->count;
        if (is_span(line) || !line->span.low)
            continue;
        uint32_t place = find_place(places, count, line->span.low);
        nodes[i] = place == count ? tree->count : places[place].number;
    }
    for (uint32_t i = 0; i < tree->count; i++)
        if (!(tree->nodes[i].flags & SPANLOG_NODE_UNFINISHED))
            nodes[tree->nodes[i].line] = i;
    return nodes;
}

static int place_items(struct spanlog_trace *trace) {
    const uint32_t nodes = trace->tree.count;
    uint32_t *node_of_line = nodes_of_lines(trace);
    trace->first_item =
        spanlog_arena_array(&trace->arena, nodes + (size_t)3, sizeof *trace->first_item);
    trace->log_counts =
        spanlog_arena_array(&trace->arena, nodes + (size_t)1, sizeof *trace->log_counts);
    if (!node_of_line || !trace->first_item || !trace->log_counts)
        return -ENOMEM;
    memset(trace->first_item, 0, (nodes + (size_t)3) * sizeof *trace->first_item);
    memset(trace->log_counts, 0, (nodes + (size_t)1) * sizeof *trace->log_counts);
    trace->first_item++; /* so that counts stand two behind, and starts one behind, their node */
    each_item(trace, node_of_line, count_item);
    for (uint32_t i = 0; i <= nodes; i++)
        trace->first_item[i + 1] += trace->first_item[i];
    uint32_t total = trace->first_item[nodes + 1];
    trace->items = spanlog_arena_array(&trace->arena, total + (size_t)1, sizeof *trace->items);
    if (!trace->items)
        return -ENOMEM;
    trace->first_item--;
    each_item(trace, node_of_line, place_item);
    struct item_sorting sorting = {trace};
    for (uint32_t i = 0; i <= nodes; i++)
        qsort_r(trace->items + trace->first_item[i],
                trace->first_item[i + 1] - trace->first_item[i], sizeof *trace->items, by_time,
                &sorting);
    return 0;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int sum_up(struct spanlog_trace *trace) {
    struct spanlog_strings *services = &trace->service_names;
    trace->start_ns = trace->tree.count ? trace->tree.start_ns : UINT64_MAX;
    trace->end_ns = trace->tree.end_ns;
    for (uint32_t i = 0; i < trace->line_count; i++) {
        const struct spanlog_line *line = &trace->lines[i].line;
        struct spanlog_text service = text_or_empty(line->service);
        if (spanlog_strings_add(services, service.data, service.size) == SPANLOG_STRING_NONE)
            return -ENOMEM;
        /* Only where there are no spans do log lines say how long it took. */
        if (trace->tree.count || !line->time_ns)
            continue;
        trace->start_ns = line->time_ns < trace->start_ns ? line->time_ns : trace->start_ns;
        trace->end_ns = line->time_ns > trace->end_ns ? line->time_ns : trace->end_ns;
    }
    if (trace->start_ns == UINT64_MAX)
        trace->start_ns = trace->end_ns;
    trace->services = services->count;
    return 0;
}

/* So that both know a host by the same number. */
static int take_hosts(struct spanlog_trace *trace, const struct spanlog_strings *hosts) {
    for (uint32_t i = 0; hosts && i < hosts->count; i++) {
        struct spanlog_text host = spanlog_strings_text(hosts, i);
        if (spanlog_strings_add(&trace->host_names, host.data, host.size) == SPANLOG_STRING_NONE)
            return -ENOMEM;
    }
    return 0;
}

int spanlog_trace_build(struct spanlog_trace *trace, const struct spanlog_found *found,
                        const struct spanlog_trace_search *search) {
    if (take_hosts(trace, search->skew_hosts) < 0 ||
        read_lines(trace, found, search->error_status_min) < 0 ||
        build_tree(trace, found->writers, search) < 0 || place_items(trace) < 0 ||
        sum_up(trace) < 0 || spanlog_trace_find_last_lines(trace) < 0)
        return -ENOMEM;
    return 0;
}
