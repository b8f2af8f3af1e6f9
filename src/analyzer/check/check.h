/* analyzer/check/check.h: the question "what is wrong with these logs?".
 *
 *     struct spanlog_check_query query = {.jobs = 2, .error_status_min = 500};
 *     struct spanlog_check check;
 *     int rc = spanlog_check_run(&query, &sources, &issues, &check);
 *     ... check.findings[i].kind, .count, .file, .line, .detail ...
 *     spanlog_check_free(&check);
 *
 * One pass over the input; then each trace. Memory is that of collect.h and 16 bytes more for a
 * span, 32 for a log line, so that the place of what is wrong can be told.
 */
#ifndef SPANLOG_ANALYZER_CHECK_CHECK_H
#define SPANLOG_ANALYZER_CHECK_CHECK_H

#include "src/analyzer/check/assert.h"
#include "src/analyzer/trees/each.h"
#include "src/analyzer/trees/skew.h"

enum spanlog_severity {
    SPANLOG_SEVERITY_ERROR,   /* something is lost or contradicts itself */
    SPANLOG_SEVERITY_WARNING, /* something is missing */
    SPANLOG_SEVERITY_NOTE,    /* worth knowing; nothing is wrong */
    SPANLOG_SEVERITIES
};

/* name, severity */
#define SPANLOG_CHECK_KINDS(X)                                                                     \
    X(ASSERTION_FAILED, "assertion_failed", ERROR)                                                 \
    X(UNREADABLE_FILE, "unreadable_file", ERROR)                                                   \
    X(BAD_LINE, "bad_line", ERROR)                                                                 \
    X(TOO_LONG_LINE, "too_long_line", ERROR)                                                       \
    X(RECORDS_DROPPED, "records_dropped", ERROR)                                                   \
    X(ABANDONED_SPAN, "abandoned_span", ERROR)                                                     \
    X(CONFLICTING_SPAN, "conflicting_span", ERROR)                                                 \
    X(SELF_PARENT, "self_parent", ERROR)                                                           \
    X(CYCLE, "cycle", ERROR)                                                                       \
    X(PROCESS_WITHOUT_END, "process_without_end", WARNING)                                         \
    X(ORPHAN, "orphan", WARNING)                                                                   \
    X(UNFINISHED_SPAN, "unfinished_span", WARNING)                                                 \
    X(DUPLICATE_LINE, "duplicate_line", WARNING)                                                   \
    X(TIME_WENT_BACK, "time_went_back", WARNING)                                                   \
    X(MISSING_TIME, "missing_time", WARNING)                                                       \
    X(MISSING_SERVICE, "missing_service", WARNING)                                                 \
    X(SPAN_WITHOUT_ID, "span_without_id", WARNING)                                                 \
    X(DROPPED_PARTS, "dropped_parts", WARNING)                                                     \
    X(CLOCKS_CONTRADICT, "clocks_contradict", WARNING)                                             \
    X(LAST_LINE, "last_line", NOTE)                                                                \
    X(CLOCK_SKEW, "clock_skew", NOTE)                                                              \
    X(SPAN_OUTSIDE_PARENT, "span_outside_parent", NOTE)                                            \
    X(TRUNCATED_LINE, "truncated_line", NOTE)                                                      \
    X(RENAMED_KEY, "renamed_key", NOTE)                                                            \
    X(IDS_NOT_HEX, "ids_not_hex", NOTE)                                                            \
    X(UNSAMPLED_LOGS, "unsampled_logs", NOTE)                                                      \
    X(LINE_WITHOUT_SPAN, "line_without_span", NOTE)                                                \
    X(SERVICE_WITHOUT_SPANS, "service_without_spans", NOTE)

enum spanlog_check_kind {
#define X(kind, name, severity) SPANLOG_CHECK_##kind,
    SPANLOG_CHECK_KINDS(X)
#undef X
        SPANLOG_CHECK_KIND_COUNT
};
extern const char *const spanlog_check_kind_names[SPANLOG_CHECK_KIND_COUNT];
extern const enum spanlog_severity spanlog_check_severities[SPANLOG_CHECK_KIND_COUNT];

struct spanlog_finding {
    enum spanlog_check_kind kind;
    enum spanlog_severity severity; /* that of the kind, or milder */
    uint64_t count;
    const char *file; /* of the first; NULL: none */
    uint64_t line;    /* 0: unknown */
    const char *detail;
    uint64_t place; /* inside: source and offset, to sort by */
};

struct spanlog_check_query {
    unsigned jobs;
    int32_t error_status_min;
    bool raw_clocks;
    struct spanlog_translate_settings translate;
    void (*progress)(uint64_t done, uint64_t total);
};

struct spanlog_check {
    struct spanlog_finding *findings; /* by kind, as above; then by place */
    size_t count;
    size_t room;
    size_t of_severity[SPANLOG_SEVERITIES]; /* how many findings */
    uint64_t lines, spans, traces;
    struct spanlog_collection all; /* for whoever asks further questions, as assertions do */
    struct spanlog_arena arena;    /* of the details */
};

/* 0 or -errno. The sources must stay until the check is freed. */
int spanlog_check_run(const struct spanlog_check_query *query, struct spanlog_sources *sources,
                      struct spanlog_issues *issues, struct spanlog_check *ret);
void spanlog_check_free(struct spanlog_check *check);

/* Adds one more, e.g. a failed assertion; detail as printf does. 0 or -ENOMEM. */
int spanlog_check_add(struct spanlog_check *check, enum spanlog_check_kind kind, uint64_t count,
                      const struct spanlog_sources *sources, uint64_t place, const char *format,
                      ...) __attribute__((format(printf, 6, 7)));
/* What does not hold becomes a finding, and so does an assertion whose spans do not occur: its name
 * may be misspelt. Only `count` may be asked of what is not there. 0 or -ENOMEM. */
int spanlog_check_assert(struct spanlog_check *check, const struct spanlog_asserts *asserts,
                         bool raw_clocks);
/* Puts the findings in order and counts them by severity. */
void spanlog_check_sort(struct spanlog_check *check);

#endif
