/* analyzer/rows/collect.h: all spans and logs of the input as small rows, in 256 parts by trace id.
 *
 *     struct spanlog_collection all;
 *     int rc = spanlog_collect(&all, &sources, &issues, &options);
 *     spanlog_parallel(all.job_count, SPANLOG_PARTS, one_part, ...);
 *         struct spanlog_part part;  spanlog_part_load(&all, number, &scratch, &part);
 *         ... part.traces[i], its spans: part.rows[part.first[i]] .. part.rows[part.first[i + 1]]
 *     spanlog_collection_free(&all);
 *
 * Sizes count here: a span takes 48 bytes, a log line 12, a trace 64. A trace lies in one part, so
 * parts need nothing of each other.
 */
#ifndef SPANLOG_ANALYZER_ROWS_COLLECT_H
#define SPANLOG_ANALYZER_ROWS_COLLECT_H

#include "src/analyzer/translate/lines.h"
#include "src/analyzer/rows/names.h"

#define SPANLOG_PARTS 256

enum spanlog_row_flag {
    SPANLOG_ROW_ERROR = 1,
    SPANLOG_ROW_ABANDONED = 2,
    SPANLOG_ROW_PARENT = 4 /* parent_id is set */
};

struct spanlog_row {
    uint64_t span_id;
    uint64_t parent_id;
    uint64_t start_ns;
    uint64_t duration_ns;
    uint32_t trace;  /* number in the part: of the job while collecting, of all when loaded */
    uint32_t name;   /* likewise */
    uint32_t digest; /* equal for identical lines */
    uint8_t kind;
    uint8_t flags;
};

/* What is known of a trace beside its spans. */
struct spanlog_trace_entry {
    uint64_t high;
    uint64_t low;
    uint64_t services;     /* bit i: service i of the job; those from 64 on are listed aside */
    uint64_t first_log_ns; /* UINT64_MAX: none */
    uint64_t last_log_ns;
    const char *text; /* an id that is not hex, ended by NUL; else NULL */
    uint32_t logs;    /* counted when loaded */
    uint32_t last_service;
};

/* What a question wants to know of each line beyond its row. Called by job i with its element, for
 * each line that belongs to a trace; the text need only stand until the next call. */
struct spanlog_probe_line {
    const struct spanlog_record *record;
    const char *text; /* as it was read or translated, up to record->end */
    const struct spanlog_chunk *chunk;
    const char *origin; /* where in the chunk it comes from */
};

struct spanlog_probe {
    struct spanlog_jobs jobs;
    /* NULL, or called first, and for all lines, also those of no trace. What it returns by
     * ret_place is kept with spans and with logs that have bits. 0, or -errno, which ends it. */
    int (*line)(void *job, const struct spanlog_probe_line *line, uint64_t *ret_place);
    /* NULL, or conditions that the line meets, one bit each. */
    uint32_t (*bits)(void *job, const struct spanlog_record *record, const char *line,
                     const char *end);
    /* NULL, or the text by which spans are grouped; absent: none. Spans only. */
    struct spanlog_text (*group)(void *job, const struct spanlog_record *record, const char *line,
                                 const char *end);
    /* NULL, or called for spans that have links. With this one alone rows have no extras. */
    void (*links)(void *job, const struct spanlog_record *record, const char *line);
    bool takes_brief; /* `group` is content with what brief records say (record.h) */
};

struct spanlog_where;

/* With a probe or --where, of each span. */
struct spanlog_row_extra {
    uint32_t bits;
    uint32_t group; /* number in the collection's groups; SPANLOG_STRING_NONE: none */
    uint64_t place; /* the probe's */
};

/* A log line that has bits. */
struct spanlog_log_bits {
    uint64_t span_id; /* 0: none */
    uint32_t trace;
    uint32_t bits;
    uint64_t place;  /* the probe's */
    uint64_t digest; /* equal for identical lines */
};

struct spanlog_job;

struct spanlog_collection {
    struct spanlog_job *jobs;
    unsigned job_count;
    struct spanlog_strings services; /* of all jobs, and so the next ones */
    struct spanlog_strings operations;
    struct spanlog_strings hosts;
    struct spanlog_strings groups;
    struct spanlog_names names;
    bool is_probed; /* rows have extras */
};

struct spanlog_collect_options {
    unsigned jobs;
    uint64_t
        memory; /* bytes that rows may take before they go to files; 0: half of what is there */
    int32_t error_status_min;
    struct spanlog_translate_settings translate;
    const struct spanlog_probe *probe; /* NULL: none */
    const struct spanlog_where *where; /* NULL: none; its bits, and not those of the probe */
    void (*progress)(uint64_t done, uint64_t total);
};

/* 0 or -errno; -ECANCELED: temporary files failed, which is among the issues. */
int spanlog_collect(struct spanlog_collection *all, struct spanlog_sources *sources,
                    struct spanlog_issues *issues, const struct spanlog_collect_options *options);
void spanlog_collection_free(struct spanlog_collection *all);

/* One part of all jobs, grouped by trace. Memory comes from the arena. */
struct spanlog_part {
    struct spanlog_trace_entry *traces;
    uint32_t trace_count;
    uint32_t *service_counts; /* of each trace */
    uint32_t *first;          /* trace_count + 1 indexes into rows */
    struct spanlog_row *rows;
    struct spanlog_row_extra *extras;  /* of each row, with a probe; else NULL */
    struct spanlog_log_bits *log_bits; /* in the order of their traces */
    uint32_t *first_log_bits;          /* with a probe: trace_count + 1 indexes into log_bits */
    uint8_t *has_service;              /* of each trace: the service asked for is in it */
};

/* service: SPANLOG_STRING_NONE, or fill part->has_service for it. 0 or -ENOMEM. */
int spanlog_part_load(const struct spanlog_collection *all, unsigned number, uint32_t service,
                      struct spanlog_arena *arena, struct spanlog_part *ret);

#endif
