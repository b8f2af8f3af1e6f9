/* analyzer/rows/collect_job.h: what one job of collect.h holds. For collect.c and part.c only. */
#ifndef SPANLOG_ANALYZER_ROWS_COLLECT_JOB_H
#define SPANLOG_ANALYZER_ROWS_COLLECT_JOB_H

#include "src/analyzer/rows/digest.h"
#include "src/analyzer/rows/table.h"
#include "src/analyzer/where/where.h"

#define BLOCK_BYTES 4080

/* Rows of one kind in the order they came, in blocks of a page; what comes back from a file is one
 * block of its own size. */
struct spanlog_rows_block {
    struct spanlog_rows_block *next;
    uint32_t used; /* bytes */
    uint32_t unused;
    char data[];
};

struct spanlog_rows {
    struct spanlog_rows_block *first;
    struct spanlog_rows_block *last;
    uint32_t count;
};

/* A log line counts; what it says is read again when somebody wants to see it. */
struct spanlog_log_row {
    uint32_t trace;
    uint32_t digest_low;
    uint32_t digest_high;
};

struct spanlog_service_row {
    uint32_t trace;
    uint32_t service;
};

/* "process started" says of a process on which host it runs. */
struct spanlog_host_fact {
    uint32_t source;
    uint32_t pid;
    uint32_t service;
    uint32_t host;
};

enum spanlog_row_kind {
    SPANLOG_ROWS_SPANS,
    SPANLOG_ROWS_LOGS,
    SPANLOG_ROWS_SERVICES, /* those from number 64 on */
    SPANLOG_ROWS_EXTRAS,   /* with a probe, as many as spans */
    SPANLOG_ROWS_LOG_BITS, /* with a probe */
    SPANLOG_ROW_KINDS
};

struct spanlog_job_part {
    struct spanlog_rows rows[SPANLOG_ROW_KINDS];
    uint64_t segment; /* where the rows before these are: see spill.h; 0: nowhere */
    struct spanlog_traces_table traces;
};

/* A few services write most lines: found by size and first bytes, before any hash. */
struct spanlog_known_text {
    struct spanlog_text text; /* NULL: empty */
    uint32_t number;
};
#define SPANLOG_KNOWN_TEXTS 64

struct spanlog_job {
    struct spanlog_known_text known_services[SPANLOG_KNOWN_TEXTS];
    struct spanlog_known_text known_operations[SPANLOG_KNOWN_TEXTS];
    struct spanlog_job_part parts[SPANLOG_PARTS];
    struct spanlog_arena row_arena; /* of the parts' rows */
    uint64_t rows_most;             /* bytes of it; more go to a file: see spill.h */
    uint64_t spill_size;
    int spill_fd;    /* 0: none */
    int spill_error; /* 0 or -errno */
    struct spanlog_arena arena;
    struct spanlog_arena scratch;
    struct spanlog_lines lines;
    spanlog_digest_fn *digest;
    struct spanlog_strings hosts;
    struct spanlog_strings groups;
    /* Where lines were written, until it is known which hosts that were: not services, operations
     * and hosts, but sources, pids and what the line itself says of its host. */
    struct spanlog_names places;
    struct spanlog_name recent_place;
    uint32_t recent_place_number;
    struct spanlog_rows facts; /* struct spanlog_host_fact */
    const struct spanlog_probe *probe;
    void *probe_job;
    uint64_t probe_place; /* of the line at hand */
    const struct spanlog_where *where;
    struct spanlog_where_scratch where_scratch;
    bool is_probed;
    struct spanlog_strings services;
    struct spanlog_strings operations;
    struct spanlog_names names;
    uint32_t *service_map; /* to the collection's numbers */
    uint32_t *name_map;
    uint32_t *group_map;
};

/* Goes through all rows; `row` is declared as a pointer to `type`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a declaration has no room for them */
#define SPANLOG_ROWS_EACH(rows, type, row)                                                         \
    for (const struct spanlog_rows_block *block = (rows)->first; block; block = block->next)       \
        for (const type *row = (const type *)(const void *)block->data;                            \
             (const char *)row < block->data + block->used; row++)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
