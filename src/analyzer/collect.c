/* analyzer/collect.c: see collect.h. Lines to rows, job by job; then the jobs' numbers for services
 * and operations are made one. */
#include "src/analyzer/collect_job.h"
#include "src/analyzer/hash.h"

#include <errno.h>
#include <stdlib.h>

static struct spanlog_rows_block *new_block(struct spanlog_arena *arena,
                                            struct spanlog_rows *rows) {
    struct spanlog_rows_block *block = spanlog_arena_alloc(arena, sizeof *block);
    if (!block)
        return NULL;
    block->next = NULL;
    block->used = 0;
    if (rows->last)
        rows->last->next = block;
    else
        rows->first = block;
    rows->last = block;
    return block;
}

static inline void *append(struct spanlog_arena *arena, struct spanlog_rows *rows, size_t size) {
    struct spanlog_rows_block *block = rows->last;
    if (!block || block->used + size > BLOCK_BYTES) {
        block = new_block(arena, rows);
        if (!block)
            return NULL;
    }
    void *row = block->data + block->used;
    block->used += (uint32_t)size;
    rows->count++;
    return row;
}

/* The number of a text that may have escapes in it. */
static uint32_t number_of(struct spanlog_job *job, struct spanlog_strings *strings,
                          struct spanlog_text text, bool escaped) {
    if (!escaped)
        return spanlog_strings_add(strings, text.data, text.size);
    char *plain = spanlog_arena_alloc(&job->scratch, text.size);
    ssize_t size = plain ? spanlog_json_unescape(text.data, text.size, plain) : -1;
    uint32_t number =
        size < 0 ? SPANLOG_STRING_NONE : spanlog_strings_add(strings, plain, (size_t)size);
    spanlog_arena_reset(&job->scratch);
    return number;
}

/* Texts lie in lines: 8 bytes are readable at any of them. */
static inline uint32_t quick_number_of(struct spanlog_job *job, struct spanlog_strings *strings,
                                       struct spanlog_known_text *known, struct spanlog_text text,
                                       bool escaped) {
    if (text.size == 0 || escaped)
        return number_of(job, strings, text, escaped);
    uint64_t head = spanlog_field_bytes(text.data, text.size);
    uint64_t hash =
        (head ^ text.size ^ (unsigned char)text.data[text.size - 1]) * 0x9e3779b97f4a7c15u;
    struct spanlog_known_text *slot = &known[hash >> 58];
    if (slot->text.size == text.size && slot->text.data &&
        spanlog_field_bytes(slot->text.data, text.size) == head &&
        (text.size <= 8 || spanlog_field_bytes(slot->text.data + 8, text.size - 8) ==
                               spanlog_field_bytes(text.data + 8, text.size - 8)) &&
        (text.size <= 16 || memcmp(slot->text.data, text.data, text.size) == 0))
        return slot->number;
    uint32_t number = number_of(job, strings, text, false);
    slot->text = spanlog_strings_text(strings, number);
    slot->number = number;
    return number;
}

static int note_service(struct spanlog_job *job, struct spanlog_job_part *part, uint32_t trace,
                        uint32_t service) {
    struct spanlog_trace_entry *entry = &part->traces.list[trace];
    if (service < 64) {
        entry->services |= (uint64_t)1 << service;
        return 0;
    }
    if (entry->last_service == service)
        return 0;
    entry->last_service = service;
    struct spanlog_service_row *row = append(&job->arena, &part->services, sizeof *row);
    if (!row)
        return -ENOMEM;
    *row = (struct spanlog_service_row){trace, service};
    return 0;
}

static int add_log(struct spanlog_job *job, struct spanlog_job_part *part, uint32_t trace,
                   const struct spanlog_record *record, uint64_t digest) {
    struct spanlog_trace_entry *entry = &part->traces.list[trace];
    struct spanlog_log_row *row = append(&job->arena, &part->logs, sizeof *row);
    if (!row)
        return -ENOMEM;
    *row = (struct spanlog_log_row){trace, (uint32_t)digest, (uint32_t)(digest >> 32)};
    if (record->time_ns) {
        if (record->time_ns < entry->first_log_ns)
            entry->first_log_ns = record->time_ns;
        if (record->time_ns > entry->last_log_ns)
            entry->last_log_ns = record->time_ns;
    }
    return 0;
}

static int add_span(struct spanlog_job *job, struct spanlog_job_part *part, uint32_t trace,
                    uint32_t service, const struct spanlog_record *record, uint64_t digest) {
    uint32_t operation = quick_number_of(job, &job->operations, job->known_operations,
                                         record->operation, record->operation_escaped);
    uint32_t name = spanlog_names_add(&job->names, service, operation);
    struct spanlog_row *row = append(&job->arena, &part->spans, sizeof *row);
    if (!row || operation == SPANLOG_STRING_NONE || name == SPANLOG_STRING_NONE)
        return -ENOMEM;
    unsigned flags = (record->is_error ? SPANLOG_ROW_ERROR : 0u) |
                     (record->has_parent ? SPANLOG_ROW_PARENT : 0u) |
                     (record->line_kind == SPANLOG_LINE_ABANDONED ? SPANLOG_ROW_ABANDONED : 0u);
    *row = (struct spanlog_row){.span_id = record->span.low,
                                .parent_id = record->has_parent ? record->parent.low : 0,
                                .start_ns = record->start_ns,
                                .duration_ns = record->duration_ns,
                                .trace = trace,
                                .name = name,
                                .digest = (uint32_t)(digest ^ digest >> 32),
                                .kind = record->span_kind,
                                .flags = (uint8_t)flags};
    return 0;
}

static int add_record(struct spanlog_job *job, const struct spanlog_record *record,
                      const char *line, const char *end) {
    uint64_t low = record->trace.low;
    struct spanlog_job_part *part = &job->parts[spanlog_traces_hash(low) >> 56];
    uint32_t trace = spanlog_traces_add(&part->traces, record->trace.high, low);
    uint32_t service = quick_number_of(job, &job->services, job->known_services, record->service,
                                       record->service_escaped);
    if (trace == SPANLOG_STRING_NONE || service == SPANLOG_STRING_NONE ||
        note_service(job, part, trace, service) < 0)
        return -ENOMEM;
    if (record->trace.opaque && !part->traces.list[trace].text) {
        struct spanlog_text text = record->trace_text;
        text = spanlog_arena_text(&job->arena, text.data, text.size);
        part->traces.list[trace].text = text.data;
        if (!text.data)
            return -ENOMEM;
    }
    uint64_t digest = spanlog_hash(line, (size_t)(end - line));
    /* A span line without an id cannot be linked to anything: it counts as a log line. */
    if (record->line_kind != SPANLOG_LINE_LOG && record->has_span)
        return add_span(job, part, trace, service, record, digest);
    return add_log(job, part, trace, record, digest);
}

static int read_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct spanlog_job *job = argument;
    struct spanlog_record record;
    uint64_t good = 0;
    for (const char *line = chunk->begin, *end; line < chunk->end; line = end + 1) {
        const char *problem = spanlog_record_read(&job->reader, line, &record);
        end = problem ? spanlog_line_end(line, chunk->end) : record.end;
        if (problem) {
            if (!spanlog_line_is_blank(line, end))
                spanlog_issues_bad_line(job->issues, chunk, line, problem);
            continue;
        }
        good++;
        if (record.has_trace && add_record(job, &record, line, end) < 0)
            return -ENOMEM;
    }
    spanlog_issues_good_lines(job->issues, chunk, good);
    return 0;
}

/* ---- one numbering for all jobs ----------------------------------------------------------- */

static uint32_t *map_strings(struct spanlog_strings *all, const struct spanlog_strings *of_job) {
    uint32_t *map = malloc((of_job->count + 1) * sizeof *map);
    for (uint32_t i = 0; map && i < of_job->count; i++)
        map[i] = spanlog_strings_add(all, of_job->texts[i].data, of_job->texts[i].size);
    return map;
}

static int merge_job(struct spanlog_collection *all, struct spanlog_job *job) {
    uint32_t *operations = map_strings(&all->operations, &job->operations);
    job->service_map = map_strings(&all->services, &job->services);
    job->name_map = malloc((job->names.count + 1) * sizeof *job->name_map);
    bool complete = operations && job->service_map && job->name_map;
    for (uint32_t i = 0; complete && i < job->names.count; i++) {
        struct spanlog_name name = job->names.list[i];
        job->name_map[i] = spanlog_names_add(&all->names, job->service_map[name.service],
                                             operations[name.operation]);
        complete = job->name_map[i] != SPANLOG_STRING_NONE;
    }
    free(operations);
    return complete ? 0 : -ENOMEM;
}

int spanlog_collect(struct spanlog_collection *all, struct spanlog_sources *sources,
                    struct spanlog_issues *issues, const struct spanlog_collect_options *options) {
    *all = (struct spanlog_collection){.job_count = options->jobs};
    all->jobs = calloc(options->jobs, sizeof *all->jobs);
    void **arguments = calloc(options->jobs, sizeof *arguments);
    int rc = all->jobs && arguments ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < options->jobs; i++) {
        all->jobs[i].issues = issues;
        all->jobs[i].arena.block_size = SPANLOG_ARENA_HUGE;
        spanlog_reader_init(&all->jobs[i].reader, options->error_status_min);
        arguments[i] = &all->jobs[i];
    }
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = options->jobs,
                                .jobs = arguments,
                                .chunk = read_chunk,
                                .progress = options->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    for (unsigned i = 0; rc == 0 && i < options->jobs; i++)
        rc = merge_job(all, &all->jobs[i]);
    free(arguments);
    return rc;
}

void spanlog_collection_free(struct spanlog_collection *all) {
    for (unsigned i = 0; all->jobs && i < all->job_count; i++) {
        struct spanlog_job *job = &all->jobs[i];
        for (unsigned part = 0; part < SPANLOG_PARTS; part++)
            spanlog_traces_free(&job->parts[part].traces);
        spanlog_arena_free(&job->arena);
        spanlog_arena_free(&job->scratch);
        spanlog_strings_free(&job->services);
        spanlog_strings_free(&job->operations);
        spanlog_names_free(&job->names);
        free(job->service_map);
        free(job->name_map);
    }
    free(all->jobs);
    spanlog_strings_free(&all->services);
    spanlog_strings_free(&all->operations);
    spanlog_names_free(&all->names);
}
