/* analyzer/check/check_parts.h: what the files check*.c hand to each other. For these only. */
#ifndef SPANLOG_ANALYZER_CHECK_CHECK_PARTS_H
#define SPANLOG_ANALYZER_CHECK_CHECK_PARTS_H

#include "src/analyzer/check/check.h"

/* A place: the source's number, and behind it the offset; in streams the line's number. */
#define SPANLOG_PLACE_NONE UINT64_MAX
#define SPANLOG_PLACE_BITS 44

/* How often, and where first. */
struct spanlog_check_tally {
    uint64_t count;
    uint64_t first; /* a place; when count is 0: none */
};

static inline void spanlog_check_count(struct spanlog_check_tally *tally, uint64_t count,
                                       uint64_t place) {
    if (tally->count == 0 || place < tally->first)
        tally->first = place;
    tally->count += count;
}

/* A process, by service and pid. */
struct spanlog_check_process {
    struct spanlog_check_tally starts, ends, abandoned;
    struct spanlog_check_tally dropped; /* records, as the log itself says */
    char reason[48];                    /* of the first loss */
    uint64_t reason_place;
};

struct spanlog_check_service {
    struct spanlog_check_tally logs_with_ids;
    uint64_t spans;
};

#define SPANLOG_LAST_TEXT 96

/* Lines of one thread in one chunk. */
struct spanlog_thread_part {
    uint64_t chunk; /* its number + 1 */
    uint32_t source, pid, tid, service;
    uint64_t first_ns, last_ns;
    uint64_t first_place, last_place;
    struct spanlog_check_tally back; /* within the chunk */
    uint32_t last_size;
    char last_text[SPANLOG_LAST_TEXT];
};

struct spanlog_check_job {
    struct spanlog_check_tally tallies[SPANLOG_CHECK_KIND_COUNT];
    char renamed[64]; /* the first key that was */
    uint64_t renamed_place;
    uint64_t lines, spans;
    unsigned number; /* of the job */
    struct spanlog_strings services;
    struct spanlog_check_service *service_list;
    uint32_t service_room;
    struct spanlog_names process_keys; /* service, pid */
    struct spanlog_check_process *processes;
    uint32_t process_room;
    struct spanlog_names thread_keys; /* source, pid, tid */
    struct spanlog_thread_part *threads;
    uint32_t thread_room;
    struct spanlog_thread_part *parts; /* those that are complete */
    size_t part_count, part_room;
    /* Where lines stand in a stream. */
    uint64_t chunk; /* number + 1 */
    const char *counted_to;
    uint64_t counted;
};

/* A probe's `line` and `bits`. */
int spanlog_check_line(void *job, const struct spanlog_probe_line *line, uint64_t *ret_place);
uint32_t spanlog_check_bits(void *job, const struct spanlog_record *record, const char *line,
                            const char *end);
void spanlog_check_job_free(struct spanlog_check_job *job);

#define SPANLOG_CHECK_SERVICE_NONE 0x7fffffu

/* Of bits: whose log it is, and whether its trace is sampled. */
struct spanlog_check_log {
    unsigned job;
    uint32_t service; /* the job's number; SPANLOG_CHECK_SERVICE_NONE - 1 and above: unknown */
    bool is_sampled;
};
static inline struct spanlog_check_log spanlog_check_log_of(uint32_t bits) {
    return (struct spanlog_check_log){bits >> 23 & 0xff, (bits & 0x7fffff) - 1, bits >> 31};
}

/* Threads: check_threads.c. */
int spanlog_check_thread(struct spanlog_check_job *job, const struct spanlog_probe_line *line,
                         uint32_t service, uint64_t place);
int spanlog_check_threads_flush(struct spanlog_check_job *job);

/* What all jobs have found, made one. */
struct spanlog_check_sum {
    struct spanlog_check_tally tallies[SPANLOG_CHECK_KIND_COUNT];
    const struct spanlog_sources *sources;
    struct spanlog_check_job *jobs;
    unsigned job_count;
    struct spanlog_strings services;
    struct spanlog_check_service *service_list;
    uint32_t **service_maps; /* of each job */
    struct spanlog_names process_keys;
    struct spanlog_check_process *processes;
    uint64_t outside_traces;
    struct spanlog_check *check;
};

/* Time that went back, and the last lines of processes that did not end. */
int spanlog_check_threads_report(struct spanlog_check_sum *sum);
/* What is wrong with the trees: check_traces.c. */
int spanlog_check_traces(struct spanlog_check_sum *sum, const struct spanlog_check_query *query);

#endif
