/* analyzer/trace/tail_parts.h: what tail.c and tail_show.c share. For these two only. */
#ifndef SPANLOG_ANALYZER_TRACE_TAIL_PARTS_H
#define SPANLOG_ANALYZER_TRACE_TAIL_PARTS_H

#include "src/analyzer/trace/tail.h"
#include "src/analyzer/trace/trace_find.h"
#include "src/analyzer/trees/where_trace.h"

enum spanlog_held_bit {
    SPANLOG_HELD_SPAN = 1,  /* a span line */
    SPANLOG_HELD_ROOT = 2,  /* of a span without parent */
    SPANLOG_HELD_ENTRY = 4, /* of a server or consumer: its parent is in another process */
    SPANLOG_HELD_SAMPLED = 8
};

struct spanlog_held_line {
    struct spanlog_found_line found; /* its text is on the heap */
    uint64_t span, parent;           /* 0: none */
    uint32_t service;                /* number in tail->services, or SPANLOG_STRING_NONE */
    unsigned bits;
};

struct spanlog_held_link {
    struct spanlog_held *before, *after;
};

/* A trace that waits; or one that was shown, of which the id is kept to know its late lines. */
struct spanlog_held {
    struct spanlog_held *next; /* with the same hash */
    struct spanlog_held_link by_age, settling;
    struct spanlog_id id;
    char *id_text;
    struct spanlog_held_line *lines;
    uint32_t count, room;
    uint64_t bytes;
    uint64_t last_ns; /* when a line came last */
    bool is_settling; /* in that list */
    bool may_be_complete;
    bool was_shown, had_late;
    /* When it was shown, a span of this service had a parent that had not come. */
    uint64_t missing_parent;
    uint32_t missing_service;
};

enum spanlog_service_bit {
    SPANLOG_SERVICE_WRITES_SPANS = 1,
    SPANLOG_SERVICE_IS_CALLED = 2 /* by spans that are in the logs, too */
};

#define SPANLOG_TAIL_SERVICES_MAX 4096 /* of more, nothing is learnt */
#define SPANLOG_TAIL_HOSTS_MAX 4096    /* processes; then the oldest are forgotten */

struct spanlog_tail {
    struct spanlog_tail_settings settings;
    struct spanlog_lines lines;
    struct spanlog_reader reader;
    struct spanlog_where_scratch where;
    struct spanlog_held **slots;
    struct spanlog_held *open_first, *open_last;         /* by last_ns */
    struct spanlog_held *settling_first, *settling_last; /* likewise, those that may be complete */
    struct spanlog_held *shown_first, *shown_last;
    uint32_t shown_count;
    uint64_t bytes;
    uint64_t sequence; /* of lines */
    struct spanlog_strings services;
    struct spanlog_strings writers;
    struct spanlog_found_host *hosts; /* texts on the heap */
    uint32_t host_count;
    uint32_t host_turn; /* which of them is forgotten next */
    uint8_t service_bits[SPANLOG_TAIL_SERVICES_MAX];
    struct spanlog_tail_counts counts;
};

/* Whether the trace is complete, if nothing more comes for a while. */
bool spanlog_held_is_complete(const struct spanlog_tail *tail, struct spanlog_held *held);
/* Builds the trace and hands it on if the filter wants it. Its lines stay. 0 or -errno. */
int spanlog_held_show(struct spanlog_tail *tail, struct spanlog_held *held,
                      enum spanlog_tail_reason reason);

/* "process started" says on which host a process runs. 0 or -ENOMEM. */
int spanlog_tail_note_host(struct spanlog_tail *tail, const struct spanlog_record *record);
void spanlog_tail_free_hosts(struct spanlog_tail *tail);

#endif
