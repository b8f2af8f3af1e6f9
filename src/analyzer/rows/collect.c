/* analyzer/rows/collect.c: see collect.h. Lines to rows, job by job; then the jobs' numbers for
 * services and operations are made one. */
#include "src/analyzer/base/hash.h"
#include "src/analyzer/rows/spill.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of rows of a job from which its memory may come in huge pages. */
#define HUGE_FROM (16u << 20)

static struct spanlog_rows_block *new_block(struct spanlog_arena *arena,
                                            struct spanlog_rows *rows) {
    struct spanlog_rows_block *block = spanlog_arena_alloc(arena, sizeof *block + BLOCK_BYTES);
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

static inline void *add_row(struct spanlog_job *job, struct spanlog_job_part *part,
                            enum spanlog_row_kind kind, size_t size) {
    return append(&job->row_arena, &part->rows[kind], size);
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
    struct spanlog_service_row *row = add_row(job, part, SPANLOG_ROWS_SERVICES, sizeof *row);
    if (!row)
        return -ENOMEM;
    *row = (struct spanlog_service_row){trace, service};
    return 0;
}

/* ---- places ------------------------------------------------------------------------------- */

static uint32_t host_of(struct spanlog_job *job, const struct spanlog_record *record) {
    const struct spanlog_json_value *host = &record->raw[SPANLOG_FIELD_HOST];
    if (host->type != SPANLOG_JSON_STRING || host->end == host->begin)
        return SPANLOG_STRING_NONE;
    struct spanlog_text text = {host->begin, (uint32_t)(host->end - host->begin)};
    return number_of(job, &job->hosts, text, host->escaped);
}

/* Lines of one process come together. */
static uint32_t place_of(struct spanlog_job *job, uint32_t source,
                         const struct spanlog_record *record) {
    struct spanlog_name place = {source, spanlog_record_number(record, SPANLOG_FIELD_PID),
                                 host_of(job, record)};
    const struct spanlog_name *recent = &job->recent_place;
    if (job->places.count && recent->service == place.service &&
        recent->operation == place.operation && recent->host == place.host)
        return job->recent_place_number;
    job->recent_place = place;
    job->recent_place_number =
        spanlog_names_add(&job->places, place.service, place.operation, place.host);
    return job->recent_place_number;
}

static int note_process(struct spanlog_job *job, uint32_t source,
                        const struct spanlog_record *record) {
    uint32_t host = host_of(job, record);
    uint32_t service = quick_number_of(job, &job->services, job->known_services, record->service,
                                       record->service_escaped);
    struct spanlog_host_fact *fact = append(&job->arena, &job->facts, sizeof *fact);
    if (!fact || service == SPANLOG_STRING_NONE)
        return -ENOMEM;
    *fact = (struct spanlog_host_fact){source, spanlog_record_number(record, SPANLOG_FIELD_PID),
                                       service, host};
    return 0;
}

/* ---- probes ------------------------------------------------------------------------------- */

static uint32_t bits_of(struct spanlog_job *job, const struct spanlog_record *record,
                        const char *line, const char *end) {
    if (job->where)
        return spanlog_where_bits(job->where, &job->where_scratch, record, line, end);
    return job->probe && job->probe->bits ? job->probe->bits(job->probe_job, record, line, end) : 0;
}

static int add_extra(struct spanlog_job *job, struct spanlog_job_part *part,
                     const struct spanlog_record *record, const char *line, const char *end) {
    struct spanlog_row_extra *extra = add_row(job, part, SPANLOG_ROWS_EXTRAS, sizeof *extra);
    if (!extra)
        return -ENOMEM;
    *extra = (struct spanlog_row_extra){bits_of(job, record, line, end), SPANLOG_STRING_NONE,
                                        job->probe_place};
    struct spanlog_text group = {NULL, 0};
    if (job->probe && job->probe->group)
        group = job->probe->group(job->probe_job, record, line, end);
    if (!group.data)
        return 0;
    extra->group = spanlog_strings_add(&job->groups, group.data, group.size);
    return extra->group == SPANLOG_STRING_NONE ? -ENOMEM : 0;
}

static int add_log_bits(struct spanlog_job *job, struct spanlog_job_part *part, uint32_t trace,
                        const struct spanlog_record *record, const char *line, uint64_t digest) {
    const char *end = record->end;
    uint32_t bits = bits_of(job, record, line, end);
    if (!bits)
        return 0;
    struct spanlog_log_bits *row = add_row(job, part, SPANLOG_ROWS_LOG_BITS, sizeof *row);
    if (!row)
        return -ENOMEM;
    *row = (struct spanlog_log_bits){record->has_span ? record->span.low : 0, trace, bits,
                                     job->probe_place, digest};
    return 0;
}

/* ---- lines to rows ------------------------------------------------------------------------ */

static int add_log(struct spanlog_job *job, struct spanlog_job_part *part, uint32_t trace,
                   const struct spanlog_record *record, uint64_t digest) {
    struct spanlog_trace_entry *entry = &part->traces.list[trace];
    struct spanlog_log_row *row = add_row(job, part, SPANLOG_ROWS_LOGS, sizeof *row);
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
                    uint32_t service, uint32_t place, const struct spanlog_record *record,
                    uint64_t digest) {
    uint32_t operation = quick_number_of(job, &job->operations, job->known_operations,
                                         record->operation, record->operation_escaped);
    uint32_t name = spanlog_names_add(&job->names, service, operation, place);
    struct spanlog_row *row = add_row(job, part, SPANLOG_ROWS_SPANS, sizeof *row);
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

static int add_record(struct spanlog_job *job, uint32_t source, const struct spanlog_record *record,
                      const char *line) {
    uint64_t low = record->trace.low;
    struct spanlog_job_part *part = &job->parts[spanlog_traces_hash(low) >> 56];
    uint32_t trace = spanlog_traces_add(&part->traces, record->trace.high, low);
    uint32_t service = quick_number_of(job, &job->services, job->known_services, record->service,
                                       record->service_escaped);
    if (trace == SPANLOG_STRING_NONE || service == SPANLOG_STRING_NONE ||
        note_service(job, part, trace, service) < 0)
        return -ENOMEM;
    if (record->trace.opaque && !part->traces.list[trace].text) {
        struct spanlog_text id = record->trace_text;
        id = spanlog_arena_text(&job->arena, id.data, id.size);
        part->traces.list[trace].text = id.data;
        if (!id.data)
            return -ENOMEM;
    }
    const struct spanlog_lines *lines = &job->lines;
    struct spanlog_text text = lines->whole ? spanlog_line_trimmed(lines->origin, lines->whole)
                                            : spanlog_line_trimmed(line, record->end);
    uint64_t digest = job->digest(text.data, text.size);
    /* A span line without an id cannot be linked to anything: it counts as a log line. */
    if (record->line_kind != SPANLOG_LINE_LOG && record->has_span) {
        uint32_t place = place_of(job, source, record);
        if (add_span(job, part, trace, service, place, record, digest) < 0)
            return -ENOMEM;
        if (record->raw[SPANLOG_FIELD_LINKS].type == SPANLOG_JSON_ARRAY && job->probe &&
            job->probe->links)
            job->probe->links(job->probe_job, record, line);
        return job->is_probed ? add_extra(job, part, record, line, record->end) : 0;
    }
    if (add_log(job, part, trace, record, digest) < 0)
        return -ENOMEM;
    return job->is_probed ? add_log_bits(job, part, trace, record, line, digest) : 0;
}

static int read_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct spanlog_job *job = argument;
    struct spanlog_record record;
    const char *line;
    int rc;
    spanlog_lines_begin(&job->lines, chunk);
    while ((rc = spanlog_lines_next(&job->lines, &record, &line)) > 0) {
        struct spanlog_probe_line seen = {&record, line, chunk, job->lines.origin};
        if (job->probe && job->probe->line) {
            rc = job->probe->line(job->probe_job, &seen, &job->probe_place);
            if (rc < 0)
                return rc;
        }
        if (record.raw[SPANLOG_FIELD_HOST].type == SPANLOG_JSON_STRING &&
            spanlog_record_says(&record, "process started") &&
            note_process(job, chunk->source, &record) < 0)
            return -ENOMEM;
        if (record.has_trace && add_record(job, chunk->source, &record, line) < 0)
            return -ENOMEM;
    }
    spanlog_lines_end(&job->lines);
    if (rc == 0)
        rc = job->where_scratch.error;
    return rc == 0 && job->row_arena.held > job->rows_most ? spanlog_spill(job) : rc;
}

/* ---- one numbering for all jobs ----------------------------------------------------------- */

static uint32_t *map_strings(struct spanlog_strings *all, const struct spanlog_strings *of_job) {
    uint32_t *map = malloc((of_job->count + 1) * sizeof *map);
    for (uint32_t i = 0; map && i < of_job->count; i++)
        map[i] = spanlog_strings_add(all, of_job->texts[i].data, of_job->texts[i].size);
    return map;
}

/* Which host a process ran on. */
struct facts {
    struct spanlog_names keys; /* source, pid, service */
    uint32_t *hosts;
    uint32_t room;
};

static int add_fact(struct facts *facts, uint32_t source, uint32_t pid, uint32_t service,
                    uint32_t host) {
    uint32_t before = facts->keys.count;
    uint32_t number = spanlog_names_add(&facts->keys, source, pid, service);
    if (number == SPANLOG_STRING_NONE)
        return -ENOMEM;
    if (number >= facts->room) {
        uint32_t room = 2 * number + 16;
        uint32_t *grown = realloc(facts->hosts, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        facts->hosts = grown;
        facts->room = room;
    }
    /* A pid may come again on another host, in containers: then nobody knows. */
    bool differs = number < before && facts->hosts[number] != host;
    facts->hosts[number] = differs ? SPANLOG_STRING_NONE : host;
    return 0;
}

static int gather_facts(struct spanlog_collection *all, struct facts *facts) {
    for (unsigned i = 0; i < all->job_count; i++) {
        struct spanlog_job *job = &all->jobs[i];
        uint32_t *hosts = map_strings(&all->hosts, &job->hosts);
        int rc = hosts ? 0 : -ENOMEM;
        SPANLOG_ROWS_EACH (&job->facts, struct spanlog_host_fact, fact)
            if (rc == 0)
                rc = add_fact(facts, fact->source, fact->pid, job->service_map[fact->service],
                              hosts[fact->host]);
        free(hosts);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The number in all->hosts, or SPANLOG_STRING_NONE. */
static uint32_t resolve_place(struct facts *facts, const struct spanlog_name *place,
                              uint32_t service, const uint32_t *hosts) {
    if (place->host != SPANLOG_STRING_NONE)
        return hosts[place->host];
    uint32_t fact = spanlog_names_find(&facts->keys, place->service, place->operation, service);
    return fact == SPANLOG_STRING_NONE || !facts->hosts ? SPANLOG_STRING_NONE : facts->hosts[fact];
}

static int map_names(struct spanlog_collection *all, struct spanlog_job *job, struct facts *facts) {
    uint32_t *operations = map_strings(&all->operations, &job->operations);
    uint32_t *hosts = map_strings(&all->hosts, &job->hosts);
    job->name_map = malloc((job->names.count + 1) * sizeof *job->name_map);
    bool complete = operations && hosts && job->name_map;
    for (uint32_t i = 0; complete && i < job->names.count; i++) {
        struct spanlog_name name = job->names.list[i];
        uint32_t service = job->service_map[name.service];
        uint32_t host = resolve_place(facts, &job->places.list[name.host], service, hosts);
        job->name_map[i] =
            spanlog_names_add(&all->names, service, operations[name.operation], host);
        complete = job->name_map[i] != SPANLOG_STRING_NONE;
    }
    free(operations);
    free(hosts);
    return complete ? 0 : -ENOMEM;
}

static int merge_jobs(struct spanlog_collection *all) {
    struct facts facts = {0};
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < all->job_count; i++) {
        struct spanlog_job *job = &all->jobs[i];
        job->service_map = map_strings(&all->services, &job->services);
        job->group_map = map_strings(&all->groups, &job->groups);
        rc = job->service_map && job->group_map ? 0 : -ENOMEM;
    }
    if (rc == 0)
        rc = gather_facts(all, &facts);
    for (unsigned i = 0; rc == 0 && i < all->job_count; i++)
        rc = map_names(all, &all->jobs[i], &facts);
    spanlog_names_free(&facts.keys);
    free(facts.hosts);
    return rc;
}

int spanlog_collect(struct spanlog_collection *all, struct spanlog_sources *sources,
                    struct spanlog_issues *issues, const struct spanlog_collect_options *options) {
    const struct spanlog_probe *probe = options->probe;
    bool is_probed = options->where || (probe && (probe->line || probe->bits || probe->group));
    *all = (struct spanlog_collection){.job_count = options->jobs, .is_probed = is_probed};
    all->jobs = calloc(options->jobs, sizeof *all->jobs);
    uint64_t most = options->memory ? options->memory : spanlog_spill_usual_limit();
    int rc = all->jobs ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < options->jobs; i++) {
        struct spanlog_job *job = &all->jobs[i];
        job->rows_most = most / options->jobs;
        job->row_arena.block_size = job->rows_most < HUGE_FROM ? 0 : SPANLOG_ARENA_HUGE;
        job->probe = options->probe;
        if (job->probe)
            job->probe_job = spanlog_jobs_at(&job->probe->jobs, i);
        job->where = options->where;
        job->is_probed = all->is_probed;
        if (options->where)
            rc = spanlog_where_scratch_init(&job->where_scratch, options->where);
        spanlog_lines_init(&job->lines, &options->translate, options->error_status_min, issues);
        job->lines.reader.is_brief = !job->is_probed || (probe && !options->where && !probe->line &&
                                                         !probe->bits && probe->takes_brief);
        job->digest = spanlog_digest_finder(0);
    }
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = options->jobs,
                                .jobs = {all->jobs, sizeof *all->jobs},
                                .chunk = read_chunk,
                                .progress = options->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&scan);
    for (unsigned i = 0; rc < 0 && rc != -ECANCELED && all->jobs && i < options->jobs; i++)
        if (all->jobs[i].spill_error && all->jobs[i].spill_error != -ENOMEM) {
            spanlog_spill_say(issues, all->jobs[i].spill_error);
            rc = -ECANCELED;
        }
    if (rc == 0)
        rc = merge_jobs(all);
    return rc;
}

void spanlog_collection_free(struct spanlog_collection *all) {
    for (unsigned i = 0; all->jobs && i < all->job_count; i++) {
        struct spanlog_job *job = &all->jobs[i];
        for (unsigned part = 0; part < SPANLOG_PARTS; part++)
            spanlog_traces_free(&job->parts[part].traces);
        spanlog_spill_close(job);
        spanlog_arena_free(&job->row_arena);
        spanlog_arena_free(&job->arena);
        spanlog_arena_free(&job->scratch);
        spanlog_strings_free(&job->services);
        spanlog_strings_free(&job->operations);
        spanlog_strings_free(&job->hosts);
        spanlog_strings_free(&job->groups);
        spanlog_names_free(&job->names);
        spanlog_names_free(&job->places);
        spanlog_lines_free(&job->lines);
        if (job->where)
            spanlog_where_scratch_free(&job->where_scratch);
        free(job->group_map);
        free(job->service_map);
        free(job->name_map);
    }
    free(all->jobs);
    spanlog_strings_free(&all->services);
    spanlog_strings_free(&all->operations);
    spanlog_strings_free(&all->hosts);
    spanlog_strings_free(&all->groups);
    spanlog_names_free(&all->names);
}
