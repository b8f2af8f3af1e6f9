/* analyzer/trace/infer.c: the second reading of the input; see infer.h. */
#include "src/analyzer/trace/infer_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"

/* Of each job; what is beyond is left out. */
#define LINE_BYTES_MAX (64u << 20)
#define OTHERS_MAX (1u << 20)
#define LOSSES_MAX 1000u

/* One that wrote spans of the trace. */
struct process {
    struct spanlog_text service; /* as it stands in lines */
    uint32_t pid;
};

/* What all jobs know, and do not change. */
struct question {
    struct spanlog_id id; /* of the trace */
    struct process *processes;
    uint32_t process_count;
    struct spanlog_text *services;
    uint32_t service_count;
    uint64_t begin_ns, end_ns; /* by the clocks of the lines */
};

struct searcher {
    const struct question *question;
    struct spanlog_lines lines_of;
    struct spanlog_arena arena;
    struct spanlog_inferred_line *lines;
    uint32_t count, room;
    size_t bytes;
    struct spanlog_open_span *others;
    uint32_t other_count, other_room;
    struct spanlog_trace_loss *losses;
    uint32_t loss_count, loss_room;
};

/* Room for one more. NULL: no memory. */
static void *one_more(void *list, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room)
        return list;
    uint32_t wanted = *room ? 2 * *room : 64;
    void *grown = realloc(list, wanted * size);
    if (grown)
        *room = wanted;
    return grown;
}

/* ---- lines -------------------------------------------------------------------------------- */

static struct spanlog_text text_or_empty(struct spanlog_text text) {
    return text.data ? text : (struct spanlog_text){"", 0};
}

static uint32_t find_process(const struct question *question, struct spanlog_text service,
                             uint32_t pid) {
    uint32_t i = 0;
    while (i < question->process_count &&
           !(question->processes[i].pid == pid &&
             spanlog_text_equal(question->processes[i].service, service)))
        i++;
    return i < question->process_count ? i : SPANLOG_NODE_NONE;
}

static int keep_line(struct searcher *searcher, const struct spanlog_record *record,
                     const char *line, uint32_t process) {
    const struct spanlog_lines *from = &searcher->lines_of;
    struct spanlog_text text = spanlog_line_trimmed(line, record->end);
    size_t size = text.size, room = size + 1 + SPANLOG_JSON_PADDING;
    if (searcher->bytes + room > LINE_BYTES_MAX)
        return 0;
    void *grown =
        one_more(searcher->lines, searcher->count, &searcher->room, sizeof *searcher->lines);
    char *copy = spanlog_arena_alloc(&searcher->arena, room);
    if (grown)
        searcher->lines = grown;
    if (!grown || !copy)
        return -ENOMEM;
    memcpy(copy, text.data, size);
    copy[size] = '\n';
    memset(copy + size + 1, 0, SPANLOG_JSON_PADDING);
    searcher->bytes += room;
    searcher->lines[searcher->count++] = (struct spanlog_inferred_line){
        .found = {.text = copy,
                  .size = (uint32_t)size,
                  .source = from->chunk->source,
                  .offset = from->chunk->offset + (uint64_t)(from->origin - from->chunk->begin),
                  .ordinal = from->ordinal,
                  .digest = spanlog_hash(copy, size)},
        .time_ns = record->time_ns,
        .process = process,
        .tid = spanlog_record_number(record, SPANLOG_FIELD_TID)};
    return 0;
}

/* Another trace's span in one of the processes. */
static int keep_other(struct searcher *searcher, const struct spanlog_record *record,
                      uint32_t process) {
    uint64_t end_ns;
    if (searcher->other_count == OTHERS_MAX)
        return 0;
    void *grown = one_more(searcher->others, searcher->other_count, &searcher->other_room,
                           sizeof *searcher->others);
    if (!grown)
        return -ENOMEM;
    searcher->others = grown;
    if (__builtin_add_overflow(record->start_ns, record->duration_ns, &end_ns))
        end_ns = UINT64_MAX;
    searcher->others[searcher->other_count++] =
        (struct spanlog_open_span){.process = process,
                                   .tid = spanlog_record_number(record, SPANLOG_FIELD_TID),
                                   .begin_ns = record->start_ns,
                                   .end_ns = end_ns,
                                   .node = SPANLOG_NODE_NONE};
    return 0;
}

static uint64_t count_in(const struct spanlog_line *line) {
    static const char key[] = "count";
    for (uint32_t i = 0; i < line->attribute_count; i++) {
        const struct spanlog_attribute *attribute = &line->attributes[i];
        if (spanlog_text_equal(attribute->key, (struct spanlog_text){key, sizeof key - 1}) &&
            (attribute->value.type == SPANLOG_VALUE_INT ||
             attribute->value.type == SPANLOG_VALUE_UINT))
            return attribute->value.u;
    }
    return 0;
}

static int keep_loss(struct searcher *searcher, const struct spanlog_record *record,
                     const char *line, uint32_t service) {
    struct spanlog_line read;
    struct spanlog_arena scratch = {.block_size = 4096};
    if (searcher->loss_count == LOSSES_MAX)
        return 0;
    void *grown = one_more(searcher->losses, searcher->loss_count, &searcher->loss_room,
                           sizeof *searcher->losses);
    if (!grown)
        return -ENOMEM;
    searcher->losses = grown;
    int rc = spanlog_line_read(&searcher->lines_of.reader, record, line, &scratch, &read);
    if (rc == 0)
        searcher->losses[searcher->loss_count++] =
            (struct spanlog_trace_loss){.time_ns = record->time_ns,
                                        .count = count_in(&read),
                                        .service = searcher->question->services[service]};
    spanlog_arena_free(&scratch);
    return rc;
}

static int look_at(struct searcher *searcher, const struct spanlog_record *record,
                   const char *line) {
    const struct question *question = searcher->question;
    struct spanlog_text service = text_or_empty(record->service);
    bool is_log = record->line_kind == SPANLOG_LINE_LOG;
    uint64_t begin_ns = is_log ? record->time_ns : record->start_ns;
    uint64_t end_ns = is_log ? record->time_ns : record->start_ns + record->duration_ns;
    if (begin_ns > question->end_ns || end_ns < question->begin_ns || (is_log && record->has_trace))
        return 0;
    if (is_log && spanlog_record_says(record, "records dropped")) {
        for (uint32_t i = 0; i < question->service_count; i++)
            if (spanlog_text_equal(question->services[i], service))
                return keep_loss(searcher, record, line, i);
        return 0;
    }
    uint32_t process =
        find_process(question, service, spanlog_record_number(record, SPANLOG_FIELD_PID));
    if (process == SPANLOG_NODE_NONE)
        return 0;
    if (is_log)
        return keep_line(searcher, record, line, process);
    /* The trace's own are known; they may be spelt with half the id. */
    const struct spanlog_id *own = &question->id;
    bool is_own = record->has_trace && record->trace.low == own->low &&
                  (record->trace.high == own->high || !record->trace.high || !own->high);
    return is_own ? 0 : keep_other(searcher, record, process);
}

static int search_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct searcher *searcher = argument;
    struct spanlog_record record;
    const char *line;
    int rc, kept = 0;
    spanlog_lines_begin(&searcher->lines_of, chunk);
    while (kept == 0 && (rc = spanlog_lines_next(&searcher->lines_of, &record, &line)) != 0)
        kept = rc < 0 ? rc : look_at(searcher, &record, line);
    return kept;
}

/* ---- what is known of the trace ----------------------------------------------------------- */

static bool add_service(struct question *question, struct spanlog_text service) {
    for (uint32_t i = 0; i < question->service_count; i++)
        if (spanlog_text_equal(question->services[i], service))
            return false;
    question->services[question->service_count++] = service;
    return true;
}

static uint32_t add_process(struct question *question, struct spanlog_text service, uint32_t pid) {
    uint32_t process = pid ? find_process(question, service, pid) : SPANLOG_NODE_NONE;
    if (pid && process == SPANLOG_NODE_NONE) {
        process = question->process_count++;
        question->processes[process] = (struct process){service, pid};
    }
    return process;
}

/* The time in which there are lines of the trace. */
static void widen(struct question *question, const struct spanlog_line *line) {
    bool is_log = line->line_kind == SPANLOG_LINE_LOG;
    uint64_t begin_ns = is_log ? line->time_ns : line->start_ns, end_ns = line->time_ns;
    if (!is_log && __builtin_add_overflow(line->start_ns, line->duration_ns, &end_ns))
        end_ns = UINT64_MAX;
    if (begin_ns && begin_ns < question->begin_ns)
        question->begin_ns = begin_ns;
    if (end_ns > question->end_ns)
        question->end_ns = end_ns;
}

/* One whose end is not known may be open to the end of the trace. */
static struct spanlog_open_span own_span(const struct spanlog_trace *trace, uint32_t number,
                                         uint32_t process, const struct question *question) {
    const struct spanlog_node *node = &trace->tree.nodes[number];
    const struct spanlog_line *line = &trace->lines[node->line].line;
    bool unfinished = node->flags & SPANLOG_NODE_UNFINISHED;
    struct spanlog_open_span span = {
        .process = process, .tid = line->tid, .begin_ns = line->start_ns, .node = number};
    if (unfinished) /* by the clock of its lines */
        span.begin_ns = spanlog_skew_shift(node->start_ns, -node->shift_ns);
    if (unfinished || __builtin_add_overflow(line->start_ns, line->duration_ns, &span.end_ns))
        span.end_ns = question->end_ns;
    return span;
}

/* Services and processes of the trace, and its spans: `ret_spans` has room for all nodes. */
static int know_trace(struct question *question, struct spanlog_trace *trace,
                      struct spanlog_open_span *ret_spans, uint32_t *ret_count) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    size_t most = trace->line_count + (size_t)1;
    question->processes = spanlog_arena_array(&trace->arena, most, sizeof(struct process));
    question->services = spanlog_arena_array(&trace->arena, most, sizeof(struct spanlog_text));
    if (!question->processes || !question->services)
        return -ENOMEM;
    question->begin_ns = UINT64_MAX;
    (void)spanlog_id_read(trace->matches[0], 32, &question->id);
    spanlog_reader_init(&reader, 500);
    for (uint32_t i = 0; i < trace->line_count; i++) {
        widen(question, &trace->lines[i].line);
        if (!spanlog_record_read(&reader, trace->lines[i].text, &record))
            add_service(question, text_or_empty(record.service));
    }
    for (uint32_t i = 0; i < trace->tree.count; i++) {
        const struct spanlog_trace_line *line = &trace->lines[trace->tree.nodes[i].line];
        if (spanlog_record_read(&reader, line->text, &record))
            continue;
        uint32_t process = add_process(question, text_or_empty(record.service), line->line.pid);
        if (process != SPANLOG_NODE_NONE)
            ret_spans[(*ret_count)++] = own_span(trace, i, process, question);
    }
    return 0;
}

/* ---- all jobs together -------------------------------------------------------------------- */

static int by_loss_time(const void *left, const void *right) {
    const struct spanlog_trace_loss *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return spanlog_text_compare(a->service, b->service);
}

/* By the clock of one of the service's spans. */
static uint64_t corrected(const struct spanlog_trace *trace,
                          const struct spanlog_trace_loss *loss) {
    uint32_t service =
        spanlog_strings_find(&trace->service_names, loss->service.data, loss->service.size);
    for (uint32_t i = 0; i < trace->tree.count; i++)
        if (trace->names.list[trace->tree.nodes[i].name].service == service)
            return spanlog_skew_shift(loss->time_ns, trace->tree.nodes[i].shift_ns);
    return loss->time_ns;
}

static int take_losses(struct spanlog_trace *trace, const struct searcher *searchers,
                       unsigned jobs) {
    uint32_t count = 0;
    for (unsigned i = 0; i < jobs; i++)
        count += searchers[i].loss_count;
    trace->losses = spanlog_arena_array(&trace->arena, count, sizeof *trace->losses);
    if (!trace->losses)
        return -ENOMEM;
    for (unsigned i = 0; i < jobs; i++)
        for (uint32_t n = 0; n < searchers[i].loss_count; n++)
            trace->losses[trace->loss_count++] = searchers[i].losses[n];
    for (uint32_t i = 0; i < count; i++)
        trace->losses[i].time_ns = corrected(trace, &trace->losses[i]);
    qsort(trace->losses, count, sizeof *trace->losses, by_loss_time);
    return 0;
}

/* Gives each line its node; those that have one go into the trace. */
static int place_lines(struct spanlog_trace *trace, struct searcher *searchers, unsigned jobs,
                       const struct spanlog_open_span *by_thread,
                       const struct spanlog_open_span *by_process, uint32_t span_count,
                       int32_t error_status_min) {
    uint32_t count = 0, placed = 0;
    for (unsigned i = 0; i < jobs; i++)
        count += searchers[i].count;
    struct spanlog_inferred_line *lines = malloc((count + (size_t)1) * sizeof *lines);
    if (!lines)
        return -ENOMEM;
    for (unsigned i = 0; i < jobs; i++)
        for (uint32_t n = 0; n < searchers[i].count; n++) {
            struct spanlog_inferred_line *line = &searchers[i].lines[n];
            line->node =
                spanlog_open_spans_find(line->tid ? by_thread : by_process, span_count,
                                        line->process, line->tid, line->time_ns, line->tid == 0);
            if (line->node != SPANLOG_NODE_NONE)
                lines[placed++] = *line;
        }
    int rc = spanlog_trace_add_inferred(trace, lines, placed, error_status_min);
    free(lines);
    return rc;
}

static int conclude(struct spanlog_trace *trace, struct searcher *searchers, unsigned jobs,
                    const struct spanlog_open_span *own, uint32_t own_count,
                    int32_t error_status_min) {
    uint32_t count = own_count;
    for (unsigned i = 0; i < jobs; i++)
        count += searchers[i].other_count;
    struct spanlog_open_span *by_thread = malloc((count + (size_t)1) * sizeof *by_thread);
    struct spanlog_open_span *by_process = malloc((count + (size_t)1) * sizeof *by_process);
    int rc = by_thread && by_process ? take_losses(trace, searchers, jobs) : -ENOMEM;
    for (uint32_t i = 0; rc == 0 && i < own_count; i++)
        by_thread[i] = own[i];
    for (unsigned i = 0, at = own_count; rc == 0 && i < jobs; i++)
        for (uint32_t n = 0; n < searchers[i].other_count; n++)
            by_thread[at++] = searchers[i].others[n];
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        by_process[i] = by_thread[i];
        by_process[i].tid = 0;
    }
    if (rc == 0) {
        spanlog_open_spans_sort(by_thread, count);
        spanlog_open_spans_sort(by_process, count);
        rc = place_lines(trace, searchers, jobs, by_thread, by_process, count, error_status_min);
    }
    free(by_thread);
    free(by_process);
    return rc;
}

static int search(struct searcher *searchers, const struct spanlog_trace_search *settings,
                  struct spanlog_sources *sources) {
    struct spanlog_issues said = SPANLOG_ISSUES_EMPTY; /* by the first reading */
    int rc = spanlog_issues_sources(&said, sources->count);
    struct spanlog_scan scan = {.sources = sources,
                                .issues = &said,
                                .job_count = settings->jobs,
                                .jobs = {searchers, sizeof *searchers},
                                .chunk = search_chunk,
                                .progress = settings->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    spanlog_issues_free(&said);
    return rc;
}

int spanlog_trace_infer(struct spanlog_trace *trace, const struct spanlog_trace_search *settings,
                        struct spanlog_sources *sources) {
    struct question question = {0};
    uint32_t own_count = 0;
    struct spanlog_open_span *own =
        spanlog_arena_array(&trace->arena, trace->tree.count, sizeof *own);
    struct searcher *searchers = calloc(settings->jobs, sizeof *searchers);
    int rc = own && searchers ? know_trace(&question, trace, own, &own_count) : -ENOMEM;
    for (unsigned i = 0; searchers && i < settings->jobs; i++) {
        searchers[i].question = &question;
        spanlog_lines_init(&searchers[i].lines_of, &settings->translate, settings->error_status_min,
                           NULL);
    }
    if (rc == 0)
        rc = search(searchers, settings, sources);
    if (rc == 0)
        rc = conclude(trace, searchers, settings->jobs, own, own_count, settings->error_status_min);
    if (rc == 0)
        rc = spanlog_trace_find_last_lines(trace);
    for (unsigned i = 0; searchers && i < settings->jobs; i++) {
        spanlog_arena_join(&trace->arena, &searchers[i].arena);
        spanlog_lines_free(&searchers[i].lines_of);
        free(searchers[i].lines);
        free(searchers[i].others);
        free(searchers[i].losses);
    }
    free(searchers);
    return rc;
}
