/* analyzer/questions/links.c: what consumers are linked to, and whom spans name as their peers:
 * collected beside the rows; see graph.h. */
#include "src/analyzer/questions/graph.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/read/line_read.h"

enum { INTERNAL = 0, CONSUMER = 4 };

/* What one thread that reads lines has. */
struct spanlog_links_job {
    struct spanlog_reader reader;
    struct spanlog_arena scratch;
    struct spanlog_link *list;
    size_t count, room;
    bool no_memory;
};

static uint64_t low_of(const uint8_t *bytes) {
    uint64_t id = 0;
    for (int i = 0; i < 8; i++)
        id = id << 8 | bytes[i];
    return id;
}

static void keep(struct spanlog_links_job *job, const struct spanlog_link *link) {
    if (job->count == job->room) {
        size_t room = job->room ? 2 * job->room : 64;
        struct spanlog_link *grown = realloc(job->list, room * sizeof *grown);
        if (!grown) {
            job->no_memory = true;
            return;
        }
        job->list = grown;
        job->room = room;
    }
    job->list[job->count++] = *link;
}

static void keep_links(void *argument, const struct spanlog_record *record, const char *line) {
    struct spanlog_links_job *job = argument;
    struct spanlog_line full;
    if (record->span_kind != CONSUMER)
        return;
    spanlog_arena_reset(&job->scratch);
    job->no_memory |= spanlog_line_read(&job->reader, record, line, &job->scratch, &full) < 0;
    for (uint32_t i = 0; !job->no_memory && i < full.link_count; i++) {
        struct spanlog_link link = {record->trace.low, record->span.low,
                                    low_of(full.links[i].trace_id + 8),
                                    low_of(full.links[i].span_id)};
        if (link.to_trace && link.to_span)
            keep(job, &link);
    }
}

/* ---- peers --------------------------------------------------------------------------------- */

/* Addresses of machines say nothing of who is called. */
static bool is_address(struct spanlog_text name) {
    bool is_ip = true;
    for (uint32_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        is_ip &= (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == '.' ||
                 c == ':' || c == '[' || c == ']';
    }
    bool is_local = name.size == 9 && memcmp(name.data, "localhost", 9) == 0;
    return is_local || (is_ip && (memchr(name.data, ':', name.size) ||
                                  (name.data[0] >= '0' && name.data[0] <= '9')));
}

/* Spans are grouped by their peers. */
static struct spanlog_text peer_of(void *argument, const struct spanlog_record *record,
                                   const char *line, const char *end) {
    struct spanlog_links_job *job = argument;
    struct spanlog_text none = {NULL, 0}, name = record->peer;
    (void)line;
    (void)end;
    if (record->span_kind == INTERNAL || name.size == 0)
        return none;
    if (record->peer_escaped) {
        spanlog_arena_reset(&job->scratch);
        char *plain = spanlog_arena_alloc(&job->scratch, name.size + SPANLOG_JSON_PADDING);
        ssize_t size = plain ? spanlog_json_unescape(name.data, name.size, plain) : -1;
        job->no_memory |= !plain;
        name = size < 0 ? none : (struct spanlog_text){plain, (uint32_t)size};
    }
    return name.size == 0 || is_address(name) ? none : name;
}

int spanlog_links_open(struct spanlog_links *links, unsigned jobs) {
    *links = (struct spanlog_links){.job_count = jobs};
    links->jobs = calloc(jobs, sizeof *links->jobs);
    if (!links->jobs)
        return -ENOMEM;
    links->probe = (struct spanlog_probe){.jobs = {links->jobs, sizeof *links->jobs},
                                          .links = keep_links,
                                          .group = peer_of,
                                          .takes_brief = true};
    for (unsigned i = 0; i < jobs; i++)
        spanlog_reader_init(&links->jobs[i].reader, 500);
    return 0;
}

void spanlog_links_free(struct spanlog_links *links) {
    for (unsigned i = 0; links->jobs && i < links->job_count; i++) {
        spanlog_arena_free(&links->jobs[i].scratch);
        free(links->jobs[i].list);
    }
    free(links->jobs);
    *links = (struct spanlog_links){0};
}

#define COMPARE(field)                                                                             \
    if (a->field != b->field)                                                                      \
        return a->field < b->field ? -1 : 1;

static int by_source(const void *left, const void *right) {
    const struct spanlog_link *a = left, *b = right;
    COMPARE(trace)
    COMPARE(span)
    COMPARE(to_trace)
    COMPARE(to_span)
    return 0;
}

int spanlog_links_gather(const struct spanlog_links *links, struct spanlog_link **ret,
                         size_t *ret_count) {
    size_t total = 0, kept = 0;
    for (unsigned i = 0; i < links->job_count; i++) {
        if (links->jobs[i].no_memory)
            return -ENOMEM;
        total += links->jobs[i].count;
    }
    struct spanlog_link *all = malloc((total + 1) * sizeof *all);
    if (!all)
        return -ENOMEM;
    total = 0;
    for (unsigned i = 0; i < links->job_count; i++) {
        const struct spanlog_links_job *job = &links->jobs[i];
        if (job->count)
            memcpy(all + total, job->list, job->count * sizeof *all);
        total += job->count;
    }
    qsort(all, total, sizeof *all, by_source);
    for (size_t i = 0; i < total; i++)
        if (kept == 0 || by_source(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    *ret = all;
    *ret_count = kept;
    return 0;
}
